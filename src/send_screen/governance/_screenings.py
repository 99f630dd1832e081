"""Whom a version listed: the ledger of screening runs, in which a child stands under a pseudonym.

The pseudonym is HMAC-SHA256 (RFC 2104) of the child's identifier under a key that lies beside the ledger and never in
it. Who has the ledger alone can neither tell a child nor try out identifiers, of which there are few enough to try
them all. It does not protect from who has the key too. Where the key is deleted, the pseudonyms stand for nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from send_screen.documents import file_name
from send_screen.errors import LedgerError, MissingExtraError
from send_screen.governance._ledger import Entry

SCREENING = "screening"
_LENGTH = 32  # bytes of the key; as many digits has a pseudonym


class Pseudonyms:
    """The key beside a ledger, made on first use for its owner alone.

    Parameters
    ----------
    ledger : pathlib.Path
        The key has the same name, ending in ``.key``.

    Attributes
    ----------
    key_id : str
        By which it is known that two entries were written under the same key.

    Raises
    ------
    LedgerError
        If what lies there is no key.
    MissingExtraError
        If it can be neither read nor written.
    """

    def __init__(self, ledger: Path) -> None:
        path = ledger.with_suffix(".key")
        try:
            if not path.exists():
                _make(path)
            self._key = bytes.fromhex(path.read_text("ascii"))
        except OSError as error:
            raise MissingExtraError(
                f"The key of the pseudonyms, {path}, cannot be read or written ({error.strerror}).",
                remedy="Name a ledger in a folder that you may write to, with --ledger.",
            ) from None
        except ValueError:
            self._key = b""
        if len(self._key) != _LENGTH:
            raise LedgerError(
                "It is not the key of a ledger.",
                file=file_name(path),
                remedy="Put it back from a copy. If there is none, move it away: a new one is made, and the "
                "pseudonyms under the old one can no longer be told.",
            )
        self.key_id = self.of("the key itself")[:8]

    def of(self, child_id: str) -> str:
        """Return a child's pseudonym: 32 hexadecimal digits."""
        return hmac.new(self._key, child_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_LENGTH]


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; mkstemp gives a file to its owner alone where the system can."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(_LENGTH))
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)


def runs_of_version(entries: Iterable[Entry], *, version: str, manifest_sha256: str) -> list[Entry]:
    """Return the screening runs of a version, oldest first.

    Parameters
    ----------
    entries : iterable of dict
        Of a ledger of screening runs.
    version, manifest_sha256 : str
        Its id, and the hash of its files: either will do, for a folder can be made anew under the same id.
    """
    return [
        entry
        for entry in entries
        if entry["kind"] == SCREENING and (entry["version"] == version or entry["manifest_sha256"] == manifest_sha256)
    ]
