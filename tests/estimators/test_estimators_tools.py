"""What a data scientist does with an estimator: stores it, puts it into pipelines and searches, hands schools on."""

import io

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from send_screen.estimators import (
    AdditiveRiskClassifier,
    BaselineClassifier,
    BoostedTreesClassifier,
    PenalisedLogisticClassifier,
)

ESTIMATORS = [
    AdditiveRiskClassifier(max_pairs=2),
    PenalisedLogisticClassifier(),
    BoostedTreesClassifier(),
    BaselineClassifier(),
]
each = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
FOLDS = StratifiedGroupKFold(3, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def children():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"reading": rng.normal(size=400), "absence": rng.gamma(2, 3, 400)})
    y = (rng.random(400) < 1 / (1 + np.exp(1 + X["reading"]))).astype(int).to_numpy()
    return X, y, np.repeat(np.arange(20), 20)


def assert_same(loaded, model, X):
    assert np.array_equal(loaded.decision_function(X), model.decision_function(X))
    assert loaded.get_params() == model.get_params()
    if hasattr(model, "risk_tables_"):
        assert loaded.risk_tables_ == model.risk_tables_
        assert loaded.term_importances_.equals(model.term_importances_)


@each
def test_it_can_be_stored_with_skops_joblib_and_mlflow(estimator, children, tmp_path):
    import skops.io

    X, y, schools = children
    model = clone(estimator).fit(X, y, groups=schools)
    stored = skops.io.dumps(model)
    types = skops.io.get_untrusted_types(data=stored)
    assert not [name for name in types if name.startswith(("builtins", "pandas"))]
    assert_same(skops.io.loads(stored, trusted=types), model, X)
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    assert_same(joblib.load(file), model, X)
    import mlflow.sklearn

    mlflow.sklearn.save_model(model, tmp_path / "model", skops_trusted_types=types, pip_requirements=[])
    assert_same(mlflow.sklearn.load_model(str(tmp_path / "model")), model, X)


@each
def test_with_metadata_routing_schools_reach_every_fit_without_being_requested(estimator, children):
    X, y, schools = children
    by_hand = []
    for train, test in FOLDS.split(X, y, schools):
        model = clone(estimator).fit(X.iloc[train], y[train], groups=schools[train])
        by_hand.append(model.score(X.iloc[test], y[test]))
    with sklearn.config_context(enable_metadata_routing=True):
        assert cross_val_score(estimator, X, y, params={"groups": schools}, cv=FOLDS).tolist() == by_hand
        pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), estimator)
        assert len(cross_val_score(pipeline, X, y, params={"groups": schools}, cv=FOLDS)) == 3
        search = GridSearchCV(estimator, {}, cv=FOLDS).fit(X, y, groups=schools)
    fitted = clone(estimator).fit(X, y, groups=schools)
    assert np.array_equal(search.best_estimator_.decision_function(X), fitted.decision_function(X))
    assert search.best_score_ == pytest.approx(np.mean(by_hand))


@each
@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_it_takes_what_a_pipeline_gives(estimator, children, output):
    X, y, schools = children
    pipeline = make_pipeline(StandardScaler(), estimator).set_output(transform=output)
    pipeline.fit(X, y, **{f"{type(estimator).__name__.lower()}__groups": schools})
    scaled = StandardScaler().set_output(transform="pandas").fit_transform(X)
    model = clone(estimator).fit(scaled, y, groups=schools)
    assert np.array_equal(pipeline.predict_proba(X), model.predict_proba(scaled))
