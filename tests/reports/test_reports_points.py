"""The page of whole points says what they cost; a version that is compared with nothing else trained nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from reports_factory import render

COST = {"n": 18_204, "mean_error": 0.06, "same_list": 0.94, "reason": ""}


@pytest.fixture
def whole(published: dict[str, Any]) -> dict[str, Any]:
    """A version whose card has whole points of .1 log-odds, and that is compared with nothing else."""
    rows = [row for row in published["performance"] if row["model"] == "candidate"]
    published["performance"] += [row | {"model": "whole_points", "value": 0.771} for row in rows]
    published["differences"] = [
        row | {"against": "whole_points"} for row in published["differences"] if row["against"] == "baseline"
    ]
    published["version"]["challengers"] = {"whole_points": "its own scorecard of whole points, added up by hand"}
    published["points"] = COST
    published["scorecard"] |= {"digits": 0, "log_odds_per_point": 0.1, "largest_error": 0.32}
    return published


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def test_the_price_of_whole_points_is_on_their_page(whole: dict[str, Any]) -> None:
    page = words(render("scorecard.html", whole))
    assert "A sum can differ from the computer's by 3.20 points at most." in page
    assert "one is 0.10 of the computer's points (log-odds)" in page
    assert "measured on 18,204 children, by cards and models that had not learned from them" in page
    assert "A sum was 0.60 points from the computer's on average." in page
    assert "Of 100 on the computer's list the points list 94 too." in page
    assert "(ROC AUC) is 0.771" in page


def test_how_many_places_differ_is_withheld_where_they_are_few(whole: dict[str, Any]) -> None:
    whole["points"] = COST | {"same_list": None, "reason": "withheld to protect small groups"}
    page = words(render("scorecard.html", whole))
    assert "On how many places the two lists differ is withheld to protect small groups." in page


def test_a_card_that_is_far_from_the_model_does_not_claim_to_be_near(published: dict[str, Any]) -> None:
    near = "you come very near to the computer's sum"
    assert near in words(render("scorecard.html", published)).replace("&#39;", "'")
    published["scorecard"]["largest_error"] = 5.78
    page = words(render("scorecard.html", published))
    assert "can be far from the computer" in page
    assert "come first on the list" not in page


def test_points_with_decimals_have_no_price(published: dict[str, Any]) -> None:
    assert "whole points" not in words(render("scorecard.html", published))


def test_nothing_is_said_to_be_trained_beside_it_that_was_not(whole: dict[str, Any]) -> None:
    report = words(render("report.html", whole))
    assert "Other models were trained" not in report
    assert (
        "The whole points are those of this version's own scorecard, asked about schools that it had not seen."
        in report
    )
    assert "Trained beside it" not in render("atrs.md", whole)
    whole["version"]["challengers"]["lightgbm"] = "LightGBM"
    assert "Trained beside it, not in use: LightGBM." in render("atrs.md", whole)
