"""Read the sealed records of children, and erase a child."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from send_screen.errors import LedgerError, UsageError
from send_screen.governance.ledger._entries import ErasureEntry, validate_free_text
from send_screen.governance.ledger._ledger import open_for_append
from send_screen.governance.ledger._location import LedgerLocation
from send_screen.governance.ledger._verify import hash_records, recorded_hash


def find_pseudonyms(ledger: str | Path | LedgerLocation, child_ids: list[str]) -> dict[str, str]:
    """Return the pseudonyms of those children who are in a ledger, by identifier."""
    from send_screen.governance.ledger._children import existing_children
    from send_screen.governance.ledger._database import open_to_read

    location = LedgerLocation.parse(ledger)
    with open_to_read(location) as connection:
        children = None if connection is None else existing_children(location, connection)
        found = {} if children is None else children.find(child_ids)
    return {child_id: child.pseudonym for child_id, child in found.items()}


def count_shared(ledger: str | Path | LedgerLocation, pseudonyms: Collection[str]) -> dict[int, int]:
    """Return number of an entry -> of how many of these children it has a record; other entries are left out."""
    from sqlalchemy import func, select

    from send_screen.governance.ledger._database import open_to_read
    from send_screen.governance.ledger._schema import child_records as table
    from send_screen.governance.ledger._schema import is_one_of

    with open_to_read(LedgerLocation.parse(ledger)) as connection:
        if connection is None or not pseudonyms:
            return {}
        condition, values = is_one_of(connection, "pseudonym", pseudonyms)
        query = select(table.c.entry, func.count().label("n")).where(condition).group_by(table.c.entry)
        return {row.entry: row.n for row in connection.execute(query, values)}


def records_of_child(ledger: str | Path | LedgerLocation, child_id: str) -> list[tuple[int, dict[str, Any]]]:
    """Return every record of a child that has not expired, with the number of its entry, oldest first.

    There are none of a child who was erased.
    """
    from sqlalchemy import select

    from send_screen.governance.ledger._children import existing_children
    from send_screen.governance.ledger._database import open_to_read
    from send_screen.governance.ledger._schema import child_records as table

    location = LedgerLocation.parse(ledger)
    with open_to_read(location) as connection:
        children = None if connection is None else existing_children(location, connection)
        child = None if children is None else children.find([child_id]).get(child_id)
        if connection is None or children is None or child is None:
            return []
        query = select(table.c.entry, table.c.sealed).where(table.c.pseudonym == child.pseudonym)
        rows = connection.execute(query.order_by(table.c.entry)).all()
        records = ((row.entry, children.open_record(child, row.entry, row.sealed)) for row in rows)
        return [(number, record) for number, record in records if record is not None]


def records_of_entry(ledger: str | Path | LedgerLocation, number: int) -> list[tuple[str, dict[str, Any] | None]]:
    """Return pseudonym and record of each child in an entry, by pseudonym; None where it was erased or expired."""
    from sqlalchemy import select

    from send_screen.governance.ledger._children import Child, Children
    from send_screen.governance.ledger._database import open_to_read
    from send_screen.governance.ledger._schema import child_records
    from send_screen.governance.ledger._schema import children as table

    location = LedgerLocation.parse(ledger)
    with open_to_read(location) as connection:
        if connection is None:
            return []
        join = child_records.outerjoin(table, table.c.pseudonym == child_records.c.pseudonym)
        columns = (child_records.c.pseudonym, child_records.c.sealed, table.c.token, table.c.sealed_key)
        query = select(*columns).select_from(join).where(child_records.c.entry == number)
        rows = connection.execute(query.order_by(child_records.c.pseudonym)).all()
        if hash_records((row.pseudonym, row.sealed) for row in rows) != recorded_hash(location, connection, number):
            raise LedgerError(f"Records of children in entry {number} were altered.", file=location.name)
        if not any(row.token for row in rows):
            return [(row.pseudonym, None) for row in rows]
        children = Children.under_key(location, connection)
        return [
            (row.pseudonym, children.open_record(Child(row.token, row.pseudonym, row.sealed_key), number, row.sealed))
            if row.token
            else (row.pseudonym, None)
            for row in rows
        ]


def entries_with_key(ledger: str | Path | LedgerLocation) -> set[int]:
    """Return the numbers of the entries that have records which did not expire."""
    from sqlalchemy import select

    from send_screen.governance.ledger._database import open_to_read
    from send_screen.governance.ledger._schema import entry_keys

    with open_to_read(LedgerLocation.parse(ledger)) as connection:
        return set() if connection is None else {*connection.execute(select(entry_keys.c.entry)).scalars()}


def erase_child(ledger: str | Path | LedgerLocation, child_id: str, *, by: str, reason: str) -> ErasureEntry:
    """Erase a child from a ledger: nobody can read her records any more, or tell which pseudonym she had.

    The row with her key is deleted, and an entry says so. The entries, her sealed records and all totals stay, so that
    the chain can still be verified. In an SQLite file the row is overwritten with zeros. A backup keeps the row until
    it is deleted, and so do PostgreSQL's files until they are vacuumed, and its log while it is kept.

    Raises
    ------
    UsageError
        If ``by`` or ``reason`` is empty, or holds an identifier.
    LedgerError
        If nothing in the ledger leads to the child: she was never in there, or was erased before.
    """
    by, reason = validate_free_text("--by", by), validate_free_text("--reason", reason)
    if child_id.casefold() in f"{by} {reason}".casefold():
        raise UsageError("The identifier of the child is in --by or --reason.", remedy="The entry stays: leave it out.")
    with open_for_append(ledger) as open_ledger:
        return open_ledger.erase(child_id, by=by, reason=reason)
