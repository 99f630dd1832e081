"""The columns that a served model takes: those a version needs, with their types."""

from __future__ import annotations

from send_screen.contracts import Contract
from send_screen.specs import ModelSpec


def signature(spec: ModelSpec, contracts: dict[str, Contract]) -> dict[str, str]:
    """Return the type of each column of a request, by name.

    Numbers are ``"double"`` and everything else is ``"string"``, since MLflow refuses whole numbers for a string and
    text for a number. Nothing is required by MLflow: what is missing is answered by the contract, in words.
    """
    training_only = {use.contract for use in spec.data if use.training_only}
    columns: dict[str, str] = {}
    for contract in contracts.values():
        if contract.id in training_only:
            continue
        for column in contract.columns.values():
            number = column.logical_type in ("integer", "number") and not column.levels
            columns.setdefault(column.name, "double" if number else "string")
    return columns
