"""Feature, condition and group values from linked tables."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from send_screen.cohorts._link import LinkedTables
from send_screen.contracts import ETHNIC_GROUPS, Column
from send_screen.contracts._england_codes import BIRTH_SEASONS, is_additional_language
from send_screen.contracts._predicates import recording_dates, year_end
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
)
from send_screen.specs._columns import as_code

NOT_RECORDED = "not recorded"
_EAL_LABELS = {True: "English as an additional language", False: "English at home", None: NOT_RECORDED}


def column_of(linked: LinkedTables, ref: ColumnRef) -> Column:
    """Return the contract's column that a reference names."""
    return linked.contracts[ref.contract].columns[ref.column]


def known_values(linked: LinkedTables, ref: ColumnRef) -> pd.Series:
    """Return a column with the codes of ``missing_codes`` as missing; an absent column is missing throughout."""
    if str(ref) not in linked.frame:
        return pd.Series(np.nan, index=linked.frame.index, dtype=object)
    values = linked.frame[str(ref)]
    missing_codes = column_of(linked, ref).missing_codes
    return values.mask(values.isin(list(missing_codes))) if missing_codes else values


def known_codes(linked: LinkedTables, ref: ColumnRef) -> pd.Series:
    """Return a column as codes of its contract, missing where not known."""
    return known_values(linked, ref).map(as_code, na_action="ignore")


def evaluate_condition(
    linked: LinkedTables, condition: Condition, as_of: pd.Series
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return where a condition holds, where only by its ``moved_on``, and where it is undecided.

    ``in`` is undecided for a missing value; ``not_in`` holds for it.
    """
    codes = known_codes(linked, condition.column)
    inside = codes.isin({as_code(value) for value in condition.values})
    nowhere = codes.isna() & False
    if condition.negated:
        return ~inside, nowhere, nowhere
    if condition.moved_on is None:
        return inside, nowhere, codes.isna()
    later = codes.isin({as_code(value) for value in condition.moved_on.values})
    months = _age_in_months(linked, condition.moved_on.age_in_months, as_of)
    moved_on = later & months.between(condition.moved_on.least, condition.moved_on.most)
    return inside | moved_on, moved_on, codes.isna()


def feature_values(linked: LinkedTables, feature: Feature, as_of: pd.Series) -> pd.Series:
    """Return the values of a feature: float64 with NaN, or of a category str with None."""
    source = feature.source
    if isinstance(source, AgeInMonths):
        return _age_in_months(linked, source, as_of)
    if isinstance(source, Share):
        numerator, denominator = (_numbers(known_values(linked, ref)) for ref in source.sources)
        return numerator / denominator.where(denominator > 0)
    if isinstance(source, Equals):
        codes = known_codes(linked, source.column)
        return (codes == as_code(source.value)).astype("float64").where(codes.notna())
    if feature.kind == "number":
        return _numbers(known_values(linked, source))
    codes = known_codes(linked, source).astype(object)
    return codes.where(codes.notna(), None)


def _numbers(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.CategoricalDtype):  # each category once
        categories = pd.to_numeric(pd.Series(values.cat.categories), errors="coerce").to_numpy(dtype=np.float64)
        return pd.Series(np.append(categories, np.nan)[values.cat.codes.to_numpy()], index=values.index)
    return pd.to_numeric(values, errors="coerce").astype("float64")


def _age_in_months(linked: LinkedTables, age: AgeInMonths, as_of: pd.Series) -> pd.Series:
    """Return the age of each child in whole months at the stated month."""
    if age.born is not None:
        born = pd.to_datetime(known_values(linked, age.born))
        year, month = born.dt.year, born.dt.month
    else:
        year, month = (_numbers(known_values(linked, ref)) for ref in age.sources)
    if age.at == "as_of":
        at_year, at_month = as_of.dt.year, as_of.dt.month
    else:
        at_year, at_month = (int(part) for part in age.at.split("-"))
    months: pd.Series = ((at_year - year) * 12 + (at_month - month)).astype("float64")
    return months


def group_values(linked: LinkedTables, group: Group) -> pd.Series:
    """Return the group of each child by name; a missing value is the group ``"not recorded"``."""
    values = known_values(linked, group.column)
    column = column_of(linked, group.column)
    if group.derive == "season":
        months = pd.to_datetime(values).dt.month if column.logical_type == "date" else _numbers(values)
        labels = months.map(BIRTH_SEASONS)
    elif group.derive == "eal":
        labels = values.map(lambda value: _EAL_LABELS[is_additional_language(value)], na_action="ignore")
    elif group.derive == "ethnic_group":
        labels = values.map(ETHNIC_GROUPS)
    else:
        levels = (column.levels or {}) | group.levels
        labels = known_codes(linked, group.column).map(lambda value: levels.get(value, value), na_action="ignore")
    codes, distinct = pd.factorize(labels.astype(object))
    names = [str(label).replace("×", "x") for label in distinct]  # × separates the groups of an intersection
    return pd.Series(np.array([*names, NOT_RECORDED], dtype=object)[codes], index=values.index)


def as_of_dates(linked: LinkedTables, spec: ModelSpec) -> pd.Series:
    """Return the as-of date of each child."""
    if isinstance(spec.as_of, AcademicYearEnd):
        return year_end(known_values(linked, spec.as_of.academic_year), spec.as_of.month_day)
    return pd.Series(pd.Timestamp(spec.as_of), index=linked.frame.index)


def recorded_dates(linked: LinkedTables, features: Iterable[Feature]) -> dict[str, pd.Series]:
    """Return the recording dates of each feature (the latest of its columns), where a contract states them.

    Features with the same recording rules, as all of one contract often have, share one series.
    """
    rules = {
        feature.name: frozenset(
            (rule, f"{ref.contract}.")
            for ref in feature.sources
            if (rule := column_of(linked, ref).recorded_on) and str(ref) in linked.frame
        )
        for feature in features
    }
    latest = {}
    for of_feature in set(rules.values()) - {frozenset()}:
        dates = [recording_dates(rule, linked.frame, prefix) for rule, prefix in of_feature]
        latest[of_feature] = pd.concat(dates, axis=1).max(axis=1)
    return {name: latest[of_feature] for name, of_feature in rules.items() if of_feature}
