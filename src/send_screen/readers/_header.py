"""Find and check the header of a table of text cells, and return the rows below as a frame.

In a file without a header the first row holds a child's data, so messages quote only what looks like a header.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from send_screen.contracts._quote import date_shaped, header_like, identifier_shaped, quotable
from send_screen.errors import ReadError
from send_screen.readers._session_headers import session_of

_SEARCHED = 20  # first rows, in which the header is looked for; a title above it fills at most half of the columns
_COMPARED = 500  # rows that are compared with the header
_MIN_HEADERS = 6  # of a table in which a row of one or two cells may be a remark (total, footer, sub-heading)
_REMARK = re.compile(
    r"(grand |sub-?)?totals?\b|(number of|count|printed|generated|produced|exported|created|run|report|end of)\b"
    r"|page \d|(class|form|registration|reg) (group )?[:\w]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Layout:
    """The header and the rows of a table of text cells; row numbers are those that a spreadsheet displays."""

    header: list[str]  # empty where the sheet is empty
    rows: list[Sequence[str]]  # those below the header that have content
    numbers: list[int]  # of ``rows``
    titles: int = 0  # rows above the header that were skipped
    row: int = 1  # number of the header
    repeats: int = 0  # rows below that repeat the header, as on each page of a print
    remarks: int = 0  # rows below of a cell or two that are totals, footers or sub-headings

    @property
    def notes(self) -> list[str]:
        """The rows that were left out, as sentences."""
        counts = {
            "Rows above the header that were taken for a title": self.titles,
            "Rows that repeat the header and were left out": self.repeats,
            "Rows that were taken for totals, footers or sub-headings and left out": self.remarks,
        }
        return [f"{text}: {count}." for text, count in counts.items() if count]


def split_header(records: Iterable[tuple[int, Sequence[str]]]) -> Layout:
    """Separate header and rows; skip blank rows and the titles that systems print above a table.

    The header is the first row with more than half as many filled cells as the fullest of the first twenty.

    Examples
    --------
    >>> split_header([(1, ["Class list", ""]), (2, ["", ""]), (3, ["UPN", "E01"]), (4, ["x", "1"])])
    Layout(header=['UPN', 'E01'], rows=[['x', '1']], numbers=[4], titles=1, row=3, repeats=0, remarks=0)
    """
    filled = [(number, cells) for number, cells in records if any(map(str.strip, cells))]
    if not filled:
        return Layout([], [], [])
    counts = [sum(1 for cell in cells if cell.strip()) for _, cells in filled[:_SEARCHED]]
    titles = next(index for index, count in enumerate(counts) if 2 * count > max(counts))
    row, cells = filled[titles]
    header = [cell.strip() for cell in cells]
    below = filled[titles + 1 :]
    may_have_remarks = sum(map(bool, header)) >= _MIN_HEADERS
    rows, numbers, repeats = list[Sequence[str]](), list[int](), 0
    for number, cells in below:
        if _repeats(cells, header):
            repeats += 1
        elif not may_have_remarks or not _is_remark(cells):
            rows.append(cells)
            numbers.append(number)
    return Layout(header, rows, numbers, titles, row, repeats, len(below) - repeats - len(rows))


def _repeats(cells: Sequence[str], header: list[str]) -> bool:
    if len(cells) < len(header) or cells[0].strip() != header[0]:
        return False
    return [cell.strip() for cell in cells[: len(header)]] == header


def _is_remark(cells: Sequence[str]) -> bool:
    """Return whether a row of one or two cells says that it is a total, a footer or a sub-heading."""
    if len(cells) > 2 and cells[0].strip() and cells[1].strip() and cells[2].strip():
        return False
    filled = list(islice(filter(None, map(str.strip, cells)), 3))
    return len(filled) <= 2 and _REMARK.match(filled[0]) is not None and not any(map(identifier_shaped, filled))


def require_table(layout: Layout, file: str) -> None:
    """Raise if there is no header, or no row below it.

    A row is no header if two of its cells are equal, or most are values or are repeated in a row below.
    """
    check_headers(layout.header, file, row=layout.row)
    require_rows(len(layout.rows), file)
    if 2 * header_share(layout) < 1:
        raise _no_header(file, layout.row)


def require_rows(n: int, file: str) -> None:
    """Raise if there is no row below the header."""
    if n == 0:
        raise ReadError("The file has headers and no rows.", file=file, remedy="Export it again with the rows in it.")


def check_headers(headers: Sequence[str], file: str, *, row: int | None = None) -> None:
    """Raise if two columns have the same header, no column has one, or the headers are values."""
    named = [header for header in headers if header]
    if not named:
        raise ReadError("The first row has no headers.", file=file, remedy="Put the names of the columns into row 1.")
    values = sum(not _is_name(header) for header in named)
    if any(identifier_shaped(header) or date_shaped(header) for header in named) or 2 * values > len(named):
        raise _no_header(file, row)
    duplicates = [header for header, count in Counter(named).items() if count > 1]
    if duplicates:
        raise ReadError(
            f"There is more than one column with the header {', '.join(sorted(set(map(quotable, duplicates))))}.",
            file=file,
            row=row,
            column=duplicates[0] if header_like(duplicates[0]) else None,
            remedy="Delete or rename all but one of them.",
        )


def check_row_widths(layout: Layout, file: str, *, remedy: str) -> None:
    """Raise where a row has content to the right of the last header: all its cells may be one column off."""
    width = len(layout.header)
    for row, number in zip(layout.rows, layout.numbers, strict=True):
        if len(row) > width and any(map(str.strip, row[width:])):
            raise ReadError(
                f"The row has {len(row)} cells and the header {width}.", file=file, row=number, remedy=remedy
            )


def header_share(layout: Layout) -> float:
    """Return the share of the header's cells that look like headers and are not repeated in a row below.

    Rows that repeat the whole header, as systems print on each page, are not counted.
    """
    header = [cell.casefold() for cell in layout.header]
    below: list[set[str]] = [set() for _ in header]
    for row in layout.rows[:_COMPARED]:
        cells = [cell.strip().casefold() for cell in row]
        if cells[: len(header)] != header:
            for seen, cell in zip(below, cells, strict=False):
                seen.add(cell)
    named = [_is_name(cell) and cell not in seen for cell, seen in zip(header, below, strict=True) if cell]
    return sum(named) / len(named) if named else 0.0


def _is_name(cell: str) -> bool:
    return header_like(cell) or session_of(cell) is not None


def _no_header(file: str, row: int | None) -> ReadError:
    return ReadError(
        "This row does not look like a header: it holds values." if row else "The headers are values, not names.",
        file=file,
        row=row,
        remedy="Put the names of the columns (such as UPN) into the first row, and delete columns that are dates.",
    )


def as_frame(layout: Layout) -> pd.DataFrame:
    """Return text as ``object`` columns of str or None, indexed by row number.

    Rows are padded with blanks to the width of the header. A column without a header is named after its position if it
    has content, and left out otherwise.
    """
    headers, width = layout.header, len(layout.header)
    rows = (cells if len(cells) == width else [*cells[:width], *[""] * (width - len(cells))] for cells in layout.rows)
    columns = [np.array([cell or None for cell in column], dtype=object) for column in zip(*rows, strict=True)]
    named = {
        header or _name_of(index, headers): column
        for index, (header, column) in enumerate(zip(headers, columns, strict=True))
        if header or any(column)
    }
    return pd.DataFrame(named, index=pd.Index(layout.numbers, dtype=np.int64, name="row"), dtype=object)


def _name_of(index: int, headers: list[str]) -> str:
    name = f"column {index + 1}"
    return name if name not in headers else f"{name} without a header"
