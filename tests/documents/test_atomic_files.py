"""A file stands whole under its name, or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from send_screen.documents import DEFAULT_MODE, remove_partial_files, write_atomically


def test_a_text_is_written_as_utf8_and_its_hash_is_returned(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("yesterday's")
    digest = write_atomically("Małgorzata\n", path)
    assert path.read_bytes() == "Małgorzata\n".encode()
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_was_stopped_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException
) -> None:
    path = tmp_path / "list.csv"
    path.write_text("yesterday's")

    def stop(*_: object) -> None:
        raise fault

    monkeypatch.setattr(os, step, stop)
    with pytest.raises(type(fault)) as caught:
        write_atomically("today's", path)
    assert path.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [path]
    assert getattr(caught.value, "filename", str(path)) == str(path)


def test_the_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "list.csv", tmp_path / "absent" / "list.csv", tmp_path / "folder"):
        with pytest.raises(OSError, match=path.name) as caught:
            write_atomically("", path)
        assert caught.value.filename == str(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.posix
def test_a_file_is_its_owners_alone_unless_it_is_to_be_shared(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_atomically("about children", tmp_path / "list.csv")
        write_atomically("public", tmp_path / "tables.json", mode=DEFAULT_MODE)
    finally:
        os.umask(before)
    assert (tmp_path / "list.csv").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "tables.json").stat().st_mode & 0o777 == 0o644


def test_parts_of_these_files_alone_are_removed(tmp_path: Path) -> None:
    others = [".list.csv.swp", "list.csv.part", ".notes.txt.0.part", "list.csv"]
    for name in (*others, ".list.csv.0a1b2c3d.part", ".list.csv.9.part"):
        (tmp_path / name).touch()
    assert remove_partial_files(tmp_path, ["list.csv", "list.xlsx"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
    assert remove_partial_files(tmp_path / "absent", ["list.csv"]) == 0
