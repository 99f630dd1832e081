"""What a picture shows is what was published: steps at their edges, how sure, where the children are, and no more."""

from __future__ import annotations

import copy
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from reports_factory import make_published, make_report, render

from send_screen.published import Example, InteractionGrid, Shape
from send_screen.reports import render_plots, svg
from send_screen.reports._terms import FeatureView, InteractionView, worked_example


def shape_svg(shape: dict[str, Any], **options: Any) -> str:
    return svg.shape_svg(FeatureView(Shape.model_validate(shape, strict=False)), **options)


def interaction_svg(interaction: dict[str, Any], **options: Any) -> str:
    return svg.interaction_svg(InteractionView(InteractionGrid.model_validate(interaction, strict=False)), **options)


def text_of(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def path_of(svg: str, kind: str) -> str:
    (path,) = re.findall(rf'<path class="{kind}" d="([^"]*)"', svg)
    return path


def label_of(svg: str) -> str:
    return re.search(r'aria-label="([^"]*)"', svg).group(1)


@pytest.fixture
def published() -> dict[str, Any]:
    return make_published()


@pytest.fixture
def shape(published: dict[str, Any]) -> dict[str, Any]:
    """Three steps of unequal width, with children."""
    (found,) = [shape for shape in published["shapes"] if shape["feature"] == "asq"]
    for point, n in zip(found["points"], (150, 300, 100), strict=True):
        point["n"] = n
    return found


def test_a_step_is_straight_up_or_down_at_its_edge(shape: dict[str, Any]) -> None:
    line = path_of(shape_svg(shape), "line")
    pieces = re.findall(r"(?:M([\d.]+) |V)([\d.]+)L([\d.]+) ([\d.]+)", line)
    assert len(pieces) == 3
    left, right = 58, 282
    edges = [left + (right - left) * (x - 5) / 55 for x in (20, 35, 60)]
    assert [float(piece[2]) for piece in pieces] == pytest.approx(edges, abs=0.06)
    # up is more: the first piece begins highest, which is a small y
    assert float(pieces[0][1]) < float(pieces[0][3]) < float(pieces[1][1]) < float(pieces[2][1])
    flat = copy.deepcopy(shape)
    for point in flat["points"]:
        point["log_odds_to"] = point["log_odds"]
    assert all(
        a == b for _, a, _, b in re.findall(r"(M[\d.]+ |V)([\d.]+)L([\d.]+) ([\d.]+)", path_of(shape_svg(flat), "line"))
    )


def test_a_band_is_as_wide_as_the_value_is_unsure(shape: dict[str, Any]) -> None:
    def tall(within: float) -> float:
        for point in shape["points"]:
            point["margin_of_error"] = point["margin_of_error_to"] = within
        top, bottom = re.match(
            r"M[\d.]+ ([\d.]+)L[\d.]+ [\d.]+V[\d.]+L[\d.]+ ([\d.]+)z", path_of(shape_svg(shape, scale=2), "band")
        ).groups()
        return float(bottom) - float(top)

    assert tall(0.4) == pytest.approx(2 * tall(0.2), abs=0.2)
    for point in shape["points"]:
        point["margin_of_error"] = point["margin_of_error_to"] = None
    svg = shape_svg({**shape, "missing_margin_of_error": None})
    assert path_of(svg, "band") == ""
    assert "±" not in svg


def test_the_area_of_a_bar_is_its_children(shape: dict[str, Any]) -> None:
    svg = shape_svg(shape)
    bars = re.findall(r"M([\d.]+) (\d+)V([\d.]+)H([\d.]+)V", path_of(svg, "crowd"))
    areas = [(float(right) - float(left)) * (float(bottom) - float(top)) for left, bottom, top, right in bars]
    assert [area / areas[0] for area in areas] == pytest.approx([1, 2, 100 / 150], rel=0.02)
    assert "Grey: where the 550 children are." in text_of(svg)


def test_children_are_not_shown_where_one_count_is_withheld(shape: dict[str, Any]) -> None:
    shape["points"][1]["n"] = None
    svg = shape_svg(shape)
    assert 'class="crowd"' not in svg
    assert "How many children are where: not shown." in text_of(svg)
    assert "150" not in "".join(text_of(svg))


def test_a_scale_says_its_ends_its_highest_and_its_lowest_value(shape: dict[str, Any]) -> None:
    shape["points"][1]["log_odds"] = 1.5
    said = label_of(shape_svg(shape))
    for words in (
        "below 20: +0.85 points",
        "20 to below 35: +1.50 points",
        "35 or more: −0.40 points",
        "Not known: +0.12",
    ):
        assert words in said
    assert said.index("below 20:") < said.index("20 to below 35:") < said.index("35 or more:")


def test_a_whisker_is_as_wide_as_the_value_is_unsure(published: dict[str, Any]) -> None:
    goal = published["shapes"][0]

    def wide(svg: str) -> float:
        left, right = re.search(r'class="whisker" d="M([\d.]+) \d+H([\d.]+)', svg).groups()
        return float(right) - float(left)

    assert wide(shape_svg(goal, scale=2)) == pytest.approx(2 * 0.27 / 2 * 110, abs=0.2)
    assert "(2,130 children; ±\N{NO-BREAK SPACE}0.27)" in text_of(shape_svg(goal))[0]
    for point in goal["points"]:
        point["margin_of_error"] = None
    assert shape_svg({**goal, "missing_margin_of_error": None}).count("whisker") == 0


def test_a_surface_writes_every_number_and_more_is_darker(published: dict[str, Any]) -> None:
    for interaction in published["interactions"]:
        svg = interaction_svg(interaction)
        cells = [cell for row in interaction["cells"] for cell in row]
        numbers = [re.sub(r"[+-]0.00", "0.00", f"{cell['log_odds']:+.2f}").replace("-", "−") for cell in cells]
        assert [words for words in text_of(svg) if re.fullmatch(r"[+−]?\d\.\d\d", words)] == numbers
        assert all(number in label_of(svg) for number in numbers)
        darkness = [float(found) for found in re.findall(r'fill-opacity="([\d.]+)"', svg)]
        assert len(darkness) == len(cells)
        order = sorted(range(len(cells)), key=lambda i: cells[i]["log_odds"])
        assert [darkness[i] for i in order] == sorted(darkness)
        bold = re.findall(r'class="number">([^<]*)<', svg)
        assert len(bold) == sum(abs(cell["log_odds"]) > cell["margin_of_error"] for cell in cells)
        assert max(darkness) <= 0.42, "black is read on it"


def test_only_squares_without_children_are_hatched(published: dict[str, Any]) -> None:
    small, large = published["interactions"]
    assert interaction_svg(small).count('class="hatch"') == 1
    assert interaction_svg(large).count('class="hatch"') == 0, "no count is published: nobody can tell"
    html = render("card.html", published)
    assert "Hatched: no children." in html
    assert "How many children are in each square is not published." in html


def test_surfaces_of_one_page_share_a_scale(published: dict[str, Any]) -> None:
    small = published["interactions"][0]
    reach = max(abs(cell["log_odds"]) for row in small["cells"] for cell in row)
    darkest = [
        max(map(float, re.findall(r'fill-opacity="([\d.]+)"', interaction_svg(small, scale=s)))) for s in (reach, 9)
    ]
    assert darkest[0] > 0.4
    assert darkest[1] == pytest.approx(0.21, abs=0.01)


def test_the_steps_of_the_synthetic_child_lead_from_the_average_to_the_sum(published: dict[str, Any]) -> None:
    drawn = svg.waterfall_svg(worked_example(Example.model_validate(published["example"], strict=False)))
    numbers = [float(words.replace("−", "-")) for words in text_of(drawn) if re.fullmatch(r"[+−]?\d\.\d\d", words)]
    start, *steps, end = numbers
    assert start == -2.4
    assert end == pytest.approx(start + sum(steps), abs=0.06)
    assert [abs(step) for step in steps[:-1]] == sorted(map(abs, steps[:-1]), reverse=True)
    assert "8 other things together" in text_of(drawn)
    bars = re.findall(r'<rect class="(ink|hollow)" x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)
    assert [kind == "ink" for kind, _, _ in bars] == [step > 0 for step in steps]
    at = float(re.search(r'<circle class="ink" cx="([\d.]+)"', drawn).group(1))
    for kind, left, width in bars:  # each begins where the last one ended
        begin, stop = (float(left), float(left) + float(width))[:: 1 if kind == "ink" else -1]
        assert begin == pytest.approx(at, abs=0.2)
        at = stop


def test_the_scorecard_holds_every_line_and_the_example(published: dict[str, Any]) -> None:
    html = render("scorecard.html", published)
    card = published["scorecard"]
    for feature in card["features"][:-1]:
        (table,) = re.findall(rf"<span>{re.escape(feature['label'])}</span></caption>(.*?)</table>", html, re.DOTALL)
        lines = re.findall(r'<th scope="row">([^<]*)</th><td class="num">([^<]*)</td>', table)
        wanted = [(row["label"], row["points"]) for row in feature["rows"]] + [("not known", feature["missing"])]
        assert [(words, float(points.replace("−", "-"))) for words, points in lines] == wanted
    assert "<p>Age. Whatever is recorded there changes the computer's sum by 0.015 points at most, each.</p>" in html
    assert html.count(f">{card['example']['total']:+.1f}</td>".replace("-", "−")) >= 1
    assert "by 0.46 points at most" in html
    assert "fewer than 10" not in html


def test_the_pictures_beside_a_run_stand_by_themselves() -> None:
    """Without a namespace no browser draws the file, and without the pages' style all of it would be black."""
    plots = render_plots(make_report())
    assert len(plots) > 1
    for name, drawn in plots.items():
        root = ElementTree.fromstring(drawn)
        assert root.tag == "{http://www.w3.org/2000/svg}svg", name
        assert "svg .ink" in root.find("{http://www.w3.org/2000/svg}style").text
