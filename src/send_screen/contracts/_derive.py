"""Derive columns that a file lacks from columns that it has."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from send_screen.contracts._contract import Column, Derivation
from send_screen.contracts._predicates import numbers_of

_HALF_DECIMAL = 0.0005  # half of the last digit of a percentage with one decimal, as a share


def derivation_of(column: Column, given: Collection[str]) -> Derivation | None:
    """Return the first derivation of a column for which the given columns are all there, or None."""
    possible = (
        each for each in column.derived if set(each.columns) <= set(given) and not set(each.unless) & set(given)
    )
    return next(possible, None)


def follows_from_missing(column: Column, given: Collection[str], missing: Collection[str]) -> bool:
    """Return whether a column could be derived from a given column and others that are reported as missing."""
    return any(
        set(derivation.columns) & set(given)
        and set(derivation.columns) - set(given)
        and set(derivation.columns) <= {*given, *missing}
        for derivation in column.derived
    )


def derive(derivation: Derivation, values: Mapping[str, pd.Series]) -> pd.Series:
    """Return the derived values; missing where a value that they are derived from is missing."""
    first, *rest = (values[name] for name in derivation.columns)
    match derivation.kind:
        case "sum":
            return numbers_of(first) + numbers_of(rest[0])
        case "difference":
            return numbers_of(first) - numbers_of(rest[0])
        case "percent":
            return _share_of(numbers_of(first), numbers_of(rest[0]))
        case "complement":
            return _share_of(numbers_of(first), 100 - numbers_of(rest[0]))
        case "percent_rest":
            return (100 - numbers_of(first)).round(6)
        case "percent_total":
            return numbers_of(first) * 0 + 100
        case "codes":
            return first.map(derivation.codes).astype(object)
        case "establishment":
            joined = first.astype("string").str.zfill(3) + rest[0].astype("string").str.zfill(4)
            return joined.where(rest[0].astype("string").str.len() <= 4, rest[0]).astype(object)
        case "surname":
            return first.map(lambda name: name.partition(",")[0].strip(), na_action="ignore")
        case "forename":
            return first.map(lambda name: name.partition(",")[2].strip() or None, na_action="ignore")
        case "copy":
            return first


def _share_of(total: pd.Series, percent: pd.Series) -> pd.Series:
    """Return a percentage of a number; a whole number where one has that percentage, to its first decimal."""
    share = total * percent / 100
    whole = share.round()
    return share.where((share - whole).abs() > total * _HALF_DECIMAL, whole)
