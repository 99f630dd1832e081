"""The result of reading a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Reading:
    """A file as a frame, and how it was read.

    Attributes
    ----------
    frame : pandas.DataFrame, shape (n, p)
        ``object`` columns of str or None (CSV, XLSX), or the file's own types (Parquet). The index is the row number
        of the file as a spreadsheet counts it, so the first child below a header in row 1 is 2. Where several sheets
        were read together, the row numbers of the second and later sheets have an offset that a note states.
    file : str
        The file's name, without its folder; characters that cannot be written are replaced.
    encoding, delimiter : str or None
        Of a CSV file.
    sheet : str or None
        Of a workbook; several names, separated by commas, where several sheets were read together.
    shown_sheet : str or None
        The name of the sheet as a message may quote it: a name that could be a child's is replaced by its number.
    contract : str or None
        The id of the contract whose columns the table has, where it was read by a format that comes with the library.
    of_columns : bool
        Whether it was made from columns of another table of the file, which is there too.
    notes : tuple of str
        How the file was interpreted, as sentences.
    sha256 : str
        Of the bytes that were parsed, as ``sha256sum`` gives it.
    """

    frame: pd.DataFrame
    file: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    shown_sheet: str | None = None
    contract: str | None = None
    of_columns: bool = False
    notes: tuple[str, ...] = ()
    sha256: str = ""
