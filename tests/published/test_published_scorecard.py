"""The card that is added up by hand: a child's points add up to the score, as near as the card says."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_factory import TABLES

from send_screen.published._plot_data import runs
from send_screen.published._scorecard import to_points
from send_screen.tables import LevelsTerm, LinearTerm, RiskTables, ShapeTerm


def children(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "reading": rng.normal(5, 4, n),
            "E02": pd.Series(rng.choice(["1", "2", "unseen", None], n), dtype=object),
            "absence": rng.exponential(10, n).round(1),
        }
    )
    return X.mask(rng.random(X.shape) < 0.1)


@pytest.mark.parametrize("digits", [0, 1, 2])
def test_the_sum_of_points_is_as_near_the_score_as_the_card_says(digits):
    points, largest_error = to_points(TABLES, digits)
    assert np.abs(points.score(children()) - TABLES.score(children())).max() <= largest_error + 1e-9
    parts = 1 + len(points.terms) + len(points.interactions)
    assert 0 < largest_error <= 10.0**-digits * parts * 1.0001


def test_points_are_those_that_a_person_rounds():
    points, _ = to_points(TABLES, 1)
    reading, levels, absence = points.terms
    assert points.intercept == round(TABLES.base_value, 1)
    assert levels.levels == {"2": 0.0, "1": 0.1}
    assert points.interactions[0].values[1][1] == 0.3  # absence from 12 on, level "1"
    child = pd.DataFrame({"reading": [4.0], "E02": ["1"], "absence": [20.0]})
    row = [step for edge, step in zip((-np.inf, *reading.edges), reading.values, strict=True) if edge <= 4.0][-1]
    column = [step for edge, step in zip((-np.inf, *absence.edges), absence.values, strict=True) if edge <= 20.0][-1]
    assert points.score(child)[0] == pytest.approx(points.intercept + row + 0.1 + column + 0.3)


def test_round_numbers_cut_a_line_beside_the_edges_of_bins():
    points, _ = to_points(TABLES, 1)
    term, cut = TABLES.terms[2], points.terms[2]
    assert cut.edges[:4] == (2.0, 3.5, 4.0, 6.0)
    assert set(term.edges) <= set(cut.edges)
    starts = np.array(cut.edges)
    assert np.abs(cut.at(starts) - (term.at(starts) - term.mean)).max() <= 0.1 + 1e-9


def test_a_feature_of_whole_numbers_has_steps_that_begin_at_them_and_exact_points():
    shape = ShapeTerm(
        feature="age", edges=(60, 62), values=(0.0, 0.21, 0.5), slope=0.01, low=59, high=64, missing=0, mean=0.7,
        n=(30, 40, 50), n_missing=0,
    )  # fmt: skip
    tables = RiskTables(0.0, (shape,), 120, "")
    ages = [59.0, 60.0, 61.0, 62.0, 63.0, 64.0]
    points, largest_error = to_points(tables, 2, {"age": ages})
    assert points.terms[0].edges == tuple(ages[1:])
    assert largest_error == pytest.approx(0.0)
    points, largest_error = to_points(tables, 1, {"age": ages})
    (age,) = points.terms
    assert [age.values[group[0]] for group in runs(age.step_values)] == [-0.1, 0.1, 0.4]
    X = pd.DataFrame({"age": ages})
    assert np.abs(points.score(X) - tables.score(X)).max() <= largest_error <= 0.05


def test_neighbours_of_the_same_points_are_one_and_levels_keep_their_own():
    assert runs(np.array([0.5, 0.5, 0.0])) == [[0, 1], [2]]
    assert runs(np.array([[0.1, 0.2], [0.1, 0.2], [0.1, 0.3]])) == [[0, 1], [2]]
    levels = LevelsTerm(feature="l", levels={"a": 0.5, "b": 0.5, "c": 0}, missing=0, mean=0, n=None, n_missing=None)
    shape = ShapeTerm(
        feature="s", edges=(1, 2), values=(0, 1, 2), slope=0, low=0, high=0, missing=0, mean=0, n=(10, 20, 30),
        n_missing=0,
    )  # fmt: skip
    points, largest_error = to_points(RiskTables(0.0, (levels, shape), 60, ""), 1)
    X = pd.DataFrame({"l": ["b", "c", None], "s": [1.0, np.nan, 3.0]})
    assert points.score(X).tolist() == [1.5, 0.0, 2.0]
    assert largest_error == 0.0


@given(
    st.floats(-5, 5, allow_subnormal=False),
    st.floats(-1e3, 1e3),
    st.floats(0, 100),
    st.integers(0, 2),
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20),
)
def test_any_line_is_cut_finely_enough(slope, low, width, digits, values):
    term = LinearTerm(feature="x", slope=slope, low=low, high=low + width, missing=0, mean=0.3, n=None, n_missing=None)
    tables = RiskTables(0.1, (term,), 1, "")
    points, largest_error = to_points(tables, digits)
    assert largest_error <= 1.6 * 10.0**-digits
    X = pd.DataFrame({"x": values})
    assert np.abs(points.score(X) - tables.score(X)).max() <= largest_error + 1e-9
    assert all(a < b for a, b in itertools.pairwise(points.terms[0].edges))
