"""Rank pairs of features by how much their interaction lowers the loss of held-out schools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, product

import numpy as np
from scipy.sparse import csc_array
from scipy.special import expit

from send_screen.estimators._bagging import Bag
from send_screen.estimators._binned_feature import BinnedFeature, quantile_edges

_BINS = 6
_SHRINKAGE = 10.0
_N_ERRORS = 1.0  # standard errors by which the held-out gain must exceed 0
_BATCH = 50_000  # rows at a time, to bound memory
_MAX_TRIED = 1_000  # pairs that are tried in every bag


def rank_interactions(
    features: Sequence[BinnedFeature],
    y: np.ndarray,
    weight: np.ndarray,
    bags: Sequence[Bag],
    starts: Sequence[np.ndarray],
) -> list[tuple[int, int]]:
    r"""Return the pairs of features that lower the held-out loss by more than a standard error, the best first.

    For each pair both features are cut into at most six bins and missing. In every bag each cell c takes one shrunken
    Newton step on the training rows, :math:`v_c = -G_c / (H_c + 10)`, with G and H the sums of first and second
    derivatives of the loss at the bag's score. The step is purified. Its gain is the reduction of the held-out loss, to
    second order: :math:`-\sum_c (G'_c v_c + \tfrac12 H'_c v_c^2)`. Mean and standard error are over the bags. Of more
    than a thousand pairs, only those with the largest gain in-sample are tried.
    """
    coarse = [axis.coarser(quantile_edges(axis, _BINS)) for axis in features]
    gradients = [weight * (expit(start) - y) for start in starts]
    curvatures = [weight * expit(start) * expit(-start) for start in starts]
    pairs = [(j, k) for k in range(len(coarse)) for j in range(k) if min(coarse[j].n_bins, coarse[k].n_bins) > 1]
    if len(pairs) > _MAX_TRIED:
        g, h = np.mean(gradients, axis=0), np.mean(curvatures, axis=0)
        in_sample = [_in_sample_gain(coarse[j], coarse[k], g, h) for j, k in pairs]
        pairs = [pairs[i] for i in sorted(np.argsort(in_sample, kind="stable")[-_MAX_TRIED:])]
    marginals = [np.array([np.bincount(a.codes[bag.train], minlength=a.n_bins + 1) for bag in bags]) for a in coarse]
    gain_of: dict[tuple[int, int], tuple[float, float]] = {}
    for (j, k), (g, g_out, h, h_out) in _cell_sums(coarse, pairs, bags, gradients, curvatures):
        step = _purified(-g / (h + _SHRINKAGE), marginals[j], marginals[k])
        gains = -(g_out * step + h_out * step**2 / 2.0).sum(axis=(1, 2))
        gain_of[j, k] = float(np.mean(gains)), float(np.std(gains, ddof=1) / np.sqrt(len(gains)))
    kept = [pair for pair, (gain, error) in gain_of.items() if gain > _N_ERRORS * error]
    return sorted(kept, key=lambda pair: (-gain_of[pair][0], pair))


def _cell_sums(
    coarse: Sequence[BinnedFeature],
    pairs: Sequence[tuple[int, int]],
    bags: Sequence[Bag],
    gradients: Sequence[np.ndarray],
    curvatures: Sequence[np.ndarray],
) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Yield each pair with the sums of both derivatives in its cells: float64, shape (4, bags, rows, columns).

    The four are the gradient over training and held-out rows of a bag, then the curvature over both. The sums of all
    pairs with the same second feature are one product: a sparse indicator of each child's cells, by the derivatives.
    """
    of_second = {k: [j for j, _ in with_k] for k, with_k in groupby(pairs, key=lambda pair: pair[1])}
    totals: dict[int, np.ndarray] = {}
    held_out = np.zeros((len(bags), len(gradients[0])), dtype=bool)
    for of_bag, bag in zip(held_out, bags, strict=True):
        of_bag[bag.held_out] = True
    for start in range(0, len(gradients[0]), _BATCH):
        rows = slice(start, start + _BATCH)
        derivatives = _derivatives(rows, held_out, gradients, curvatures)
        batch = [axis.take(rows) for axis in coarse]
        for k, first in of_second.items():
            sums = _indicator([_cells(batch[j], batch[k]) for j in first]) @ derivatives
            totals[k] = totals[k] + sums if k in totals else sums
    for k, first in of_second.items():
        start = 0
        for j in first:
            shape = (coarse[j].n_bins + 1, coarse[k].n_bins + 1)
            sums = totals[k][start : start + shape[0] * shape[1]]
            yield (j, k), sums.reshape(*shape, 4, len(bags)).transpose(2, 3, 0, 1)
            start += len(sums)


def _derivatives(
    rows: slice, held_out: np.ndarray, gradients: Sequence[np.ndarray], curvatures: Sequence[np.ndarray]
) -> np.ndarray:
    """Return both derivatives in a bag's training rows, then in those held out, 0 elsewhere: shape (m, 4 x bags)."""
    return np.column_stack(
        [
            np.where(out[rows] == wanted, derivative[rows], 0.0)
            for values, wanted in product((gradients, curvatures), (False, True))
            for out, derivative in zip(held_out, values, strict=True)
        ]
    )


def _indicator(cells: Sequence[tuple[np.ndarray, int]]) -> csc_array:
    """Return a matrix with a row for each cell of each grid and a column for each child: 1 where the child is."""
    starts = np.cumsum([0, *(size for _, size in cells)], dtype=np.int32)
    positions = np.stack([own + start for (own, _), start in zip(cells, starts, strict=False)], axis=1).ravel()
    n = len(cells[0][0])
    return csc_array((np.ones(len(positions)), positions, np.arange(n + 1) * len(cells)), shape=(int(starts[-1]), n))


def _purified(grids: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return grids without main effects, as :func:`purify` does: float64, shape (bags, r, s)."""
    p, q = (w[:, :, None] / w.sum(axis=1)[:, None, None] for w in (rows, columns))
    of_rows, of_columns = grids @ q, p.transpose(0, 2, 1) @ grids
    return np.asarray(grids - of_rows - of_columns + of_columns @ q)


def _cells(first: BinnedFeature, second: BinnedFeature) -> tuple[np.ndarray, int]:
    """Return the cell of each child in the grid of two features, and how many cells there are."""
    return first.codes.astype(np.int32) * (second.n_bins + 1) + second.codes, (first.n_bins + 1) * (second.n_bins + 1)


def _in_sample_gain(first: BinnedFeature, second: BinnedFeature, g: np.ndarray, h: np.ndarray) -> float:
    r"""Return the reduction of the training loss by a Newton step in each cell: :math:`\sum G^2 / 2 (H + 10)`."""
    cells, size = _cells(first, second)
    return float(np.sum(np.bincount(cells, g, size) ** 2 / (np.bincount(cells, h, size) + _SHRINKAGE)) / 2.0)
