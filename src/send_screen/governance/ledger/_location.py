"""Where a ledger is: an SQLite file, or a database of a PostgreSQL server."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from send_screen.documents import file_name
from send_screen.errors import UsageError

LEDGER = "ledger.db"  # default file name
KEY_VARIABLE = "SEND_SCREEN_LEDGER_KEY"

# what an error may show of an address is what these groups hold: no user, no password, no option
_POSTGRESQL = re.compile(
    r"postgresql(?:\+psycopg)?://(?:[^@/?#\s]*@)?"
    r"(?P<host>[A-Za-z0-9._-]*|\[[0-9A-Fa-f:]+\])(?P<port>:\d+)?/(?P<database>[\w.-]+)(?:\?[^#\s]*)?"
)


@dataclass(frozen=True)
class LedgerLocation:
    """The place of a ledger. Its text form holds no credentials.

    Attributes
    ----------
    path : pathlib.Path or None
        The SQLite file; None for a server.
    server : str
        Address of the server's database without credentials; empty for a file.
    """

    path: Path | None
    server: str = ""
    url: str = field(default="", repr=False)
    """The address as it was given, with its password."""

    @classmethod
    def parse(cls, location: str | Path | LedgerLocation) -> LedgerLocation:
        """Return the location that a path or an address names; raise UsageError for an address of another kind."""
        if isinstance(location, LedgerLocation):
            return location
        text = str(location)
        if not re.match(r"[a-z][a-z0-9+]+:/", text, re.IGNORECASE):
            return cls(Path(text))
        match = _POSTGRESQL.fullmatch(text)
        if match is None:  # none of it is quoted: it may hold a password
            raise UsageError(
                "The address of the ledger cannot be read.",
                remedy="Give the path of a file, or, as text, postgresql+psycopg://USER@HOST/DATABASE. In a password, "
                "write @ as %40, / as %2F, : as %3A, ? as %3F and # as %23; or leave it to PGPASSWORD or ~/.pgpass.",
            )
        server = f"postgresql+psycopg://{match['host']}{match['port'] or ''}/{match['database']}"
        return cls(None, server, text)

    def __str__(self) -> str:
        return self.server if self.path is None else str(self.path)

    @property
    def name(self) -> str:
        """The file's name, or the server's address without credentials."""
        return self.server if self.path is None else file_name(self.path)

    @property
    def uri(self) -> str:
        """The address that others may be told."""
        return self.server if self.path is None else self.path.resolve().as_uri()

    @property
    def folder(self) -> Path | None:
        """The folder of the file; None for a server."""
        return None if self.path is None else self.path.resolve().parent

    @property
    def key_path(self) -> Path:
        """The file of the ledger's key; raise UsageError where a server's is not named."""
        if self.path is not None:
            return self.path.with_suffix(".key")
        if not (named := os.environ.get(KEY_VARIABLE)):
            raise UsageError(
                "The ledger is on a server, and nothing names the file of its key.",
                remedy=f"Set the environment variable {KEY_VARIABLE} to a file that few can read, outside the server. "
                "It is made on first use, and is the same for all who use this ledger.",
            )
        return Path(named)

    def exists(self) -> bool:
        """Return whether a file is there; a server's database is assumed to be."""
        return self.path is None or self.path.is_file()
