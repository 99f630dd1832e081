"""Parse Parquet files, and keep their types."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any

import pandas as pd

from send_screen.contracts._quote import header_like, quotable
from send_screen.errors import ReadError
from send_screen.readers._header import check_headers, require_rows
from send_screen.readers._parquet_footer import DELTA_BYTE_ARRAY, encodings_of
from send_screen.readers._reading import Reading
from send_screen.readers._size_limits import MAX_BYTES, MAX_CELL_LENGTH, check_size, raise_long_cell, raise_too_large
from send_screen.readers._text import InvisibleCharacters

_BATCH_ROWS = 4_096  # read in small batches, since the unpacked size of texts is not known before


def read_parquet(content: io.BytesIO, name: str) -> Reading:
    """Parse a Parquet file; see :func:`send_screen.readers.read_table`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with content, pq.ParquetFile(content) as parquet:  # closed early, to free the bytes
            rows, columns = parquet.metadata.num_rows, parquet.metadata.num_columns
            check_size(name, rows=rows, columns=columns, cells=rows * columns)
            schema = parquet.schema_arrow
            check_schema(schema, content.getvalue(), name)
            # Columns of bytes are text, from writers that do not mark text.
            is_bytes = [pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type) for field in schema]
            fields = [
                field.with_type(pa.large_string()) if binary else field
                for field, binary in zip(schema, is_bytes, strict=True)
            ]
            table = pa.Table.from_batches(_batches(parquet, name), schema)
            try:
                table = table.cast(pa.schema(fields))
            except pa.ArrowInvalid:
                _require_text(table.select([index for index, binary in enumerate(is_bytes) if binary]), name)
                raise
        table.validate(full=True)  # reading does not find damage inside a page
        require_rows(table.num_rows, name)
        frame, notes = frame_of(table)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ReadError("The Parquet file is damaged or not complete.", file=name, remedy="Write it again.") from error
    frame.index = pd.RangeIndex(2, 2 + len(frame), name="row")  # the header is row 1
    return Reading(frame, name, notes=tuple(notes))


def check_schema(schema: Any, end: bytes, file: str) -> None:
    """Raise for columns that are not read, from the schema of a file and its last bytes, which hold the footer.

    Raises
    ------
    ReadError
        If headers are missing or repeated, or cells hold several values or text that can be far larger unpacked.
    ValueError
        If the footer is damaged.
    """
    import pyarrow as pa

    check_headers(schema.names, file)
    _check_no_nesting([field.name for field in schema if pa.types.is_nested(field.type)], file)
    _check_text_size(end, file)


def frame_of(table: Any) -> tuple[pd.DataFrame, list[str]]:
    """Return an Arrow table as a frame, and notes on invisible characters in its texts."""
    # An index that pandas stored becomes an ordinary column. Integers with blanks stay integers: float64 would
    # change identifiers of more than 15 digits.
    frame = table.to_pandas(date_as_object=True, integer_object_nulls=True)
    invisible = InvisibleCharacters()
    for index, dtype in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
            cells = [invisible.clean(cell) if isinstance(cell, str) else cell for cell in frame.iloc[:, index]]
            frame.isetitem(index, pd.Series(cells, index=frame.index, dtype=dtype))  # integers stay integers
    return frame, invisible.notes()


def _batches(parquet: Any, file: str) -> Iterator[Any]:
    """Yield the rows in batches; raise when they take more memory than a table may."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size = 0
    for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
        size += batch.nbytes
        if size > MAX_BYTES:
            raise_too_large(f"Unpacked, the cells have more than {MAX_BYTES / 1e6:,.0f} MB.", file)
        for column in batch.columns:
            values = column.dictionary if pa.types.is_dictionary(column.type) else column
            kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
            if (
                any(kind(values.type) for kind in kinds)
                and (pc.max(pc.binary_length(values)).as_py() or 0) > MAX_CELL_LENGTH
            ):
                raise_long_cell(file)
        yield batch


def _require_text(table: Any, file: str) -> None:
    """Raise at the first cell of a column of bytes that is no text."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        cells = itertools.chain.from_iterable(chunk.to_pylist() for chunk in column.chunks)
        for row, cell in enumerate(cells, start=2):
            try:
                (cell or b"").decode("utf-8")
            except UnicodeDecodeError:
                raise ReadError(
                    "A cell holds bytes that are no UTF-8 text.",
                    file=file,
                    row=row,
                    column=name if header_like(name) else None,
                    remedy="Write the column as text.",
                ) from None


def _check_no_nesting(columns: list[str], file: str) -> None:
    if columns:
        raise ReadError(
            f"A cell can hold several values in the column(s) {', '.join(map(quotable, columns))}.",
            file=file,
            remedy="Write one value per cell, or leave these columns out.",
        )


def _check_text_size(data: bytes, file: str) -> None:
    """Raise for text in delta encoding: unpacked, a page of it can be a million times as large."""
    if DELTA_BYTE_ARRAY in encodings_of(data):
        raise ReadError(
            "The text is in the encoding DELTA_BYTE_ARRAY, which is not read.",
            file=file,
            remedy="Write it again in the usual encoding, as pandas and Arrow do.",
        )
