"""A ledger is added to and never changed: whatever is done to it is found, and a stopped write loses nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledger_edits import read_rows, write_rows

from send_screen.errors import LedgerError, MachineError, UsageError
from send_screen.governance import (
    DecisionEntry,
    Ledger,
    LedgerLocation,
    PromotionEntry,
    ScreeningEndEntry,
    ScreeningEntry,
    WithdrawalEntry,
    deployment_periods,
    entries_after,
    open_for_append,
    read_ledger,
    validate_free_text,
    withdrawal,
)
from send_screen.governance.ledger import _database, _schema

DAY = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def said(words: str, *, days: int = 0) -> WithdrawalEntry:
    return WithdrawalEntry(
        model="other",
        registered="1",
        version="v",
        manifest_sha256="0",
        by="A",
        reason=words,
        when=DAY + dt.timedelta(days=days),
    )


def written(path: Path, n: int = 4) -> list[bytes]:
    """Write a ledger of ``n`` entries and return their contents."""
    with open_for_append(path) as book:
        for place in range(n):
            book.append(said(f"thing {place} — Łęcka", days=place))
    return read_rows(path)


def test_what_was_entered_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep % and #?" / "book.db"
    assert read_ledger(path).entries == ()
    assert not path.parent.exists()
    written(path, 2)
    with open_for_append(path) as book:
        book.append(said("more"))
    ledger = read_ledger(path)
    assert ledger.faults == ()
    assert [entry.number for entry in ledger.entries] == [1, 2, 3]
    assert ledger.entries[0].previous == "0" * 64
    assert ledger.entries[2].previous == ledger.entries[1].sha256
    assert json.loads(read_rows(path)[1])["when"] == "2026-03-02T12:00:00+00:00"
    assert sorted(file.name for file in path.parent.iterdir()) == [".book.lock", "book.db"]


def test_the_hash_can_be_worked_out_by_hand(tmp_path: Path) -> None:
    for row in written(tmp_path / "book.db"):
        entry = json.loads(row)
        claimed = entry.pop("sha256")
        text = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == claimed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [rows[0], rows[1].replace(b"thing", b"thong"), *rows[2:]], "Entry 2 was altered"),
        (lambda rows: [rows[0], rows[1].replace(b",", b", ", 1), *rows[2:]], "Entry 2 is not an entry"),
        (lambda rows: [rows[0], b"\xff", *rows[2:]], "Entry 2 is not an entry"),
        (lambda rows: [rows[0], b"", *rows[2:]], "Entry 2 is not an entry"),
        (lambda rows: [*rows[:1], *rows[2:]], "Entry 2 is not where it belongs: entry 3 is in its position"),
        (lambda rows: [rows[0], rows[2], rows[1], rows[3]], "Entry 2 is not where it belongs: entry 3"),
        (lambda rows: [rows[0], rows[0], *rows[1:]], "Entry 2 is not where it belongs: entry 1 is"),
        (lambda rows: [b"[" * 100_000, *rows], "Entry 1 is not an entry"),
        (lambda rows: [rows[0].replace(b"withdrawn", b"burnt"), *rows[1:]], "Entry 1 is not an entry"),
        (lambda rows: [rows[0].replace(b'"by"', b'"at":1,"by"'), *rows[1:]], "Entry 1 is not an entry"),
        (lambda rows: [rows[0].replace(b'"by":"A",', b""), *rows[1:]], "Entry 1 is not an entry"),
        (lambda rows: [rows[0].replace(b"+00:00", b"Z"), *rows[1:]], "Entry 1 is not an entry"),
    ],
)
def test_what_was_done_to_it_is_named(tmp_path: Path, change: Any, words: str) -> None:
    path = tmp_path / "book.db"
    write_rows(path, change(written(path)))
    with pytest.raises(LedgerError, match=re.escape(words)) as caught:
        read_ledger(path).require_unaltered()
    assert caught.value.file == "book.db"
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="altered"), open_for_append(path):
        pass
    assert path.read_bytes() == before


def test_a_row_under_another_number_is_named(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    write_rows(path, written(path), numbers=(1, 2, 3, 7))
    assert read_ledger(path).faults == ("Entry 4 is stored as number 7.",)


def test_an_entry_made_anew_with_its_hash_breaks_the_next(tmp_path: Path) -> None:
    path, other = tmp_path / "book.db", tmp_path / "other.db"
    rows = written(path)
    with open_for_append(other) as book:
        book.append(said("thing 0 — Łęcka"))
        book.append(said("never said"))
    write_rows(path, [rows[0], read_rows(other)[1], *rows[2:]])
    assert read_ledger(path).faults[-1].startswith("Entry 3 does not follow")


@pytest.mark.parametrize("table", ["entries", "child_records"])
@pytest.mark.parametrize(
    "statement",
    [
        "update {} set {} = 9",
        "delete from {}",
        "insert or replace into {} select * from {}",
        "replace into {} select * from {}",
    ],
)
def test_what_is_written_is_neither_changed_nor_deleted(tmp_path: Path, table: str, statement: str) -> None:
    path = tmp_path / "book.db"
    with open_for_append(path) as book:
        book.append(said("x"), records={"B801200005001": {"a": 1}})
    column = {"entries": "number", "child_records": "entry"}[table]
    statement = statement.format(table, column if "set" in statement else table)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        connection.execute(statement)


def test_where_the_disk_is_full_nothing_of_an_entry_stays(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    written(path, 2)
    with open_for_append(path) as book:
        pages = book._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        book._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}").close()
        book._connection.commit()
        with pytest.raises(MachineError, match=r"cannot be written .*full"):
            book.append(said("x"), records={f"child {n}": {"text": "y" * 900} for n in range(200)})
        book.append(said("short"))
    ledger = read_ledger(path)
    ledger.require_unaltered()
    assert [entry.reason for entry in ledger.entries] == ["thing 0 — Łęcka", "thing 1 — Łęcka", "short"]


@pytest.mark.parametrize("name", ["file/book.db", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(MachineError, match="cannot be") as caught, open_for_append(tmp_path / name):
        pass
    assert name in str(caught.value)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_named_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "book.db"
    path.write_bytes(content)
    for act in (lambda: read_ledger(path), lambda: open_for_append(path).__enter__()):
        with pytest.raises(LedgerError, match=r"no database|damaged"):
            act()
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table alembic_version (version_num text)")
    for act in (lambda: read_ledger(path), lambda: open_for_append(path).__enter__()):
        with pytest.raises(LedgerError, match="something else than a ledger"):
            act()


def test_a_ledger_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    written(path, 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update ledger_version set version_num = '9999'")
    for act in (lambda: read_ledger(path), lambda: open_for_append(path).__enter__()):
        with pytest.raises(LedgerError, match="newer release") as caught:
            act()
        assert "pip install --upgrade send-screen" in caught.value.remedy


def test_the_newest_migration_is_the_schema_that_is_asked_for() -> None:
    from alembic.script import ScriptDirectory

    folder = Path(_database.__file__).with_name("migrations")
    assert ScriptDirectory(str(folder)).get_heads() == [_schema.HEAD]


@pytest.mark.parametrize(
    "statements",
    [
        (
            "alter table entries rename to old",
            "create view entries as with recursive x(number) as (select 1 union all select number + 1 from x) "
            "select number, '' as content from x",
        ),
        ("alter table entries add column more text generated always as (hex(zeroblob(100000000))) virtual",),
    ],
)
def test_tables_that_yield_rows_without_end_are_refused(tmp_path: Path, statements: tuple[str, ...]) -> None:
    path = tmp_path / "book.db"
    written(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma legacy_alter_table = on")
        for statement in statements:
            connection.execute(statement)
    with pytest.raises(LedgerError, match="not those of a ledger"):
        read_ledger(path)


def test_a_file_that_another_program_holds_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book.db"
    written(path, 2)
    monkeypatch.setattr(_database, "LOCK_TIMEOUT", 0.05)
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("begin exclusive")
        for act in (lambda: read_ledger(path), lambda: open_for_append(path).__enter__()):
            with pytest.raises(LedgerError, match="Another run"):
                act()
    assert len(read_ledger(path).entries) == 2


def test_many_may_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "book.db"

    def write() -> None:
        for _ in range(3):
            with open_for_append(path) as book:
                book.append(said(str(threading.get_ident())))

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = read_ledger(path)
    ledger.require_unaltered()
    assert len(ledger.entries) == 18


def test_a_killed_run_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book.db"
    code = (
        "import sys, time; from send_screen.governance import open_for_append\n"
        "with open_for_append(sys.argv[1]): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()
        monkeypatch.setattr(_database, "LOCK_TIMEOUT", 0.1)
        with pytest.raises(LedgerError, match="Another run"), open_for_append(path):
            pass
        run.kill()
    assert len(written(path, 1)) == 1


# Locations


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://anna:s3cret@host:5432/ledger",
        "postgresql://anna:s3cret@host:5432/ledger?password=s3cret",
        "postgresql+psycopg://anna:s3cret@host:5432/ledger?options=-csearch_path%3Da",
    ],
)
def test_an_address_is_shown_without_its_credentials(address: str) -> None:
    location = LedgerLocation.parse(address)
    assert location.url == address
    for shown in (str(location), repr(location), location.name, location.uri):
        assert "postgresql+psycopg://host:5432/ledger" in shown
        assert "s3cret" not in shown
        assert "anna" not in shown


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://anna:s3cr/et@host/ledger",
        "postgresql://anna:s3cr@et@host/ledger",
        "postgresql://anna:s3cr#et@host/ledger",
        "postgresql+psycopg:/anna:s3cret@host/ledger",
        "mysql://anna:s3cret@host/ledger",
        Path("postgresql+psycopg://anna:s3cret@host/ledger"),
    ],
)
def test_an_address_that_cannot_be_read_is_not_quoted(address: str | Path) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        read_ledger(address)
    assert "s3c" not in str(caught.value)
    assert "et@host" not in str(caught.value)


def test_a_path_of_windows_is_a_file() -> None:
    assert LedgerLocation.parse("C:\\lists\\ledger.db").path == Path("C:\\lists\\ledger.db")


# Decisions


def promoted(number: str, day: int, *, alias: str = "champion", model: str = "m") -> PromotionEntry:
    return PromotionEntry(
        **decision(number, day, model), alias=alias, override=None, gates=(), trained_on="synthetic", replaces=None
    )


def withdrawn(number: str, day: int) -> WithdrawalEntry:
    return WithdrawalEntry(**decision(number, day, "m"))


def decision(number: str, day: int, model: str) -> dict[str, Any]:
    return {
        "model": model,
        "registered": number,
        "version": f"id{number}",
        "manifest_sha256": "0" * 64,
        "by": "A",
        "reason": "B",
        "when": DAY + dt.timedelta(days=day),
        "sha256": f"{number}{day}",
    }


def test_who_was_champion_on_any_day() -> None:
    entries = [
        promoted("1", 0),
        promoted("9", 1, alias="shadow"),
        promoted("9", 2, model="other"),
        promoted("2", 10),
        said("power cut"),
        withdrawn("2", 15),
        promoted("1", 20),
    ]
    found = deployment_periods(entries, "m")
    assert [(period.began.registered, period.ended and period.ended.kind) for period in found] == [
        ("1", "promoted"),
        ("2", "withdrawn"),
        ("1", None),
    ]
    first = DAY.date()

    def on(day: int) -> list[str]:
        return [period.began.registered for period in found if period.covers(first + dt.timedelta(days=day))]

    assert [on(day) for day in (-1, 0, 9, 10, 14, 15, 16, 19, 20, 999)] == [
        [], ["1"], ["1"], ["1", "2"], ["2"], ["2"], [], [], ["1"], ["1"],
    ]  # fmt: skip
    assert [period.began.registered for period in deployment_periods(entries, "m", alias="shadow")] == ["9"]
    assert withdrawal(entries, "id2") is entries[5]
    assert withdrawal(entries, "id1") is None


def test_the_same_decision_is_known_whenever_it_was_made() -> None:
    one = promoted("1", 0)
    assert one.is_same_decision(promoted("1", 3))
    assert one.is_same_decision(one.model_copy(update={"replaces": "7", "number": 4, "previous": "x"}))
    others: list[DecisionEntry] = [promoted("2", 0), promoted("1", 0, alias="shadow"), withdrawn("1", 0)]
    assert not any(one.is_same_decision(other) for other in others)


def test_withdrawing_another_version_ends_nothing() -> None:
    (period,) = deployment_periods([promoted("1", 0), withdrawn("2", 1)], "m")
    assert period.ended is None


def test_entries_cut_off_the_end_are_found_by_whoever_knows_the_last_hash() -> None:
    entries = [promoted("1", 0), promoted("2", 1), promoted("3", 2, model="other")]
    assert entries_after(entries, "m", "21") == []
    assert entries_after(entries, "m", "10") == entries[1:2]
    assert entries_after(entries, "m", None) == entries[:2]
    with pytest.raises(LedgerError, match="cut off"):
        entries_after(entries[:1], "m", "21")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("\u200b", "empty"),
        ("...", "empty"),
        ("x" * 1001, "longer"),
        ("It missed B801200005001.", "identifier"),
        ("It missed 943 476 5919.", "identifier"),
    ],
)
def test_what_cannot_stand_as_a_reason(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        validate_free_text("--reason", text)


def test_a_reason_is_one_line_of_text() -> None:
    assert validate_free_text("--by", "  Sarah\n Łęcka \ud800") == "Sarah Łęcka \ufffd"


# Screening runs


def test_the_runs_of_a_version_are_found_by_its_id_or_its_files() -> None:
    runs = [
        ScreeningEntry(
            by="A",
            run="0",
            role="senco",
            title="M",
            outcome="had support",
            owner="B",
            watermarks=(),
            keep_until=None,
            model="m",
            version=version,
            manifest_sha256=manifest,
            file="f",
            folder="lists",
            list_sha256="0",
            capacity="10%",
            per_school=False,
            n_rows=0,
            excluded=0,
            machine="",
            listed=(),
            number=number,
        )
        for number, (version, manifest) in enumerate((("a", "1"), ("b", "1"), ("b", "2"), ("a", "3")), start=1)
    ]
    end = ScreeningEndEntry(screening=2, files=("list.csv",))
    ledger = Ledger(LedgerLocation(Path()), (*runs, said("power cut"), end))
    found = ledger.screening_runs(version="a", manifest_sha256="1")
    assert found == [(runs[0], None), (runs[1], end), (runs[3], None)]
