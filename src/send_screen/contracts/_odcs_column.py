"""Read a property of an ODCS schema as a :class:`Column`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from send_screen.contracts._contract import CodeSet, Column
from send_screen.contracts._odcs_rules import rules_of
from send_screen.contracts._parse_cells import code_key
from send_screen.errors import ContractError

if TYPE_CHECKING:
    from open_data_contract_standard.model import CustomProperty, SchemaProperty

LOGICAL_TYPES = ("string", "integer", "number", "date", "boolean")
CLASSIFICATIONS = ("public", "internal", "personal", "special")
_ALLOWED = {
    "optional",
    "aliases",
    "visibleTo",
    "levels",
    "knownCodes",
    "codeSet",
    "recordedOn",
    "outcomeStatus",
    "unit",
    "characteristic",
}
_TRUE_FALSE = [
    {"code": "true", "words": "yes", "also": ["y", "t", "1"]},
    {"code": "false", "words": "no", "also": ["n", "f", "0"]},
]


def custom_properties(
    entries: list[CustomProperty] | None, *, required: set[str], allowed: set[str], place: str, file: str
) -> dict[str, Any]:
    """Return custom properties by name, refusing unknown, doubled and missing ones (the standard allows any)."""
    names = [entry.property or "" for entry in entries or []]
    wrong = sorted({name for name in names if name not in required | allowed or names.count(name) > 1})
    missing = sorted(required - set(names))
    if wrong or missing:
        raise ContractError(
            f"The custom properties of {place} are not understood: unknown or doubled {wrong}, missing {missing}.",
            file=file,
            remedy=f"Known are {', '.join(sorted(required | allowed))}.",
        )
    return {entry.property or "": entry.value for entry in entries or []}


def column_of(item: SchemaProperty, file: str) -> Column:
    """Return the column that a property describes.

    Raises
    ------
    ContractError
        If the property lacks what every column must say, or contradicts itself.
    """
    name = item.name or ""
    custom = custom_properties(
        item.customProperties, required={"visibleTo"}, allowed=_ALLOWED, place=f"column {name}", file=file
    )
    levels = _TRUE_FALSE if item.logicalType == "boolean" else []
    levels = custom.get("levels", levels)
    known = custom.get("knownCodes", [])  # a few codes of a list that is too long to give; a pattern checks the rest
    options = item.logicalTypeOptions or {}
    is_number = item.logicalType in ("integer", "number")
    column = Column(
        name=name,
        label=item.businessName or "",
        description=" ".join((item.description or "").split()),
        logical_type=item.logicalType or "",
        required=not custom.get("optional", False),
        nullable=not item.required,
        unique=bool(item.unique),
        primary_key=bool(item.primaryKey),
        personal=item.classification in ("personal", "special"),
        levels={level["code"]: level["words"] for level in levels if not level.get("missing")} or None,
        minimum=_bound(options, "minimum") if is_number else None,
        maximum=_bound(options, "maximum") if is_number else None,
        unit=custom.get("unit"),
        aliases=tuple(custom.get("aliases", ())),
        visible_to=frozenset(custom["visibleTo"]),
        recorded_on=custom.get("recordedOn"),
        outcome_status=bool(custom.get("outcomeStatus", False)),
        characteristic=custom.get("characteristic"),
        missing_codes={level["code"]: level["words"] for level in [*levels, *known] if level.get("missing")},
        classification=item.classification or "",
        level_synonyms=_synonyms([*levels, *known]),
        code_set=_code_set(custom.get("codeSet")),
        rules=rules_of(item.quality, where=f"column {name}", file=file),
    )
    _refuse_incomplete(column, [*levels, *known], file)
    return column


def _synonyms(levels: list[dict[str, Any]]) -> dict[str, str]:
    """Return what may stand in a file for a code: its words, the code before its words, and what is listed."""
    return {
        str(text): level["code"]
        for level in levels
        for text in (level["words"], f"{level['code']} {level['words']}", *level.get("also", ()))
    }


def _ambiguous_texts(levels: list[dict[str, Any]]) -> list[str]:
    owners: dict[str, set[str]] = {}
    for level in levels:
        for text in (level["code"], *_synonyms([level])):
            owners.setdefault(code_key(text), set()).add(level["code"])
    return sorted(text for text, codes in owners.items() if len(codes) > 1)


def _bound(options: dict[str, Any], name: str) -> float | None:
    return float(options[name]) if name in options else None


def _code_set(value: dict[str, Any] | None) -> CodeSet | None:
    return CodeSet(value["source"], value.get("from"), value.get("until")) if value else None


def _refuse_incomplete(column: Column, levels: list[dict[str, Any]], file: str) -> None:
    mistakes = [f"the text {text!r} stands for more than one code" for text in _ambiguous_texts(levels)]
    if column.logical_type not in LOGICAL_TYPES:
        mistakes.append(f"its logicalType must be one of {', '.join(LOGICAL_TYPES)}")
    if column.characteristic not in (None, "protected", "proxy", "absence", "attendance"):
        mistakes.append("its characteristic must be protected, proxy, absence or attendance")
    if column.classification not in CLASSIFICATIONS:
        mistakes.append(f"its classification must be one of {', '.join(CLASSIFICATIONS)}")
    if not column.label or not column.description:
        mistakes.append("it has no businessName or no description")
    if column.levels and column.logical_type not in ("string", "boolean"):
        mistakes.append("codes are of logicalType string, or boolean")
    if column.levels and column.logical_type == "string" and not column.code_set:
        mistakes.append("its codes have no codeSet that says their source and dates")
    if column.levels and not column.rule("levels"):
        mistakes.append("no quality entry checks its codes")
    if column.logical_type in ("integer", "number", "date") and not column.rule("type"):
        mistakes.append("no quality entry checks its type")
    if (column.minimum is not None or column.maximum is not None) and not column.rule("range"):
        mistakes.append("no quality entry checks its minimum and maximum")
    if not column.nullable and not column.rule("null"):
        mistakes.append("no quality entry checks for blanks")
    if column.unique and not column.rule("duplicate"):
        mistakes.append("no quality entry checks for doubles")
    levels_rule = column.rule("levels")
    if levels_rule and column.logical_type == "string":
        stated = [str(value) for value in levels_rule.arguments.get("validValues", ())]
        if stated != list(column.codes):
            mistakes.append(f"the validValues of {levels_rule.id} are not its levels")
    bounds = column.rule("range")
    if column.logical_type == "date" and bounds and not _dates(bounds.arguments, "earliest", "latest"):
        mistakes.append(f"the rule {bounds.id} needs an earliest and a latest date")
    if not _recorded_on_understood(column.recorded_on):
        mistakes.append("recordedOn must be an ISO date, column:NAME or academic-year-end:NAME")
    if mistakes:
        raise ContractError(
            f"The column is not complete: {'; '.join(mistakes)}.", file=file, column=column.name, remedy="Mend it."
        )


def _recorded_on_understood(recorded_on: str | None) -> bool:
    if recorded_on is None or recorded_on.partition(":")[0] in ("column", "academic-year-end"):
        return True
    return _dates({"date": recorded_on}, "date")


def _dates(values: Mapping[str, Any], *names: str) -> bool:
    """Tell whether these are all ISO dates."""
    try:
        for name in names:
            dt.date.fromisoformat(values[name])
    except (KeyError, TypeError, ValueError):
        return False
    return True
