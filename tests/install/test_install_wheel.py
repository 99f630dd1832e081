"""From the wheel, in new environments: the full install does the whole job, the light one screens without the rest."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
# What the light install promises to be without, by the name it is imported under and the one it is installed under.
HEAVY = {
    "sklearn": "scikit-learn",
    "lightgbm": "lightgbm",
    "interpret": "interpret-core",
    "shap": "shap",
    "mlflow": "mlflow",
    "fairlearn": "fairlearn",
    "matplotlib": "matplotlib",
    "scipy": "scipy",
    "numba": "numba",
}


def test_the_wheel_carries_contracts_and_models(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("data_contracts/education/eyfsp-1.0.0.odcs.yaml", "models/reception_sen/spec.yaml"):
        assert f"send_screen/_shipped/{name}" in names
    assert "send_screen/py.typed" in names
    assert "send_screen/school_kit/laptop/screen.cmd" in names
    assert not any(name.startswith(("tests/", "experiments/")) for name in names)


def test_the_full_install_runs_the_demo(
    environment: Callable[..., Path], call: Callable[..., Any], wheel: Path, repository: Path, tmp_path: Path
) -> None:
    programs = environment(tmp_path, "--constraint", repository / "constraints.txt", f"{wheel}[train]")
    done = call(programs / "send-screen", "demo", "--out", "demo", "--children", 6000, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Open these in a browser" in done.stdout
    assert (tmp_path / "demo" / "lists" / "report.html").exists()


@pytest.mark.parametrize("name", HEAVY)
def test_the_light_install_is_without(light: Path, call: Callable[..., Any], tmp_path: Path, name: str) -> None:
    found = call(light / "python", "-c", f"import {name}", cwd=tmp_path)
    assert f"ModuleNotFoundError: No module named '{name}'" in found.stderr


def test_the_light_install_helps_and_gives_its_version(light: Path, call: Callable[..., Any], tmp_path: Path) -> None:
    helped = call(light / "send-screen", "--help", cwd=tmp_path)
    assert helped.returncode == 0
    for command in ("check", "screen", "export", "kit"):
        assert command in helped.stdout
    assert call(light / "send-screen", "--version", cwd=tmp_path).stdout.strip()


def test_the_light_install_checks_and_screens(
    light: Path, call: Callable[..., Any], tmp_path: Path, trained: Any
) -> None:
    program = light / "send-screen"
    assert call(program, "check", "education/eyfsp", trained.data / "eyfsp.csv", cwd=tmp_path).returncode == 0
    done = call(program, "screen", trained.exported, trained.school_file, "--out", "lists", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "lists" / "summary.json").read_text("utf-8"))
    assert summary["n_screened"] + sum(summary["excluded"].values()) == summary["n_rows"]
    for arguments in (
        ("screen", "models:/reception_sen@candidate", trained.school_file, "--out", "lists"),
        ("demo", "--out", "demo"),
    ):
        done = call(program, *arguments, cwd=tmp_path)
        assert done.returncode == 3
        assert "send-screen[train]" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_light_install_lists_as_the_full_one_does(
    light: Path, call: Callable[..., Any], tmp_path: Path, trained: Any
) -> None:
    arguments = ("screen", trained.exported, trained.school_file, "--out")
    for program, out in ((light / "send-screen", "light"), (Path(sys.executable).parent / "send-screen", "full")):
        done = call(program, *arguments, out, "--ledger", f"{out}.db", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for name in ("list.csv", "excluded.csv", "report.html"):
        assert (tmp_path / "light" / name).read_bytes() == (tmp_path / "full" / name).read_bytes()


def test_the_reports_work_in_the_light_install(
    light: Path, call: Callable[..., Any], tmp_path: Path, trained: Any
) -> None:
    code = """
import sys
from pathlib import Path
from send_screen.published import PublishedReport
from send_screen.reports import render_pages
folder = Path(sys.argv[1])
report = PublishedReport.from_json((folder / "published.json").read_bytes())
for name, page in render_pages(report).items():
    assert page == (folder / name).read_text("utf-8"), name
"""
    done = call(light / "python", "-c", code, trained.exported, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_plain_pip_finds_a_set_of_packages_without_our_pins(
    fetch: Callable[..., Any], wheel: Path, tmp_path: Path
) -> None:
    fetch(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    report = tmp_path / "report.json"
    fetch(python, "-m", "pip", "install", "--dry-run", "--quiet", "--report", report, wheel, cwd=tmp_path)
    names = {entry["metadata"]["name"].lower() for entry in json.loads(report.read_text("utf-8"))["install"]}
    assert {"send-screen", "pandas", "pyarrow", "typer"} <= names
    assert not names & set(HEAVY.values())
