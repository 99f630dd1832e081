"""A zip for a school: packages, a version and a guide, for a Windows laptop without administrator rights or network.

What runs at the school is ``laptop/screen.cmd``, which finds Python, and ``laptop/start.py``, which unpacks the
packages beside itself and screens the file that was dropped. Everything else here builds the zip.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {"build_kit": "_build", "Kit": "_build", "no_python_to_add": "_embedded"}

__all__ = ["build_kit", "Kit", "no_python_to_add"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"send_screen.kit.{_HOME[name]}"), name)
    raise AttributeError(f"module 'send_screen.kit' has no attribute {name!r}")
