"""The zip as a whole, the Python that may go into it, the batch file and the guide."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from reports_factory import make_report

import send_screen.school_kit
import send_screen.school_kit._wheels as packages
from send_screen.errors import MachineError, TablesError, UsageError
from send_screen.published import Owner
from send_screen.school_kit import read_embedded_python
from send_screen.school_kit._contents import render_guide
from send_screen.workflows import kit as build_kit

VERSION = make_report().version.model_copy(
    update={
        "title": "Children who may <need> support",
        "trained_on": "real",
        "review_date": "2028-07-31",
        "owner": Owner(
            organisation="An authority", team="Inclusion", role="Head of service", contact="the SEND service"
        ),
    }
)


@pytest.fixture
def few_wheels(monkeypatch: pytest.MonkeyPatch, make_wheel, tmp_path: Path) -> None:
    """All that a Python needs, without asking any index."""
    folder = tmp_path / "made-up wheels"
    folder.mkdir()
    wheels = [make_wheel(folder, "one"), make_wheel(folder, "two", tag="cp312-cp312-win_amd64")]

    monkeypatch.setattr(packages, "wheels_for", lambda *_, **__: wheels)


def embeddable(path: Path, minor: int = 12, *, machine: int = 0x8664, extra: str | None = None) -> Path:
    program = bytearray(b"MZ" + bytes(126))
    program[0x3C:0x40] = (64).to_bytes(4, "little")
    program[64:70] = b"PE\0\0" + machine.to_bytes(2, "little")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("python.exe", bytes(program))
        archive.writestr(f"python3{minor}._pth", f"python3{minor}.zip\n.\n")
        archive.writestr(f"python3{minor}.zip", b"")
        if extra:
            archive.writestr(extra, b"")
    return path


def test_the_zip_holds_all_that_the_laptop_needs(few_wheels: None, trained: Any, tmp_path: Path) -> None:
    kit = build_kit(trained.exported, tmp_path / "out" / "school.zip", python_version="3.12")
    assert kit.pythons == ("3.12",)
    assert kit.trained_on_synthetic
    with zipfile.ZipFile(kit.out) as archive:
        names = set(archive.namelist())
        held = json.loads(archive.read("kit/kit.json"))
        command = archive.read("screen.cmd")
        model = {name.removeprefix("model/") for name in names if name.startswith("model/")}
        assert all(archive.read(f"model/{name}") == (trained.exported / name).read_bytes() for name in model)
    assert model == {p.relative_to(trained.exported).as_posix() for p in trained.exported.rglob("*") if p.is_file()}
    assert {"screen.cmd", "guide.html", "kit/start.py", "wheels/one-1.0-py3-none-any.whl"} <= names
    assert held["platform"] == "win-amd64"
    assert [wheel["file"] for wheel in held["pythons"]["3.12"]] == [
        "one-1.0-py3-none-any.whl",
        "two-1.0-cp312-cp312-win_amd64.whl",
    ]
    # every console reads it, every line ends as cmd wants it, no blank is left to fill in
    assert command.isascii()
    assert command.count(b"\r\n") == command.count(b"\n")
    assert b"@LAUNCHER@" not in command
    assert b"in (3.12) do call :try py -%%V" in command
    assert not any(name.startswith("python/") for name in names)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["school.zip"]


def test_the_same_from_the_registry(few_wheels: None, trained: Any, tmp_path: Path) -> None:
    kit = build_kit(
        "models:/reception_sen@candidate", tmp_path / "school.zip", python_version="3.12", tracking_uri=trained.uri
    )
    with zipfile.ZipFile(kit.out) as archive:
        assert archive.read("model/manifest.json") == (trained.exported / "manifest.json").read_bytes()


def test_a_python_goes_in_and_only_its_wheels_are_fetched(few_wheels: None, trained: Any, tmp_path: Path) -> None:
    python = embeddable(tmp_path / "python-3.12.9-embed-amd64.zip")
    kit = build_kit(trained.exported, tmp_path / "school.zip", python=python)
    assert kit.pythons == ("3.12",)
    assert kit.python is not None
    assert kit.python.version == "3.12"
    with zipfile.ZipFile(kit.out) as archive:
        assert {"python/python.exe", "python/python312._pth"} <= set(archive.namelist())
        assert "brings python.org" in archive.read("guide.html").decode()


def test_a_tampered_version_is_not_handed_on(few_wheels: None, trained: Any, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(trained.exported, tmp_path / "model"))
    (folder / "tables.json").write_text("{}", encoding="utf-8")
    with pytest.raises(TablesError, match="was changed"):
        build_kit(folder, tmp_path / "school.zip")
    assert not (tmp_path / "school.zip").exists()


def test_a_python_without_wheels_is_named(trained, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "ERROR: No matching distribution found for two==1.0\n"
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", said))
    with pytest.raises(MachineError, match=r"no Windows wheel of two==1\.0 for Python 3\.13"):
        build_kit(trained.exported, tmp_path / "school.zip", python_version=("3.12", "3.13"))
    assert not (tmp_path / "school.zip").exists()


@pytest.mark.parametrize("asked", ["3.10", "3", "3.12.1", "newest", "2.7"])
def test_what_is_no_python_version_is_refused(trained, tmp_path, asked: str) -> None:
    with pytest.raises(UsageError, match="--python-version"):
        build_kit(trained.exported, tmp_path / "school.zip", python_version=asked)


def test_one_python_unless_told_and_several_newest_first(trained, tmp_path, monkeypatch, make_wheel) -> None:
    own = make_wheel(tmp_path, "one")
    monkeypatch.setattr(packages, "wheels_for", lambda *_, **__: [own])
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert build_kit(trained.exported, tmp_path / "one.zip").pythons == (here,)
    two = build_kit(trained.exported, tmp_path / "two.zip", python_version=("3.9999", "3.12"))
    assert two.pythons == ("3.9999", "3.12")


def test_an_out_that_is_there_or_no_zip_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "school.zip").write_bytes(b"mine")
    for name, words in (("school.zip", "there already"), ("school", "no name for a zip")):
        with pytest.raises(UsageError, match=words):
            build_kit(tmp_path / "no model", tmp_path / name)
    assert (tmp_path / "school.zip").read_bytes() == b"mine"


def test_an_out_that_cannot_be_written_is_3(few_wheels: None, trained: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(MachineError, match="cannot be written"):
        build_kit(trained.exported, tmp_path / "file" / "school.zip", python_version="3.12")


@pytest.mark.parametrize(
    ("minor", "options", "words"),
    [
        (10, {}, r"3\.11 or later"),
        (12, {"machine": 0x14C}, "64-bit"),
        (12, {"machine": 0xAA64}, "64-bit"),
        (12, {"extra": "..\\outside.txt"}, "outside its folder"),
        (12, {"extra": "C:/outside.txt"}, "outside its folder"),
    ],
)
def test_another_python_is_refused(tmp_path: Path, minor: int, options: dict[str, Any], words: str) -> None:
    path = embeddable(tmp_path / "python.zip", minor, **options)
    with pytest.raises(UsageError, match=words):
        read_embedded_python(path)


def test_what_is_no_python_is_refused(tmp_path: Path, make_wheel) -> None:
    (tmp_path / "no.zip").write_text("no zip", encoding="utf-8")
    for path in (tmp_path / "no.zip", tmp_path / "nowhere.zip", make_wheel(tmp_path, "one")):
        with pytest.raises(UsageError, match=r"python\.org"):
            read_embedded_python(path)


def guide(**changes: Any) -> str:
    options: dict[str, Any] = {"pythons": ("3.14", "3.12"), "with_python": False, "made": date(2026, 11, 24)}
    return render_guide(VERSION.model_copy(update=changes), **options)


def test_the_guide_says_what_to_do_what_it_is_not_and_who_answers() -> None:
    page = guide()
    for words in ("screen.cmd", "Extract All", "refuse, delay or ration an assessment", "look at them by hand"):
        assert words in page
    for words in ("Head of service, An authority", "the SEND service", "31 July 2028", "Python 3.14 or 3.12, 64-bit"):
        assert words in page
    assert "Children who may &lt;need&gt; support" in page
    assert "invented" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "learned from invented children" in guide(trained_on="synthetic")


def test_the_batch_file_has_no_block_that_a_folder_name_could_end() -> None:
    text = (Path(send_screen.school_kit.__file__).parent / "laptop" / "screen.cmd").read_text("utf-8")
    commands = [line for line in text.splitlines() if not line.startswith(("rem", "echo", "for %%V in (@LAUNCHER@)"))]
    assert not any("(" in line or ")" in line for line in commands)
    labels = {line[1:] for line in commands if line.startswith(":")}
    assert {word.rstrip('"') for line in commands for word in line.partition("goto ")[2:]} - {""} <= labels
    # without quotes a path with a blank is two
    assert all(before.endswith('"') for line in commands for before in line.split("%HERE%")[:-1])


def test_a_model_that_is_not_there_is_named(few_wheels: None, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"no exported model at {tmp_path / 'nowhere'}"):
        build_kit(tmp_path / "nowhere", tmp_path / "school.zip")
