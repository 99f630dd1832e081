"""What reading a file found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from send_screen.errors import ReadError

if TYPE_CHECKING:
    import pandas as pd

FIRST_ROW = 2  # the header is row 1


@dataclass(frozen=True)
class Reading:
    """A file as a frame, and how it was understood.

    Attributes
    ----------
    frame : pandas.DataFrame, shape (n, p)
        ``object`` columns of str or None (CSV, XLSX), or the file's own types (Parquet). The index is the row number
        of the file as a spreadsheet counts it, so the first child below a header in row 1 is 2.
    file : str
        The file's name, without its folder.
    encoding, delimiter : str or None
        Of a CSV file.
    sheet : str or None
        Of a workbook.
    notes : tuple of str
        What was decided on the way, in words.
    """

    frame: pd.DataFrame
    file: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    notes: tuple[str, ...] = ()


def refuse_bad_headers(headers: Sequence[str], file: str) -> None:
    """Raise if two columns have the same header, or if no column has one.

    Raises
    ------
    ReadError
    """
    named = [header for header in headers if header]
    if not named:
        raise ReadError("The first row has no headers.", file=file, remedy="Put the names of the columns into row 1.")
    doubled = [header for header, count in Counter(named).items() if count > 1]
    if doubled:
        raise ReadError(
            f"There is more than one column with the header {', '.join(map(repr, doubled))}.",
            file=file,
            row=1,
            column=doubled[0],
            remedy="Delete or rename all but one of them.",
        )


def refuse_no_rows(n: int, file: str) -> None:
    """Raise if there is nothing below the header.

    Raises
    ------
    ReadError
    """
    if n == 0:
        raise ReadError(
            "The file has headers and no rows.", file=file, remedy="Export it again with the children in it."
        )
