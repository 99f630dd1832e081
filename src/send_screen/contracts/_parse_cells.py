"""Parse the cells of a file into the values of its contract; a cell that cannot be parsed stays text."""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from send_screen.contracts._contract import Column
from send_screen.contracts._dates import DateOrder, date_order, read_date
from send_screen.contracts._nhs_number import repair_nhs_number
from send_screen.contracts._note import Note
from send_screen.contracts._pattern import fullmatches
from send_screen.contracts._upn import repair_upn
from send_screen.documents import count, first_few, replace_surrogates

# White space, with no-break and zero-width space and the byte-order mark.
_WHITE_SPACE = " \t\r\n\f\v\u00a0\u200b\u202f\ufeff"
_BLANKS = frozenset({"null", "#n/a", "n/a", "nan", "nat"})
_MAX_NAMED = 5  # columns in a note
_MIN_SHARES = 5  # distinct numbers
_WHOLE = re.compile(r"0*(\d+)(?:\.0+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(?:\d{1,2}|\d{4,})(?:\s*%)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_ACADEMIC_YEAR = re.compile(
    r"(?:(?:academic|school) year\s+|ay\s*)?"
    r"(?:((?:19|20)\d{2})\s*[/\-–]?|(\d{2})\s*[/\-–])\s*(?:(?:19|20)(?=\d{2}$))?(\d{2})",
    re.IGNORECASE,
)


def code_key(text: str) -> str:
    """Return a text without case, spaces and punctuation, as codes and their labels are compared.

    A text of nothing else, such as the register's marks / and #, is kept.

    Examples
    --------
    >>> code_key("White British") == code_key("white-british"), code_key("/") == code_key("#")
    (True, False)
    """
    return re.sub(r"[\W_]+", "", text.casefold()) or text


def uses_decimal_comma(texts: Iterable[str | None]) -> bool:
    """Return whether numbers have a decimal comma: some can be read in no other way, and none has a decimal point.

    Examples
    --------
    >>> uses_decimal_comma(["95,5", "100"]), uses_decimal_comma(["1,234", "95.5"])
    (True, False)
    """
    known = [text for text in texts if text is not None]
    return any(map(_DECIMAL_COMMA.fullmatch, known)) and not any(
        "." in text and _NUMBER.fullmatch(text) for text in known
    )


def plain_number(text: str, *, comma: bool) -> str:
    """Return a number without thousands separators, and with a decimal point where it has a decimal comma."""
    if comma:
        return text.replace(",", ".")
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


@dataclass(frozen=True)
class Repair:
    """How many cells of a column were repaired, with the words for one and for several."""

    n: int
    words: tuple[str, str]


@dataclass(frozen=True)
class ColumnStyle:
    """How the numbers or dates of a column are written, which only the whole column tells."""

    decimal_comma: bool = False
    percent_signs: bool = False
    shares: bool = False  # of 1, where the contract has a percentage
    date_order: DateOrder = "day first"


def column_style(column: Column, texts: Collection[str | None]) -> ColumnStyle:
    """Return how a column is written, from its distinct texts."""
    known = [text for text in texts if text is not None]
    if column.logical_type == "date":
        return ColumnStyle(date_order=date_order(known))
    if column.logical_type not in ("integer", "number"):
        return ColumnStyle()
    return ColumnStyle(
        decimal_comma=uses_decimal_comma(known),
        percent_signs=column.unit == "%" and any(text.endswith("%") for text in known),
        shares=_are_shares(column, known),
    )


def parse_column(
    series: pd.Series, column: Column, style: ColumnStyle | None = None
) -> tuple[pd.Series, Repair | None]:
    """Return a column parsed into the contract's values, and what was repaired.

    The values are float64 or datetime64 where every cell was parsed, else object; other cells stay text. ``style`` is
    that of the whole column, where the series is a part of it.
    """
    rows, texts = distinct_texts(series)
    parse, repair = _parser(column, style or column_style(column, texts))
    values = [None if text is None else parse(text) for text in texts]
    is_repaired = [text is not None and str(value) != text for text, value in zip(texts, values, strict=True)]
    repaired = int(np.array([*is_repaired, False])[rows].sum()) if repair else 0
    dtype = {"integer": "float64", "number": "float64", "date": "datetime64[s]"}.get(column.logical_type, "object")
    if any(isinstance(value, str) for value in values):
        dtype = "object"
    table = np.array([*values, None], dtype=dtype)  # None last, at index -1
    return pd.Series(table[rows], dtype=dtype), Repair(repaired, repair) if repair and repaired else None


def repair_notes(repairs: Mapping[str, Repair]) -> list[Note]:
    """Return notes on repairs, by column; one for all columns of many that were repaired alike."""
    alike: dict[tuple[str, str], list[str]] = {}
    for column, repair in repairs.items():
        alike.setdefault(repair.words, []).append(column)
    notes = []
    for words, columns in alike.items():
        for names in [columns] if len(columns) > _MAX_NAMED else [[column] for column in columns]:
            which = f"Column {names[0]}" if len(names) == 1 else f"Columns {first_few(names, _MAX_NAMED)}"
            notes.append(Note(f"{which}: {count(sum(repairs[name].n for name in names), *words)}.", names))
    return notes


def distinct_texts(series: pd.Series) -> tuple[np.ndarray, list[str | None]]:
    """Return the distinct cells of a column as trimmed text (None where blank), and each row's index among them.

    Each is parsed once. The index of an empty cell is -1.
    """
    try:
        rows, cells = pd.factorize(series)
    except (TypeError, UnicodeEncodeError):  # lists and records cannot be hashed, nor texts with lone surrogates
        rows, cells = pd.factorize(pd.Series([_as_text(cell) for cell in series], dtype=object))
    return rows, [_as_text(cell) for cell in cells]


def _as_text(value: object) -> str | None:
    """Return a value as it would be typed into a CSV file; None for blank."""
    if type(value) is str:  # nearly every cell
        return (value if value.isascii() else replace_surrogates(value)).strip(_WHITE_SPACE) or None
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
            return _london_time(value).date().isoformat()
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, Collection) and not isinstance(value, str):
        return "(several values)"  # a text that no code can match
    return replace_surrogates(str(value)).strip(_WHITE_SPACE) or None


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return "a number of thousands of digits"


def _london_time(value: dt.datetime) -> dt.datetime:
    """Return a time in UTC as London time, since systems store local midnight as UTC; other times stay as they are."""
    return value.astimezone(ZoneInfo("Europe/London")) if value.tzname() == "UTC" else value


def _parser(column: Column, style: ColumnStyle) -> tuple[Callable[[str], Any], tuple[str, str] | None]:
    """Return the parser of a column's texts, and the note, singular and plural, on texts that it had to repair."""
    if column.logical_type in ("integer", "number"):
        repair = _repair_note("share of 1", "such as 0.95", "read as a percentage") if style.shares else None
        return _number_parser(column, style), repair
    if column.logical_type == "date":
        ways = "month first" if style.date_order == "month first" else "day first"
        repair = _repair_note("date", f"written another way ({ways}, in words or as an Excel number)", "understood")
        return _date_parser(style.date_order), repair
    if column.levels or column.level_synonyms:
        return _code_parser(column), _repair_note(
            "value", "written another way, such as in words,", "read as the contract's codes"
        )
    if column.rule("upn"):
        return repair_upn, _repair_note("UPN", "in small letters or with gaps", "put right")
    if column.rule("nhsNumber"):
        return repair_nhs_number, _repair_note("NHS number", "with gaps", "put right")
    if column.rule("academicYear"):
        return _academic_year, _repair_note("academic year", "written another way", "read as such as 2022/23")
    if column.rule("establishment"):
        return _establishment, None
    return _text_parser(column), None


def _repair_note(noun: str, how: str, done: str) -> tuple[str, str]:
    return f"{noun} {how} was {done}", f"{noun}s {how} were {done}"


def _code_parser(column: Column) -> Callable[[str], str | None]:
    codes = {code_key(code): code for code in [*(column.levels or {}), *column.missing_codes]}
    lookup = {code_key(text): code for text, code in column.level_synonyms.items()} | codes
    pattern = column.rule("pattern")

    def read(text: str) -> str | None:
        key = code_key(text)
        if key in lookup:
            return lookup[key]
        if (whole := _WHOLE.fullmatch(text)) and whole[1] in lookup:
            return lookup[whole[1]]
        if text.casefold() in _BLANKS:
            return None
        if pattern and fullmatches(pattern.arguments["pattern"], [text.upper()])[0]:
            return text.upper()
        return text

    return read


def _are_shares(column: Column, texts: Iterable[str]) -> bool:
    """Return whether a percentage of attendance or absence is written as a share of 1 throughout, such as 0.95."""
    if column.unit != "%" or column.characteristic not in ("attendance", "absence"):
        return False
    numbers = [float(text) for text in texts if _NUMBER.fullmatch(text)]
    return len(numbers) >= _MIN_SHARES and max(numbers) <= 1 and not all(map(float.is_integer, numbers))


def _number_parser(column: Column, style: ColumnStyle) -> Callable[[str], float | str | None]:
    whole_only = column.logical_type == "integer"
    blanks = _BLANKS.union(code.casefold() for code in column.missing_codes)

    def read(text: str) -> float | str | None:
        if text.casefold() in blanks:
            return None
        if style.percent_signs and not text.endswith("%"):
            return text  # beside 95.5 %, a bare .97 may be 97 % or not quite 1 %
        bare = text.removesuffix("%").rstrip() if column.unit == "%" else text
        bare = plain_number(bare, comma=style.decimal_comma)
        if not _NUMBER.fullmatch(bare):
            return text
        number = float(bare)
        if style.shares:  # nobody attends 1 % of the sessions; but a school may have an absence of less than 1 %
            return round(100 * number, 9) if column.characteristic == "attendance" else text
        return number if math.isfinite(number) and (number.is_integer() or not whole_only) else text

    return read


def _date_parser(order: DateOrder) -> Callable[[str], dt.date | str | None]:
    return lambda text: None if text.casefold() in _BLANKS else read_date(text, order) or text


def _text_parser(column: Column) -> Callable[[str], str | None]:
    # "Null" is a surname: it means blank only in a column with a pattern.
    has_pattern = column.rule("pattern") is not None
    return lambda text: None if has_pattern and text.casefold() in _BLANKS else text


def _academic_year(text: str) -> str:
    match = _ACADEMIC_YEAR.fullmatch(text)
    if match is None or (match[2] and int(match[2]) + 1 != int(match[3])):  # 22/24 may be anything
        return text
    return f"{match[1] or '20' + match[2]}/{match[3]}"


def _establishment(text: str) -> str:
    digits = re.sub(r"[\s/\-]", "", text)
    return digits if digits.isdecimal() else text
