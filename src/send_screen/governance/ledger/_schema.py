"""Tables of a ledger, as the queries see them, and how many rows are inserted and found. The migrations make them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, Table, Text, TextClause, text

#: Revision of the newest migration.
HEAD = "0001"
VERSION_TABLE = "ledger_version"

_METADATA = MetaData()
version = Table(VERSION_TABLE, _METADATA, Column("version_num", Text))
entries = Table("entries", _METADATA, Column("number", BigInteger, primary_key=True), Column("content", Text))
children = Table(
    "children",
    _METADATA,
    Column("token", Text, primary_key=True),
    Column("pseudonym", Text, unique=True),
    Column("sealed_key", LargeBinary),
)
child_records = Table(
    "child_records",
    _METADATA,
    Column("entry", BigInteger, primary_key=True),
    Column("pseudonym", Text, primary_key=True),
    Column("sealed", LargeBinary),
)

entry_keys = Table(
    "entry_keys", _METADATA, Column("entry", BigInteger, primary_key=True), Column("sealed_key", LargeBinary)
)


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows in the order of the table's columns, a hundred thousand in a few seconds."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({marks})", [*rows])
        return
    types = {BigInteger: "int8", Text: "text", LargeBinary: "bytea"}
    driver: Any = connection.connection.driver_connection
    # a statement for each row would be ten times as slow
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types([types[type(column.type)] for column in table.columns])
        for row in rows:
            copy.write_row(row)


def is_one_of(connection: Connection, column: str, values: Collection[str]) -> tuple[TextClause, dict[str, str]]:
    """Return a condition on a column, and its parameters; ``values`` are hexadecimal, and may be a hundred thousand."""
    if connection.dialect.name == "sqlite":
        return text(f"{column} IN (SELECT value FROM json_each(:wanted))"), {"wanted": json.dumps([*values])}
    return text(f"{column} = ANY(CAST(:wanted AS text[]))"), {"wanted": f"{{{','.join(values)}}}"}
