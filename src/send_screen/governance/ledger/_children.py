"""The children of a ledger: each has a random pseudonym and a random key, in a row that an erasure deletes.

The row is found by a keyed hash of the child's identifier. Each entry with records has a random key too, in a row that
an expiry deletes. A record is sealed (AES-256-GCM, NIST SP 800-38D) under a key that is derived from both, and both are
sealed under the key of the ledger. Without the child's row, nothing leads from a child to her records or back; without
either row, nobody can read them.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, select

from send_screen.errors import LedgerError
from send_screen.governance.ledger._key import LedgerKey
from send_screen.governance.ledger._location import LedgerLocation
from send_screen.governance.ledger._schema import children, entry_keys, insert_rows, is_one_of

_NONCE = 12  # bytes


@dataclass(frozen=True)
class Child:
    """A row of the table of children."""

    token: str
    pseudonym: str
    sealed_key: bytes


def seal(key: bytes, content: bytes, *, bound_to: str) -> bytes:
    """Encrypt with AES-256-GCM under a fresh nonce; ``bound_to`` must be the same to decrypt it."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to.encode())


def unseal(key: bytes, sealed: object, *, bound_to: str) -> bytes | None:
    """Return what was sealed, or None where key, content or what it was bound to is another."""
    if not isinstance(sealed, bytes):  # SQLite holds any type in any column
        return None
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to.encode())
    except (InvalidTag, ValueError):  # the latter where it is too short
        return None


@dataclass
class Children:
    """The children of a ledger that is open, under its key."""

    location: LedgerLocation
    key: LedgerKey
    connection: Connection
    added: dict[str, Child] = field(default_factory=dict)
    """By token: those who are not yet in the table."""
    _entry_keys: dict[int, bytes | None] = field(default_factory=dict, repr=False)

    @classmethod
    def under_key(cls, location: LedgerLocation, connection: Connection) -> Children:
        """Read the key, which is made with the first child, and require that it is the one of this ledger."""
        row = connection.execute(select(children).limit(1)).first()
        found = cls(location, LedgerKey(location, may_create=row is None), connection)
        if row is not None and found._key_of(Child(*row)) is None:
            raise LedgerError(
                f"{found.key.path} is the key of another ledger, or the rows of children were altered.",
                file=location.name,
                remedy="Put the ledger and its key back from copies of the same day.",
            )
        return found

    def find(self, child_ids: Iterable[str]) -> dict[str, Child]:
        """Return the rows of children by identifier; a child who has none is left out."""
        return self._find({self.key.token(child_id): child_id for child_id in child_ids})

    def _find(self, tokens: Mapping[str, str]) -> dict[str, Child]:
        """Return the rows of children by identifier, given identifiers by token."""
        condition, values = is_one_of(self.connection, "token", tokens)
        found = [Child(*row) for row in self.connection.execute(select(children).where(condition), values)]
        added = [child for token, child in self.added.items() if token in tokens]
        return {tokens[child.token]: child for child in found + added}

    def find_or_add(self, child_ids: Iterable[str]) -> dict[str, Child]:
        """Return the rows of children by identifier; new ones are inserted with the next entry."""
        tokens = {self.key.token(child_id): child_id for child_id in child_ids}
        found = self._find(tokens)
        for token, child_id in tokens.items():
            if child_id in found:
                continue
            pseudonym = secrets.token_hex(16)
            sealed_key = seal(self._wrapping_key, os.urandom(32), bound_to=f"{token}:{pseudonym}")
            found[child_id] = self.added[token] = Child(token, pseudonym, sealed_key)
        return found

    def insert_added(self) -> None:
        """Insert the new rows, in the transaction of an entry."""
        rows = [(child.token, child.pseudonym, child.sealed_key) for child in self.added.values()]
        insert_rows(self.connection, children, rows)

    def delete(self, child: Child) -> None:
        """Delete a row, and with it the key of the child's records and the way from her identifier to her pseudonym."""
        self.connection.execute(delete(children).where(children.c.token == child.token))

    def add_entry_key(self, number: int) -> None:
        """Make the key of the entry ``number``, in the transaction of that entry."""
        key = os.urandom(32)
        insert_rows(self.connection, entry_keys, [(number, seal(self._wrapping_key, key, bound_to=f"entry {number}"))])
        self._entry_keys[number] = key

    def delete_entry_keys(self, numbers: Iterable[int]) -> None:
        """Delete the keys of entries: their records can no longer be read, of any child."""
        for number in numbers:
            self.connection.execute(delete(entry_keys).where(entry_keys.c.entry == number))
            self._entry_keys[number] = None

    def seal_record(self, child: Child, number: int, record: Mapping[str, Any]) -> bytes:
        """Return the sealed record of a child in the entry ``number``, which has its key."""
        content = json.dumps(record, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        entry_key = self._entry_keys[number] or b""
        packed = zlib.compress(content.encode())  # to a quarter: the names of fields and values are in every record
        return seal(self._record_key(child, entry_key), packed, bound_to=f"{number}:{child.pseudonym}")

    def open_record(self, child: Child, number: int, sealed: bytes) -> dict[str, Any] | None:
        """Return a child's record in the entry ``number``, None where it expired; LedgerError where it was altered."""
        entry_key = self._entry_key(number)
        if entry_key is None:
            return None
        content = unseal(self._record_key(child, entry_key), sealed, bound_to=f"{number}:{child.pseudonym}")
        if content is None:
            raise LedgerError(f"A record of entry {number} was altered.", file=self.location.name)
        record: dict[str, Any] = json.loads(zlib.decompress(content))
        return record

    def _entry_key(self, number: int) -> bytes | None:
        if number not in self._entry_keys:
            query = select(entry_keys.c.sealed_key).where(entry_keys.c.entry == number)
            sealed = self.connection.execute(query).scalar()
            key = None if sealed is None else unseal(self._wrapping_key, sealed, bound_to=f"entry {number}")
            if sealed is not None and key is None:
                raise LedgerError(f"The key of entry {number} was altered.", file=self.location.name)
            self._entry_keys[number] = key
        return self._entry_keys[number]

    def _record_key(self, child: Child, entry_key: bytes) -> bytes:
        return hmac.digest(self._require_key(child), entry_key, "sha256")

    def _require_key(self, child: Child) -> bytes:
        key = self._key_of(child)
        if key is None:
            raise LedgerError("The row of a child was altered.", file=self.location.name)
        return key

    def _key_of(self, child: Child) -> bytes | None:
        return unseal(self._wrapping_key, child.sealed_key, bound_to=f"{child.token}:{child.pseudonym}")

    @property
    def _wrapping_key(self) -> bytes:
        return self.key.wrapping_key


def unopened_keys(location: LedgerLocation, connection: Connection) -> tuple[int, list[int]]:
    """Return how many children's keys the key of the ledger does not open, and the entries whose key it does not.

    Nothing where it opens none at all: then it is the key of another ledger.

    Raises
    ------
    SendScreenError
        If the key of the ledger is not there.
    """
    key = LedgerKey(location, may_create=False).wrapping_key
    rows = [Child(*row) for row in connection.execute(select(children))]
    closed = sum(unseal(key, row.sealed_key, bound_to=f"{row.token}:{row.pseudonym}") is None for row in rows)
    of_entries = connection.execute(select(entry_keys).order_by(entry_keys.c.entry)).all()
    altered = [number for number, sealed in of_entries if unseal(key, sealed, bound_to=f"entry {number}") is None]
    opens_none = closed == len(rows) and len(altered) == len(of_entries)
    return (0, []) if opens_none else (closed, altered)


def existing_children(location: LedgerLocation, connection: Connection) -> Children | None:
    """Return the children of a ledger; None where it holds none, so that no key is asked for."""
    if connection.execute(select(children.c.token).limit(1)).first() is None:
        return None
    return Children.under_key(location, connection)
