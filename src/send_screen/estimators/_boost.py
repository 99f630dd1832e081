"""Boost depth-2 trees on the residual of a score with LightGBM, and tabulate them exactly."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from send_screen.estimators._bagging import Bag, log_loss
from send_screen.estimators._binned_feature import BinnedFeature, bin_matrix
from send_screen.estimators._lightgbm import (
    DETERMINISTIC,
    BagDatasets,
    choose_n_rounds,
    lightgbm_package,
    split,
    train_with_early_stopping,
)
from send_screen.estimators._solver import MANY_ROWS

_PATIENCE = 20  # rounds without a better held-out score before a booster stops
_DATASET_PARAMETERS = {
    **DETERMINISTIC,
    "force_row_wise": False,  # each tree uses few of the columns: the same trees, faster
    "force_col_wise": True,
    "is_enable_sparse": False,  # too few bins for sparse storage to pay
    "max_bin": 255,
    "min_data_in_bin": 1,
    "feature_pre_filter": False,
}

_TREE_PARAMETERS = {
    **_DATASET_PARAMETERS,
    "objective": "binary",
    "metric": "binary_logloss",
    "max_depth": 2,
    "num_leaves": 4,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "boost_from_average": False,
}

Terms = Sequence[tuple[BinnedFeature, ...]]
"""The features of each term, one or two. A tree splits on those of one term, so the trees are a sum over terms."""


@dataclass(frozen=True)
class BoostedEnsemble:
    """Boosters, one for each bag, and the number of rounds that all of them use (0 where trees do not help)."""

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
        """Return a bag's trees as a constant and a grid of values for each term, missing last on each axis.

        This is exact: the trees are a sum over terms, so each grid is predicted with all other features in bin 0.
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
        parts = np.split(values, np.cumsum([len(grid) for grid in grids])[:-1])
        return base, tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))


@dataclass(frozen=True)
class BinnedDataset:
    """Binned features of all rows as a LightGBM dataset, built once for any initial score."""

    terms: Terms
    y: np.ndarray
    weight: np.ndarray

    @cached_property
    def dataset(self) -> Any:
        """All rows as a ``lightgbm.Dataset``."""
        features = list(chain(*self.terms))
        categorical = [j for j, feature in enumerate(features) if feature.categorical]
        dataset = lightgbm_package().Dataset(
            bin_matrix(features),
            self.y,
            weight=self.weight,
            params=_DATASET_PARAMETERS,
            categorical_feature=categorical,
        )
        return dataset.construct()

    def split(self, bags: Sequence[Bag]) -> list[BagDatasets]:
        """Return the datasets of each bag."""
        return split(self.dataset, bags)


def boost(
    data: BinnedDataset,
    bags: Sequence[BagDatasets],
    init_scores: Sequence[np.ndarray],
    *,
    feature_fraction: float,
    max_rounds: int = 1000,
    seed: int,
    n_jobs: int,
) -> BoostedEnsemble:
    """Boost depth-2 trees for each bag on the residual of its initial score (log-odds), stopped by the held-out loss.

    Trees are shrunk to a tenth; with more than 100,000 rows, whose leaves have little noise, to a half, in a quarter of
    the rounds. ``n_jobs`` bags are fitted at the same time; no figure depends on it.
    """
    many = len(data.y) > MANY_ROWS
    ends = np.cumsum([len(term) for term in data.terms])
    parameters = {
        **_TREE_PARAMETERS,
        "learning_rate": 0.5 if many else 0.1,
        "feature_fraction": feature_fraction,
        "monotone_constraints": [feature.sign for feature in chain(*data.terms)],
        "interaction_constraints": [list(range(e - len(t), e)) for t, e in zip(data.terms, ends, strict=True)],
    }

    def fit_bag(b: int) -> tuple[Any, list[float]]:
        datasets, held_out = bags[b], bags[b].bag.held_out
        datasets.train.set_init_score(init_scores[b][datasets.bag.train])
        datasets.held_out.set_init_score(init_scores[b][held_out])
        before = log_loss(init_scores[b][held_out], data.y[held_out], data.weight[held_out])
        parameters_b, patience = {**parameters, "seed": seed + b}, _PATIENCE // 2 if many else _PATIENCE
        booster, curve = train_with_early_stopping(
            parameters_b, datasets, before, max_rounds=max_rounds, patience=patience
        )
        # the trees alone: with a booster in training, some fifty bytes a row are kept
        return lightgbm_package().Booster(model_str=booster.model_to_string(num_iteration=-1)), curve

    # one thread per bag: threads inside a tree do not pay for a few thousand rows
    with ThreadPoolExecutor(n_jobs) as pool:
        fitted = list(pool.map(fit_bag, range(len(bags))))
    weight = np.array([data.weight[datasets.bag.held_out].sum() for datasets in bags])
    n_rounds = choose_n_rounds([curve for _, curve in fitted], weight)
    return BoostedEnsemble(data.terms, [booster for booster, _ in fitted], n_rounds)
