"""The effect of being listed, at the line: as published software has it, and silent where there is too little."""

from __future__ import annotations

import math

import numpy as np
import pytest

from send_screen.evaluation import distance_to_line, regression_discontinuity

EFFECT = 0.15
#: Bias-corrected estimate and robust standard error of rdrobust 2.1.1 on the data of the test that names it.
ESTIMATE, STANDARD_ERROR = 0.1333875715, 0.0886456413


def children(
    n: int = 8_000, schools: int = 80, *, seed: int = 0, per_school: bool = False, digits: int = 9
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, distance to the line, listed and school: a tenth are listed, and being listed adds ``EFFECT``."""
    rng = np.random.default_rng(seed)
    school = rng.integers(0, schools, n)
    score = (rng.normal(-2.2, 0.9, n) + rng.normal(0, 0.3, schools)[school]).round(digits)
    list_of = school if per_school else np.zeros(n, dtype=int)
    listed = np.zeros(n, dtype=bool)
    for one in np.unique(list_of):
        rows = rng.permutation(np.flatnonzero(list_of == one))
        listed[rows[np.argsort(-score[rows], kind="stable")[: round(len(rows) / 10)]]] = True
    chance = 0.6 / (1 + np.exp(-score - rng.normal(0, 0.4, schools)[school]))
    outcome = (rng.random(n) < chance + EFFECT * listed).astype(float)
    return outcome, distance_to_line(score, listed, list_of), listed, school


@pytest.mark.parametrize("per_school", [False, True])
def test_it_covers_the_effect_as_often_as_it_says(per_school: bool) -> None:
    found = [regression_discontinuity(*children(4_000, seed=seed, per_school=per_school)) for seed in range(60)]
    covered = np.mean([one.low <= EFFECT <= one.high for one in found])
    assert covered >= 0.88
    assert np.mean([one.value for one in found]) == pytest.approx(EFFECT, abs=0.06)


def test_published_software_has_the_same_estimate() -> None:
    """rdrobust 2.1.1 on the same data: rdrobust(y, x, h=0.5, rho=1, cluster=school, masspoints="off")."""
    rng = np.random.default_rng(5)
    x, school = rng.normal(-1.2, 1, 4_000), rng.integers(0, 60, 4_000)
    y = (rng.random(4_000) < 0.2 + 0.05 * np.clip(x, -2, 2) + 0.2 * (x >= 0)).astype(float)
    found = regression_discontinuity(y, x, x >= 0, school, bandwidth=0.5)
    assert found.value == pytest.approx(ESTIMATE, abs=1e-9)
    # theirs with a normal quantile, ours with Student's t
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(STANDARD_ERROR, rel=0.08)


def test_ties_at_the_line_are_listed_by_chance_and_stay() -> None:
    outcome, distance, listed, school = children(20_000, digits=1, seed=1)
    at_line = distance == 0
    assert (at_line & listed).any()
    assert (at_line & ~listed).any()
    found = regression_discontinuity(outcome, distance, listed, school)
    assert found.low < EFFECT < found.high


def test_a_list_of_all_or_of_none_has_no_line() -> None:
    score, list_of = np.array([3.0, 1.0, 2.0, 4.0]), np.array(["a", "a", "b", "b"])
    assert np.isnan(distance_to_line(score, np.array([True, True, False, False]), list_of)).all()


def test_a_list_that_is_not_of_the_highest_scores_has_no_line() -> None:
    score = np.array([3.0, 1.0, 2.0, 4.0])
    assert np.isnan(distance_to_line(score, np.array([True, False, False, False]), np.zeros(4))).all()


def test_few_children_or_few_scores_are_not_enough_evidence() -> None:
    outcome, distance, listed, school = children(400)
    few = regression_discontinuity(outcome, distance, listed, school)
    assert math.isnan(few.value)
    assert few.reason.startswith("not enough evidence")
    outcome, distance, listed, school = children(6_000, digits=0)
    assert regression_discontinuity(outcome, distance, listed, school).reason.startswith("not enough evidence")
    outcome, _, listed, school = children()
    nowhere = regression_discontinuity(outcome, np.full(len(outcome), np.nan), listed, school)
    assert nowhere.reason.startswith("not enough evidence")


def test_in_few_schools_there_is_no_interval() -> None:
    outcome, distance, listed, school = children()
    found = regression_discontinuity(outcome, distance, listed, school % 5)
    assert math.isnan(found.low)
    assert "fewer than 10 schools" in found.reason


def test_outcomes_that_are_not_known_are_left_out() -> None:
    outcome, distance, listed, school = children()
    gone = np.arange(len(outcome)) % 4 == 0
    left = regression_discontinuity(np.where(gone, np.nan, outcome), distance, listed, school)
    assert left == regression_discontinuity(outcome[~gone], distance[~gone], listed[~gone], school[~gone])
