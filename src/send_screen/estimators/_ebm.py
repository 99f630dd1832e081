"""Explainable Boosting Machine as challenger, with its defaults; never exported."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

import numpy as np
import pandas as pd

from send_screen.errors import MissingExtraError
from send_screen.estimators._base import BinaryRiskClassifier
from send_screen.estimators._check_input import checked_seed


def require_ebm() -> None:
    """Raise ``MissingExtraError`` where EBM is not installed."""
    if find_spec("interpret") is None:
        raise MissingExtraError(
            "The package interpret-core is needed to fit an EBM, and it is not installed.",
            remedy="Install it with: pip install 'send-screen[train,ebm]'.",
        )


class EBMClassifier(BinaryRiskClassifier):
    """An Explainable Boosting Machine [Nori2019]_ with its defaults, a fixed seed and one thread.

    For comparison only: there is no ``risk_tables_``, so it cannot be exported or screen anyone. It takes no monotonic
    constraints, does not keep schools together when it holds out rows, and gives missing values a bin of their own.
    A fit takes half a minute on 4,000 children.

    Parameters
    ----------
    categorical_features : dict of str to sequence of str, optional
        Levels of each text column, which are nominal here. A level that is not in the training data adds 0.
    random_state : int, RandomState or None, default=0
        None draws another seed at each fit.

    Attributes
    ----------
    ebm_ : interpret.glassbox.ExplainableBoostingClassifier
    classes_, n_features_in_, feature_names_in_
        As in scikit-learn.

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

    def __init__(
        self,
        categorical_features: Mapping[str, Sequence[str]] | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.categorical_features = categorical_features
        self.random_state = random_state

    def _fit(self, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None) -> None:
        require_ebm()
        from interpret.glassbox import ExplainableBoostingClassifier

        kinds = ["nominal" if name in self.categorical_features_ else "continuous" for name in X.columns]
        ebm = ExplainableBoostingClassifier(feature_types=kinds, n_jobs=1, random_state=checked_seed(self.random_state))
        with warnings.catch_warnings():
            # concerns its plots only
            warnings.filterwarnings("ignore", "Missing values detected", UserWarning)
            self.ebm_ = ebm.fit(X, y.astype(int), sample_weight=weight)

    def _score(self, X: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.ebm_.decision_function(X), dtype=np.float64)
