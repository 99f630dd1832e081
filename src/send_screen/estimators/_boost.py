"""Trees on what a score leaves over, by LightGBM, and the same trees as tables."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from send_screen.estimators._axes import Axis, bins_of
from send_screen.estimators._bags import Bag, log_loss
from send_screen.estimators._trees import REPEATABLE, grow, lightgbm_package, mean_and_error, same_length

_PATIENCE = 20  # rounds without a better score on the held-out before a booster stops
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
class Boosting:
    """How trees are grown; fixed for all data."""

    rounds: int
    learning_rate: float
    feature_fraction: float
    min_leaf: int = 40
    penalty: float = 5.0


@dataclass(frozen=True)
class Boosted:
    """Boosters, one a bag, and how many rounds are best for all of them together (0 when trees are of no use)."""

    boosters: list[Any]
    rounds: int

    def predict(self, bag: int, bins: np.ndarray) -> np.ndarray:
        """Return what a bag's trees add to the score, for bins as the trees see them: float64, shape (m,)."""
        if self.rounds == 0:
            return np.zeros(len(bins))
        return np.asarray(
            self.boosters[bag].predict(bins, raw_score=True, num_iteration=self.rounds, num_threads=1),
            dtype=np.float64,
        )


@dataclass(frozen=True)
class Grounds:
    """What the trees of one bag are grown on, and what they are judged by, as LightGBM keeps them."""

    bag: Bag
    learn: Any
    held_out: Any
    y_held_out: np.ndarray
    weight_held_out: np.ndarray


@dataclass(frozen=True)
class Columns:
    """Columns that trees may look at, cut into bins once, whatever score the trees are grown on.

    Attributes
    ----------
    axes : sequence of Axis
        Signs are monotone constraints.
    allowed : sequence of sequences of int, or None
        Sets of columns that may meet in one branch; None for any two.
    y, weight : numpy.ndarray of float64, shape (n,)
    binned : lightgbm.Dataset
        Of all the children.
    """

    axes: Sequence[Axis]
    allowed: Sequence[Sequence[int]] | None
    y: np.ndarray
    weight: np.ndarray
    binned: Any

    @classmethod
    def build(
        cls, axes: Sequence[Axis], allowed: Sequence[Sequence[int]] | None, y: np.ndarray, weight: np.ndarray
    ) -> Columns:
        """Return the columns of the training children."""
        categorical = [j for j, axis in enumerate(axes) if axis.categorical]
        binned = lightgbm_package().Dataset(
            bins_of(list(axes)), y, weight=weight, params=_BINNING, categorical_feature=categorical
        )
        return cls(axes, allowed, y, weight, binned.construct())

    def divided(self, bags: Sequence[Bag]) -> list[Grounds]:
        """Return what each bag's trees are grown on."""
        return [
            Grounds(
                bag,
                self.binned.subset(bag.learn).construct(),
                self.binned.subset(bag.held_out).construct(),
                self.y[bag.held_out],
                self.weight[bag.held_out],
            )
            for bag in bags
        ]

    def parameters(self, how: Boosting) -> dict[str, Any]:
        """Return what LightGBM is told of these columns and of how trees are grown on them."""
        told: dict[str, Any] = {
            **_BINNING,
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": how.learning_rate,
            "max_depth": 2,
            "num_leaves": 4,
            "min_data_in_leaf": how.min_leaf,
            "lambda_l2": how.penalty,
            "feature_fraction": how.feature_fraction,
            "boost_from_average": False,
            "monotone_constraints": [axis.sign for axis in self.axes],
        }
        if self.allowed is not None:
            told["interaction_constraints"] = [list(columns) for columns in self.allowed]
        return told


def boost(
    columns: Columns,
    grounds: Sequence[Grounds],
    starts: Sequence[np.ndarray],
    how: Boosting,
    *,
    seed: int,
    n_jobs: int,
) -> Boosted:
    """Return boosters of depth-2 trees, one a bag, each grown on what its bag's score leaves over.

    Parameters
    ----------
    columns : Columns
    grounds : sequence of Grounds
        From :meth:`Columns.divided`.
    starts : sequence of numpy.ndarray of float64, shape (n,)
        Each bag's score to start from.
    how : Boosting
    seed : int
    n_jobs : int
        Bags that grow at the same time; no figure depends on it.
    """
    lightgbm, parameters = lightgbm_package(), columns.parameters(how)

    def grown_bag(b: int) -> tuple[Any, list[float]]:
        own, start = grounds[b], starts[b]
        own.learn.set_init_score(start[own.bag.learn])
        own.held_out.set_init_score(start[own.bag.held_out])
        # made here, because LightGBM keeps what it may print for each thread
        booster = lightgbm.Booster({**parameters, "seed": seed + b}, own.learn)
        booster.add_valid(own.held_out, "held out")
        before = log_loss(start[own.bag.held_out], own.y_held_out, own.weight_held_out)
        return booster, grow(booster, before, how.rounds, _PATIENCE)

    # a thread a bag: threads inside a tree have too little to do on a few thousand children
    with ThreadPoolExecutor(n_jobs) as pool:
        grown = list(pool.map(grown_bag, range(len(grounds))))
    boosters, curves = [booster for booster, _ in grown], [curve for _, curve in grown]
    return Boosted(
        boosters, fewest_rounds(same_length(curves), np.array([own.weight_held_out.sum() for own in grounds]))
    )


def fewest_rounds(curves: np.ndarray, weight: np.ndarray) -> int:
    """Return the fewest rounds whose held-out loss is within a standard error of the least.

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


def shapes_of(boosted: Boosted, bag: int, axes: Sequence[Axis]) -> tuple[float, tuple[np.ndarray, ...]]:
    """Return trees of one feature each as a constant and, for each axis, one value a bin, the last for missing.

    Such trees are a sum of functions of one feature, so their values along each axis, with every other feature in its
    first bin, say all there is.
    """
    grid = []
    for j, axis in enumerate(axes):
        rows = np.zeros((axis.n_bins + 1, len(axes)))
        rows[:, j] = axis.as_seen(np.arange(axis.n_bins + 1))
        grid.append(rows)
    base = float(boosted.predict(bag, np.zeros((1, len(axes))))[0])
    answers = boosted.predict(bag, np.concatenate(grid)) - base
    sizes = np.cumsum([axis.n_bins + 1 for axis in axes])[:-1]
    return base, tuple(_risen(own, axis) for own, axis in zip(np.split(answers, sizes), axes, strict=True))


def interactions_of(
    boosted: Boosted, bag: int, pairs: Sequence[tuple[Axis, Axis]]
) -> tuple[float, tuple[np.ndarray, ...]]:
    """Return trees of one pair each as a constant and, for each pair, a grid with missing as last row and column."""
    width = 2 * len(pairs)
    grid = []
    for k, (first, second) in enumerate(pairs):
        a, b = np.meshgrid(np.arange(first.n_bins + 1), np.arange(second.n_bins + 1), indexing="ij")
        rows = np.zeros((a.size, width))
        rows[:, 2 * k], rows[:, 2 * k + 1] = first.as_seen(a.ravel()), second.as_seen(b.ravel())
        grid.append(rows)
    base = float(boosted.predict(bag, np.zeros((1, width)))[0])
    answers = boosted.predict(bag, np.concatenate(grid)) - base
    sizes = np.cumsum([(first.n_bins + 1) * (second.n_bins + 1) for first, second in pairs])[:-1]
    return base, tuple(
        own.reshape(first.n_bins + 1, second.n_bins + 1)
        for own, (first, second) in zip(np.split(answers, sizes), pairs, strict=True)
    )


def _risen(values: np.ndarray, axis: Axis) -> np.ndarray:
    """Return values whose known bins obey the sign to the last bit, which differences of sums do up to rounding."""
    if axis.sign:
        values[:-1] = axis.sign * np.maximum.accumulate(axis.sign * values[:-1])
    return values
