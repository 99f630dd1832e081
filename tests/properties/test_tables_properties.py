"""What holds for every model of tables and every child, found by trying to break it."""

import contextlib
import itertools
import json
import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from send_screen.errors import TablesError
from send_screen.tables import LevelsTerm, LinearTerm, RiskTables

numbers = st.floats(-50, 50, allow_subnormal=False)
cells = st.one_of(st.none(), numbers)
levels = st.sampled_from([None, "1", "2", "A"])


@st.composite
def models(draw, max_features=5):
    """A model whose means are those of its own background, and that background."""
    n = draw(st.integers(1, 7))
    terms, columns = [], {}
    for j in range(draw(st.integers(1, max_features))):
        feature, missing = f"f{j}", draw(numbers)
        if draw(st.booleans()):
            low, high = sorted((draw(numbers), draw(numbers)))
            term = LinearTerm(
                feature=feature, slope=draw(numbers), low=low, high=high, missing=missing, mean=0, n=n, n_missing=0
            )
            column = pd.Series(draw(st.lists(cells, min_size=n, max_size=n)), dtype=float)
        else:
            values = draw(st.dictionaries(st.sampled_from("12A"), numbers))
            term = LevelsTerm(feature=feature, levels=values, missing=missing, mean=0, n=n, n_missing=0)
            column = pd.Series(draw(st.lists(levels, min_size=n, max_size=n)), dtype=object)
        mean = float(term.log_odds(column).mean())
        terms.append(type(term)(**{**vars(term), "mean": mean}))
        columns[feature] = column
    tables = RiskTables(intercept=draw(numbers), terms=tuple(terms), n_background=n, name=draw(st.text(max_size=5)))
    return tables, pd.DataFrame(columns)


def shapley(tables, background, child):
    """Interventional Shapley values by their definition, over all coalitions."""
    p = len(tables.features)

    def value(coalition):
        mixed = background.copy()
        for j in coalition:
            cell = child.iloc[0, j]
            mixed[tables.features[j]] = pd.Series([cell] * len(mixed), dtype=mixed.dtypes.iloc[j])
        return tables.score(mixed).mean()

    phi = np.zeros(p)
    for j in range(p):
        others = [k for k in range(p) if k != j]
        for size in range(p):
            weight = math.factorial(size) * math.factorial(p - size - 1) / math.factorial(p)
            for coalition in itertools.combinations(others, size):
                phi[j] += weight * (value((*coalition, j)) - value(coalition))
    return phi


@settings(max_examples=25, deadline=None)
@given(models(max_features=4))
def test_contributions_are_the_shapley_values_of_all_coalitions(model):
    tables, background = model
    child = background.iloc[[-1]]
    exact = shapley(tables, background, child)
    np.testing.assert_allclose(tables.contributions(child)[0], exact, rtol=1e-9, atol=1e-9)


@given(models())
def test_base_value_is_the_mean_score_and_contributions_add_up(model):
    tables, X = model
    score, contributions = tables.score(X), tables.contributions(X)
    np.testing.assert_allclose(tables.base_value, score.mean(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(tables.base_value + contributions.sum(axis=1), score, rtol=1e-9, atol=1e-9)


@given(models())
def test_a_round_trip_gives_the_same_bits(model):
    tables, X = model
    again = RiskTables.from_json(tables.to_json())
    assert again.to_json() == tables.to_json()
    assert again.score(X).tobytes() == tables.score(X).tobytes()
    assert again.contributions(X).tobytes() == tables.contributions(X).tobytes()


@given(models(), st.randoms(use_true_random=False))
def test_reordering_rows_only_reorders_scores(model, random):
    tables, X = model
    order = list(range(len(X)))
    random.shuffle(order)
    assert tables.score(X.iloc[order]).tolist() == tables.score(X)[order].tolist()


@given(models(), st.floats(allow_nan=False))
def test_a_number_never_scores_beyond_the_ends_of_its_range(model, value):
    tables, _ = model
    for term in tables.terms:
        if isinstance(term, LinearTerm):
            at_value, at_low, at_high = term.log_odds(pd.Series([value, term.low, term.high]))
            assert min(at_low, at_high) <= at_value <= max(at_low, at_high)


@settings(max_examples=300)
@given(models(), st.data())
def test_a_damaged_file_loads_or_is_a_typed_error(model, data):
    text = model[0].to_json()
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 30)))
    damaged = text[:start] + data.draw(st.text(max_size=10)) + text[stop:]
    try:
        tables = RiskTables.from_json(damaged)
    except TablesError:
        return
    assert RiskTables.from_json(tables.to_json()) == tables


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(models(), json_values, st.data())
def test_any_value_in_any_place_loads_or_is_a_typed_error(model, value, data):
    document = json.loads(model[0].to_json())
    place = document if data.draw(st.booleans()) else document["terms"][0]
    place[data.draw(st.sampled_from(sorted(place)))] = value
    with contextlib.suppress(TablesError):
        RiskTables.from_json(json.dumps(document))
