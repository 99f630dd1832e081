"""A ledger is the same in a file and on a server: what was done to it is named, and many may write at once."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ledger_writers import append_some
from ledger_writers import withdrawal_entry as entry

from send_screen.errors import LedgerError, MachineError, MissingExtraError, UsageError
from send_screen.governance import (
    LedgerLocation,
    OpenLedger,
    open_for_append,
    read_ledger,
    records_of_child,
    records_of_entry,
)
from send_screen.governance.ledger import _database


@pytest.fixture
def filled(ledger_place: Any) -> Any:
    with open_for_append(ledger_place) as book:
        for number in range(4):
            book.append(entry(f"thing {number} — Łęcka"))
    return ledger_place


def test_what_was_entered_is_read_back(ledger_place: Any) -> None:
    assert read_ledger(ledger_place).entries == ()
    for number in range(3):
        with open_for_append(ledger_place) as book:
            assert len(book.entries) == number
            book.append(entry(f"thing {number} \0 — Łęcka"))
    ledger = read_ledger(ledger_place)
    ledger.require_unaltered()
    assert [each.reason for each in ledger.entries] == [f"thing {number} \0 — Łęcka" for number in range(3)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("update entries set content = replace(content, 'thing', 'thong') where number = 2", "Entry 2 was altered"),
        ("update entries set content = '{}' where number = 2", "Entry 2 is not an entry"),
        ("delete from entries where number = 2", "Entry 2 is not where it belongs: entry 3 is in its position"),
        ("update entries set number = 9 where number = 4", "Entry 4 is stored as number 9"),
        (
            "update entries set content = (select content from entries as other "
            "where other.number = 5 - entries.number) where number in (2, 3)",
            "Entry 2 is not where it belongs: entry 3",
        ),
        ("insert into entries select 5, content from entries where number = 4", "Entry 5 is not where it belongs"),
    ],
)
def test_what_was_done_to_entries_is_named(
    filled: Any, alter_ledger: Callable[[str], None], statement: str, words: str
) -> None:
    alter_ledger(statement)
    for act in (lambda: read_ledger(filled).require_unaltered(), lambda: open_for_append(filled).__enter__()):
        with pytest.raises(LedgerError, match=words):
            act()


@pytest.mark.parametrize("table", ["entries", "child_records"])
@pytest.mark.parametrize("statement", ["update {} set {} = 9", "delete from {}", "truncate {}"])
def test_a_server_refuses_to_change_what_is_written(ledger_server: str, table: str, statement: str) -> None:
    import psycopg

    with open_for_append(ledger_server) as book:
        book.append(entry(), records={"child": {"a": 1}})
    column = {"entries": "number", "child_records": "entry"}[table]
    with (
        psycopg.connect(ledger_server.replace("+psycopg", "")) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="only added to"),
    ):
        connection.execute(statement.format(table, column))


def test_a_newer_schema_is_refused(filled: Any, alter_ledger: Callable[[str], None]) -> None:
    alter_ledger("update ledger_version set version_num = '9999'")
    for act in (lambda: read_ledger(filled), lambda: open_for_append(filled).__enter__()):
        with pytest.raises(LedgerError, match="newer release"):
            act()


# Processes


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(ledger_place: Any) -> None:
    spawn = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    start, key = spawn.Event(), os.environ.get("SEND_SCREEN_LEDGER_KEY")
    writers = [spawn.Process(target=append_some, args=(ledger_place, key, start, f"writer {n}", 4)) for n in range(4)]
    for writer in writers:
        writer.start()
    start.set()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    ledger = read_ledger(ledger_place)
    ledger.require_unaltered()
    assert sorted(each.reason for each in ledger.entries) == sorted(
        f"writer {n} {number}" for n in range(4) for number in range(4)
    )
    assert [each.n_records for each in ledger.entries] == [2] * 16
    assert len(records_of_child(ledger_place, "all")) == 16
    assert len(records_of_entry(ledger_place, 16)) == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from send_screen.governance import WithdrawalEntry, open_for_append
from send_screen.governance.ledger import _ledger

def entry(reason):
    return WithdrawalEntry(model="m", registered="1", version="v", manifest_sha256="0", by="A", reason=reason)

place = sys.argv[1] if sys.argv[1].startswith("postgresql") else Path(sys.argv[1])
insert = _ledger.OpenLedger._insert
with open_for_append(place) as book:
    book.append(entry("whole"), records={"child": {"a": 1}})

    def killed(*arguments):
        insert(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    _ledger.OpenLedger._insert = killed
    book.append(entry("half"), records={"child": {"a": 2}, "other": {}})
"""


@pytest.mark.posix
def test_a_process_killed_in_mid_transaction_loses_nothing_and_leaves_nothing_half(ledger_place: Any) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(ledger_place)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    ledger = read_ledger(ledger_place)
    ledger.require_unaltered()
    assert [each.reason for each in ledger.entries] == ["whole"]
    with open_for_append(ledger_place) as book:
        book.append(entry("next"), records={"child": {"a": 3}})
    assert records_of_child(ledger_place, "child") == [(1, {"a": 1}), (2, {"a": 3})]
    assert records_of_child(ledger_place, "other") == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_is_ended_in_mid_transaction_leaves_nothing_half(
    ledger_server: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    import psycopg

    with open_for_append(ledger_server) as book:
        book.append(entry("before"), records={"B801200005001": {"x": 1}})
    insert = OpenLedger._insert
    elsewhere = psycopg.connect(ledger_server.replace("+psycopg", ""), autocommit=True)

    def ended(ledger: OpenLedger, *arguments: Any) -> None:
        (process,) = ledger._connection.exec_driver_sql("SELECT pg_backend_pid()").one()
        if when == "after":
            insert(ledger, *arguments)
        elsewhere.execute("SELECT pg_terminate_backend(%s, 10000)", [process])
        insert(ledger, *arguments)

    monkeypatch.setattr(OpenLedger, "_insert", ended)
    with pytest.raises(MachineError, match="the connection was lost"), open_for_append(ledger_server) as book:
        book.append(entry("lost"), records={"B801200005002": {"x": 2}})
    elsewhere.close()
    monkeypatch.setattr(OpenLedger, "_insert", insert)
    with open_for_append(ledger_server) as book:
        assert [each.reason for each in book.entries] == ["before"]
        book.append(entry("after"))
    read_ledger(ledger_server).require_unaltered()


def test_a_ledger_that_another_run_holds_is_named(ledger_place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_database, "LOCK_TIMEOUT", 0.1)
    with open_for_append(ledger_place) as book:
        book.append(entry())
        with pytest.raises(LedgerError, match="Another run"), open_for_append(ledger_place):
            pass
        assert len(read_ledger(ledger_place).entries) == 1  # who reads does not wait
        book.append(entry())
    assert len(read_ledger(ledger_place).entries) == 2


# Servers


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda address: re.sub(r"/\w+\?", "/nowhere?", address), "no such database"),
        (lambda address: re.sub(r"//[^@]*@", "//nobody:s3cret@", address), "no such database, user or schema"),
        (lambda address: re.sub(r":\d+/", ":9/", address), "no server answers there"),
        (lambda address: re.sub(r":\d+/", ":99999/", address), "its address is wrong"),
        (lambda address: re.sub(r"@[\w.]+:", "@nowhere.invalid:", address), "no machine of that name"),
        (lambda address: address.replace("options=-csearch_path%3D", "options=-csearch_path%3Dno"), "schema"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_sentence(ledger_server: str, change: Any, words: str) -> None:
    address = change(ledger_server)
    assert address != ledger_server
    with pytest.raises((MachineError, UsageError), match=words) as caught, open_for_append(address):
        pass
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_no_password_is_in_a_log(ledger_server: str, caplog: pytest.LogCaptureFixture) -> None:
    address = re.sub(r"//(\w+)[^@]*@", r"//\1:s3cret@", ledger_server)
    with caplog.at_level("DEBUG"), caplog.at_level("DEBUG", "sqlalchemy"), open_for_append(address) as book:
        book.append(entry(), records={"B801200005001": {"a": "sealed"}})
    read_ledger(address)
    assert caplog.text
    for word in ("s3cret", "B801200005001", 'sealed"'):
        assert word not in caplog.text


def test_the_key_of_a_server_must_be_named(ledger_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEND_SCREEN_LEDGER_KEY")
    with open_for_append(ledger_server) as book:
        with pytest.raises(UsageError, match="names the file of its key") as caught:
            book.append(entry(), records={"child": {}})
        assert "SEND_SCREEN_LEDGER_KEY" in caught.value.remedy
        book.append(entry())  # a decision needs none
    assert len(read_ledger(ledger_server).entries) == 1


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "sqlalchemy.dialects.postgresql.psycopg", raising=False)
    with pytest.raises(MissingExtraError, match="psycopg") as caught:
        read_ledger("postgresql://anna:s3cret@127.0.0.1:9/ledger")
    assert "send-screen[postgres]" in caught.value.remedy


def test_a_server_that_was_never_written_to_is_empty(ledger_server: str) -> None:
    assert read_ledger(ledger_server).entries == ()
    assert read_ledger(ledger_server).faults == ()


def test_importing_the_package_opens_no_database() -> None:
    heavy = "sqlalchemy, alembic, psycopg, cryptography"
    code = f"import send_screen.governance, sys; print([m for m in '{heavy}'.split(', ') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="a folder, a pipe or a device"):
        read_ledger(tmp_path)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('FATAL: password authentication failed for user "anna" (s3cret)', "user or password are wrong"),
        ('could not translate host name "et@s3cret" to address', "no machine of that name"),
        ("ERROR: could not extend file: No space left on device (s3cret)", "its disk is full"),
        ("server closed the connection unexpectedly (s3cret)", "the connection was lost"),
        ("the connection is lost", "the connection was lost"),
        ("server does not support SSL, but SSL was required (s3cret)", "do not agree on encryption"),
        ("something else, s3cret", "OperationalError"),
    ],
)
def test_what_the_driver_says_is_not_quoted(said: str, words: str) -> None:
    import psycopg

    location = LedgerLocation.parse("postgresql://anna:s3cret@db.example.org/ledger")
    with (
        pytest.raises(MachineError, match=words) as caught,
        _database.translate_errors(location, "written"),
    ):
        raise psycopg.OperationalError(said)
    assert "s3cret" not in str(caught.value)
    assert "anna" not in str(caught.value)


def test_what_a_process_verified_once_it_does_not_verify_again_and_every_other_does(
    ledger_place: Any, alter_ledger: Callable[[str], None]
) -> None:
    verified: list[Any] = []
    for number in range(3):
        with open_for_append(ledger_place, verified=verified) as book:
            assert len(book.entries) == number
            book.append(entry(f"thing {number}"))
    with open_for_append(ledger_place) as book:  # another process
        book.append(entry("from elsewhere"))
    alter_ledger("update entries set content = replace(content, 'thing', 'thong') where number = 2")
    with open_for_append(ledger_place, verified=verified) as book:
        assert [each.number for each in book.entries] == [1, 2, 3, 4]
    with pytest.raises(LedgerError, match="Entry 2 was altered"), open_for_append(ledger_place):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "delete from entries where number > 2",
        "update entries set content = (select content from entries as other where other.number = 1) where number = 4",
    ],
)
def test_an_older_copy_does_not_take_the_place_of_a_ledger_that_a_process_knows(
    filled: Any, alter_ledger: Callable[[str], None], statement: str
) -> None:
    verified: list[Any] = []
    with open_for_append(filled, verified=verified):
        pass
    alter_ledger(statement)
    with (
        pytest.raises(LedgerError, match="Entry 4, which was there before"),
        open_for_append(filled, verified=verified),
    ):
        pass
    assert len(verified) == 4


def test_what_others_appended_is_verified_before_it_is_followed(
    filled: Any, alter_ledger: Callable[[str], None]
) -> None:
    verified: list[Any] = []
    with open_for_append(filled, verified=verified):
        pass
    with open_for_append(filled) as book:
        book.append(entry("from elsewhere"))
    alter_ledger("update entries set content = replace(content, 'elsewhere', 'nowhere') where number = 5")
    with pytest.raises(LedgerError, match="Entry 5 was altered"), open_for_append(filled, verified=verified):
        pass
