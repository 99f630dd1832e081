"""Hard rule 9: what may be published of a shape or interaction, and that monotonicity still holds after merging."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from send_screen.errors import TablesError
from send_screen.estimators import publish_tables
from send_screen.tables import (
    MINIMUM_CHILDREN,
    InteractionTerm,
    LevelsTerm,
    LinearTerm,
    RiskTables,
    ShapeTerm,
    monotonicity_violations,
)

numbers = st.floats(-3, 3, allow_subnormal=False)


def published_alone(tables, X, **more):
    return publish_tables([tables], X, **more)[0]


def cells_of(interaction, tables, X):
    """Count the children of each cell by its definition, one child at a time."""
    terms = {term.feature: term for term in tables.terms}
    counts = np.zeros(interaction.shape, dtype=int)
    encoded = [terms[feature].encode(X[feature]) for feature in interaction.features]
    for child in zip(*encoded, strict=True):
        cell = tuple(
            len(edges) + 1 if np.isnan(x) else sum(e <= x for e in edges)
            for edges, x in zip(interaction.edges, child, strict=True)
        )
        counts[cell] += 1
    return counts


def check_rule_9(tables, X):
    for term in tables.terms:
        x = X[term.feature]
        few_missing = 0 < x.isna().sum() < MINIMUM_CHILDREN
        if few_missing:
            assert term.n is None
            assert term.n_missing is None
        if isinstance(term, LevelsTerm):
            for value in set(term.levels.values()):
                n = x.isin([level for level, v in term.levels.items() if v == value]).sum()
                assert n == 0 or n >= MINIMUM_CHILDREN or x.notna().sum() < MINIMUM_CHILDREN
            continue
        known = x.dropna()
        if term.slope:
            assert (known <= term.low).sum() >= MINIMUM_CHILDREN
            assert (known >= term.high).sum() >= MINIMUM_CHILDREN
        if isinstance(term, ShapeTerm):
            bounds = [-np.inf, *term.edges, np.inf]
            n = [int(((known >= a) & (known < b)).sum()) for a, b in itertools.pairwise(bounds)]
            assert min(n) >= MINIMUM_CHILDREN or not term.edges
            assert term.n in (None, tuple(n))
    for interaction in tables.interactions:
        counts = cells_of(interaction, tables, X)
        few = (counts > 0) & (counts < MINIMUM_CHILDREN)
        assert not few[:-1, :-1].any()
        values = np.array(interaction.values)
        assert not values[few].any()
        if few.any():
            assert interaction.n is None
        if interaction.n is not None:
            assert interaction.n == tuple(tuple(int(c) or None for c in row) for row in counts)
        p, q = counts.sum(axis=1), counts.sum(axis=0)
        np.testing.assert_allclose(values @ q, 0, atol=1e-9 * len(X))
        np.testing.assert_allclose(p @ values, 0, atol=1e-9 * len(X))


def check_signs(tables, X, monotonic_cst):
    """Walk every signed axis on a grid of values, every other feature at every combination of some values."""
    rng = np.random.default_rng(0)
    for feature, sign in monotonic_cst.items():
        term = next(t for t in tables.terms if t.feature == feature)
        if isinstance(term, LevelsTerm):
            axis = list(term.levels)
        else:
            edges = {
                e for s in tables.interactions if feature in s.features for e in s.edges[s.features.index(feature)]
            }
            edges |= set(getattr(term, "edges", ())) | {term.low, term.high}
            axis = sorted({v for e in edges for v in (e, np.nextafter(e, -np.inf), e + 0.01)})
        if not axis:
            continue
        others = X.iloc[rng.integers(0, len(X), 40)].copy()
        for other in others.columns:
            others[other] = X[other].to_numpy()[rng.integers(0, len(X), 40)]
        scores = []
        for value in [*axis, None]:
            at = others.copy()
            at[feature] = pd.Series([value] * 40, index=at.index, dtype=X[feature].dtype)
            scores.append(tables.score(at))
        *known, missing = scores
        for a, b in itertools.pairwise(known if sign > 0 else known[::-1]):
            assert np.all(a <= b)
        assert np.all(missing >= (known[0] if sign > 0 else known[-1]))


@st.composite
def fitted(draw):
    """Raw tables with many small bins, two features of numbers and one of levels, and their training children."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.sampled_from([5, 15, 30, 120, 400]))
    share = draw(st.sampled_from([0.0, 0.02, 0.2, 1.0]))
    X = pd.DataFrame(
        {
            "a": rng.choice([rng.normal(size=n), rng.integers(0, 4, n).astype(float)]),
            "b": rng.exponential(size=n),
            "c": pd.Series(rng.choice(["x", "y", "z", "rare"], n, p=[0.5, 0.3, 0.18, 0.02]), dtype=object),
        }
    )
    for feature in X:
        if draw(st.booleans()):
            X[feature] = X[feature].mask(pd.Series(rng.random(n) < share))
    ups = np.sort(rng.normal(size=9))
    sign_a, sign_c = draw(st.sampled_from([0, 1, -1])), draw(st.sampled_from([0, 1, -1]))
    common = {"mean": 0.0, "n": None, "n_missing": None}
    edges = tuple(np.sort(rng.normal(size=8)))
    terms = (
        ShapeTerm(
            feature="a",
            edges=edges,
            values=ups * (sign_a or 1),
            slope=sign_a / 9,
            low=-5,
            high=5,
            missing=1,
            **common,
        ),
        LinearTerm(feature="b", slope=draw(numbers), low=-9, high=9, missing=draw(numbers), **common),
        LevelsTerm(
            feature="c",
            levels={k: v * (sign_c or 1) for k, v in zip(["x", "rare", "y", "z"], ups, strict=False)},
            missing=draw(numbers),
            **common,
        ),
    )
    interactions = [
        InteractionTerm(
            features=features,
            edges=axes,
            values=tuple(map(tuple, rng.normal(0, 0.2, (len(axes[0]) + 2, len(axes[1]) + 2)))),
            mean=0.0,
        )
        for features, axes in (
            (("a", "b"), (edges[::2], (0.1, 0.4, 0.9, 1.5))),
            (("c", "a"), ((1.0, 2.0, 3.0), (*edges[:3], 7.0))),
        )
        if draw(st.booleans())
    ]
    tables = RiskTables(draw(numbers), terms, n, "synthetic", tuple(interactions))
    monotonic_cst = {f: s for f, s in (("a", sign_a), ("c", sign_c)) if s}
    return tables, X, monotonic_cst


@given(fitted())
def test_published_tables_hide_small_numbers_keep_signs_and_the_mean_score(model):
    tables, X, monotonic_cst = model
    published = published_alone(tables, X, monotonic_cst=monotonic_cst)
    check_rule_9(published, X)
    check_signs(published, X, monotonic_cst)
    assert monotonicity_violations(published.terms, published.interactions, monotonic_cst) == {}
    assert published.base_value == pytest.approx(tables.score(X).mean(), abs=1e-9)
    assert published.base_value == pytest.approx(published.score(X).mean(), abs=1e-9)
    assert RiskTables.from_json(published.to_json()) == published


@given(fitted())
def test_what_is_published_stays_as_it_is(model):
    tables, X, monotonic_cst = model
    once = published_alone(tables, X, monotonic_cst=monotonic_cst)
    again = published_alone(once, X, monotonic_cst=monotonic_cst)
    np.testing.assert_allclose(again.score(X), once.score(X), atol=1e-9)
    assert [getattr(t, "edges", None) for t in again.terms] == [getattr(t, "edges", None) for t in once.terms]


@settings(max_examples=settings().max_examples // 4)
@given(fitted(), st.floats(-2, 2))
def test_models_published_together_are_as_each_alone(model, more):
    tables, X, monotonic_cst = model
    other = dataclasses.replace(tables, intercept=tables.intercept + more)
    together = publish_tables([tables, other, tables], X, monotonic_cst=monotonic_cst)
    assert together == [published_alone(one, X, monotonic_cst=monotonic_cst) for one in (tables, other, tables)]


def one(x, edges, values, *, interactions=(), **changes):
    term = ShapeTerm(
        feature="x", edges=edges, values=values, slope=0, low=0, high=0, missing=0, mean=0, n=None, n_missing=None
    )
    return RiskTables(0.0, (dataclasses.replace(term, **changes),), len(x), "one", interactions), pd.DataFrame({"x": x})


def test_tables_without_small_numbers_keep_their_scores():
    x = np.repeat([1.0, 2.0, 3.0], 20)
    tables, X = one(x, (1.5, 2.500001), (0.1, 0.7, 0.4))
    published = published_alone(tables, X)
    np.testing.assert_allclose(published.score(X), tables.score(X), atol=1e-12)
    assert published.terms[0].edges == (2.0, 3.0)
    assert published.terms[0].n == (20, 20, 20)


def test_a_bin_of_few_is_merged_with_the_nearer_neighbour_and_pooled_by_children():
    x = np.concatenate([np.repeat(1.0, 30), np.repeat(2.0, 5), np.repeat(3.0, 20)])
    tables, X = one(x, (1.5, 2.5), (0.0, 0.9, 1.0))
    term = published_alone(tables, X).terms[0]
    assert term.edges == (1.5,) or term.edges == (2.0,)
    assert term.values == pytest.approx((0.0, (5 * 0.9 + 20 * 1.0) / 25))
    assert term.n == (30, 25)


def test_few_missing_children_score_as_the_step_nearest_to_the_average_and_are_not_counted():
    x = np.concatenate([np.repeat(1.0, 30), np.repeat(2.0, 20), np.repeat(np.nan, 4)])
    tables, X = one(x, (1.5,), (0.0, 1.0), missing=9.0)
    term = published_alone(tables, X).terms[0]
    assert term.missing == 0.0
    assert (term.n, term.n_missing) == (None, None)
    assert term.mean == pytest.approx(20 / 54, abs=1e-12), "34 of 54: the four cannot be told from the thirty"
    enough = pd.DataFrame({"x": np.append(x, np.repeat(np.nan, 6))})
    assert published_alone(tables, enough).terms[0].missing == 9.0


def test_a_level_of_no_child_says_nothing_that_few_missing_children_said():
    levels = {"x": 0.0, "y": 1.0, "never": 5.0}
    term = LevelsTerm(feature="x", levels=levels, missing=9.0, mean=0, n=None, n_missing=None)
    X = pd.DataFrame({"x": pd.Series(["x"] * 30 + ["y"] * 20 + [None] * 4, dtype=object)})
    published = published_alone(RiskTables(0.0, (term,), 54, "one"), X).terms[0]
    assert published.levels["never"] == published.missing == 0.0


def test_an_edge_is_the_shortest_decimal_that_cuts_the_same_children():
    rng = np.random.default_rng(1)
    x = rng.normal(size=500)
    edges = tuple(np.quantile(x, [0.1, 0.5, 0.9]))
    tables, X = one(x, edges, (0.0, 1.0, 2.0, 3.0))
    found = published_alone(tables, X).terms[0].edges
    assert [int((x < e).sum()) for e in found] == [int((x < e).sum()) for e in edges]
    assert all(len(repr(e)) <= 8 for e in found)
    assert not set(found) & set(x)


def test_a_slope_of_the_wrong_sign_is_an_error_and_a_wrong_step_is_repaired():
    x = np.linspace(0, 1, 100)
    tables, X = one(x, (0.5,), (1.0, 0.0), slope=1.0, high=1.0)
    assert monotonicity_violations(tables.terms, (), {"x": 1}) == {"x": 1.0}
    assert monotonicity_violations(tables.terms, (), {"x": -1}) == {"x": 1.0}
    published = published_alone(tables, X, monotonic_cst={"x": 1})
    assert published.terms[0].values[0] <= published.terms[0].values[1]
    with pytest.raises(TablesError, match="slope"):
        published_alone(tables, X, monotonic_cst={"x": -1})


def test_a_violation_through_an_interaction_is_seen_exactly():
    terms = tuple(
        ShapeTerm(
            feature=f, edges=(0.0,), values=(0.0, 0.3), slope=0, low=0, high=0, missing=0.2, mean=0, n=None,
            n_missing=None,
        )
        for f in "ab"
    )  # fmt: skip
    interaction = InteractionTerm(
        features=("a", "b"), edges=((0.0,), (0.0,)), values=((0.1, 0, 0), (-0.4, 0, 0), (0, 0, 0)), mean=0
    )
    assert monotonicity_violations(terms, [interaction], {"a": 1}) == {"a": pytest.approx(0.2)}
    # from b below 0 to above the interaction falls by .1 at a below 0
    assert monotonicity_violations(terms, [interaction], {"b": 1}) == {}
    # and a missing b stands .2 against 0 + .1 in the worst case
    low = [dataclasses.replace(term, missing=0.05) for term in terms]
    assert monotonicity_violations(low, [interaction], {"b": 1})["b"] == pytest.approx(0.05)


def levels_of(counts: dict[str | None, int], **more):
    """A term of levels without values, and children who have them."""
    term = LevelsTerm(
        feature="c",
        levels={level: 0.1 * i for i, level in enumerate(counts) if level},
        missing=0.0,
        mean=0,
        n=None,
        n_missing=None,
    )
    values = [level for level, count in counts.items() for _ in range(count)]
    X = pd.DataFrame({"c": pd.Series(values, dtype=object)})
    (published,) = published_alone(RiskTables(0.0, (term,), len(X), "synthetic"), X, **more).terms
    return published


def test_levels_publish_how_many_children_they_have_unless_they_share_a_value():
    term = levels_of({"a": 50, "rare": 4, "b": 30, "few": 7, "none": 0, None: 20})
    assert term.counts == (50, None, 30, None, None)
    ordered = levels_of({"a": 50, "b": 4, "c": 30, None: 20}, monotonic_cst={"c": 1})
    assert ordered.counts == (50, None, None)


def test_counts_of_levels_are_withheld_where_they_would_tell_of_a_few_missing_children():
    assert levels_of({"a": 50, "b": 30, None: 3}).counts is None
    assert levels_of({"a": 50, "b": 30}).counts == (50, 30)
