"""Penalised logistic regression: scikit-learn's without signs, and never against them with."""

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from send_screen.estimators import PenalisedLogisticClassifier, _design, _solver
from send_screen.tables import RiskTables, monotonicity_violations


def synthetic(n=2000, seed=0, missing=0.15):
    """Synthetic children whose extremes are shared by many, so that no value is clipped."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "reading": rng.integers(-4, 5, n) * 10.0 + 437,
            "absence": rng.integers(0, 9, n) * 2.5,
            "age": rng.integers(54, 66, n) * 1.0,
        }
    )
    logit = -2 - 0.04 * (X["reading"] - 437) + 0.1 * X["absence"] - 0.02 * (X["age"] - 60)
    need = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int).to_numpy()
    for name in ("reading", "absence"):
        X.loc[rng.random(n) < missing * (1 + need), name] = np.nan
    return X, need


def reference(C, X, need, sample_weight=None):
    model = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True),
        StandardScaler(),
        LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000),
    )
    return model.fit(X, need)


@pytest.mark.parametrize("C", [0.001, 0.1, 10.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_without_signs_it_is_scikit_learns_logistic_regression(C, seed):
    X, need = synthetic(seed=seed)
    ours = PenalisedLogisticClassifier(C=C).fit(X, need).decision_function(X)
    theirs = reference(C, X, need).decision_function(X)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_signs_that_the_data_agree_with_change_nothing():
    X, need = synthetic()
    monotonic_cst = {"reading": "decreasing", "absence": "increasing"}
    ours = PenalisedLogisticClassifier(monotonic_cst=monotonic_cst).fit(X, need).decision_function(X)
    np.testing.assert_allclose(ours, reference(0.1, X, need).decision_function(X), rtol=0, atol=1e-6)


def levelled(levels, seed=4):
    rng = np.random.default_rng(seed)
    goal = rng.choice([*levels, None], 1500)
    risk = pd.Series(goal).map({"1": 0.6, "2": 0.3, "3": 0.1}).fillna(0.2)
    return pd.DataFrame({"goal": goal}, dtype=object), (rng.random(1500) < risk).astype(int)


@pytest.mark.parametrize("sign", ["increasing", "decreasing"])
def test_signed_levels_that_the_data_agree_with_are_fitted_as_unsigned_ones(sign):
    levels = ["1", "2", "3"] if sign == "decreasing" else ["3", "2", "1"]
    X, need = levelled(levels)
    signed = PenalisedLogisticClassifier(monotonic_cst={"goal": sign}, categorical_features={"goal": levels}).fit(
        X, need
    )
    free = PenalisedLogisticClassifier(categorical_features={"goal": levels}).fit(X, need)
    np.testing.assert_allclose(signed.decision_function(X), free.decision_function(X), rtol=0, atol=1e-6)


def test_decreasing_levels_are_in_the_features_order_and_keep_their_constraint():
    X, need = levelled(["1", "2", "3"])
    model = PenalisedLogisticClassifier(
        monotonic_cst={"goal": "decreasing"}, categorical_features={"goal": ["1", "2", "3"]}
    ).fit(X, need)
    terms = model.risk_tables_.terms
    assert list(terms[0].levels) == ["1", "2", "3"]
    assert monotonicity_violations(terms, (), {"goal": -1}) == {}


def test_levels_that_nobody_has_leave_the_intercept_alone():
    X = pd.DataFrame({"goal": pd.Series([None] * 100, dtype=object)})
    model = PenalisedLogisticClassifier(categorical_features={"goal": ["1"]}).fit(X, np.arange(100) % 4 == 0)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], 0.25, atol=1e-6)


def test_signed_levels_that_the_data_contradict_are_one_level_and_the_fit_stays_calibrated():
    X, need = levelled(["1", "2", "3"])
    model = PenalisedLogisticClassifier(
        monotonic_cst={"goal": "increasing"}, categorical_features={"goal": ["1", "2", "3"]}
    )
    values = list(model.fit(X, need).risk_tables_.terms[0].levels.values())
    assert values == pytest.approx([values[0]] * 3, abs=1e-9)
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(need.mean(), abs=1e-8)


def test_values_are_clipped_in_fitting_as_in_scoring():
    X, need = synthetic()
    wild = X.copy()
    wild.loc[wild.index[:5], "reading"] = 1e9
    tame = X.copy()
    tame.loc[tame.index[:5], "reading"] = X["reading"].max()
    a, b = (PenalisedLogisticClassifier().fit(frame, need) for frame in (wild, tame))
    assert a.risk_tables_ == b.risk_tables_
    assert a.risk_tables_.clipped(wild)[:, 0].sum() == 5


def test_levels_are_a_one_hot_without_reference_and_missing_is_a_level():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"age": rng.integers(54, 66, 1500) * 1.0, "goal": rng.choice(["1", "2", "A", None], 1500)})
    need = (rng.random(1500) < X["goal"].map({"1": 0.5, "2": 0.1, "A": 0.3}).fillna(0.4)).astype(int)
    ours = PenalisedLogisticClassifier(categorical_features={"goal": ["1", "2", "A"]}).fit(X, need)
    theirs = make_pipeline(
        make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["goal"])),
        LogisticRegression(C=0.1, solver="newton-cholesky", tol=1e-12),
    ).fit(X.fillna({"goal": "missing"}), need)
    expected = theirs.decision_function(X.fillna({"goal": "missing"}))
    np.testing.assert_allclose(ours.decision_function(X), expected, rtol=0, atol=1e-6)


def test_a_sign_that_the_data_contradict_gives_a_flat_term_and_the_best_fit_of_the_rest():
    X, need = synthetic(missing=0.0)
    model = PenalisedLogisticClassifier(monotonic_cst={"reading": "increasing"}).fit(X, need)
    assert model.risk_tables_.terms[0].slope == 0.0
    rest = reference(0.1, X[["absence", "age"]], need).decision_function(X[["absence", "age"]])
    np.testing.assert_allclose(model.decision_function(X), rest, rtol=0, atol=1e-6)


def test_under_bounds_the_answer_is_the_lowest_point_there_is():
    # missing children seldom have the need here, so the bound on missing binds
    X, need = synthetic(missing=0.0)
    X.loc[(need == 0) & (np.arange(len(X)) % 3 == 0), "reading"] = np.nan
    model = PenalisedLogisticClassifier(monotonic_cst={"reading": "decreasing"}).fit(X, need)
    term = model.risk_tables_.terms[0]
    assert term.missing == pytest.approx(term.slope * term.high, rel=1e-12)  # at the lowest-risk end

    # moving any parameter a little, without breaking a bound, makes the objective larger
    table = model.risk_tables_
    raw = X.fillna(X.median())
    scale = np.append(raw.std(ddof=0).to_numpy(), X["reading"].isna().std(ddof=0))

    def objective(intercept, slopes, missing):
        """scikit-learn's objective, written in raw units: missing is relative to the median child."""
        score = intercept + raw.to_numpy() @ slopes + missing * X["reading"].isna()
        w = np.append(slopes, missing) * scale
        return 0.5 * w @ w + 0.1 * (np.logaddexp(0, score) - need * score).sum()

    slopes = np.array([t.slope for t in table.terms])
    found = (table.intercept, slopes, term.missing - term.slope * X["reading"].median())
    lowest = objective(*found)
    rng = np.random.default_rng(0)
    for size in (1e-4, 1e-2, 1.0):
        for _ in range(50):
            nearby = slopes + size * rng.normal(size=3) / scale[:3]
            nearby[0] = min(nearby[0], 0.0)
            floor = nearby[0] * (term.high - X["reading"].median())
            centre = found[0] - raw.mean().to_numpy() @ (nearby - slopes) + size * rng.normal()
            assert objective(centre, nearby, floor + abs(size * rng.normal())) > lowest


@settings(max_examples=settings().max_examples // 4)
@given(st.integers(0, 10_000), st.sampled_from(["increasing", "decreasing"]), st.sampled_from([0.01, 1.0, 100.0]))
def test_signs_hold_for_every_value_and_missing_is_never_below_the_lowest_risk(seed, sign, C):
    rng = np.random.default_rng(seed)
    n = 120
    X = pd.DataFrame({"score": rng.integers(0, 6, n) * 1.0, "goal": rng.choice(["1", "2", "3"], n)}, dtype=object)
    X["score"] = X["score"].astype(float)
    need = rng.integers(0, 2, n)
    need[:2] = 0, 1
    quiet = rng.random(n) < 0.3 * (need if seed % 2 else 1 - need)
    X.loc[quiet, ["score"]] = np.nan
    X.loc[np.roll(quiet, 1), ["goal"]] = None
    model = PenalisedLogisticClassifier(
        C=C, monotonic_cst={"score": sign, "goal": sign}, categorical_features={"goal": ["1", "2", "3"]}
    ).fit(X, need)
    line, goal = model.risk_tables_.terms
    direction = 1 if sign == "increasing" else -1
    for term, column in ((line, pd.Series(np.linspace(-2, 8, 50))), (goal, pd.Series(["1", "2", "3"], dtype=object))):
        values = term.log_odds(column)
        assert (direction * np.diff(values) >= 0).all()
        assert term.missing >= values.min()


def test_an_unknown_category_scores_as_a_missing_one_and_is_told():
    X = pd.DataFrame({"goal": pd.Series(["1", "2", None, "9"] * 50, dtype=object)})
    need = [1, 0, 1, 0, 0, 0, 0, 1] * 25
    model = PenalisedLogisticClassifier(categorical_features={"goal": ["1", "2", "3"]}).fit(X, need)
    score = model.decision_function(X)
    assert score[2] == score[3]
    assert model.risk_tables_.unknown_category(X).ravel().tolist() == [False, False, False, True] * 50
    assert set(model.risk_tables_.terms[0].levels) == {"1", "2"}


def test_levels_of_fewer_than_ten_children_share_a_value():
    goal = ["1"] * 60 + ["2"] * 60 + ["3"] * 5 + ["4"] * 6
    need = [1] * 45 + [0] * 60 + [1] * 15 + [1] * 5 + [0] * 6
    X = pd.DataFrame({"goal": pd.Series(goal, dtype=object)})
    levels = (
        PenalisedLogisticClassifier(categorical_features={"goal": list("1234")})
        .fit(X, need)
        .risk_tables_.terms[0]
        .levels
    )
    assert levels["3"] == levels["4"]
    assert len(set(levels.values())) == 3


@pytest.mark.parametrize("few", [1, 9])
def test_fewer_than_ten_missing_have_no_number_of_their_own(few):
    X, need = synthetic(missing=0.0)
    X.loc[X.index[:few], "reading"] = np.nan
    X["goal"] = pd.Series(np.where(X["age"] > 60, "1", "2"), dtype=object)
    X.loc[X.index[:few], "goal"] = None
    model = PenalisedLogisticClassifier(categorical_features={"goal": ["1", "2"]}).fit(X, need)
    number, _, _, level = model.risk_tables_.terms
    # they are fitted as they are scored, or the mean risk would not be the prevalence
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(need.mean(), abs=1e-8)
    assert number.missing == pytest.approx(number.slope * X["reading"].median())
    # as the commonest level: as the average child, their number could be worked out from the table
    assert level.missing == level.levels[X["goal"].mode()[0]]
    assert (number.n, number.n_missing, level.n, level.n_missing) == (None,) * 4


def test_tables_and_estimator_agree_bit_for_bit_and_so_does_the_file():
    X, need = synthetic()
    model = PenalisedLogisticClassifier(monotonic_cst={"reading": "decreasing"}).fit(X, need)
    loaded = RiskTables.from_json(model.risk_tables_.to_json())
    assert loaded.score(X).tobytes() == model.decision_function(X).tobytes()
    assert loaded.n_training == 2000
    assert loaded.base_value == pytest.approx(model.decision_function(X).mean(), abs=1e-12)


def test_a_weight_of_two_is_two_children_where_no_range_depends_on_it():
    X, need = synthetic()
    weight = np.random.default_rng(3).integers(0, 4, len(X))
    monotonic_cst = {"reading": "decreasing", "absence": "increasing"}
    weighted = PenalisedLogisticClassifier(monotonic_cst=monotonic_cst).fit(X, need, sample_weight=weight)
    rows = np.repeat(np.arange(len(X)), weight)
    repeated = PenalisedLogisticClassifier(monotonic_cst=monotonic_cst).fit(X.iloc[rows], need[rows])
    np.testing.assert_allclose(weighted.decision_function(X), repeated.decision_function(X), rtol=0, atol=1e-6)


def test_a_heavy_weight_does_not_publish_one_childs_value():
    X, need = synthetic()
    X.loc[X.index[0], "reading"] = 999.0
    weight = np.ones(len(X))
    weight[0] = 50.0
    term = PenalisedLogisticClassifier().fit(X, need, sample_weight=weight).risk_tables_.terms[0]
    assert term.high < 999.0


def test_columns_that_say_nothing_do_no_harm():
    X, need = synthetic()
    X = X.assign(constant=7.0, absent=np.nan, rare=np.where(np.arange(len(X)) < 5, 1.0, np.nan))
    terms = {term.feature: term for term in PenalisedLogisticClassifier().fit(X, need).risk_tables_.terms}
    assert all(terms[name].slope == 0.0 for name in ("constant", "absent", "rare"))
    assert terms["rare"].missing == 0.0


@pytest.mark.parametrize("C", [0.0, -1.0, float("nan"), float("inf")])
def test_a_penalty_that_cannot_be_is_refused(C):
    with pytest.raises(ValueError, match="C must be a number above 0"):
        PenalisedLogisticClassifier(C=C).fit(*synthetic(100))


@pytest.mark.parametrize("many", [100_000, 0])
def test_a_fit_that_stops_early_says_so(monkeypatch, many):
    monkeypatch.setattr(_design, "MANY_ROWS", many)
    monkeypatch.setattr(_solver, "_GRADIENT_ACCEPTED", 0.0)
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        PenalisedLogisticClassifier().fit(*synthetic(100))


@pytest.mark.parametrize("C", [1e-4, 0.01, 10.0])
@pytest.mark.parametrize("seed", range(4))
def test_many_rows_are_fitted_to_the_same_optimum_under_the_same_bounds(seed, C):
    rng = np.random.default_rng(seed)
    n, k = 9_000, 6  # more than two batches
    Z = rng.normal(size=(n, k))
    y = (rng.random(n) < expit(Z @ rng.normal(size=k) - 2)).astype(float)
    weight = rng.choice([0.5, 1.0, 3.0], n)
    A = np.eye(k)
    A[:2, :2] = [[1.0, 0.0], [-0.7, 1.3]]
    how = {"A": A, "bounded": np.arange(k) < 4, "C": C}
    w, intercept = _solver.fit_bounded_logistic(Z.copy(), y, weight, **how)
    theirs, their_intercept = _solver.fit_many_rows(Z, y, weight, **how)
    assert (np.linalg.solve(A, w)[:4] < 1e-9).any() or seed  # a bound is active in one of them at least
    np.testing.assert_allclose(theirs, w, rtol=0, atol=1e-6)
    assert their_intercept == pytest.approx(intercept, abs=1e-6)


def test_the_model_of_many_rows_is_that_of_few_up_to_single_precision(monkeypatch):
    X, need = synthetic(3_000)
    how = {"C": 0.1, "monotonic_cst": {"reading": "decreasing"}}
    plain = PenalisedLogisticClassifier(**how).fit(X, need).decision_function(X)
    monkeypatch.setattr(_design, "MANY_ROWS", 0)
    many = PenalisedLogisticClassifier(**how).fit(X, need).decision_function(X)
    assert 0.0 < np.abs(many - plain).max() < 1e-5


SCRIPT = """
import hashlib, sys
sys.path.insert(0, {folder!r})
from test_estimators_logistic import synthetic
from send_screen.estimators import BoostedTreesClassifier, PenalisedLogisticClassifier
X, need = synthetic(6000)
monotonic_cst = {{"reading": "decreasing", "absence": "increasing"}}
logistic = PenalisedLogisticClassifier(monotonic_cst=monotonic_cst).fit(X, need)
trees = BoostedTreesClassifier(monotonic_cst=monotonic_cst, n_jobs={threads}).fit(X, need)
digest = hashlib.sha256(logistic.risk_tables_.to_json().encode() + trees.decision_function(X).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_the_bytes_are_the_same_in_another_process_at_any_thread_count(request):
    digests = set()
    for threads in (1, 2):
        code = SCRIPT.format(folder=str(request.path.parent), threads=threads)
        environment = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], str(threads))
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=300
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop().strip()) == hashlib.sha256().digest_size * 2


def test_a_line_tells_where_on_it_the_training_children_are():
    X, need = synthetic()
    for term in PenalisedLogisticClassifier().fit(X, need).risk_tables_.terms:
        x = X[term.feature].dropna().to_numpy()
        assert set(term.values) == {0.0}, "the line is all there is to it"
        assert list(term.n) == np.histogram(x, [-np.inf, *term.edges, np.inf])[0].tolist()
        assert 2 <= len(term.n) <= 8
        assert min(term.n) >= 10
        assert all(len(str(edge)) <= 6 for edge in term.edges), "the shortest decimals that cut the children there"
