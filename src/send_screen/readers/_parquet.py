"""Parquet files, with their own types."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd

from send_screen.contracts._quote import quotable
from send_screen.errors import ReadError
from send_screen.readers._header import refuse_bad_headers, refuse_no_rows
from send_screen.readers._reading import Reading
from send_screen.readers._text import InvisibleCharacters

if TYPE_CHECKING:
    import pyarrow as pa


def read_parquet(content: io.BytesIO, name: str) -> Reading:
    """Parse a Parquet file; see :func:`send_screen.readers.read_table`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with content, pq.ParquetFile(content) as parquet:  # closed at once: the bytes are not held beside the table
            refuse_bad_headers(parquet.schema_arrow.names, name)
            _refuse_nested(parquet.schema_arrow, name)
            table = _bytes_as_text(parquet.read())
        table.validate(full=True)  # damage inside a page is not seen by reading
        refuse_no_rows(table.num_rows, name)
        # An index that pandas stored among the columns is a column like any other; its metadata would hide it.
        frame = table.replace_schema_metadata(None).to_pandas(date_as_object=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ReadError("The Parquet file is damaged or not complete.", file=name, remedy="Write it again.") from error
    invisible = InvisibleCharacters()
    for place, dtype in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
            cleaned = frame.iloc[:, place].map(lambda cell: invisible.clean(cell) if isinstance(cell, str) else cell)
            frame.isetitem(place, cleaned)
    frame.index = pd.RangeIndex(2, 2 + len(frame), name="row")  # the header is row 1
    return Reading(frame, name, notes=tuple(invisible.notes()))


def _refuse_nested(schema: pa.Schema, file: str) -> None:
    import pyarrow as pa

    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    if nested:
        raise ReadError(
            f"A cell can hold several values in the column(s) {', '.join(map(quotable, nested))}.",
            file=file,
            remedy="Write one value a cell, or leave these columns out.",
        )


def _bytes_as_text(table: pa.Table) -> pa.Table:
    """Return the table with bytes as text: writers that do not say which of the two they mean mean text."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.large_string()))
    return table
