"""Confusion matrix at capacity, by school, with the correction for a top-k threshold.

A list of fixed length has no fixed threshold: one more child above it puts another below. Where a fold of n children
lists k, so that the share q = k / n is given, and L_i tells whether child i is listed, a count of listed children c has
the derivative L_i 1{i in c} - m (L_i - q) with respect to a child's weight. Here m is the share of c among children at
the threshold, estimated with a kernel. The second term is the correction: a school with many listed children takes
places on the list from other schools.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from send_screen.evaluation._estimate import Estimate, clustered_rate, smallest
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._influence import EstimateWithInfluence, ratio

CONFUSION_CELLS = ("tp", "fn", "fp", "tn")
_LISTED = np.array([1.0, 0.0, 1.0, 0.0])  # which of these cells hold listed children


class Rate(NamedTuple):
    """A rate as cells of the confusion matrix, and the reason given where its denominator is 0."""

    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    undefined: str


#: Every rate of a list, for all children and for a group.
RATES = {
    "prevalence": Rate(("tp", "fn"), CONFUSION_CELLS, "no child"),
    "selection_rate": Rate(("tp", "fp"), CONFUSION_CELLS, "no child"),
    "recall": Rate(("tp",), ("tp", "fn"), "no child has the outcome"),
    "precision": Rate(("tp",), ("tp", "fp"), "no child is flagged"),
    "specificity": Rate(("tn",), ("fp", "tn"), "every child has the outcome"),
}


@dataclass(frozen=True)
class TopKThreshold:
    """Top-k threshold of one model: what the correction needs to know about it."""

    kernel: np.ndarray
    """Weights of children around the threshold, shape (rows,): uniform over half a list on either side, in every fold.

    The sum is 1, or 0 where there is no threshold.
    """
    excess: np.ndarray
    """Listed children of each school minus the number expected by its size, shape (schools,); the sum is 0."""
    share: float
    """Share of children listed."""

    @classmethod
    def of(cls, predictions: OutOfFoldPredictions, model: str) -> TopKThreshold:
        """Return the threshold of a model at capacity."""
        score, flag = predictions.score(model), predictions.flag(model)
        listed, children = np.bincount(predictions.fold_id, flag), np.bincount(predictions.fold_id)
        kernel = np.zeros(len(flag))
        excess = flag - (listed / children)[predictions.fold_id]
        for fold, k in enumerate(listed):
            rows = np.flatnonzero(predictions.fold_id == fold)
            if score[rows][flag[rows] > 0].min(initial=np.inf) < score[rows][flag[rows] < 1].max(initial=-np.inf):
                excess[rows] = 0.0  # flagged are not the highest scores: there is no threshold
            else:
                kernel[rows] = _kernel_weights(score[rows], k)
        return cls(kernel / max(kernel.sum(), 1.0), predictions.by_school(excess), float(flag.mean()))


def _kernel_weights(score: np.ndarray, k: float) -> np.ndarray:
    """Return kernel weights of children around the top-k threshold; tied scores share the weight of their ranks."""
    _, at, size = np.unique(-score, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    half = min(k, len(score) - k) / 2
    inside = np.minimum(last, k + half) - np.maximum(last - size, k - half)
    weights: np.ndarray = (np.clip(inside, 0.0, None) / size)[at]
    return weights


class Confusion:
    """Confusion matrix by school: ``by_school``, shape (4, schools), in the order of ``CONFUSION_CELLS``.

    Counts are averages over fold seeds. ``flag`` is the share of each child that is flagged, ``rows`` the children of
    one group (all by default), and ``threshold`` that of the list where its length is fixed.
    """

    def __init__(
        self,
        predictions: OutOfFoldPredictions,
        flag: np.ndarray,
        rows: np.ndarray | None = None,
        threshold: TopKThreshold | None = None,
    ) -> None:
        inside = np.ones(len(flag)) if rows is None else rows.astype(np.float64)
        positive, negative = inside * predictions.outcome, inside * (1 - predictions.outcome)
        cells = (positive * flag, positive * (1 - flag), negative * flag, negative * (1 - flag))
        self.by_school = np.stack([predictions.by_school(cell) for cell in cells])
        self._totals = self.by_school.sum(axis=1)
        self._children = len(flag) / predictions.n_seeds
        self._threshold, self._displaced, self._adjusted = threshold, np.zeros(4), self.by_school
        if threshold is not None:
            # change of the four counts when one more child listed elsewhere takes a place from those at the threshold
            with_outcome, without = float(threshold.kernel @ positive), float(threshold.kernel @ negative)
            self._displaced = np.array([-with_outcome, with_outcome, -without, without])
            self._adjusted = self.by_school + np.outer(self._displaced, threshold.excess)

    def total(self, *cells: str) -> float:
        """Return the number of children in some cells."""
        return float(cell_indicator(*cells) @ self._totals)

    @property
    def smallest(self) -> float:
        """The smallest of the four counts above 0."""
        return smallest(*self._totals)

    def rate(self, name: str, *, alpha: float, smallest_cell: float | None = None) -> Estimate:
        """Return one of ``RATES`` with its interval; ``smallest_cell`` is given where not all four are revealed."""
        rate = RATES[name]
        numerator, denominator = cell_indicator(*rate.numerator), cell_indicator(*rate.denominator)
        return clustered_rate(
            numerator @ self.by_school,
            denominator @ self.by_school,
            adjusted=(numerator @ self._adjusted, denominator @ self._adjusted),
            min_design_effect=self._min_design_effect(numerator, denominator),
            alpha=alpha,
            smallest_cell=self.smallest if smallest_cell is None else smallest_cell,
            undefined_reason=rate.undefined,
        )

    def ratio(self, numerator: np.ndarray, denominator: np.ndarray) -> EstimateWithInfluence:
        """Return a ratio of weighted sums of the four counts, with the influence of each school."""
        return ratio(
            numerator @ self.by_school,
            denominator @ self.by_school,
            adjusted=(numerator @ self._adjusted, denominator @ self._adjusted),
        )

    def _min_design_effect(self, numerator: np.ndarray, denominator: np.ndarray) -> float:
        """Return the design effect of a rate if children were independent: 1, other than for the top-k correction."""
        n, x = float(denominator @ self._totals), float(numerator @ self._totals)
        if self._threshold is None or not 0 < x < n:
            return 1.0
        residual = numerator - x / n * denominator
        correction, q = float(residual @ self._displaced), self._threshold.share
        covariance = float((residual * (_LISTED - q)) @ self._totals)
        added_variance = 2 * correction * covariance + correction**2 * self._children * q * (1 - q)
        return 1.0 + added_variance / float(residual**2 @ self._totals)


def cell_indicator(*cells: str) -> np.ndarray:
    """Return 1 for each of some cells of the confusion matrix and 0 for the others, in their order."""
    return np.array([float(cell in cells) for cell in CONFUSION_CELLS])
