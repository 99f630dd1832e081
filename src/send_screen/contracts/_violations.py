"""Violations with place, message and remedy; values of personal columns are masked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from send_screen.contracts._contract import Column, Contract, Rule
from send_screen.contracts._predicates import key_of
from send_screen.contracts._quote import date_shaped, header_like, quotable, upn_shaped
from send_screen.contracts._result import MASK, Violation

_ROWS_NAMED = 5
_UPN_DIGITS = 8  # a text with fewer is no UPN with a slip in it
_LONGEST_VALUE = 24  # characters


def missing_column(contract: Contract, column: Column, closest: str | None, file: str) -> Violation:
    """Return the violation for a required column that the file lacks, with the header that looks most like it."""
    rule = _table_rule(contract, "columns")
    suggested = closest is not None and header_like(closest)
    remedy = f"If the header {closest!r} is meant, rename it to {column.name}." if suggested else rule.remedy
    message = f"The file has no column {column.name} ({column.label})."
    return Violation(rule.id, column.name, None, None, message, remedy, file, "file")


def doubled_header(contract: Contract, name: str, headers: list[str], file: str) -> Violation:
    """Return the violation for several headers that all claim to be one column."""
    rule = _table_rule(contract, "headers")
    shown = ", ".join(map(quotable, headers))
    return Violation(rule.id, name, None, None, f"The headers {shown} all stand for {name}.", rule.remedy, file, "file")


def empty_table(contract: Contract, file: str) -> Violation:
    """Return the violation for a table without rows."""
    rule = _table_rule(contract, "rows")
    return Violation(rule.id, None, None, None, f"The file has no rows. {rule.description}", rule.remedy, file, "file")


def row_violations(
    contract: Contract, prepared: pd.DataFrame, failures: dict[str, np.ndarray], *, file: str
) -> Iterator[Violation]:
    """Yield a violation for each failure, by row and then by the contract's order of columns and rules.

    Parameters
    ----------
    contract : Contract
    prepared : pandas.DataFrame, shape (n, p)
        The values that were checked.
    failures : dict of str to numpy.ndarray of bool, shape (n,)
        Rule id to the rows that break it.
    file : str
    """
    stated = [(rule, column) for column in contract.columns.values() for rule in column.rules]
    if contract.id_column:
        stated += [(rule, contract.id_column) for rule in contract.rules if rule.kind == "duplicate"]
    broken = [(rule, column) for rule, column in stated if rule.id in failures]
    if not broken:
        return
    doubles, no_upns, shown = {}, {}, {}
    for rule, column in broken:
        values = prepared[column.name]
        shown[column.name] = _shown(values, column)
        if rule.kind == "duplicate":
            key = key_of(rule, contract) if rule in contract.rules else (column.name,)
            doubles[rule.id] = _doubled_rows(prepared, key)
        if rule.kind == "upn":
            no_upns[rule.id] = {row for row, text in values.dropna().items() if _digits(str(text)) < _UPN_DIGITS}
    places, order = np.nonzero(np.column_stack([failures[rule.id] for rule, _ in broken]))
    for row, which in zip(prepared.index[places].tolist(), order.tolist(), strict=True):
        rule, column = broken[which]
        value = shown[column.name].get(row) if rule.kind != "null" else None
        yield Violation(
            rule=rule.id,
            column=column.name,
            row=row,
            value=value,
            message=_message(rule, value, doubles.get(rule.id, {}).get(row, ()), row in no_upns.get(rule.id, ())),
            remedy=rule.remedy,
            file=file,
            level="row",
            severity=rule.severity,
        )


def _message(rule: Rule, value: str | None, same: tuple[int, ...], no_upn: bool) -> str:
    if rule.kind == "null":
        return f"The cell is blank. {rule.description}"
    if rule.kind == "duplicate":
        rows = ", ".join(str(row) for row in same[:_ROWS_NAMED]) + (" and more" if len(same) > _ROWS_NAMED else "")
        return f"Rows {rows} are the same. {rule.description}"
    if no_upn:
        return (
            f"The value has not the form of a UPN: the row may be a total or a title, and no child. {rule.description}"
        )
    return f"The value {'' if value in (None, MASK) else repr(value) + ' '}does not fit. {rule.description}"


class _Masked:
    """Shows that there is a value in a personal column, not which."""

    def get(self, row: int) -> str:
        return MASK


def _shown(values: pd.Series, column: Column) -> pd.Series | _Masked:
    if column.personal:
        return _Masked()
    return values.map(lambda value: _unmasked(str(value), column), na_action="ignore")


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))


def _unmasked(text: str, column: Column) -> str:
    """Return a value as it is, masked where it looks like another column's: cells may stand one column off."""
    if len(text) > _LONGEST_VALUE or upn_shaped(text) or date_shaped(text):
        return MASK
    has_word = any(map(str.isalpha, text))
    return MASK if has_word and not column.levels else text


def _doubled_rows(prepared: pd.DataFrame, key: tuple[str, ...]) -> dict[int, tuple[int, ...]]:
    columns = list(key)
    doubled = prepared[columns].dropna()
    doubled = doubled[doubled.duplicated(columns, keep=False)]
    places = doubled.groupby(columns, sort=False).ngroup()
    # not all rows: of n equal ones that would be n squared
    named = doubled.groupby(columns, sort=False).head(_ROWS_NAMED + 1)
    rows = named.index.to_series().groupby(places[named.index]).agg(tuple)
    return dict(zip(doubled.index.tolist(), places.map(rows), strict=True))


def _table_rule(contract: Contract, kind: str) -> Rule:
    return next(rule for rule in contract.rules if rule.kind == kind)
