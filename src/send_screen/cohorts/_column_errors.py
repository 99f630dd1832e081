"""Errors of whole columns: missing, mostly unreadable, or contradicting another one. One message, not one per row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from send_screen.contracts import CheckedTable, Contract, Rule, Violation
from send_screen.contracts._quote import quotable
from send_screen.documents import first_few
from send_screen.errors import DataError

_MIN_CELLS = 10
_SHARE = 0.5  # of the rows, or of the filled cells
_MAX_SHOWN = 5
_ROW_RULES = ("duplicate", "academicYear")  # broken by readable cells, of rows that do not belong here
# Between columns: where most cells break one, a column is the wrong one.
_ORDER_RULES = ("notAbove", "notBelow", "yearGroupAge")


def missing_columns(
    contract: Contract, check: CheckedTable, violations: Sequence[Violation], elsewhere: Collection[str]
) -> list[DataError]:
    """Return one error for the columns that a file lacks, where they are many and nothing else is wrong with it.

    ``elsewhere`` are the headers of the same file that other contracts use.
    """
    rule = contract.rule("columns")
    if len(violations) <= _MAX_SHOWN or rule is None or any(v.rule != rule.id or v.column is None for v in violations):
        return []
    names = [v.column for v in violations]
    left = [header for header in check.columns.unknown if header not in elsewhere]
    unknown = ", ".join(map(quotable, left[:_MAX_SHOWN]))
    unused = f" Headers such as {unknown} were not understood." if unknown else ""
    first = violations[0]
    return [
        DataError(
            f"The file has no {first_few(names, _MAX_SHOWN)}.{unused}",
            remedy=rule.remedy,
            file=first.file,
            column=first.column,
            rule=first.rule,
        )
    ]


@dataclass(frozen=True)
class BrokenCells:
    """How many cells of the needed columns of a table break which rule."""

    n_rows: int
    n_filled: Mapping[str, int]
    """Cells that hold something, by column."""
    counts: Counter[tuple[str, str]]
    """By column and rule; without the blanks that a rule only warns of."""
    values: Mapping[str, Counter[str]]
    """The cells' texts by rule, but for personal columns."""


def broken_cells(contract: Contract, check: CheckedTable, needed: set[str]) -> BrokenCells:
    """Count the cells of a checked table that break a rule."""
    blanks = {rule.id for name in needed if (rule := contract.columns[name].rule("null"))}
    broken = [
        v
        for v in check.violations
        if v.level == "row" and v.column in needed and (v.severity == "error" or v.rule not in blanks)
    ]
    counts = Counter((v.column or "", v.rule) for v in broken)
    values: dict[str, Counter[str]] = {}
    for v in broken:
        if v.value and not contract.columns[v.column or ""].personal:
            values.setdefault(v.rule, Counter())[v.value] += 1
    # a cell that breaks a rule was taken out of the frame
    at_most = {name: max((n for (column, _), n in counts.items() if column == name), default=0) for name in needed}
    n_filled = {name: int(check.frame[name].notna().sum()) + at_most[name] for name in needed}
    return BrokenCells(len(check.frame), n_filled, counts, values)


def unreadable_columns(contract: Contract, broken: BrokenCells, file: str) -> list[DataError]:
    """Return an error for each rule that most cells of a needed column break.

    Columns with the same rule, such as the early learning goals, share one error.
    """
    counts, values = broken.counts, broken.values
    columns_by_rule: dict[tuple[str, str, str], list[tuple[str, Rule]]] = {}
    for name, column in contract.columns.items():
        for rule in column.rules:
            n = counts[name, rule.id]
            cells = broken.n_rows if rule.kind == "null" else broken.n_filled.get(name, 0)
            if n >= _MIN_CELLS and n > _SHARE * cells and rule.kind not in _ROW_RULES:
                columns_by_rule.setdefault((rule.kind, rule.description, rule.remedy), []).append((name, rule))
    return [_error(columns, counts, values, file) for columns in columns_by_rule.values()]


def ambiguous_years(contract: Contract, broken: BrokenCells, needed: set[str], file: str) -> list[DataError]:
    """Return an error for each academic year of which most cells are one number, such as 2026: it can be two years."""
    errors = []
    for column in (contract.columns[name] for name in sorted(needed)):
        rule = column.rule("academicYear")
        texts = broken.values.get(rule.id, Counter()) if rule else Counter()
        bare = Counter({text: n for text, n in texts.items() if re.fullmatch(r"\d{4}", text)})
        if rule and bare.total() > _SHARE * broken.n_rows:
            year = int(bare.most_common(1)[0][0])
            errors.append(
                DataError(
                    f"{column.name} is {year} in most rows: it may be the year in which the academic year began, or "
                    "in which it ended.",
                    file=file,
                    column=column.name,
                    rule=rule.id,
                    remedy=f"Say which: --academic-year {year - 1}/{year % 100:02d} where it ended in {year}, or "
                    f"{year}/{(year + 1) % 100:02d} where it began then.",
                )
            )
    return errors


def _error(
    columns: list[tuple[str, Rule]], counts: Counter[tuple[str, str]], values: Mapping[str, Counter[str]], file: str
) -> DataError:
    """Return the error of the columns that break one rule in most cells."""
    name, rule = columns[0]
    shown = first_few([name for name, _ in columns], _MAX_SHOWN)
    if rule.kind in _ORDER_RULES:
        other = rule.arguments["column"]
        return DataError(
            f"Most cells of {shown} contradict {other} ({counts[name, rule.id]:,}). {rule.description}",
            file=file,
            column=name,
            rule=rule.id,
            remedy=rule.remedy
            if rule.kind == "yearGroupAge"
            else f"Check which columns of the export are {name} and {other}, and rename them by what they hold.",
        )
    what = "are blank" if rule.kind == "null" else "cannot be read"
    texts = [repr(value) for value, _ in values.get(rule.id, Counter()).most_common(_MAX_SHOWN)]
    held = f" It holds {', '.join(texts)}." if texts else ""
    return DataError(
        f"Most cells of {shown} {what} ({counts[name, rule.id]:,} of {name}).{held} {rule.description}",
        file=file,
        column=name,
        rule=rule.id,
        remedy=rule.remedy,
    )
