"""The tables that a cohort is built from: each file's bytes are read once, hashed and parsed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from send_screen.cohorts._academic_year import with_academic_year
from send_screen.cohorts._column_mapping import (
    MAPPING_FILE,
    ColumnMapping,
    load_mapping,
    unused_answers,
    with_mapped_codes,
    with_mapped_headers,
)
from send_screen.cohorts._recognise import read_other_files, read_source_tables, recognise
from send_screen.cohorts._source_table import SourceTable, sha256_of_bytes
from send_screen.contracts import Contract
from send_screen.errors import DataError, UsageError
from send_screen.readers import TABLE_SUFFIXES, read_table

SUFFIXES = (".csv", ".xlsx", ".parquet")


@dataclass(frozen=True)
class SourceData:
    """The tables of a cohort, each read once."""

    tables: dict[str, SourceTable]  # by contract; contracts that share one table have the same one
    unused: tuple[SourceTable, ...] = ()  # that are of no contract
    name: str = "the data"  # of the file or folder, for messages
    folder: Path | None = None  # where the tables were files of a folder
    by_contract: bool = False  # whether they were given contract by contract

    @cached_property
    def sha256(self) -> str:
        """The hash of the data.

        Of a file: that of its bytes, as ``sha256sum`` gives it. Of a folder: that of the list of its table files'
        hashes and names, as ``sha256sum`` writes it; a file that no contract asked for is read here. Of a frame: that
        of its rows. Of a mapping: that of the list of its contracts and hashes.
        """
        if self.folder is not None:
            read = {table.file: table.sha256 for table in self.tables.values()}
            others = (file for file in self.folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
            hashes = read | {file.name: _file_sha256(file) for file in others if file.name not in read}
            lines = [f"{hashes[name]}  {name}\n" for name in sorted(hashes)]
        elif self.by_contract:
            lines = [f"{name} {table.sha256}\n" for name, table in sorted(self.tables.items())]
        else:
            return next(iter(self.tables.values())).sha256
        return sha256_of_bytes("".join(lines).encode())


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_source(data: object, contracts: Mapping[str, Contract]) -> SourceData:
    """Read the data of a cohort once; see :func:`send_screen.cohorts.load_cohort` for what they may be.

    In a folder a file that is named after a contract is its table: ``eyfsp.csv`` for ``education/eyfsp``. For the other
    contracts, and among the sheets of a workbook, tables are recognised by their headers.
    """
    if isinstance(data, Mapping):
        unknown = sorted(set(data) - set(contracts))
        if unknown:
            raise UsageError(f"No contract of this spec is called {', '.join(map(repr, unknown))}.")
        read = {id(part): _read(part) for part in data.values()}  # one frame for several contracts is one table
        return SourceData({name: read[id(part)] for name, part in data.items()}, by_contract=True)
    mapping = load_mapping(data)
    if isinstance(data, str | Path) and Path(data).is_dir():
        folder = Path(data)
        tables, unused = _tables_of(folder, contracts, mapping)
        return SourceData(_mapped(tables, unused, contracts, mapping), unused, name=folder.name, folder=folder)
    if isinstance(data, str | Path) and len(contracts) > 1:
        of_file = [with_mapped_headers(table, mapping) for table in read_source_tables(Path(data), contracts)]
        if len(of_file) > 1:
            tables, unused = recognise(of_file, contracts)
            return SourceData(_mapped(tables, unused, contracts, mapping), unused, name=Path(data).name)
        table = of_file[0]
    else:
        table = with_mapped_headers(_read(data, contract=next(iter(contracts))), mapping)
    if len(contracts) > 1:
        _raise_on_ambiguous_column(table, contracts)
    name = Path(data).name if isinstance(data, str | Path) else "the data"
    return SourceData(_mapped(dict.fromkeys(contracts, table), (), contracts, mapping), name=name)


def _mapped(
    tables: dict[str, SourceTable],
    unused: Iterable[SourceTable],
    contracts: Mapping[str, Contract],
    mapping: ColumnMapping,
) -> dict[str, SourceTable]:
    """Return tables read by the answers of a mapping, with a note on it."""
    if not mapping.sha256 or not tables:
        return tables
    if mapping.academic_year:
        tables = with_academic_year(tables, contracts, mapping.academic_year)
    tables = with_mapped_codes(tables, contracts, mapping)
    headers = {str(header) for table in (*tables.values(), *unused) for header in table.frame.columns}
    lost = unused_answers(mapping, tables, contracts, headers)
    first = next(iter(tables))
    notes = (f"{MAPPING_FILE} (SHA-256 {mapping.sha256[:16]}) says how to read the files.", *lost)
    noted = {id(table): table for table in tables.values()}
    noted[id(tables[first])] = replace(tables[first], notes=(*notes, *tables[first].notes))
    return {name: noted[id(table)] for name, table in tables.items()}


def _tables_of(
    folder: Path, contracts: Mapping[str, Contract], mapping: ColumnMapping
) -> tuple[dict[str, SourceTable], tuple[SourceTable, ...]]:
    """Return the table of each contract in a folder, by file name or else by its headers, and the tables of none."""
    files = {name: file for name in contracts if (file := _file_of(name, folder))}
    tables = {name: with_mapped_headers(_read(file, contract=name), mapping) for name, file in files.items()}
    unused: tuple[SourceTable, ...] = ()
    if without_file := {name: contract for name, contract in contracts.items() if name not in files}:
        others = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in TABLE_SUFFIXES and path.is_file()]
        read, notes = read_other_files((path for path in others if path not in files.values()), without_file)
        found, unused = recognise([with_mapped_headers(table, mapping) for table in read], without_file, notes)
        tables |= found
    return {name: tables[name] for name in contracts if name in tables}, unused


def _file_of(contract: str, folder: Path) -> Path | None:
    """Return the one file of a contract in a folder, or None."""
    stem = contract.rpartition("/")[2]
    files = [path for suffix in SUFFIXES if (path := folder / f"{stem}{suffix}").exists()]
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise DataError(
            f"There is more than one file for {contract}: {names}.", remedy="Leave one of them in the folder."
        )
    return files[0] if files else None


def _read(part: object, *, contract: str | None = None) -> SourceTable:
    """Return a file, pandas frame or Arrow table as a table; ``contract`` says which, where a file has several."""
    if isinstance(part, str | Path):
        reading = read_table(Path(part), contract=contract)
        return SourceTable(reading.frame, reading.file, tuple(reading.notes), reading.sha256)
    if isinstance(part, pd.DataFrame):
        # copy on write: what its owner changes later is not seen here
        return SourceTable(part.copy(deep=False), "the frame")
    if hasattr(part, "to_pandas"):
        return SourceTable(part.to_pandas(), "the Arrow table")
    raise UsageError(
        f"Data cannot be read from a {type(part).__name__}.",
        remedy="Give a path, a pandas frame, an Arrow table, or a mapping of contract to one of these.",
    )


def _raise_on_ambiguous_column(table: SourceTable, contracts: Mapping[str, Contract]) -> None:
    """Raise where a table of several contracts has a column that two of them declare as the status of an outcome."""
    for header in map(str, table.frame.columns):
        columns = {name: contract.columns.get(header) for name, contract in contracts.items()}
        names = [name for name, column in columns.items() if column and column.outcome_status]
        if len(names) > 1:
            files = ", ".join(f"{name.rpartition('/')[2]}.csv" for name in names)
            raise DataError(
                f"The column could be that of {' or of '.join(names)}.",
                file=table.file,
                column=header,
                remedy=f"Give a folder with one file per contract, for example {files}.",
            )
