"""What a data scientist may hand an estimator: it works rightly, or one clear error names the column and what to do."""

import decimal

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import clone

from send_screen.estimators import (
    AdditiveRiskClassifier,
    BoostedTreesClassifier,
    EBMClassifier,
    PenalisedLogisticClassifier,
)
from send_screen.estimators._bins import merged_bin_of, quantile_cut_points, shortest_cut_point
from send_screen.estimators._check_input import serial_numbers
from send_screen.tables import RiskTables

N = 400
ESTIMATORS = [AdditiveRiskClassifier(), PenalisedLogisticClassifier(), BoostedTreesClassifier()]
each = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)


@pytest.fixture(scope="module")
def children():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"reading": rng.normal(size=N), "absence": rng.gamma(2, 3, N)})
    y = (rng.random(N) < expit(-1.4 - X["reading"] + 0.1 * X["absence"])).astype(int).to_numpy()
    return X, y, rng.integers(0, 20, N)


def works(model, X):
    """Contributions add up to 1e-9, and a round trip has the same bits."""
    score = model.decision_function(X)
    assert np.isfinite(score).all()
    explained = model.explain(X)
    np.testing.assert_allclose(explained.values.sum(axis=1) + explained.base_values, score, rtol=0, atol=1e-9)
    assert RiskTables.from_json(model.risk_tables_.to_json()) == model.risk_tables_


COUNTS = np.arange(N) % 3
GAPS = np.arange(N) % 7 == 0
NUMBERS = {
    "objects": pd.Series([None if gap else float(c) for c, gap in zip(COUNTS, GAPS, strict=True)], dtype=object),
    "decimals": pd.Series([None if gap else decimal.Decimal(int(c)) for c, gap in zip(COUNTS, GAPS, strict=True)]),
    "booleans, None": pd.Series([None if gap else c > 1 for c, gap in zip(COUNTS, GAPS, strict=True)], dtype=object),
    "nullable": pd.Series(COUNTS, dtype="Int64").mask(GAPS),
    "nullable booleans": pd.Series(COUNTS > 0, dtype="boolean").mask(GAPS),
    "arrow": pd.Series(COUNTS, dtype="int64[pyarrow]").mask(GAPS),
    "sparse": pd.Series(np.where(GAPS, np.nan, COUNTS)).astype(pd.SparseDtype(float)),
    "booleans": pd.Series(COUNTS > 0),
    "nothing": pd.Series([None] * N, dtype=object),
}  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_numbers_however_pandas_keeps_them(children, kind):
    X, y, schools = children
    column = NUMBERS[kind]
    as_floats = pd.Series([np.nan if pd.isna(cell) else float(cell) for cell in column])
    model = AdditiveRiskClassifier().fit(X.assign(k=column), y, groups=schools)
    plain = clone(model).fit(X.assign(k=as_floats), y, groups=schools)
    assert model.risk_tables_.to_json() == plain.risk_tables_.to_json()
    works(model, X.assign(k=column))


def test_a_child_whose_value_is_none_is_scored(children):
    X, y, schools = children
    model = AdditiveRiskClassifier().fit(X, y, groups=schools)
    one = model.predict_proba(pd.DataFrame([{"reading": None, "absence": 4}]))
    assert one.tolist() == model.predict_proba(pd.DataFrame({"reading": [np.nan], "absence": [4.0]})).tolist()


@each
@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pd.Series([f"Ada {i}" for i in range(N)]), "'k' does not hold numbers"),
        (pd.Series([1j] * N), "'k' does not hold numbers"),
        (pd.Series([pd.Timestamp("2020-01-01")] * N), "'k' does not hold numbers"),
        (pd.Series([1.0, "Ada"] * (N // 2), dtype=object), "'k' does not hold numbers"),
        (pd.Series([np.inf, 1.0] * (N // 2)), "infinity.*'k'.*NaN"),
        (pd.Series([-1e300, 1.0] * (N // 2)), r"beyond 1e\+100, in column 'k'"),
    ],
    ids=["text", "complex", "dates", "mixed", "infinity", "huge"],
)
def test_what_is_no_number_is_refused_with_its_column_and_without_its_cells(children, estimator, column, words):
    X, y, _ = children
    with pytest.raises(ValueError, match=words) as caught:
        clone(estimator).fit(X.assign(k=column), y)
    assert "Ada" not in str(caught.value)
    fitted = clone(estimator).fit(X, y)
    with pytest.raises(ValueError, match=words.replace("'k'", "'absence'")):
        fitted.predict_proba(X.assign(absence=column))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X.assign(k="Ada").to_numpy(), "X holds text"),
        (lambda X: X.assign(k="Ada").set_axis([0, 1, 2], axis=1), "X holds text.*names of text"),
        (lambda X: X.to_numpy() * 1j, "Complex data not supported: X must hold real numbers"),
        (lambda X: X.to_numpy() / 0.0, "infinity, or a value beyond .* 'x0'"),
        (lambda X: X.rename(columns={"absence": ""}), r"column 1 \(counted from 0\) has no name"),
        (
            lambda X: X.rename(columns={"absence": "abs\u202eence"}),
            r"name of column 1 \(counted .* turns the direction",
        ),
        (lambda X: X[[]], r"0 feature\(s\)"),
    ],
    ids=["text", "numbered columns", "complex", "infinity", "no name", "turned", "no columns"],
)
def test_other_tables_are_refused_in_words_of_our_own(children, change, words):
    X, y, _ = children
    with np.errstate(divide="ignore"), pytest.raises(ValueError, match=words) as caught:
        AdditiveRiskClassifier().fit(change(X), y)
    assert "Ada" not in str(caught.value)
    assert "0.12573" not in str(caught.value)


@pytest.mark.parametrize(
    "scale", [lambda x: 1e15 + np.round(4 * x), lambda x: 1e9 + 1e-6 * x, lambda x: np.round(9 * x) * 5e-324, np.sinh]
)
def test_values_that_are_hard_to_tell_apart_cost_no_exactness(children, scale):
    X, y, schools = children
    X = X.assign(absence=scale(X["reading"].to_numpy()))
    works(AdditiveRiskClassifier().fit(X, y, groups=schools), X)


def test_a_small_bin_goes_to_the_neighbour_whose_value_is_nearer():
    assert merged_bin_of(np.array([30, 4, 40, 2]), np.array([0.0, 0.9, 1.0, 2.0])).tolist() == [0, 1, 1, 1]
    assert merged_bin_of(np.array([4, 2]), np.array([0.0, 1.0])).tolist() == [0, 0]


def test_a_cut_point_is_the_shortest_decimal():
    assert shortest_cut_point(0.30000000000000004, np.array([0.2, 0.4])) == 0.3


def test_edges_ascend_among_neighbouring_floats():
    floats = 1.0 + np.arange(8) * np.finfo(float).eps
    edges = quantile_cut_points(np.repeat(floats, 10), 8)
    assert len(edges) > 1
    assert (np.diff(edges) > 0).all()


@pytest.mark.parametrize("school", [np.nan, None, pd.NA], ids=repr)
def test_children_whose_school_is_not_known_are_held_out_together(children, school):
    X, y, schools = children
    named = pd.Series([f"s{s:02d}" for s in schools], dtype=object).mask(schools == 19, school)
    everyone = np.ones(len(X), dtype=bool)
    assert serial_numbers(named, everyone).tolist() == schools.tolist()
    assert AdditiveRiskClassifier().fit(X, y, groups=named).risk_tables_ == (
        AdditiveRiskClassifier().fit(X, y, groups=schools).risk_tables_
    )
    with pytest.raises(ValueError, match="'groups' holds text and numbers"):
        serial_numbers(named.where(schools > 3, 3), everyone)


def test_one_school_with_all_who_had_it_is_no_division_by_zero(children):
    X, _, schools = children
    model = AdditiveRiskClassifier().fit(X, (schools == 3).astype(int), groups=schools)
    works(model, X)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (lambda y: pd.Series(y.astype(bool), dtype=object), [False, True]),
        (lambda y: pd.Series(y, dtype="Int64"), [0, 1]),
        (lambda y: pd.Series(np.where(y, "yes", "no"), dtype=object), ["no", "yes"]),
        (lambda y: pd.Series(np.where(y, "yes", "no"), dtype="string"), ["no", "yes"]),
    ],
    ids=["objects of booleans", "nullable", "objects of text", "string"],
)
def test_an_outcome_is_two_classes_however_pandas_keeps_them(children, y, classes):
    X, had, _ = children
    model = PenalisedLogisticClassifier().fit(X, y(had))
    assert model.classes_.tolist() == classes
    assert set(model.predict(X)) <= set(classes)
    unknown = y(had).copy()
    unknown.iloc[0] = None
    with pytest.raises(ValueError, match=r"y contains NaN\. Leave out the rows whose outcome is not known"):
        PenalisedLogisticClassifier().fit(X, unknown)


@pytest.mark.parametrize("weight", [1e300, 1e-320])
def test_weights_that_cannot_be_computed_with_are_refused(children, weight):
    X, y, _ = children
    with pytest.raises(ValueError, match=r"sample_weight must be 0, or lie between 1e-30 and 1e\+30"):
        AdditiveRiskClassifier().fit(X, y, sample_weight=np.full(N, weight))


@each
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"categorical_features": ["k"]},
            "'categorical_features' must map the name of a column to a list of its levels, not be a list",
        ),
        ({"categorical_features": {"k": "pq"}}, "levels of 'k' in 'categorical_features' must be a list of texts"),
        ({"categorical_features": {"k": [1, 0.5]}}, "levels of 'k' in 'categorical_features' must be a list of texts"),
        ({"categorical_features": {"k": ["p", "q", "p"]}}, "levels of 'k' in 'categorical_features' must be different"),
        (
            {"categorical_features": {"k": ["p", "\x1b[2J"]}},
            "level of 'k' in 'categorical_features' holds a control character",
        ),
        (
            {"monotonic_cst": ["reading"], "categorical_features": {"k": ["p"]}},
            "'monotonic_cst' must map .* not be a list",
        ),
    ],
)
def test_parameters_of_another_form_are_refused_rather_than_taken_for_no_level_at_all(
    children, estimator, parameters, words
):
    X, y, _ = children
    with pytest.raises(ValueError, match=words):
        clone(estimator).set_params(**parameters).fit(X.assign(k=["p", "q"] * (N // 2)), y)


def test_ebm_takes_its_levels_as_the_others_do(children):
    X, y, _ = children
    with pytest.raises(ValueError, match="levels of 'k' in 'categorical_features' must be a list of texts"):
        EBMClassifier({"k": [1, 0.5]}).fit(X.assign(k=["p", "q"] * (N // 2)), y)


@pytest.mark.parametrize("estimator", [AdditiveRiskClassifier, BoostedTreesClassifier])
@pytest.mark.parametrize("seed", [-1, 0.5, True, 2**32, np.random.default_rng(0)])
def test_a_seed_that_is_none_of_scikit_learns_is_refused(children, estimator, seed):
    X, y, _ = children
    with pytest.raises(ValueError, match="random_state must be a whole number, 0 or more"):
        estimator(random_state=seed).fit(X, y)


@pytest.mark.parametrize("estimator", [AdditiveRiskClassifier, BoostedTreesClassifier])
def test_a_random_state_is_as_in_scikit_learn(children, estimator):
    X, y, _ = children

    def fitted(seed):
        return estimator(random_state=seed).fit(X, y).decision_function(X)

    assert not np.array_equal(fitted(None), fitted(None))
    assert np.array_equal(fitted(np.random.RandomState(1)), fitted(np.random.RandomState(1)))
    assert not np.array_equal(fitted(np.random.RandomState(1)), fitted(np.random.RandomState(2)))
    assert np.array_equal(estimator().fit(X, y).decision_function(X), fitted(0))


def test_numbers_of_numpy_and_all_cores_are_as_in_scikit_learn(children):
    X, y, schools = children
    plain = AdditiveRiskClassifier(max_pairs=2, random_state=3).fit(X, y, groups=schools)
    other = AdditiveRiskClassifier(max_pairs=np.int64(2), random_state=np.int32(3), n_jobs=-1)
    assert other.fit(X, y, groups=schools).risk_tables_ == plain.risk_tables_
    with pytest.raises(ValueError, match="n_jobs == 0"):
        AdditiveRiskClassifier(n_jobs=0).fit(X, y)


def test_an_explanation_of_whole_numbers_holds_floats_for_every_plot_of_shap(children):
    X, y, _ = children
    whole = X.round().astype("Int64").mask(X > 1)
    data = AdditiveRiskClassifier().fit(whole, y).explain(whole).data
    assert data.dtype == np.float64
    assert np.array_equal(np.isnan(data), (X > 1).to_numpy())


def test_a_category_column_is_categorical_without_being_named():
    X, need = pd.DataFrame({"k": ["p", "q", None, "r"] * 50}), np.tile([1, 0, 0, 1], 50)
    named = PenalisedLogisticClassifier(categorical_features={"k": ["p", "q", "r"]}).fit(X, need)
    unnamed = PenalisedLogisticClassifier().fit(X.astype("category"), need)
    assert unnamed.categorical_features_ == {"k": ["p", "q", "r"]}
    assert unnamed.risk_tables_ == named.risk_tables_
    np.testing.assert_array_equal(unnamed.decision_function(X.astype("category")), named.decision_function(X))
    with pytest.raises(ValueError, match=r"levels of 'k' .* must be a list of texts"):
        PenalisedLogisticClassifier().fit(pd.DataFrame({"k": pd.Categorical([0.5, 2] * 100)}), need)


def test_constraints_are_words_or_signs_as_in_scikit_learn():
    X, need = pd.DataFrame({"a": np.arange(200.0), "b": np.arange(200.0) % 7}), np.arange(200) % 3 == 0
    words = PenalisedLogisticClassifier(monotonic_cst={"a": "increasing"}).fit(X, need)
    signs = PenalisedLogisticClassifier(monotonic_cst={"a": 1, "b": 0}).fit(X, need)
    assert words.risk_tables_ == signs.risk_tables_


def test_importances_of_a_fitted_model_are_those_of_its_training_rows():
    X, need = pd.DataFrame({"a": np.arange(200.0), "b": np.arange(200.0) % 7}), np.arange(200) % 3 == 0
    model = PenalisedLogisticClassifier().fit(X, need)
    by_hand = np.abs(model.risk_tables_.contributions(X)).mean(axis=0)
    assert model.term_importances_[["a", "b"]].tolist() == pytest.approx(by_hand.tolist())
