"""What users would pick instead, fitted on the training folds alone."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

_ALWAYS = {"num_threads": 1, "verbosity": -1, "deterministic": True, "force_row_wise": True, "objective": "binary"}


class Logistic:
    """The plain reference: median, missing indicators, scaled, C=0.1."""

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> Logistic:
        """Fit; schools are not used."""
        imputed = SimpleImputer(strategy="median", add_indicator=True)
        self.model = make_pipeline(imputed, StandardScaler(), LogisticRegression(C=0.1, max_iter=5000)).fit(X, y)
        return self

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Return log-odds."""
        return self.model.decision_function(X)


class LightGBMDefault:
    """``LGBMClassifier()`` as it comes."""

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> LightGBMDefault:
        """Fit; schools are not used."""
        self.model = lightgbm.train(_ALWAYS, lightgbm.Dataset(X.to_numpy(), y, free_raw_data=False), 100)
        return self

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Return log-odds."""
        return np.asarray(self.model.predict(X.to_numpy(), raw_score=True, num_threads=1))


class LightGBMTuned(LightGBMDefault):
    """LightGBM by random search inside the training folds: ``budget`` settings, three folds of schools, log loss.

    The number of trees (at most 500, learning rate .03) is the best of the mean curve over the three folds.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> LightGBMTuned:
        """Search, then fit the best setting on all rows."""
        rng = np.random.default_rng(0)
        folds = list(StratifiedGroupKFold(3, shuffle=True, random_state=0).split(X, y, groups))
        best: tuple[float, dict[str, Any], int] = (np.inf, {}, 0)
        for trial in range(self.budget):
            setting = {
                "num_leaves": int(rng.choice([3, 5, 7, 15, 31])),
                "min_data_in_leaf": int(rng.choice([20, 40, 80])),
                "feature_fraction": float(rng.choice([0.3, 0.5, 0.8])),
                "bagging_fraction": 0.8,
                "bagging_freq": 1,
                "lambda_l2": float(rng.choice([1.0, 5.0, 20.0])),
                "learning_rate": 0.03,
            }
            if trial == 0:  # a setting that suits small real data is always among them
                setting |= {"num_leaves": 7, "min_data_in_leaf": 40, "feature_fraction": 0.5, "lambda_l2": 5.0}
            curves = [self._curve(setting, X, y, train, test) for train, test in folds]
            curve = np.mean(curves, axis=0)
            if curve.min() < best[0]:
                best = float(curve.min()), setting, int(curve.argmin()) + 1
        self.setting = {**best[1], "rounds": best[2]}
        data = lightgbm.Dataset(X.to_numpy(), y, free_raw_data=False)
        self.model = lightgbm.train({**_ALWAYS, **best[1]}, data, best[2])
        return self

    def _curve(self, setting: dict[str, Any], X: pd.DataFrame, y: np.ndarray, train: Any, test: Any) -> list[float]:
        data = lightgbm.Dataset(X.to_numpy()[train], y[train])
        held_out = lightgbm.Dataset(X.to_numpy()[test], y[test], reference=data)
        record: dict[str, Any] = {}
        parameters = {**_ALWAYS, **setting, "metric": "binary_logloss"}
        lightgbm.train(parameters, data, 500, valid_sets=[held_out], callbacks=[lightgbm.record_evaluation(record)])
        return list(record["valid_0"]["binary_logloss"])


class EBM:
    """``ExplainableBoostingClassifier()`` of interpret-core as it comes, on one thread."""

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> EBM:
        """Fit; schools are not used."""
        from interpret.glassbox import ExplainableBoostingClassifier

        self.model = ExplainableBoostingClassifier(n_jobs=1, random_state=0).fit(X, y)
        return self

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Return log-odds."""
        return np.asarray(self.model.decision_function(X))


class CatBoost:
    """``CatBoostClassifier()`` as it comes, on one thread; not among the project's dependencies."""

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> CatBoost:
        """Fit; schools are not used."""
        from catboost import CatBoostClassifier

        quiet = {"verbose": False, "allow_writing_files": False}
        self.model = CatBoostClassifier(thread_count=1, random_seed=0, **quiet).fit(X.to_numpy(), y)
        return self

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Return log-odds."""
        return np.asarray(self.model.predict(X.to_numpy(), prediction_type="RawFormulaVal"))


class NeuralNetwork:
    """A network of pytabkit, on one thread; not among the project's dependencies.

    ``RealMLP_TD_Classifier`` or ``TabM_D_Classifier`` with its own settings, but stopped by log loss instead of by the
    share of errors, in which the rare outcome hardly counts; and as its documentation advises then, without smoothed
    labels. A random fifth of the training children chooses the epoch. Neither takes missing values: median and
    indicator, as for the logistic regression.
    """

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        self.name, self.settings = name, settings

    def fit(self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> NeuralNetwork:
        """Fit; schools are not used."""
        import pytabkit
        import torch

        torch.set_num_threads(1)
        always = {"device": "cpu", "random_state": 0, "n_threads": 1, "val_metric_name": "cross_entropy"}
        network = getattr(pytabkit, self.name)(**always, **self.settings)
        imputed = SimpleImputer(strategy="median", add_indicator=True)
        self.model = make_pipeline(imputed, network).fit(X, y)
        return self

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Return log-odds."""
        return logit(np.clip(self.model.predict_proba(X)[:, 1].astype(float), 1e-7, 1 - 1e-7))


REALMLP = partial(NeuralNetwork, "RealMLP_TD_Classifier", {"use_ls": False})
TABM = partial(NeuralNetwork, "TabM_D_Classifier", {})


def reason_to_skip(model: str) -> str | None:
    """Return why a model cannot be run here; None if it can."""
    package = {"ebm": "interpret", "catboost": "catboost", "realmlp": "pytabkit", "tabm": "pytabkit"}.get(model)
    if package is None or find_spec(package):
        return None
    return f"{model} is skipped: the package {package} is not installed."
