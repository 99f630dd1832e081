"""Where a gap comes from: whose is taken apart, and that what is printed adds up."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports_factory import make_report, render

from send_screen.reports._gap_sources import round_to_total
from send_screen.reports._report_view import ReportView


def _row(published: dict[str, Any], group: str) -> dict[str, Any]:
    return next(row for row in published["attribution"] if row["group"] == group)


def _hundredths(printed: str) -> int:
    return round(float(printed.replace("−", "-")) * 100)


def test_only_groups_that_were_shown_to_be_missed_more_are_taken_apart(published: dict[str, Any]) -> None:
    view = ReportView(make_report(published))
    sources, more = view.gap_sources, view.n_more_gaps
    shown = {
        gap["group"]
        for gap in published["gaps"]
        if gap["metric"] == "false_negative_rate" and gap["against"] == "all others" and (gap["low"] or 0) > 0
    }
    assert [source.who for source in sources] == ["Girl"]
    assert shown == {"Girl"}
    assert more == 0
    for gap in published["gaps"]:
        gap |= {"low": -0.1, "high": 0.3}
    view = ReportView(make_report(published))
    assert (view.gap_sources, view.n_more_gaps) == ((), 0)
    assert "Parts of a gap that nobody has shown would explain chance." in render("report.html", published)


def test_the_printed_parts_add_up_to_the_printed_gap_in_the_page_and_the_picture(published: dict[str, Any]) -> None:
    row = _row(published, "Girl")
    html = render("report.html", published)
    table = html.split('id="t-source-1"')[1].split("</table>")[0]
    strong, single, total = [], [], None
    for kind, label, cell in re.findall(r'<tr( class="strong")?><th scope="row">(.*?)</th><td>(.*?)</td>', table, re.S):
        number = _hundredths(cell.split()[0])
        if label == "All together":
            total = number
        else:
            (strong if kind else single).append((label, number))
    assert total == round(row["value"] * 100)
    assert sum(number for _, number in strong) == total
    agencies = sum(number for label, number in strong if label.startswith("From "))
    assert sum(number for _, number in single) == agencies
    assert "others together" in table
    picture = html.split('id="h-source"')[1].split("<svg")[1].split("</svg>")[0]
    shown = [_hundredths(text) for text in re.findall(r'text-anchor="end" class="number">(.*?)</text>', picture)]
    assert sorted(shown) == sorted([number for _, number in [*strong, *single]] + [total])
    assert "scored lower than others by" in html


def test_each_printed_part_is_the_published_one_to_a_hundredth(published: dict[str, Any]) -> None:
    (source,) = ReportView(make_report(published)).gap_sources
    row = _row(published, "Girl")
    labels = {shape["feature"]: shape["label"] for shape in published["shapes"]}
    values = {labels[part["term"]]: part["value"] for part in row["features"]}
    values |= {f"From {part['term']}": part["value"] for part in row["agencies"]}
    valued = [part for part in source.parts if part.label in values]
    assert len(valued) > len(row["agencies"])
    for part in valued:
        assert abs(part.hundredths - values[part.label] * 100) < 1
        assert (source.total.hundredths < 0) == (row["value"] < 0)


@pytest.mark.parametrize("withheld", ["a feature", "the whole", "the row"])
def test_what_is_withheld_is_not_worked_out_from_the_rest(published: dict[str, Any], withheld: str) -> None:
    row = _row(published, "Girl")
    if withheld == "a feature":
        row["features"][3]["value"] = None
    elif withheld == "the whole":
        row["value"] = None
    else:
        published["attribution"].remove(row)
    view = ReportView(make_report(published))
    assert (view.gap_sources, view.n_more_gaps) == ((), 1)
    assert "are withheld" in render("report.html", published)


def test_without_agencies_all_features_are_one(published: dict[str, Any]) -> None:
    row = _row(published, "Girl")
    row["agencies"] = []
    (source,) = ReportView(make_report(published)).gap_sources
    sums = [part for part in source.parts if part.is_sum]
    assert sums[0].label == "From all features"
    assert sum(part.hundredths for part in sums) == source.total.hundredths


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=30))
def test_rounded_parts_add_up_and_each_is_near(values: list[float]) -> None:
    total = round(sum(values) * 100)
    printed = round_to_total(values, total)
    assert sum(printed) == total
    assert all(abs(number - value * 100) < 1 + 1e-5 for number, value in zip(printed, values, strict=True))
