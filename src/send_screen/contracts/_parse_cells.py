"""Values as files have them, turned into what the contract means; what cannot be understood stays text."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from send_screen.contracts._contract import Column
from send_screen.contracts._dates import is_day_first_form, month_first, read_date
from send_screen.contracts._distinct_cells import DistinctCells
from send_screen.contracts._upn import repair_upn

_BLANK_WORDS = frozenset({"null", "#n/a", "n/a", "nan", "nat"})
_WHOLE = re.compile(r"0*(\d+)(?:\.0+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_ACADEMIC_YEAR = re.compile(r"((?:19|20)\d{2})\s*[/\-–]?\s*(?:(?:19|20)(?=\d{2}$))?(\d{2})")
_ESTABLISHMENT_DIGITS = 7
_URN_DIGITS = 6


def code_key(text: str) -> str:
    """Return a text without case, spaces and punctuation, as codes and their words are compared.

    Parameters
    ----------
    text : str
        A code, or its meaning in words.

    Returns
    -------
    str

    Examples
    --------
    >>> code_key("White British") == code_key("white-british")
    True
    """
    return re.sub(r"[\W_]+", "", text.casefold())


def prepare(series: pd.Series | None, column: Column, n: int) -> tuple[pd.Series, str | None]:
    """Return a column's values as the contract means them, and a note on what was repaired.

    Parameters
    ----------
    series : pandas.Series or None
        As read; None where the file lacks the column.
    column : Column
    n : int
        Number of rows.

    Returns
    -------
    values : pandas.Series, shape (n,)
        float64 or datetime64 where every cell was understood, else object; a text that was not stays as text.
    note : str or None
    """
    read, words = _reader(column)
    cells = DistinctCells.blank(n) if series is None else DistinctCells.of(series)
    if column.logical_type == "date":
        read = _date_reader(cells)
    understood = cells.map(read)
    repaired = understood.map(str).differing(cells) if words else 0
    note = f"Column {column.name}: {repaired:,} {words}." if repaired else None
    return _typed(understood, column), note


def _reader(column: Column) -> tuple[Callable[[str], Any], str]:
    """Return what understands one text of the column, and the words for those that were written another way."""
    if column.logical_type in ("integer", "number"):
        return _number_reader(column), ""
    if column.logical_type == "date":
        return read_date, "date(s) written another way (day first, in words or as an Excel number) were understood"
    if column.levels or column.level_synonyms:
        return _code_reader(column), "value(s) written another way, such as in words, were read as the contract's codes"
    if column.rule("upn"):
        return repair_upn, "UPN(s) in small letters or with gaps were put right"
    if column.rule("academicYear"):
        return _academic_year, "academic year(s) written another way were read as such as 2022/23"
    if column.rule("establishment"):
        return _establishment, "school number(s) were put into seven digits, with the leading zeros that were lost"
    return _text_reader(column), ""


def _typed(cells: DistinctCells, column: Column) -> pd.Series:
    if column.logical_type in ("integer", "number", "date"):
        all_understood = not any(isinstance(value, str) for value in cells.values)
        if all_understood and column.logical_type == "date":
            table = np.array([*cells.values, None], dtype="datetime64[s]")
            return pd.Series(table[cells.codes])
        if all_understood:
            return pd.Series(np.array([*cells.values, None], dtype=np.float64)[cells.codes])
    return pd.Series(cells.spread(), dtype=object)


def _code_reader(column: Column) -> Callable[[str], str | None]:
    codes = {code_key(code): code for code in [*(column.levels or {}), *column.missing_codes]}
    lookup = {code_key(text): code for text, code in column.level_synonyms.items()} | codes
    pattern = column.rule("pattern")

    def read(text: str) -> str | None:
        key = code_key(text)
        if key in lookup:
            return lookup[key]
        if (whole := _WHOLE.fullmatch(text)) and whole[1] in lookup:
            return lookup[whole[1]]
        if text.casefold() in _BLANK_WORDS:
            return None
        if pattern and re.fullmatch(pattern.arguments["pattern"], text.upper()):
            return text.upper()
        return text

    return read


def _number_reader(column: Column) -> Callable[[str], float | str | None]:
    whole_only = column.logical_type == "integer"

    def read(text: str) -> float | str | None:
        if text.casefold() in _BLANK_WORDS:
            return None
        bare = text.removesuffix("%").rstrip() if column.unit == "%" else text
        if _THOUSANDS.fullmatch(bare):
            bare = bare.replace(",", "")
        if not _NUMBER.fullmatch(bare):
            return text
        number = float(bare)
        return number if math.isfinite(number) and (number.is_integer() or not whole_only) else text

    return read


def _date_reader(cells: DistinctCells) -> Callable[[str], dt.date | str | None]:
    doubtful = month_first(value for value in cells.values if value is not None)

    def read(text: str) -> dt.date | str | None:
        if text.casefold() in _BLANK_WORDS:
            return None
        if doubtful and is_day_first_form(text):
            return text
        return read_date(text) or text

    return read


def _text_reader(column: Column) -> Callable[[str], str | None]:
    # "Null" is a surname: only what must have a form can be a word for blank.
    has_form = column.rule("pattern") is not None
    return lambda text: None if has_form and text.casefold() in _BLANK_WORDS else text


def _academic_year(text: str) -> str:
    match = _ACADEMIC_YEAR.fullmatch(text)
    return f"{match[1]}/{match[2]}" if match else text


def _establishment(text: str) -> str:
    digits = re.sub(r"[\s/\-]", "", text)
    if not digits.isdecimal():
        return text
    return digits if len(digits) >= _URN_DIGITS else digits.zfill(_ESTABLISHMENT_DIGITS)
