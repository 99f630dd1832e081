"""The verbs, one module each: what ``send-screen`` does on the command line, as functions of the same names.

These alone join tracking, screening and reports. :mod:`send_screen.workflows` itself imports nothing heavy: its
functions are imported when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "simulate": "_simulate",
    "SimulatedData": "_simulate",
    "init": "_init",
    "DraftedFiles": "_init",
    "check": "_check",
    "CheckedFile": "_check",
    "train": "_train",
    "TrainedVersion": "_trained",
    "screen": "_screen",
    "ScreenedFile": "_screen",
    "promote": "_promote",
    "Promotion": "_promote",
    "withdraw": "_withdraw",
    "Withdrawal": "_withdraw",
    "history": "_history",
    "History": "_history",
    "compare": "_compare",
    "ComparedVersions": "_compare",
    "load_model": "_export",
    "export": "_export",
    "ExportedVersion": "_export",
    "kit": "_kit",
    "Kit": "_kit",
    "demo": "_demo",
    "Demo": "_demo",
    "generate_keys": "_keys",
    "KeyPair": "_keys",
    "repair_ledger": "_keys",
    "LedgerRepair": "_keys",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"send_screen.workflows.{_HOME[name]}"), name)
    raise AttributeError(f"module 'send_screen.workflows' has no attribute {name!r}")
