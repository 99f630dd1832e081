"""A run in batches that is stopped leaves nothing that looks whole, and goes on where it was."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from send_screen import record, screen
from send_screen.batches import ROW, screen_pieces, working_folder
from send_screen.batches import _pieces as pieces_module
from send_screen.batches import _run as run_module
from send_screen.errors import MachineError, SendScreenError, UsageError
from send_screen.governance import open_bundle, read_ledger, records_of_entry
from send_screen.simulation import simulate_england


def _children(path: Path, n: int = 4_000) -> Path:
    tables = simulate_england(children=n, schools=40, seed=5).tables
    profile = tables["education/eyfsp"].drop(columns="AcademicYear")
    table = tables["education/pupil_census"].merge(profile, on="UPN", how="left")
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path, row_group_size=500)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _children(tmp_path_factory.mktemp("data") / "children.parquet")


def test_a_stopped_run_goes_on_and_ends_the_same(
    trained: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces_module, "_PIECE_ROWS", 500)
    bundle, work = open_bundle(trained.exported), tmp_path / "work"
    written: list[Path] = []
    original = run_module.write_table

    def stop_after_three(table: pa.Table, path: Path) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(path)
        original(table, path)

    monkeypatch.setattr(run_module, "write_table", stop_after_three)
    with pytest.raises(KeyboardInterrupt), working_folder(work):
        screen_pieces(bundle, data, work, processes=1)
    before = {path: path.stat().st_mtime_ns for path in written}
    monkeypatch.setattr(run_module, "write_table", original)
    with working_folder(work):
        resumed = screen_pieces(bundle, data, work, processes=1)
    with working_folder(tmp_path / "other"):
        whole = screen_pieces(bundle, data, tmp_path / "other", processes=1)
    assert {path: path.stat().st_mtime_ns for path in written} == before
    assert [path.read_bytes() for path, _ in resumed.parts] == [path.read_bytes() for path, _ in whole.parts]


def test_a_part_that_is_damaged_is_made_again(trained: Any, data: Path, tmp_path: Path) -> None:
    bundle, work = open_bundle(trained.exported), tmp_path / "work"
    with working_folder(work):
        ((part, _),) = screen_pieces(bundle, data, work, processes=1).parts
        content = part.read_bytes()
        part.write_bytes(content[: len(content) // 2])
        screen_pieces(bundle, data, work, processes=1)
    assert part.read_bytes() == content


def test_other_data_begin_anew(trained: Any, data: Path, tmp_path: Path) -> None:
    bundle, work = open_bundle(trained.exported), tmp_path / "work"
    with working_folder(work):
        first = screen_pieces(bundle, data, work, processes=1)
        other = screen_pieces(bundle, _children(tmp_path / "fewer.parquet", 2_000), work, processes=1)
    assert (first.facts.n_rows, other.facts.n_rows) == (4_000, 2_000)


def test_pieces_of_another_size_begin_anew(
    trained: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, work = open_bundle(trained.exported), tmp_path / "work"
    with working_folder(work):
        whole = screen_pieces(bundle, data, work, processes=1).facts
        monkeypatch.setattr(pieces_module, "_PIECE_ROWS", 500)
        assert screen_pieces(bundle, data, work, processes=1).facts == whole


def test_a_second_run_into_one_folder_is_refused(tmp_path: Path) -> None:
    with (
        working_folder(tmp_path / "work"),
        pytest.raises(UsageError, match="Another run"),
        working_folder(tmp_path / "work"),
    ):
        pass


@pytest.mark.parametrize("damaged", [0, 1])
def test_a_damaged_piece_is_named_and_the_others_are_screened(
    trained: Any, data: Path, tmp_path: Path, damaged: int
) -> None:
    folder = tmp_path / "pieces"
    folder.mkdir()
    table = pq.read_table(data)
    for number in range(3):
        pq.write_table(table.slice(number * 1_000, 1_000), folder / f"part{number}.parquet")
    content = (folder / f"part{damaged}.parquet").read_bytes()
    # the end, which says where the columns are, stays
    (folder / f"part{damaged}.parquet").write_bytes(content[:2_000] + bytes(20_000) + content[22_000:])
    (folder / "part3.csv").write_text("a letter, not a table", encoding="utf-8")
    found = screen(trained.exported, folder, out=tmp_path / "list", engine="batches", capacity="10")
    assert not found.ok
    assert found.exit_code == 1
    names = [re.split("[:,]", text)[0] for text in sorted(found.set_aside)]
    assert names == [f"part{damaged}.parquet", "part3.csv"]
    assert found.result.n_rows == 2_000
    for name in names:
        assert any(name in banner for banner in found.result.banners)
        assert name in (found.out / "report.html").read_text(encoding="utf-8")


def test_the_folder_that_a_run_needed_is_gone_after_it(trained: Any, data: Path, tmp_path: Path) -> None:
    found = screen(trained.exported, data, out=tmp_path / "list", engine="batches", capacity="10")
    assert found.ok
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".screening")]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL on this system")
def test_killed_at_any_moment_it_ends_the_same(trained: Any, data: Path, tmp_path: Path) -> None:
    """Kill a run at random moments; the next one ends with the list of a run that was not killed."""
    expected = screen(trained.exported, data, out=tmp_path / "expected" / "list", engine="batches", capacity="50")
    code = (
        "from send_screen.batches import _pieces; _pieces._PIECE_ROWS = 500; import send_screen, sys; "
        "send_screen.screen(sys.argv[1], sys.argv[2], out=sys.argv[3], engine='batches', capacity='50')"
    )
    source = str(Path(__file__).parents[2] / "src")
    out = tmp_path / "killed" / "list"
    rng, took, kills = random.Random(0), 4.0, 0

    def assert_same_as_expected() -> None:
        # an earlier list of these children may have been complete: the next one compares itself with it
        for name in ("list.csv", "excluded.csv"):
            found, same = (
                pd.read_csv(folder / name, dtype=str).drop(columns=["run", "last_time"], errors="ignore")
                for folder in (out, expected.out)
            )
            pd.testing.assert_frame_equal(found, same)

    while kills < 20:
        began = time.monotonic()
        errors = (tmp_path / "errors").open("w")
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(trained.exported), str(data), str(out)],
            env={**os.environ, "PYTHONPATH": source},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            process.wait(timeout=rng.uniform(0, 1.2 * took))
            assert process.returncode == 0, (tmp_path / "errors").read_text()
            took = time.monotonic() - began
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
        finally:
            errors.close()
        if (out / "summary.json").exists():  # the run was complete, and was killed at its end at most
            assert_same_as_expected()
            shutil.rmtree(out)
    found = screen(trained.exported, data, out=out, engine="batches", capacity="50")
    assert_same_as_expected()
    assert found.result.excluded == expected.result.excluded
    assert read_ledger(out.parent / "ledger.db").entries


def test_the_ledger_knows_every_child(trained: Any, data: Path, tmp_path: Path) -> None:
    found = screen(trained.exported, data, out=tmp_path / "list", engine="batches", capacity="10")
    ledger = tmp_path / "ledger.db"
    (number,) = (entry.number for entry in read_ledger(ledger).entries if entry.kind == "screening")
    records = [record for _, record in records_of_entry(ledger, number) if record is not None]
    kinds = Counter(record["kind"] for record in records)
    assert kinds["listed"] == 10
    assert kinds["near"] == len(found.result.margin)
    assert kinds["listed"] + kinds["near"] + kinds["not_listed"] == found.result.n_screened
    assert len(records) == found.result.n_rows
    child = pd.read_parquet(data).query("SENprovision == 'N'")["UPN"].iloc[-1]
    record(child, out=tmp_path / "record", ledger=ledger)
    page = (tmp_path / "record" / "record.html").read_text(encoding="utf-8")
    assert "the values were not kept" in page
    again = screen(trained.exported, data, out=tmp_path / "list", engine="batches", capacity="10")
    assert again.result.since is not None
    assert again.result.since.n_new == 0


def test_what_cannot_be_screened_is_said_and_nothing_is_left(trained: Any, data: Path, tmp_path: Path) -> None:
    table = pq.read_table(data)
    files = {
        "no rows": table.slice(0, 0),
        "The file has no column UPN": table.drop_columns("UPN"),
        "There is no such file": None,
        "more than one column with the header 'E01'": pa.table(
            [*table.columns, table.column("E02")], names=[*table.column_names, "E01"]
        ),
        "is this library's own": table.append_column(ROW, pa.array(range(len(table)))),
        "several values in the column": table.append_column("ages", pa.array([[1, 2]] * len(table))),
    }
    for number, (message, content) in enumerate(files.items()):
        path = tmp_path / f"{number}.parquet"
        if content is not None:
            pq.write_table(content, path)
        with pytest.raises(SendScreenError, match=message):
            screen(trained.exported, path, out=tmp_path / "list", engine="batches")
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".screening")]


def test_a_table_of_one_child_who_is_excluded(trained: Any, data: Path, tmp_path: Path) -> None:
    table = pq.read_table(data).to_pandas().iloc[[0]].assign(SENprovision="E")
    table.to_parquet(tmp_path / "one.parquet", index=False)
    found = screen(trained.exported, tmp_path / "one.parquet", out=tmp_path / "list", engine="batches")
    assert not found.ok
    assert (found.result.n_rows, found.result.n_screened, len(found.result.excluded)) == (1, 0, 1)


def test_a_process_that_is_ended_from_outside_is_told() -> None:
    with pytest.raises(MachineError, match="ended from outside"), run_module._pool(2) as run:
        list(run(os._exit, [9]))  # type: ignore[list-item]  # a code in place of a piece
