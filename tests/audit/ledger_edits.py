"""Alter a ledger as somebody would who may write to its database: triggers dropped, and made again afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def without_triggers(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to an SQLite ledger that refuses no change."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma synchronous = off")  # nobody pulls the plug
        triggers = connection.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"drop trigger {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def read_rows(path: Path) -> list[bytes]:
    """Return the content of every entry, oldest first."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("select cast(content as blob) from entries order by number").fetchall()
    return [bytes(row[0]) for row in rows]


def write_rows(path: Path, rows: Sequence[bytes], *, numbers: Sequence[int] | None = None) -> None:
    """Put these contents in the place of all entries, numbered from 1 unless ``numbers`` are given."""
    with without_triggers(path) as connection:
        connection.execute("delete from entries")
        for number, row in zip(numbers or range(1, len(rows) + 1), rows, strict=True):
            connection.execute("insert into entries values (?, cast(? as text))", (number, row))
