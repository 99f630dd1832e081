"""Parquet files, with their own types."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from send_screen.errors import ReadError
from send_screen.readers._reading import FIRST_ROW, Reading, refuse_bad_headers, refuse_no_rows


def read_parquet(path: Path) -> Reading:
    """Read a Parquet file; see :func:`send_screen.readers.read_table`.

    Raises
    ------
    ReadError
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Given as a stream: a path would be searched for a partitioned folder, and keep the file locked on Windows.
        with path.open("rb") as file:
            table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        raise ReadError(
            "The Parquet file is damaged or not complete.", file=path.name, remedy="Write it again."
        ) from error
    refuse_bad_headers(table.column_names, path.name)
    refuse_no_rows(table.num_rows, path.name)
    # An index that pandas stored among the columns is a column like any other; its metadata would hide it.
    frame = table.replace_schema_metadata(None).to_pandas()
    frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame), name="row")
    return Reading(frame, path.name)
