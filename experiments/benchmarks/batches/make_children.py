"""Invented children of any number as a Parquet file: simulated ones, again and again under new identifiers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from send_screen.contracts._upn import LETTERS
from send_screen.simulation import simulate_england

_FIRST_SCHOOL = 100_000  # numbers of six digits


def base_children(n: int, seed: int) -> pa.Table:
    """Return simulated children with the census and the profile in one table, typed as a warehouse has them."""
    tables = simulate_england(children=n, schools=max(20, n // 50), seed=seed).tables
    profile = tables["education/eyfsp"].drop(columns="AcademicYear")
    table = tables["education/pupil_census"].merge(profile, on="UPN", how="left")
    table["DOB"] = pd.to_datetime(table["DOB"]).dt.date
    for name in ("SessionsPossible", "SessionsAbsent"):
        table[name] = pd.to_numeric(table[name]).astype("Int16")
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    coded = {"UPN", "School", "Surname", "Forename"}
    fields = [
        field.with_type(pa.dictionary(pa.int32(), pa.string()))
        if pa.types.is_large_string(field.type) | pa.types.is_string(field.type) and field.name not in coded
        else field.with_type(pa.string())
        if pa.types.is_large_string(field.type)
        else field
        for field in arrow.schema
    ]
    return arrow.cast(pa.schema(fields)).combine_chunks()


def upns(first: int, n: int) -> pa.Array:
    """Return UPNs of authority 000, which no child has, with the right check letter."""
    numbers = first + np.arange(n)
    digits = np.zeros((n, 12), dtype=np.int64)
    for place in range(11, 2, -1):
        digits[:, place], numbers = numbers % 10, numbers // 10
    letters = np.frombuffer(LETTERS.encode(), dtype=np.uint8)[digits @ np.arange(2, 14) % len(LETTERS)]
    texts = np.column_stack([letters, (digits + ord("0")).astype(np.uint8)])
    offsets = np.arange(0, 13 * n + 1, 13, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(texts.tobytes())])


def write_children(path: Path, n: int, *, base: pa.Table, per_school: int, row_group: int) -> None:
    """Write a file of ``n`` children."""
    with pq.ParquetWriter(path, base.schema, compression="snappy") as writer:
        for first in range(0, n, row_group):
            size = min(row_group, n - first)
            part = base.take(pa.array((first + np.arange(size)) % len(base)))
            school = pa.array((_FIRST_SCHOOL + (first + np.arange(size)) // per_school).astype(str))
            part = part.set_column(part.column_names.index("UPN"), "UPN", upns(first, size))
            part = part.set_column(part.column_names.index("School"), "School", school)
            writer.write_table(part.cast(base.schema), row_group_size=row_group)
