"""What the install tests share: uv, the wheel, and environments of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Call = Callable[..., subprocess.CompletedProcess[str]]
UNREACHABLE = ("dns error", "Failed to fetch", "error sending request", "NewConnectionError", "Could not connect")


@pytest.fixture(scope="session")
def call() -> Call:
    """Run a command without this environment's traces, and return what it printed."""

    def run(*command: object, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
        hidden = ("PYTHONPATH", "VIRTUAL_ENV", "SEND_SCREEN_DEBUG")
        environment = {key: value for key, value in os.environ.items() if key not in hidden}
        words = [str(part) for part in command]
        return subprocess.run(
            words,
            cwd=cwd,
            env=environment | extra,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def fetch(call: Call) -> Call:
    """The same for a command that asks the package index: skips where that cannot be reached, and else must succeed."""

    def run(*command: object, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
        done = call(*command, cwd=cwd, **extra)
        if done.returncode and any(sign in done.stderr for sign in UNREACHABLE):
            pytest.skip("the package index cannot be reached")
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def uv() -> str:
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if found is None:
        pytest.skip("uv is not installed; `make test` installs it")
    return found


@pytest.fixture(scope="session")
def wheel(uv: str, fetch: Call, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    fetch(uv, "build", "--wheel", "--out-dir", out, repository, cwd=repository)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def environment(uv: str, fetch: Call) -> Callable[..., Path]:
    """Make a new environment in a folder, install into it, and return its folder of programs."""

    def make(folder: Path, *requirements: object) -> Path:
        fetch(uv, "venv", "--python", sys.executable, folder / "venv", cwd=folder)
        python = folder / "venv" / "bin" / "python"
        fetch(uv, "pip", "install", "--python", python, *requirements, cwd=folder)
        return folder / "venv" / "bin"

    return make


@pytest.fixture(scope="session")
def light(
    environment: Callable[..., Path], wheel: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The light install: the wheel without extras, in an environment of its own."""
    folder = tmp_path_factory.mktemp("light")
    return environment(folder, "--constraint", repository / "constraints.txt", wheel)
