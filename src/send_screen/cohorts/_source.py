"""The tables that a cohort is built from: each file's bytes are read once, hashed and parsed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from send_screen.contracts import Contract
from send_screen.errors import DataError, UsageError
from send_screen.readers import read_table

SUFFIXES = (".csv", ".xlsx", ".parquet")


@dataclass(frozen=True)
class SourceTable:
    """One table as it was read.

    Attributes
    ----------
    frame : pandas.DataFrame, shape (n, any)
    file : str
        Its name in messages.
    notes : tuple of str
        How it was understood.
    file_sha256 : str
        Of the bytes that were parsed; empty of what came as a frame.
    """

    frame: pd.DataFrame
    file: str
    notes: tuple[str, ...] = ()
    file_sha256: str = ""

    @property
    def sha256(self) -> str:
        """The hash of the file that was parsed, or of the rows of a frame."""
        if self.file_sha256:
            return self.file_sha256
        digest = hashlib.sha256("\t".join(map(str, self.frame.columns)).encode())
        digest.update(pd.util.hash_pandas_object(self.frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class SourceData:
    """The tables of a cohort, each read once.

    Attributes
    ----------
    tables : dict of str to SourceTable
        By contract; contracts that share one table have the same one.
    name : str
        Of the file or folder, for messages.
    folder : pathlib.Path or None
        Where the tables were files of a folder.
    by_contract : bool
        Whether they were given contract by contract.
    """

    tables: dict[str, SourceTable]
    name: str = "the data"
    folder: Path | None = None
    by_contract: bool = False

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
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_source(data: object, contracts: Mapping[str, Contract]) -> SourceData:
    """Read the data of a cohort once.

    Parameters
    ----------
    data : str, pathlib.Path, pandas.DataFrame, pyarrow.Table, or mapping of contract id to one of these
        See :func:`send_screen.cohorts.load_cohort`.
    contracts : mapping of contract id to Contract
        Those to look for: in a folder, ``eyfsp.csv`` for ``education/eyfsp``.

    Returns
    -------
    SourceData

    Raises
    ------
    DataError, ReadError
        If a file cannot be used.
    UsageError
        If data cannot be read from what was given.

    Examples
    --------
    >>> from send_screen.contracts import load_contract
    >>> from send_screen.simulation import simulate_england
    >>> england = simulate_england(children=600, schools=20, seed=0)
    >>> source = read_source({"education/eyfsp": england.eyfsp}, {"education/eyfsp": load_contract("education/eyfsp")})
    >>> type(source).__name__
    'SourceData'
    """
    if isinstance(data, Mapping):
        unknown = sorted(set(data) - set(contracts))
        if unknown:
            raise UsageError(f"No contract of this spec is called {', '.join(map(repr, unknown))}.")
        frames: dict[int, SourceTable] = {}
        tables = {}
        for name, part in data.items():
            table = frames.get(id(part)) or _read(part)
            if isinstance(part, pd.DataFrame):
                frames[id(part)] = table  # one frame for several contracts is one table
            tables[name] = table
        return SourceData(tables, by_contract=True)
    if isinstance(data, str | Path) and Path(data).is_dir():
        files = {name: _file_of(name, Path(data)) for name in contracts}
        return SourceData(
            {name: _read(file) for name, file in files.items() if file}, name=Path(data).name, folder=Path(data)
        )
    table = _read(data)
    if len(contracts) > 1:
        _refuse_ambiguous(table, contracts)
    name = Path(data).name if isinstance(data, str | Path) else "the data"
    return SourceData(dict.fromkeys(contracts, table), name=name)


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


def _read(part: object) -> SourceTable:
    if isinstance(part, str | Path):
        reading = read_table(Path(part))
        return SourceTable(reading.frame, reading.file, tuple(reading.notes), reading.sha256)
    if isinstance(part, pd.DataFrame):
        # copied where its owner writes to it: what is changed later is not seen here
        return SourceTable(part.copy(deep=False), "the frame")
    if hasattr(part, "to_pandas"):
        return SourceTable(part.to_pandas(), "the Arrow table")
    raise UsageError(
        f"Data cannot be read from a {type(part).__name__}.",
        remedy="Give a path, a pandas frame, an Arrow table, or a mapping of contract to one of these.",
    )


def _refuse_ambiguous(table: SourceTable, contracts: Mapping[str, Contract]) -> None:
    """Refuse one file for two contracts that have a needed column of the same name and different meaning."""
    owners: dict[str, list[str]] = {}
    for name, contract in contracts.items():
        for column in contract.columns.values():
            if column.outcome_status:
                owners.setdefault(column.name, []).append(name)
    for column_name, names in owners.items():
        if len(names) > 1 and column_name in table.frame.columns:
            raise DataError(
                f"The column could be that of {' or of '.join(names)}.",
                file=table.file,
                column=column_name,
                remedy="Give a folder with one file a contract, for example "
                + ", ".join(f"{name.rpartition('/')[2]}.csv" for name in names)
                + ".",
            )
