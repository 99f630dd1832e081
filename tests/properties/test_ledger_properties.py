"""Whatever single thing is done to a ledger, whoever knows its last hash finds it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from ledger_edits import read_rows, write_rows

from send_screen.errors import LedgerError, MachineError
from send_screen.governance import WithdrawalEntry, entries_after, open_for_append, read_ledger

TEXTS = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=2, max_size=6)


def write(path: Path, texts: list[tuple[str, str]]) -> str:
    """Write a ledger, and return its last hash."""
    with open_for_append(path) as book:
        for by, reason in texts:
            book.append(
                WithdrawalEntry(model="m", registered="1", version="v", manifest_sha256="0", by=by, reason=reason)
            )
    return book.entries[-1].sha256


def found(path: Path, head: str) -> bool:
    ledger = read_ledger(path)
    if ledger.faults:
        return True
    try:
        return bool(entries_after(ledger.entries, "m", head))
    except LedgerError:
        return True


@given(texts=TEXTS, data=st.data())
def test_any_single_change_is_found(texts: list[tuple[str, str]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.db"
        head = write(path, texts)
        rows = read_rows(path)
        assert len(rows) == len(texts)
        assert not found(path, head)
        at = data.draw(st.integers(0, len(rows) - 1), label="entry")
        other = (at + data.draw(st.integers(1, len(rows) - 1), label="other")) % len(rows)
        byte = data.draw(st.integers(0, len(rows[at]) - 1), label="byte")
        flip = data.draw(st.integers(1, 255), label="flip")
        swapped = list(rows)
        swapped[at], swapped[other] = rows[other], rows[at]
        flipped = rows[at][:byte] + bytes([rows[at][byte] ^ flip]) + rows[at][byte + 1 :]
        changes = {
            "altered": [*rows[:at], flipped, *rows[at + 1 :]],
            "byte removed": [*rows[:at], rows[at][:byte] + rows[at][byte + 1 :], *rows[at + 1 :]],
            "removed": rows[:at] + rows[at + 1 :],
            "reordered": swapped,
            "duplicated": [*rows[:other], rows[at], *rows[other:]],
            "cut off": rows[:at],
        }
        for name, content in changes.items():
            write_rows(path, content)
            assert found(path, head), name


@given(byte=st.integers(0, 2**20), flip=st.integers(1, 255))
def test_a_damaged_file_is_read_as_it_was_or_named(byte: int, flip: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.db"
        head = write(path, [("A", "x"), ("B", "y")])
        whole = path.read_bytes()
        byte %= len(whole)
        path.write_bytes(whole[:byte] + bytes([whole[byte] ^ flip]) + whole[byte + 1 :])
        try:
            ledger = read_ledger(path)
        except (LedgerError, MachineError):
            return
        if not ledger.faults and ledger.entries:
            assert ledger.entries[-1].sha256 == head
