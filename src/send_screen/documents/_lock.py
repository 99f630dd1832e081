"""A lock between processes, that goes when who holds it does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, patience: float) -> Iterator[None]:
    """Hold a lock file against other processes and threads; it stays, empty, and blocks nobody.

    SQLite's lock of a file is the one in Python's own library that works alike on Windows and elsewhere, and the
    system lets go of it when a run is killed.

    Raises
    ------
    TimeoutError
        If it is held by another for longer than ``patience`` seconds.
    OSError
        If no lock can be had there.
    """
    with closing(_open(path, patience)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise TimeoutError from None
            raise OSError(None, "no lock can be had there", str(path)) from None
        yield


def _open(path: Path, patience: float) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, isolation_level=None, timeout=patience)
    except sqlite3.Error:
        raise OSError(None, "no lock can be had there", str(path)) from None
