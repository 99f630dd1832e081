"""``start.py``, which runs at the school: it installs once, and says what is wrong in few words."""

from __future__ import annotations

import ast
import datetime
import hashlib
import io
import json
import sys
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

import send_screen.school_kit

SOURCE = Path(send_screen.school_kit.__file__).parent / "laptop" / "start.py"


def write_kit(folder: Path, wheels: list[Path], here: tuple[str, str], *, longest: int = 20) -> dict:
    (folder / "wheels").mkdir(parents=True)
    (folder / "kit").mkdir()
    listed = []
    for wheel in wheels:
        (folder / "wheels" / wheel.name).write_bytes(wheel.read_bytes())
        listed.append({"file": wheel.name, "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()})
    kit = {"platform": here[1], "max_path_length": longest, "pythons": {here[0]: listed}}
    (folder / "kit" / "kit.json").write_text(json.dumps(kit), encoding="utf-8")
    return kit


def test_it_imports_nothing_but_pythons_own_library() -> None:
    tree = ast.parse(SOURCE.read_text("utf-8"))
    outer = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    named = [alias.name for node in outer if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in outer if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names
    assert SOURCE.read_bytes().isascii()


def test_it_installs_once_and_again_when_it_was_stopped(start, make_wheel, here, tmp_path, capsys) -> None:
    kit = write_kit(tmp_path / "a kit (1)", [make_wheel(tmp_path, "one"), make_wheel(tmp_path, "two")], here)
    target = start.install(tmp_path / "a kit (1)", kit)
    assert (target / "one.py").exists()
    assert (target / "two-1.0.dist-info" / "METADATA").exists()
    assert "wait" in capsys.readouterr().out
    (target / "one.py").write_text("mine", encoding="utf-8")
    assert start.install(tmp_path / "a kit (1)", kit) == target
    assert (target / "one.py").read_text("utf-8") == "mine"
    assert capsys.readouterr().out == ""
    (target / start.COMPLETE_MARKER).unlink()
    start.install(tmp_path / "a kit (1)", kit)
    assert (target / "one.py").read_text("utf-8") != "mine"


def test_a_data_folder_of_a_wheel_goes_onto_the_path(start, make_wheel, tmp_path) -> None:
    import zipfile

    wheel = make_wheel(tmp_path, "one")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("one-1.0.data/platlib/deep/inner.py", "")
        archive.writestr("one-1.0.data/scripts/one.exe", "")
    start.unpack(wheel, tmp_path / "to")
    assert (tmp_path / "to" / "deep" / "inner.py").exists()
    assert not list((tmp_path / "to").rglob("*.exe"))


def test_a_changed_wheel_is_refused(start, make_wheel, here, tmp_path) -> None:
    kit = write_kit(tmp_path / "kit", [make_wheel(tmp_path, "one")], here)
    with (tmp_path / "kit" / "wheels" / "one-1.0-py3-none-any.whl").open("ab") as file:
        file.write(b"x")
    with pytest.raises(start.KitError, match="changed or damaged"):
        start.install(tmp_path / "kit", kit)
    assert not (tmp_path / "kit" / "installed" / here[0] / start.COMPLETE_MARKER).exists()


def test_a_missing_wheel_is_named(start, make_wheel, here, tmp_path) -> None:
    kit = write_kit(tmp_path / "kit", [make_wheel(tmp_path, "one")], here)
    (tmp_path / "kit" / "wheels" / "one-1.0-py3-none-any.whl").unlink()
    with pytest.raises(start.KitError, match=r"one-1\.0-py3-none-any\.whl is missing"):
        start.install(tmp_path / "kit", kit)


def test_another_python_is_told_which_are_held(start) -> None:
    kit = {"platform": "win-amd64", "pythons": {"3.14": [], "3.12": []}}
    with pytest.raises(start.KitError, match=r"needs Python 3\.14 or 3\.12 for win-amd64"):
        start.wheels_for(kit)


def test_a_folder_that_is_too_deep_for_windows_is_named(start, make_wheel, here, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(start, "ON_WINDOWS", True)
    folder = tmp_path / "kit"
    room = start.MAX_PATH_LENGTH - len(str(folder / "installed" / here[0])) - 1
    kit = write_kit(folder, [make_wheel(tmp_path, "one")], here, longest=room + 1)
    with pytest.raises(start.KitError, match="too long for Windows"):
        start.install(folder, kit)
    start.install(folder, {**kit, "max_path_length": room})


def test_a_folder_that_cannot_be_written_is_named(start, make_wheel, here, tmp_path) -> None:
    kit = write_kit(tmp_path / "kit", [make_wheel(tmp_path, "one")], here)
    (tmp_path / "kit" / "installed").write_text("in the way", encoding="utf-8")
    with pytest.raises(start.KitError, match="cannot be written"):
        start.install(tmp_path / "kit", kit)


def test_results_go_beside_the_file_and_never_over_earlier_ones(start) -> None:
    now = datetime.datetime(2026, 11, 24, 9, 5, 1)
    found = start.results_folder(PureWindowsPath(r"C:\Users\Mrs O'Neil\My Documents\pupils (2).xlsx"), now)
    assert str(found) == r"C:\Users\Mrs O'Neil\My Documents\pupils (2) - list of 2026-11-24 09.05.01"
    assert start.results_folder(PureWindowsPath(r"\\server\sims\a.b.csv"), now).name.startswith("a.b - list")
    assert not set(found.name) & set('<>:"/\\|?*')


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["nowhere.csv"], "no file 'nowhere.csv'"), ([""], "no file"), (["start.py", "two.csv"], "one file at a time")],
)
def test_what_was_dropped_wrongly_is_said(start, arguments, words, capsys, monkeypatch) -> None:
    monkeypatch.chdir(SOURCE.parent)
    assert start.main(arguments) == start.FAILED
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err


def test_a_double_click_asks_for_the_file(start, monkeypatch, tmp_path, capsys) -> None:
    file = tmp_path / "my pupils.csv"
    file.write_text("x", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(f'"{file}"\n'))
    assert start.parse_arguments([]) == (file, [])
    assert start.parse_arguments([str(file), "--capacity", "12"]) == (file, ["--capacity", "12"])
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert start.main([]) == start.FAILED


def test_half_a_folder_is_named(start, monkeypatch, tmp_path, capsys) -> None:
    file = tmp_path / "x.csv"
    file.write_text("x", encoding="utf-8")
    monkeypatch.setattr(start, "__file__", str(tmp_path / "kit" / "start.py"))
    assert start.main([str(file)]) == start.FAILED
    assert "Extract the zip again" in capsys.readouterr().err
    assert start.main(["--fits"]) == start.FAILED


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("list.xlsx", "decisions"),
        ("List (2).XLSX", "decisions"),
        ("list - Copy.csv", "decisions"),
        ("list of pupils.xlsx", "screen"),
        ("pupils.csv", "screen"),
        ("list.txt", "screen"),
    ],
)
def test_a_list_that_comes_back_is_entered_and_everything_else_screened(
    start: Any, tmp_path: Path, name: str, verb: str
) -> None:
    now = datetime.datetime(2026, 11, 30, 9, 5)
    command, out = start.command_for(tmp_path / "kit", tmp_path / name, ["--json"], now)
    assert command[0] == verb
    assert str(tmp_path / name) in command
    assert command[-3:] == ["--ledger", str(tmp_path / "kit" / "ledger.db"), "--json"]
    assert (out is None) == (verb == "decisions")
