"""The card that is added up by hand: a child's points add up to the score, as near as the card says."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_factory import TABLES

from send_screen.published._axis_labels import term_axes
from send_screen.published._plot_data import runs
from send_screen.published._scorecard import _round_interaction, _round_term, scorecard, to_points, to_whole_points
from send_screen.tables import InteractionTerm, LevelsTerm, LinearTerm, RiskTables, ShapeTerm


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
    points, largest_error, _ = to_points(TABLES, digits)
    assert np.abs(points.score(children()) - TABLES.score(children())).max() <= largest_error + 1e-9
    parts = 1 + len(points.terms) + len(points.interactions)
    assert 0 < largest_error <= max(0.3, 10.0**-digits * parts * 1.0001)


steps = st.floats(-4, 4, allow_subnormal=False)


@given(
    st.floats(-6, 1),
    st.lists(st.tuples(steps, steps, steps), min_size=1, max_size=5),
    st.floats(-0.5, 0.5, allow_subnormal=False),
    st.integers(2, 30),
    st.integers(0, 2**16),
)
def test_whole_points_are_whole_and_their_exact_sums_are_as_near_as_is_said(start, shapes, slope, most, seed):
    terms = [
        ShapeTerm(
            feature=f"x{i}", edges=(1.0,), values=(low, high), slope=slope, low=0.0, high=3.0, missing=missing,
            mean=0.1, n=(10, 10), n_missing=0,
        )
        for i, (low, high, missing) in enumerate(shapes)
    ]  # fmt: skip
    tables = RiskTables(start, tuple(terms), 20, "")
    points, largest_error, _, log_odds_per_point = to_whole_points(tables, most)
    numbers = [number for term in points.terms for number in (*term.step_values, term.missing)]
    assert all(float(number).is_integer() for number in (points.intercept, *numbers))
    assert max(map(abs, numbers)) <= most
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.uniform(-1, 4, (50, len(terms))), columns=[term.feature for term in terms])
    X = X.mask(rng.random(X.shape) < 0.2)
    assert np.abs(points.score(X) * log_odds_per_point - tables.score(X)).max() <= largest_error + 1e-9
    assert np.equal(points.score(X), np.round(points.score(X))).all()


def test_the_multiplier_is_the_one_with_the_least_error():
    card = to_whole_points(TABLES, 10)
    largest = max(np.abs([*term.step_values, term.missing]).max() for term in card[0].terms)
    assert largest in (9, 10)
    assert card[1] <= to_whole_points(TABLES, 5)[1]
    assert card[1] < to_points(TABLES, 0)[1]


def test_points_are_those_that_a_person_rounds():
    points, *_ = to_points(TABLES, 1)
    reading, levels, absence = points.terms
    assert points.intercept == round(TABLES.base_value, 1)
    assert levels.levels == {"2": 0.0, "1": 0.1}
    assert points.interactions[0].values[1][1] == 0.3  # absence from 12 on, level "1"
    child = pd.DataFrame({"reading": [4.0], "E02": ["1"], "absence": [20.0]})
    row = [step for edge, step in zip((-np.inf, *reading.edges), reading.values, strict=True) if edge <= 4.0][-1]
    column = [step for edge, step in zip((-np.inf, *absence.edges), absence.values, strict=True) if edge <= 20.0][-1]
    assert points.score(child)[0] == pytest.approx(points.intercept + row + 0.1 + column + 0.3)


def test_round_numbers_cut_a_line_beside_the_edges_of_bins():
    points, *_ = to_points(TABLES, 1)
    term, cut = TABLES.terms[2], points.terms[2]
    assert cut.edges[:4] == (2.0, 3.5, 4.0, 6.0)
    assert set(term.edges) <= set(cut.edges)
    starts = np.array(cut.edges)
    assert np.abs(cut.evaluate(starts) - (term.evaluate(starts) - term.mean)).max() <= 0.1 + 1e-9


def test_a_feature_of_whole_numbers_has_steps_that_begin_at_them_and_exact_points():
    shape = ShapeTerm(
        feature="age", edges=(60, 62), values=(0.0, 0.21, 0.5), slope=0.01, low=59, high=64, missing=0, mean=0.7,
        n=(30, 40, 50), n_missing=0,
    )  # fmt: skip
    tables = RiskTables(0.0, (shape,), 120, "")
    ages = [59.0, 60.0, 61.0, 62.0, 63.0, 64.0]
    points, largest_error, _ = to_points(tables, 2, {"age": ages})
    assert points.terms[0].edges == tuple(ages[1:])
    assert largest_error == pytest.approx(0.0)
    points, largest_error, _ = to_points(tables, 1, {"age": ages})
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
    points, largest_error, _ = to_points(RiskTables(0.0, (levels, shape), 60, ""), 1)
    X = pd.DataFrame({"l": ["b", "c", None], "s": [1.0, np.nan, 3.0]})
    assert points.score(X).tolist() == [1.5, 0.0, 2.0]
    assert largest_error == 0.0


@given(
    st.floats(-5, 5, allow_subnormal=False),
    st.floats(-1e3, 1e3),
    st.floats(0, 20),
    st.integers(0, 2),
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20),
)
def test_any_line_is_cut_finely_enough(slope, low, width, digits, values):
    term = LinearTerm(feature="x", slope=slope, low=low, high=low + width, missing=0, mean=0.3, n=None, n_missing=None)
    tables = RiskTables(0.1, (term,), 1, "")
    points, largest_error, _ = to_points(tables, digits)
    assert largest_error <= max(0.3, 1.6 * 10.0**-digits, abs(slope) * width / 100)
    X = pd.DataFrame({"x": values})
    assert np.abs(points.score(X) - tables.score(X)).max() <= largest_error + 1e-9
    assert all(a < b for a, b in itertools.pairwise(points.terms[0].edges))


@pytest.mark.parametrize("tolerance", [0.005, 0.02, 0.1, 0.4])
def test_what_is_near_shares_its_points_and_none_is_further_off_than_is_said(tolerance):
    X = children()
    for term in TABLES.terms:
        rounded = _round_term(term, 2, (), tolerance)
        at = term.encode(X[term.feature])
        assert np.abs(rounded.part.evaluate(at) - (term.evaluate(at) - term.mean)).max() <= rounded.error + 1e-9
        assert rounded.error <= tolerance + 0.0101
        assert rounded.lines <= _round_term(term, 2, (), 0.001).lines
    for pair in TABLES.interactions:
        rounded = _round_interaction(pair, 2, tolerance)
        assert np.abs(np.array(rounded.part.values) - (np.array(pair.values) - pair.mean)).max() <= rounded.error
        assert rounded.error <= tolerance + 0.0051


def test_neighbours_in_a_grid_are_one_block_and_what_is_not_known_stays_apart():
    grid = InteractionTerm(
        features=("a", "b"), edges=((1.0, 2.0), (5.0,)), mean=0.0, n=None,
        values=((0.30, 0.00, 0.0), (0.32, 0.01, 0.0), (-0.20, 0.01, 0.0), (0.31, 0.0, 0.31)),
    )  # fmt: skip
    merged = _round_interaction(grid, 2, 0.02)
    assert merged.part.values == ((0.31, 0.0, 0.0), (0.31, 0.0, 0.0), (-0.2, 0.01, 0.0), (0.31, 0.0, 0.31))
    assert (merged.lines, merged.error) == (4, pytest.approx(0.01))
    assert _round_interaction(grid, 2, 0.4).lines == 0


def flat(name, step=0.0, bins=2):
    edges = tuple(map(float, range(1, bins)))
    values = tuple(step * (i - (bins - 1) / 2) for i in range(bins))
    return ShapeTerm(
        feature=name, edges=edges, values=values, slope=0, low=0, high=float(bins), missing=0, mean=0,
        n=(10,) * bins, n_missing=0,
    )  # fmt: skip


def card_of(*terms):
    tables = RiskTables(-2.0, terms, 1000, "")
    child = pd.DataFrame({term.feature: [0.5] for term in terms})
    return scorecard(term_axes(tables), tables, child)


def test_what_changes_a_sum_most_comes_first_and_a_sum_is_near_enough():
    card = card_of(flat("weak", 0.12), flat("strong", 0.88), flat("nothing", 0.001), flat("some", 0.2, bins=20))
    assert [feature.feature for feature in card.features] == ["some", "strong", "weak", "nothing"]
    assert [row.points for row in card.features[-1].rows] == [0.0]
    assert card.largest_error <= 0.3
    assert card.example.points[:3] == (-1.9, -0.4, -0.1)
    total = card.start + sum(card.example.points)
    assert total == pytest.approx(card.example.total)
    assert abs(card.example.total - card.example.exact) <= card.largest_error


def test_the_card_of_a_wide_model_is_no_longer_than_a_person_can_use():
    rng = np.random.default_rng(0)
    card = card_of(*(flat(f"f{i}", rng.exponential(0.02), bins=12) for i in range(200)))
    lines = sum(len(feature.rows) + 1 for feature in card.features if any(row.points for row in feature.rows))
    assert 100 < lines <= 250
    assert card.largest_error > 0.3  # and it says so
