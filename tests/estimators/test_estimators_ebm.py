"""EBM as challenger: its makers' own defaults, levels as nominal, evidence only.

Of scikit-learn's checks only those that need no fit, or one on a handful of rows, are run here: each fit takes seconds
(half a minute on 4,000 children), and ``check_estimator`` fits more than a hundred.
"""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import estimator_checks as checks

from send_screen.errors import MissingExtraError
from send_screen.estimators import EBMClassifier
from send_screen.estimators._ebm import require_ebm

LEVELS = {"home": ["x", "y", "z"]}


@pytest.fixture(scope="module")
def children():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "reading": rng.integers(0, 6, 150) * 1.0,
            "home": pd.Series(rng.choice(["x", "y", "z", None], 150), dtype=object),
        }
    )
    need = (rng.random(150) < np.where(X["home"] == "y", 0.8, 0.2)).astype(int)
    X.loc[rng.random(150) < 0.2, "reading"] = np.nan
    return X, need


@pytest.fixture(scope="module")
def fitted(children):
    return EBMClassifier(LEVELS).fit(*children)


def test_it_is_the_makers_own_model_with_its_defaults(children, fitted):
    from interpret.glassbox import ExplainableBoostingClassifier

    X, need = children
    kinds = ["continuous", "nominal"]
    with pytest.warns(UserWarning, match="Missing values"):
        theirs = ExplainableBoostingClassifier(feature_types=kinds, n_jobs=1, random_state=0).fit(X, need)
    assert fitted.decision_function(X).tobytes() == theirs.decision_function(X).tobytes()
    settings = {key: value for key, value in fitted.ebm_.get_params().items() if key not in ("feature_types", "n_jobs")}
    assert settings == {key: ExplainableBoostingClassifier(random_state=0).get_params()[key] for key in settings}


def test_it_tells_levels_apart_and_takes_missing_and_unknown_ones(children, fitted):
    X, _ = children
    x, y = (fitted.decision_function(X.assign(home=level)).mean() for level in "xy")
    assert y > x + 1
    for level in (None, "q"):
        assert np.isfinite(fitted.decision_function(X.assign(home=level))).all()


def test_it_is_evidence_only_and_refuses_other_columns(children, fitted):
    X, _ = children
    assert not hasattr(fitted, "risk_tables_")
    assert fitted.classes_.tolist() == [0, 1]
    np.testing.assert_allclose(fitted.predict_proba(X)[:, 1], 1 / (1 + np.exp(-fitted.decision_function(X))))
    with pytest.raises(ValueError, match="position 1 should be 'reading' but is 'home'"):
        fitted.decision_function(X[["home", "reading"]])
    with pytest.raises(ValueError, match="'reading' does not hold numbers"):
        fitted.decision_function(X.assign(reading="Ada Example"))


def test_a_missing_package_is_named_with_its_extra(children, monkeypatch):
    monkeypatch.setattr("send_screen.estimators._ebm.find_spec", lambda name: None)
    for refused in (require_ebm, lambda: EBMClassifier(LEVELS).fit(*children)):
        with pytest.raises(MissingExtraError, match=r"interpret-core.*send-screen\[train,ebm\]"):
            refused()


def test_importing_the_estimators_does_not_import_it():
    code = "import sys, send_screen.estimators; sys.exit('interpret' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "check",
    [
        checks.check_no_attributes_set_in_init,
        checks.check_parameters_default_constructible,
        checks.check_estimator_cloneable,
        checks.check_estimator_repr,
        checks.check_estimator_tags_renamed,
        checks.check_valid_tag_types,
        checks.check_estimators_unfitted,
        checks.check_get_params_invariance,
        checks.check_set_params,
        checks.check_complex_data,
        checks.check_estimator_sparse_tag,
        checks.check_classifiers_one_label,
        checks.check_classifiers_regression_target,
        checks.check_requires_y_none,
        checks.check_supervised_y_no_nan,
        checks.check_estimators_empty_data_messages,
    ],
    ids=lambda check: check.__name__,
)
def test_scikit_learn_accepts_it_where_that_takes_no_long_fit(check):
    check("EBMClassifier", EBMClassifier())
