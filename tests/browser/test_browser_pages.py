"""The pages as people meet them: from disk, on a laptop and a phone, by keyboard, on paper without colour."""

from __future__ import annotations

import copy
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from reports_factory import make_audit, make_outcomes, make_published, make_report, make_result, render

from send_screen.auditing import render_audit
from send_screen.reports import (
    compare_versions,
    render_comparison,
    render_outcomes,
    render_screening,
)
from send_screen.screening import Decision, read_decisions
from send_screen.workflows import compare, decisions, evaluate, letter, record, screen, screen_schools

pytestmark = pytest.mark.slow

NAMES = [
    prefix + page for prefix in ("", "long ") for page in ("screening", "fairness", "card", "scorecard", "comparison")
]
NAMES += ["evaluation", "long audit", "outcomes", "next list", "record", "letter", "schools"]
ONLY_READ = ("record", "letter")  # no link, no field
FITS_TWO_SHEETS = 20  # listed children, of the school's file below


@pytest.fixture(scope="module")
def pages(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A real run's pages, and pages with everything in them that a page can have."""
    folder = tmp_path_factory.mktemp("pages")
    found = screen(trained.exported, trained.school_file, out=folder / "lists", capacity=str(FITS_TWO_SHEETS)).result
    told = {"run": found.run_id, "ids": [child.child_id for child in found.listed]}
    (folder / "lists" / "list.json").write_text(json.dumps(told), encoding="utf-8")
    long = {
        "long screening": render_screening(make_result()),
        "long fairness": render("report.html"),
        "long card": render("card.html"),
        "long scorecard": render("scorecard.html"),
        "long comparison": render_comparison(_long_comparison()),
        "comparison": render_comparison(compare(trained.exported, trained.exported).comparison),
        "long audit": render_audit(make_audit()),
        "evaluation": _evaluation(trained.made.out_of_fold),
        "outcomes": render_outcomes(make_outcomes(), unsuppressed=True),
    }
    long |= _after_a_list(trained, folder)
    for name, html in long.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return {
        "screening": folder / "lists" / "report.html",
        "fairness": trained.exported / "report.html",
        "card": trained.exported / "card.html",
        "scorecard": trained.exported / "scorecard.html",
        **{name: folder / f"{name}.html" for name in long},
    }


def _after_a_list(trained: Any, folder: Path) -> dict[str, str]:
    """The next list, what is held on its first child, a letter to the parents, and the page of a trust."""
    place, ledger = folder / "returned", folder / "ledger.db"
    shutil.copytree(folder / "lists", place)
    rows = pd.read_csv(place / "list.csv", dtype=str, keep_default_na=False)
    rows.loc[:2, "what_we_decided"] = ["Watch and review", "Assess", "Support now"]
    rows.loc[:2, ["decided_by", "note"]] = "A. Senco", "hearing test, on the first of next month " * 8
    rows.to_csv(place / "list.csv", index=False)
    decisions(place / "list.csv", ledger=ledger)
    following = screen(trained.exported, trained.school_file, out=folder / "next", capacity="20", ledger=ledger)
    child = rows["child_id"][0]
    record(child, out=folder / "request", ledger=ledger)
    letter(child, out=folder / "to parents.html", ledger=ledger)
    trust = screen_schools(trained.exported, [trained.school_file], out=folder / "packs", ledger=folder / "trust.db")
    pages = {
        "next list": following.out / "report.html",
        "record": folder / "request" / "record.html",
        "letter": folder / "to parents.html",
        "schools": trust.out / "schools.html",
    }
    return {name: path.read_text("utf-8") for name, path in pages.items()}


def _evaluation(evidence: Any) -> str:
    """The report of a version's scores, as one gets it of any model's."""
    risk = {name: 1 / (1 + np.exp(-evidence[f"score.{name}"])) for name in ("candidate", "baseline", "lightgbm")}
    return evaluate(
        evidence["outcome"],
        risk["candidate"],
        baseline=risk["baseline"],
        challengers={"A model with a rather long name of its own": risk["lightgbm"]},
        sensitive_features=evidence.filter(regex="^group"),
        groups=evidence["school"],
        fold=evidence["fold"],
    ).report


def _long_comparison() -> Any:
    """Two versions that differ in everything that a page can show."""
    first, second = copy.deepcopy(make_published()), copy.deepcopy(make_published())
    second["version"] |= {"id": "reception_sen/4", "capacity": 0.2, "packages": {}, "spec_sha256": "00" * 32}
    for row in second["groups"]:
        if row["value"] is not None and row["metric"] == "false_negative_rate":
            row |= {"value": row["value"] - 0.3, "low": row["low"] - 0.3, "high": row["high"] - 0.3}
    for gap in second["gaps"]:
        gap["verdict"] = "inconclusive"
    names = ("models:/reception_sen/3", "models:/reception_sen/4")
    specs = ({"capacity": 0.1}, {"capacity": 0.2})
    return compare_versions(make_report(first), make_report(second), names=names, specs=specs)


def test_the_first_screen_of_the_report_fits_a_laptop(pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    for name in ("fairness", "long fairness"):
        page = visit(pages[name]).page
        for part in (".short dl", "table.gaps tbody tr:nth-child(4)", ".curves figure:first-child"):
            assert page.locator(part).evaluate("e => e.getBoundingClientRect().bottom") <= 760, "above the readout"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_quiet_and_loads_nothing(name: str, pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    watched = visit(pages[name])
    watched.page.mouse.wheel(0, 20_000)
    watched.page.wait_for_timeout(200)
    assert watched.messages == []
    assert watched.asked_for == [pages[name].as_uri()]


@pytest.mark.parametrize("size", ["laptop", "phone"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_no_violation(
    name: str, size: str, pages: dict[str, Path], visit: Callable[..., Any], violations: Callable[[Any], list[str]]
) -> None:
    assert violations(visit(pages[name], size, bypass_csp=True).page) == []


def test_axe_would_find_one(pages: dict[str, Path], visit: Callable[..., Any], violations: Any) -> None:
    page = visit(pages["card"], bypass_csp=True).page
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    assert [found.split()[0] for found in violations(page)] == ["color-contrast"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_sticks_out_on_a_phone(name: str, pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    page = visit(pages[name], "phone").page
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        out = page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter(e => !e.closest('.scroll, .watermark, .visually-hidden'))
                .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                .map(e => e.outerHTML.slice(0, 90))"""
        )
        assert out == []


@pytest.mark.parametrize("name", NAMES)
def test_drawn_words_are_whole_and_apart(name: str, pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    page = visit(pages[name]).page
    drawn = page.evaluate(
        """() => [...document.querySelectorAll('svg')].map(svg => [!!svg.closest('.scroll'),
            [...svg.querySelectorAll('text')].filter(text => text.textContent.trim())
            .map(text => [text.textContent, ...['left', 'top', 'right', 'bottom']
                .map(side => text.getBoundingClientRect()[side])])])"""
    )
    for slides, words in drawn:
        for (one, left, top, right, bottom), (other, left2, top2, right2, bottom2) in itertools.combinations(words, 2):
            # Boxes of letters reach a few pixels above and below what is seen of them.
            apart = right <= left2 or right2 <= left or bottom - 5 <= top2 or bottom2 - 5 <= top
            assert apart, f"{one!r} lies on {other!r}"
        assert all(left >= 0 and (slides or right <= 1280) for _, left, _, right, _ in words)


ACTIVE = """() => {
    const e = document.activeElement;
    if (e === document.body) return null;
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    e.dataset.visited = '';
    return {
        place: [...document.querySelectorAll('*')].indexOf(e),
        what: e.outerHTML.slice(0, 80),
        named: ['aria-labelledby', 'aria-label'].some(name => e.getAttribute(name))
            || !!e.labels?.length || !!e.textContent.trim(),
        outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
        covered: box.top < (document.querySelector('.watermark')?.getBoundingClientRect().bottom ?? 0) - 1
            && box.bottom < (document.querySelector('.watermark')?.getBoundingClientRect().bottom ?? 0),
    };
}"""


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ONLY_READ])
def test_the_keyboard_reaches_everything_in_reading_order(
    name: str, pages: dict[str, Path], visit: Callable[..., Any]
) -> None:
    page = visit(pages[name]).page
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    stops = []
    for _ in range(2_000):
        page.keyboard.press("Tab")
        stop = page.evaluate(ACTIVE)
        if stop is None or (stops and stop["place"] <= stops[0]["place"]):
            break
        stops.append(stop)
    assert stops
    places = [place for place, _ in itertools.groupby(stop["place"] for stop in stops)]  # a date has several stops
    assert places == sorted(set(places))
    for stop in stops:
        assert stop["named"], stop["what"]
        assert stop["outlined"], stop["what"]
        assert stop["seen"], stop["what"]
        assert not stop["covered"], stop["what"]
    # One of a set of radio buttons is a stop; the arrows reach the others.
    missed = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input:checked, a, [tabindex="0"]')]
            .filter(e => !('visited' in e.dataset) && e.offsetParent).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert missed == []


def shown(page: Any, selector: str) -> list[dict[str, str]]:
    return page.eval_on_selector_all(
        selector, "all => all.filter(e => e.offsetParent !== null).map(e => ({...e.dataset}))"
    )


def test_the_list_is_filtered_and_sorted_by_class(pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    watched = visit(pages["screening"])
    page = watched.page
    page.get_by_text("Sort, print or save").click()
    everyone = shown(page, "#list-rows tr")
    assert len(everyone) == FITS_TWO_SHEETS
    classes = sorted({child["class"] for child in everyone})
    assert len(classes) > 1
    choices = page.get_by_label("Show class").locator("option").all_inner_texts()
    assert choices == ["All", *classes]
    for name in classes:
        page.get_by_label("Show class").select_option(label=name)
        inside = [child for child in everyone if child["class"] == name]
        assert shown(page, "#list-rows tr") == shown(page, "#cards article") == inside
        words = page.get_by_role("status").inner_text()
        assert words == f"Showing {len(inside)} of {FITS_TWO_SHEETS} listed: {name}."
    page.get_by_label("Show class").select_option(label="All")
    page.get_by_label("Put in order of").select_option(label="Class")
    by_class = sorted(everyone, key=lambda child: (child["class"], int(child["rank"])))
    assert shown(page, "#list-rows tr") == shown(page, "#cards article") == by_class
    page.get_by_label("Put in order of").select_option(label="Name")
    names = [child["name"] for child in shown(page, "#list-rows tr")]
    assert names == sorted(names, key=str.casefold)
    page.get_by_label("Put in order of").press("Home")
    assert shown(page, "#list-rows tr") == everyone
    assert watched.messages == []


def test_without_scripts_the_whole_list_is_there(chromium: Any, pages: dict[str, Path]) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(pages["screening"].as_uri())
        assert page.locator("#list-rows tr").count() == FITS_TWO_SHEETS
        assert page.locator("#tools select, #tools button").count() == 0
        page.locator("#decide-1 select").select_option("Assess")
        assert page.locator("#cards article").last.is_visible()
    finally:
        context.close()


def test_a_mark_says_its_figures_to_the_pointer_and_to_the_keyboard(
    pages: dict[str, Path], visit: Callable[..., Any]
) -> None:
    watched = visit(pages["fairness"])
    page, said = watched.page, watched.page.locator("#readout")
    rows = page.locator("table.gaps tr[data-description]")
    rows.nth(1).hover()
    assert said.inner_text() == rows.nth(1).get_attribute("data-description")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert said.inner_text() == rows.nth(1).get_attribute("data-description")
    for _ in range(2):
        page.keyboard.press("Tab")
    assert said.inner_text().startswith("Acting from"), "a picture is one stop"
    assert watched.messages == []


def test_scrolling_under_a_pointer_that_rests_says_nothing(pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    page = visit(pages["fairness"]).page
    said, rows = page.locator("#readout"), page.locator("table.gaps tr[data-description]")
    rows.nth(1).hover()
    rows.first.focus()
    page.evaluate(
        """([from, to]) => new Promise(done => {
          window.scrollBy(0, to.getBoundingClientRect().top - from.getBoundingClientRect().top);
          setTimeout(done, 500);
        })""",
        [rows.nth(1).element_handle(), rows.nth(2).element_handle()],
    )
    # Another row is under the pointer now.
    assert page.evaluate("row => row.matches(':hover')", rows.nth(2).element_handle())
    assert said.inner_text() == rows.first.get_attribute("data-description")


def test_a_table_is_sorted_by_what_a_column_says(pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    page = visit(pages["long fairness"]).page
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    table = page.locator("table.sortable").filter(has_text="Missed, of 100").first
    head = table.locator("thead button", has_text="Against all others")

    def numbers() -> list[float]:
        cells = table.locator("tbody tr td:nth-child(4)").all_inner_texts()
        return [float(cell.split()[0].replace("\N{MINUS SIGN}", "-")) for cell in cells]

    head.click()
    assert numbers() == sorted(numbers(), reverse=True)
    head.click()
    assert numbers() == sorted(numbers())
    assert table.locator("[aria-sort=ascending]").count() == 1


def test_contents_lead_to_their_heading_without_leaving_the_page(
    pages: dict[str, Path], visit: Callable[..., Any]
) -> None:
    page = visit(pages["fairness"]).page
    for link in page.locator("nav a").all():
        link.click()
        active = page.evaluate("document.activeElement.id")
        assert f"#{active}" == link.get_attribute("href")
    assert page.url == pages["fairness"].as_uri()


@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_is_folded_away_on_paper(scripts: bool, chromium: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    """Every heading of a table that is folded away on the screen is printed, with scripts or without."""
    if shutil.which("pdftotext") is None:
        pytest.skip("There is no pdftotext on this machine: apt-get install poppler-utils.")
    context = chromium.new_context(java_script_enabled=scripts)
    try:
        page = context.new_page()
        page.goto(pages["fairness"].as_uri())
        captions = [words.strip() for words in page.locator("details:not([open]) caption").all_text_contents()]
        assert len(captions) > 5
        page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    finally:
        context.close()
    done = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True)
    printed = "".join(done.stdout.split())
    assert [words for words in captions if "".join(words.split())[:40] not in printed] == []


def sheets(page: Any) -> int:
    """Print without colours of backgrounds, as browsers do unless told, and count the sheets."""
    paper = page.pdf(prefer_css_page_size=True, print_background=False)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", paper))


def test_it_prints_the_list_on_two_sheets_and_each_child_on_one(
    pages: dict[str, Path], visit: Callable[..., Any]
) -> None:
    page = visit(pages["screening"]).page
    assert sheets(page) <= 2, "the list only, unless told"
    page.get_by_text("Sort, print or save").click()
    children = len(shown(page, "article.person"))
    assert children > FITS_TWO_SHEETS
    page.get_by_label("one child a page").check()
    assert sheets(page) == children + 1  # what the list is not, first
    few = page.get_by_label("Show class").locator("option").nth(1)
    page.get_by_label("Show class").select_option(label=few.inner_text())
    children = len(shown(page, "article.person"))
    assert sheets(page) == children + 1
    page.get_by_label("everything").check()
    assert children + 3 <= sheets(page) <= children + 6


def test_the_list_begins_on_the_first_screen_of_a_phone(pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    page = visit(pages["screening"], "phone").page
    assert page.locator(".tally a").first.inner_text() == f"{FITS_TWO_SHEETS} to discuss"
    assert page.locator("#list-rows tr:nth-child(2)").evaluate("e => e.getBoundingClientRect().bottom") <= 844
    page.get_by_role("link", name="to look at by hand").click()
    assert page.locator("#h-by-hand").evaluate("e => e.getBoundingClientRect().top") < 844


def test_links_and_fields_do_no_harm_inside_a_viewer(
    pages: dict[str, Path], visit: Callable[..., Any], tmp_path: Path
) -> None:
    """A viewer that allows scripts and nothing else, as MLflow's does."""
    frame = f'<iframe sandbox="allow-scripts" width="1200" height="700" src="{pages["screening"].as_uri()}"></iframe>'
    (tmp_path / "viewer.html").write_text(f"<!doctype html><title>A viewer</title>{frame}", encoding="utf-8")
    watched = visit(tmp_path / "viewer.html")
    inside = watched.page.frame_locator("iframe")
    inside.get_by_role("link", name="to look at by hand").click()
    assert inside.locator("#h-by-hand").evaluate("e => Math.abs(e.getBoundingClientRect().top)") < 200
    inside.locator("#decide-1 select").select_option("Assess")
    assert inside.locator(".typed").first.inner_text() == "Assess"
    inside.get_by_text("Sort, print or save").click()
    inside.get_by_role("button", name="Download what I typed as CSV").click()
    assert inside.locator("#decide-1 select").input_value() == "Assess"
    assert not [words for words in watched.messages if words.startswith("error") and "sandbox" not in words.lower()]


def _type(page: Any) -> None:
    page.locator("#decide-1 select").select_option("Watch and review")
    page.locator("#decide-1 [name=decided_by]").fill("=A. Senco")
    page.locator("#decide-1 [name=review_on]").fill("2026-12-01")
    page.locator("#decide-2 [name=note]").fill('Mum, by phone:\n"hearing?"')


def test_what_is_typed_stands_in_the_list_and_comes_back_as_csv(
    pages: dict[str, Path], visit: Callable[..., Any], tmp_path: Path
) -> None:
    watched = visit(pages["screening"])
    page = watched.page
    _type(page)
    rows = page.locator("#list-rows tr")
    assert rows.nth(0).locator(".typed").inner_text() == "Watch and review; =A. Senco; review 1 Dec 2026"
    page.get_by_text("Sort, print or save").click()
    with page.expect_download() as found:
        page.get_by_role("button", name="Download what I typed as CSV").click()
    found.value.save_as(tmp_path / "typed.csv")
    first, second = read_decisions(tmp_path / "typed.csv").rows
    summary = json.loads((pages["screening"].parent / "list.json").read_text("utf-8"))
    assert [first.child_id, second.child_id] == summary["ids"][:2]
    assert first.run == second.run == summary["run"]
    assert (first.record.decision, first.record.decided_by) == (Decision.WATCH, "=A. Senco")
    assert str(first.record.review_on) == "2026-12-01"
    assert second.record.note == 'Mum, by phone:\n"hearing?"'
    assert watched.messages == []


def test_what_is_typed_is_kept_in_a_saved_page(
    pages: dict[str, Path], visit: Callable[..., Any], tmp_path: Path
) -> None:
    page = visit(pages["screening"]).page
    _type(page)
    page.get_by_text("Sort, print or save").click()
    with page.expect_download() as found:
        page.get_by_role("button", name="Save this page with what I typed").click()
    found.value.save_as(tmp_path / "saved.html")
    saved = visit(tmp_path / "saved.html")
    assert saved.page.locator("#decide-1 select").input_value() == "Watch and review"
    assert saved.page.locator("#decide-1 [name=review_on]").input_value() == "2026-12-01"
    assert saved.page.locator("#decide-2 [name=note]").input_value() == 'Mum, by phone:\n"hearing?"'
    assert saved.page.locator("#controls select").count() == 2
    assert saved.messages == []


def test_other_pages_print_on_few_sheets(pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    assert sheets(visit(pages["card"]).page) <= 6
    assert sheets(visit(pages["fairness"]).page) <= 16  # three questions about some forty groups
    assert sheets(visit(pages["comparison"]).page) <= 14


INKS = """() => {
    const grey = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
            .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faint = [], filled = [];
    for (const e of document.querySelectorAll('body *')) {
        const style = getComputedStyle(e);
        if (e.closest('.watermark, script') || style.display === 'none') continue;
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        const ink = e.closest('svg') ? style.fill : style.color;
        if (own && 1.05 / (grey(ink) + 0.05) < 7) faint.push(e.outerHTML.slice(0, 80));
        const back = style.backgroundColor;
        const plain = ['rgba(0, 0, 0, 0)', 'rgb(255, 255, 255)'].includes(back) || e.tagName === 'PRE';
        if (!plain) filled.push(e.outerHTML.slice(0, 80));
    }
    return {faint, filled};
}"""


@pytest.mark.parametrize("name", NAMES)
def test_paper_needs_no_colour(name: str, pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    page = visit(pages[name]).page
    page.emulate_media(media="print")
    assert page.evaluate(INKS) == {"faint": [], "filled": []}
    # The watermark stays pale where browsers darken what is printed without backgrounds: words must be read through it.
    mark = page.locator(".watermark")
    if mark.count():
        assert mark.evaluate("e => getComputedStyle(e).printColorAdjust") == "exact"
        assert mark.evaluate("e => getComputedStyle(e).zIndex") == "-1"


def test_filled_and_hollow_tell_apart_without_colour(pages: dict[str, Path], visit: Callable[..., Any]) -> None:
    page = visit(pages["screening"]).page
    fills = page.eval_on_selector_all("svg.strength rect", "all => all.map(e => getComputedStyle(e).fill)")
    signs = page.eval_on_selector_all("svg.strength + span", "all => all.map(e => e.textContent.trim()[0])")
    assert {(sign, fill == "rgb(255, 255, 255)") for sign, fill in zip(signs, fills, strict=True)} == {
        ("+", False),
        ("−", True),
    }
