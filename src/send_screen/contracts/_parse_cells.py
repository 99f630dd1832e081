"""Values as files have them, turned into what the contract means; what cannot be understood stays text."""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from send_screen.contracts._contract import Column
from send_screen.contracts._dates import is_day_first_form, month_first, read_date
from send_screen.contracts._pattern import fullmatches
from send_screen.contracts._upn import repair_upn
from send_screen.documents import encodable

# Spaces that people do not see: no-break, zero-width, byte-order mark.
_INVISIBLE = " \t\r\n\f\v\u00a0\u200b\u202f\ufeff"
_BLANK_WORDS = frozenset({"null", "#n/a", "n/a", "nan", "nat"})
_WHOLE = re.compile(r"0*(\d+)(?:\.0+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(?:\d{1,2}|\d{4,})(?:\s*%)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_ACADEMIC_YEAR = re.compile(r"((?:19|20)\d{2})\s*[/\-–]?\s*(?:(?:19|20)(?=\d{2}$))?(\d{2})")
_ESTABLISHMENT_DIGITS = 7
_URN_DIGITS = 6


def code_key(text: str) -> str:
    """Return a text without case, spaces and punctuation, as codes and their words are compared.

    Examples
    --------
    >>> code_key("White British") == code_key("white-british")
    True
    """
    return re.sub(r"[\W_]+", "", text.casefold())


def uses_decimal_comma(texts: Iterable[str | None]) -> bool:
    """Tell whether numbers have a decimal comma: some can be read in no other way, and none has a decimal point.

    Examples
    --------
    >>> uses_decimal_comma(["95,5", "100"]), uses_decimal_comma(["1,234", "95.5"])
    (True, False)
    """
    some = [text for text in texts if text is not None]
    return any(map(_DECIMAL_COMMA.fullmatch, some)) and not any(
        "." in text and _NUMBER.fullmatch(text) for text in some
    )


def prepare(series: pd.Series, column: Column) -> tuple[pd.Series, str | None]:
    """Return a column's values as the contract means them, and a note on what was repaired.

    The values are float64 or datetime64 where every cell was understood, else object; a text that was not understood
    stays as text.
    """
    rows, texts = distinct_texts(series)
    read, words = _reader(column, texts)
    values = [None if text is None else read(text) for text in texts]
    is_repaired = [text is not None and str(value) != text for text, value in zip(texts, values, strict=True)]
    repaired = int(np.array([*is_repaired, False])[rows].sum()) if words else 0
    note = f"Column {column.name}: {repaired:,} {words}." if repaired else None
    dtype = {"integer": "float64", "number": "float64", "date": "datetime64[s]"}.get(column.logical_type, "object")
    if any(isinstance(value, str) for value in values):
        dtype = "object"
    table = np.array([*values, None], dtype=dtype)  # None in the last place, which -1 stands for
    return pd.Series(table[rows], dtype=dtype), note


def distinct_texts(series: pd.Series) -> tuple[np.ndarray, list[str | None]]:
    """Return the distinct cells of a column as trimmed text (None where blank), and for each row which it has.

    Each is so parsed once. A row that holds nothing at all has -1.
    """
    try:
        rows, cells = pd.factorize(series)
    except (TypeError, UnicodeEncodeError):  # lists and records cannot be told apart, nor some damaged texts
        rows, cells = pd.factorize(pd.Series([_as_text(cell) for cell in series], dtype=object))
    return rows, [_as_text(cell) for cell in cells]


def _as_text(value: object) -> str | None:
    """Return what a person would type for a value; None for blank."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, numbers.Integral):
        return _digits(int(value))
    if isinstance(value, numbers.Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    if isinstance(value, dt.datetime):  # a pandas Timestamp is one
        if value.tzinfo is not None:
            return _local(value).date().isoformat()
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, Collection) and not isinstance(value, str):
        return "(several values)"  # no reader may find a code in it
    return encodable(str(value)).strip(_INVISIBLE) or None


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return "a number of thousands of digits"


def _local(value: dt.datetime) -> dt.datetime:
    """Return a time in its own zone; in England's where it is universal, which is how systems store local midnight."""
    return value.astimezone(ZoneInfo("Europe/London")) if value.tzname() == "UTC" else value


def _reader(column: Column, texts: list[str | None]) -> tuple[Callable[[str], Any], str]:
    """Return what understands one text of the column, and the words for those that were written another way."""
    if column.logical_type in ("integer", "number"):
        return _number_reader(column, texts), ""
    if column.logical_type == "date":
        words = "date(s) written another way (day first, in words or as an Excel number) were understood"
        return _date_reader(texts), words
    if column.levels or column.level_synonyms:
        return _code_reader(column), "value(s) written another way, such as in words, were read as the contract's codes"
    if column.rule("upn"):
        return repair_upn, "UPN(s) in small letters or with gaps were put right"
    if column.rule("academicYear"):
        return _academic_year, "academic year(s) written another way were read as such as 2022/23"
    if column.rule("establishment"):
        return _establishment, "school number(s) were put into seven digits, with the leading zeros that were lost"
    return _text_reader(column), ""


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
        if pattern and fullmatches(pattern.arguments["pattern"], [text.upper()])[0]:
            return text.upper()
        return text

    return read


def _number_reader(column: Column, texts: list[str | None]) -> Callable[[str], float | str | None]:
    whole_only = column.logical_type == "integer"
    blanks = _BLANK_WORDS.union(code.casefold() for code in column.missing_codes)
    comma = uses_decimal_comma(texts)

    def read(text: str) -> float | str | None:
        if text.casefold() in blanks:
            return None
        bare = text.removesuffix("%").rstrip() if column.unit == "%" else text
        if comma:
            bare = bare.replace(",", ".")
        elif _THOUSANDS.fullmatch(bare):
            bare = bare.replace(",", "")
        if not _NUMBER.fullmatch(bare):
            return text
        number = float(bare)
        return number if math.isfinite(number) and (number.is_integer() or not whole_only) else text

    return read


def _date_reader(texts: list[str | None]) -> Callable[[str], dt.date | str | None]:
    doubtful = month_first(text for text in texts if text is not None)

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
