"""The children of a ledger: each has a random pseudonym and a random key, in a row that an erasure deletes.

The row is found by a keyed hash of the child's identifier. The child's key is sealed under the key of the ledger, and
the child's records under the child's key (AES-256-GCM, NIST SP 800-38D). Without the row, nothing leads from a child to
her records or back, and nobody can read them.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, select, text

from send_screen.errors import LedgerError
from send_screen.governance.ledger._key import LedgerKey
from send_screen.governance.ledger._location import LedgerLocation
from send_screen.governance.ledger._schema import children, insert_rows

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

    @classmethod
    def under_key(cls, location: LedgerLocation, connection: Connection, *, may_add: bool = False) -> Children:
        """Read the key, which is made with the first child, and require that it is the one of this ledger."""
        row = connection.execute(select(children).limit(1)).first()
        found = cls(location, LedgerKey(location, may_create=may_add and row is None), connection)
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
        if self.connection.dialect.name == "sqlite":
            condition, wanted = "token IN (SELECT value FROM json_each(:tokens))", json.dumps([*tokens])
        else:
            condition, wanted = "token = ANY(CAST(:tokens AS text[]))", f"{{{','.join(tokens)}}}"
        query = select(children).where(text(condition))
        found = [Child(*row) for row in self.connection.execute(query, {"tokens": wanted})]
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

    def seal_record(self, child: Child, number: int, record: Mapping[str, Any]) -> bytes:
        """Return the sealed record of a child in the entry ``number``."""
        content = json.dumps(record, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        return seal(self._require_key(child), content.encode(), bound_to=f"{number}:{child.pseudonym}")

    def open_record(self, child: Child, number: int, sealed: bytes) -> dict[str, Any]:
        """Return a child's record in the entry ``number``; raise LedgerError where it was altered."""
        content = unseal(self._require_key(child), sealed, bound_to=f"{number}:{child.pseudonym}")
        if content is None:
            raise LedgerError(f"A record of entry {number} was altered.", file=self.location.name)
        record: dict[str, Any] = json.loads(content)
        return record

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
