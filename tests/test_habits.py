"""What keeps the house in order says what is so: CI, commits, and the doors that tests go through."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

WORKFLOW = Path(".github") / "workflows" / "ci.yml"


def tool(name: str, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        pytest.skip(f"{name} is not installed; the extra [dev] brings it")
    return subprocess.run([program, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)


def checked(workflow: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow, cwd=cwd)


@pytest.mark.slow
def test_the_ci_workflow_is_of_its_format(repository: Path, tmp_path: Path) -> None:
    done = checked(repository / WORKFLOW, tmp_path)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "ci.yml"
    wrong.write_text((repository / WORKFLOW).read_text("utf-8").replace("runs-on:", "run-on:"), encoding="utf-8")
    assert checked(wrong, tmp_path).returncode == 1


def test_ci_runs_every_python_that_the_package_names(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    named = {words.rpartition(" ")[2] for words in project["classifiers"] if "Python :: 3." in words}
    matrix = yaml.safe_load((repository / WORKFLOW).read_text("utf-8"))["jobs"]["quick"]["strategy"]["matrix"]
    assert set(matrix["python"]) == named
    assert {system.partition("-")[0] for system in matrix["os"]} == {"ubuntu", "windows", "macos"}
    assert f"=={min(named)}" == project["requires-python"].replace(">", "=")


@pytest.mark.slow
def test_what_is_checked_at_each_commit_passes(repository: Path) -> None:
    if not (repository / ".git").exists():
        pytest.skip("pre-commit looks at a git repository, and this is none")
    done = tool("pre-commit", "run", "--all-files", cwd=repository)
    assert done.returncode == 0, done.stdout + done.stderr


def past_the_door(source: str) -> Iterator[tuple[str, str]]:
    """Yield what is imported from a private module though the package above it offers it."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom) or not str(node.module).startswith("send_screen."):
            continue
        parts = str(node.module).split(".")
        private = [place for place, part in enumerate(parts) if part.startswith("_")]
        if private:
            package = importlib.import_module(".".join(parts[: private[0]]))
            public = getattr(package, "__all__", ())
            yield from ((str(node.module), alias.name) for alias in node.names if alias.name in public)


def test_tests_import_the_public_name_where_there_is_one(repository: Path) -> None:
    found = {file.name: list(past_the_door(file.read_text("utf-8"))) for file in (repository / "tests").rglob("*.py")}
    assert not {name: imports for name, imports in found.items() if imports}
    assert list(past_the_door("from send_screen.contracts._upn import valid_upns, CHECK")) == [
        ("send_screen.contracts._upn", "valid_upns")
    ]
