"""A lock file between processes, which the operating system releases when its holder ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold a lock file against other processes and threads. The empty file stays and blocks nobody.

    SQLite's file lock is in Python's standard library, works alike on Windows and elsewhere, and is released when a
    run is killed.

    Raises
    ------
    TimeoutError
        If it is held by another for longer than ``timeout`` seconds.
    OSError
        If no lock can be taken there.
    """
    with closing(_open(path, timeout)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise TimeoutError from None
            raise OSError(None, "no lock can be had there", str(path)) from None
        yield


def _open(path: Path, timeout: float) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, isolation_level=None, timeout=timeout)
    except sqlite3.Error:
        raise OSError(None, "no lock can be had there", str(path)) from None
