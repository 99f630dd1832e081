"""The terms of an additive model: a linear function, a shape function or a value for each level of one feature."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from send_screen.documents import CONTROL_CHARACTERS_ERROR, has_control_characters
from send_screen.errors import DataError, TablesError

_MISSING, _UNKNOWN = -1, -2  # codes of an empty cell, and of an unknown level


def bin_of(edges: Sequence[float], x: np.ndarray) -> np.ndarray:
    """Return the bin of each value; NaN is in the bin after the last.

    Parameters
    ----------
    edges : sequence of float, length m
        Ascending; a value equal to an edge is in the bin above it.
    x : numpy.ndarray of float64, shape (n,)

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        0 to m, and m + 1 for NaN.

    Examples
    --------
    >>> bin_of([2.0, 5.0], np.array([1.9, 2.0, 7.0, np.nan])).tolist()
    [0, 1, 2, 3]
    """
    bins = np.searchsorted(np.asarray(edges, dtype=np.float64), x, side="right")
    return np.where(np.isnan(x), len(edges) + 1, bins)


def level_text(level: Any) -> str | None:
    """Return a level as text, of a whole number or a truth value too (1.0 is "1"); None for anything else.

    >>> [level_text(level) for level in ("a", 1, 2.0, np.True_, 0.5)]
    ['a', '1', '2', 'True', None]
    """
    if isinstance(level, str | bool | np.bool_):
        return str(level)
    return str(int(float(level))) if isinstance(level, numbers.Real) and float(level).is_integer() else None


@dataclass(frozen=True, kw_only=True)
class _FeatureTerm:
    """What every term has; it is evaluated at encoded values (see :meth:`encode`), NaN where missing."""

    feature: str
    missing: float
    mean: float
    n_missing: int | None
    label: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.feature:
            raise TablesError("'feature' must be a name, not an empty text.")
        for name in ("feature", "label", "unit"):
            if has_control_characters(getattr(self, name)):
                raise TablesError(f"'{name}' {CONTROL_CHARACTERS_ERROR}.")
        self._require_finite("missing", "mean")
        for name in ("n", "n_missing", "counts"):
            count = getattr(self, name, None)
            for value in count if isinstance(count, tuple) else (count,):
                if value is not None and value < 0:
                    raise TablesError(f"'{name}' must be a count, 0 or more.", column=self.feature)

    def _require_finite(self, *names: str) -> None:
        for name in names:
            if not math.isfinite(getattr(self, name)):
                raise TablesError(f"'{name}' must be a finite number.", column=self.feature)

    def encode(self, column: pd.Series) -> np.ndarray:
        """Return a column as numbers: the value, or the position of the level; NaN where missing or unknown."""
        try:
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            # the library's own message quotes the cell, which may be a child's data
            raise DataError(
                "The model needs numbers here, and there is something else.",
                column=self.feature,
                remedy="Check the file against its contract first: it turns cells into numbers, and names any other.",
            ) from None

    def evaluate(self, x: np.ndarray) -> np.ndarray:
        """Return the term, in log-odds, at encoded values: float64, shape (n,)."""
        raise NotImplementedError

    def log_odds(self, column: pd.Series) -> np.ndarray:
        """Return the term, in log-odds, for each child: float64, shape (n,)."""
        return self.evaluate(self.encode(column))

    def clipped(self, column: pd.Series) -> np.ndarray:
        """Return where a value was clipped to the training range, which changed the score: bool, shape (n,)."""
        return np.zeros(len(column), dtype=bool)

    def unknown_category(self, column: pd.Series) -> np.ndarray:
        """Return where a level is one that the model does not know: bool, shape (n,)."""
        return np.zeros(len(column), dtype=bool)

    @property
    def max_abs(self) -> float:
        """Upper bound of the absolute value of the term, in log-odds."""
        raise NotImplementedError

    @property
    def cut_points(self) -> tuple[float, ...]:
        """Encoded values at which the term steps."""
        return ()

    @property
    def step_values(self) -> np.ndarray:
        """What each bin adds to the linear part: float64, one more than ``cut_points``."""
        return np.zeros(1)


@dataclass(frozen=True, kw_only=True)
class _NumericTerm(_FeatureTerm):
    """A term that has a linear part, ``slope * min(max(x, low), high)``."""

    slope: float
    low: float
    high: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_finite("slope", "low", "high")
        if self.low > self.high:
            raise TablesError("'low' must not be above 'high'.", column=self.feature)
        if not math.isfinite(self.max_abs):
            raise TablesError("'slope' times the range is beyond what can be computed.", column=self.feature)

    @property
    def max_abs(self) -> float:
        steps = float(np.abs(self.step_values).max())
        return max(max(abs(self.slope * self.low), abs(self.slope * self.high)) + steps, abs(self.missing))

    def clipped(self, column: pd.Series) -> np.ndarray:
        x = self.encode(column)
        return ((x < self.low) | (x > self.high)) & (self.slope != 0.0)


@dataclass(frozen=True, kw_only=True)
class LinearTerm(_NumericTerm):
    """A linear function within the training range: t(x) = slope * min(max(x, low), high).

    Parameters
    ----------
    feature : str
        Name of the feature.
    slope : float
        Log-odds for one unit of the feature.
    low, high : float
        The training range, in the feature's unit. At least ten training children are at or beyond each end. A value
        beyond it is clipped, so that one typo cannot decide a score.
    missing : float
        Log-odds of a missing value.
    mean : float
        Mean of the term over the training rows.
    n, n_missing : int or None
        Training children whose value is known, and is missing; None where a count of 1 to 9 would be disclosed.
    label, unit : str
        Display name and unit of the feature; may be empty.

    Raises
    ------
    TablesError
        If a number is not finite, ``low`` is above ``high``, or a text holds control characters.
    """

    n: int | None

    def evaluate(self, x: np.ndarray) -> np.ndarray:
        line = self.slope * np.clip(x, self.low, self.high)
        return np.where(np.isnan(x), self.missing, line)


@dataclass(frozen=True, kw_only=True)
class ShapeTerm(_NumericTerm):
    r"""A shape function: t(x) = slope * min(max(x, low), high) + the value of the bin that x lies in.

    Bin i holds the x of :math:`e_i \le x < e_{i+1}`, with :math:`e_0 = -\infty` and :math:`e_{m+1} = \infty`.

    Parameters
    ----------
    feature, slope, low, high, missing, mean, n_missing, label, unit
        As in :class:`LinearTerm`.
    edges : tuple of float, length m
        Cut points, ascending. In the tables of a version, at least ten training children are in every bin.
    values : tuple of float, length m + 1
        What each bin adds to the linear part, in log-odds.
    n : tuple of (int or None), length m + 1, or None
        Training children in each bin; None where counts of 1 to 9 would be disclosed.
    standard_error : tuple of float, length m + 2, or None
        Standard error of the term less its mean, from the bagged ensemble (models each trained without some of the
        schools), at the middle of each bin; the last is that of ``missing``.

    Raises
    ------
    TablesError
        As :class:`LinearTerm`; also if edges do not ascend or lengths do not fit.
    """

    edges: tuple[float, ...]
    values: tuple[float, ...]
    n: tuple[int | None, ...] | None
    standard_error: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", tuple(map(float, self.edges)))
        object.__setattr__(self, "values", tuple(map(float, self.values)))
        object.__setattr__(self, "n", _counts_or_none(self.n))
        object.__setattr__(self, "standard_error", _standard_errors(self, len(self.values) + 1))
        require_edges(self.edges, self.feature)
        if len(self.values) != len(self.edges) + 1:
            raise TablesError("'values' must be one more than 'edges'.", column=self.feature)
        if self.n is not None and len(self.n) != len(self.values):
            raise TablesError("'n' must be as many as 'values'.", column=self.feature)
        if not all(map(math.isfinite, self.values)):
            raise TablesError("'values' must be finite numbers.", column=self.feature)
        super().__post_init__()

    def evaluate(self, x: np.ndarray) -> np.ndarray:
        line = self.slope * np.clip(x, self.low, self.high)
        steps = np.array([*self.values, self.missing], dtype=np.float64)[bin_of(self.edges, x)]
        return np.where(np.isnan(x), self.missing, line + steps)

    @property
    def cut_points(self) -> tuple[float, ...]:
        return self.edges

    @property
    def step_values(self) -> np.ndarray:
        return np.array(self.values, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class LevelsTerm(_FeatureTerm):
    """A value for each level of a categorical feature.

    Parameters
    ----------
    feature, mean, n, n_missing, label, unit
        As in :class:`LinearTerm`.
    levels : mapping of str to float
        Log-odds of each level, in the feature's order. Levels of fewer than ten training children share the value of
        the group that they were merged into. Level i is encoded as i.
    missing : float
        Log-odds of a missing value, and of a level that the model does not know.
    standard_error : tuple of float, one for each level and one for missing, or None
        Standard error of the term less its mean, from the bagged ensemble, as in :class:`ShapeTerm`.
    counts : tuple of (int or None), one for each level, or None
        Training children of each level; None for levels that share a value with others.

    Raises
    ------
    TablesError
        As :class:`LinearTerm`.
    """

    levels: Mapping[str, float]
    n: int | None
    standard_error: tuple[float, ...] | None = None
    counts: tuple[int | None, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", dict(self.levels))
        object.__setattr__(self, "counts", _counts_or_none(self.counts))
        object.__setattr__(self, "standard_error", _standard_errors(self, len(self.levels) + 1))
        if self.counts is not None and len(self.counts) != len(self.levels):
            raise TablesError("'counts' must be as many as 'levels'.", column=self.feature)
        for level, value in self.levels.items():
            if has_control_characters(level):
                raise TablesError(f"a level {CONTROL_CHARACTERS_ERROR}.", column=self.feature)
            if not math.isfinite(value):
                raise TablesError(f"level {level!r} must be a finite number.", column=self.feature)
        super().__post_init__()

    @property
    def max_abs(self) -> float:
        return max(map(abs, (*self.levels.values(), self.missing)))

    def encode(self, column: pd.Series) -> np.ndarray:
        codes = self._codes(column)
        return np.where(codes < 0, np.nan, codes)

    def evaluate(self, x: np.ndarray) -> np.ndarray:
        values = np.array([*self.levels.values(), self.missing], dtype=np.float64)
        return values[np.where(np.isnan(x), len(self.levels), x).astype(np.intp)]

    def unknown_category(self, column: pd.Series) -> np.ndarray:
        unknown: np.ndarray = self._codes(column) == _UNKNOWN
        return unknown

    def _codes(self, column: pd.Series) -> np.ndarray:
        codes, found = pd.factorize(column)
        positions = {level: i for i, level in enumerate(self.levels)}
        if not all(isinstance(level, str) or level_text(level) in positions for level in found):
            raise DataError(
                "The model needs levels as text here, and there is something else.",
                column=self.feature,
                remedy="Check the file against its contract first: that keeps a level such as '1' as text.",
            )
        codes_of_levels = (
            _UNKNOWN if (text := level_text(level)) is None else positions.get(text, _UNKNOWN) for level in found
        )
        known = np.array([*codes_of_levels, _MISSING], dtype=np.int64)
        # factorize gives an empty cell -1, the index of the last element
        return known[codes]

    @property
    def cut_points(self) -> tuple[float, ...]:
        return tuple(float(i) for i in range(1, len(self.levels)))

    @property
    def step_values(self) -> np.ndarray:
        return np.array(list(self.levels.values()) or [self.missing], dtype=np.float64)


def require_edges(edges: Sequence[float], name: str) -> None:
    """Raise unless edges are finite numbers, each above the one before."""
    if not all(map(math.isfinite, edges)):
        raise TablesError("'edges' must be finite numbers.", column=name)
    if not all(low < high for low, high in pairwise(edges)):
        raise TablesError("'edges' must be in ascending order, each once.", column=name)


def count_or_none(count: Any) -> int | None:
    """Return a count as int, and None as it is."""
    return None if count is None else int(count)


def _counts_or_none(counts: Iterable[Any] | None) -> tuple[int | None, ...] | None:
    """Return counts as a tuple of int; None where every one of them is suppressed."""
    found = tuple(map(count_or_none, counts or ()))
    return None if all(count is None for count in found) else found


def _standard_errors(term: ShapeTerm | LevelsTerm, length: int) -> tuple[float, ...] | None:
    errors = None if term.standard_error is None else tuple(map(float, term.standard_error))
    if errors is not None and (len(errors) != length or not all(0 <= error < math.inf for error in errors)):
        raise TablesError(f"'standard_error' must be {length} numbers of 0 or more.", column=term.feature)
    return errors


Term = LinearTerm | LevelsTerm | ShapeTerm
"""Every kind of term."""
