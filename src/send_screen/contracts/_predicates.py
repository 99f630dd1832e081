"""Evaluate the data-quality rules of a contract: which rows satisfy a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from send_screen.contracts._contract import Column, Contract, Rule
from send_screen.contracts._nhs_number import valid_nhs_numbers
from send_screen.contracts._pattern import fullmatches
from send_screen.contracts._upn import is_synthetic_upn, valid_upns

_ACADEMIC_YEAR = re.compile(r"((?:19|20)\d{2})/(\d{2})")
_SCHOOL_NUMBER = r"[0-9]{6,7}"  # URN (6 digits), or authority (3) and establishment (4)
# In years, on the 31 August before the academic year begins.
_YEAR_GROUP_AGE = {"N1": 2, "N2": 3, "R": 4} | {str(year): year + 4 for year in range(1, 15)}
_SHORT_SCHOOL_NUMBER = r"[0-9]{1,5}"  # without its leading zeros, or without the authority


def satisfies(rule: Rule, column: Column, frame: pd.DataFrame) -> pd.Series:
    """Return for each row whether it satisfies a rule of a column. A missing value breaks only the rule on blanks."""
    values = frame[column.name]
    if rule.kind == "null":
        return values.notna()
    if rule.kind == "duplicate":
        return is_unique_key(frame, (column.name,))
    return _holds_for_values(rule, column, frame, values) | values.isna()


def is_unique_key(frame: pd.DataFrame, key: tuple[str, ...]) -> pd.Series:
    """Return for each row whether no other has the same key; rows with a blank in the key are not compared."""
    columns = list(key)
    return ~frame.duplicated(columns, keep=False) | frame[columns].isna().any(axis=1)


def key_of(rule: Rule, contract: Contract) -> tuple[str, ...]:
    """Return the key columns of a table's rule on duplicate rows."""
    return tuple(rule.arguments.get("properties", contract.key))


def _holds_for_values(rule: Rule, column: Column, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
    match rule.kind:
        case "levels":  # a level is one of the codes of the column's code list
            return values.isin(list(column.codes)) & _in_force(column, frame, values)
        case "pattern":
            return _fullmatch(values, rule.arguments["pattern"])
        case "type":
            return is_parsed(values)
        case "range":
            return _in_range(rule, column, values)
        case "upn":
            return valid_upns(values)
        case "nhsNumber":
            return valid_nhs_numbers(values)
        case "establishment":
            return _fullmatch(values, _SCHOOL_NUMBER)
        case "academicYear":
            return _test_each(values, lambda year: _is_academic_year(year, **rule.arguments))
        case "notAbove":
            above: pd.Series = _comparable(values, column) > _comparable(frame[rule.arguments["column"]], column)
            return ~above
        case "notBelow":
            below: pd.Series = _comparable(values, column) < _comparable(frame[rule.arguments["column"]], column)
            return ~below
        case "onlyWhere":
            others: pd.Series = frame[rule.arguments["column"]]
            codes = [code for code in rule.arguments["in"] if code is not None]
            allowed: pd.Series = others.isin(codes) | (others.isna() & (None in rule.arguments["in"]))
            return allowed | ~values.isin(rule.arguments.get("values", values.dropna().unique()))
        case "yearGroupAge":
            years = frame[rule.arguments["academicYear"]]
            return _fits_year_group(values, frame[rule.arguments["column"]], years)
        case _:
            raise NotImplementedError(f"Rule {rule.id} of kind {rule.kind} is not a column's.")


def _test_each(values: pd.Series, test: Callable[[str], object]) -> pd.Series:
    """Apply a predicate of one text to each distinct value."""
    return _test_distinct(values, lambda texts: [bool(test(text)) for text in texts])


def _test_distinct(values: pd.Series, test: Callable[[list[str]], Iterable[bool]]) -> pd.Series:
    """Apply a vectorised predicate to the distinct values; a missing value passes."""
    codes, uniques = pd.factorize(values)
    passed = np.array([*test(list(uniques)), True], dtype=bool)
    return pd.Series(passed[codes], index=values.index)


def _fullmatch(values: pd.Series, pattern: str) -> pd.Series:
    return _test_distinct(values, lambda texts: fullmatches(pattern, texts))


def is_parsed(values: pd.Series) -> pd.Series:
    """Return which cells of a number or date column were parsed; the others are still text."""
    if values.dtype != object:
        return pd.Series(True, index=values.index)
    return _test_each(values, lambda value: not isinstance(value, str))


def numbers_of(values: pd.Series) -> pd.Series:
    """Return the parsed numbers, NaN where a cell is still text."""
    return values.where(is_parsed(values)).astype(np.float64)


def _comparable(values: pd.Series, column: Column) -> pd.Series:
    """Return the parsed dates or numbers, of the type that ``column`` has; missing where a cell is still text."""
    if column.logical_type == "date":
        return pd.to_datetime(values.where(is_parsed(values)), errors="coerce")
    return numbers_of(values)


def _in_range(rule: Rule, column: Column, values: pd.Series) -> pd.Series:
    if column.logical_type == "date":
        dates = _comparable(values, column)
        earliest, latest = (pd.Timestamp(rule.arguments[bound]) for bound in ("earliest", "latest"))
        return dates.between(earliest, latest) | dates.isna()
    numbers = numbers_of(values)
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    return numbers.between(low, high) | numbers.isna()


def _fits_year_group(born: pd.Series, year_groups: pd.Series, academic_years: pd.Series) -> pd.Series:
    """Return where a child's age on the 31 August before the academic year is that of the year group, or a year off.

    A year off are summer-born children who began late, and year groups of the autumn after the academic year. Without a
    numbered year group (X, for example), or an academic year, any age fits.
    """
    dates = pd.to_datetime(born.where(is_parsed(born)), errors="coerce")
    age = year_end(academic_years).dt.year - 1 - dates.dt.year - (dates.dt.month > 8)
    fits: pd.Series = ~((age - year_groups.map(_YEAR_GROUP_AGE).astype(np.float64)).abs() > 1)
    return fits


def year_end(years: pd.Series, month_day: str = "07-31") -> pd.Series:
    """Return the end date of each academic year, such as ``"2022/23"``; NaT where a value begins with no year."""
    codes, distinct = pd.factorize(years)
    starts = (re.match("[12][0-9]{3}", str(year)) for year in distinct)
    ends = [pd.Timestamp(f"{int(start[0]) + 1}-{month_day}") if start else pd.NaT for start in starts]
    dates = pd.DatetimeIndex([*ends, pd.NaT]).as_unit("s")  # a missing year has the code -1
    return pd.Series(dates[codes], index=years.index)


def recording_dates(recorded_on: str, table: pd.DataFrame, prefix: str = "") -> pd.Series:
    """Return the recording date of each row of a table, from ``recordedOn`` of a column in a contract.

    ``recorded_on`` is an ISO date, ``column:NAME`` (dates) or ``academic-year-end:NAME`` (academic years). ``table``
    has the column as ``prefix`` + NAME.
    """
    kind, _, name = recorded_on.partition(":")
    if kind == "column":
        return pd.to_datetime(table[prefix + name], errors="coerce")
    if kind == "academic-year-end":
        return year_end(table[prefix + name])
    return pd.Series(pd.Timestamp(recorded_on), index=table.index)


def with_leading_zeros(schools: pd.Series, upns: pd.Series) -> pd.Series:
    """Return the school numbers with the leading zeros that a spreadsheet dropped.

    Only the authority of synthetic children (000) begins with 0. A short number of a real child's school lacks the
    authority instead, and is returned as it is.
    """
    short = _fullmatch(schools, _SHORT_SCHOOL_NUMBER) & schools.notna()
    real = valid_upns(upns[short]) & ~upns[short].map(is_synthetic_upn).astype(bool)
    short[short] = ~real
    padded = schools[short].astype("string").str.zfill(7).astype(object)
    return schools.astype(object).where(~short, padded)


def _in_force(column: Column, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Return for each row whether its code was in force on the recording date; True where that is not known."""
    passed = pd.Series(True, index=values.index)
    if not column.level_dates or column.recorded_on is None or column.recorded_on.partition(":")[2] not in frame:
        return passed
    dates = recording_dates(column.recorded_on, frame)
    for code, (first, last) in column.level_dates.items():
        outside = (dates < pd.Timestamp(first or pd.Timestamp.min)) | (dates > pd.Timestamp(last or pd.Timestamp.max))
        passed &= ~(outside & (values == code))
    return passed


def _is_academic_year(text: str, earliest: str = "", latest: str = "9") -> bool:
    """Return whether a text is an academic year, such as 2022/23, from ``earliest`` to ``latest``."""
    match = _ACADEMIC_YEAR.fullmatch(text)
    return match is not None and (int(match[1]) + 1) % 100 == int(match[2]) and earliest <= text <= latest
