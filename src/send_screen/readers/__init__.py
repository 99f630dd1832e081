"""Read CSV, XLSX and Parquet files into frames, without losing a row.

:func:`read_table` detects encoding, delimiter and sheet, and reports them. Cells of text formats stay text, so that
leading zeros are kept; the contract defines what they mean.
"""

from send_screen.readers._read import TABLE_SUFFIXES, read_table, read_tables
from send_screen.readers._reading import Reading

__all__ = ["read_table", "read_tables", "Reading", "TABLE_SUFFIXES"]
