"""Parquet files, with their own types."""

from __future__ import annotations

import io

import pandas as pd

from send_screen.contracts._quote import quotable
from send_screen.errors import ReadError
from send_screen.readers._header import refuse_bad_headers, refuse_no_rows
from send_screen.readers._reading import Reading
from send_screen.readers._text import InvisibleCharacters


def read_parquet(content: io.BytesIO, name: str) -> Reading:
    """Parse a Parquet file; see :func:`send_screen.readers.read_table`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with content, pq.ParquetFile(content) as parquet:  # closed at once: the bytes are not held beside the table
            schema = parquet.schema_arrow
            refuse_bad_headers(schema.names, name)
            _refuse_nested([field.name for field in schema if pa.types.is_nested(field.type)], name)
            # Writers that do not say whether they mean bytes or text mean text.
            is_bytes = [pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type) for field in schema]
            fields = [
                field.with_type(pa.large_string()) if binary else field
                for field, binary in zip(schema, is_bytes, strict=True)
            ]
            table = parquet.read().cast(pa.schema(fields))
        table.validate(full=True)  # damage inside a page is not seen by reading
        refuse_no_rows(table.num_rows, name)
        # An index that pandas stored among the columns is a column like any other; without metadata it is not hidden.
        frame = table.to_pandas(date_as_object=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ReadError("The Parquet file is damaged or not complete.", file=name, remedy="Write it again.") from error
    invisible = InvisibleCharacters()
    for place, dtype in enumerate(frame.dtypes):
        if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
            cleaned = frame.iloc[:, place].map(lambda cell: invisible.clean(cell) if isinstance(cell, str) else cell)
            frame.isetitem(place, cleaned)
    frame.index = pd.RangeIndex(2, 2 + len(frame), name="row")  # the header is row 1
    return Reading(frame, name, notes=tuple(invisible.notes()))


def _refuse_nested(columns: list[str], file: str) -> None:
    if columns:
        raise ReadError(
            f"A cell can hold several values in the column(s) {', '.join(map(quotable, columns))}.",
            file=file,
            remedy="Write one value a cell, or leave these columns out.",
        )
