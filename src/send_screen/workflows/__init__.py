"""The commands of ``send-screen`` as functions of the same names, one module each.

``evaluate`` and ``cross_evaluate`` take arrays and estimators, and are no commands. Only these modules, and auditing,
combine tracking, screening and reports. Functions are imported on first use, since their dependencies are slow to
import.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "_simulate": ("simulate", "SimulatedData"),
    "_init": ("init", "DraftedFiles"),
    "_check": ("check", "CheckedFile"),
    "_check_data": ("CheckedData",),
    "_template": ("template", "Template"),
    "_train": ("train",),
    "_trained": ("TrainedVersion",),
    "_evaluate": ("evaluate", "cross_evaluate", "Evaluation"),
    "_screen": ("screen", "ScreenedFile"),
    "_screen_schools": ("screen_schools", "ScreenedSchools"),
    "_decisions": ("decisions", "EnteredDecisions"),
    "_held_record": ("record", "letter", "WrittenRecord"),
    "_erase": ("erase", "Erasure"),
    "_verify_ledger": ("verify_ledger", "VerifiedLedger"),
    "_promote": ("promote", "Promotion"),
    "_withdraw": ("withdraw", "Withdrawal"),
    "_history": ("history", "History"),
    "_outcomes": ("outcomes", "Outcomes"),
    "_compare": ("compare", "ComparedVersions"),
    "_export": ("load_model", "export", "ExportedVersion"),
    "_kit": ("kit", "Kit"),
    "_demo": ("demo", "Demo"),
    "_keys": ("generate_keys", "KeyPair"),
}

__all__ = [name for names in _MODULES.values() for name in names]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"send_screen.workflows.{module}"), name)
    raise AttributeError(f"module 'send_screen.workflows' has no attribute {name!r}")
