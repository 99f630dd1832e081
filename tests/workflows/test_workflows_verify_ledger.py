"""A ledger is verified by itself; what was cut off its end is found from a noted hash, or from the lists."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from registry_store import run

from send_screen import screen, verify_ledger
from send_screen.errors import ReadError, UsageError

CUT = [f"delete from {table} where {column} > 2" for table, column in (
    ("entries", "number"), ("child_records", "entry"), ("entry_keys", "entry"),
)]  # fmt: skip


@pytest.fixture
def school(trained: Any, ledger_place: Any, tmp_path: Path) -> Path:
    """Two lists in one ledger."""
    for month, capacity in (("july", "7"), ("autumn", "5")):
        out = tmp_path / "lists" / month
        screen(trained.exported, trained.school_file, out=out, capacity=capacity, ledger=ledger_place)
    return tmp_path / "lists"


def test_a_whole_ledger_has_no_fault(school: Path, ledger_place: Any) -> None:
    found = verify_ledger(ledger_place, lists=[school])
    assert (found.ok, found.n_entries, found.n_lists, found.faults) == (True, 4, 2, ())
    assert verify_ledger(ledger_place, last_hash=f"{found.last_hash} ").ok
    assert found.last_hash in found.to_text()


def test_what_was_cut_off_the_end_is_found_from_elsewhere(school: Path, ledger_place: Any, alter_ledger: Any) -> None:
    noted = verify_ledger(ledger_place).last_hash
    for statement in CUT:
        alter_ledger(statement)
    assert verify_ledger(ledger_place).ok  # nothing in it tells
    (fault,) = verify_ledger(ledger_place, last_hash=noted).faults
    assert "No entry has the hash that was noted" in fault
    (fault,) = verify_ledger(ledger_place, lists=[school]).faults
    assert fault.startswith(f"The list in {school / 'autumn'} was entered as 3")


def test_the_command_names_what_was_altered(school: Path, ledger_place: Any, alter_ledger: Any) -> None:
    assert run("verify-ledger", "--ledger", ledger_place)[0] == 0
    alter_ledger('update entries set content = replace(content, \'"capacity":"5\', \'"capacity":"6\') where number = 3')
    code, out, _ = run("verify-ledger", "--ledger", ledger_place, "--lists", school)
    assert (code, "Entry 3 was altered" in " ".join(out.split())) == (1, True)


def test_what_is_no_ledger_or_no_list_is_one_error(trained: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no ledger"):
        verify_ledger(tmp_path / "none.db")
    screen(trained.exported, trained.school_file, out=tmp_path / "list", capacity="7")
    shutil.rmtree(tmp_path / "none", ignore_errors=True)
    with pytest.raises(UsageError, match=r"no summary\.json below"):
        verify_ledger(tmp_path / "ledger.db", lists=[tmp_path / "none"])
    (tmp_path / "list" / "summary.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ReadError, match="not the summary of a list"):
        verify_ledger(tmp_path / "ledger.db", lists=[tmp_path])
