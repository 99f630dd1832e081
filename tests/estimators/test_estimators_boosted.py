"""Boosted trees: signs hold for known values, threads change nothing, and there is nothing to export."""

import builtins

import numpy as np
import pandas as pd
import pytest

from send_screen.errors import MissingExtraError
from send_screen.estimators import PATH_DEPENDENT, BoostedTreesClassifier


def children(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "reading": rng.normal(437, 30, n),
            "absence": rng.integers(0, 40, n) * 1.0,
            "goal": pd.Series(rng.choice(["1", "2", "3", None], n), dtype=object),
            "home": pd.Series(rng.choice(["x", "y", "z"], n), dtype=object),
        }
    )
    logit = -0.03 * (X["reading"] - 437) + 0.05 * X["absence"] - 2 + (X["goal"] == "1") + 1.5 * (X["home"] == "y")
    need = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int).to_numpy()
    X.loc[rng.random(n) < 0.1, "reading"] = np.nan
    return X, need


CATEGORIES = {"goal": ["1", "2", "3"], "home": ["x", "y", "z"]}
SIGNS = {"reading": "decreasing", "absence": "increasing", "goal": "decreasing"}


def test_signs_hold_for_every_child_and_value():
    X, need = children()
    noisy = np.where(np.random.default_rng(1).random(len(need)) < 0.4, 1 - need, need)
    model = BoostedTreesClassifier(SIGNS, CATEGORIES).fit(X, noisy)
    rows = X.iloc[:40]
    for feature, values in (("reading", np.linspace(340, 540, 25)), ("absence", np.arange(0.0, 41.0))):
        scores = np.array([model.decision_function(rows.assign(**{feature: v})) for v in values])
        steps = np.diff(scores, axis=0) * (-1 if feature == "reading" else 1)
        assert (steps >= 0).all()
        assert steps.any()
    by_goal = [model.decision_function(rows.assign(goal=level)) for level in "123"]
    assert (np.diff(by_goal, axis=0) <= 0).all()


def test_a_category_without_a_sign_may_go_up_and_down_and_an_unknown_category_is_missing():
    X, need = children()
    model = BoostedTreesClassifier(SIGNS, CATEGORIES).fit(X, need)
    x, y, z = (model.decision_function(X.assign(home=level)).mean() for level in "xyz")
    assert y > x + 0.5
    assert y > z + 0.5
    splits = model.booster_.trees_to_dataframe().dropna(subset="split_feature")
    kinds = splits.groupby("split_feature")["decision_type"].agg(set)
    assert kinds[f"Column_{X.columns.get_loc('home')}"] == {"=="}
    assert kinds[f"Column_{X.columns.get_loc('goal')}"] == {"<="}
    unknown = model.decision_function(X.assign(home="q"))
    np.testing.assert_array_equal(unknown, model.decision_function(X.assign(home=None)))


def test_threads_change_no_byte_of_trees_or_scores():
    X, need = children()
    one, two = (BoostedTreesClassifier(SIGNS, CATEGORIES, n_jobs=n).fit(X, need) for n in (1, 2))
    assert one.decision_function(X).tobytes() == two.decision_function(X).tobytes()
    trees = [model.booster_.model_to_string().split("\nparameters:")[0] for model in (one, two)]
    assert trees[0] == trees[1]


def test_another_seed_samples_other_rows():
    X, need = children()
    one, two = (BoostedTreesClassifier(categorical_features=CATEGORIES, random_state=s).fit(X, need) for s in (0, 1))
    assert not np.array_equal(one.decision_function(X), two.decision_function(X))


def test_a_weight_counts():
    X, need = children()
    heavy = BoostedTreesClassifier(categorical_features=CATEGORIES).fit(X, need, sample_weight=1 + 4 * need)
    plain = BoostedTreesClassifier(categorical_features=CATEGORIES).fit(X, need)
    assert heavy.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean() + 0.1


def test_it_is_evidence_only_and_its_explanation_says_what_it_is():
    X, need = children()
    model = BoostedTreesClassifier(SIGNS, CATEGORIES).fit(X, need)
    assert not hasattr(model, "risk_tables_")
    explanation = model.explain(X[:50])
    assert explanation.output_names == PATH_DEPENDENT == explanation[3].output_names
    assert "never a child's reasons" in PATH_DEPENDENT
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, model.decision_function(X[:50]), rtol=1e-9)
    known = X["goal"][:50].notna()
    assert explanation.display_data[known, 2].tolist() == X["goal"][:50][known].tolist()


def test_a_missing_package_is_named(monkeypatch):
    real = builtins.__import__

    def without_lightgbm(name, *args, **kwargs):
        if name == "lightgbm":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_lightgbm)
    with pytest.raises(MissingExtraError, match="lightgbm"):
        BoostedTreesClassifier(SIGNS, CATEGORIES).fit(*children())
