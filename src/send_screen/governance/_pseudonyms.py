"""Pseudonyms of children in the ledger of screening runs.

A pseudonym is HMAC-SHA256 (RFC 2104) of the child's identifier under a key that is kept beside the ledger and never in
it. Without the key no child can be identified from the ledger, not even by trying all identifiers. With it, children
can be. Once the key is deleted, the pseudonyms identify nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from send_screen.documents import file_name, read_regular_file, write_atomically
from send_screen.errors import LedgerError, MachineError

_MAX_BYTES = 1_000
_LENGTH = 32  # bytes of the key, and digits of a pseudonym


class Pseudonyms:
    """Pseudonyms under the key beside a ledger (``.key``), which is created on first use; ``key_id`` identifies it."""

    def __init__(self, ledger: Path) -> None:
        path = ledger.with_suffix(".key")
        try:
            if not os.path.lexists(path):  # a broken link is not a missing key
                write_atomically(secrets.token_hex(_LENGTH), path)
            self._key = bytes.fromhex(read_regular_file(path, max_bytes=_MAX_BYTES).decode("ascii"))
        except OSError as error:
            raise MachineError(
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
                "pseudonyms under the old one can no longer be resolved.",
            )
        self.key_id = self.of("the key itself")[:8]

    def of(self, child_id: str) -> str:
        """Return a child's pseudonym: 32 hexadecimal digits."""
        return hmac.new(self._key, child_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_LENGTH]
