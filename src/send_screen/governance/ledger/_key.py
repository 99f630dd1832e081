"""The key of a ledger: a file beside it and never in it.

With it, a child's identifier leads to the row of that child. Without it no child can be identified from the ledger, not
even by trying all identifiers.
"""

from __future__ import annotations

import hmac
import os
import secrets
from functools import cached_property

from send_screen.documents import file_name, read_regular_file, write_atomically
from send_screen.errors import LedgerError, MachineError
from send_screen.governance.ledger._location import LedgerLocation

_MAX_BYTES = 1_000
_LENGTH = 32  # bytes


class LedgerKey:
    """The key of a ledger, made on first use where ``may_create`` allows it."""

    def __init__(self, location: LedgerLocation, *, may_create: bool) -> None:
        path = location.key_path
        try:
            if may_create and not os.path.lexists(path):  # a broken link is not a missing key
                write_atomically(secrets.token_hex(_LENGTH), path)
            self._key = bytes.fromhex(read_regular_file(path, max_bytes=_MAX_BYTES).decode("ascii"))
        except FileNotFoundError:
            raise LedgerError(
                f"The key of the ledger, {path}, is not there, and without it no child can be found in the ledger.",
                remedy="Put it back from a copy.",
            ) from None
        except OSError as error:
            raise MachineError(
                f"The key of the ledger, {path}, cannot be read or written ({error.strerror}).",
                remedy="Name a ledger in a folder that you may write to, with --ledger.",
            ) from None
        except ValueError:
            self._key = b""
        if len(self._key) != _LENGTH:
            raise LedgerError("It is not the key of a ledger.", file=file_name(path), remedy="Put it back from a copy.")
        self.path = path

    def token(self, child_id: str) -> str:
        """Return HMAC-SHA256 (RFC 2104) of a child's identifier, in hexadecimal."""
        return hmac.digest(self._key, child_id.encode("utf-8", "surrogatepass"), "sha256").hex()

    @cached_property
    def wrapping_key(self) -> bytes:
        """The key under which the children's keys are sealed, derived with HKDF-SHA256 (RFC 5869)."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), _LENGTH, salt=None, info=b"send_screen.ledger: keys of children").derive(self._key)
