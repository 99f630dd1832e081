"""Quantile bins of training children, merged until each bin or cell of a grid has no child or at least ten."""

from __future__ import annotations

import math

import numpy as np

from send_screen.tables import MINIMUM_CHILDREN


def quantile_cut_points(x: np.ndarray, max_bins: int) -> np.ndarray:
    """Return cut points halfway between values: at most ``max_bins`` bins, at least ten children in each."""
    values, counts = np.unique(x[~np.isnan(x)], return_counts=True)
    cumulative = np.cumsum(counts)
    n = int(cumulative[-1]) if len(cumulative) else 0
    positions = np.arange(len(values) - 1)
    if len(values) > max_bins:
        positions = np.unique(np.searchsorted(cumulative, np.arange(1, max_bins) * n / max_bins))
    edges: list[float] = []
    last = 0
    for position in positions[positions < len(values) - 1]:
        if cumulative[position] - last >= MINIMUM_CHILDREN and n - cumulative[position] >= MINIMUM_CHILDREN:
            middle = (values[position] + values[position + 1]) / 2.0
            if edges and middle <= edges[-1]:  # no float lies between the two values
                continue
            edges.append(middle)
            last = int(cumulative[position])
    return np.array(edges, dtype=np.float64)


def shortest_cut_point(edge: float, known: np.ndarray) -> float:
    """Return the shortest decimal that divides the ascending ``known`` values as ``edge`` does."""
    i = int(np.searchsorted(known, edge, side="left"))
    below, above = float(known[i - 1]), float(known[i])
    for digits in range(-6, 17):
        for candidate in (round(edge, digits), math.floor(above * 10.0**digits) / 10.0**digits):
            if below < candidate <= above:
                return candidate + 0.0  # -0.0 becomes 0.0
    return edge


def merged_bin_of(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the merged bin (0, 1, ...) of each bin, so that each merged bin has at least ten children.

    The bin with the fewest children is merged with the neighbour of nearer value, until none has fewer than ten.
    """
    first = list(range(len(counts)))  # where each merged bin begins
    n, value = [int(count) for count in counts], [float(v) for v in values]
    while len(n) > 1 and min(n) < MINIMUM_CHILDREN:
        i = n.index(min(n))
        left_is_nearer = i + 1 == len(n) or (i > 0 and abs(value[i] - value[i - 1]) <= abs(value[i + 1] - value[i]))
        i -= left_is_nearer
        value[i] = float(pooled(np.array(value[i : i + 2]), np.array(n[i : i + 2])))
        n[i] += n[i + 1]
        del n[i + 1], value[i + 1], first[i + 1]
    return np.searchsorted(np.array(first), np.arange(len(counts)), side="right") - 1


def pooled(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean over the first axis; without any weight, the plain one."""
    w = weights if weights.sum() > 0 else np.ones(len(weights))
    mean: np.ndarray = w @ values / w.sum()
    return mean


def pool_groups(values: np.ndarray, weights: np.ndarray, merged_bin: np.ndarray) -> np.ndarray:
    """Return the weighted mean of each group of rows; ``merged_bin`` is as :func:`merged_bin_of` returns it."""
    groups = int(merged_bin.max()) + 1
    if groups == len(merged_bin):  # nothing is merged: avoid rounding
        return values.copy()
    return np.stack([pooled(values[merged_bin == g], weights[merged_bin == g]) for g in range(groups)])


def merged_rows_and_columns(
    counts: np.ndarray, values: np.ndarray, weights0: np.ndarray, weights1: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the merged row of each row of a grid, and so for columns, so that each cell has no child or at least ten.

    Whole neighbouring rows or columns are merged greedily, until no cell has 1 to 9 children. Of the merges that
    involve such a small cell, the one with the smallest change of the interaction per small cell removed is taken.
    """
    # counts, values and weights after the merges so far, and where each merged row or column begins
    n, v, w0, w1 = counts, values, weights0.astype(float), weights1.astype(float)
    first = [np.arange(size) for size in counts.shape]
    while True:
        merges = [(*_cheapest_merge(n, v, w0, w1), 0), (*_cheapest_merge(n.T, v.T, w1, w0), 1)]
        cost, i, axis = min(merges)
        if not np.isfinite(cost):
            break
        merged_bin = np.arange(n.shape[axis]) - (np.arange(n.shape[axis]) > i)
        first[axis] = np.delete(first[axis], i + 1)
        n = np.add.reduceat(n, np.unique(merged_bin, return_index=True)[1], axis=axis)
        if axis == 0:
            v, w0 = pool_groups(v, w0, merged_bin), np.bincount(merged_bin, weights=w0)
        else:
            v, w1 = pool_groups(v.T, w1, merged_bin).T, np.bincount(merged_bin, weights=w1)
    rows, columns = (
        np.searchsorted(begins, np.arange(size), side="right") - 1
        for begins, size in zip(first, counts.shape, strict=True)
    )
    return rows, columns


def _cheapest_merge(n: np.ndarray, v: np.ndarray, w0: np.ndarray, w1: np.ndarray) -> tuple[float, int]:
    """Return the cost and position of the best merge of a row with the next; infinite where no cell is small."""
    few = is_few(n).sum(axis=1)
    n_small = few[:-1] + few[1:]
    if not n_small.any():
        return np.inf, -1
    n_removed = n_small - is_few(n[:-1] + n[1:]).sum(axis=1)
    total_weight = w0[:-1] + w0[1:]
    change = w0[:-1] * w0[1:] / np.where(total_weight > 0, total_weight, 1.0) * ((v[1:] - v[:-1]) ** 2 @ w1)
    # a merge that removes no small cell is the last resort: it can lead to one that does
    cost = np.where(n_small > 0, np.where(n_removed > 0, change / np.maximum(n_removed, 1), 1e300), np.inf)
    i = int(np.argmin(cost))
    return float(cost[i]), i


def is_few(counts: np.ndarray) -> np.ndarray:
    """Return where a count is 1 to 9."""
    few: np.ndarray = (counts > 0) & (counts < MINIMUM_CHILDREN)
    return few
