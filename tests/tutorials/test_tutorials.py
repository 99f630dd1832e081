"""The tutorials do what they say: every console and python block is run, in order, and what it prints is compared."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

TUTORIALS = ("school", "data_scientist", "auditor")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = {"console", "python"}


def blocks(text: str) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for match in _BLOCK.finditer(text)]


def run_console(block: str, folder: Path) -> str:
    printed = ""
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "send-screen", f"a tutorial may only run send-screen, not {words[0]}"
        command = [sys.executable, "-m", "send_screen", *words[1:]]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        # check ends in 1 where a row breaks its contract, and says which
        assert done.returncode in ((0, 1) if words[1] == "check" else (0,)), f"{line}\n{done.stdout}{done.stderr}"
        printed += done.stdout
    return printed


def run_python(block: str, names: dict[str, Any]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block, "<tutorial>", "exec"), names)
    return out.getvalue()


def alike(expected: str, got: str) -> bool:
    return doctest.OutputChecker().check_output(expected, got, doctest.ELLIPSIS)


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_runs(name: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed, compared = "", 0
    for language, block in blocks((repository / "docs" / "tutorials" / f"{name}.md").read_text("utf-8")):
        if language == "console":
            printed = run_console(block, tmp_path)
        elif language == "python":
            printed = run_python(block, names)
        else:
            assert language == "text", f"a block of {language!r} is neither run nor compared"
            assert alike(block, printed), f"the tutorial says\n{block}\nand it printed\n{printed}"
            compared += 1
    assert compared >= 1
    if name == "data_scientist":
        assert names["auc"] > 0.65
        assert names["spec"].owner["organisation"] == "An invented authority"
        assert names["spec"].signs["G01"] == "decreasing"


def test_there_is_no_other_tutorial(repository: Path) -> None:
    assert {path.stem for path in (repository / "docs" / "tutorials").glob("*.md")} == set(TUTORIALS)


def test_the_comparison_can_fail() -> None:
    assert alike("8 of ... children\n...\n", "8 of 93 children\nand more\n")
    assert not alike("8 of ... children\n", "9 of 93 children\n")
    assert blocks("a\n```python\nx = 1\n```\n```text\nb\n```\n") == [("python", "x = 1\n"), ("text", "b\n")]
