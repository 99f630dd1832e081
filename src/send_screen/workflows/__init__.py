"""The stages in order, each one screen long: train, promote, screen, withdraw, compare, export, and a demo.

These are alone in joining tracking, screening and reports. :mod:`send_screen.workflows` itself imports nothing heavy:
its functions are fetched when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "first_steps": "_first_steps",
    "FirstSteps": "_first_steps",
    "train": "_train",
    "TrainedVersion": "_train",
    "screen_file": "_screen",
    "load_model": "_models",
    "export_model": "_models",
    "promote": "_promote",
    "withdraw": "_withdraw",
    "Withdrawal": "_withdraw",
    "history": "_history",
    "History": "_history",
    "compare": "_compare",
    "demo": "_demo",
    "Demo": "_demo",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"send_screen.workflows.{_HOME[name]}"), name)
    raise AttributeError(f"module 'send_screen.workflows' has no attribute {name!r}")
