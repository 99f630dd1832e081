"""What is missing or contradictory in a contract, beyond what the standard's schema checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from send_screen.contracts._contract import Column, Contract, RuleKind
from send_screen.contracts._headers import header_key
from send_screen.contracts._parse_cells import code_key

_LOGICAL_TYPES = ("string", "integer", "number", "date", "boolean")
_CLASSIFICATIONS = ("public", "internal", "personal", "special", "identifier")


def column_mistakes(column: Column, code_texts: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    """Yield what is missing or contradictory in a column; ``code_texts`` are its codes with their other texts."""
    owners: dict[str, set[str]] = {}
    for code, texts in code_texts:
        for text in (code, *texts):
            owners.setdefault(code_key(text), set()).add(code)
    yield from (f"the text {text!r} stands for more than one code" for text in sorted(owners) if len(owners[text]) > 1)
    levels, bounds = column.rule("levels"), column.rule("range")
    if column.logical_type not in _LOGICAL_TYPES:
        yield f"its logicalType must be one of {', '.join(_LOGICAL_TYPES)}"
    if column.classification not in _CLASSIFICATIONS:
        yield f"its classification must be one of {', '.join(_CLASSIFICATIONS)}"
    if not column.label or not column.description:
        yield "it has no businessName or no description"
    if column.levels and column.logical_type not in ("string", "boolean"):
        yield "codes are of logicalType string, or boolean"
    if column.levels and column.logical_type == "string" and not column.code_set:
        yield "its codes have no codeSet that says their source and dates"
    if column.levels and not levels:
        yield "no quality entry checks its codes"
    if not all(_is_date(date) for dates in column.level_dates.values() for date in dates if date is not None):
        yield "from and until of a code must be ISO dates"
    if column.level_dates and not column.recorded_on:
        yield "its codes have dates, and no recordedOn says the date of a value"
    if column.logical_type in ("integer", "number", "date") and not column.rule("type"):
        yield "no quality entry checks its type"
    # logicalTypeOptions state the bounds; the quality entry gives their check an id, a severity and a remedy
    if (column.minimum is not None or column.maximum is not None) and not bounds:
        yield "no quality entry checks its minimum and maximum"
    if not column.nullable and not column.rule("null"):
        yield "no quality entry checks for blanks"
    if column.unique and not column.rule("duplicate"):
        yield "no quality entry checks for duplicates"
    if levels and column.logical_type == "string":
        stated = [str(value) for value in levels.arguments.get("validValues", ())]
        if stated != list(column.codes):
            yield f"the validValues of {levels.id} are not its levels"
    ends = [bounds.arguments.get(end) for end in ("earliest", "latest")] if bounds else []
    if bounds and column.logical_type == "date" and not all(map(_is_date, ends)):
        yield f"the rule {bounds.id} needs an earliest and a latest date"
    recognised = column.recorded_on is None or column.recorded_on.startswith(("column:", "academic-year-end:"))
    if not recognised and not _is_date(column.recorded_on):
        yield "recordedOn must be an ISO date, column:NAME or academic-year-end:NAME"


def _is_date(value: Any) -> bool:
    try:
        return bool(dt.date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def contract_mistakes(contract: Contract, columns: list[Column]) -> Iterator[str]:
    """Yield what the standard's schema does not check: duplicates, and references to what does not exist."""
    if len(contract.columns) < len(columns):
        yield "a column is described twice"
    if not contract.id.startswith(f"{contract.agency}/"):
        yield f"its id {contract.id!r} does not begin with its domain '{contract.agency}/'"
    ids = [rule.id for part in (contract, *columns) for rule in part.rules]
    yield from (f"the rule id {rule!r} is used twice" for rule in sorted({rule for rule in ids if ids.count(rule) > 1}))
    needed: dict[RuleKind, str] = {"columns": "missing columns", "headers": "duplicate headers", "rows": "empty tables"}
    yield from (f"the table has no rule for {what}" for kind, what in needed.items() if not contract.rule(kind))
    owner: dict[str, str] = {}
    for column in columns:
        for key in sorted({header_key(header) for header in (column.name, *column.aliases)}):
            if owner.setdefault(key, column.name) != column.name:
                yield f"the header {key!r} stands for both {owner[key]} and {column.name}"
        for role in sorted(column.visible_to - contract.roles.keys()):
            yield f"column {column.name} is visible to {role!r}, which is not among the roles"
        _, _, other = (column.recorded_on or "").partition(":")
        if other and other not in contract.columns:
            yield f"column {column.name} was recorded on column {other!r}, which there is not"
        sources = {name for derivation in column.derived for name in derivation.columns}
        for name in sorted(sources - contract.columns.keys()):
            yield f"column {column.name} is derived from {name!r}, which there is not"
        for rule in column.rules:
            named = [str(rule.arguments.get(name, column.name)) for name in ("column", "child", "academicYear")]
            for other in sorted(set(named) - contract.columns.keys()):
                yield f"rule {rule.id} names column {other!r}, which there is not"
            types = {column.logical_type} ^ {contract.columns.get(named[0], column).logical_type}
            if rule.kind in ("notAbove", "notBelow") and "date" in types:
                yield f"rule {rule.id} compares a date with a number"
