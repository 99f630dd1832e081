"""The flagship: backbone, shapes and a few interactions, as accurate as trees and exact to explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from joblib import effective_n_jobs
from threadpoolctl import threadpool_limits

from send_screen.estimators._axes import Axis
from send_screen.estimators._base import AdditiveClassifier
from send_screen.estimators._columns import LevelColumns, NumberColumns
from send_screen.estimators._inputs import checked_categories, checked_frame, checked_monotonic_cst, checked_whole
from send_screen.estimators._learn import Children, learn
from send_screen.estimators._parts import Block, mean_of, tables_of
from send_screen.estimators._target import checked_groups, checked_target
from send_screen.tables import BaggedTables, publish_tables, with_standard_errors


class AdditiveRiskClassifier(AdditiveClassifier):
    r"""An additive model whose every choice is made inside the training data.

    The score, in log-odds, is

    .. math:: f(x) = b + \sum_j \left[ \beta_j x_j + s_j(x_j) \right] + \sum_{jk} t_{jk}(x_j, x_k),

    a penalised logistic backbone, a piecewise constant shape for each feature and at most ``max_pairs`` interactions
    [Lou2013]_. Shapes and interactions are learnt by LightGBM on what is left over, each tree on one feature or one
    pair. Everything is learnt in bags, each without a quarter of the schools (of the children, without ``groups``),
    whose children choose: how backbones of strength none, .001, .01 and .1 are weighed, how many rounds are boosted,
    whether there are interactions, and the affine calibration. The bags are averaged to one set of tables. Of more than
    20,000 children one backbone is learnt: the best, shapes included, on 20,000 of them, schools drawn whole.

    With a sign, the whole score never falls (``"increasing"``) or never rises (``"decreasing"``) as the feature grows,
    whatever the others are, and a child whose value is *missing* never scores below the lowest-risk observed value.
    What is published follows hard rule 9 (:func:`send_screen.tables.published_tables`).

    Parameters
    ----------
    monotonic_cst : dict of str to {"increasing", "decreasing"}, optional
        Sign of a feature. Signed levels are ordered as in ``categorical_features``.
    categorical_features : dict of str to sequence of str, optional
        Levels of each text column, in order. A level that is not listed counts as missing.
    max_pairs : int, default=8
        Most interactions: few enough that a person can look at all of them.
    n_jobs : int, default=1
        Bags that are learnt at the same time, -1 for as many as there are cores. No figure depends on it.
    random_state : int, default=0

    Attributes
    ----------
    risk_tables_ : RiskTables
        The fitted model: every score is read from it.
    bagged_tables_ : BaggedTables or None
        The models of the bags, for how sure a score is; None with too few children to hold any out.
    C_weights_ : dict of (float or None) to float
        Weight of each strength of the backbone that was kept.
    classes_ : numpy.ndarray, shape (2,)
    n_features_in_ : int
    feature_names_in_ : numpy.ndarray of str, shape (p,)
        Only when fitted on a frame.

    Notes
    -----
    ``check_estimator`` passes but for ``check_sample_weight_equivalence_on_dense_data``: bags hold out rows, and bins
    and leaves count children, so a child of weight two is not two children (tested within a tolerance at 2,000 rows).

    References
    ----------
    .. [Lou2013] Lou, Caruana, Gehrke and Hooker (2013), Accurate intelligible models with pairwise interactions, KDD.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> reading = np.tile([1.0, 2.0, 3.0, np.nan], 100)
    >>> need = np.tile([1, 0, 0, 0, 1, 1, 0, 0], 50)
    >>> model = AdditiveRiskClassifier(monotonic_cst={"reading": "decreasing"})
    >>> model.fit(pd.DataFrame({"reading": reading}), need).risk_tables_.features
    ('reading',)
    """

    bagged_tables_: BaggedTables | None

    def __init__(
        self,
        monotonic_cst: Mapping[str, str] | None = None,
        categorical_features: Mapping[str, Sequence[str]] | None = None,
        max_pairs: int = 8,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.monotonic_cst = monotonic_cst
        self.categorical_features = categorical_features
        self.max_pairs = max_pairs
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> AdditiveRiskClassifier:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)
            Numbers with NaN, and text columns listed in ``categorical_features`` with None, where a value is not known.
        y : array-like, shape (n,)
            Two classes.
        groups : array-like, shape (n,), optional
            Schools: each is held out whole, and so are the children whose school is not known (NaN or None).
        sample_weight : array-like, shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, a column, the target, a group or a weight is not as described.
        MissingExtraError
            If LightGBM is not installed.
        """
        max_pairs = checked_whole("max_pairs", self.max_pairs)
        seed = checked_whole("random_state", self.random_state)
        categorical_features = checked_categories(self.categorical_features)
        frame = checked_frame(self, X, texts=categorical_features, reset=True)
        monotonic_cst = checked_monotonic_cst(self.monotonic_cst, frame.columns)
        schools = checked_groups(groups, frame, sample_weight)
        frame, target, weight, self.classes_ = checked_target(self, frame, y, sample_weight)
        with threadpool_limits(limits=1, user_api="blas"):  # sums in one order at any thread count
            blocks: list[Block] = [
                LevelColumns.build(frame[name], categorical_features[name], weight, monotonic_cst.get(name, 0))
                if name in categorical_features
                else NumberColumns.build(frame[name], weight, monotonic_cst.get(name, 0))
                for name in frame.columns
            ]
            axes = [Axis.build(block) for block in blocks]
            learnt = learn(
                Children(blocks, axes, target, weight),
                schools,
                max_pairs=max_pairs,
                seed=seed,
                n_jobs=effective_n_jobs(self.n_jobs),
            )

            made = [
                tables_of(parts, blocks, axes, learnt.pairs, "additive risk model")
                for parts in (mean_of(learnt.bags), *(learnt.bags if len(learnt.bags) > 1 else ()))
            ]
            self.risk_tables_, *of_bags = publish_tables(made, frame, monotonic_cst=monotonic_cst)
            self.bagged_tables_ = None
            if of_bags:
                self.bagged_tables_ = BaggedTables.learnt_from(frame, of_bags, learnt.rounds)
                self.risk_tables_ = with_standard_errors(self.risk_tables_, self.bagged_tables_)
        self.C_weights_ = learnt.strengths
        return self
