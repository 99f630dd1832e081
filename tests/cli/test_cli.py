"""The command line as a script meets it: what is printed, and the exit code."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from send_screen.cli._app import app
from send_screen.errors import ExitCode, UsageError

runner = CliRunner()


def run(*arguments: object) -> tuple[int, str, str]:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_help_names_every_command() -> None:
    code, out, _ = run("--help")
    assert code == 0
    for command in (
        "demo",
        "simulate",
        "check",
        "train",
        "promote",
        "screen",
        "withdraw",
        "history",
        "generate-keys",
        "audit",
        "init",
        "kit",
        "compare",
        "export",
    ):
        assert command in out
    assert run("--version")[0] == 0


def test_help_says_what_each_exit_code_means() -> None:
    shown = " ".join(run("--help")[1].split())
    for code in ExitCode:
        assert f"{code.value}: {code.description}" in shown


@pytest.mark.parametrize("arguments", [["screen"], ["no-such-command"], ["simulate", "--children", "x"], ["train"]])
def test_usage_is_2(arguments: list[str]) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert "Traceback" not in err


def test_simulate_then_check(tmp_path: Path) -> None:
    code, out, _ = run("simulate", "--children", 500, "--seed", 2, "--out", tmp_path, "--json")
    assert code == 0
    assert json.loads(out) == {"out": str(tmp_path), "n_children": 500, "synthetic": True}
    for contract, name in (("education/eyfsp", "eyfsp"), ("outcomes/sen_status", "sen_status")):
        code, out, _ = run("check", contract, tmp_path / f"{name}.csv")
        assert code == 0
        assert "The file keeps its contract." in out


def test_check_names_rule_row_and_remedy_and_masks_the_child(tmp_path: Path) -> None:
    run("simulate", "--children", 200, "--out", tmp_path)
    file = tmp_path / "eyfsp.csv"
    frame = pd.read_csv(file, dtype=str)
    frame.loc[5, "UPN"] = "Z" + frame.loc[5, "UPN"][1:]
    frame.loc[7, "E03"] = "9"
    frame.assign(**{"380123456": "1", "House": "red"}).to_csv(file, index=False)
    code, out, _ = run("check", "education/eyfsp", file, "--json")
    assert code == 1
    assert json.loads(out)["columns"]["unknown"] == ["(not shown)", "House"]
    assert "380123456" not in out
    found = {(v["rule"], v["row"]): v for v in json.loads(out)["violations"]}
    assert found["EYFSP-UPN-CHECK", 7]["value"] == "•••"
    assert ("EYFSP-E03-LEVEL", 9) in found
    code, out, _ = run("check", "education/eyfsp", file)
    assert code == 1
    assert "row 9: " in out
    assert frame.loc[5, "UPN"] not in out


@pytest.mark.parametrize(
    ("contract", "file", "words"),
    [
        ("education/eyfs", "x.csv", "education/eyfsp"),
        ("education/eyfsp", "nowhere.csv", "nowhere.csv"),
    ],
)
def test_check_of_what_is_not_there(tmp_path: Path, contract: str, file: str, words: str) -> None:
    (tmp_path / "x.csv").write_text("UPN\n", encoding="utf-8")
    code, _, err = run("check", contract, tmp_path / file)
    assert code == 2
    assert words in err
    assert err.count("\n") < 6


def test_screen_says_what_it_did(trained: Any, tmp_path: Path) -> None:
    code, out, _ = run("screen", trained.exported, trained.school_file, "--out", tmp_path, "--capacity", "12")
    assert code == 0
    assert "12 of " in out
    assert "screened + " in out
    assert "Not being listed is never 'no need'" in out
    assert "invented" in out
    again = tmp_path / "again"
    code, out, _ = run("screen", trained.exported, trained.school_file, "--out", again, "--per-school", "--json")
    assert code == 0
    assert json.loads(out) == json.loads((again / "summary.json").read_text("utf-8"))
    for name in ("list.csv", "list.xlsx", "excluded.csv", "report.html"):
        assert (tmp_path / name).stat().st_size > 0


def test_screen_from_the_registry(trained: Any, tmp_path: Path) -> None:
    arguments = ["screen", "models:/reception_sen@candidate", trained.school_file, "--out", tmp_path]
    assert run(*arguments, "--tracking-uri", trained.uri)[0] == 0
    code, _, err = run(
        "screen", "models:/other@x", trained.school_file, "--out", tmp_path, "--tracking-uri", trained.uri
    )
    assert code == 2
    assert "reception_sen" in err


def test_what_the_data_forbid_is_1(trained: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    rows.assign(NCyearActual="X").to_csv(tmp_path / "x.csv", index=False)
    code, _, err = run("screen", trained.exported, tmp_path / "x.csv", "--out", tmp_path / "out")
    assert code == 1
    assert "not in reception" in err
    assert not (tmp_path / "out").exists()


def test_a_tampered_model_is_1(trained: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained.exported, tmp_path / "model"))
    (folder / "tables.json").write_text("{}", encoding="utf-8")
    code, _, err = run("screen", folder, trained.school_file, "--out", tmp_path / "out")
    assert code == 1
    assert "was changed" in err


def test_a_folder_that_cannot_be_written_is_3(trained: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    code, _, err = run("screen", trained.exported, trained.school_file, "--out", tmp_path / "file")
    assert code == 3
    assert "--out" in err


@pytest.mark.parametrize(
    "command",
    [("check", "education/eyfsp", "x.csv"), ("check", "x.yaml", "x.csv"), ("train", "x.yaml", "--data", "x.csv"),
     ("audit", "version"), ("screen", "version", "x.csv", "--out", "lists")],
)  # fmt: skip
@pytest.mark.parametrize(("error", "words"), [(13, "Permission denied"), (5, "Input/output error")])
def test_a_file_that_is_there_and_is_not_given_is_3_and_one_that_is_not_there_is_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], error: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*command)
    assert code == 2, err
    (tmp_path / "version").mkdir()
    for name in ("x.csv", "x.yaml", "version/manifest.json"):
        (tmp_path / name).write_text("UPN\n", encoding="utf-8")
    for module, call in ((os, os.open), (Path, Path.open)):

        def refuse(
            name: Any, *how: Any, call: Any = call, **more: Any
        ) -> Any:  # as for who has no right, and is not root
            path = Path(name)
            if (path.suffix in (".csv", ".yaml", ".json") and path.is_relative_to(tmp_path)) or not path.is_absolute():
                raise OSError(error, words, str(path))
            return call(name, *how, **more)

        monkeypatch.setattr(module, "open", refuse)
    code, _, err = run(*command)
    assert code == 3, err
    assert "Traceback" not in err


@pytest.mark.parametrize("fault", ["damaged", "of another release"])
def test_a_database_that_is_damaged_or_of_another_release_is_3(
    trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.delenv("SEND_SCREEN_DEBUG", raising=False)
    file = Path(shutil.copy(trained.folder / "mlflow.db", tmp_path))
    if fault == "damaged":
        file.write_bytes(b"x" * 100 + file.read_bytes()[100:])
    else:
        with closing(sqlite3.connect(file)) as database:
            database.execute("update alembic_version set version_num = 'ffffffffffff'")
            database.commit()
    for command in (("audit", "models:/reception_sen/1"), ("history", "reception_sen")):
        code, out, err = run(*command, "--tracking-uri", f"sqlite:///{file.as_posix()}")
        assert (code, out) == (3, ""), err
        assert "mistake" not in err


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device", "x.csv"), MemoryError()])
def test_what_nobody_foresaw_of_a_machine_is_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.delenv("SEND_SCREEN_DEBUG", raising=False)
    monkeypatch.setattr("send_screen.workflows._simulate.write_england", fail)
    code, _, err = run("simulate", "--children", 200, "--out", tmp_path / "out")
    assert code == 3, err
    assert "this machine" in err


def test_an_unexpected_fault_shows_no_data(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object, **__: object) -> None:
        raise KeyError("A801200005001 Surname")

    monkeypatch.delenv("SEND_SCREEN_DEBUG", raising=False)
    monkeypatch.setattr("send_screen.workflows._screen.select_children", fault)
    code, out, err = run("screen", trained.exported, trained.school_file, "--out", tmp_path)
    assert code == 70
    assert "A801200005001" not in out + err
    assert "SEND_SCREEN_DEBUG" in err


def test_export(trained: Any, tmp_path: Path) -> None:
    arguments = ["export", "models:/reception_sen/1", "--tracking-uri", trained.uri, "--out", tmp_path / "model"]
    assert run(*arguments)[0] == 0
    code, _, err = run(*arguments)
    assert code == 2
    assert "not empty" in err


def test_a_failed_gate_is_1_and_the_run_stays(trained: Any, light_spec: Path, tmp_path: Path) -> None:
    spec = tmp_path / "strict.yaml"
    spec.write_text(light_spec.read_text("utf-8").replace("at_least: 0.60", "at_least: 0.99"), encoding="utf-8")
    uri = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    code, out, err = run(
        "train", spec, "--data", trained.data, "--tracking-uri", uri, "--evidence", tmp_path / "evidence"
    )
    assert code == 1
    assert "FAILED" in out
    assert "was not registered" in err


# As a process: what a console and a script see.


def send_screen(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "send_screen", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env={**os.environ, **environment}, check=False)


def test_a_console_of_another_encoding_is_no_trouble(trained: Any, tmp_path: Path) -> None:
    done = send_screen(
        "screen", trained.exported, trained.school_file, "--out", tmp_path, PYTHONIOENCODING="cp1252", NO_COLOR="1"
    )
    assert done.returncode == 0, done.stderr
    done = send_screen("check", "education/eyfsp", trained.school_file, PYTHONIOENCODING="ascii")
    assert b"Traceback" not in done.stderr


def test_help_and_check_import_nothing_heavy(tmp_path: Path) -> None:
    code = """
import sys
from send_screen.cli import main
sys.argv = ["send-screen", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
heavy = {"mlflow", "shap", "lightgbm", "interpret", "matplotlib", "sklearn", "fairlearn", "scipy", "numba"}
heavy &= set(sys.modules)
assert not heavy, heavy
"""
    (tmp_path / "eyfsp.csv").write_text("UPN,AcademicYear\n", encoding="utf-8")
    for arguments in (["--help"], ["check", "education/eyfsp", str(tmp_path / "eyfsp.csv")]):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_screening_with_an_exported_folder_imports_nothing_heavy(trained: Any, tmp_path: Path) -> None:
    code = """
import sys
from send_screen.cli import main
sys.argv = ["send-screen", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert end.code == 0
heavy = {"mlflow", "shap", "lightgbm", "interpret", "matplotlib", "sklearn", "fairlearn", "scipy", "numba"}
heavy &= set(sys.modules)
assert not heavy, heavy
"""
    arguments = ["screen", str(trained.exported), str(trained.school_file), "--out", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_error_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UsageError("No version\nof \x1b[2Jthis name.")

    monkeypatch.setattr("send_screen.withdraw", refuse)
    code, _, err = run("withdraw", "models:/m/1", "--by", "A", "--reason", "b")
    assert (code, err) == (2, "send-screen: No version\nof \ufffd[2Jthis name.\n")


@pytest.mark.posix
def test_a_reader_who_stops_listening_is_no_mistake(trained: Any, tmp_path: Path) -> None:
    command = f"{sys.executable} -m send_screen screen {trained.exported} {trained.school_file} --out {tmp_path}"
    for number, listener in enumerate(("| true", ">&-", "2>&-")):
        done = subprocess.run(
            ["sh", "-c", f"{command}/{number} {listener}"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "mistake" not in done.stderr
        assert (tmp_path / str(number) / "summary.json").exists()
    done = subprocess.run(["sh", "-c", f"{command}/full > /dev/full"], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "cannot be written" in done.stderr


@pytest.mark.posix
def test_a_full_disk_is_named_and_leaves_nothing_behind(trained: Any, tmp_path: Path) -> None:
    command = f"ulimit -f 8; {sys.executable} -m send_screen screen {trained.exported} {trained.school_file}"
    done = subprocess.run(
        ["sh", "-c", f"{command} --out {tmp_path / 'out'}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 3, done.stderr
    assert "Make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("out/*"))
    assert not [path for path in tmp_path.iterdir() if path.is_file() and "ledger" not in path.name]


def test_a_folder_that_holds_a_list_keeps_it_and_the_notes_in_it(trained: Any, tmp_path: Path) -> None:
    arguments = ["screen", trained.exported, trained.school_file, "--out", tmp_path / "list"]
    assert run(*arguments)[0] == 0
    with (tmp_path / "list" / "list.csv").open("a", encoding="utf-8") as notes:
        notes.write("spoke to her mother\n")
    before = {path.name: path.read_bytes() for path in (tmp_path / "list").iterdir()}
    code, out, _ = run(*arguments)
    assert code == 0
    assert "holds an earlier list, which stays as it is" in " ".join(out.split())
    assert {path.name: path.read_bytes() for path in (tmp_path / "list").iterdir()} == before
    (beside,) = (path for path in tmp_path.iterdir() if path.name.startswith("list "))
    assert (beside / "summary.json").is_file()


@pytest.mark.parametrize("name", ["list.xlsx", "excluded.csv", "report.html", "summary.json"])
def test_any_file_of_a_list_is_one(trained: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / name).touch()
    assert run("screen", trained.exported, trained.school_file, "--out", tmp_path / "list")[0] == 0
    assert [path.name for path in (tmp_path / "list").iterdir()] == [name]


def test_a_store_that_is_not_there_is_not_made(trained: Any, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'typo' / 'mlflow.db'}"
    code, _, err = run("screen", "models:/a@b", trained.school_file, "--out", tmp_path / "x", "--tracking-uri", uri)
    assert code == 2
    assert "no MLflow store" in err
    assert not (tmp_path / "typo").exists()


def test_what_a_file_lacks_is_said(trained: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str).drop(columns=["Ethnicity", "ClassName", "School"])
    rows.to_csv(tmp_path / "x.csv", index=False)
    code, out, _ = run("screen", trained.exported, tmp_path / "x.csv", "--out", tmp_path / "out")
    assert code == 0
    assert "there is no ClassName, Ethnicity, School" in out
    code, _, err = run("screen", trained.exported, tmp_path / "x.csv", "--out", tmp_path / "out", "--per-school")
    assert code == 2
    assert "School" in err


def test_check_says_whether_a_model_could_make_a_list(trained: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    rows.to_csv(tmp_path / "pupils.csv", index=False)
    code, out, _ = run("check", trained.exported, tmp_path / "pupils.csv")
    assert (code, "a list can be made" in out) == (0, True)
    rows.rename(columns={"E01": "Q"}).to_csv(tmp_path / "pupils.csv", index=False)
    code, out, _ = run("check", trained.exported, tmp_path / "pupils.csv", "--ask")
    assert (code, "no list can be made" in out) == (1, True)
    assert (tmp_path / "mapping.yaml").exists()


def test_template_lists_the_fields_to_ask_for(trained: Any, tmp_path: Path) -> None:
    code, out, _ = run("template", trained.exported, "--out", tmp_path / "t.xlsx")
    assert (code, "SENprovision" in out) == (0, True)
    code, _, err = run("template", trained.exported, "--out", tmp_path / "t.xlsx")
    assert (code, "there already" in err) == (2, True)
