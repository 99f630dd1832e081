"""Which pairs of features earn a surface: those whose grid foretells what is left over in schools not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from send_screen.estimators._axes import Axis, quantile_edges
from send_screen.estimators._bags import Bag
from send_screen.tables import purify

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
    # what each bag needs again for every pair
    halves = [
        (bag, g[bag.learn], h[bag.learn], g[bag.held_out], h[bag.held_out])
        for bag, g, h in zip(bags, gradients, curvatures, strict=True)
    ]
    margins = [[np.bincount(a.codes[bag.learn], minlength=a.n_bins + 1) for bag in bags] for a in coarse]
    worth: dict[tuple[int, int], tuple[float, float]] = {}
    for j, k in pairs:
        cells, size = _cells(coarse[j], coarse[k])
        gains = []
        for (bag, g, h, g_out, h_out), rows, columns in zip(halves, margins[j], margins[k], strict=True):
            a, b = cells[bag.learn], cells[bag.held_out]
            step = -np.bincount(a, g, size) / (np.bincount(a, h, size) + _SHRINKAGE)
            step = purify(step.reshape(len(rows), len(columns)), rows, columns)[0].ravel()
            gains.append(-(np.bincount(b, g_out, size) @ step + np.bincount(b, h_out, size) @ step**2 / 2))
        worth[j, k] = float(np.mean(gains)), float(np.std(gains, ddof=1) / np.sqrt(len(gains)))
    kept = [pair for pair, (gain, error) in worth.items() if gain > _ERRORS * error]
    return sorted(kept, key=lambda pair: (-worth[pair][0], pair))


def _cells(first: Axis, second: Axis) -> tuple[np.ndarray, int]:
    """Return the cell of each child in the grid of two axes, and how many cells there are."""
    return first.codes * (second.n_bins + 1) + second.codes, (first.n_bins + 1) * (second.n_bins + 1)


def _seen_gain(first: Axis, second: Axis, g: np.ndarray, h: np.ndarray) -> float:
    r"""Return what a step in each cell lowers the loss of the children it is made of: :math:`\sum G^2 / 2 (H + 10)`."""
    cells, size = _cells(first, second)
    return float(np.sum(np.bincount(cells, g, size) ** 2 / (np.bincount(cells, h, size) + _SHRINKAGE)) / 2.0)
