"""Verify the chain of a ledger's entries, and the hashes of the records that belong to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from send_screen.errors import MachineError, SendScreenError
from send_screen.governance.ledger._entries import NO_PREVIOUS_HASH, AnyEntry, ErasureEntry, ExpiryEntry, parse_entry
from send_screen.governance.ledger._location import LedgerLocation

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

_MAX_FAULTS = 100
_MORE_FAULTS = "There are more faults, which are not listed."


def hash_records(sealed: Iterable[tuple[str, bytes]]) -> str:
    """Return one hash of the pseudonyms and sealed records of an entry, which are ordered by pseudonym.

    It is SHA-256 over each pseudonym, the length of the record in 8 bytes, and the record; empty without records.
    """
    digest, empty = hashlib.sha256(), True
    for pseudonym, record in sealed:
        content = _as_bytes(record)
        digest.update(str(pseudonym).encode("utf-8", "replace") + len(content).to_bytes(8, "big") + content)
        empty = False
    return "" if empty else digest.hexdigest()


def verify_entries(
    location: LedgerLocation, connection: Connection, *, after: AnyEntry | None = None
) -> tuple[list[AnyEntry], list[str]]:
    """Return the rows that are entries, oldest first, and what is wrong with each, in sentences.

    With ``after``, an entry that was verified before, only those that follow it; it must still be there.
    """
    from sqlalchemy import select

    from send_screen.governance.ledger._database import MAX_BYTES
    from send_screen.governance.ledger._schema import entries as table

    content = _content(location)
    query = select(table.c.number, content).order_by(table.c.number)
    entries: list[AnyEntry] = []
    faults: list[str] = []
    previous: str | None = NO_PREVIOUS_HASH
    number = n_bytes = 0
    if after is not None:
        previous, number = after.sha256, after.number
        query = query.where(table.c.number > number)
        stored = connection.execute(select(content).where(table.c.number == number)).scalar()
        if stored is None or _as_bytes(stored) != after.canonical():
            faults.append(
                f"Entry {number}, which was there before, is gone or is another one now, as where somebody puts an "
                "older copy back."
            )
    rows = connection.execute(query, execution_options={"yield_per": 1000})
    for stored_number, stored in rows:
        if len(faults) >= _MAX_FAULTS:
            faults.append(_MORE_FAULTS)
            break
        line = _as_bytes(stored)
        n_bytes += len(line)
        if n_bytes > MAX_BYTES:
            raise MachineError(
                f"The ledger {location} has more than {MAX_BYTES / 1e6:,.0f} MB of entries.",
                remedy="Keep it as it is, and begin another.",
            )
        entry = parse_entry(line)
        if entry is None:
            faults.append(f"Entry {stored_number} is not an entry as it was written.")
            previous, number = None, number + 1
            continue
        if entry.number != number + 1:
            faults.append(f"Entry {number + 1} is not where it belongs: entry {entry.number} is in its position.")
        elif previous not in (None, entry.previous):
            faults.append(f"Entry {entry.number} does not follow from the one before it, which is another one now.")
        if entry.sha256 != entry.compute_sha256():
            faults.append(f"Entry {entry.number} was altered: its hash is of another content.")
        elif entry.number != stored_number:
            faults.append(f"Entry {entry.number} is stored as number {stored_number}.")
        entries.append(entry)
        previous, number = entry.sha256, entry.number
    return entries, faults


def recorded_hash(location: LedgerLocation, connection: Connection, number: int) -> str:
    """Return the hash of the records of an entry, as the entry has it; empty where there is no such entry."""
    from sqlalchemy import select

    from send_screen.governance.ledger._schema import entries as table

    stored = connection.execute(select(_content(location)).where(table.c.number == number)).scalar()
    entry = parse_entry(_as_bytes(stored))
    return "" if entry is None else entry.records_sha256


def _content(location: LedgerLocation) -> ColumnElement[Any]:
    """Return the content of entries as a column: of bytes in SQLite, where a text may hold some that are none."""
    from sqlalchemy import LargeBinary, cast

    from send_screen.governance.ledger._schema import entries as table

    return table.c.content if location.path is None else cast(table.c.content, LargeBinary)


def verify_records(connection: Connection, entries: Sequence[AnyEntry]) -> list[str]:
    """Return which entries have other records than their hashes say, in sentences."""
    from sqlalchemy import select

    from send_screen.governance.ledger._schema import child_records as table

    expected = {entry.number: (entry.n_records, entry.records_sha256) for entry in entries}
    query = select(table.c.entry, table.c.pseudonym, table.c.sealed).order_by(table.c.entry, table.c.pseudonym)
    # one more than there may be is enough to find that some were added
    query = query.limit(1 + sum(n for n, _ in expected.values()))
    rows = connection.execute(query, execution_options={"yield_per": 10_000})
    faults: list[str] = []
    for number, group in groupby(rows, key=lambda row: row.entry):
        if len(faults) >= _MAX_FAULTS:
            return [*faults, _MORE_FAULTS]
        digest = hash_records((row.pseudonym, row.sealed) for row in group)
        if digest != expected.pop(number, (0, ""))[1]:
            faults.append(f"Records of children in entry {number} were altered, removed or added.")
    missing = [number for number, (n, _) in expected.items() if n]
    faults += [f"Records of children in entry {number} were removed." for number in missing[:_MAX_FAULTS]]
    return faults


def verify_children(connection: Connection, entries: Sequence[AnyEntry]) -> list[str]:
    """Return whether rows of children were removed without an erasure, or are back after one, in sentences."""
    from sqlalchemy import select

    from send_screen.governance.ledger._schema import child_records
    from send_screen.governance.ledger._schema import children as table

    erased = {entry.child: entry.number for entry in entries if isinstance(entry, ErasureEntry)}
    faults = []
    for pseudonym, number in erased.items():
        if connection.execute(select(table.c.token).where(table.c.pseudonym == pseudonym)).first() is not None:
            faults.append(f"The child whom entry {number} erased is there again, as from a backup: erase her again.")
    with_row = child_records.outerjoin(table, table.c.pseudonym == child_records.c.pseudonym)
    query = select(child_records.c.pseudonym).select_from(with_row).where(table.c.token.is_(None)).distinct()
    without_row = connection.execute(query.limit(len(erased) + 1)).scalars()
    if any(pseudonym not in erased for pseudonym in without_row):
        faults.append("The row of a child who has records was removed, and no entry says that she was erased.")
    return faults[:_MAX_FAULTS]


def verify_keys(location: LedgerLocation, connection: Connection, entries: Sequence[AnyEntry]) -> list[str]:
    """Return which keys were removed without an expiry, are back after one, or were altered, in sentences.

    Whether they were altered only the key of the ledger tells: without it, that is not verified.
    """
    from sqlalchemy import select

    from send_screen.governance.ledger._schema import entry_keys

    expired = {number for entry in entries if isinstance(entry, ExpiryEntry) for number in entry.entries}
    with_records = {entry.number for entry in entries if entry.n_records}
    there = {*connection.execute(select(entry_keys.c.entry)).scalars()}
    faults = [
        f"The key of entry {number} was removed, and no entry says that its records expired."
        for number in sorted(with_records - expired - there)
    ]
    faults += [
        f"The records of entry {number}, which expired, are there again, as from a backup: erase what is expired again."
        for number in sorted(expired & there)
    ]
    return [*faults[:_MAX_FAULTS], *_altered_keys(location, connection)]


def _altered_keys(location: LedgerLocation, connection: Connection) -> list[str]:
    """Return what the key of the ledger does not open, in sentences; nothing where that key is not there."""
    from send_screen.governance.ledger._children import unopened_keys

    try:
        children, numbers = unopened_keys(location, connection)
    except SendScreenError:
        return []
    faults = [f"The key of entry {number} was altered." for number in numbers[:_MAX_FAULTS]]
    if children:
        faults.append("Rows of children were altered: they cannot be found, or their records cannot be read.")
    return faults


def _as_bytes(value: object) -> bytes:
    """Return the bytes of a column, in which SQLite may hold any type."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
