"""The additive model: linear component, shape functions and a few interactions, as accurate as boosted trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from joblib import effective_n_jobs

from send_screen.estimators._base import AdditiveClassifier
from send_screen.estimators._check_input import checked_monotonic_cst, checked_seed, checked_whole
from send_screen.estimators._clusters import groups_or_clusters
from send_screen.estimators._fit_additive import fit_additive
from send_screen.estimators._publish_tables import publish_tables
from send_screen.estimators._training_data import TrainingData, mean_components, with_flat_terms
from send_screen.tables import BaggedTables, RiskTables, with_standard_errors


class AdditiveRiskClassifier(AdditiveClassifier):
    r"""A generalised additive model with pairwise interactions, every hyperparameter chosen inside the training data.

    The score, in log-odds, is

    .. math:: f(x) = b + \sum_j \left[ \beta_j x_j + s_j(x_j) \right] + \sum_{jk} t_{jk}(x_j, x_k),

    a penalised logistic regression, a piecewise constant shape function for each feature, and at most ``max_pairs``
    interactions [Lou2013]_. Shapes and interactions are boosted by LightGBM on the residual, each tree on one feature
    or one pair. The model is the mean of a bagged ensemble. Each bag leaves out a quarter of the schools. Without
    ``groups`` it leaves out rows, or detected clusters of rows, such as the children of a class whose size is a
    feature; a warning then says so. The held-out rows choose the averaging weights of four linear components (none, and
    C, the inverse of the penalty, of .001, .01 and .1), the number of boosting rounds, whether there are interactions,
    and the affine calibration. Of more than 20,000 rows, one C is chosen on 20,000 of them, schools sampled whole. Of
    more than 100,000 rows, C is not 0, and trees are shrunk less, so that there are fewer. With fewer than 40 schools
    the weights are stacking weights over schools [Yao2018]_, whatever the number of rows: each school counts once.

    With a monotonic constraint the whole score never falls (``"increasing"``) or never rises (``"decreasing"``) as the
    feature grows, whatever the others are. A *missing* value never scores below the lowest-risk observed value.
    The tables are under disclosure control: they reveal no count of 1 to 9 (:func:`publish_tables`).

    Parameters
    ----------
    monotonic_cst : dict of str to {"increasing", "decreasing"}, optional
        Monotonic constraints; 1, 0 and -1 are taken too. Levels are in the order of ``categorical_features``.
    categorical_features : dict of str to sequence of str, optional
        Levels of each text column, in order. A level that is not listed counts as missing. Columns of text or of
        dtype ``category`` are categorical without being named.
    max_pairs : int, default=8
        Most interactions: few enough that a person can look at all of them.
    max_terms : int, optional
        Most features that have a term, interactions being of these alone. The model is fitted twice: to all features,
        and to those whose mean absolute contribution is largest. All others keep a flat term, and are still asked for.
    n_jobs : int, default=1
        Bags that are fitted at the same time, -1 for as many as there are cores. No figure depends on it.
    random_state : int, RandomState or None, default=0
        None draws another seed at each fit.

    Attributes
    ----------
    risk_tables_ : RiskTables
        The fitted model: every score is read from it.
    bagged_tables_ : BaggedTables or None
        The bagged ensemble, for standard errors; None with too few rows to hold any out.
    term_importances_ : pandas.Series of float64
        Mean absolute contribution of each term over the training rows (:meth:`RiskTables.term_importances`).
    C_weights_ : dict of float to float
        Weight of each inverse penalty C of the linear component; 0 is no linear component.
    categorical_features_ : dict of str to list of str
        Levels of each categorical feature.
    classes_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    ``check_estimator`` passes but for ``check_sample_weight_equivalence_on_dense_data``: bags hold out rows, and bins
    and leaves count rows, so a row of weight two is not two rows (tested within a tolerance at 2,000 rows).

    References
    ----------
    .. [Lou2013] Lou, Caruana, Gehrke and Hooker (2013), Accurate intelligible models with pairwise interactions, KDD.
    .. [Yao2018] Yao, Vehtari, Simpson and Gelman (2018), Using stacking to average Bayesian predictive distributions,
       Bayesian Analysis 13.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> reading = np.tile([1.0, 2.0, 3.0, np.nan], 100)
    >>> need = np.tile([1, 0, 0, 0, 1, 1, 0, 0], 50)
    >>> model = AdditiveRiskClassifier(monotonic_cst={"reading": "decreasing"})
    >>> model.fit(pd.DataFrame({"reading": reading}), need).risk_tables_
    RiskTables('additive risk model': 1 terms, 400 training rows)
    """

    bagged_tables_: BaggedTables | None

    def __init__(
        self,
        monotonic_cst: Mapping[str, str | int] | None = None,
        categorical_features: Mapping[str, Sequence[str]] | None = None,
        max_pairs: int = 8,
        max_terms: int | None = None,
        n_jobs: int = 1,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.monotonic_cst = monotonic_cst
        self.categorical_features = categorical_features
        self.max_pairs = max_pairs
        self.max_terms = max_terms
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit_tables(self, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None) -> RiskTables:
        max_terms = X.shape[1] if self.max_terms is None else checked_whole("max_terms", self.max_terms, least=1)
        seed = checked_seed(self.random_state)
        groups = groups_or_clusters(X, groups)
        tables = self._fit_features(X, list(X.columns), y, weight, groups, seed)
        if max_terms < X.shape[1]:
            importance = np.abs(tables.contributions(X)).mean(axis=0)
            kept = np.sort(np.argsort(-importance, kind="stable")[:max_terms])
            tables = self._fit_features(X, [X.columns[j] for j in kept], y, weight, groups, seed)
        return tables

    def _fit_features(
        self,
        X: pd.DataFrame,
        kept: list[str],
        y: np.ndarray,
        weight: np.ndarray,
        groups: np.ndarray | None,
        seed: int,
    ) -> RiskTables:
        """Fit to the features ``kept``; the others get a flat term."""
        max_pairs = checked_whole("max_pairs", self.max_pairs)
        monotonic_cst = checked_monotonic_cst(self.monotonic_cst, X.columns)
        signs = {feature: sign for feature, sign in monotonic_cst.items() if feature in kept}
        levels = {name: levels for name, levels in self.categorical_features_.items() if name in kept}
        data = TrainingData.build(X if kept == list(X.columns) else X[kept], y, weight, levels, signs)
        fitted = fit_additive(data, groups, max_pairs=max_pairs, seed=seed, n_jobs=effective_n_jobs(self.n_jobs))
        self.C_weights_, self.bagged_tables_ = fitted.C_weights, None
        members = fitted.bags if len(fitted.bags) > 1 else []
        tables, *bagged = publish_tables(
            [
                with_flat_terms(
                    data.tables(components, fitted.pairs, "additive risk model"), X.columns, self.categorical_features_
                )
                for components in (mean_components(fitted.bags), *members)
            ],
            X,
            monotonic_cst=monotonic_cst,
        )
        if bagged:
            self.bagged_tables_ = BaggedTables.from_training(X, bagged, fitted.repeats)
            tables = with_standard_errors(tables, self.bagged_tables_)
        return tables
