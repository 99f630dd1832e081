"""Where a sheet of text has its header, and its cells as a frame."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

# A header is looked for in so many rows; a title above it fills at most half of the columns.
_TOP = 20


def split_header(records: Iterable[tuple[int, list[str]]]) -> tuple[list[str], list[list[str]], list[int], int]:
    """Tell header and rows apart, passing over blank rows and the titles that systems print above a table.

    The header is the first row with more than half as many filled cells as the fullest of the first twenty.

    Parameters
    ----------
    records : iterable of (int, list of str)
        Row numbers as a spreadsheet counts, and cells.

    Returns
    -------
    header : list of str
        Empty where there is nothing at all.
    rows : list of list of str
    numbers : list of int
        Row numbers of ``rows``.
    titles : int
        Number of rows above the header that were passed over.

    Examples
    --------
    >>> split_header([(1, ["Class list", ""]), (2, ["", ""]), (3, ["UPN", "G01"]), (4, ["x", "1"])])
    (['UPN', 'G01'], [['x', '1']], [4], 1)
    """
    filled = [(number, cells) for number, cells in records if any(map(str.strip, cells))]
    counts = [sum(1 for cell in cells if cell.strip()) for _, cells in filled[:_TOP]]
    place = next((place for place, count in enumerate(counts) if 2 * count > max(counts)), 0)
    if not filled:
        return [], [], [], 0
    header = [cell.strip() for cell in filled[place][1]]
    below = filled[place + 1 :]
    return header, [cells for _, cells in below], [number for number, _ in below], place


def titles_note(titles: int) -> list[str]:
    """Return the note on rows above the header, in a list that is empty without any."""
    return [f"Rows above the header that were taken for a title: {titles}."] if titles else []


def as_frame(header: list[str], rows: list[list[str]], numbers: list[int]) -> pd.DataFrame:
    """Return text as ``object`` columns of str or None, indexed by row number.

    Rows are filled up with blanks to one width. A column without a header is named after its place if it has content,
    and left out otherwise.
    """
    width = max([len(header), *map(len, rows)])
    index = pd.Index(numbers, dtype=np.int64, name="row")
    padded = [row if len(row) == width else [*row, *[""] * (width - len(row))] for row in rows]
    data: dict[str, pd.Series] = {}
    headers = [*header, *[""] * (width - len(header))]
    for place, (name, column) in enumerate(zip(headers, zip(*padded, strict=True), strict=True), start=1):
        cells = np.empty(len(column), dtype=object)
        cells[:] = [cell or None for cell in column]
        if name or any(cell is not None for cell in cells):
            data[name or f"column {place}"] = pd.Series(cells, index=index, dtype=object)
    return pd.DataFrame(data, index=index)
