"""Base classes of the estimators: a score in log-odds, and explanations from tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from send_screen.estimators._check_input import checked_frame
from send_screen.estimators._explanation import INTERVENTIONAL, explanation
from send_screen.tables import RiskTables


class BinaryRiskClassifier(ClassifierMixin, BaseEstimator):
    """A binary classifier that is defined by its score in log-odds."""

    classes_: np.ndarray
    categorical_features_: dict[str, list[str]]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the score of each child in log-odds.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            Columns as in ``fit``; NaN or None where a value is missing.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)

        Raises
        ------
        ValueError
            If columns are reordered, unknown or missing; the message shows the difference.
        """
        return self._score(X)

    def _score(self, X: Any) -> np.ndarray:
        raise NotImplementedError

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            As for ``decision_function``.

        Returns
        -------
        numpy.ndarray of float64, shape (n, 2)
            Columns as ``classes_``.
        """
        risk = expit(self.decision_function(X))
        return np.column_stack([1.0 - risk, risk])

    def predict(self, X: Any) -> np.ndarray:
        """Return the likelier class of each child. A list is made by capacity, not by this.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            As for ``decision_function``.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        likelier = (self.decision_function(X) > 0).astype(int)  # first: it refuses what is not fitted
        return np.asarray(self.classes_[likelier])

    def _check(self, X: Any) -> pd.DataFrame:
        check_is_fitted(self)
        return checked_frame(self, X, texts=self.categorical_features_, reset=False)


class AdditiveClassifier(BinaryRiskClassifier):
    """A classifier whose every answer is read from ``risk_tables_``."""

    risk_tables_: RiskTables
    term_importances_: pd.Series

    def _set_tables(self, tables: RiskTables, X: pd.DataFrame) -> None:
        self.risk_tables_, self.term_importances_ = tables, tables.term_importances(X)

    def _table_columns(self, X: Any) -> tuple[pd.DataFrame, list[str]]:
        """Return the checked columns that the tables look at, and the names of all columns of ``X``."""
        check_is_fitted(self)
        terms = self.risk_tables_.terms
        frame = checked_frame(
            self,
            X,
            texts=[term.feature for term in terms if hasattr(term, "levels")],
            only=self.risk_tables_.features,
            reset=False,
        )
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(self.n_features_in_)])
        return frame, [str(name) for name in names]

    def _score(self, X: Any) -> np.ndarray:
        frame, _ = self._table_columns(X)
        return self.risk_tables_.score(frame)

    def explain(self, X: Any) -> Any:
        """Return exact interventional Shapley values of the score, with all training rows as background.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            As for ``decision_function``.

        Returns
        -------
        shap.Explanation
            For any plot of ``shap.plots``. ``values`` (n, p) are in log-odds, zero for a feature that the model does
            not look at; ``output_names`` is :data:`~send_screen.estimators.INTERVENTIONAL`.

        Raises
        ------
        ValueError
            As ``decision_function``.
        MissingExtraError
            If shap is not installed.
        """
        frame, names = self._table_columns(X)
        shown = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X), columns=names)
        values = np.zeros(shown.shape, dtype=np.float64)
        values[:, [names.index(feature) for feature in self.risk_tables_.features]] = self.risk_tables_.contributions(
            frame
        )
        return explanation(values, self.risk_tables_.base_value, shown, label=INTERVENTIONAL)
