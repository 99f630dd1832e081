"""Boost depth-2 trees on the residual of a score with LightGBM, and tabulate them exactly."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from send_screen.estimators._bagging import Bag, log_loss
from send_screen.estimators._binned_feature import BinnedFeature, bin_matrix
from send_screen.estimators._lightgbm import REPEATABLE, grow, lightgbm_package, mean_and_error, same_length

_PATIENCE = 20  # rounds without a better held-out score before a booster stops
_BINNING = {
    **REPEATABLE,
    "force_row_wise": False,  # a tree looks at few of the columns: the same trees, sooner
    "force_col_wise": True,
    "is_enable_sparse": False,  # nor are there so many bins that it would pay to leave out the commonest
    "max_bin": 255,
    "min_data_in_bin": 1,
    "feature_pre_filter": False,
}


@dataclass(frozen=True)
class BoostingParams:
    """Hyperparameters of the trees, fixed for all data."""

    max_rounds: int
    learning_rate: float
    feature_fraction: float
    min_leaf: int = 40
    l2: float = 5.0


@dataclass(frozen=True)
class BoostedEnsemble:
    """Boosters, one for each bag, and the number of rounds that all of them use (0 where trees are of no use)."""

    boosters: list[Any]
    n_rounds: int

    def predict(self, bag: int, bins: np.ndarray) -> np.ndarray:
        """Return the sum of a bag's trees for encoded bins: float64, shape (m,)."""
        if self.n_rounds == 0:
            return np.zeros(len(bins))
        return np.asarray(
            self.boosters[bag].predict(bins, raw_score=True, num_iteration=self.n_rounds, num_threads=1),
            dtype=np.float64,
        )


@dataclass(frozen=True)
class BagDatasets:
    """The training and held-out rows of one bag, as LightGBM datasets."""

    bag: Bag
    train: Any
    held_out: Any
    y_held_out: np.ndarray
    weight_held_out: np.ndarray


@dataclass(frozen=True)
class BinnedDataset:
    """Binned features as a LightGBM dataset, made once whatever score the trees start from.

    Attributes
    ----------
    features : sequence of BinnedFeature
        Their signs are monotone constraints.
    allowed : sequence of sequences of int
        Sets of columns that may meet in one branch.
    y, weight : numpy.ndarray of float64, shape (n,)
    dataset : lightgbm.Dataset
        All rows.
    """

    features: Sequence[BinnedFeature]
    allowed: Sequence[Sequence[int]]
    y: np.ndarray
    weight: np.ndarray
    dataset: Any

    @classmethod
    def build(
        cls, features: Sequence[BinnedFeature], allowed: Sequence[Sequence[int]], y: np.ndarray, weight: np.ndarray
    ) -> BinnedDataset:
        """Return the dataset of the training rows."""
        categorical = [j for j, feature in enumerate(features) if feature.categorical]
        dataset = lightgbm_package().Dataset(
            bin_matrix(features), y, weight=weight, params=_BINNING, categorical_feature=categorical
        )
        return cls(features, allowed, y, weight, dataset.construct())

    def split(self, bags: Sequence[Bag]) -> list[BagDatasets]:
        """Return the datasets of each bag."""
        return [
            BagDatasets(
                bag,
                self.dataset.subset(bag.train).construct(),
                self.dataset.subset(bag.held_out).construct(),
                self.y[bag.held_out],
                self.weight[bag.held_out],
            )
            for bag in bags
        ]

    def parameters(self, params: BoostingParams) -> dict[str, Any]:
        """Return LightGBM's parameters."""
        return {
            **_BINNING,
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": params.learning_rate,
            "max_depth": 2,
            "num_leaves": 4,
            "min_data_in_leaf": params.min_leaf,
            "lambda_l2": params.l2,
            "feature_fraction": params.feature_fraction,
            "boost_from_average": False,
            "monotone_constraints": [feature.sign for feature in self.features],
            "interaction_constraints": [list(columns) for columns in self.allowed],
        }


def boost(
    data: BinnedDataset,
    bags: Sequence[BagDatasets],
    starts: Sequence[np.ndarray],
    params: BoostingParams,
    *,
    seed: int,
    n_jobs: int,
) -> BoostedEnsemble:
    """Return a booster of depth-2 trees for each bag, stopped by the held-out loss.

    Parameters
    ----------
    data : BinnedDataset
    bags : sequence of BagDatasets
        From :meth:`BinnedDataset.split`.
    starts : sequence of numpy.ndarray of float64, shape (n,)
        The initial score of each bag, in log-odds.
    params : BoostingParams
    seed : int
    n_jobs : int
        Bags that are fitted at the same time; no figure depends on it.
    """
    lightgbm, parameters = lightgbm_package(), data.parameters(params)

    def fit_bag(b: int) -> tuple[Any, list[float]]:
        own, start = bags[b], starts[b]
        own.train.set_init_score(start[own.bag.train])
        own.held_out.set_init_score(start[own.bag.held_out])
        # made here, because LightGBM keeps what it may print for each thread
        booster = lightgbm.Booster({**parameters, "seed": seed + b}, own.train)
        booster.add_valid(own.held_out, "held out")
        before = log_loss(start[own.bag.held_out], own.y_held_out, own.weight_held_out)
        return booster, grow(booster, before, params.max_rounds, _PATIENCE)

    # a thread a bag: threads inside a tree have too little to do on a few thousand rows
    with ThreadPoolExecutor(n_jobs) as pool:
        fitted = list(pool.map(fit_bag, range(len(bags))))
    curves = same_length([curve for _, curve in fitted])
    n_rounds = choose_n_rounds(curves, np.array([own.weight_held_out.sum() for own in bags]))
    return BoostedEnsemble([booster for booster, _ in fitted], n_rounds)


def choose_n_rounds(curves: np.ndarray, weight: np.ndarray) -> int:
    """Return the fewest rounds whose mean held-out loss is within a standard error of the least (1-SE rule).

    The error is that of the mean, over bags, of the difference between the two losses of one bag.

    Parameters
    ----------
    curves : numpy.ndarray of float, shape (bags, rounds + 1)
        Held-out loss of each bag after 0, 1, ... rounds.
    weight : numpy.ndarray of float, shape (bags,)
    """
    best = int((weight @ curves).argmin())
    mean, error = mean_and_error(curves - curves[:, [best]], weight)
    return int(np.argmax(mean <= error))


def tabulate_shapes(
    ensemble: BoostedEnsemble, bag: int, features: Sequence[BinnedFeature]
) -> tuple[float, tuple[np.ndarray, ...]]:
    """Return trees of one feature each as a constant and, for each feature, one value a bin, the last for missing.

    Exact: such trees are a sum of functions of one feature, so all other features may stay in their first bin.
    """
    grid = []
    for j, feature in enumerate(features):
        rows = np.zeros((feature.n_bins + 1, len(features)))
        rows[:, j] = feature.encode(np.arange(feature.n_bins + 1))
        grid.append(rows)
    base = float(ensemble.predict(bag, np.zeros((1, len(features))))[0])
    values = ensemble.predict(bag, np.concatenate(grid)) - base
    ends = np.cumsum([feature.n_bins + 1 for feature in features])[:-1]
    return base, tuple(_isotonic(own, f) for own, f in zip(np.split(values, ends), features, strict=True))


def tabulate_interactions(
    ensemble: BoostedEnsemble, bag: int, pairs: Sequence[tuple[BinnedFeature, BinnedFeature]]
) -> tuple[float, tuple[np.ndarray, ...]]:
    """Return trees of one pair each as a constant and, for each pair, a grid with missing as last row and column."""
    grid = []
    for k, (first, second) in enumerate(pairs):
        a, b = np.meshgrid(np.arange(first.n_bins + 1), np.arange(second.n_bins + 1), indexing="ij")
        rows = np.zeros((a.size, 2 * len(pairs)))
        rows[:, 2 * k], rows[:, 2 * k + 1] = first.encode(a.ravel()), second.encode(b.ravel())
        grid.append(rows)
    base = float(ensemble.predict(bag, np.zeros((1, 2 * len(pairs))))[0])
    values = ensemble.predict(bag, np.concatenate(grid)) - base
    shapes = [(first.n_bins + 1, second.n_bins + 1) for first, second in pairs]
    ends = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
    return base, tuple(own.reshape(shape) for own, shape in zip(np.split(values, ends), shapes, strict=True))


def _isotonic(values: np.ndarray, feature: BinnedFeature) -> np.ndarray:
    """Return values whose known bins are monotone to the last bit, which differences of sums are up to rounding."""
    if feature.sign:
        values[:-1] = feature.sign * np.maximum.accumulate(feature.sign * values[:-1])
    return values
