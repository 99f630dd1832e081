"""``send-screen init`` as a person and a script meet it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from send_screen.cli._app import app

runner = CliRunner()


def run(*arguments: object) -> tuple[int, str, str]:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    n = 300
    score = rng.normal(size=n).round(3)
    frame = pd.DataFrame(
        {
            "ref": [f"R{i:04d}" for i in range(n)],
            "school": [f"S{i % 12}" for i in range(n)],
            "gender": rng.choice([1, 2], n),
            "score": score,
            "support": (score + rng.normal(size=n) < -0.8).astype(int),
        }
    )
    path = tmp_path / "my pupils.csv"
    frame.to_csv(path, index=False)
    return path


def test_it_says_what_it_concluded_and_what_comes_next(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    code, text, _ = run("init", file, "--outcome", "support", "--out", out)
    assert code == 0
    assert "my pupils.csv: 300 rows." in text
    assert "identifier: ref (a guess)" in text
    assert "what happened later: support\n" in text
    assert "compared as groups, never features (1): gender" in text
    commands = [line.strip().partition(". ")[2] for line in text.splitlines() if ". send-screen" in line]
    assert [command.split()[1] for command in commands] == ["check", "train"]
    # The command that it names works as it stands, with the space in the file's name.
    code, checked, _ = run(*shlex.split(commands[0])[1:])
    assert code == 0
    assert "The file keeps its contract." in checked
    assert shlex.split(commands[1])[2:] == [str(out / "spec.yaml"), "--data", str(file)]


def test_json(file: Path, tmp_path: Path) -> None:
    code, text, _ = run("init", file, "--outcome", "support", "--out", tmp_path / "model", "--json")
    assert code == 0
    drafted = json.loads(text)
    assert drafted["guessed"] == ["child_id", "school"]
    assert drafted["features"] == ["score"]
    assert Path(drafted["contract"]).is_file()


def test_it_names_the_option_and_writes_over_nothing(file: Path, tmp_path: Path) -> None:
    code, _, err = run("init", file, "--out", tmp_path / "model")
    assert code == 2
    assert "--outcome and one of: 'support'" in err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "spec.yaml").write_text("mine", encoding="utf-8")
    code, _, err = run("init", file, "--outcome", "support", "--out", tmp_path / "mine")
    assert code == 2
    assert "nothing is written over" in err
    assert (tmp_path / "mine" / "spec.yaml").read_text("utf-8") == "mine"
    code, _, err = run("init", tmp_path / "none.csv", "--out", tmp_path / "model")
    assert code == 2
    assert "none.csv" in err
