"""Which pairs of features earn a surface: those whose grid foretells what is left over in schools not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from scipy.sparse import csc_array
from scipy.special import expit

from send_screen.estimators._axes import Axis, quantile_edges
from send_screen.estimators._bags import Bag

_BINS = 6
_SHRINKAGE = 10.0
_ERRORS = 1.0
_MOST_TRIED = 1_000  # pairs that are tried in every bag; only features in their tens have more


def worthwhile_pairs(
    axes: Sequence[Axis], y: np.ndarray, weight: np.ndarray, bags: Sequence[Bag], starts: Sequence[np.ndarray]
) -> list[tuple[int, int]]:
    r"""Return the pairs of columns whose grid lowers the held-out loss by more than a standard error, the best first.

    For each pair the axes are cut into at most six bins and missing. In every bag each cell c takes one shrunken Newton
    step on the children the bag learns from, :math:`v_c = -G_c / (H_c + 10)` with G and H the sums of first and second
    derivatives of the loss at the bag's score. The step is purified, so that only what neither feature says alone is
    left of it, and its worth is what it lowers the loss of the held-out children, to second order:
    :math:`-\sum_c (G'_c v_c + \tfrac12 H'_c v_c^2)`. Mean and standard error are taken over the bags. Of more than a
    thousand pairs only those are tried that lower the loss most on all training children, seen as they are.
    """
    coarse = [axis.coarser(quantile_edges(axis, _BINS)) for axis in axes]
    gradients = [weight * (expit(start) - y) for start in starts]
    curvatures = [weight * expit(start) * expit(-start) for start in starts]
    pairs = [(j, k) for k in range(len(coarse)) for j in range(k) if min(coarse[j].n_bins, coarse[k].n_bins) > 1]
    if len(pairs) > _MOST_TRIED:
        g, h = np.mean(gradients, axis=0), np.mean(curvatures, axis=0)
        seen = [_seen_gain(coarse[j], coarse[k], g, h) for j, k in pairs]
        pairs = [pairs[i] for i in sorted(np.argsort(seen, kind="stable")[-_MOST_TRIED:])]
    margins = [np.array([np.bincount(a.codes[bag.learn], minlength=a.n_bins + 1) for bag in bags]) for a in coarse]
    worth: dict[tuple[int, int], tuple[float, float]] = {}
    for (j, k), (g, h, g_out, h_out) in _cell_sums(coarse, pairs, bags, gradients, curvatures):
        step = _beyond_each_alone(-g / (h + _SHRINKAGE), margins[j], margins[k])
        gains = -(g_out * step + h_out * step**2 / 2.0).sum(axis=(1, 2))
        worth[j, k] = float(np.mean(gains)), float(np.std(gains, ddof=1) / np.sqrt(len(gains)))
    kept = [pair for pair, (gain, error) in worth.items() if gain > _ERRORS * error]
    return sorted(kept, key=lambda pair: (-worth[pair][0], pair))


def _cell_sums(
    coarse: Sequence[Axis],
    pairs: Sequence[tuple[int, int]],
    bags: Sequence[Bag],
    gradients: Sequence[np.ndarray],
    curvatures: Sequence[np.ndarray],
) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Yield each pair with the sums of both derivatives in its cells: float64, shape (4, bags, rows, columns).

    First those of the children that a bag learns from, then those of the children held out. The sums of all pairs with
    one second feature are a product of a sparse matrix, which says where each child is, and a dense one.
    """
    n = len(gradients[0])
    derivatives = np.zeros((n, 4, len(bags)))
    for b, (bag, g, h) in enumerate(zip(bags, gradients, curvatures, strict=True)):
        for place, rows in ((0, bag.learn), (2, bag.held_out)):
            derivatives[rows, place, b], derivatives[rows, place + 1, b] = g[rows], h[rows]
    derivatives = derivatives.reshape(n, -1)
    for k, own in groupby(pairs, key=lambda pair: pair[1]):
        first = [j for j, _ in own]
        found = [_cells(coarse[j], coarse[k]) for j in first]
        starts = np.cumsum([0, *(size for _, size in found)])
        places = np.stack([cells + start for (cells, _), start in zip(found, starts, strict=False)], axis=1).ravel()
        where = csc_array((np.ones(len(places)), places, np.arange(n + 1) * len(first)), shape=(int(starts[-1]), n))
        sums = (where @ derivatives).reshape(-1, 4, len(bags))
        for j, start, stop in zip(first, starts, starts[1:], strict=False):
            shape = (coarse[j].n_bins + 1, coarse[k].n_bins + 1, 4, len(bags))
            yield (j, k), sums[start:stop].reshape(shape).transpose(2, 3, 0, 1)


def _beyond_each_alone(grids: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return what grids say beyond either feature alone, as :func:`purify` does: float64, shape (bags, r, s)."""
    p, q = (w[:, :, None] / w.sum(axis=1)[:, None, None] for w in (rows, columns))
    of_rows, of_columns = grids @ q, p.transpose(0, 2, 1) @ grids
    return grids - of_rows - of_columns + of_columns @ q


def _cells(first: Axis, second: Axis) -> tuple[np.ndarray, int]:
    """Return the cell of each child in the grid of two axes, and how many cells there are."""
    return first.codes * (second.n_bins + 1) + second.codes, (first.n_bins + 1) * (second.n_bins + 1)


def _seen_gain(first: Axis, second: Axis, g: np.ndarray, h: np.ndarray) -> float:
    r"""Return what a step in each cell lowers the loss of the children it is made of: :math:`\sum G^2 / 2 (H + 10)`."""
    cells, size = _cells(first, second)
    return float(np.sum(np.bincount(cells, g, size) ** 2 / (np.bincount(cells, h, size) + _SHRINKAGE)) / 2.0)
