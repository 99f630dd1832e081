"""shap's exact explainer, which knows nothing of tables, gives the contributions that look-ups give."""

import warnings

import numpy as np
import pandas as pd
import pytest

from send_screen.estimators import publish_tables
from send_screen.tables import InteractionTerm, LinearTerm, RiskTables, ShapeTerm

FEATURES = [f"f{j}" for j in range(7)]


@pytest.fixture(scope="module")
def shap():
    pytest.importorskip("shap", reason="the full install has it: pip install 'send-screen[train]'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    return shap


@pytest.fixture(scope="module")
def published():
    """Tables with three interactions, made pure on children whose features depend on each other and are missing."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(900, 1))
    X = pd.DataFrame(0.7 * common + rng.normal(size=(900, 7)), columns=FEATURES).mask(rng.random((900, 7)) < 0.15)
    edges = (-0.8, 0.0, 0.8)
    line = {"slope": 0.4, "low": -1.5, "high": 1.5, "missing": 0.2, "mean": 0.0, "n": None, "n_missing": None}
    terms = tuple(
        LinearTerm(feature=name, **line)
        if j == 6
        else ShapeTerm(feature=name, edges=edges, values=rng.normal(size=4), **line)
        for j, name in enumerate(FEATURES)
    )
    interactions = tuple(
        InteractionTerm(features=pair, edges=(edges, edges), values=rng.normal(size=(5, 5)).tolist(), mean=0.0)
        for pair in (("f0", "f1"), ("f1", "f2"), ("f6", "f3"))
    )
    return publish_tables([RiskTables(-1.0, terms, 900, "synthetic", interactions)], X)[0], X


def test_contributions_are_those_of_shaps_exact_explainer(shap, published):
    tables, X = published
    assert len(tables.interactions) == 3
    assert any(interaction.values[-1][0] for interaction in tables.interactions)  # a missing value has a row of its own
    masker = shap.maskers.Independent(X.to_numpy(), max_samples=len(X))
    score = lambda rows: tables.score(pd.DataFrame(rows, columns=FEATURES))  # noqa: E731
    theirs = shap.ExactExplainer(score, masker)(X.to_numpy()[:3])
    np.testing.assert_allclose(tables.contributions(X[:3]), theirs.values, rtol=0, atol=1e-9)
    np.testing.assert_allclose(tables.base_value, theirs.base_values, rtol=0, atol=1e-9)
