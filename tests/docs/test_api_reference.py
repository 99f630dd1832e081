"""Every public name has its place in the API reference, tested by name."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

import send_screen


@pytest.fixture(scope="module")
def api_pages() -> ModuleType:
    folder = str(Path(__file__).resolve().parents[2] / "docs" / "_ext")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("api_pages")
    finally:
        sys.path.remove(folder)


def entries(page: str) -> set[str]:
    """Names in the lists of a page, each with the module that the page speaks of."""
    module, found = "", set()
    for line in page.splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split(":: ")[1]
        elif line.startswith((".. autodata:: ", ".. py:data:: ")):
            found.add(line.split(":: ")[1])
        elif line.startswith("   ") and not line.startswith("   :"):
            found.add(f"{module}.{line.strip()}")
    return found


def test_every_name_of_the_public_door_is_on_its_page(api_pages: ModuleType) -> None:
    documented = entries(api_pages.door_page())
    public = [name for name in send_screen.__all__ if not name.startswith("__")]
    assert {f"send_screen.{name}" for name in public} == documented


def test_every_name_that_a_package_exports_is_documented_once(api_pages: ModuleType) -> None:
    pages = api_pages.api_pages()
    documented = [name for page in pages.values() if ".. currentmodule::" in page for name in entries(page)]
    assert len(documented) == len(set(documented))
    for package in api_pages.packages():
        module = importlib.import_module(f"send_screen.{package}")
        for name in getattr(module, "__all__", ()):
            assert {f"send_screen.{name}", f"send_screen.{package}.{name}"} & set(documented), f"{package}.{name}"


def test_every_package_but_the_command_line_has_a_page(api_pages: ModuleType) -> None:
    folder = Path(send_screen.__file__).parent
    there = {path.parent.name for path in folder.glob("*/__init__.py") if not path.parent.name.startswith("_")}
    assert there - {"cli"} <= {name.removeprefix("api/") for name in api_pages.api_pages()}


def test_what_is_promised_has_docstrings_that_are_tested(api_pages: ModuleType) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    from _docstrings import PUBLIC

    assert PUBLIC == api_pages.PUBLIC
    assert set(PUBLIC) < set(api_pages.packages())
