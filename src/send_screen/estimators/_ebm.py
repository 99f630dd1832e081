"""Explainable Boosting Machine as challenger, with its defaults; never exported."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from send_screen.errors import MissingExtraError
from send_screen.estimators._base import BinaryRiskClassifier
from send_screen.estimators._check_input import checked_categories, checked_frame
from send_screen.estimators._check_target import checked_target


def require_ebm() -> None:
    """Raise where EBM is not installed.

    Raises
    ------
    MissingExtraError

    Examples
    --------
    >>> require_ebm()
    """
    if find_spec("interpret") is None:
        raise MissingExtraError(
            "The package interpret-core is needed to fit an EBM, and it is not installed.",
            remedy="Install it with: pip install 'send-screen[train,ebm]'.",
        )


class EBMClassifier(BinaryRiskClassifier):
    """An Explainable BoostingParams Machine [Nori2019]_ with its defaults, a fixed seed and one thread.

    Evidence only: there is no ``risk_tables_``, so it cannot be exported or screen anyone. It takes no signs, keeps no
    schools together when it holds out, and treats missing values in its own way (a bin of their own); half a minute a
    fit on 4,000 children.

    Parameters
    ----------
    categorical_features : dict of str to sequence of str, optional
        Levels of each text column, which are nominal here. A level that was not met in training adds nothing.
    random_state : int, default=0

    Attributes
    ----------
    ebm_ : interpret.glassbox.ExplainableBoostingClassifier
    classes_ : numpy.ndarray, shape (2,)
    n_features_in_ : int
    feature_names_in_ : numpy.ndarray of str, shape (p,)
        Only when fitted on a frame.

    References
    ----------
    .. [Nori2019] Nori, Jenkins, Koch and Caruana (2019), InterpretML: a unified framework for machine learning
       interpretability, arXiv:1909.09223.

    Examples
    --------
    >>> from send_screen.estimators import EBMClassifier
    >>> EBMClassifier(categorical_features={"season": ["autumn", "spring"]}).categorical_features
    {'season': ['autumn', 'spring']}
    """

    def __init__(self, categorical_features: Mapping[str, Sequence[str]] | None = None, random_state: int = 0) -> None:
        self.categorical_features = categorical_features
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> EBMClassifier:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            Numbers and categorical features; NaN or None where a value is missing.
        y : array-like, shape (n,)
            Two classes.
        sample_weight : array-like, shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a column, the target or a weight is not as described.
        MissingExtraError
            If interpret-core is not installed.
        """
        require_ebm()
        from interpret.glassbox import ExplainableBoostingClassifier

        levels = self.categorical_features_ = checked_categories(self.categorical_features, X)
        frame = checked_frame(self, X, texts=levels, reset=True)
        frame, target, weight, self.classes_ = checked_target(self, frame, y, sample_weight)
        kinds = ["nominal" if name in levels else "continuous" for name in frame.columns]
        ebm = ExplainableBoostingClassifier(feature_types=kinds, n_jobs=1, random_state=self.random_state)
        with warnings.catch_warnings():
            # it is about pictures, of which none is made here
            warnings.filterwarnings("ignore", "Missing values detected", UserWarning)
            self.ebm_ = ebm.fit(frame, target.astype(int), sample_weight=weight)
        return self

    def _score(self, X: Any) -> np.ndarray:
        frame = self._check(X)
        return np.asarray(self.ebm_.decision_function(frame), dtype=np.float64)
