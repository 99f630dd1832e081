"""The files of a table as pieces that are read one by one: row groups of Parquet, or whole files of another kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from send_screen.batches._step import ROW
from send_screen.documents import file_name
from send_screen.errors import DataError, ReadError, SendScreenError, UsageError
from send_screen.readers import TABLE_SUFFIXES, read_table
from send_screen.readers._parquet import check_schema
from send_screen.readers._parquet_footer import MAX_FOOTER

BATCH_ROWS = 262_144
_PIECE_ROWS = 524_288  # row groups are read together up to so many rows
_PARQUET = ".parquet"


@dataclass(frozen=True)
class Piece:
    """Some rows of a table, which are screened together."""

    number: int
    file: str
    """Name of the file they are from, for messages."""
    path: Path
    groups: tuple[int, ...]
    first_row: int
    """Number of the first row, as a spreadsheet counts, with the offset of its file."""
    n_rows: int

    def batches(self, columns: Sequence[str], *, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield the rows with some columns, in that order, and their numbers in ``ROW``; raise ReadError if damaged."""
        at = self.first_row
        try:
            with pq.ParquetFile(self.path) as parquet:
                numbered = ROW in parquet.schema_arrow.names
                wanted = [*columns, *([ROW] if numbered else [])]
                for batch in parquet.iter_batches(
                    rows, row_groups=list(self.groups), columns=wanted, use_threads=False
                ):
                    arrays = [batch.column(batch.schema.get_field_index(name)) for name in columns]
                    number = batch.column(batch.schema.get_field_index(ROW)) if numbered else np.arange(batch.num_rows)
                    offset = self.first_row if numbered else at
                    numbers = pa.array(np.asarray(number) + offset)
                    at += batch.num_rows
                    yield pa.RecordBatch.from_arrays([*arrays, numbers], names=[*columns, ROW])
        except (pa.ArrowException, OSError, ValueError) as error:
            raise ReadError(
                "The Parquet file is damaged or not complete.", file=self.file, remedy="Write it again."
            ) from error


@dataclass(frozen=True)
class Pieces:
    """The pieces of a table."""

    pieces: tuple[Piece, ...]
    headers: tuple[str, ...]
    files: tuple[str, ...]
    sha256: str
    set_aside: tuple[str, ...]
    """Files that cannot be read, and why."""
    notes: tuple[str, ...]


def find_pieces(data: Path, *, copies: Path) -> Pieces:
    """Return the pieces of a file, or of a folder of files with the same columns.

    Files of another kind than Parquet are read whole, and copied as Parquet into ``copies``.
    """
    if not data.exists():
        raise ReadError("There is no such file.", file=file_name(data), remedy="Check the name and the folder.")
    paths = [data]
    if data.is_dir():
        paths = sorted(path for path in data.iterdir() if path.suffix.lower() in TABLE_SUFFIXES)
    if not paths:
        raise DataError("The folder holds no file with a table.", file=file_name(data), remedy="Name another folder.")
    opened: list[tuple[str, Path, pa.Schema, list[int]]] = []
    set_aside, notes, hashes = [], [], []
    for number, path in enumerate(paths):
        name = file_name(path)
        try:
            parquet, file_notes = _as_parquet(path, copies / f"{number:06}{_PARQUET}")
            with pq.ParquetFile(parquet) as file:
                if parquet == path:
                    check_schema(file.schema_arrow, _end_of(path), name)
                    _require_no_numbers(file.schema_arrow, name)
                groups = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
                opened.append((name, parquet, file.schema_arrow, groups))
            notes += [f"{name}: {note}" if len(paths) > 1 else note for note in file_notes]
            hashes.append(f"{_sha256(path)}  {name}\n")
        except (SendScreenError, pa.ArrowException, OSError, ValueError) as error:
            if len(paths) == 1 and isinstance(error, SendScreenError):
                raise
            told = str(error) if isinstance(error, SendScreenError) else f"{name}: it is damaged, or cannot be read."
            set_aside.append(told)
    if opened and not any(sum(groups) for *_, groups in opened):
        raise ReadError("The file has headers and no rows.", file=file_name(data), remedy="Export it again with rows.")
    if not opened:
        raise DataError("None of the files can be read:\n" + "\n".join(set_aside), file=file_name(data))
    headers = tuple(name for name in opened[0][2].names if name != ROW)
    most = max(sum(groups) for *_, groups in opened) + 1
    offset = 10 ** len(str(most)) if len(opened) > 1 else 0
    pieces: list[Piece] = []
    for number, (name, parquet, schema, groups) in enumerate(opened):
        if set(schema.names) - {ROW} != set(headers):
            raise UsageError(
                f"{name} has other columns than {opened[0][0]}, so they are not pieces of one table.",
                remedy="Put files with the same columns into the folder, or leave out --engine.",
            )
        pieces += _pieces_of(len(pieces), name, parquet, groups, number * offset, numbered=ROW in schema.names)
    sha256 = hashes[0][:64] if len(hashes) == 1 else hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()
    return Pieces(tuple(pieces), headers, tuple(name for name, *_ in opened), sha256, tuple(set_aside), tuple(notes))


def _pieces_of(
    number: int, name: str, path: Path, groups: list[int], offset: int, *, numbered: bool
) -> Iterator[Piece]:
    """Yield the pieces of a file, from ``number`` on: row groups, together up to ``_PIECE_ROWS`` rows."""
    together: list[int] = []
    first = at = 0
    for group, n in enumerate([*groups, 0]):
        if together and (group == len(groups) or at + n - first > _PIECE_ROWS):
            yield Piece(number, name, path, tuple(together), offset if numbered else offset + 2 + first, at - first)
            together, first, number = [], at, number + 1
        together.append(group)
        at += n


def _as_parquet(path: Path, copy: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the Parquet file of a table and how it was read: itself, or a copy with the numbers of its rows."""
    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            return path, ()
    reading = read_table(path)
    rows = pd.Series(reading.frame.index, index=reading.frame.index)
    table = pa.Table.from_pandas(reading.frame.astype(object).assign(**{ROW: rows}), preserve_index=False)
    copy.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, copy, row_group_size=BATCH_ROWS, compression="zstd")
    return copy, reading.notes


def _require_no_numbers(schema: pa.Schema, file: str) -> None:
    """Raise for a column with the name that the numbers of rows have in a copy."""
    if ROW in schema.names:
        raise ReadError(f"The name {ROW} is this library's own.", file=file, column=ROW, remedy="Rename the column.")


def _end_of(path: Path) -> bytes:
    """Return the last bytes of a file, as many as a footer may have."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - MAX_FOOTER))
        return file.read()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
