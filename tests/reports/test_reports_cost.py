"""What it costs that people can read a version: said only where an interval says so, beside every challenger."""

from __future__ import annotations

import re
from typing import Any

import pytest
from reports_factory import make_report, render

from send_screen.reports import compare_challengers

PAGES = ("card.html", "card.md", "report.html")


def _against(challenger: str, **figures: tuple[float | None, float | None, float | None]) -> list[dict[str, Any]]:
    return [
        {
            "model": "candidate",
            "against": challenger,
            "metric": metric,
            "value": value,
            "low": low,
            "high": high,
            "n": 2366 if metric == "recall" else 18204,
            "reason": "" if low is not None else "no interval: the children are in fewer than 10 schools",
        }
        for metric, (value, low, high) in figures.items()
    ]


@pytest.fixture
def alone(published: dict[str, Any]) -> dict[str, Any]:
    published["differences"] = [row for row in published["differences"] if row["against"] == "baseline"]
    return published


@pytest.fixture
def compared(alone: dict[str, Any]) -> dict[str, Any]:
    published = alone
    published["differences"] += _against(
        "lightgbm",
        roc_auc=(-0.0041, -0.0071, -0.0012),
        average_precision=(0.003, -0.004, 0.0102),
        recall=(0.031, 0.012, 0.05),
    )
    published["differences"] += _against(
        "ebm", roc_auc=(0.01, None, None), average_precision=(None, None, None), recall=(0.0, -0.01, 0.01)
    )
    return published


def test_a_difference_is_said_only_where_its_interval_leaves_out_none(compared: dict[str, Any]) -> None:
    lightgbm, ebm = compare_challengers(make_report(compared))
    assert lightgbm.description == (
        "Beside LightGBM, tuned inside the training schools (12 settings): worse in the order of the whole list; "
        "better in how many children it finds with as many places; no difference was shown in the top of the list."
    )
    assert [row.verdict for row in lightgbm.rows] == ["worse", "no difference was shown", "better"]
    assert [row.difference.in_brackets for row in lightgbm.rows] == [
        "−0.004 (−0.007 to −0.001)",
        "+0.003 (−0.004 to +0.010)",
        "+3 (+1 to +5)",
    ]
    assert [row.n for row in lightgbm.rows] == ["18,204", "18,204", "2,366"]
    assert ebm.description == (
        "Beside EBM: no difference was shown in how many children it finds with as many places; "
        "not known in the order of the whole list and the top of the list."
    )
    assert ebm.rows[1].verdict == "not known: no interval: the children are in fewer than 10 schools"
    assert "None" not in repr(ebm.rows[1].difference)


@pytest.mark.parametrize("edge", [(0.01, 0.0, 0.02), (-0.01, -0.02, 0.0)])
def test_an_interval_that_ends_at_none_shows_no_difference(
    alone: dict[str, Any], edge: tuple[float, float, float]
) -> None:
    alone["differences"] += _against("lightgbm", roc_auc=edge)
    assert compare_challengers(make_report(alone))[0].rows[0].verdict == "no difference was shown"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_it_with_figures_and_what_they_cannot_say(compared: dict[str, Any], page: str) -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", render(page, compared)).split())
    for cost in compare_challengers(make_report(compared)):
        assert cost.description in text
        for row in cost.rows:
            assert row.verdict in text
            assert row.difference.interval in text
    assert "is not “equal”" in text
    assert not re.search(r"\b(None|nan|as well as)\b", text[text.index("What it costs") :][:3000])


@pytest.mark.parametrize("page", PAGES)
def test_a_version_without_a_challenger_says_that_the_cost_is_not_known(alone: dict[str, Any], page: str) -> None:
    assert compare_challengers(make_report(alone)) == ()
    assert "not known: it was not compared with another model" in render(page, alone)


def test_every_challenger_has_a_column_beside_the_rule(compared: dict[str, Any]) -> None:
    page = render("report.html", compared)
    heads = re.findall(r'<th scope="col">(.*?)</th>', page[page.index('id="t-better"') :])[:6]
    assert heads[1:] == [
        "This version",
        "The rule",
        "LightGBM, not in use",
        "EBM, not in use",
        "This version minus the rule",
    ]
    row = re.search(r"<tr><th scope=\"row\">Order of the list.*?</tr>", page)
    assert row is not None
    cells = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td>(.*?)</td>", row[0])]
    assert cells == [
        "0.812 (0.799 to 0.824)",
        "0.744 (0.731 to 0.757)",
        "0.816 (0.804 to 0.828)",
        "not published",
        "+0.068 (+0.059 to +0.077)",
    ]
