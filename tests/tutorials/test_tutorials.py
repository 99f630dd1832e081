"""The tutorials do what they say: every console and python block is run, in order, and what it prints is compared."""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

TUTORIALS = ("school", "data_scientist", "auditor")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for match in _BLOCK.finditer(text)]


# What a reader's own python would do: a process of its own, which no other test has told anything.
_SHELL = """
import contextlib, io, json, sys, traceback
names = {}
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(json.loads(line), "<tutorial>", "exec"), names)
            error = None
        except Exception:
            error = traceback.format_exc()
    print(json.dumps([out.getvalue(), error]), flush=True)
"""


def environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return {**own, "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Run a block of python after the blocks before it, and return what it printed."""
    shell = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SHELL],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdin is not None
    assert shell.stdout is not None
    tell, listen = shell.stdin, shell.stdout

    def run(block: str) -> str:
        tell.write(json.dumps(block) + "\n")
        tell.flush()
        printed, error = json.loads(listen.readline())
        assert error is None, f"{block}\n{error}"
        return str(printed)

    with shell:
        yield run
        tell.close()


def console(block: str, folder: Path) -> str:
    printed = ""
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "send-screen", f"a tutorial may only run send-screen, not {words[0]}"
        command = [sys.executable, "-m", "send_screen", *words[1:]]
        done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
        # check ends in 1 where a row breaks its contract, and says which
        assert done.returncode in ((0, 1) if words[1] == "check" else (0,)), f"{line}\n{done.stdout}{done.stderr}"
        printed += done.stdout
    return printed


def alike(expected: str, got: str) -> bool:
    return doctest.OutputChecker().check_output(expected, got, doctest.ELLIPSIS)


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_runs(name: str, repository: Path, tmp_path: Path, python: Callable[[str], str]) -> None:
    printed, compared = "", 0
    for language, block in blocks((repository / "docs" / "tutorials" / f"{name}.md").read_text("utf-8")):
        if language == "console":
            printed = console(block, tmp_path)
        elif language == "python":
            printed = python(block)
        elif language == "yaml":  # a file, which its first line names
            (tmp_path / block.splitlines()[0].removeprefix("# ")).write_text(block, "utf-8")
        else:
            assert language == "text", f"a block of {language!r} is neither run nor compared"
            assert alike(block, printed), f"the tutorial says\n{block}\nand it printed\n{printed}"
            compared += 1
    assert compared >= 1
    if name == "data_scientist":
        python("assert auc > 0.65, auc")
        python(
            "assert spec.owner.organisation == 'An invented authority' and spec.monotonic_cst['E01'] == 'decreasing'"
        )
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        python("1 / 0")


def test_there_is_no_other_tutorial(repository: Path) -> None:
    assert {path.stem for path in (repository / "docs" / "tutorials").glob("*.md")} == set(TUTORIALS)


def test_the_comparison_can_fail() -> None:
    assert alike("8 of ... children\n...\n", "8 of 93 children\nand more\n")
    assert not alike("8 of ... children\n", "9 of 93 children\n")
    assert blocks("a\n```python\nx = 1\n```\n```text\nb\n```\n") == [("python", "x = 1\n"), ("text", "b\n")]
