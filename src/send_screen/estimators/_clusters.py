"""Detect clusters of rows, such as the children of one class, where no groups are given.

A feature of a class, such as its size, identifies the class. If some of its children are in training and others held
out, what was learnt about the class raises held-out accuracy, and the hyperparameters chosen generalise badly.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

_MAX_PAIRS, _PAIRS_PER_ROW, _BATCH = 200_000, 50, 20_000
_MIN_VALUES = 10  # distinct values; with fewer, neighbouring values are too far apart
_MIN_RATIO = 1.1  # in real data 1.2 or more for features of a class or school, below 1 for features of a child
_N_ERRORS = 4.0  # standard errors: among many pairs of features some ratio is large by chance
_MIN_CLUSTERS = 20


def groups_or_clusters(X: pd.DataFrame, groups: np.ndarray | None) -> np.ndarray | None:
    """Return ``groups``, or, without any, the clusters that are detected, with a warning."""
    found = find_clusters(X) if groups is None else None
    if found is None:
        return groups
    clusters, first, second = found
    warnings.warn(
        f"No 'groups' are given, and rows that agree in {first!r} and {second!r} seem to be of one class or school: "
        "they are held out together. Give their schools as 'groups', or a number of its own for each row if none "
        "belong together.",
        UserWarning,
        stacklevel=4,
    )
    return clusters


def find_clusters(X: pd.DataFrame) -> tuple[np.ndarray, str, str] | None:
    """Return the cluster of each row, int64, shape (n,), and the two features that identify it; None without clusters.

    The joint distribution of two features of a child is smooth: pairs of children with equal values in both are about
    as frequent (relative to independence) as pairs with equal values in one and neighbouring values in the other, or
    with neighbouring values in both. Two features of a class are equal for all its children, so equal pairs are far
    more frequent. The two features with the largest ratio of these frequencies identify the clusters, if the ratio is
    significantly above 1 and not due to a few values.
    """
    ranks = {
        name: pd.factorize(X[name], sort=True)[0]
        for name in X.columns
        if pd.api.types.is_numeric_dtype(X[name]) and _MIN_VALUES <= X[name].nunique() <= len(X) // 2
    }
    if len(ranks) < 2:
        return None
    names = list(ranks)
    ratio = _ratios(np.column_stack(list(ranks.values())))
    for best in np.argsort(-ratio, axis=None):
        j, k = divmod(int(best), len(names))
        if ratio[j, k] < _MIN_RATIO:
            break
        clusters = X.groupby([names[j], names[k]], sort=True, dropna=False).ngroup().to_numpy()
        sizes = np.bincount(clusters)
        n_pairs = sizes * (sizes - 1.0)
        # the effective number of clusters, by the pairs of rows in each
        if n_pairs.sum() ** 2 >= _MIN_CLUSTERS * (n_pairs**2).sum():
            return clusters, names[j], names[k]
    return None


def _ratios(ranks: np.ndarray) -> np.ndarray:
    """Return for columns j < k a lower bound of the ratio: frequency of equal values over that of neighbouring values.

    It is the ratio of a lower to an upper confidence limit, from random pairs of rows. Negative ranks are missing
    values.
    """
    rng = np.random.default_rng(0)
    n, p = ranks.shape
    # (equal, equal); (equal, one step); (equal, two steps); one step in the same direction; in opposite directions
    joint = np.zeros((5, p, p))
    marginal = np.zeros((4, p))  # equal, one step above, one step below, two steps
    for _ in range(max(1, min(_MAX_PAIRS, _PAIRS_PER_ROW * n) // _BATCH)):
        first, second = ranks[rng.integers(0, n, (2, _BATCH))]
        steps = np.where((first >= 0) & (second >= 0), first - second, n)
        relations = [(steps == 0), (steps == 1), (steps == -1), (np.abs(steps) == 2)]
        equal, above, below, two_apart = (relation.astype(np.float32) for relation in relations)
        joint += [
            equal.T @ equal,
            equal.T @ (above + below),
            equal.T @ two_apart,
            above.T @ above + below.T @ below,
            above.T @ below + below.T @ above,
        ]
        marginal += [relation.sum(axis=0) for relation in (equal, above, below, two_apart)]
    equal, above, below, two_apart = marginal
    expected = [
        np.outer(equal, equal),
        np.outer(equal, above + below),
        np.outer(equal, two_apart),
        np.outer(above, above) + np.outer(below, below),
        np.outer(above, below) + np.outer(below, above),
    ]
    errors = _N_ERRORS * np.sqrt(joint)
    low = np.maximum(joint - errors, 1e-9) / np.maximum(expected, 1.0)
    upper = (joint + errors + _N_ERRORS**2) / np.maximum(expected, 1.0)
    # the peak of a normal curve through its values at one and two steps
    peak = upper[1] * np.clip(np.cbrt(upper[1] / low[2]), 1.0, 3.0)
    ratio: np.ndarray = np.triu(low[0] / np.max([peak, peak.T, upper[3], upper[4]], axis=0), 1)
    return ratio
