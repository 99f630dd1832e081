"""LightGBM as challenger, to measure what interpretability costs; never exported, and no source of reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from joblib import effective_n_jobs

from send_screen.estimators._bagging import make_bags
from send_screen.estimators._base import BinaryRiskClassifier
from send_screen.estimators._check_input import checked_monotonic_cst, checked_seed
from send_screen.estimators._clusters import groups_or_clusters
from send_screen.estimators._explanation import PATH_DEPENDENT, explanation
from send_screen.estimators._lightgbm import DETERMINISTIC, lightgbm_package
from send_screen.estimators._tune import RATE, ROUNDS, SETTINGS, Setting, tune


class BoostedTreesClassifier(BinaryRiskClassifier):
    """Gradient-boosted trees by LightGBM [Ke2017]_, tuned inside the training data, under monotonic constraints.

    For comparison only: there is no ``risk_tables_``, so it cannot be exported or screen anyone.

    An untuned challenger would make the candidate look better than it is. So twelve settings (leaves, rows per leaf,
    columns per tree, penalty) compete by successive halving: log loss on four folds of whole schools (of children,
    without ``groups``) inside the training data. The number of rounds is the best one of the winner. With too few
    children to hold any out, the default setting and 150 rounds are used.

    Levels are passed as their position in ``categorical_features``: ordered numbers under a monotonic constraint,
    categories without one. A level that is not listed counts as missing. Known values only are constrained; LightGBM
    may put a missing value anywhere. Rows are sampled by position, so the order of the training rows matters; the
    number of threads does not.

    Parameters
    ----------
    monotonic_cst : dict of str to {"increasing", "decreasing"}, optional
    categorical_features : dict of str to sequence of str, optional
        Levels of each text column, in order.
    n_jobs : int, default=1
        Settings that are tried at the same time, each in one thread.
    random_state : int, RandomState or None, default=0
        None draws another seed at each fit.

    Attributes
    ----------
    booster_ : lightgbm.Booster
    setting_ : Setting
        How its trees are chosen.
    n_rounds_ : int
    classes_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    ``check_estimator`` passes in full, but its check of sample weights is empty here: with so few rows there is
    no split. Rows are sampled and leaves have a smallest number of rows, so a row of weight two is not two rows.

    References
    ----------
    .. [Ke2017] Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 30.

    Examples
    --------
    >>> from send_screen import BoostedTreesClassifier
    >>> BoostedTreesClassifier(monotonic_cst={"reading": "decreasing"}).get_params()["monotonic_cst"]
    {'reading': 'decreasing'}
    """

    setting_: Setting
    n_rounds_: int

    def __init__(
        self,
        monotonic_cst: Mapping[str, str | int] | None = None,
        categorical_features: Mapping[str, Sequence[str]] | None = None,
        n_jobs: int = 1,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.monotonic_cst = monotonic_cst
        self.categorical_features = categorical_features
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit(self, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None) -> None:
        lightgbm = lightgbm_package()
        seed, n_jobs = checked_seed(self.random_state), effective_n_jobs(self.n_jobs)
        monotonic_cst = checked_monotonic_cst(self.monotonic_cst, X.columns)
        parameters = {
            **DETERMINISTIC,
            "objective": "binary",
            "metric": "binary_logloss",
            "bagging_fraction": 0.8,  # of the rows, sampled anew for each tree
            "bagging_freq": 1,
            "monotone_constraints": [monotonic_cst.get(name, 0) for name in X.columns],
            "feature_pre_filter": False,  # settings differ in the rows a leaf must have
            "seed": seed,
        }
        data = lightgbm.Dataset(
            self._numbers(X),
            label=y,
            weight=weight,
            categorical_feature=[
                j
                for j, name in enumerate(X.columns)
                if name in self.categorical_features_ and name not in monotonic_cst
            ],
            params=parameters,
            free_raw_data=False,
        ).construct()
        self.setting_, self.n_rounds_ = SETTINGS[0], ROUNDS
        for bags in make_bags(y, groups_or_clusters(X, groups), n_repeats=1, seed=seed):
            self.setting_, self.n_rounds_ = tune(data, y, weight, bags, parameters, n_jobs=n_jobs)
        chosen = {**parameters, **asdict(self.setting_), "learning_rate": RATE}
        self.booster_ = lightgbm.train(chosen, data, num_boost_round=self.n_rounds_)

    def _score(self, X: pd.DataFrame) -> np.ndarray:
        return self._predict(X, raw_score=True)

    def explain(self, X: Any) -> Any:
        """Return path-dependent TreeSHAP values [Lundberg2018]_, for data scientists.

        They average over the rows that reached each leaf, so they are not the interventional values of the score, and
        are never displayed as a child's reasons.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)

        Returns
        -------
        shap.Explanation
            ``output_names`` is :data:`~send_screen.estimators.PATH_DEPENDENT`.

        Raises
        ------
        ValueError
            As ``decision_function``.
        MissingExtraError
            If shap is not installed.

        References
        ----------
        .. [Lundberg2018] Lundberg, Erion and Lee (2018), Consistent individualized feature attribution for tree
           ensembles, arXiv:1802.03888.
        """
        frame = self._checked(X)
        values = self._predict(frame, pred_contrib=True)
        return explanation(
            values[:, :-1], values[:, -1], frame, label=PATH_DEPENDENT, levels=self.categorical_features_
        )

    def _predict(self, frame: pd.DataFrame, **kind: bool) -> np.ndarray:
        return np.asarray(self.booster_.predict(self._numbers(frame), num_threads=1, **kind))

    def _numbers(self, frame: pd.DataFrame) -> np.ndarray:
        """Return levels as their position in ``categorical_features``, NaN where missing or not listed."""
        positions = {
            name: {v: float(i) for i, v in enumerate(levels)} for name, levels in self.categorical_features_.items()
        }
        columns = (frame[name].map(positions[name]) if name in positions else frame[name] for name in frame.columns)
        return np.column_stack([column.to_numpy(dtype=np.float64, na_value=np.nan) for column in columns])
