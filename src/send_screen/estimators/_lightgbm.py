"""LightGBM: deterministic parameters, and boosting with early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from send_screen.errors import MissingExtraError
from send_screen.estimators._bagging import Bag

DETERMINISTIC = {"deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}
"""Parameters of every booster. One thread each: more do not pay for a few thousand rows."""


def lightgbm_package() -> Any:
    """Return the package lightgbm, or raise ``MissingExtraError``."""
    try:
        import lightgbm
    except ImportError:
        raise MissingExtraError(
            "The package lightgbm is needed to fit boosted trees, and it is not installed.",
            remedy="Install it with: pip install 'send-screen[train]'.",
        ) from None
    return lightgbm


@dataclass(frozen=True)
class BagDatasets:
    """The training and held-out rows of one bag, as LightGBM datasets."""

    bag: Bag
    train: Any
    held_out: Any


def split(dataset: Any, bags: Sequence[Bag]) -> list[BagDatasets]:
    """Return the datasets of each bag."""
    return [
        BagDatasets(bag, dataset.subset(bag.train).construct(), dataset.subset(bag.held_out).construct())
        for bag in bags
    ]


def train_with_early_stopping(
    parameters: dict[str, Any], data: BagDatasets, loss_before: float, *, max_rounds: int, patience: int
) -> tuple[Any, list[float]]:
    """Return a booster, stopped when its held-out loss has not fallen for ``patience`` rounds, and the loss by round.

    The first loss is that without trees.
    """
    # built in the thread that trains it, because LightGBM keeps its verbosity for each thread
    booster = lightgbm_package().Booster(parameters, data.train)
    booster.add_valid(data.held_out, "held out")
    curve = [loss_before]
    while len(curve) <= max_rounds and len(curve) - int(np.argmin(curve)) <= patience:
        if booster.update():  # no split is left
            break
        curve.append(float(booster.eval_valid()[0][2]))
    return booster, curve


def pad_curves(curves: Sequence[Sequence[float]]) -> np.ndarray:
    """Return loss curves as rows of equal length: one that stopped early is continued with its last loss."""
    longest = max(map(len, curves))
    return np.array([[*curve, *[curve[-1]] * (longest - len(curve))] for curve in curves])


def mean_and_standard_error(values: np.ndarray, weight: np.ndarray) -> tuple[Any, Any]:
    """Return the weighted mean over bags, the first axis, and its standard error: 0 with one bag only."""
    share = weight / weight.sum()
    mean = share @ values
    return mean, np.sqrt(share**2 @ (values - mean) ** 2 * len(values) / max(len(values) - 1, 1))


def choose_n_rounds(curves: Sequence[Sequence[float]], weight: np.ndarray) -> int:
    """Return the fewest rounds whose mean held-out loss is within a standard error of the least (1-SE rule).

    It is the standard error, over bags, of the mean difference from the least loss.
    """
    losses = pad_curves(curves)
    best = int((weight @ losses).argmin())
    mean, error = mean_and_standard_error(losses - losses[:, [best]], weight)
    return int(np.argmax(mean <= error))
