"""The additive model: exact tables of its trees, constraints on the whole score, the same answer every time."""

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn import set_config
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from send_screen.estimators import (
    INTERVENTIONAL,
    AdditiveRiskClassifier,
    _boost,
    _design,
    _fit_additive,
    _rank_interactions,
    purify,
)
from send_screen.estimators._bagging import make_bags, subsample_groups
from send_screen.estimators._binned_feature import BinnedFeature, bin_matrix, bin_pair
from send_screen.estimators._bins import quantile_cut_points
from send_screen.estimators._boost import BinnedDataset, boost
from send_screen.estimators._design import NumericDesign
from send_screen.estimators._fit_additive import fit_additive, shape_components, shapes_dataset
from send_screen.estimators._lightgbm import choose_n_rounds
from send_screen.estimators._rank_interactions import rank_interactions
from send_screen.estimators._training_data import AdditiveComponents, TrainingData, mean_components
from send_screen.tables import RiskTables, monotonicity_violations

SIGNS = {"reading": "decreasing", "absence": "increasing", "goal": "decreasing"}
CATEGORIES = {"goal": ["1", "2", "3"], "area": ["north", "south", "east", "west"]}


def synthetic(n=2000, seed=0):
    """Synthetic children in 40 schools: a bend, an interaction, levels and missing values that mean something."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "reading": rng.normal(100, 15, n).round(),
            "absence": rng.gamma(2, 4, n).round(1),
            "age": rng.integers(48, 60, n).astype(float),
            "goal": rng.choice(["1", "2", "3"], n, p=[0.3, 0.6, 0.1]),
            "area": rng.choice(CATEGORIES["area"], n),
        }
    )
    low = np.clip((90 - X["reading"]) / 10, 0, 2)
    logit = -2.4 + 0.5 * low + 2.0 * (X["reading"] < 98) * (X["absence"] > 7) + 0.5 * (X["goal"] == "1")
    logit += 0.6 * (X["area"] == "north") - 0.05 * (X["age"] - 54)
    y = (rng.random(n) < expit(logit)).astype(int).to_numpy()
    X.loc[rng.random(n) < 0.05 + 0.1 * y, "reading"] = np.nan
    X.loc[rng.random(n) < 0.06, "goal"] = None
    X.loc[rng.random(n) < 0.002, "age"] = np.nan
    return X, y, rng.integers(0, 40, n)


@pytest.fixture(scope="module")
def fitted():
    X, y, schools = synthetic()
    return AdditiveRiskClassifier(monotonic_cst=SIGNS, categorical_features=CATEGORIES).fit(X, y, groups=schools), X, y


def test_shaps_plots_show_interactions_levels_and_missing_values(fitted):
    model, X, _ = fitted
    assert model.risk_tables_.interactions
    explanation = model.explain(X[X["reading"].isna() | X["goal"].isna()].head(40))
    import shap  # after explain, which keeps other libraries' warnings at its import to itself
    from matplotlib import pyplot as plt

    assert explanation.output_names == INTERVENTIONAL
    for plot, part in (
        (shap.plots.waterfall, explanation[0]),
        (shap.plots.beeswarm, explanation),
        (shap.plots.bar, explanation),
    ):
        plot(part, show=False)
        assert plt.gcf().axes
        plt.close("all")


@pytest.fixture(scope="module")
def children():
    X, y, schools = synthetic()
    monotonic_cst = {"reading": -1, "absence": 1, "goal": -1}
    return TrainingData.build(X, y.astype(float), np.ones(len(y)), CATEGORIES, monotonic_cst), X, schools


EXCEPTION = {"check_sample_weight_equivalence_on_dense_data": "bags, bins and leaves count children, not weights"}


@pytest.mark.filterwarnings("ignore:.*SCIPY_ARRAY_API")
@parametrize_with_checks([AdditiveRiskClassifier()], expected_failed_checks=lambda e: EXCEPTION)
def test_scikit_learn_accepts_the_estimator(estimator, check):
    check(estimator)


def test_the_tables_are_the_linear_component_and_the_mean_of_the_boosters(children):
    """Before anything is made pure, merged or raised, and after it is made pure: to 1e-9."""
    data, X, schools = children
    bags = make_bags(data.y, schools, n_repeats=1, seed=0)[0]
    linear = [data.fit_linear(bag.train, 0.01) for bag in bags]
    starts = [data.score(part) for part in linear]
    how = {"feature_fraction": 1.0, "max_rounds": 60, "seed": 0, "n_jobs": 1}
    of_shapes = shapes_dataset(data)
    shapes = boost(of_shapes, of_shapes.split(bags), starts, **how)
    assert shapes.n_rounds > 5
    pairs = [bin_pair(data.features[0], data.features[1]), bin_pair(data.features[0], data.features[4])]
    columns = [axis for pair in pairs for axis in pair]
    of_pairs = BinnedDataset(pairs, data.y, data.weight)
    interactions = boost(of_pairs, of_pairs.split(bags), starts, **how)
    assert interactions.n_rounds > 5
    expected = np.zeros(len(X))
    parts = []
    for b, part in enumerate(linear):
        expected += (
            starts[b] + shapes.predict(b, bin_matrix(data.features)) + interactions.predict(b, bin_matrix(columns))
        )
        constant, grids = interactions.tabulate(b)
        parts.append(
            part
            + shape_components(shapes, b, data.features)
            + AdditiveComponents(constant, np.zeros(5), (0.0,) * 5, grids)
        )
    mean = mean_components(parts)
    np.testing.assert_allclose(data.score(mean, pairs), expected / len(bags), rtol=0, atol=1e-9)
    tables = data.tables(mean, pairs, "synthetic")
    np.testing.assert_allclose(tables.score(X), expected / len(bags), rtol=0, atol=1e-9)
    assert len(tables.interactions) == 2


def test_explanations_add_up_and_are_the_tables(fitted):
    model, X, _ = fitted
    explained = model.explain(X[:50])
    assert explained.output_names == INTERVENTIONAL
    total = explained.values.sum(axis=1) + explained.base_values
    np.testing.assert_allclose(total, model.decision_function(X[:50]), rtol=0, atol=1e-9)
    assert model.decision_function(X).mean() == pytest.approx(model.risk_tables_.base_value, abs=1e-9)


def test_there_are_interactions_where_they_help(fitted):
    model, _, _ = fitted
    names = {frozenset(interaction.features) for interaction in model.risk_tables_.interactions}
    assert frozenset({"reading", "absence"}) in names
    assert len(names) <= 8


def test_levels_keep_their_order_and_what_they_say(fitted):
    model, _, _ = fitted
    goal = model.risk_tables_.terms[3]
    assert list(goal.levels) == CATEGORIES["goal"]
    assert goal.levels["1"] > goal.levels["2"] + 0.2
    rising = clone(model).set_params(monotonic_cst={"goal": "increasing"}).fit(*synthetic()[:2]).risk_tables_.terms[3]
    assert rising.levels["1"] == pytest.approx(rising.levels["2"], abs=1e-9)


def grid(X, n=400, seed=0):
    """Rows whose every feature is sampled alone, values far outside the range and missing ones among them."""
    rng = np.random.default_rng(seed)
    sampled = {}
    for name in X.columns:
        values = [*X[name].dropna().unique()]
        if name not in CATEGORIES:
            values += [min(values) - 100.0, max(values) + 100.0]
        column = pd.Series(rng.choice(np.array(values, dtype=object), n), dtype=object)
        column[rng.random(n) < 0.15] = None
        sampled[name] = column if name in CATEGORIES else column.astype(float)
    return pd.DataFrame(sampled)


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), name=st.sampled_from(sorted(SIGNS)))
def test_signs_hold_for_the_whole_score_whatever_the_others_are(fitted, seed, name):
    model, X, _ = fitted
    others = grid(X, 60, seed)
    if name in CATEGORIES:
        values = CATEGORIES[name]
    else:
        values = [X[name].min() - 50, *np.sort(X[name].dropna().unique())[:: 1 + seed % 7], X[name].max() + 50]
    rising = values if SIGNS[name] == "increasing" else values[::-1]
    for tables in [model.risk_tables_, model.bagged_tables_.tables[seed % 8]]:
        scores = np.array([tables.score(others.assign(**{name: value})) for value in rising])
        assert np.diff(scores, axis=0).min() >= -1e-12
        nothing = pd.Series([None] * 60, dtype=object if name in CATEGORIES else float)
        assert (tables.score(others.assign(**{name: nothing})) - scores[0]).min() >= -1e-12


@settings(max_examples=settings().max_examples // 8)
@given(seed=st.integers(0, 10_000), flipped=st.booleans())
def test_signs_hold_on_other_children_too_even_against_the_data(seed, flipped):
    X, y, schools = synthetic(500, seed)
    monotonic_cst = (
        {n: ("increasing" if s == "decreasing" else "decreasing") for n, s in SIGNS.items()} if flipped else SIGNS
    )
    model = AdditiveRiskClassifier(monotonic_cst=monotonic_cst, categorical_features=CATEGORIES).fit(
        X, y, groups=schools
    )
    numbers = {name: 1 if sign == "increasing" else -1 for name, sign in monotonic_cst.items()}
    for tables in [model.risk_tables_, *model.bagged_tables_.tables]:
        short = monotonicity_violations(tables.terms, tables.interactions, numbers)
        assert max(short.values(), default=0.0) <= 1e-12


def test_the_same_bytes_at_any_thread_count_and_in_another_process(fitted):
    model, X, y = fitted
    schools = synthetic()[2]
    code = """
import hashlib, sys
sys.path.insert(0, "tests/estimators")
import test_estimators_additive as t
X, y, schools = t.synthetic()
model = t.AdditiveRiskClassifier(t.SIGNS, t.CATEGORIES, n_jobs=2).fit(X, y, groups=schools)
both = [model.risk_tables_, *model.bagged_tables_.tables]
print(hashlib.sha256("".join(b.to_json() for b in both).encode()).hexdigest())
"""
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    texts = "".join(tables.to_json() for tables in [model.risk_tables_, *model.bagged_tables_.tables])
    assert hashlib.sha256(texts.encode()).hexdigest() == other
    again = clone(model).set_params(random_state=1).fit(X, y, groups=schools)
    assert again.risk_tables_.to_json() != model.risk_tables_.to_json()


def test_what_schools_are_called_does_not_matter_and_schools_do(fitted):
    model, X, y = fitted
    schools = synthetic()[2]
    renamed = clone(model).fit(X, y, groups=np.array([f"school {s:03d}" for s in schools]))
    assert renamed.risk_tables_.to_json() == model.risk_tables_.to_json()
    assert clone(model).fit(X, y).risk_tables_.to_json() != model.risk_tables_.to_json()


def test_bags_hold_out_whole_schools_and_every_row_once_a_repeat():
    _, y, schools = synthetic()
    for bags in make_bags(y, schools, n_repeats=2, seed=0):
        assert sorted(np.concatenate([bag.held_out for bag in bags])) == list(range(len(y)))
        for bag in bags:
            assert not set(schools[bag.train]) & set(schools[bag.held_out])


def test_bags_of_very_many_schools_hold_out_whole_ones_with_about_the_same_share_of_need():
    rng = np.random.default_rng(0)
    schools = rng.permutation(np.repeat(np.arange(2_500), 8))
    y = (rng.random(len(schools)) < expit(rng.normal(-2, 0.5, 2_500)[schools])).astype(float)
    for bags in make_bags(y, schools, n_repeats=2, seed=0):
        assert sorted(np.concatenate([bag.held_out for bag in bags])) == list(range(len(y)))
        for bag in bags:
            assert not set(schools[bag.train]) & set(schools[bag.held_out])
            assert y[bag.held_out].mean() == pytest.approx(y.mean(), rel=0.1)


def test_the_way_of_many_rows_gives_as_good_a_model(monkeypatch, fitted):
    model, _, _ = fitted
    for module in (_boost, _design):
        monkeypatch.setattr(module, "MANY_ROWS", 0)
    X, y, schools = synthetic()
    many = clone(model).fit(X, y, groups=schools)
    asked, outcome, _ = synthetic(20_000, seed=1)
    plain, larger_steps = (log_loss(outcome, each.predict_proba(asked)[:, 1]) for each in (model, many))
    assert many.risk_tables_ != model.risk_tables_
    assert larger_steps == pytest.approx(plain, rel=0.01)
    assert monotonicity_violations(many.risk_tables_.terms, many.risk_tables_.interactions, {"reading": -1}) == {}


def test_a_score_of_some_rows_is_that_of_all(children):
    data, _, _ = children
    linear, rows = data.fit_linear(np.arange(len(data.y)), 0.1), np.arange(5, len(data.y), 7)
    assert np.array_equal(data.score(linear)[rows], data.score(linear, (), rows))


def test_trees_do_not_know_what_was_grown_on_their_bins_before(children):
    data, _, schools = children
    bags = make_bags(data.y, schools, n_repeats=1, seed=0)[0]
    how = {"feature_fraction": 1.0, "max_rounds": 30, "seed": 0, "n_jobs": 1}
    dataset = shapes_dataset(data)
    datasets = dataset.split(bags)
    flat, steep = (np.full(len(data.y), level) for level in (-2.0, 1.0))
    boost(dataset, datasets, [steep] * len(bags), **how)
    again = boost(dataset, datasets, [flat] * len(bags), **how)
    anew = boost(dataset, dataset.split(bags), [flat] * len(bags), **how)
    assert again.n_rounds == anew.n_rounds > 0
    for b in range(len(bags)):
        assert np.array_equal(again.predict(b, bin_matrix(data.features)), anew.predict(b, bin_matrix(data.features)))


def test_of_very_many_rows_one_C_is_chosen_on_a_subsample_of_schools(monkeypatch):
    X, y, schools = synthetic(1500)
    model = AdditiveRiskClassifier(monotonic_cst=SIGNS, categorical_features=CATEGORIES)
    monkeypatch.setattr(_fit_additive, "MAX_ROWS_FOR_C", 1500)
    of_all = clone(model).fit(X, y, groups=schools)
    assert len(of_all.C_weights_) > 1
    monkeypatch.setattr(_fit_additive, "MAX_ROWS_FOR_C", 800)
    of_some = clone(model).fit(X, y, groups=schools)
    assert list(of_some.C_weights_.values()) == [1.0]
    assert len(of_some.bagged_tables_.tables) == 8
    assert of_some.risk_tables_.n_training == 1500
    assert np.corrcoef(of_all.decision_function(X), of_some.decision_function(X))[0, 1] > 0.95
    again = clone(model).fit(X, y, groups=schools)
    assert again.risk_tables_.to_json() == of_some.risk_tables_.to_json()


def test_with_few_schools_C_is_weighed_by_schools_whatever_the_number_of_rows(monkeypatch):
    X, y, schools = synthetic(1500)
    model = AdditiveRiskClassifier(monotonic_cst=SIGNS, categorical_features=CATEGORIES)
    monkeypatch.setattr(_fit_additive, "MAX_ROWS_FOR_C", 800)
    assert len(clone(model).fit(X, y, groups=np.minimum(schools, 38)).C_weights_) > 1
    of_many = clone(model).fit(X, y, groups=schools)  # 40: as if there were no such rule, to the last digit
    monkeypatch.setattr(_fit_additive, "FEW_GROUPS", 0)
    assert clone(model).fit(X, y, groups=schools).risk_tables_.to_json() == of_many.risk_tables_.to_json()


@pytest.mark.parametrize(("rows", "better_in", "weight"), [(3000, 6, 0.6), (3000, 10, 1.0), (9, 10, 1.0)])
def test_weights_are_as_certain_as_the_schools_agree(rows, better_in, weight):
    """One model knows the rate of 6 or all of ten schools, the other that of the rest; a small one says little."""
    schools = np.repeat(np.arange(10), rows)
    y = np.tile([1.0, 1.0, 0.0], 10 * rows // 3)
    known = schools < better_in
    scores = np.column_stack([np.where(known, 0.0, np.log(2.0)), np.where(known, np.log(2.0), 0.0)])
    losses = (np.logaddexp(0.0, scores) - y[:, None] * scores).sum(axis=0)
    if rows == 3000:
        assert losses[0] - losses[1] > 100.0  # to weights by rows the second would be certain
    weights = _fit_additive._stacking_weights(scores, y, np.ones(len(y)), schools)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[1] == pytest.approx(weight, abs=0.01)


def test_the_linear_component_of_some_rows_is_penalised_as_that_of_all(children):
    data, _, _ = children
    twice = np.tile(np.arange(len(data.y)), 2)
    both = data.take(twice)
    assert both.share == 2.0
    for C in (0.001, 0.1):
        of_all, of_both = (
            data.fit_linear(np.arange(len(data.y)), C),
            both.fit_linear(np.arange(2 * len(data.y)), C),
        )
        np.testing.assert_allclose(of_all.slopes, of_both.slopes, rtol=1e-5, atol=1e-9)


def test_groups_are_sampled_whole():
    _, _, schools = synthetic()
    rows = subsample_groups(2000, schools, 500, seed=1)
    assert 500 <= len(rows) < 500 + np.bincount(schools).max()
    assert set(np.flatnonzero(np.isin(schools, schools[rows]))) == set(rows)
    assert len(subsample_groups(2000, None, 500, seed=1)) == 500
    assert (
        list(subsample_groups(2000, schools, 500, seed=1))
        == list(rows)
        != list(subsample_groups(2000, schools, 500, seed=2))
    )


def test_weights_are_like_repeated_children():
    X, y, _ = synthetic(2000)
    weight = 1 + np.arange(2000) % 3
    rows = np.repeat(np.arange(2000), weight)
    model = AdditiveRiskClassifier(monotonic_cst=SIGNS, categorical_features=CATEGORIES)
    weighted = model.fit(X, y, sample_weight=weight).predict_proba(X)[:, 1]
    repeated = clone(model).fit(X.iloc[rows], y[rows], groups=rows).predict_proba(X)[:, 1]
    assert np.abs(weighted - repeated).mean() < 0.02
    assert np.corrcoef(weighted, repeated)[0, 1] > 0.98
    heavy = clone(model).fit(X, y, sample_weight=np.where(y == 1, 5.0, 1.0)).predict_proba(X)[:, 1]
    assert heavy.mean() > weighted.mean() + 0.2


def test_children_of_weight_zero_are_as_if_they_were_not_there():
    X, y, schools = synthetic(800)
    weight = (np.arange(800) % 4 > 0).astype(float)
    model = AdditiveRiskClassifier(categorical_features=CATEGORIES)
    with_zeros = clone(model).fit(X, y, groups=schools, sample_weight=weight)
    without = clone(model).fit(X[weight > 0], y[weight > 0], groups=schools[weight > 0])
    assert with_zeros.risk_tables_.to_json() == without.risk_tables_.to_json()


def test_it_works_in_a_grid_search_with_groups_and_in_a_pipeline():
    X, y, schools = synthetic(600)
    X = X[["reading", "absence", "age"]]
    search = GridSearchCV(AdditiveRiskClassifier(), {"max_pairs": [0, 4]}, cv=GroupKFold(3), scoring="roc_auc")
    search.fit(X, y, groups=schools)
    assert search.best_score_ > 0.6
    set_config(transform_output="pandas")
    try:
        pipeline = make_pipeline(StandardScaler(), AdditiveRiskClassifier(monotonic_cst={"reading": "decreasing"}))
        pipeline.set_output(transform="pandas").fit(X, y, additiveriskclassifier__groups=schools)
    finally:
        set_config(transform_output="default")
    assert pipeline[-1].risk_tables_.features == ("reading", "absence", "age")


def test_counts_of_children_are_never_few(fitted):
    model, X, _ = fitted
    for term in model.risk_tables_.terms:
        if hasattr(term, "edges"):
            n = np.histogram(X[term.feature].dropna(), [-np.inf, *term.edges, np.inf])[0]
            assert n.min() >= 10
    for interaction in model.risk_tables_.interactions:
        counts = [count for row in interaction.n or () for count in row if count is not None]
        assert all(count >= 10 for count in counts)


def test_noise_teaches_little():
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(800, 6)), columns=list("abcdef"))
    y = (rng.random(800) < 0.2).astype(int)
    model = AdditiveRiskClassifier().fit(X, y)
    assert np.std(model.decision_function(X)) < 0.25


def test_it_is_calibrated_out_of_school():
    X, y, schools = synthetic(6000)
    inside = schools < 20
    model = AdditiveRiskClassifier(monotonic_cst=SIGNS, categorical_features=CATEGORIES).fit(
        X[inside], y[inside], groups=schools[inside]
    )
    score = model.decision_function(X[~inside])
    slope, shift = _fit_additive._calibration(
        TrainingData([], [], y[~inside].astype(float), np.ones((~inside).sum())), score
    )
    assert 0.9 <= slope <= 1.1
    assert abs(shift) < 0.25


def test_too_few_children_to_hold_any_out_get_a_linear_component_only():
    X = pd.DataFrame({"reading": np.arange(24.0)})
    model = AdditiveRiskClassifier().fit(X, [1] + [0] * 23)
    assert model.C_weights_ == {0.01: 1.0}
    assert model.bagged_tables_ is None
    assert np.diff(model.decision_function(X)).max() <= 0


def many_columns():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(1_200, 5)), columns=list("abcde")).round(1)
    X["kind"] = rng.choice(["u", "v", "w"], len(X))
    X.loc[rng.random(len(X)) < 0.1, "b"] = np.nan
    return X, (rng.random(len(X)) < expit(1.2 * X["a"] + 0.8 * X["c"] + 0.2 * X["d"] - 1.5)).astype(int)


def test_a_limit_keeps_the_strongest_terms_and_the_rest_are_known_columns_that_add_nothing():
    X, y = many_columns()
    model = AdditiveRiskClassifier(monotonic_cst={"d": "increasing", "c": "increasing"}, max_terms=2).fit(X, y)
    tables = model.risk_tables_
    assert tables.features == tuple(X.columns)
    contributions = pd.DataFrame(tables.contributions(X), columns=X.columns)
    assert set(contributions.columns[contributions.abs().max() > 0]) == {"a", "c"}
    assert {feature for pair in tables.interactions for feature in pair.features} <= {"a", "c"}
    assert RiskTables.from_json(tables.to_json()).score(X).tolist() == model.decision_function(X).tolist()
    assert model.bagged_tables_.score(X).shape == (len(model.bagged_tables_.score(X)), len(X))
    with pytest.raises(ValueError, match="kind"):
        model.decision_function(X.drop(columns="kind"))


@pytest.mark.parametrize("max_terms", [None, 6, 100])
def test_a_limit_that_leaves_all_terms_changes_nothing(max_terms):
    X, y = many_columns()
    limited = AdditiveRiskClassifier(max_pairs=2, max_terms=max_terms).fit(X, y)
    assert limited.risk_tables_.to_json() == AdditiveRiskClassifier(max_pairs=2).fit(X, y).risk_tables_.to_json()


@pytest.mark.parametrize("max_terms", [-1, 0, 1.5, True, "8"])
def test_a_number_of_terms_that_is_none_is_refused(max_terms):
    X, y = many_columns()
    with pytest.raises(ValueError, match="max_terms must be a whole number, 1 or more"):
        AdditiveRiskClassifier(max_terms=max_terms).fit(X, y)


@pytest.mark.parametrize("max_pairs", [-1, 1.5, True, "8"])
def test_a_number_of_pairs_that_is_none_is_refused(max_pairs):
    X, y, _ = synthetic(100)
    with pytest.raises(ValueError, match="max_pairs"):
        AdditiveRiskClassifier(categorical_features=CATEGORIES, max_pairs=max_pairs).fit(X, y)


def test_no_pairs_means_no_interactions(fitted):
    model, X, y = fitted
    assert clone(model).set_params(max_pairs=0).fit(X, y).risk_tables_.interactions == ()


def test_rounds_are_the_fewest_within_a_standard_error():
    curves = np.array([[1.0, 0.5, 0.40, 0.39], [1.0, 0.6, 0.50, 0.51], [1.0, 0.4, 0.30, 0.28]])
    assert choose_n_rounds(curves, np.ones(3)) == 2
    assert choose_n_rounds(np.array([[0.3, 0.4], [0.3, 0.5]]), np.ones(2)) == 0


def test_a_pair_must_say_something_in_schools_not_seen():
    rng = np.random.default_rng(0)
    n = 4000
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    y = (rng.random(n) < expit(-1.5 + 1.5 * np.sign(X["a"] * X["b"]))).astype(float).to_numpy()
    binned = [BinnedFeature.build(NumericDesign.build(X[name], np.ones(n), 0)) for name in X]
    bags = make_bags(y, None, n_repeats=2, seed=0)
    bags = [bag for some in bags for bag in some]
    start = np.full(n, np.log(y.mean() / (1 - y.mean())))
    assert rank_interactions(binned, y, np.ones(n), bags, [start] * len(bags))[0] == (0, 1)


def test_pairs_are_screened_alike_in_blocks_of_children(children, monkeypatch):
    data, _, schools = children
    bags = make_bags(data.y, schools, n_repeats=1, seed=0)[0]
    starts = [np.full(len(data.y), -1.5)] * len(bags)
    at_once = rank_interactions(data.features, data.y, data.weight, bags, starts)
    assert at_once
    monkeypatch.setattr(_rank_interactions, "_BATCH", 300)
    assert rank_interactions(data.features, data.y, data.weight, bags, starts) == at_once


@settings(max_examples=settings().max_examples // 4)
@given(seed=st.integers(0, 10_000))
def test_what_a_pair_is_worth_is_what_it_lowers_the_loss_of_the_held_out(seed):
    """Against the definition, one bag and one pair at a time."""
    rng = np.random.default_rng(seed)
    n = 300
    X = pd.DataFrame({"a": rng.integers(0, 4, n).astype(float), "b": rng.normal(size=n), "c": rng.normal(size=n)})
    X = X.mask(rng.random(X.shape) < 0.1)
    y = (rng.random(n) < 0.3).astype(float)
    binned = [BinnedFeature.build(NumericDesign.build(X[name], np.ones(n), 0)).coarser([0, 2]) for name in X]
    bags = make_bags(y, None, n_repeats=1, seed=0)[0]
    g, h = [rng.normal(size=n) for _ in bags], [rng.random(n) for _ in bags]
    pairs = [(0, 1), (0, 2), (1, 2)]
    found = dict(_rank_interactions._cell_sums(binned, pairs, bags, g, h))
    assert list(found) == pairs
    for (j, k), sums in found.items():
        shape = (binned[j].n_bins + 1, binned[k].n_bins + 1)
        for b, bag in enumerate(bags):
            for place, (values, rows) in enumerate(
                ((g, bag.train), (g, bag.held_out), (h, bag.train), (h, bag.held_out))
            ):
                expected = np.zeros(shape)
                np.add.at(expected, (binned[j].codes[rows], binned[k].codes[rows]), values[b][rows])
                np.testing.assert_allclose(sums[place, b], expected, atol=1e-12)
        rows, columns = (
            np.array([np.bincount(binned[i].codes[bag.train], minlength=binned[i].n_bins + 1) for bag in bags])
            for i in (j, k)
        )
        pure = _rank_interactions._purified(sums[0], rows, columns)
        for b in range(len(bags)):
            np.testing.assert_allclose(pure[b], purify(sums[0][b], rows[b], columns[b])[0], atol=1e-12)


@settings(max_examples=settings().max_examples // 4)
@given(data=st.data())
def test_bins_and_cells_never_hold_a_few(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    n = data.draw(st.integers(20, 400))
    x = rng.integers(0, data.draw(st.integers(1, 40)), n).astype(float)
    z = np.where(rng.random(n) < 0.5, x, rng.normal(size=n).round(1))
    x[rng.random(n) < 0.1] = np.nan
    edges = quantile_cut_points(x, 16)
    assert len(edges) < 16
    assert np.histogram(x[~np.isnan(x)], [-np.inf, *edges, np.inf])[0].min() >= 10 or not len(edges)
    binned = [
        BinnedFeature.build(NumericDesign.build(pd.Series(v, name=c), np.ones(n), 0)) for c, v in (("x", x), ("z", z))
    ]
    if (pair := bin_pair(*binned)) is not None:
        known = (pair[0].codes < pair[0].n_bins) & (pair[1].codes < pair[1].n_bins)
        counts = np.zeros((pair[0].n_bins, pair[1].n_bins), dtype=int)
        np.add.at(counts, (pair[0].codes[known], pair[1].codes[known]), 1)
        assert not ((counts > 0) & (counts < 10)).any()
        assert all(set(coarse.edges) <= set(fine.edges) for coarse, fine in zip(pair, binned, strict=True))


def test_without_pairs_there_are_no_interactions(children):
    data, _, schools = children
    assert fit_additive(data, schools, max_pairs=0, seed=0, n_jobs=1).pairs == []


@pytest.mark.parametrize("few", [1, 4, 9])
@pytest.mark.parametrize("values", [(1.0, 2.0), (0.0, 1.0, 2.0)])
def test_fewer_than_ten_missing_cannot_be_counted_from_the_mean_of_a_term(few, values):
    """Whoever knows all values tries each number: the children of each value must be whole numbers."""
    rng = np.random.default_rng(few)
    n = 1500
    X = pd.DataFrame({name: rng.choice(values, n) for name in ("E01", "E02", "E03")})
    y = (rng.random(n) < expit(1.0 - X["E01"] - 0.7 * X["E02"] - 0.3 * X["E03"])).astype(int)
    X.loc[X.index[:few], ["E01", "E02", "E03"]] = np.nan
    tables = AdditiveRiskClassifier(max_pairs=0).fit(X, y).risk_tables_
    tried = 0
    for term in tables.terms:
        assert term.n_missing is None
        scores = term.evaluate(np.array(values))
        if np.ptp(scores) < 1e-6:
            continue
        tried += 1
        possible = []
        for m in range(10):
            rest = n * term.mean - m * term.missing
            # the last two values take what the others leave, in whole children
            others = range(n - m + 1) if len(values) == 3 else range(1)
            left = rest - np.array([i * scores[0] for i in others]) if len(values) == 3 else np.array([rest])
            children = n - m - np.arange(len(left))
            first = (left - children * scores[-1]) / (scores[-2] - scores[-1])
            whole = (np.abs(first - np.round(first)) < 1e-6) & (first > -0.5) & (first < children + 0.5)
            possible += [m] * bool(whole.any())
        assert set(range(1, 10)) <= set(possible), (term.feature, possible)
    assert tried
