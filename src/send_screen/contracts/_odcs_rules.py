"""Read the ``quality`` entries of an ODCS contract as rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from send_screen.contracts._contract import Rule, RuleKind
from send_screen.errors import ContractError

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality

ENGINE = "send_screen"
_DEFAULT_REMEDY: dict[str, str] = {
    "columns": "Add the column to the export, or rename the header that means the same.",
    "headers": "Keep one of the columns and delete or rename the others.",
    "rows": "Export the table again with its children.",
    "null": "Fill in the value in the system that the file came from.",
    "duplicate": "Keep the row that is right and delete the others.",
    "upn": "Copy the UPN again from the school's register.",
}
_OTHER_REMEDY = "Correct the value in the system that the file came from and export again."


def rules_of(quality: list[DataQuality] | None, *, where: str, file: str) -> tuple[Rule, ...]:
    """Return the rules of a table or column.

    Raises
    ------
    ContractError
        If an entry has no id, no words, or asks for what this library cannot check.
    """
    return tuple(_rule(entry, where, file) for entry in quality or [])


def _rule(entry: DataQuality, where: str, file: str) -> Rule:
    kind, arguments = _kind(entry)
    severity = entry.severity or "error"
    remedy = next((item.value for item in entry.customProperties or [] if item.property == "remedy"), None)
    description = " ".join((entry.description or "").split())
    if not entry.id or kind not in get_args(RuleKind) or severity not in ("error", "warning") or not description:
        raise ContractError(
            f"A quality entry of {where} has no id or description, or a metric, implementation or severity that "
            "send_screen does not check.",
            file=file,
            rule=entry.id,
            remedy=f"It knows {', '.join(get_args(RuleKind))}; severities are error and warning.",
        )
    if not _complete(kind, arguments):
        raise ContractError(
            f"A quality entry of {where} has not the arguments that its rule needs.",
            file=file,
            rule=entry.id,
            remedy="Compare it with a rule of the same kind in a contract that comes with send_screen.",
        )
    return Rule(
        id=entry.id,
        kind=kind,  # type: ignore[arg-type]  # checked against RuleKind above
        description=description,
        remedy=str(remedy or _DEFAULT_REMEDY.get(kind, _OTHER_REMEDY)),
        severity=severity,  # type: ignore[arg-type]  # checked above
        arguments=arguments,
    )


def _complete(kind: str, arguments: object) -> bool:
    """Tell whether a rule has what it needs to be checked."""
    if not isinstance(arguments, dict):
        return False
    if kind == "pattern":
        try:
            re.compile(arguments["pattern"])
        except (re.error, TypeError, RecursionError, OverflowError):
            return False
    if kind in ("notAbove", "onlyWhere") and not isinstance(arguments.get("column"), str):
        return False
    if kind == "onlyWhere" and not all(isinstance(arguments.get(name), list) for name in ("in", "values")):
        return False
    if kind == "duplicate" and not isinstance(arguments.get("properties", []), list):
        return False
    return kind != "levels" or isinstance(arguments.get("validValues", []), list)


def _kind(entry: DataQuality) -> tuple[str, dict[str, Any]]:
    """Return what an entry checks: the standard's own metrics, or our engine's by name."""
    arguments = dict(entry.arguments or {})
    if entry.metric in ("nullValues", "duplicateValues") and entry.mustBe == 0:
        return {"nullValues": "null", "duplicateValues": "duplicate"}[entry.metric], arguments
    if entry.metric == "rowCount" and entry.mustBeGreaterThan == 0:
        return "rows", arguments
    if entry.metric == "invalidValues" and entry.mustBe == 0:
        return ("pattern" if "pattern" in arguments else "levels"), arguments
    if entry.engine == ENGINE and isinstance(entry.implementation, str):
        return entry.implementation, arguments
    if entry.engine == ENGINE and isinstance(entry.implementation, dict) and len(entry.implementation) == 1:
        return next(iter(entry.implementation.items()))
    return "", {}
