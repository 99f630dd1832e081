"""Recognise the contract of a table by its headers, whatever its file is called and however many sheets it has."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import Contract
from send_screen.contracts._derive import derivation_of
from send_screen.contracts._headers import header_key, match_headers
from send_screen.errors import DataError, ReadError
from send_screen.readers import Reading, read_tables
from send_screen.readers._join_tables import join_tables
from send_screen.readers._stack import stack_tables

_MIN_SHARE = 0.75  # of a contract's required columns


def read_source_tables(path: Path, contracts: Collection[str]) -> list[SourceTable]:
    """Read the tables of a file, each with the name that messages call it by."""
    return [_source_table(reading) for reading in _named_readings(path, contracts)]


def _named_readings(path: Path, contracts: Collection[str]) -> list[Reading]:
    """Read the tables of a file; those made of columns only where their contract is one of these."""
    readings = [reading for reading in read_tables(path) if not reading.of_columns or reading.contract in contracts]
    if len(readings) == 1:
        return readings
    return [replace(reading, file=", ".join(filter(None, (reading.file, reading.sheet)))) for reading in readings]


def _source_table(reading: Reading) -> SourceTable:
    return SourceTable(reading.frame, reading.file, reading.notes, reading.sha256)


def read_other_files(paths: Iterable[Path], contracts: Collection[str] = ()) -> tuple[list[SourceTable], list[str]]:
    """Read the tables of files that may match a contract; return them, and a note on each file that is no table.

    Files that are one set of a known format, such as an export in several files, are joined.
    """
    readings, notes = list[Reading](), list[str]()
    for path in paths:
        try:
            readings += _named_readings(path, contracts)
        except ReadError as error:
            notes.append(f"This file was not read. {error}")
    joined, not_joined = join_tables(readings)
    return [_source_table(reading) for reading in joined], [*notes, *not_joined]


def recognise(
    tables: list[SourceTable], contracts: Mapping[str, Contract], notes: Iterable[str] = ()
) -> tuple[dict[str, SourceTable], tuple[SourceTable, ...]]:
    """Return for each contract the table that has most of its required columns, and the tables of none.

    Tables with equal headers are stacked.

    Each table's notes also name the tables that match no contract.

    Raises
    ------
    DataError
        If tables with different headers match a contract equally well.
    """
    found: dict[str, SourceTable] = {}
    joined: dict[tuple[int, ...], SourceTable] = {}
    used: set[int] = set()
    for name, contract in contracts.items():
        shares = [_share_of_columns(contract, table.frame) for table in tables]
        most = max(shares, default=0.0)
        if most < _MIN_SHARE:
            continue
        best = [table for table, share in zip(tables, shares, strict=True) if share == most]
        if len({_header_keys(table.frame) for table in best}) > 1:
            files = ", ".join(table.file for table in best)
            raise DataError(
                f"More than one table could be the one for {name}: {files}.",
                remedy=f"Leave one of them, or call it {name.rpartition('/')[2]}.csv.",
            )
        key = tuple(map(id, best))
        joined.setdefault(key, best[0] if len(best) == 1 else _stack(best))
        found[name] = joined[key]
        used.update(key)
    unused = tuple(table for table in tables if id(table) not in used)
    added = [*notes, *(f"{table.file} was not used: it is of none of the contracts." for table in unused)]
    noted = {id(table): replace(table, notes=(*table.notes, *added)) for table in found.values()}
    return {name: noted[id(table)] for name, table in found.items()}, unused


def _share_of_columns(contract: Contract, frame: pd.DataFrame) -> float:
    """Return the share of a contract's required columns that a table has, or that can be derived from those it has."""
    position = match_headers(list(map(str, frame.columns)), contract.columns, marks=contract.header_marks).position
    required = [column for column in contract.columns.values() if column.required]
    had = [column for column in required if column.name in position or derivation_of(column, position)]
    return len(had) / len(required) if required else 0.0


def _header_keys(frame: pd.DataFrame) -> frozenset[str]:
    return frozenset(header_key(str(header)) for header in frame.columns)


def _stack(tables: list[SourceTable]) -> SourceTable:
    """Return tables with the same headers as one."""
    frame, notes = stack_tables([table.frame for table in tables], [table.file for table in tables], "file")
    ends = np.cumsum([len(table.frame) for table in tables])[:-1]
    return SourceTable(
        frame,
        ", ".join(table.file for table in tables),
        (*dict.fromkeys(note for table in tables for note in table.notes), *notes),
        hashlib.sha256("".join(table.sha256 for table in tables).encode()).hexdigest(),
        further_files=tuple(frame.index[ends]),
    )
