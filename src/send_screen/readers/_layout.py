"""Where a sheet of text has its header, and its cells as a frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

# A header is looked for in so many rows; a title above it fills at most half of the columns.
_TOP = 20


@dataclass(frozen=True)
class Layout:
    """A sheet of text, taken apart.

    Attributes
    ----------
    header : list of str
        Empty where there is nothing at all.
    rows : list of list of str
        The rows below the header that have content.
    numbers : list of int
        Row numbers of ``rows``.
    titles : int
        Number of rows above the header that were passed over.
    row : int
        Row number of the header.
    """

    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    titles: int = 0
    row: int = 1


def split_header(records: Iterable[tuple[int, list[str]]]) -> Layout:
    """Tell header and rows apart, passing over blank rows and the titles that systems print above a table.

    The header is the first row with more than half as many filled cells as the fullest of the first twenty.

    Parameters
    ----------
    records : iterable of (int, list of str)
        Row numbers as a spreadsheet counts, and cells.

    Examples
    --------
    >>> split_header([(1, ["Class list", ""]), (2, ["", ""]), (3, ["UPN", "G01"]), (4, ["x", "1"])])
    Layout(header=['UPN', 'G01'], rows=[['x', '1']], numbers=[4], titles=1, row=3)
    """
    filled = [(number, cells) for number, cells in records if any(map(str.strip, cells))]
    counts = [sum(1 for cell in cells if cell.strip()) for _, cells in filled[:_TOP]]
    place = next((place for place, count in enumerate(counts) if 2 * count > max(counts)), 0)
    if not filled:
        return Layout([], [], [])
    number, cells = filled[place]
    below = filled[place + 1 :]
    return Layout(
        header=[cell.strip() for cell in cells],
        rows=[cells for _, cells in below],
        numbers=[number for number, _ in below],
        titles=place,
        row=number,
    )


def titles_note(titles: int) -> list[str]:
    """Return the note on rows above the header, in a list that is empty without any."""
    return [f"Rows above the header that were taken for a title: {titles}."] if titles else []


def as_frame(layout: Layout) -> pd.DataFrame:
    """Return text as ``object`` columns of str or None, indexed by row number.

    Rows are filled up with blanks to one width. A column without a header is named after its place if it has content,
    and left out otherwise.
    """
    width = max([len(layout.header), *map(len, layout.rows)])
    index = pd.Index(layout.numbers, dtype=np.int64, name="row")
    padded = [row if len(row) == width else [*row, *[""] * (width - len(row))] for row in layout.rows]
    data: dict[str, pd.Series] = {}
    headers = [*layout.header, *[""] * (width - len(layout.header))]
    for place, (name, column) in enumerate(zip(headers, zip(*padded, strict=True), strict=True), start=1):
        cells = np.empty(len(column), dtype=object)
        cells[:] = [cell or None for cell in column]
        if name or any(cell is not None for cell in cells):
            data[name or _name_of(place, headers)] = pd.Series(cells, index=index, dtype=object)
    return pd.DataFrame(data, index=index)


def _name_of(place: int, headers: list[str]) -> str:
    name = f"column {place}"
    return name if name not in headers else f"column {place} without a header"
