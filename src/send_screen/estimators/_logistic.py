"""Penalised logistic regression whose coefficients obey the signs, missing values included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from send_screen.estimators._base import AdditiveClassifier
from send_screen.estimators._columns import LevelColumns, NumberColumns
from send_screen.estimators._inputs import checked_categories, checked_frame, checked_monotonic_cst
from send_screen.estimators._solver import fit_bounded_logistic
from send_screen.estimators._target import checked_target
from send_screen.tables import RiskTables


class PenalisedLogisticClassifier(AdditiveClassifier):
    r"""L2-penalised logistic regression, with imputation, missing indicators, scaling and levels inside.

    A number becomes its median-imputed value and, where ten or more children miss it, a missing indicator; both are
    scaled to unit variance. Levels become one column each, without a reference and unscaled; a missing level is a
    column too. The objective is scikit-learn's, :math:`\tfrac12\lVert w\rVert^2 + C\sum_i s_i\,\ell_i`, with the
    intercept unpenalised: without signs the scores are those of ``SimpleImputer(strategy="median",
    add_indicator=True)``, ``StandardScaler`` and ``LogisticRegression`` to 1e-6.

    With a sign, the risk never falls (``"increasing"``) or never rises (``"decreasing"``) as the feature grows, and a
    child whose value is *missing* never scores below the lowest-risk observed value. Signed levels are ordered as in
    ``categorical_features``.

    What is published follows hard rule 9. A number is clipped, in fitting and scoring, to a range that at least ten
    children are at or beyond on either side (with fewer than 20 known values it has no slope). Levels of fewer than
    ten children share the value of one merged group (neighbours, where levels are ordered). Where one to nine children
    miss a value, a missing number scores as the median does and a missing level as the average child. A level that no
    training child had, or that is not listed, scores as a missing one; ``risk_tables_.unseen(X)`` tells where.

    Parameters
    ----------
    C : float, default=0.1
        Inverse of the penalty's strength.
    monotonic_cst : dict of str to {"increasing", "decreasing"}, optional
        Sign of a feature. A feature without one may go either way.
    categorical_features : dict of str to sequence of str, optional
        Levels of each text column, in order.

    Attributes
    ----------
    risk_tables_ : RiskTables
        The fitted model, in raw units: every score is read from it.
    classes_ : numpy.ndarray, shape (2,)
    n_features_in_ : int
    feature_names_in_ : numpy.ndarray of str, shape (p,)
        Only when fitted on a frame.

    Notes
    -----
    ``check_estimator`` passes but for ``check_sample_weight_equivalence_on_dense_data``: ranges and merging count
    children, not weights, so that a heavy weight cannot publish one child's value. Where no range depends on it, the
    equivalence holds (tested at 2,000 rows).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> reading = np.tile([1.0, 2.0, 3.0, np.nan], 50)
    >>> need = np.tile([1, 0, 0, 0, 1, 1, 0, 0], 25)
    >>> X = pd.DataFrame({"reading": reading})
    >>> model = PenalisedLogisticClassifier(C=1.0, monotonic_cst={"reading": "decreasing"}).fit(X, need)
    >>> model.predict_proba(X)[:4, 1].round(2).tolist()
    [0.98, 0.48, 0.02, 0.02]
    """

    def __init__(
        self,
        C: float = 0.1,
        monotonic_cst: Mapping[str, str] | None = None,
        categorical_features: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.C = C
        self.monotonic_cst = monotonic_cst
        self.categorical_features = categorical_features

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> PenalisedLogisticClassifier:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            Numbers with NaN, and text columns listed in ``categorical_features`` with None, where a value is not known.
        y : array-like, shape (n,)
            Two classes.
        sample_weight : array-like, shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, a column, the target or a weight is not as described.
        """
        if not 0.0 < self.C < np.inf:
            raise ValueError(f"C must be a number above 0, not {self.C!r}.")
        categorical_features = checked_categories(self.categorical_features)
        frame = checked_frame(self, X, texts=categorical_features, reset=True)
        monotonic_cst = checked_monotonic_cst(self.monotonic_cst, frame.columns)
        frame, target, weight, self.classes_ = checked_target(self, frame, y, sample_weight)
        with threadpool_limits(limits=1, user_api="blas"):  # sums in one order at any thread count
            blocks: list[NumberColumns | LevelColumns] = [
                LevelColumns.build(frame[name], categorical_features[name], weight, monotonic_cst.get(name, 0))
                if name in categorical_features
                else NumberColumns.build(frame[name], weight, monotonic_cst.get(name, 0))
                for name in frame.columns
            ]
            w, intercept = fit_bounded_logistic(
                np.column_stack([block.penalised(slice(None)) for block in blocks]),
                target,
                weight,
                maps=[block.A for block in blocks],
                bounded=[block.bounded for block in blocks],
                C=self.C,
            )
            terms = []
            for block, own in zip(blocks, np.split(w, np.cumsum([len(block.A) for block in blocks])[:-1]), strict=True):
                term, shift = block.term(own)
                terms.append(term)
                intercept += shift
        self.risk_tables_ = RiskTables(
            intercept=intercept, terms=tuple(terms), n_background=len(frame), name="penalised logistic regression"
        )
        return self
