"""LightGBM: deterministic parameters, and boosting with early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from send_screen.errors import MissingExtraError

REPEATABLE = {"deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}
"""Parameters of every booster. One thread each: a few thousand children are too little work for more."""


def lightgbm_package() -> Any:
    """Return the package lightgbm.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import lightgbm
    except ImportError:
        raise MissingExtraError(
            "The package lightgbm is needed to fit boosted trees, and it is not installed.",
            remedy="Install it with: pip install 'send-screen[train]'.",
        ) from None
    return lightgbm


def grow(booster: Any, before: float, most: int, patience: int) -> list[float]:
    """Grow a booster until its held-out loss has long been rising; return that loss after 0, 1, ... rounds.

    Parameters
    ----------
    booster : lightgbm.Booster
        With one validation set and one metric.
    before : float
        The loss before any tree.
    most : int
        Most rounds.
    patience : int
        Rounds without a better loss before it stops.
    """
    curve = [before]
    while len(curve) <= most and len(curve) - int(np.argmin(curve)) <= patience:
        if booster.update():  # no split is left
            break
        curve.append(float(booster.eval_valid()[0][2]))
    return curve


def same_length(curves: Sequence[Sequence[float]]) -> np.ndarray:
    """Return curves as rows of one length: one that stopped early stays at its last loss."""
    longest = max(map(len, curves))
    return np.array([[*curve, *[curve[-1]] * (longest - len(curve))] for curve in curves])


def mean_and_error(values: np.ndarray, weight: np.ndarray) -> tuple[Any, Any]:
    """Return the weighted mean over bags, and its standard error.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (bags, ...)
    weight : numpy.ndarray of float, shape (bags,)

    Returns
    -------
    mean, error : float, or numpy.ndarray of float
        The error is 0 where there is one bag only.
    """
    share = weight / weight.sum()
    mean = share @ values
    return mean, np.sqrt(share**2 @ (values - mean) ** 2 * len(values) / max(len(values) - 1, 1))
