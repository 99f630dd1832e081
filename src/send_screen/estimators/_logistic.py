"""Penalised logistic regression with monotonic constraints, which hold for missing values too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from send_screen.estimators._base import AdditiveClassifier
from send_screen.estimators._check_input import checked_monotonic_cst
from send_screen.estimators._design import build_designs, fit_linear
from send_screen.tables import RiskTables


class PenalisedLogisticClassifier(AdditiveClassifier):
    r"""L2-penalised logistic regression, with imputation, missing indicators, scaling and levels inside.

    A number becomes its median-imputed value and, where ten or more children miss it, a missing indicator; both are
    scaled to unit variance. Levels become one column each, without a reference and unscaled; a missing level is a
    column too. The objective is scikit-learn's, :math:`\tfrac12\lVert w\rVert^2 + C\sum_i s_i\,\ell_i`, with the
    intercept unpenalised: without constraints the scores are those of ``SimpleImputer(strategy="median",
    add_indicator=True)``, ``StandardScaler`` and ``LogisticRegression`` to 1e-6.

    With a monotonic constraint the risk never falls (``"increasing"``) or never rises (``"decreasing"``) as the feature
    grows. A *missing* value never scores below the lowest-risk observed value. Constrained levels are ordered as in
    ``categorical_features``.

    The tables are under disclosure control. A number is clipped, in fitting and scoring, to a range that at least ten
    children are at or beyond on either side; with fewer than 20 known values it has no slope. Levels of fewer than ten
    children share the value of one merged group (neighbours, where levels are ordered). Where one to nine children miss
    a value, a missing number scores as the median and a missing level as the commonest group. An unknown category
    scores as a missing one; ``risk_tables_.unknown_category(X)`` tells where.

    Parameters
    ----------
    C : float, default=0.1
        Inverse of the penalty's strength.
    monotonic_cst : dict of str to {"increasing", "decreasing"}, optional
        Monotonic constraints; 1, 0 and -1 are taken too. A feature without one may go either way.
    categorical_features : dict of str to sequence of str, optional
        Levels of each text column, in order. Columns of text or of dtype ``category`` need not be named.

    Attributes
    ----------
    risk_tables_ : RiskTables
        The fitted model, in raw units: every score is read from it.
    term_importances_, categorical_features_, classes_, n_features_in_, feature_names_in_
        As in :class:`AdditiveRiskClassifier`.

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
        monotonic_cst: Mapping[str, str | int] | None = None,
        categorical_features: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.C = C
        self.monotonic_cst = monotonic_cst
        self.categorical_features = categorical_features

    def _fit_tables(self, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None) -> RiskTables:
        if not 0.0 < self.C < np.inf:
            raise ValueError(f"C must be a number above 0, not {self.C!r}.")
        monotonic_cst = checked_monotonic_cst(self.monotonic_cst, X.columns)
        designs = build_designs(X, self.categorical_features_, weight, monotonic_cst)
        w, intercept = fit_linear(designs, np.arange(len(X)), y, weight, self.C)
        terms = []
        for design, coefficients in zip(designs, w, strict=True):
            term, shift = design.term(coefficients)
            terms.append(term)
            intercept += shift
        return RiskTables(intercept, tuple(terms), len(X), "penalised logistic regression")
