"""Files as frames: CSV, XLSX and Parquet, read without guessing away what is in them and without losing a row.

:func:`read_table` finds encoding, delimiter and sheet and says what it found. Cells of text formats stay text, so that
leading zeros are kept; what they mean is for the contract to say.
"""

from send_screen.readers._read import read_table
from send_screen.readers._reading import Reading

__all__ = ["read_table", "Reading"]
