"""Explanations of the additive models: exact, interventional, whole training set as background, and plottable."""

import itertools
import math
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from send_screen.errors import MissingExtraError
from send_screen.estimators import INTERVENTIONAL, BaselineClassifier, PenalisedLogisticClassifier


@pytest.fixture(scope="module")
def shap():
    import matplotlib as mpl

    mpl.use("Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    return shap


def children(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "reading": rng.integers(0, 9, n) * 1.0,
            "absence": rng.integers(0, 9, n) * 1.0,
            "age": rng.integers(54, 66, n) * 1.0,
            "goal": pd.Series(rng.choice(["1", "2", None], n), dtype=object),
        }
    )
    need = (rng.random(n) < 1 / (1 + np.exp(X["reading"] - 4))).astype(int).to_numpy()
    X.loc[rng.random(n) < 0.3, "reading"] = np.nan
    return X, need


@pytest.fixture(params=["logistic", "baseline"])
def fitted(request):
    X, need = children()
    if request.param == "baseline":
        return BaselineClassifier(features=["goal"], not_met=["1"], expected=["2"]).fit(X, need), X
    monotonic_cst = {"reading": "decreasing", "absence": "increasing"}
    return PenalisedLogisticClassifier(
        C=1.0, monotonic_cst=monotonic_cst, categorical_features={"goal": ["1", "2"]}
    ).fit(X, need), X


def brute_force(score, background, child):
    """Shapley values by their definition: all coalitions, all training rows as background."""
    names = list(background.columns)
    p = len(names)

    def value(coalition):
        mixed = background.copy()
        for name in coalition:
            mixed[name] = pd.Series([child[name].iloc[0]] * len(mixed), dtype=background[name].dtype)
        return score(mixed).mean()

    values = {c: value(c) for size in range(p + 1) for c in itertools.combinations(names, size)}
    phi = []
    for name in names:
        others = [other for other in names if other != name]
        total = 0.0
        for size in range(p):
            weight = math.factorial(size) * math.factorial(p - size - 1) / math.factorial(p)
            for c in itertools.combinations(others, size):
                with_name = tuple(n for n in names if n in c or n == name)
                total += weight * (values[with_name] - values[c])
        phi.append(total)
    return phi, values[()]


def test_it_is_exact_against_all_coalitions_of_the_training_set(fitted):
    model, X = fitted
    explanation = model.explain(X)
    for row in (0, 7, 13):
        phi, base = brute_force(model.decision_function, X, X.iloc[[row]])
        np.testing.assert_allclose(explanation.values[row], phi, rtol=0, atol=1e-9)
        assert explanation.base_values[row] == pytest.approx(base, abs=1e-9)


def test_it_has_one_shape_and_adds_up(fitted):
    model, X = fitted
    explanation = model.explain(X)
    assert explanation.values.shape == (60, 4)
    assert explanation.values.dtype == np.float64
    assert explanation.base_values.shape == (60,)
    assert list(explanation.feature_names) == list(X.columns)
    assert explanation.output_names == INTERVENTIONAL == explanation[0].output_names
    shown = pd.DataFrame(explanation.display_data, columns=X.columns, dtype=object)
    assert shown.equals(X.astype(object).where(X.notna(), np.nan).fillna({"goal": "not known"}))
    places = {level: float(i) for i, level in enumerate(model.risk_tables_.terms[-1].levels)}
    goal = X["goal"].map(places).fillna(2.0).astype(float)
    pd.testing.assert_frame_equal(pd.DataFrame(explanation.data, columns=X.columns), X.assign(goal=goal))
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, model.decision_function(X), rtol=1e-9)


def test_shaps_own_exact_explainer_agrees(shap):
    X, need = children()
    X = X.drop(columns="goal").fillna({"reading": 4.0})
    model = PenalisedLogisticClassifier(C=1.0).fit(X.to_numpy(), need)
    masker = shap.maskers.Independent(X.to_numpy(), max_samples=len(X))
    theirs = shap.ExactExplainer(model.decision_function, masker)(X.to_numpy()[:10])
    np.testing.assert_allclose(model.explain(X.to_numpy()[:10]).values, theirs.values, rtol=0, atol=1e-9)


PLOTS = {
    "bar": lambda plots, e: plots.bar(e, show=False),
    "bar of one child": lambda plots, e: plots.bar(e[3], show=False),
    "bar of cohorts": lambda plots, e: plots.bar(e.cohorts(2).abs.mean(0), show=False),
    "beeswarm": lambda plots, e: plots.beeswarm(e, show=False),
    "waterfall": lambda plots, e: plots.waterfall(e[0], show=False),
    "scatter of numbers": lambda plots, e: plots.scatter(e[:, "reading"], color=e[:, "absence"], show=False),
    "scatter of levels": lambda plots, e: plots.scatter(e[:, "goal"], show=False),
    "scatter coloured by levels": lambda plots, e: plots.scatter(e[:, "age"], color=e[:, "goal"], show=False),
    "scatter, colour chosen": lambda plots, e: plots.scatter(e[:, "goal"], color=e, show=False),
    "scatter of all": lambda plots, e: plots.scatter(e, show=False),
    "heatmap": lambda plots, e: plots.heatmap(e, show=False),
    "force": lambda plots, e: plots.force(e[0], matplotlib=True, show=False),
    "decision": lambda plots, e: plots.decision(
        e.base_values[0], e.values, e.display_data, feature_names=e.feature_names, show=False
    ),
    "violin": lambda plots, e: plots.violin(e, show=False),
    "layered violin": lambda plots, e: plots.violin(e, plot_type="layered_violin", show=False),
}


@pytest.mark.filterwarnings("ignore")  # of shap's own code
@pytest.mark.parametrize("plot", PLOTS)
def test_shaps_plots_draw_numbers_and_levels(shap, fitted, plot):
    from matplotlib import pyplot as plt

    model, X = fitted
    try:
        PLOTS[plot](shap.plots, model.explain(X))
        plt.gcf().canvas.draw()
        shown = [text.get_text() for axes in plt.gcf().axes for text in axes.get_xticklabels()]
    finally:
        plt.close("all")
    assert shown
    if plot == "scatter of levels":
        assert {"1", "2", "not known"} <= set(shown)


def test_a_level_that_is_not_listed_is_shown_as_itself_beside_the_others():
    X, need = children()
    model = PenalisedLogisticClassifier(categorical_features={"goal": ["2", "1"]}).fit(X, need)
    asked = X.head(4).assign(goal=["1", "9", None, "2"])
    explanation = model.explain(asked)
    assert explanation.data[:, 3].tolist() == [1.0, 2.0, 3.0, 0.0]
    assert explanation.display_data[:, 3].tolist() == ["1", "9", "not known", "2"]
    assert model.explain(asked.astype({"goal": "category"})).data[:, 3].tolist() == [1.0, 2.0, 3.0, 0.0]


def test_shap_is_not_imported_until_it_is_needed():
    code = "import sys, send_screen.estimators; sys.exit(bool({'shap', 'matplotlib', 'lightgbm'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


FIRST = """
import sys, numpy as np, pandas as pd
from concurrent.futures import ThreadPoolExecutor
from send_screen.estimators import PenalisedLogisticClassifier

X = pd.DataFrame({"reading": np.tile([1.0, 2.0, 3.0, np.nan], 100), "age": np.tile([60.0, 61.0], 200)})
model = PenalisedLogisticClassifier().fit(X, np.tile([1, 0, 0, 0, 1, 1, 0, 0], 50))
with ThreadPoolExecutor(4) as pool:
    explanations = list(pool.map(model.explain, [X] * 4))
assert not {"shap", "shap.plots", "shap.explainers", "matplotlib"} & set(sys.modules)

import warnings
warnings.simplefilter("ignore")
import matplotlib, shap
matplotlib.use("Agg")
assert all(type(each) is shap.Explanation for each in explanations)
assert all(callable(part) for part in (shap.plots.bar, shap.utils.sample, shap.TreeExplainer, shap.maskers.Independent))
shap.plots.beeswarm(explanations[0], show=False)
shap.plots.waterfall(explanations[0][3], show=False)
assert type(model.explain(X)) is shap.Explanation
"""


def test_explaining_imports_no_plots_or_explainers_and_leaves_shap_whole():
    done = subprocess.run([sys.executable, "-c", FIRST], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_are_explained_without_a_copy_of_them(dtype):
    X, need = children(400)
    X = X.drop(columns="goal").astype(dtype)
    model = PenalisedLogisticClassifier(C=1.0).fit(X, need)
    explanation = model.explain(X)
    assert explanation.display_data is None
    assert np.shares_memory(explanation.data, X.to_numpy())
    assert np.array_equal(explanation.values, model.explain(X.astype(object)).values)


def test_a_missing_package_is_named(monkeypatch, fitted):
    model, X = fitted
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingExtraError, match="shap"):
        model.explain(X)
