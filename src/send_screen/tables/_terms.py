"""One feature's part of a score: a straight line, a value for each level, or a shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.documents import MISLEADING, is_misleading
from send_screen.errors import TablesError
from send_screen.tables._cells import UNSEEN, level_codes, numbers
from send_screen.tables._checks import require_common, require_finite, require_spread
from send_screen.tables._shape import ShapeTerm


@dataclass(frozen=True, kw_only=True)
class LinearTerm:
    """A straight line between the ends of the training range: t(x) = slope * min(max(x, low), high).

    Attributes
    ----------
    feature : str
        Name of the feature.
    slope : float
        Log-odds for one unit of the feature.
    low, high : float
        The training range, in the feature's unit. At least ten training children are at or beyond each end. A value
        beyond it scores as the end does, so that one typo cannot decide a score.
    missing : float
        Log-odds when the value is not known.
    mean : float
        Mean of the term over the training rows.
    n, n_missing : int or None
        Training children whose value is known, and is not; None where a count of 1 to 9 would be given away.
    label, unit : str
        What people call the feature, and one of it; empty where it was not said.
    """

    feature: str
    slope: float
    low: float
    high: float
    missing: float
    mean: float
    n: int | None
    n_missing: int | None
    label: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        require_common(self)
        require_finite(self, "slope", "low", "high")
        if self.low > self.high:
            raise TablesError("'low' must not be above 'high'.", column=self.feature)
        if not math.isfinite(self.reach):
            raise TablesError("'slope' times the range is beyond what can be computed.", column=self.feature)

    @property
    def reach(self) -> float:
        """Largest absolute value that the term can take, in log-odds."""
        return max(abs(self.slope * self.low), abs(self.slope * self.high), abs(self.missing))

    def coordinates(self, column: pd.Series) -> np.ndarray:
        """Return each child's place on the axis: its value, NaN where it is not known: float64, shape (n,)."""
        return numbers(self.feature, column)

    def at(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the term at places on the axis: float64, shape (n,)."""
        line = self.slope * np.clip(coordinates, self.low, self.high)
        return np.where(np.isnan(coordinates), self.missing, line)

    def log_odds(self, column: pd.Series) -> np.ndarray:
        """Return the term for each child: float64, shape (n,)."""
        return self.at(self.coordinates(column))

    def clipped(self, column: pd.Series) -> np.ndarray:
        """Return where a value lies beyond the training range and that changes the score: bool, shape (n,)."""
        x = self.coordinates(column)
        return ((x < self.low) | (x > self.high)) & (self.slope != 0.0)

    def unseen(self, column: pd.Series) -> np.ndarray:
        """Return False for every child: a number is clipped, never unseen."""
        return np.zeros(len(column), dtype=bool)


@dataclass(frozen=True, kw_only=True)
class LevelsTerm:
    """A value for each level of a categorical feature.

    Attributes
    ----------
    feature : str
        Name of the feature.
    levels : mapping of str to float
        Log-odds of each level, in the feature's order. Levels of fewer than ten training children share the value of
        the group they were merged into.
    missing : float
        Log-odds when the level is not known.
    mean, n, n_missing, label, unit
        As in :class:`LinearTerm`.
    standard_error : tuple of float, one for each level and one for missing, or None
        Standard error of what the term says beside its mean, by the bags.
    counts : tuple of (int or None), one for each level, or None
        Training children of each level; None for levels that share a value with others.
    """

    feature: str
    levels: Mapping[str, float]
    missing: float
    mean: float
    n: int | None
    n_missing: int | None
    label: str = ""
    unit: str = ""
    standard_error: tuple[float, ...] | None = None
    counts: tuple[int | None, ...] | None = None

    def __post_init__(self) -> None:
        require_common(self)
        object.__setattr__(self, "levels", dict(self.levels))
        counts = None if self.counts is None else tuple(None if count is None else int(count) for count in self.counts)
        # as for shapes: a file cannot tell "no counts" from "every count withheld"
        object.__setattr__(self, "counts", counts if any(count is not None for count in counts or ()) else None)
        if self.counts is not None and len(self.counts) != len(self.levels):
            raise TablesError("'counts' must be as many as 'levels'.", column=self.feature)
        require_spread(self, len(self.levels) + 1)
        for level, value in self.levels.items():
            if is_misleading(level):
                raise TablesError(f"a level {MISLEADING}.", column=self.feature)
            if not math.isfinite(value):
                raise TablesError(f"level {level!r} must be a finite number.", column=self.feature)

    @property
    def unseen_log_odds(self) -> float:
        """Log-odds of a level that the training children did not have: by definition those of a missing one."""
        return self.missing

    @property
    def reach(self) -> float:
        """Largest absolute value that the term can take, in log-odds."""
        return max([abs(value) for value in self.levels.values()] + [abs(self.missing)])

    def coordinates(self, column: pd.Series) -> np.ndarray:
        """Return each child's place on the axis: the position of its level in ``levels``, as float64, shape (n,).

        A missing cell and an unseen level are both NaN: they have the same value by definition.
        """
        codes = level_codes(self.feature, column, tuple(self.levels))
        return np.where(codes < 0, np.nan, codes)

    def at(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the term at places on the axis: float64, shape (n,)."""
        values = np.array([*self.levels.values(), self.missing], dtype=np.float64)
        return values[np.where(np.isnan(coordinates), len(self.levels), coordinates).astype(np.intp)]

    def log_odds(self, column: pd.Series) -> np.ndarray:
        """Return the term for each child: float64, shape (n,)."""
        return self.at(self.coordinates(column))

    def clipped(self, column: pd.Series) -> np.ndarray:
        """Return False for every child: a level has no range."""
        return np.zeros(len(column), dtype=bool)

    def unseen(self, column: pd.Series) -> np.ndarray:
        """Return where a level is known but was not seen in training: bool, shape (n,)."""
        unseen: np.ndarray = level_codes(self.feature, column, tuple(self.levels)) == UNSEEN
        return unseen


Term = LinearTerm | LevelsTerm | ShapeTerm
"""Every kind of term there is."""
