"""One feature's part of a score as a shape: a line between the ends of its range, and a step at each edge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.errors import TablesError
from send_screen.tables._cells import numbers
from send_screen.tables._checks import require_common, require_edges, require_finite, require_spread


@dataclass(frozen=True, kw_only=True)
class ShapeTerm:
    r"""A line and steps: t(x) = slope * min(max(x, low), high) + the value of the bin that x lies in.

    Bin i holds the x of :math:`e_i \le x < e_{i+1}`, with :math:`e_0 = -\infty` and :math:`e_{m+1} = \infty`: the first
    bin has everything below the first edge, and the last everything from the last edge on.

    Attributes
    ----------
    feature : str
        Name of the feature.
    edges : tuple of float, length m
        Where one bin ends and the next begins, ascending. At least ten training children are in every bin of a
        published shape.
    values : tuple of float, length m + 1
        Log-odds of each bin, beside the line.
    slope : float
        Log-odds for one unit of the feature.
    low, high : float
        The range of the line, as in :class:`~send_screen.tables.LinearTerm`.
    missing : float
        Log-odds when the value is not known.
    mean : float
        Mean of the term over the training rows.
    n : tuple of (int or None), length m + 1, or None
        Training children in each bin; None where counts of 1 to 9 would be given away.
    n_missing : int or None
        Training children whose value is not known.
    label, unit : str
        What people call the feature, and one of it; empty where it was not said.
    standard_error : tuple of float, length m + 2, or None
        Standard error, by the bags, of what the term says at the middle of each bin beside its mean, line included; the
        last is that of ``missing``.
    """

    feature: str
    edges: tuple[float, ...]
    values: tuple[float, ...]
    slope: float
    low: float
    high: float
    missing: float
    mean: float
    n: tuple[int | None, ...] | None
    n_missing: int | None
    label: str = ""
    unit: str = ""
    standard_error: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", tuple(map(float, self.edges)))
        object.__setattr__(self, "values", tuple(map(float, self.values)))
        counts = None if self.n is None else tuple(None if count is None else int(count) for count in self.n)
        # a file cannot tell "no counts" from "every count withheld", and neither needs we
        object.__setattr__(self, "n", None if counts is None or all(count is None for count in counts) else counts)
        require_common(self)
        require_finite(self, "slope", "low", "high")
        require_edges(self.edges, "edges", self.feature)
        if self.low > self.high:
            raise TablesError("'low' must not be above 'high'.", column=self.feature)
        if len(self.values) != len(self.edges) + 1:
            raise TablesError("'values' must be one more than 'edges'.", column=self.feature)
        if self.n is not None and len(self.n) != len(self.values):
            raise TablesError("'n' must be as many as 'values'.", column=self.feature)
        if not all(math.isfinite(value) for value in self.values):
            raise TablesError("'values' must be finite numbers.", column=self.feature)
        require_spread(self, len(self.values) + 1)
        if not math.isfinite(self.reach):
            raise TablesError("'slope' times the range is beyond what can be computed.", column=self.feature)

    @property
    def reach(self) -> float:
        """Largest absolute value that the term can take, in log-odds, or more."""
        line = max(abs(self.slope * self.low), abs(self.slope * self.high))
        return max(line + max(map(abs, self.values)), abs(self.missing))

    def coordinates(self, column: pd.Series) -> np.ndarray:
        """Return each child's place on the axis: its value, NaN where it is not known: float64, shape (n,)."""
        return numbers(self.feature, column)

    def at(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the term at places on the axis: float64, shape (n,)."""
        bins = bin_of(self.edges, coordinates)
        line = self.slope * np.clip(coordinates, self.low, self.high)
        steps = np.array([*self.values, self.missing], dtype=np.float64)[bins]
        return np.where(np.isnan(coordinates), self.missing, line + steps)

    def log_odds(self, column: pd.Series) -> np.ndarray:
        """Return the term for each child: float64, shape (n,)."""
        return self.at(self.coordinates(column))

    def clipped(self, column: pd.Series) -> np.ndarray:
        """Return where a value lies beyond the range of the line and that changes the score: bool, shape (n,)."""
        x = self.coordinates(column)
        return ((x < self.low) | (x > self.high)) & (self.slope != 0.0)

    def unseen(self, column: pd.Series) -> np.ndarray:
        """Return False for every child: a number is clipped, never unseen."""
        return np.zeros(len(column), dtype=bool)


def bin_of(edges: Sequence[float], coordinates: np.ndarray) -> np.ndarray:
    """Return the bin of each place on an axis; NaN is in the bin after the last: int64, shape (n,).

    Examples
    --------
    >>> bin_of([2.0, 5.0], np.array([1.9, 2.0, 7.0, np.nan])).tolist()
    [0, 1, 2, 3]
    """
    bins = np.searchsorted(np.asarray(edges, dtype=np.float64), coordinates, side="right")
    return np.where(np.isnan(coordinates), len(edges) + 1, bins)
