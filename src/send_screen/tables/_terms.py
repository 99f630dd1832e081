"""One feature's part of a score: a straight line, or a value for each level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.errors import DataError, TablesError


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
    """

    feature: str
    slope: float
    low: float
    high: float
    missing: float
    mean: float
    n: int | None
    n_missing: int | None

    def __post_init__(self) -> None:
        _require_common(self)
        _require_finite(self, "slope", "low", "high")
        if self.low > self.high:
            raise TablesError("'low' must not be above 'high'.", column=self.feature)
        if not math.isfinite(self.reach):
            raise TablesError("'slope' times the range is beyond what can be computed.", column=self.feature)

    @property
    def reach(self) -> float:
        """Largest absolute value that the term can take, in log-odds."""
        return max(abs(self.slope * self.low), abs(self.slope * self.high), abs(self.missing))

    def log_odds(self, column: pd.Series) -> np.ndarray:
        """Return the term for each child: float64, shape (n,)."""
        x = _numbers(self.feature, column)
        line = self.slope * np.clip(x, self.low, self.high)
        return np.where(np.isnan(x), self.missing, line)

    def clamped(self, column: pd.Series) -> np.ndarray:
        """Return where a value lies beyond the training range and that changes the score: bool, shape (n,)."""
        x = _numbers(self.feature, column)
        return ((x < self.low) | (x > self.high)) & (self.slope != 0.0)

    def unseen(self, column: pd.Series) -> np.ndarray:
        """Return False for every child: a number is clamped, never unseen."""
        return np.zeros(len(column), dtype=bool)


@dataclass(frozen=True, kw_only=True)
class LevelsTerm:
    """A value for each level of a categorical feature.

    Attributes
    ----------
    feature : str
        Name of the feature.
    levels : mapping of str to float
        Log-odds of each level. Levels of fewer than ten training children share the value of the group they were
        merged into.
    missing : float
        Log-odds when the level is not known.
    mean, n, n_missing
        As in :class:`LinearTerm`.
    """

    feature: str
    levels: Mapping[str, float]
    missing: float
    mean: float
    n: int | None
    n_missing: int | None

    def __post_init__(self) -> None:
        _require_common(self)
        object.__setattr__(self, "levels", dict(self.levels))
        for level, value in self.levels.items():
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

    def log_odds(self, column: pd.Series) -> np.ndarray:
        """Return the term for each child: float64, shape (n,)."""
        levels = _texts(self.feature, column)
        # a missing cell and an unseen level have no entry; they have the same value by definition
        values = [self.missing if level is None else self.levels.get(level, self.unseen_log_odds) for level in levels]
        return np.array(values, dtype=np.float64)

    def clamped(self, column: pd.Series) -> np.ndarray:
        """Return False for every child: a level has no range."""
        return np.zeros(len(column), dtype=bool)

    def unseen(self, column: pd.Series) -> np.ndarray:
        """Return where a level is known but was not seen in training: bool, shape (n,)."""
        levels = _texts(self.feature, column)
        return np.array([level is not None and level not in self.levels for level in levels], dtype=bool)


Term = LinearTerm | LevelsTerm
"""Every kind of term there is."""


def _require_common(term: Term) -> None:
    if not term.feature:
        raise TablesError("'feature' must be a name, not an empty text.")
    _require_finite(term, "missing", "mean")
    for name in ("n", "n_missing"):
        count = getattr(term, name)
        if count is not None and count < 0:
            raise TablesError(f"'{name}' must be a count, 0 or more.", column=term.feature)


def _require_finite(term: Term, *names: str) -> None:
    for name in names:
        if not math.isfinite(getattr(term, name)):
            raise TablesError(f"'{name}' must be a finite number.", column=term.feature)


def _numbers(feature: str, column: pd.Series) -> np.ndarray:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        # the library's own message would quote the cell: it may be a child's
        raise DataError(
            "The model needs numbers here, and there is something else.",
            column=feature,
            remedy="Check the file against its contract first: that turns cells into numbers, or names them.",
        ) from None


def _texts(feature: str, column: pd.Series) -> list[str | None]:
    known = column.notna().to_numpy(dtype=bool)
    cells: list[str | None] = []
    for cell, is_known in zip(column.to_numpy(dtype=object), known, strict=True):
        if is_known and not isinstance(cell, str):
            raise DataError(
                "The model needs levels as text here, and there is something else.",
                column=feature,
                remedy="Check the file against its contract first: that keeps a level such as '1' as text.",
            )
        cells.append(cell if is_known else None)
    return cells
