"""Boost depth-2 trees on the residual of a score with LightGBM, and tabulate them exactly."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from send_screen.estimators._bagging import Bag, log_loss
from send_screen.estimators._binned_feature import BinnedFeature, bin_matrix
from send_screen.estimators._lightgbm import (
    REPEATABLE,
    BagDatasets,
    grow,
    lightgbm_package,
    mean_and_error,
    same_length,
    split,
)

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

Terms = Sequence[tuple[BinnedFeature, ...]]
"""Features, one or two, that may meet in one tree. The trees are a sum of functions of one term each."""


@dataclass(frozen=True)
class BoostingParams:
    """Hyperparameters of the trees, fixed for all data."""

    max_rounds: int
    learning_rate: float
    feature_fraction: float
    min_leaf: int = 40
    l2: float = 5.0

    def for_lightgbm(self, terms: Terms) -> dict[str, Any]:
        """Return LightGBM's parameters."""
        features = list(chain(*terms))
        ends = np.cumsum([len(term) for term in terms])
        return {
            **_BINNING,
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": self.learning_rate,
            "max_depth": 2,
            "num_leaves": 4,
            "min_data_in_leaf": self.min_leaf,
            "lambda_l2": self.l2,
            "feature_fraction": self.feature_fraction,
            "boost_from_average": False,
            "monotone_constraints": [feature.sign for feature in features],
            "interaction_constraints": [list(range(e - len(t), e)) for t, e in zip(terms, ends, strict=True)],
        }


@dataclass(frozen=True)
class BoostedEnsemble:
    """Boosters, one for each bag, and the number of rounds that all of them use (0 where trees are of no use)."""

    terms: Terms
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

    def tabulate(self, bag: int) -> tuple[float, tuple[np.ndarray, ...]]:
        """Return a bag's trees as a constant and values of each term, those of missing last on each axis.

        Exact: the trees are a sum of functions of one term, so all other features may stay in their first bin.
        """
        shapes = [tuple(feature.n_bins + 1 for feature in term) for term in self.terms]
        p = sum(map(len, self.terms))
        grids: list[np.ndarray] = []
        column = 0
        for term, shape in zip(self.terms, shapes, strict=True):
            grid = np.zeros((int(np.prod(shape)), p))
            for feature, codes in zip(term, np.indices(shape).reshape(len(shape), -1), strict=True):
                grid[:, column] = feature.encode(codes)
                column += 1
            grids.append(grid)
        base = float(self.predict(bag, np.zeros((1, p)))[0])
        values = self.predict(bag, np.concatenate(grids)) - base
        own = np.split(values, np.cumsum([len(grid) for grid in grids])[:-1])
        return base, tuple(part.reshape(shape) for part, shape in zip(own, shapes, strict=True))


@dataclass(frozen=True)
class BinnedDataset:
    """Binned features of all rows as a LightGBM dataset, made once whatever score the trees start from."""

    terms: Terms
    y: np.ndarray
    weight: np.ndarray
    dataset: Any

    @classmethod
    def build(cls, terms: Terms, y: np.ndarray, weight: np.ndarray) -> BinnedDataset:
        """Return the dataset of the training rows."""
        features = list(chain(*terms))
        categorical = [j for j, feature in enumerate(features) if feature.categorical]
        dataset = lightgbm_package().Dataset(
            bin_matrix(features), y, weight=weight, params=_BINNING, categorical_feature=categorical
        )
        return cls(terms, y, weight, dataset.construct())

    def split(self, bags: Sequence[Bag]) -> list[BagDatasets]:
        """Return the datasets of each bag."""
        return split(self.dataset, bags)


def boost(
    data: BinnedDataset,
    bags: Sequence[BagDatasets],
    starts: Sequence[np.ndarray],
    params: BoostingParams,
    *,
    seed: int,
    n_jobs: int,
) -> BoostedEnsemble:
    """Boost depth-2 trees for each bag on the residual of its initial score (log-odds), stopped by the held-out loss.

    ``n_jobs`` bags are fitted at the same time; no figure depends on it.
    """
    parameters = params.for_lightgbm(data.terms)

    def fit_bag(b: int) -> tuple[Any, list[float]]:
        own, held_out = bags[b], bags[b].bag.held_out
        own.train.set_init_score(starts[b][own.bag.train])
        own.held_out.set_init_score(starts[b][held_out])
        before = log_loss(starts[b][held_out], data.y[held_out], data.weight[held_out])
        parameters_b = {**parameters, "seed": seed + b}
        return grow(parameters_b, own, before, max_rounds=params.max_rounds, patience=_PATIENCE)

    # a thread a bag: threads inside a tree have too little to do on a few thousand rows
    with ThreadPoolExecutor(n_jobs) as pool:
        fitted = list(pool.map(fit_bag, range(len(bags))))
    curves = same_length([curve for _, curve in fitted])
    n_rounds = choose_n_rounds(curves, np.array([data.weight[own.bag.held_out].sum() for own in bags]))
    return BoostedEnsemble(data.terms, [booster for booster, _ in fitted], n_rounds)


def choose_n_rounds(curves: np.ndarray, weight: np.ndarray) -> int:
    """Return the fewest rounds whose mean held-out loss is within a standard error of the least (1-SE rule).

    Curves are of shape (bags, rounds + 1). The error is that of the mean, over bags, of the difference between the two
    losses of one bag.
    """
    best = int((weight @ curves).argmin())
    mean, error = mean_and_error(curves - curves[:, [best]], weight)
    return int(np.argmax(mean <= error))
