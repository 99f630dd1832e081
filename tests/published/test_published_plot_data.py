"""Plot data are what a model scores, with two standard errors, and give away no small number."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from send_screen.estimators._explanation import shap_waterfall
from send_screen.published import Example, model_sections
from send_screen.published._axis_labels import axis_labels
from send_screen.published._plot_data import interaction_grid
from send_screen.specs import ModelSpec, load_spec
from send_screen.tables import BaggedTables, InteractionTerm, LevelsTerm, LinearTerm, RiskTables, ShapeTerm, Term

GOAL = ShapeTerm(
    feature="E01", edges=(2,), values=(0.4, 0.0), slope=-0.3, low=1, high=2, missing=-0.2, mean=-0.5, n=(300, 680),
    n_missing=20,
)  # fmt: skip
AGE = ShapeTerm(
    feature="age_months", edges=(61, 64), values=(0.3, 0.1, 0.0), slope=-0.01, low=59, high=70, missing=-0.6,
    mean=-0.58, n=(200, 300, 500), n_missing=0,
)  # fmt: skip
ABSENCE = ShapeTerm(
    feature="absence", edges=(0.0317, 0.2), values=(0.0, 0.2, 0.5), slope=0.0, low=0.01, high=0.2, missing=0.1,
    mean=0.15, n=(400, 590, 10), n_missing=0,
)  # fmt: skip
WRITING = LinearTerm(feature="E10", slope=-0.5, low=1, high=2, missing=-0.7, mean=-0.8, n=None, n_missing=None)
TOGETHER = InteractionTerm(
    features=("E01", "absence"),
    edges=((2,), (0.0317, 0.2)),
    values=((0.1, 0.1004, -0.3, 0.0), (-0.05, -0.05, 0.15, 0.0), (0.0, 0.0, 0.0, 0.0)),
    mean=0.001,
    n=((120, 170, 10, None), (280, 400, None, None), (None,) * 4),
    standard_error=((0.02, 0.03, 0.1, 0.0), (0.01, 0.01, 0.05, 0.0), (0.0,) * 4),
)
TABLES = RiskTables(-2.0, (GOAL, AGE, ABSENCE, WRITING), 1000, "an example", (TOGETHER,))


def steeper(term: Term, by: float) -> Term:
    """Return a term of another bag: its line is steeper."""
    return dataclasses.replace(term, slope=term.slope + by)


BAGS = BaggedTables(
    tuple(
        dataclasses.replace(TABLES, terms=tuple(steeper(t, by) for t in TABLES.terms)) for by in (0.0, 0.1, 0.0, 0.2)
    ),
    (0, 0, 1, 1),
    0.1,
)


@pytest.fixture(scope="module")
def spec(repository: Path) -> ModelSpec:
    return load_spec(repository / "models" / "reception_sen" / "spec.yaml")


@pytest.fixture(scope="module")
def document(spec: ModelSpec) -> dict[str, Any]:
    return model_sections(spec, spec.contracts, TABLES, BAGS).model_dump(mode="json")


def shape(document: dict[str, Any], feature: str) -> dict[str, Any]:
    (found,) = [shape for shape in document["shapes"] if shape["feature"] == feature]
    return found


def test_a_shape_steps_at_its_edges_and_is_as_high_as_it_scores(document: dict[str, Any]) -> None:
    absence = shape(document, "absence")
    assert absence["kind"] == "steps"
    assert [(p["label"], p["n"]) for p in absence["points"]] == [
        ("below 3.17 %", 400), ("3.17 % to below 20 %", 590), ("20 % or more", 10)
    ]  # fmt: skip
    assert [p["to"] for p in absence["points"]][:2] == [p["x"] for p in absence["points"]][1:] == [0.0317, 0.2]
    last = absence["points"][-1]
    assert last["to"] > last["x"], "a bin that is one value, the highest, is seen too"
    for feature, term in zip(TABLES.features, TABLES.terms, strict=True):
        for point in shape(document, feature)["points"]:
            assert point["log_odds"] == pytest.approx(term.evaluate(np.array([point["x"]]))[0] - term.mean)


def test_a_whole_number_is_flat_up_to_the_next_and_a_code_is_a_bar(document: dict[str, Any]) -> None:
    age = shape(document, "age_months")["points"]
    assert [p["label"] for p in age] == [
        "5 years or less", "5 years 1 month to 5 years 3 months", "5 years 4 months or more"
    ]  # fmt: skip
    assert [(p["x"], p["to"]) for p in age] == [(59, 61), (61, 64), (64, 71)]
    # from 61 to 63 months: the line falls by two months' worth, never by a third
    assert age[1]["log_odds_to"] - age[1]["log_odds"] == pytest.approx(2 * AGE.slope)
    goal = shape(document, "E01")
    assert goal["kind"] == "levels"
    assert [(p["label"], p["n"]) for p in goal["points"]] == [("emerging", 300), ("expected", 680)]
    writing = shape(document, "E10")
    assert [p["n"] for p in writing["points"]] == [None, None], "a line tells no counts of its codes"
    assert writing["n_missing"] is None


def test_a_margin_of_error_is_two_standard_errors_by_the_bags(spec: ModelSpec, document: dict[str, Any]) -> None:
    goal = shape(document, "E01")
    errors = BAGS.term_error(GOAL, np.array([1.0, 2.0, np.nan]))
    assert [point["margin_of_error"] for point in goal["points"]] == pytest.approx(2 * errors[:2])
    assert goal["missing_margin_of_error"] == pytest.approx(2 * errors[2]) != 0
    not_fitted = [shape(document, feature)["missing_margin_of_error"] for feature in ("age_months", "absence", "E10")]
    assert not_fitted == [None, None, None], "of no missing value, or of too few to publish, nothing was fitted"
    without = model_sections(spec, spec.contracts, TABLES, None)
    assert {point.margin_of_error for shape in without.shapes for point in shape.points} == {None}


def test_an_interaction_has_its_longer_side_down_like_neighbours_as_one_and_no_idle_row(
    spec: ModelSpec, document: dict[str, Any]
) -> None:
    (interaction,) = document["interactions"]
    assert interaction["labels"] == ["Share of sessions missed", "Listening, attention and understanding"]
    assert interaction["rows"] == ["below 20 %", "20 % or more"], "the first two bins agree to two decimals"
    assert interaction["columns"] == ["emerging", "expected"]
    (first, second), (third, fourth) = interaction["cells"]
    assert first == {"log_odds": pytest.approx(0.099), "margin_of_error": pytest.approx(0.06), "n": 290}
    assert second["n"] == 680
    assert third["log_odds"] == pytest.approx(-0.301)
    assert fourth["n"] is None
    assert interaction["counted"]
    withheld = dataclasses.replace(TOGETHER, n=None, standard_error=None)
    other = interaction_grid(axis_labels(spec, spec.contracts, TABLES), withheld)
    assert not other.counted
    assert {(cell.n, cell.margin_of_error) for row in other.cells for cell in row} == {(None, None)}


def test_a_feature_whose_levels_too_few_children_have_is_published_without_rows(spec: ModelSpec) -> None:
    nothing = LevelsTerm(feature="E01", levels={}, missing=0.1, mean=0.1, n=None, n_missing=None)
    sections = model_sections(spec, spec.contracts, RiskTables(-2.0, (nothing,), 9, "an example"), None)
    assert sections.shapes[0].points == ()
    assert sections.scorecard.features[0].rows == ()
    assert sections.scorecard.example.values == ("not known",)


def test_the_points_of_the_example_are_looked_up_and_add_up(document: dict[str, Any]) -> None:
    card, example = document["scorecard"], document["scorecard"]["example"]
    assert card["digits"] == 1
    total = card["start"]
    for feature, value, points in zip(card["features"], example["values"], example["points"], strict=False):
        lines = {row["label"]: row["points"] for row in feature["rows"]} | {"not known": feature["missing"]}
        if value in lines:  # a code; a number lies in a range
            assert points == lines[value]
        assert points in lines.values()
        total += points
    (grid,) = card["interactions"]
    assert grid["rows"] == ["below 20 %", "20 % or more"]
    total += example["points"][-1]
    assert example["total"] == pytest.approx(total)
    assert abs(example["total"] - example["exact"]) <= card["largest_error"] < 0.5
    assert [row["percent"] for row in card["percent"] if row["points"] in (-2.0, 0.0)] == [12, 50]


def test_the_example_is_made_of_published_ranges_and_its_steps_are_exact(document: dict[str, Any]) -> None:
    example = document["example"]
    assert [reason["value"] for reason in example["reasons"]] == ["not known", "5 years 7 months", "15 %", "emerging"]
    child = pd.DataFrame({"E01": [np.nan], "age_months": [67.0], "absence": [0.15], "E10": [1.0]})
    assert example["score"] == TABLES.score(child)[0] == document["scorecard"]["example"]["exact"]
    assert [reason["contribution"] for reason in example["reasons"]] == TABLES.contributions(child)[0].tolist()


def test_shap_draws_the_synthetic_child(document: dict[str, Any]) -> None:
    svg = shap_waterfall(Example.model_validate(document["example"], strict=False))
    assert svg.count("<svg") == 1
    for words in ("Share of sessions missed", "not known", "5 years 7 months"):
        assert words in svg
