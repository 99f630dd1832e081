"""``send-screen kit``: what is asked, what is said, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from send_screen.cli._app import app
from send_screen.errors import MachineError
from send_screen.workflows import Kit

runner = CliRunner()


def run(*arguments: object) -> tuple[int, str, str]:
    result = runner.invoke(app, ["kit", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the command hands to ``kit``, which builds nothing here."""
    heard: dict[str, Any] = {}

    def build_kit(model: str, out: Path, **options: Any) -> Kit:
        heard.update(model=model, out=out, **options)
        out.write_bytes(b"x" * 1000)
        return Kit(out, "ab" * 32, "0123456789abcdef", "A model", True, ("3.12", "3.11"), None, None)

    monkeypatch.setattr("send_screen.workflows._kit.kit", build_kit)
    return heard


def test_it_says_what_was_built_and_what_it_needs(asked: dict[str, Any], tmp_path: Path) -> None:
    code, out, _ = run("model", "--out", tmp_path / "a.zip")
    assert code == 0
    assert asked["model"] == "model"
    assert "python" not in asked, "the function has its own default"
    for words in ("3.12 or 3.11", "refuses to list anybody real", "ab" * 32):
        assert words in out
    code, out, _ = run("model", "--out", tmp_path / "b.zip", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["pythons"] == ["3.12", "3.11"]
    assert found["bytes"] == 1000
    assert found["python"] is None


def test_a_python_with_a_file_is_handed_on(asked: dict[str, Any], tmp_path: Path) -> None:
    assert run("--python", "py.zip", "model", "--out", tmp_path / "a.zip")[0] == 0
    assert asked["python"] == Path("py.zip")
    assert asked["model"] == "model"


def test_usage_is_2(tmp_path: Path) -> None:
    assert run("model")[0] == 2
    assert run("model", "--out", tmp_path / "b.zip", "--python")[0] == 2
    (tmp_path / "a.zip").write_bytes(b"mine")
    code, _, err = run(tmp_path, "--out", tmp_path / "a.zip")
    assert code == 2
    assert "there already" in err


def test_no_network_is_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def build_kit(*_: object, **__: object) -> Kit:
        raise MachineError("The package index cannot be reached.", remedy="Try elsewhere.")

    monkeypatch.setattr("send_screen.workflows._kit.kit", build_kit)
    code, _, err = run("model", "--out", tmp_path / "a.zip")
    assert code == 3
    assert "cannot be reached" in err
