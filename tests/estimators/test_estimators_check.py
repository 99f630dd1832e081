"""scikit-learn's own checks, and what every estimator here promises beyond them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from send_screen.estimators import BaselineClassifier, BoostedTreesClassifier, PenalisedLogisticClassifier

ESTIMATORS = [BaselineClassifier(), PenalisedLogisticClassifier(), BoostedTreesClassifier()]
EXCEPTION = {
    "check_sample_weight_equivalence_on_dense_data": (
        "ranges and leaves count children, not weights: a heavy weight must not publish one child's value"
    )
}


def expected_failures(estimator):
    return EXCEPTION if isinstance(estimator, PenalisedLogisticClassifier) else {}


@pytest.mark.filterwarnings("ignore:.*SCIPY_ARRAY_API")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_accepts_the_estimator(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def children():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"reading": rng.integers(40, 60, 400).astype(float), "absence": rng.integers(0, 20, 400) / 1.0})
    X.loc[rng.random(400) < 0.1, "reading"] = np.nan
    need = (X["absence"] - X["reading"].fillna(45) + rng.normal(0, 8, 400) > -38).astype(int)
    return X, need.to_numpy()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X[["absence", "reading"]], "position 1 should be 'reading' but is 'absence'"),
        (lambda X: X[["reading"]], "missing: 'absence'"),
        (lambda X: X.assign(sex=1.0), "not expected: 'sex'"),
    ],
)
def test_other_columns_are_refused_with_the_difference(estimator, children, change, words):
    X, need = children
    fitted = clone(estimator).fit(X, need)
    assert fitted.n_features_in_ == 2
    assert fitted.feature_names_in_.tolist() == ["reading", "absence"]
    for method in (fitted.predict_proba, fitted.decision_function, fitted.explain):
        with pytest.raises(ValueError, match=words):
            method(change(X))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_scores_are_log_odds_and_survive_a_pickle_and_a_clone(estimator, children):
    X, need = children
    fitted = clone(estimator).fit(X, need)
    score = fitted.decision_function(X)
    np.testing.assert_allclose(fitted.predict_proba(X)[:, 1], 1 / (1 + np.exp(-score)), rtol=1e-12)
    assert np.isfinite(score).all()
    assert pickle.loads(pickle.dumps(fitted)).decision_function(X).tobytes() == score.tobytes()
    assert clone(fitted).fit(X, need).decision_function(X).tobytes() == score.tobytes()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_text_in_a_column_of_numbers_is_refused_without_quoting_it(estimator, children):
    X, need = children
    with pytest.raises(ValueError, match=r"'reading'|one column of numbers") as caught:
        clone(estimator).fit(X.assign(reading=[f"Ada {i}" for i in range(len(X))]), need)
    assert "Ada" not in str(caught.value)


@pytest.mark.parametrize("estimator", [PenalisedLogisticClassifier, BoostedTreesClassifier])
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"monotonic_cst": {"raeding": "decreasing"}}, "'monotonic_cst' names what is not a column of X: 'raeding'"),
        ({"monotonic_cst": {"reading": "down"}}, "'increasing' or 'decreasing', not 'down'"),
        (
            {"categorical_features": {"E01": ["1", "2"]}},
            "'categorical_features' names what is not a column of X: 'E01'",
        ),
        ({"categorical_features": {"reading": ["1", "2"]}}, "something other than text or a number"),
    ],
)
def test_parameters_that_do_not_fit_the_columns_are_refused(estimator, parameters, words, children):
    with pytest.raises(ValueError, match=words):
        estimator(**parameters).fit(*children)


def test_two_columns_of_one_name_are_refused(children):
    X, need = children
    with pytest.raises(ValueError, match="more than once: 'reading'"):
        PenalisedLogisticClassifier().fit(pd.concat([X, X[["reading"]]], axis=1), need)


@pytest.mark.parametrize("need", [np.zeros(400), np.arange(400) % 3, np.linspace(0, 1, 400)])
def test_an_outcome_that_is_not_two_classes_is_refused(children, need):
    with pytest.raises(ValueError, match=r"class|continuous"):
        PenalisedLogisticClassifier().fit(children[0], need)
