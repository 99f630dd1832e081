"""Counts at capacity, with what each school does to the line of a list whose length is fixed.

A list of fixed length has no fixed line: one more child above it puts another below. Where a fold of n children lists
k, so that the share q = k / n is given, and L_i tells whether child i is listed, a count of listed children c has the
derivative L_i 1{i in c} - m (L_i - q) to a child's weight, where m is the share of c among the children at the line.
Without the second term a school of many listed children would seem to add to the count what it takes away elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from send_screen.evaluation._estimate import Estimate, clustered_rate, smallest
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._influence import Influenced, ratio

CELLS = ("tp", "fn", "fp", "tn")
_LISTED = np.array([1.0, 0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Line:
    """The line of one model's list.

    Attributes
    ----------
    near : numpy.ndarray of float, shape (rows,)
        Weights of the children at the line: those whose places are within half a list of it, in every fold. Their sum
        is 1, or 0 where there is no line.
    over : numpy.ndarray of float, shape (schools,)
        Children of the school that are listed, less those that would be by its size; the sum is 0.
    share : float
        Of children listed.
    """

    near: np.ndarray
    over: np.ndarray
    share: float

    @classmethod
    def of(cls, view: OutOfFoldPredictions, model: str) -> Line:
        """Return the line of a model at capacity."""
        score, flag = view.score(model), view.flag(model)
        listed, children = np.bincount(view.block, flag), np.bincount(view.block)
        near = np.zeros(len(flag))
        excess = flag - (listed / children)[view.block]
        for block, k in enumerate(listed):
            rows = np.flatnonzero(view.block == block)
            if score[rows][flag[rows] > 0].min(initial=np.inf) < score[rows][flag[rows] < 1].max(initial=-np.inf):
                excess[rows] = 0.0  # not the highest scores: there is no line
            else:
                near[rows] = _at_the_line(score[rows], k)
        return cls(near / max(near.sum(), 1.0), view.by_school(excess), float(flag.mean()))


def _at_the_line(score: np.ndarray, k: float) -> np.ndarray:
    """Return which part of each child's place is within half a list of the line; equal scores share their places."""
    _, at, size = np.unique(-score, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    half = min(k, len(score) - k) / 2
    inside = np.minimum(last, k + half) - np.maximum(last - size, k - half)
    weights: np.ndarray = (np.clip(inside, 0.0, None) / size)[at]
    return weights


class Confusion:
    """True positives, false negatives, false positives and true negatives by school.

    Parameters
    ----------
    view : OutOfFoldPredictions
    flag : numpy.ndarray of float, shape (rows,)
        Share of each child that is flagged.
    rows : numpy.ndarray of bool, shape (rows,), optional
        The children of one group; all by default.
    line : Line, optional
        Of the list, where its length is fixed.

    Attributes
    ----------
    by_school : numpy.ndarray of float, shape (4, schools)
        Averages over fold seeds.
    """

    def __init__(
        self, view: OutOfFoldPredictions, flag: np.ndarray, rows: np.ndarray | None = None, line: Line | None = None
    ) -> None:
        inside = np.ones(len(flag)) if rows is None else rows.astype(np.float64)
        having, not_having = inside * view.label, inside * (1 - view.label)
        parts = (having * flag, having * (1 - flag), not_having * flag, not_having * (1 - flag))
        self.by_school = np.stack([view.by_school(part) for part in parts])
        self._totals = self.by_school.sum(axis=1)
        self._children = len(flag) / view.n_seeds
        self._line, self._pushed, self._moved = line, np.zeros(4), self.by_school
        if line is not None:
            # one more child listed elsewhere takes a place from those at the line
            found, wrong = float(line.near @ having), float(line.near @ not_having)
            self._pushed = np.array([-found, found, -wrong, wrong])
            self._moved = self.by_school + np.outer(self._pushed, line.over)

    def total(self, *kinds: str) -> float:
        """Return the number of children of some kinds."""
        return float(weights(*kinds) @ self._totals)

    @property
    def smallest(self) -> float:
        """The smallest of the four counts above 0."""
        return smallest(*self._totals)

    def rate(
        self, above: tuple[str, ...], below: tuple[str, ...], *, alpha: float, cells: float, none: str
    ) -> Estimate:
        """Return the share of some kinds among others with its interval; see :func:`clustered_rate`."""
        over, under = weights(*above), weights(*below)
        return clustered_rate(
            over @ self.by_school,
            under @ self.by_school,
            moved=(over @ self._moved, under @ self._moved),
            least_effect=self._least_effect(over, under),
            alpha=alpha,
            cells=cells,
            none=none,
        )

    def influenced(self, above: np.ndarray, below: np.ndarray) -> Influenced:
        """Return a ratio of weighted sums of the four kinds, with the influence of each school."""
        return ratio(above @ self.by_school, below @ self.by_school, moved=(above @ self._moved, below @ self._moved))

    def _least_effect(self, over: np.ndarray, under: np.ndarray) -> float:
        """Return the design effect of a rate, were children independent: 1 but for what the line does to it."""
        n, found = float(under @ self._totals), float(over @ self._totals)
        if self._line is None or not 0 < found < n:
            return 1.0
        own = over - found / n * under
        through, q = float(own @ self._pushed), self._line.share
        both = float((own * (_LISTED - q)) @ self._totals)
        return 1.0 + (2 * through * both + through**2 * self._children * q * (1 - q)) / float(own**2 @ self._totals)


def weights(*kinds: str) -> np.ndarray:
    """Return 1 for each of some kinds and 0 for the others."""
    return np.array([float(kind in kinds) for kind in CELLS])
