"""The card that is added up by hand: every child has one line a feature, and the sum is as near as the card says."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_factory import TABLES

from send_screen.tables import LevelsTerm, LinearTerm, RiskTables, ShapeTerm, scorecard


def children(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "reading": rng.normal(5, 4, n),
            "G02": pd.Series(rng.choice(["1", "2", "unseen", None], n), dtype=object),
            "absence": rng.exponential(10, n).round(1),
        }
    )
    return X.mask(rng.random(X.shape) < 0.1)


@pytest.mark.parametrize("digits", [0, 1, 2])
def test_the_sum_of_points_is_as_near_the_score_as_the_card_says(digits):
    card = scorecard(TABLES, digits=digits)
    sums = card.add_up(TABLES, children())
    assert np.array_equal(sums["exact"], TABLES.score(children()))
    assert (sums["points"] - sums["exact"]).abs().max() <= card.largest_error + 1e-9
    parts = 1 + len(card.features) + len(card.interactions)
    assert 0 < card.largest_error <= 10.0**-digits * parts * 1.0001


def test_a_person_adds_up_the_same_points():
    card = scorecard(TABLES, digits=1)
    by_name = {feature.feature: feature for feature in card.features}
    child = pd.DataFrame({"reading": [4.0], "G02": ["1"], "absence": [20.0]})
    total = card.start
    for name in ("reading", "absence"):
        (row,) = [
            row
            for row in by_name[name].rows
            if (row.lower is None or row.lower <= child[name][0]) and (row.upper is None or child[name][0] < row.upper)
        ]
        total += row.points
    (row,) = [row for row in by_name["G02"].rows if "1" in row.levels]
    (interaction,) = card.interactions
    assert interaction.levels == ((), (("2",), ("1",)))
    assert interaction.points[1][1] == 0.3  # absence from 12 on, level "1"
    total += row.points + interaction.points[1][1]
    assert card.add_up(TABLES, child)["points"][0] == pytest.approx(total)


def test_rows_follow_each_other_and_round_numbers_cut_a_line():
    rows = scorecard(TABLES).features[2].rows
    assert [row.upper for row in rows[:-1]] == [row.lower for row in rows[1:]]
    assert [rows[0].lower, rows[-1].upper] == [None, None]
    assert [row.lower for row in rows][:5] == [None, 2.0, 3.5, 4.0, 6.0]
    assert all(abs(row.points - exact) <= 0.1 + 1e-9 for row in rows for exact in row.exact)
    assert all(a.points != b.points for a, b in itertools.pairwise(rows))


def test_a_feature_of_whole_numbers_has_rows_that_begin_at_them_and_exact_points():
    shape = ShapeTerm(
        feature="age", edges=(60, 62), values=(0.0, 0.21, 0.5), slope=0.01, low=59, high=64, missing=0, mean=0.7,
        n=(30, 40, 50), n_missing=0,
    )  # fmt: skip
    tables = RiskTables(0.0, (shape,), 120, "")
    ages = [59.0, 60.0, 61.0, 62.0, 63.0, 64.0]
    (age,) = scorecard(tables, digits=2, values={"age": ages}).features
    assert [(row.lower, row.upper) for row in age.rows] == list(itertools.pairwise([None, *ages[1:], None]))
    assert [row.n for row in age.rows] == [30, None, None, None, None, None], "a bin of two ages does not tell of one"
    assert all(row.exact[0] == row.exact[1] for row in age.rows)
    card = scorecard(tables, digits=1, values={"age": ages})
    assert [(row.lower, row.points) for row in card.features[0].rows] == [(None, -0.1), (60.0, 0.1), (62.0, 0.4)]
    sums = card.add_up(tables, pd.DataFrame({"age": ages}))
    assert (sums["points"] - sums["exact"]).abs().max() <= card.largest_error <= 0.05


def test_levels_with_the_same_value_share_a_line_and_counts_are_those_of_whole_bins():
    levels = LevelsTerm(feature="l", levels={"a": 0.5, "b": 0.5, "c": 0}, missing=0, mean=0, n=None, n_missing=None)
    shape = ShapeTerm(
        feature="s", edges=(1, 2), values=(0, 1, 2), slope=0, low=0, high=0, missing=0, mean=0, n=(10, 20, 30),
        n_missing=0,
    )  # fmt: skip
    card = scorecard(RiskTables(0.0, (levels, shape), 60, ""))
    assert [row.levels for row in card.features[0].rows] == [("a", "b"), ("c",)]
    assert [(row.points, row.n) for row in card.features[1].rows] == [(0.0, 10), (1.0, 20), (2.0, 30)]
    X = pd.DataFrame({"l": ["b", "c", None], "s": [1.0, np.nan, 3.0]})
    assert card.add_up(RiskTables(0.0, (levels, shape), 60, ""), X)["points"].tolist() == [1.5, 0.0, 2.0]


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
    card = scorecard(tables, digits=digits)
    assert card.largest_error <= 1.6 * 10.0**-digits
    sums = card.add_up(tables, pd.DataFrame({"x": values}))
    assert (sums["points"] - sums["exact"]).abs().max() <= card.largest_error + 1e-9
    assert all(a.upper == b.lower for a, b in itertools.pairwise(card.features[0].rows))
