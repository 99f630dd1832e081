"""What holds for every model of tables and every child, found by trying to break it."""

import contextlib
import dataclasses
import itertools
import json
import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from send_screen.documents import has_control_characters
from send_screen.errors import TablesError
from send_screen.estimators import purify
from send_screen.tables import InteractionTerm, LevelsTerm, LinearTerm, RiskTables, ShapeTerm

numbers = st.floats(-50, 50, allow_subnormal=False)
cells = st.one_of(st.none(), numbers)
levels = st.sampled_from([None, "1", "2", "A"])
edge_lists = st.lists(numbers, max_size=4, unique=True).map(sorted)


@st.composite
def models(draw, max_features=5, max_interactions=4):
    """A model whose means are those of its own background, and that background; its interactions are pure."""
    n = draw(st.integers(1, 7))
    terms, columns = [], {}
    for j in range(draw(st.integers(1, max_features))):
        feature, missing = f"f{j}", draw(numbers)
        kind = draw(st.sampled_from(["linear", "levels", "shape"]))
        if kind == "levels":
            values = draw(st.dictionaries(st.sampled_from("12A"), numbers))
            term = LevelsTerm(feature=feature, levels=values, missing=missing, mean=0, n=n, n_missing=0)
            column = pd.Series(draw(st.lists(levels, min_size=n, max_size=n)), dtype=object)
        else:
            low, high = sorted((draw(numbers), draw(numbers)))
            common = {"feature": feature, "slope": draw(numbers), "low": low, "high": high, "missing": missing}
            if kind == "linear":
                term = LinearTerm(**common, mean=0, n=n, n_missing=0)
            else:
                edges = draw(edge_lists)
                values = draw(st.lists(numbers, min_size=len(edges) + 1, max_size=len(edges) + 1))
                term = ShapeTerm(**common, edges=edges, values=values, mean=0, n=None, n_missing=0)
            column = pd.Series(draw(st.lists(cells, min_size=n, max_size=n)), dtype=float)
        mean = float(term.log_odds(column).mean())
        terms.append(dataclasses.replace(term, mean=mean))
        columns[feature] = column
    pairs = list(itertools.combinations(terms, 2))
    chosen = draw(st.lists(st.sampled_from(range(len(pairs))), max_size=max_interactions, unique=True)) if pairs else []
    interactions = [draw(interaction_of(pairs[i], columns)) for i in chosen]
    tables = RiskTables(
        draw(numbers),
        tuple(terms),
        n,
        draw(st.text(max_size=5).filter(lambda name: not has_control_characters(name))),
        tuple(interactions),
    )
    return tables, pd.DataFrame(columns)


@st.composite
def interaction_of(draw, pair, columns):
    pair = draw(st.permutations(pair))
    at_axes = [term.encode(columns[term.feature]) for term in pair]
    edges = [
        tuple(float(i) for i in range(1, len(term.levels))) if isinstance(term, LevelsTerm) else tuple(draw(edge_lists))
        for term in pair
    ]
    bins = [np.array([sum(e <= z for e in axis) for z in at]) for axis, at in zip(edges, at_axes, strict=True)]
    bins = [np.where(np.isnan(at), len(axis) + 1, b) for axis, at, b in zip(edges, at_axes, bins, strict=True)]
    shape = tuple(len(axis) + 2 for axis in edges)
    raw = np.array(draw(st.lists(numbers, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))).reshape(shape)
    pure, *_ = purify(raw, *(np.bincount(b, minlength=size) for b, size in zip(bins, shape, strict=True)))
    return InteractionTerm(
        features=tuple(term.feature for term in pair),
        edges=tuple(edges),
        values=tuple(map(tuple, pure)),
        mean=float(pure[bins[0], bins[1]].mean()),
    )


def shapley(tables, background, child, players):
    """Interventional Shapley values by their definition, over all coalitions of players, each a list of features."""
    p = len(players)
    count = 1 << p
    known = np.array([[bool(c >> i & 1) for i in range(p)] for c in range(count)])
    # every coalition's children, one after the other: the child's cells where they are known, else the background's
    mixed = pd.concat([background] * count, ignore_index=True)
    for i, features in enumerate(players):
        taken = np.repeat(known[:, i], len(background))
        for feature in features:
            cells = mixed[feature].to_numpy(copy=True)
            cells[taken] = child[feature].iloc[0]
            mixed[feature] = pd.Series(cells, dtype=mixed[feature].dtype)
    value = tables.score(mixed).reshape(count, -1).mean(axis=1)
    phi = np.zeros(p)
    for i in range(p):
        for c in np.flatnonzero(~known[:, i]):
            size = int(known[c].sum())
            weight = math.factorial(size) * math.factorial(p - size - 1) / math.factorial(p)
            phi[i] += weight * (value[c | 1 << i] - value[c])
    return phi


@given(models(max_features=10, max_interactions=8), st.data())
def test_contributions_are_the_shapley_values_of_all_coalitions(model, data):
    tables, background = model
    child = data.draw(st.sampled_from(range(len(background))).map(lambda i: background.iloc[[i]]))
    exact = shapley(tables, background, child, [[feature] for feature in tables.features])
    np.testing.assert_allclose(tables.contributions(child)[0], exact, rtol=0, atol=1e-9)


@given(models(max_features=10, max_interactions=8), st.data())
def test_sums_over_a_group_are_the_shapley_values_of_all_coalitions_of_groups(model, data):
    tables, background = model
    agency = data.draw(st.lists(st.sampled_from("abcd"), min_size=len(tables.features), max_size=len(tables.features)))
    groups = {name: [f for f, a in zip(tables.features, agency, strict=True) if a == name] for name in sorted(agency)}
    child = background.iloc[[-1]]
    exact = shapley(tables, background, child, list(groups.values()))
    contributions = dict(zip(tables.features, tables.contributions(child)[0], strict=True))
    sums = [sum(contributions[feature] for feature in features) for features in groups.values()]
    np.testing.assert_allclose(sums, exact, rtol=0, atol=1e-9)


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
        if isinstance(term, LinearTerm):  # the line of a shape is the same code
            at_value, at_low, at_high = term.log_odds(pd.Series([value, term.low, term.high]))
            assert min(at_low, at_high) <= at_value <= max(at_low, at_high)


@settings(max_examples=settings().max_examples * 3)
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
    place = data.draw(st.sampled_from([document, document["terms"][0], *document["interactions"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = value
    with contextlib.suppress(TablesError):
        RiskTables.from_json(json.dumps(document))


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_purification_is_exact(rows, columns, data):
    values = np.array(data.draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns)))
    values = values.reshape(rows, columns)
    weights = [
        np.array(data.draw(st.lists(st.integers(0, 50), min_size=size, max_size=size).filter(any)))
        for size in (rows, columns)
    ]
    pure, main0, main1, constant = purify(values, *weights)
    np.testing.assert_allclose(pure + main0[:, None] + main1 + constant, values, rtol=0, atol=1e-12)
    p, q = (w / w.sum() for w in weights)
    for mean in (pure @ q, p @ pure, p @ main0, q @ main1):
        np.testing.assert_allclose(mean, 0, rtol=0, atol=1e-12)
    again = purify(pure, *weights)
    np.testing.assert_allclose(again[0], pure, rtol=0, atol=1e-12)
