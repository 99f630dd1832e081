"""Every page: self-contained, escaped, in order, and saying what it is not."""

from __future__ import annotations

import base64
import copy
import dataclasses
import functools
import hashlib
import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports_factory import make_published, make_report, make_result, render

from send_screen.published import Shape
from send_screen.reports import PAGES as VERSION_PAGES
from send_screen.reports import compare_versions, render_comparison, render_pages, render_screening, render_summary, svg
from send_screen.reports._terms import FeatureView

VOID = {"meta", "br", "input", "link", "img", "hr"}
MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=y>{{ 7 * 7 }}{% raw %}&amp;"
PAGES = {
    "screening": lambda: render_screening(make_result()),
    "fairness": lambda: render("report.html"),
    "card": lambda: render("card.html"),
    "scorecard": lambda: render("scorecard.html"),
    "comparison": lambda: _comparison(make_published()),
}


def _comparison(published: dict[str, Any]) -> str:
    """A version beside another one, which differs in what it looks at, its data, its figures and its verdicts."""
    other = copy.deepcopy(published)
    other["version"] |= {"id": "reception_sen/4", "data_sha256": "00" * 32, "packages": {}}
    other["shapes"] = other["shapes"][1:]
    for row in other["groups"]:
        if row["value"] is not None:
            row |= {"value": row["value"] / 3, "low": row["low"] / 3, "high": row["high"] / 3}
    for gap in other["gaps"]:
        gap["verdict"] = "inconclusive"
    found = compare_versions(
        make_report(published), make_report(other), names=("first", "second"), specs=({"a": 1}, {"a": 2})
    )
    return render_comparison(found)


class Page(HTMLParser):
    """What a browser would see: the tags that are open, in order, and the texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "elements are closed in order"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text.append(data)

    @property
    def shape(self) -> Counter[str]:
        return Counter(tag for tag, _ in self.tags)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(params=list(PAGES))
def html(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]()


def test_a_page_says_what_it_is_not(html: str) -> None:
    words = Page(html).words
    for said in (
        "not a diagnosis",
        "must not be used to refuse, delay or ration an assessment",
        "A parent's or a teacher's concern always counts",
        "Not being listed never means “no need”",
    ):
        assert said in words


def test_the_outcome_is_said_as_a_verb(html: str) -> None:
    assert "later had SEN support" in Page(html).words
    assert "had had" not in Page(html).words


def test_a_page_needs_nothing_else(html: str) -> None:
    page = Page(html)
    assert not {"link", "img", "iframe", "object", "embed", "use", "base", "form"} & set(page.shape)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|localStorage|sessionStorage|document\.cookie", html)
    assert not any(name.startswith("on") or name == "src" for _, attrs in page.tags for name in attrs)
    ids = {f"#{attrs['id']}" for _, attrs in page.tags if "id" in attrs}
    assert {attrs["href"] for _, attrs in page.tags if "href" in attrs} <= ids, "a link leads to its own page only"


def test_a_page_runs_no_script_but_its_own(html: str) -> None:
    policy = next(attrs["content"] for tag, attrs in Page(html).tags if attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes


def test_a_page_can_be_read_with_a_screen_reader(html: str) -> None:
    page = Page(html)
    assert dict(page.tags[0][1]) == {"lang": "en-GB"}
    assert page.shape["main"] == page.shape["header"] == page.shape["footer"] == page.shape["title"] == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    maps = sum("map" in (a.get("class") or "") for tag, a in page.tags if tag == "svg")
    assert page.shape["table"] == page.shape["caption"]
    pictures = sum(a.get("class") == "gaps" for tag, a in page.tags if tag == "table")  # which fit every screen
    assert page.shape["table"] + maps - pictures == sum(a.get("role") == "region" for _, a in page.tags)
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a} <= set(ids)
    assert all("aria-hidden" in a or a.get("aria-label") for tag, a in page.tags if tag == "svg")


def test_no_text_is_smaller_than_16_pixels_on_a_screen(html: str) -> None:
    on_screen = html[: html.index("@media print")]
    sizes = [float(size) * 16 for size in re.findall(r"font(?:-size)?: (?:bold )?(\.?\d[\d.]*)rem", on_screen)]
    sizes += [float(size) for size in re.findall(r"font-size: (\d+)px", on_screen)]
    assert min(sizes) >= 16
    assert len(sizes) > 5


def _luminance(colour: str) -> float:
    value = colour.lstrip("#")
    value = "".join(c * 2 for c in value) if len(value) == 3 else value
    channels = [int(value[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_inks_are_dark_and_nothing_is_red_amber_or_green(html: str) -> None:
    inks = dict(re.findall(r"--(\w+): (#[0-9a-f]+)", html))
    for name in ("ink", "soft", "deep"):
        assert 1.05 / (_luminance(inks[name]) + 0.05) >= 7, name
    assert 1.05 / (_luminance(inks["line"]) + 0.05) >= 3
    for colour in re.findall(r"#[0-9a-f]{6}", html):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert max(red, green) - blue <= 16, f"{colour} is neither grey nor blue"


def test_a_synthetic_version_is_watermarked_on_every_sheet(html: str) -> None:
    page = Page(html)
    assert ("aside", {"class": "watermark", "aria-label": "Watermark"}) in page.tags
    assert "Invented children" in page.words
    assert re.search(r'@top-center \{ content: "INVENTED CHILDREN"', html)
    assert re.search(r"@media print.*\.watermark \{ position: fixed", html, re.DOTALL)


def _spoil(value: Any, text: str, skip: frozenset[str] = frozenset()) -> Any:
    """Put ``text`` in the place of every string, in dataclasses, mappings and sequences."""
    if isinstance(value, str):
        return text
    if isinstance(value, dict):
        return {key: item if key in skip else _spoil(item, text, skip) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_spoil(item, text, skip) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        spoilt = {
            f.name: getattr(value, f.name) if f.name in skip else _spoil(getattr(value, f.name), text, skip)
            for f in fields
        }
        return dataclasses.replace(value, **spoilt)
    return value


RUN = frozenset({"kind", "area", "trained_on", "banners"})
VERSION = frozenset(
    {
        "model",
        "metric",
        "against",
        "among",
        "children",
        "clusters",
        "kind",
        "attribute",
        "group",
        "agency",
        "feature",
        "term",
        "trained_on",
        "outcome_kind",
        "status",
        "verdict",
        "format",
        "monotonic",
        "x",
    }
)
hostile = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    [MARKUP, "</style><b>", "]]>", "{0}", "%s"]
)


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.too_slow])
@given(text=hostile)
def test_no_text_becomes_markup(text: str) -> None:
    """Whatever stands in a name, a reason or a title, a page has the same elements as with a harmless text."""
    small = {"listed": 2, "margin": 1, "excluded": 10}
    run, version = make_result(**small), make_published()
    for page, thing, skip in (
        (render_screening, run, RUN),
        (functools.partial(render, "report.html"), version, VERSION),
        (functools.partial(render, "card.html"), version, VERSION),
        (functools.partial(render, "scorecard.html"), version, VERSION),
        (_comparison, version, VERSION),
    ):
        plain = Page(page(_spoil(thing, "harmless", skip)))
        spoilt = Page(page(_spoil(thing, text or "empty", skip)))
        # a shape's label wraps over as many lines as it needs
        assert spoilt.shape - Counter(text=spoilt.shape["text"]) == plain.shape - Counter(text=plain.shape["text"])
        assert [a for _, a in spoilt.tags if any(name.startswith("on") for name in a)] == []


def test_markup_in_a_name_and_a_school_is_shown_as_it_is() -> None:
    result = make_result()
    child = dataclasses.replace(result.listed[0], name=MARKUP, school=MARKUP)
    html = render_screening(dataclasses.replace(result, listed=(child, *result.listed[1:])))
    assert MARKUP not in html
    assert "<img" not in html
    assert MARKUP in Page(html).words


@given(text=hostile)
def test_no_text_becomes_markup_in_markdown(text: str) -> None:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    version = make_published()

    def kinds(thing: dict[str, Any]) -> list[str]:
        return [token.type for token in parser.parse(render("card.md", thing))]

    def inline(thing: dict[str, Any]) -> Counter[str]:
        tokens = parser.parse(render("card.md", thing))
        return Counter(c.type for t in tokens for c in t.children or [] if c.type not in {"text", "text_special"})

    words = text if text.strip() else "harmless"
    assert not set("<>") & set(render("card.md", _spoil(version, words, VERSION)))
    assert kinds(_spoil(version, words, VERSION)) == kinds(_spoil(version, "harmless", VERSION))
    assert inline(_spoil(version, words, VERSION)) == inline(_spoil(version, "harmless", VERSION))


def _shape(**changes: Any) -> FeatureView:
    return FeatureView(Shape.model_validate(make_published()["shapes"][0] | changes, strict=False))


def test_a_shape_writes_every_number_it_draws() -> None:
    feature = _shape()
    drawn = svg.shape_svg(feature)
    for level in feature.levels:
        number = f"{level.log_odds:+.2f}".replace("-", "−")
        assert number in re.sub(r"aria-label=\"[^\"]*\"", "", drawn)
        assert number in drawn.split("aria-label=")[1].split(">")[0]


def test_shapes_of_one_page_share_a_scale() -> None:
    feature = _shape()
    widths = [float(re.findall(r'<rect[^>]* width="([\d.]+)"', svg.shape_svg(feature, scale=s))[0]) for s in (2.0, 4.0)]
    assert widths[0] == pytest.approx(2 * widths[1], rel=0.01)


@pytest.mark.parametrize(
    "section",
    ["performance", "differences", "groups", "gaps", "material_gaps", "attribution", "calibration", "interactions"],
)
def test_an_empty_section_is_said_to_be_empty(section: str) -> None:
    pages = render_pages(make_report(make_published() | {section: []}))
    assert set(pages) == set(VERSION_PAGES)
    for text in pages.values():
        assert not re.search(r"\b(None|nan)\b", text)


def test_pages_work_each_fact_out_once_and_draw_each_picture_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: Counter[str] = Counter()
    elsewhere = ("frequency_svg", "weight_svg", "Picture", "standalone")
    names = [name for name in svg.__all__ if name not in elsewhere]
    for name in names:
        original = getattr(svg, name)

        def draw(*args: Any, original: Any = original, name: str = name, **options: Any) -> Any:
            drawn[f"{name} {args} {options}"] += 1
            return original(*args, **options)

        monkeypatch.setattr(svg, name, draw)
    report = make_report()
    render_pages(report)
    assert {key.split()[0] for key in drawn} == set(names)
    assert set(drawn.values()) == {1}
    drawn.clear()
    render_summary(report)
    assert not drawn, "no picture is drawn to fetch a phrase"


def test_rendering_changes_nothing() -> None:
    report = make_report()
    before = report.model_copy(deep=True)
    assert render_pages(report) == render_pages(report)
    assert report == before
