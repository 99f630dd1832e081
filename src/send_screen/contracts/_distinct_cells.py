"""A column as distinct values and codes, so that each value is parsed once."""

from __future__ import annotations

import datetime as dt
import numbers
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from send_screen.contracts._quote import encodable

# Spaces that people do not see: no-break, zero-width, byte-order mark.
_UNSEEN = " \t\r\n\f\v\u00a0\u200b\u202f\ufeff"


@dataclass(frozen=True)
class DistinctCells:
    """The cells of one column.

    Attributes
    ----------
    codes : numpy.ndarray of int, shape (n,)
        For each row the place of its value in ``values``; -1 is blank.
    values : tuple
        Distinct values: str, or None for blank.
    """

    codes: np.ndarray
    values: tuple[Any, ...]

    @classmethod
    def of(cls, series: pd.Series) -> DistinctCells:
        """Return the cells of a column as text, without spaces around them; blank where nothing is left."""
        try:
            codes, uniques = pd.factorize(series)
        except (TypeError, UnicodeEncodeError):  # lists and records cannot be told apart, nor some damaged texts
            codes, uniques = pd.factorize(pd.Series([_as_text(value) for value in series], dtype=object))
        return cls(codes, tuple(_as_text(value) for value in uniques))

    @classmethod
    def blank(cls, n: int) -> DistinctCells:
        """Return ``n`` blank cells."""
        return cls(np.full(n, -1), ())

    def map(self, change: Callable[[str], Any]) -> DistinctCells:
        """Return the cells with each distinct text changed; blanks stay blank."""
        return DistinctCells(self.codes, tuple(None if value is None else change(value) for value in self.values))

    def spread(self) -> np.ndarray:
        """Return one object a row: its value, or None."""
        table: np.ndarray = np.empty(len(self.values) + 1, dtype=object)
        table[: len(self.values)] = self.values
        return np.asarray(table[self.codes])  # -1 is the last place, which holds None

    def differing(self, other: DistinctCells) -> int:
        """Count the rows whose value differs from ``other``, cells of the same column."""
        changed = np.array([mine != theirs for mine, theirs in zip(self.values, other.values, strict=True)] + [False])
        return int(changed[self.codes].sum())


def _as_text(value: object) -> str | None:
    """Return what a person would type for a value; None for blank."""
    if isinstance(value, str):
        return encodable(value).strip(_UNSEEN) or None
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, numbers.Integral):
        return _digits(int(value))
    if isinstance(value, numbers.Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    if isinstance(value, bytes):
        return encodable(value.decode("utf-8", "replace")).strip(_UNSEEN) or None
    if isinstance(value, dt.datetime):  # a pandas Timestamp is one
        if value.tzinfo is not None:
            return _local(value).date().isoformat()
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, Collection):
        return "(several values)"  # no reader may find a code in it
    return encodable(str(value)).strip(_UNSEEN) or None


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return "a number of thousands of digits"


def _local(value: dt.datetime) -> dt.datetime:
    """Return a time in its own zone; in England's where it is universal, which is how systems store local midnight."""
    return value.astimezone(ZoneInfo("Europe/London")) if value.tzname() == "UTC" else value
