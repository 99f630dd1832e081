"""Feature, condition and group values from checked columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from send_screen.contracts import Column, Contract, birth_season, eal, ethnic_group
from send_screen.specs import (
    AcademicYearEnd,
    AgeInMonths,
    ColumnRef,
    Condition,
    Equals,
    Feature,
    Group,
    ModelSpec,
    Share,
    code,
)

NOT_RECORDED = "not recorded"
_EAL_WORDS = {True: "English as an additional language", False: "English at home", None: NOT_RECORDED}
_ALL_SEASONS = {month: birth_season(month) for month in range(1, 13)}


def column_of(contracts: dict[str, Contract], ref: ColumnRef) -> Column:
    """Return the contract's column that a reference names."""
    return contracts[ref.contract].columns[ref.column]


def known_values(frame: pd.DataFrame, contracts: dict[str, Contract], ref: ColumnRef) -> pd.Series:
    """Return a column with every code that means "not known" as missing; an absent column is missing throughout."""
    if str(ref) not in frame.columns:
        return pd.Series(np.nan, index=frame.index, dtype=object)
    values = frame[str(ref)]
    missing_codes = column_of(contracts, ref).missing_codes
    return values.mask(values.isin(list(missing_codes))) if missing_codes else values


def evaluate_condition(
    frame: pd.DataFrame, contracts: dict[str, Contract], condition: Condition
) -> tuple[pd.Series, pd.Series]:
    """Return whether a condition holds, and where it cannot be told because the value is not known.

    ``in`` needs a known value; ``not_in`` is content with a missing one.
    """
    values = known_values(frame, contracts, condition.column)
    wanted = {code(value) for value in condition.values}
    codes = values.map(code, na_action="ignore")
    inside = codes.isin(wanted)
    if condition.negated:
        return ~inside, pd.Series(False, index=frame.index)
    return inside, values.isna()


def feature_values(
    frame: pd.DataFrame, contracts: dict[str, Contract], feature: Feature, as_of: pd.Series
) -> pd.Series:
    """Return a feature: float64 with NaN, or for a category str with None.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n, any)
        Linked and checked columns.
    as_of : pandas.Series of datetime64, shape (n,)
    """
    source = feature.source
    if isinstance(source, AgeInMonths):
        return _age_in_months(frame, contracts, source, as_of)
    if isinstance(source, Share):
        part, whole = (_numbers(known_values(frame, contracts, ref)) for ref in source.sources)
        return part / whole.where(whole > 0)
    if isinstance(source, Equals):
        values = known_values(frame, contracts, source.column)
        same = values.map(code, na_action="ignore") == code(source.value)
        return same.astype("float64").where(values.notna())
    values = known_values(frame, contracts, source)
    if feature.kind == "number":
        return _numbers(values)
    codes: pd.Series = values.map(code, na_action="ignore").astype(object).where(values.notna(), None)
    return codes


def _numbers(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce").astype("float64")


def _age_in_months(
    frame: pd.DataFrame, contracts: dict[str, Contract], age: AgeInMonths, as_of: pd.Series
) -> pd.Series:
    if age.born is not None:
        born = pd.to_datetime(known_values(frame, contracts, age.born))
        year, month = born.dt.year, born.dt.month
    else:
        year, month = (_numbers(known_values(frame, contracts, ref)) for ref in age.sources)
    if age.at == "as_of":
        at_year, at_month = as_of.dt.year, as_of.dt.month
    else:
        at_year, at_month = (int(part) for part in age.at.split("-"))
    months: pd.Series = ((at_year - year) * 12 + (at_month - month)).astype("float64")
    return months


def group_values(frame: pd.DataFrame, contracts: dict[str, Contract], group: Group) -> pd.Series:
    """Return the group of each child in words; what is not known is ``"not recorded"``."""
    values = known_values(frame, contracts, group.column)
    if group.derive == "season":
        dates = column_of(contracts, group.column).logical_type == "date"
        months = pd.to_datetime(values).dt.month if dates else _numbers(values)
        words = months.map(_ALL_SEASONS)
    elif group.derive == "eal":
        words = values.map(lambda value: _EAL_WORDS[eal(value)], na_action="ignore")
    elif group.derive == "ethnic_group":
        words = values.map(ethnic_group, na_action="ignore")
    else:
        levels = (column_of(contracts, group.column).levels or {}) | group.levels
        codes = values.map(code, na_action="ignore")
        words = codes.map(levels).where(codes.isin(list(levels)), codes)
    return words.astype(object).where(words.notna(), NOT_RECORDED).astype(str)


def year_end(years: pd.Series, month_day: str = "07-31") -> pd.Series:
    """Return a date in the calendar year in which each academic year, such as ``"2022/23"``, ends."""
    first = pd.to_numeric(years.astype("string").str.slice(0, 4), errors="coerce")
    text = (first + 1).astype("Int64").astype("string") + f"-{month_day}"
    return pd.to_datetime(text, errors="coerce")


def as_of_dates(frame: pd.DataFrame, contracts: dict[str, Contract], spec: ModelSpec) -> pd.Series:
    """Return the as-of date of each child."""
    if isinstance(spec.as_of, AcademicYearEnd):
        return year_end(known_values(frame, contracts, spec.as_of.academic_year), spec.as_of.month_day)
    return pd.Series(pd.Timestamp(spec.as_of), index=frame.index)


def recorded_dates(frame: pd.DataFrame, contracts: dict[str, Contract], feature: Feature) -> pd.Series | None:
    """Return when a feature was recorded (the latest of its columns), or None where no contract says."""
    dates = []
    for ref in feature.sources:
        stated = column_of(contracts, ref).recorded_on
        if stated is None:
            continue
        kind, _, name = stated.partition(":")
        if kind == "column":
            dates.append(pd.to_datetime(frame[f"{ref.contract}.{name}"]))
        elif kind == "academic-year-end":
            dates.append(year_end(frame[f"{ref.contract}.{name}"]))
        else:
            dates.append(pd.Series(pd.Timestamp(stated), index=frame.index))
    return pd.concat(dates, axis=1).max(axis=1) if dates else None
