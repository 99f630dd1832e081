"""What MLflow is told of a served model: the columns of a request with their types, and the code that is run."""

from __future__ import annotations

from importlib import resources

from send_screen.contracts import Contract
from send_screen.specs import ModelSpec


def request_columns(spec: ModelSpec, contracts: dict[str, Contract]) -> dict[str, str]:
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


def served_code() -> bytes:
    """Return the file that MLflow runs to serve a version, with Unix line ends."""
    return resources.files("send_screen.serving").joinpath("served.py").read_bytes().replace(b"\r\n", b"\n")
