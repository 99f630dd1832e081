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


def worthwhile_pairs(
    axes: Sequence[Axis], y: np.ndarray, weight: np.ndarray, bags: Sequence[Bag], starts: Sequence[np.ndarray]
) -> list[tuple[int, int]]:
    r"""Return the pairs of columns whose grid lowers the held-out loss by more than a standard error, the best first.

    For each pair the axes are cut into at most six bins and missing. In every bag each cell c takes one shrunken Newton
    step on the children the bag learns from, :math:`v_c = -G_c / (H_c + 10)` with G and H the sums of first and second
    derivatives of the loss at the bag's score. The step is purified, so that only what neither feature says alone is
    left of it, and its worth is what it lowers the loss of the held-out children, to second order:
    :math:`-\sum_c (G'_c v_c + \tfrac12 H'_c v_c^2)`. Mean and standard error are taken over the bags.
    """
    coarse = [axis.coarser(quantile_edges(axis, _BINS)) for axis in axes]
    gradients = [weight * (expit(start) - y) for start in starts]
    curvatures = [weight * expit(start) * expit(-start) for start in starts]
    worth: dict[tuple[int, int], tuple[float, float]] = {}
    for k, second in enumerate(coarse):
        for j, first in enumerate(coarse[:k]):
            if first.n_bins < 2 or second.n_bins < 2:
                continue
            cells = first.codes * (second.n_bins + 1) + second.codes
            size = (first.n_bins + 1) * (second.n_bins + 1)
            gains = []
            for bag, g, h in zip(bags, gradients, curvatures, strict=True):
                a, b = cells[bag.learn], cells[bag.held_out]
                step = -np.bincount(a, g[bag.learn], size) / (np.bincount(a, h[bag.learn], size) + _SHRINKAGE)
                rows = np.bincount(first.codes[bag.learn], minlength=first.n_bins + 1)
                columns = np.bincount(second.codes[bag.learn], minlength=second.n_bins + 1)
                step = purify(step.reshape(len(rows), len(columns)), rows, columns)[0].ravel()
                lost = (
                    np.bincount(b, g[bag.held_out], size) @ step + np.bincount(b, h[bag.held_out], size) @ step**2 / 2
                )
                gains.append(-lost)
            worth[j, k] = float(np.mean(gains)), float(np.std(gains, ddof=1) / np.sqrt(len(gains)))
    kept = [pair for pair, (gain, error) in worth.items() if gain > _ERRORS * error]
    return sorted(kept, key=lambda pair: (-worth[pair][0], pair))
