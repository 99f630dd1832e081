"""Base classes of the estimators: one ``fit`` that validates, a score in log-odds, and explanations from tables."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted
from threadpoolctl import threadpool_limits

from send_screen.estimators._check_input import Levels, checked_categories, checked_frame, checked_target
from send_screen.estimators._explanation import INTERVENTIONAL, explanation
from send_screen.tables import LevelsTerm, RiskTables
from send_screen.tables._column_names import as_pandas


class BinaryRiskClassifier(ClassifierMixin, BaseEstimator):
    """A binary classifier that is defined by its score in log-odds."""

    # with metadata routing, groups reach every fit without set_fit_request
    __metadata_request__fit = {"groups": True}  # noqa: RUF012 (scikit-learn reads it from the class)

    classes_: np.ndarray
    categorical_features_: dict[str, list[str]]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any, *, groups: Any = None, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            Numbers and categorical features; NaN or None where a value is missing. A frame of pandas, polars or
            pyarrow.
        y : array-like, shape (n,)
            Two classes.
        groups : array-like, shape (n,), optional
            Schools. A model that holds out rows for its own tuning holds out whole schools (a missing school counts as
            one). Other models ignore them.
        sample_weight : array-like, shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, a column, the target, a group or a weight is not as described.
        MissingExtraError
            If a package that the model needs is not installed.
        """
        X = as_pandas(X)
        self._text_columns, self._used_columns = self._choose_columns(X)
        frame = checked_frame(self, X, text_columns=self._text_columns, columns=self._used_columns, reset=True)
        frame, y, weight, groups, self.classes_ = checked_target(self, frame, y, groups, sample_weight)
        self._fit(frame, y, weight, groups)
        return self

    def _choose_columns(self, X: Any) -> tuple[Levels, list[str] | None]:
        """Return the levels of columns of text, and the columns that the model uses: None for all."""
        monotonic_cst = getattr(self, "monotonic_cst", None)
        self.categorical_features_ = checked_categories(self.categorical_features, X, monotonic_cst)
        return self.categorical_features_, None

    def _fit(self, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None) -> None:
        """Fit to rows of positive weight (y is 0 or 1, groups are serial numbers): implemented by each subclass."""
        raise NotImplementedError

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
        return self._score(self._checked(X))

    def _checked(self, X: Any) -> pd.DataFrame:
        """Return the columns that the model uses, checked as in ``fit``."""
        check_is_fitted(self)
        return checked_frame(
            self, as_pandas(X), text_columns=self._text_columns, columns=self._used_columns, reset=False
        )

    def _score(self, X: pd.DataFrame) -> np.ndarray:
        """Return the score in log-odds: implemented by each subclass."""
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
        """Return the more probable class of each child. Lists are made by capacity, not by this.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            As for ``decision_function``.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        above = (self.decision_function(X) > 0).astype(int)  # first, since it checks that the model is fitted
        return np.asarray(self.classes_[above])

    def report(self, X: Any, y: Any, *, sensitive_features: Any = None, groups: Any = None, **options: Any) -> Any:
        """Evaluate the model on children whom it was not fitted on.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            As for ``decision_function``.
        y : array-like, shape (n,)
            The classes of ``fit``.
        sensitive_features : Series, DataFrame, dict or array-like, optional
            Groups to compare, one column an attribute.
        groups : array-like, shape (n,), optional
            Schools, for intervals clustered by school.
        **options
            Of :func:`send_screen.evaluate`, for example ``capacity``.

        Returns
        -------
        Evaluation
            As :func:`send_screen.evaluate` returns: tidy frames, and a page that a notebook shows.

        Raises
        ------
        ValueError
            As ``decision_function``, or if a class was not there in ``fit``.
        SendScreenError
            As :func:`send_screen.evaluate`.
        """
        from send_screen.workflows import evaluate

        risk = self.predict_proba(X)[:, 1]
        label = pd.Series(y)
        if not label.isin(self.classes_).all():
            raise ValueError(f"y holds something other than the classes of fit, {self.classes_.tolist()}.")
        options = {"title": type(self).__name__, **options}
        outcome = label == self.classes_[1]
        return evaluate(outcome, risk, sensitive_features=sensitive_features, groups=groups, **options)


class AdditiveClassifier(BinaryRiskClassifier):
    """A classifier whose scores and explanations are computed from ``risk_tables_``."""

    risk_tables_: RiskTables

    @property
    def term_importances_(self) -> pd.Series:
        """Mean absolute contribution of each term over the training rows (:meth:`RiskTables.term_importances`)."""
        return pd.Series(self._term_importances)

    def _fit(self, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None) -> None:
        with threadpool_limits(limits=1, user_api="blas"):  # sums in one order at any thread count
            self.risk_tables_ = self._fit_tables(X, y, weight, groups)
        # a plain dict, since skops keeps no series
        self._term_importances = dict(self.risk_tables_.term_importances(X).items())

    def _fit_tables(self, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None) -> RiskTables:
        """Return the fitted model as tables: implemented by each subclass."""
        raise NotImplementedError

    def _score(self, X: pd.DataFrame) -> np.ndarray:
        return self.risk_tables_.score(X)

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
            not use; ``output_names`` is :data:`~send_screen.estimators.INTERVENTIONAL`. ``data`` are numbers: for
            text, the position of its level. ``display_data`` holds the texts, or is None where there are none. Where
            all columns are float64, or all float32, ``data`` is the memory of ``X``.

        Raises
        ------
        ValueError
            As ``decision_function``.
        MissingExtraError
            If shap is not installed.
        """
        X = as_pandas(X)
        frame = self._checked(X)
        names = list(_check_feature_names_in(self))
        shown = (X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))).set_axis(names, axis=1)
        tables = self.risk_tables_
        values = tables.contributions(frame)
        if list(tables.features) != names:
            used, values = values, np.zeros(shown.shape, dtype=np.float64)
            values[:, [names.index(feature) for feature in tables.features]] = used
        levels = {term.feature: list(term.levels) for term in tables.terms if isinstance(term, LevelsTerm)}
        return explanation(values, tables.base_value, shown, label=INTERVENTIONAL, levels=levels)

    def plot(self, term: str | tuple[str, str]) -> Any:
        """Plot a term: what a feature, or the interaction of two, adds to the score in log-odds.

        Parameters
        ----------
        term : str or pair of str
            A feature, or the two of an interaction.

        Returns
        -------
        Picture
            An SVG that a notebook shows, with two standard errors where the model has ``bagged_tables_``;
            ``str(picture)`` is the file.

        Raises
        ------
        UsageError
            If the model has no such term.
        """
        from send_screen.reports import draw_term

        check_is_fitted(self)
        return draw_term(self.risk_tables_, getattr(self, "bagged_tables_", None), term)
