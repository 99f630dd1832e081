"""Violations with row, column, message and remedy; values of personal columns are masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from send_screen.contracts._contract import Column, Contract, Rule, RuleKind
from send_screen.contracts._derive import follows_from_missing
from send_screen.contracts._headers import HeaderMatch
from send_screen.contracts._predicates import key_of
from send_screen.contracts._quote import date_shaped, header_like, identifier_shaped, quotable
from send_screen.contracts._result import MASK, Violation

_MAX_LISTED = 5
_IDENTIFIERS = {"upn": "a UPN", "nhsNumber": "an NHS number"}
_IDENTIFIER_DIGITS = 8  # a text with fewer is not a mistyped identifier
_MAX_VALUE_LENGTH = 24  # characters
_MIN_OTHER_CODES = 3  # cells
_OTHER_CODES_SHARE = 0.02  # of the filled cells of a column


def file_violations(
    contract: Contract, headers: HeaderMatch, file: str, *, other_table: Contract | None, has_rows: bool
) -> Iterator[Violation]:
    """Yield what is wrong with a file as a whole: missing columns, duplicate headers, no rows.

    ``other_table`` is the contract that the headers seem to belong to, if any: one violation then names all missing
    columns.
    """
    rules = {rule.kind: rule for rule in reversed(contract.rules)}

    def violation(kind: RuleKind, column: str | None, message: str, remedy: str = "") -> Violation:
        return Violation(rules[kind].id, column, None, None, message, remedy or rules[kind].remedy, file, "file")

    missing = {name: closest for name, closest in headers.report.missing.items() if contract.columns[name].required}
    derivable = {name for name in missing if follows_from_missing(contract.columns[name], headers.position, missing)}
    missing = {name: closest for name, closest in missing.items() if name not in derivable}
    if other_table and missing:
        names = ", ".join(list(missing)[:_MAX_LISTED]) + (" and more" if len(missing) > _MAX_LISTED else "")
        yield violation(
            "columns",
            None,
            f"The file has no {names}, and has columns of another table, {other_table.title} ({other_table.ref}).",
            "If it is not that, ask whoever exported it what its columns hold, and rename them by that.",
        )
        missing = {}
    for name, closest in missing.items():
        suggested = closest is not None and header_like(closest)
        remedy = f"If the header {closest!r} is meant, rename it to {name}." if suggested else ""
        if contract.columns[name].rule("academicYear"):
            remedy = f"{remedy or rules['columns'].remedy} Or say the year: --academic-year 2025/26, for example."
        yield violation("columns", name, f"The file has no column {name} ({contract.columns[name].label}).", remedy)
    for name, duplicates in headers.duplicates.items():
        yield violation("headers", name, f"The headers {', '.join(map(quotable, duplicates))} all stand for {name}.")
    if not has_rows:
        yield violation("rows", None, f"The file has no rows. {rules['rows'].description}")


def other_coding(
    contract: Contract, prepared: pd.DataFrame, failures: dict[str, np.ndarray], file: str
) -> Iterator[Violation]:
    """Yield one violation where columns of numeric codes often hold one text that is no code: another coding is likely.

    A file with codes 0 and 1 instead of 1 and 2 would reverse the ranking, though each 1 is a valid code.
    """
    most = {
        rule.id: int(prepared.loc[failures[rule.id], column.name].astype(str).value_counts().max())
        for column in contract.columns.values()
        if (rule := column.rule("levels")) and rule.id in failures
    }
    filled = {name: int(prepared[name].notna().sum()) for name in contract.columns}
    yield from same_wrong_code(contract, most, filled, file)


def same_wrong_code(
    contract: Contract, most: Mapping[str, int], filled: Mapping[str, int], file: str
) -> Iterator[Violation]:
    """Yield what :func:`other_coding` does, from counts.

    ``most`` says by rule how many cells hold the commonest text that is no code, and ``filled`` by column how many hold
    anything.
    """
    found: list[tuple[Column, Rule, int]] = []
    for column in contract.columns.values():
        rule = column.rule("levels")
        if rule is None or rule.severity != "error" or not all(map(str.isdecimal, column.levels or "x")):
            continue
        n, of = most.get(rule.id, 0), filled.get(column.name, 0)
        if n >= _MIN_OTHER_CODES and _OTHER_CODES_SHARE * of <= n < of:  # where all are wrong, none is misread
            found.append((column, rule, n))
    if found:
        column, rule, n = found[0]
        others = f" So have {len(found) - 1} other columns." if len(found) > 1 else ""
        yield Violation(
            rule.id,
            column.name,
            None,
            None,
            f"{n:,} cells of {column.name} hold the same text, which is none of its codes: these may mean other things "
            f"here.{others} {rule.description}",
            "Ask whoever exported it what each text means, and write the contract's codes.",
            file,
            "file",
        )


def row_violations(
    contract: Contract, prepared: pd.DataFrame, failures: dict[str, np.ndarray], *, file: str
) -> Iterator[Violation]:
    """Yield a violation for each failure, by row and then by the contract's order of columns and rules.

    ``failures`` has for each broken rule, by its id, which rows of the ``prepared`` values break it.
    """
    rules = [(rule, column) for column in contract.columns.values() for rule in column.rules]
    if contract.id_column:
        rules += [(rule, contract.id_column) for rule in contract.rules if rule.kind == "duplicate"]
    broken = [(rule, column) for rule, column in rules if rule.id in failures]
    if not broken:
        return
    shown = {
        column.name: prepared[column.name]
        .map(lambda value, column=column: _mask_if_misplaced(str(value), column), na_action="ignore")
        .tolist()
        for _, column in broken
        if not column.personal
    }
    duplicate_rows = {
        rule.id: _duplicate_rows(prepared, key_of(rule, contract) if rule in contract.rules else (column.name,))
        for rule, column in broken
        if rule.kind == "duplicate"
    }
    row_positions, rule_indices = np.nonzero(np.column_stack([failures[rule.id] for rule, _ in broken]))
    cells = {column.name: prepared[column.name].tolist() for rule, column in broken if rule.kind in _IDENTIFIERS}
    rows = prepared.index.tolist()
    for position, rule_index in zip(row_positions.tolist(), rule_indices.tolist(), strict=True):
        row = rows[position]
        rule, column = broken[rule_index]
        value = None if rule.kind == "null" else MASK if column.personal else shown[column.name][position]
        if rule.kind == "null":
            message = "The cell is blank."
        elif rule.kind == "duplicate":
            same = duplicate_rows[rule.id][row]
            more = " and more" if len(same) > _MAX_LISTED else ""
            message = f"Rows {', '.join(map(str, same[:_MAX_LISTED]))}{more} are the same."
        elif (
            rule.kind in _IDENTIFIERS
            and sum(map(str.isdecimal, str(cells[column.name][position]))) < _IDENTIFIER_DIGITS
        ):
            message = f"This is not {_IDENTIFIERS[rule.kind]}: the row may be a total or a title, not a child."
        else:
            message = f"The value {'' if value in (None, MASK) else repr(value) + ' '}does not fit."
        yield Violation(
            rule=rule.id,
            column=column.name,
            row=row,
            value=value,
            message=f"{message} {rule.description}",
            remedy=rule.remedy,
            file=file,
            level="row",
            severity=rule.severity,
        )


def _mask_if_misplaced(text: str, column: Column) -> str:
    """Return a value, masked where it may be of a personal column: long, or like an identifier, a date or a name."""
    if len(text) > _MAX_VALUE_LENGTH or identifier_shaped(text) or date_shaped(text):
        return MASK
    has_word = any(map(str.isalpha, text))
    return MASK if has_word and not column.levels else text


def _duplicate_rows(prepared: pd.DataFrame, key: tuple[str, ...]) -> dict[int, tuple[int, ...]]:
    """Map each row with a duplicate key to the first rows that have it, one more than a message names."""
    columns = list(key)
    keys = prepared[columns].dropna()
    keys = keys[keys.duplicated(columns, keep=False)]
    groups = keys.groupby(columns, sort=False).ngroup()
    # not all rows: for n equal rows that would be n squared numbers
    named = keys.groupby(columns, sort=False).head(_MAX_LISTED + 1)
    rows = named.index.to_series().groupby(groups[named.index]).agg(tuple)
    return dict(zip(keys.index.tolist(), groups.map(rows), strict=True))
