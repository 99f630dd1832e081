"""Bagging by delete-a-group folds: each bag is fitted without one fold of schools, which is its held-out data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

_MANY_GROUPS = 2_000
_FOLDS = 4


@dataclass(frozen=True)
class Bag:
    """Row numbers of the training and the held-out rows, both ascending."""

    train: np.ndarray
    held_out: np.ndarray


def make_bags(y: np.ndarray, groups: np.ndarray | None, *, n_repeats: int, seed: int) -> list[list[Bag]]:
    """Return repeats of at most four bags; in each repeat every row is held out of one bag.

    Without groups, rows are left out. Folds have the same share of either class; with more than 2,000 groups they have
    about the same by chance. Empty where there are too few rows of either class, or groups, to hold any out.
    """
    folds = min(_FOLDS, int(min(y.sum(), (1 - y).sum())), len(y) if groups is None else len(np.unique(groups)))
    if folds < 2:
        return []
    repeats = []
    for r in range(n_repeats):
        if groups is None:
            kind = StratifiedKFold
        else:  # stratifying takes a second for a thousand groups
            kind = StratifiedGroupKFold if len(np.unique(groups)) <= _MANY_GROUPS else GroupKFold
        splitter = kind(folds, shuffle=True, random_state=seed + r)
        bags = [Bag(np.sort(a), np.sort(b)) for a, b in splitter.split(np.zeros((len(y), 1)), y, groups)]
        bags = [bag for bag in bags if len(bag.held_out) and 0.0 < y[bag.train].mean() < 1.0]
        if len(bags) > 1:
            repeats.append(bags)
    return repeats


def subsample_groups(n: int, groups: np.ndarray | None, max_rows: int, seed: int) -> np.ndarray:
    """Return the row numbers of about ``max_rows`` of ``n`` rows, whole groups sampled at random: int64, ascending."""
    cluster = np.arange(n) if groups is None else groups
    sizes = np.bincount(cluster)
    order = np.random.default_rng(seed).permutation(len(sizes))
    enough = int(np.searchsorted(np.cumsum(sizes[order]), max_rows)) + 1
    return np.flatnonzero(np.isin(cluster, order[:enough]))


def log_loss(score: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted mean of the logistic loss of log-odds."""
    return float(np.average(np.logaddexp(0.0, score) - y * score, weights=weight))
