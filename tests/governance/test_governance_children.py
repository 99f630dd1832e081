"""Records of children: sealed under a key of each child, covered by the chain, and unreadable once she is erased."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from send_screen.errors import LedgerError, UsageError
from send_screen.governance import (
    ErasureEntry,
    WithdrawalEntry,
    erase_child,
    find_pseudonyms,
    open_for_append,
    read_ledger,
    records_of_child,
    records_of_entry,
)

ANN, BEN, CEM = "B801200005001", "B801200005002", "B801200005003"
RECORDS: dict[str, dict[str, Any]] = {
    ANN: {"kind": "listed", "rank": 1, "score": 0.5, "why": "attendance — Łęcka"},
    BEN: {"kind": "not_listed", "rank": None, "score": -1.25},
}


def entry(reason: str = "x") -> WithdrawalEntry:
    return WithdrawalEntry(model="m", registered="1", version="v", manifest_sha256="0", by="A", reason=reason)


def fill(ledger: Any) -> Any:
    """Append two entries that have records, of Ann and Ben, and of Ann alone, and one without."""
    with open_for_append(ledger) as book:
        book.append(entry(), records=RECORDS)
        book.append(entry(), records={ANN: {"kind": "listed", "rank": 9}})
        book.append(entry())
    return ledger


@pytest.fixture
def filled(ledger_place: Any) -> Any:
    """Such a ledger in either kind of database."""
    return fill(ledger_place)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Such a ledger in a file."""
    found: Path = fill(tmp_path / "ledger.db")
    return found


def test_records_are_read_by_child_and_by_entry(filled: Any) -> None:
    assert records_of_child(filled, ANN) == [(1, RECORDS[ANN]), (2, {"kind": "listed", "rank": 9})]
    assert records_of_child(filled, BEN) == [(1, RECORDS[BEN])]
    assert records_of_child(filled, CEM) == []
    names = find_pseudonyms(filled, [ANN, BEN, CEM])
    assert set(names) == {ANN, BEN}
    assert records_of_entry(filled, 1) == sorted((names[child], RECORDS[child]) for child in (ANN, BEN))
    assert records_of_entry(filled, 2) == [(names[ANN], {"kind": "listed", "rank": 9})]
    assert records_of_entry(filled, 3) == records_of_entry(filled, 4) == []
    entries = read_ledger(filled).entries
    assert [each.n_records for each in entries] == [2, 1, 0]
    assert [bool(each.records_sha256) for each in entries] == [True, True, False]


def test_nothing_in_the_file_is_a_child_or_her_record(path: Path) -> None:
    content = path.read_bytes()
    key = path.with_suffix(".key").read_text("ascii")
    for words in (ANN, BEN, "listed", "attendance", "Łęcka", key):
        assert words.encode() not in content
    assert bytes.fromhex(key) not in content


def test_a_pseudonym_is_kept_and_random(path: Path, tmp_path: Path) -> None:
    with open_for_append(path) as book:
        names = book.pseudonyms([CEM, ANN])
        assert names == book.pseudonyms([ANN, CEM])
        assert names[ANN] == find_pseudonyms(path, [ANN])[ANN]
        assert find_pseudonyms(path, [CEM]) == {}  # no row without an entry
        book.append(entry())
    assert find_pseudonyms(path, [CEM]) == {CEM: names[CEM]}
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names.values())
    other = tmp_path / "other" / "ledger.db"
    other.parent.mkdir()
    other.with_suffix(".key").write_bytes(path.with_suffix(".key").read_bytes())
    with open_for_append(other) as book:
        assert book.pseudonyms([ANN]) != {ANN: names[ANN]}


@pytest.mark.posix
def test_only_its_owner_reads_the_key(path: Path) -> None:
    assert path.with_suffix(".key").stat().st_mode & 0o077 == 0


FIRST = "entry = 1 and pseudonym = (select max(pseudonym) from child_records where entry = 1)"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("update child_records set sealed = pseudonym_as_bytes where entry = 1", "in entry 1 were altered"),
        ("update child_records set pseudonym = 'x' || pseudonym where entry = 2", "in entry 2 were altered"),
        ("update child_records set entry = 3 where entry = 2", "in entry 2 were removed"),
        ("update child_records set entry = 9 where entry = 2", "in entry 9 were altered, removed or added"),
        ("delete from child_records where entry = 2", "in entry 2 were removed"),
        (f"delete from child_records where {FIRST}", "in entry 1 were altered, removed"),
        ("insert into child_records select 3, pseudonym, sealed from child_records where entry = 2", "in entry 3"),
        ("insert into child_records select 2, 'f', sealed from child_records where entry = 2", "in entry 2"),
    ],
)
def test_what_was_done_to_records_is_named(
    filled: Any, alter_ledger: Callable[[str], None], statement: str, words: str
) -> None:
    as_bytes = "cast(pseudonym as blob)" if isinstance(filled, Path) else "cast(pseudonym as bytea)"
    alter_ledger(statement.replace("pseudonym_as_bytes", as_bytes))
    with pytest.raises(LedgerError, match=words):
        read_ledger(filled).require_unaltered()


def test_a_record_in_the_place_of_another_is_not_read(filled: Any, alter_ledger: Callable[[str], None]) -> None:
    alter_ledger(
        "update child_records set sealed = (select sealed from child_records where entry = 2) "
        "where entry = 1 and pseudonym = (select pseudonym from child_records where entry = 2)"
    )
    with pytest.raises(LedgerError, match="A record of entry 1 was altered"):
        records_of_child(filled, ANN)
    with pytest.raises(LedgerError, match="Records of children in entry 1 were altered"):
        records_of_entry(filled, 1)


def test_who_was_erased_cannot_be_read_and_the_rest_can(filled: Any) -> None:
    names = find_pseudonyms(filled, [ANN, BEN])
    erased = erase_child(filled, ANN, by="A. Head", reason="The parents asked")
    assert (erased.number, erased.child, erased.by, erased.reason) == (4, names[ANN], "A. Head", "The parents asked")
    assert records_of_child(filled, ANN) == []
    assert find_pseudonyms(filled, [ANN]) == {}
    assert dict(records_of_entry(filled, 1)) == {names[ANN]: None, names[BEN]: RECORDS[BEN]}
    assert records_of_entry(filled, 2) == [(names[ANN], None)]
    ledger = read_ledger(filled)
    ledger.require_unaltered()
    assert [each.n_records for each in ledger.entries] == [2, 1, 0, 0]
    with pytest.raises(LedgerError, match="Nothing in the ledger leads to this child"):
        erase_child(filled, ANN, by="A", reason="asked")


def test_the_row_of_an_erased_child_is_overwritten_in_the_file(path: Path) -> None:
    (name,) = find_pseudonyms(path, [ANN]).values()
    with closing(sqlite3.connect(path)) as connection:
        query = "select token, sealed_key from children where pseudonym = ?"
        token, sealed_key = connection.execute(query, (name,)).fetchone()
    assert sealed_key in path.read_bytes()
    erased = erase_child(path, ANN, by="A. Head", reason="The parents asked")
    assert isinstance(erased, ErasureEntry)
    content = path.read_bytes()
    assert sealed_key not in content
    assert token.encode() not in content
    assert not list(path.parent.glob("*-journal"))


def test_who_was_erased_is_another_child_when_she_comes_again(filled: Any) -> None:
    (before,) = find_pseudonyms(filled, [ANN]).values()
    erase_child(filled, ANN, by="A", reason="asked")
    with open_for_append(filled) as book:
        book.append(entry(), records={ANN: {"kind": "listed"}})
    assert records_of_child(filled, ANN) == [(5, {"kind": "listed"})]
    assert find_pseudonyms(filled, [ANN])[ANN] != before


def test_who_is_not_there_cannot_be_erased(path: Path, tmp_path: Path) -> None:
    erase_child(path, ANN, by="A", reason="asked")
    for child in (ANN, CEM):
        with pytest.raises(LedgerError, match="Nothing in the ledger leads to this child"):
            erase_child(path, child, by="A", reason="asked")
    with pytest.raises(LedgerError, match="Nothing in the ledger"):
        erase_child(tmp_path / "new.db", ANN, by="A", reason="asked")
    assert not (tmp_path / "new.key").exists()
    assert len(read_ledger(path).entries) == 4


@pytest.mark.parametrize(
    ("child", "reason", "words"),
    [(ANN, f"parents of {ANN}", "identifier"), ("pupil-77", "parents of PUPIL-77", "identifier"), (ANN, " ", "empty")],
)
def test_why_she_was_erased_does_not_say_who(path: Path, child: str, reason: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        erase_child(path, child, by="A", reason=reason)
    assert len(read_ledger(path).entries) == 3


def test_a_key_that_is_none_or_another_is_refused(path: Path, tmp_path: Path) -> None:
    key = path.with_suffix(".key")
    right = key.read_bytes()
    for wrong in ("", "00ff", "no hex"):
        key.write_text(wrong, encoding="ascii")
        with pytest.raises(LedgerError, match="not the key of a ledger"):
            records_of_child(path, ANN)
    key.write_text("00" * 32, encoding="ascii")
    for act in (lambda: records_of_child(path, ANN), lambda: erase_child(path, ANN, by="A", reason="asked")):
        with pytest.raises(LedgerError, match="key of another ledger"):
            act()
    key.unlink()
    with open_for_append(path) as book, pytest.raises(LedgerError, match=r"ledger\.key, is not there"):
        book.append(entry(), records={CEM: {}})
    assert not key.exists()
    key.write_bytes(right)
    assert len(records_of_child(path, ANN)) == 2


def test_without_children_no_key_is_asked_for(tmp_path: Path) -> None:
    with open_for_append(tmp_path / "ledger.db") as book:
        book.append(entry())
    assert find_pseudonyms(tmp_path / "ledger.db", [ANN]) == {}
    assert records_of_child(tmp_path / "ledger.db", ANN) == []
    assert not (tmp_path / "ledger.key").exists()


def test_who_comes_back_from_a_backup_after_her_erasure_is_named(
    filled: Any, alter_ledger: Callable[[str], None]
) -> None:
    alter_ledger("create table backup_of_children as select * from children")
    erase_child(filled, ANN, by="A", reason="asked")
    read_ledger(filled).require_unaltered()
    alter_ledger("delete from children")
    alter_ledger("insert into children select * from backup_of_children")
    with pytest.raises(LedgerError, match="whom entry 4 erased is there again, as from a backup"):
        read_ledger(filled).require_unaltered()
    erase_child(filled, ANN, by="A", reason="The backup of May was restored")
    read_ledger(filled).require_unaltered()


def test_a_row_that_goes_without_an_erasure_is_named(filled: Any, alter_ledger: Callable[[str], None]) -> None:
    erase_child(filled, ANN, by="A", reason="asked")
    alter_ledger("delete from children")
    with pytest.raises(LedgerError, match="no entry says that she was erased"):
        read_ledger(filled).require_unaltered()


TOKEN = "token = (select max(token) from children)"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("delete from entry_keys where entry = 1", "key of entry 1 was removed, and no entry says"),
        (
            "update entry_keys set sealed_key = (select sealed_key from entry_keys as other where other.entry = 2) "
            "where entry = 1",
            "The key of entry 1 was altered",
        ),
        (f"update children set token = 'x' where {TOKEN}", "Rows of children were altered"),
        (
            "update children set sealed_key = (select sealed_key from children as other order by token limit 1) "
            f"where {TOKEN}",
            "Rows of children were altered",
        ),
    ],
)
def test_keys_that_were_removed_or_swapped_are_named(
    filled: Any, alter_ledger: Callable[[str], None], statement: str, words: str
) -> None:
    read_ledger(filled).require_unaltered()
    alter_ledger(statement)
    with pytest.raises(LedgerError, match=words):
        read_ledger(filled).require_unaltered()


def test_what_expired_and_is_back_from_a_backup_is_named(filled: Any, alter_ledger: Callable[[str], None]) -> None:
    alter_ledger("create table backup_of_keys as select * from entry_keys where entry = 1")
    for _ in range(2):
        with open_for_append(filled) as book:
            book.expire((1,), by="A", reason="retention")
        read_ledger(filled).require_unaltered()
        alter_ledger("insert into entry_keys select * from backup_of_keys")
        with pytest.raises(LedgerError, match="records of entry 1, which expired, are there again"):
            read_ledger(filled).require_unaltered()


def test_without_the_key_of_the_ledger_the_chain_is_verified_and_none_is_made(path: Path) -> None:
    path.with_suffix(".key").unlink()
    read_ledger(path).require_unaltered()
    assert not path.with_suffix(".key").exists()
