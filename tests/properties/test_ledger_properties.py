"""Whatever single thing is done to a ledger, whoever knows its last hash finds it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from send_screen.errors import LedgerError
from send_screen.governance import WithdrawalEntry, entries_after, open_for_append, read_ledger

TEXTS = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=2, max_size=6)


def found(path: Path, content: bytes, head: str) -> bool:
    path.write_bytes(content)
    ledger = read_ledger(path)
    if ledger.faults or ledger.truncated:
        return True
    try:
        return bool(entries_after(ledger.entries, "m", head))
    except LedgerError:
        return True


@given(texts=TEXTS, data=st.data())
def test_any_single_change_is_found(texts: list[tuple[str, str]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.jsonl"
        with open_for_append(path) as book:
            for by, reason in texts:
                entry = WithdrawalEntry(
                    model="m", registered="1", version="v", manifest_sha256="0", by=by, reason=reason
                )
                head = book.append(entry).sha256
        whole = path.read_bytes()
        lines = whole.splitlines(keepends=True)
        assert len(lines) == len(texts)
        assert not found(path, whole, head)
        at = data.draw(st.integers(0, len(lines) - 1), label="entry")
        other = (at + data.draw(st.integers(1, len(lines) - 1), label="other")) % len(lines)
        byte = data.draw(st.integers(0, len(whole) - 1), label="byte")
        flip = data.draw(st.integers(1, 255), label="flip")
        swapped = list(lines)
        swapped[at], swapped[other] = lines[other], lines[at]
        changes = {
            "altered": whole[:byte] + bytes([whole[byte] ^ flip]) + whole[byte + 1 :],
            "byte removed": whole[:byte] + whole[byte + 1 :],
            "removed": b"".join(lines[:at] + lines[at + 1 :]),
            "reordered": b"".join(swapped),
            "duplicated": b"".join([*lines[:other], lines[at], *lines[other:]]),
            "cut off": whole[:byte],
        }
        for name, content in changes.items():
            assert found(path, content, head), name
