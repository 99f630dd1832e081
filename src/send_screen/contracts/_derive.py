"""Derive columns that a file lacks from columns that it has."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from send_screen.contracts._contract import Column, Derivation
from send_screen.contracts._predicates import numbers_of


def derivation_of(column: Column, given: Collection[str]) -> Derivation | None:
    """Return the first derivation of a column whose columns are all given, or None."""
    return next((derivation for derivation in column.derived if set(derivation.columns) <= set(given)), None)


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
        case "complement":
            return (numbers_of(first) * (1 - numbers_of(rest[0]) / 100)).round()
        case "codes":
            return first.map(derivation.codes).astype(object)
        case "establishment":
            joined = first.astype("string").str.zfill(3) + rest[0].astype("string").str.zfill(4)
            return joined.where(rest[0].astype("string").str.len() <= 4, rest[0]).astype(object)
        case "copy":
            return first
