"""Errors of whole columns: missing, mostly unreadable, or contradicting another one. One message, not one per row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

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


def unreadable_columns(contract: Contract, check: CheckedTable, needed: set[str], file: str) -> list[DataError]:
    """Return an error for each rule that most cells of a needed column break.

    Columns with the same rule, such as the early learning goals, share one error.
    """
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
    columns_by_rule: dict[tuple[str, str, str], list[tuple[str, Rule]]] = {}
    for name, column in contract.columns.items():
        for rule in column.rules:
            n = counts[name, rule.id]
            cells = len(check.frame) if rule.kind == "null" else int(check.frame[name].notna().sum()) + n
            if n >= _MIN_CELLS and n > _SHARE * cells and rule.kind not in _ROW_RULES:
                columns_by_rule.setdefault((rule.kind, rule.description, rule.remedy), []).append((name, rule))
    return [_error(columns, counts, values, file) for columns in columns_by_rule.values()]


def ambiguous_years(contract: Contract, check: CheckedTable, needed: set[str], file: str) -> list[DataError]:
    """Return an error for each academic year of which most cells are one number, such as 2026: it can be two years."""
    errors = []
    for column in (contract.columns[name] for name in sorted(needed)):
        rule = column.rule("academicYear")
        if rule is None or rule.id not in {v.rule for v in check.violations}:
            continue
        bare = [v.value for v in check.violations if v.rule == rule.id and re.fullmatch(r"\d{4}", v.value or "")]
        if bare and len(bare) > _SHARE * len(check.frame):
            year = int(Counter(bare).most_common(1)[0][0] or 0)
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
    columns: list[tuple[str, Rule]], counts: Counter[tuple[str, str]], values: dict[str, Counter[str]], file: str
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
