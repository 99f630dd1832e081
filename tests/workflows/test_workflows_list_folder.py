"""The folder of a list: whatever stops a run, no name is on the disk that the ledger does not know of."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ledger_edits import read_rows, write_rows
from reports_factory import make_result

from send_screen.errors import UsageError
from send_screen.governance import OpenLedger, find_pseudonyms, open_for_append, read_ledger, screening_runs, sha256_of
from send_screen.screening import ChildRecord, ScreeningResult
from send_screen.workflows import _list_folder
from send_screen.workflows._list_folder import FILES, SUMMARY, close_stopped_runs, render_files, write_list_folder

# One process starts python once, and forks a run for each way to be stopped. A run is killed before the n-th line of
# what writes, or by the system's clock, or may write no file longer than a number of bytes.
RUNS = r"""
import os, pickle, resource, signal, sys
import alembic.command
from pathlib import Path
from send_screen.errors import MachineError
from send_screen.governance import open_for_append
from send_screen.governance.ledger import _children, _database
from send_screen.workflows import _list_folder

WRITES = ("_list_folder.py", "_atomic_files.py", "_ledger.py")
result, records, rendered, root, stops = pickle.loads(sys.stdin.buffer.read())
for name, content in rendered.items():
    setattr(_list_folder, name, lambda _, content=content: content)


def screen(folder, how, at):
    lines = 0

    def line(frame, event, _):
        nonlocal lines
        lines += event == "line"
        if how == "line" and lines == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return line

    if how == "clock":
        signal.setitimer(signal.ITIMER_REAL, at)
    if how == "bytes":
        resource.setrlimit(resource.RLIMIT_FSIZE, (at, at))
    if how in ("line", "count"):
        sys.settrace(lambda frame, *_: line if frame.f_code.co_filename.endswith(WRITES) else None)
    try:
        with open_for_append(folder / "ledger.db") as book:
            _list_folder.write_list_folder(
                result, _list_folder.render_files(result), folder / "lists",
                records=records, keep_until=None, manifest_sha256="0" * 64, ledger=book,
            )
    except MachineError:
        os._exit(3)
    sys.settrace(None)
    if how == "count":
        print(lines, flush=True)
    os._exit(0)


for number, (how, at) in enumerate(stops):
    run = os.fork()
    if run == 0:
        screen(Path(root) / str(number), how, at)
    _, status = os.waitpid(run, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


RENDER = ("render_list_csv", "render_list_xlsx", "render_excluded_csv", "render_screening")


@pytest.fixture(autouse=True)
def rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is rendered depends on the result alone, and takes longer than to write it."""
    kept: dict[tuple[str, int], Any] = {}

    def once(name: str, render: Callable[[ScreeningResult], Any]) -> Callable[[ScreeningResult], Any]:
        def get(result: ScreeningResult) -> Any:
            if (name, id(result)) not in kept:
                kept[name, id(result)] = render(result)
            return kept[name, id(result)]

        return get

    for name in RENDER:
        monkeypatch.setattr(_list_folder, name, once(name, getattr(_list_folder, name)))


def stopped(result: ScreeningResult, root: Path, stops: list[tuple[str, float]]) -> list[int]:
    """Screen into a folder of its own for each way to be stopped; return what the runs printed, and their codes."""
    rendered = {name: getattr(_list_folder, name)(result) for name in RENDER}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUNS],
        input=pickle.dumps((result, records_of(result), rendered, str(root), stops)),
        capture_output=True,
        check=True,
    )
    return [int(line) for line in done.stdout.split()]


def hold_against_its_ledger(folder: Path, result: ScreeningResult) -> tuple[str, ...]:
    """Hold what a stopped run left against its ledger, and what the next runs make of it; return what stood there."""
    ledger, lists = folder / "ledger.db", folder / "lists"
    there = {path.name: path.read_bytes() for path in lists.iterdir()} if lists.exists() else {}
    book = read_ledger(ledger)
    book.require_unaltered()
    runs = screening_runs(book.entries)
    whole = tuple(name for name in FILES if name in there)
    if there:
        ((entry, end),) = runs
        pseudonyms = find_pseudonyms(ledger, [child.child_id for child in result.listed])
        assert [child.child for child in entry.listed] == [pseudonyms[child.child_id] for child in result.listed]
        assert end is None or end.files == whole == FILES
        if "list.csv" in there:
            assert sha256_of(there["list.csv"]) == entry.list_sha256
    was_open = [entry for entry, end in runs if end is None]
    said = screen(folder, "others", result)
    assert bool(said) == bool(was_open and SUMMARY not in whole)
    if said:
        assert result.file in said[0]
        assert all(name in said[0] for name in whole) if whole else "no list of it was found" in said[0]
    assert all(path.name in FILES for path in folder.glob("*/*"))
    (*before, _) = screening_runs(read_ledger(ledger).entries)
    assert [end and end.files for _, end in before] == [whole] * len(runs)
    if whole:
        with pytest.raises(UsageError, match="already holds"):
            screen(folder, "lists", result)
        assert {path.name: path.read_bytes() for path in lists.iterdir()} == {name: there[name] for name in whole}
    else:
        assert screen(folder, "lists", result) == ()
    return whole


def records_of(result: ScreeningResult) -> dict[str, ChildRecord]:
    return {
        child.child_id: ChildRecord(kind="listed", row=child.row, name=child.name, class_name="", school="")
        for child in result.listed
    }


def write(result: ScreeningResult, out: Path, book: OpenLedger) -> None:
    write_list_folder(
        result,
        render_files(result),
        out,
        records=records_of(result),
        keep_until=None,
        manifest_sha256="0" * 64,
        ledger=book,
    )


def screen(folder: Path, out: str, result: ScreeningResult) -> tuple[str, ...]:
    with open_for_append(folder / "ledger.db") as book:
        said = close_stopped_runs(book)
        write(result, folder / out, book)
    return said


@pytest.mark.posix
def test_wherever_a_run_is_killed_every_list_is_in_the_ledger_and_no_name_stays_beside(tmp_path: Path) -> None:
    result = make_result(listed=3, margin=1)
    lines, code = stopped(result, tmp_path / "whole", [("count", 0)])
    assert (code, hold_against_its_ledger(tmp_path / "whole" / "0", result)) == (0, FILES)
    kills: list[tuple[str, float]] = [("line", 1 + number * lines // 40) for number in range(40)]
    kills += [("clock", 0.004 * number) for number in range(1, 11)]
    codes = stopped(result, tmp_path, kills)
    assert set(codes[:40]) == {-9}
    stood = {hold_against_its_ledger(tmp_path / str(number), result) for number in range(len(kills))}
    # each file has been the last one that was whole
    assert {FILES[:n] for n in range(len(FILES) + 1)} <= stood


@pytest.mark.posix
def test_wherever_the_disk_is_full_no_list_stays_and_the_ledger_says_so(tmp_path: Path) -> None:
    result = make_result(listed=30, margin=1)
    stopped(result, tmp_path / "whole", [("count", 0)])
    sizes = sorted((tmp_path / "whole" / "0" / "lists" / name).stat().st_size for name in FILES)
    sizes.append((tmp_path / "whole" / "0" / "ledger.db").stat().st_size)
    limits: list[tuple[str, float]] = [("bytes", size - 1) for size in [1, 60, *sizes]]
    codes = stopped(result, tmp_path, limits)
    assert codes == [3] * len(limits)
    for number in range(len(limits)):
        assert not list((tmp_path / str(number)).glob("lists/*")), limits[number]
        assert hold_against_its_ledger(tmp_path / str(number), result) == ()


def test_a_run_that_is_interrupted_takes_its_files_away_and_enters_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, replace = make_result(listed=3, margin=1), os.replace

    def interrupted(part: Any, path: Any) -> None:
        if Path(path).name == "report.html":
            raise KeyboardInterrupt
        replace(part, path)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        screen(tmp_path, "lists", result)
    assert list((tmp_path / "lists").iterdir()) == []
    ((_, end),) = screening_runs(read_ledger(tmp_path / "ledger.db").entries)
    assert end is not None
    assert end.files == ()


def test_a_folder_that_cannot_be_reached_is_looked_at_by_a_later_run(tmp_path: Path) -> None:
    result, stick = make_result(listed=3, margin=1), tmp_path / "stick"
    with open_for_append(tmp_path / "ledger.db") as book:
        write(result, stick / "lists", book)
    write_rows(
        tmp_path / "ledger.db", read_rows(tmp_path / "ledger.db")[:1]
    )  # as if it had been killed before it entered its end
    for name in FILES[2:]:
        (stick / "lists" / name).unlink()
    (stick / "lists" / ".excluded.csv.0a1b2c3d.part").touch()
    stick.rename(tmp_path / "unplugged")
    assert screen(tmp_path, "one", result) == ()
    (tmp_path / "unplugged").rename(stick)
    (said,) = screen(tmp_path, "two", result)
    assert "only list.csv, list.xlsx were found" in said
    assert sorted(path.name for path in (stick / "lists").iterdir()) == ["list.csv", "list.xlsx"]
    assert screen(tmp_path, "three", result) == ()
