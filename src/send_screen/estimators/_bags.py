"""Bags: training children without one fold of schools, whose children say when to stop and how sure to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

FOLDS = 4


@dataclass(frozen=True)
class Bag:
    """Places of the children that a bag learns from, and of those held out, both ascending."""

    learn: np.ndarray
    held_out: np.ndarray


def make_bags(y: np.ndarray, groups: np.ndarray | None, *, rounds: int, seed: int) -> list[list[Bag]]:
    """Return rounds of at most four bags; in each round every child is held out of one bag.

    Parameters
    ----------
    y : numpy.ndarray of float64, shape (n,)
        0 or 1.
    groups : numpy.ndarray of int, shape (n,), or None
        Schools. None leaves out children instead.
    rounds, seed : int

    Returns
    -------
    list of list of Bag
        Empty where there are too few children of either class, or schools, to hold any out.
    """
    folds = min(FOLDS, int(min(y.sum(), (1 - y).sum())), len(y) if groups is None else len(np.unique(groups)))
    if folds < 2:
        return []
    made = []
    for r in range(rounds):
        splitter = (StratifiedKFold if groups is None else StratifiedGroupKFold)(
            folds, shuffle=True, random_state=seed + r
        )
        bags = [Bag(np.sort(a), np.sort(b)) for a, b in splitter.split(np.zeros((len(y), 1)), y, groups)]
        bags = [bag for bag in bags if len(bag.held_out) and 0.0 < y[bag.learn].mean() < 1.0]
        if len(bags) > 1:
            made.append(bags)
    return made


def drawn(n: int, groups: np.ndarray | None, most: int, seed: int) -> np.ndarray:
    """Return the places of about ``most`` of ``n`` children, whole schools drawn at random: int64, ascending."""
    serial = np.arange(n) if groups is None else groups
    sizes = np.bincount(serial)
    order = np.random.default_rng(seed).permutation(len(sizes))
    enough = int(np.searchsorted(np.cumsum(sizes[order]), most)) + 1
    return np.flatnonzero(np.isin(serial, order[:enough]))


def log_loss(score: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted mean of the logistic loss of log-odds."""
    return float(np.average(np.logaddexp(0.0, score) - y * score, weights=weight))
