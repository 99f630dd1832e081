"""The pages as people meet them: from disk, on a laptop and a phone, by keyboard, on paper without colour."""

from __future__ import annotations

import importlib.util
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from send_screen.governance import open_bundle
from send_screen.workflows import screen_file

pytestmark = pytest.mark.slow

NAMES = ["screening", "fairness", "card"]
SIZES = {"laptop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


def _conftest() -> ModuleType:
    spec = importlib.util.spec_from_file_location("browser_conftest", Path(__file__).with_name("conftest.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
