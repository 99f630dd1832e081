"""A version's identity covers the code that can change a number, all of it and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import grimp
import pytest

import send_screen
from send_screen.governance import code_version, release
from send_screen.governance._identity import NUMERIC

PACKAGE = Path(send_screen.__file__).parent
#: What training imports and no number depends on: who is told what, where it is kept, and how a run is described.
NO_NUMBERS = (
    "errors.py",
    "governance/ledger/",
    "results.py",
    "reports/",
    "tracking/",
    "serving/",
    "workflows/__init__.py",
    "workflows/_decision_ledger.py",
    "workflows/_folders.py",
    "workflows/_measured_result.py",
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "_shipped")
    return Path(shutil.copytree(PACKAGE, tmp_path / "send_screen", ignore=ignored))


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, encoding="utf-8", newline="\n")


def test_a_copy_is_the_same_code_with_the_line_ends_of_windows_too(source: Path) -> None:
    assert (code_version(source), release(source)) == (code_version(), release())
    for path in source.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert (code_version(source), release(source)) == (code_version(), release())


@pytest.mark.parametrize(
    "name", ["reports/templates/base.html.j2", "reports/_render.py", "cli/_app.py", "errors.py", "tracking/_log.py"]
)
def test_what_changes_no_number_changes_the_release_alone(source: Path, name: str) -> None:
    append(source / name, "\n")
    assert code_version(source) == code_version()
    assert release(source) != release()


@pytest.mark.parametrize("name", ["evaluation/__init__.py", "readers/_read.py", "published/_gates.py"])
def test_what_can_change_a_number_changes_the_identity(source: Path, name: str) -> None:
    append(source / name, "# another\n")
    assert code_version(source) != code_version()
    assert release(source) != release()


def test_all_that_training_imports_is_covered_or_changes_no_number() -> None:
    graph = grimp.build_graph("send_screen", cache_dir=None)
    reached = {"send_screen.workflows._train", *graph.find_upstream_modules("send_screen.workflows._train")}

    def path_of(module: str) -> str:
        path = PACKAGE.joinpath(*module.split(".")[1:])
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        return file.relative_to(PACKAGE).as_posix()

    files = {path_of(module) for module in reached if module != "send_screen"}
    assert not sorted(name for name in files if not name.startswith((*NUMERIC, *NO_NUMBERS)))
    for start in (*NUMERIC, *NO_NUMBERS):
        assert any(name.startswith(start) for name in files), f"{start} is not there any more"
