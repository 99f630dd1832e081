"""What is no table of children, although it can be opened: told in one message that quotes no cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from send_screen.contracts import date_shaped, header_like, quotable, upn_shaped
from send_screen.errors import ReadError
from send_screen.readers._layout import Layout

_COMPARED = 500  # rows
_AS_TABLE = "Open it in the program that wrote it, and save the table of children as .csv or .xlsx."
# How files begin that are often called .csv or .xlsx and hold no table.
_BEGINNINGS = (
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"\s*<(!doctype|html|head|body|table|meta|!--)", re.IGNORECASE), "a web page"),
    (re.compile(rb"\s*<\?xml|\s*<[a-z]+[ >:]", re.IGNORECASE), "XML"),
    (re.compile(rb"\s*(\{\s*[\"}]|\[\s*[\[{\"\]\d-])"), "JSON"),
    (re.compile(rb"\{\\rtf"), "a text document"),
    (re.compile(rb"SQLite format 3"), "a database"),
    (re.compile(rb"\x1f\x8b|BZh|7z\xbc\xaf|Rar!|\xfd7zXZ"), "a compressed file"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture"),
    (re.compile(rb"\xb5\xe6\xae|MZ|\x7fELF"), "a program"),
)


def refuse_no_table(start: bytes, file: str) -> None:
    """Raise if a file begins as what is not a table, whatever its name says.

    Raises
    ------
    ReadError
    """
    start = start.removeprefix(b"\xef\xbb\xbf")
    for beginning, words in _BEGINNINGS:
        if beginning.match(start):
            raise ReadError(f"This is not a table but {words}.", file=file, remedy=_AS_TABLE)


def refuse_bad_headers(headers: Sequence[str], file: str, *, row: int | None = None) -> None:
    """Raise if two columns have the same header, if no column has one, or if they are values.

    Raises
    ------
    ReadError
    """
    named = [header for header in headers if header]
    if not named:
        raise ReadError("The first row has no headers.", file=file, remedy="Put the names of the columns into row 1.")
    values = sum(not header_like(header) for header in named)
    if any(upn_shaped(header) or date_shaped(header) for header in named) or 2 * values > len(named):
        raise _no_header(file, row)
    doubled = [header for header, count in Counter(named).items() if count > 1]
    if doubled:
        raise ReadError(
            f"There is more than one column with the header {', '.join(sorted(set(map(quotable, doubled))))}.",
            file=file,
            row=row,
            column=doubled[0] if header_like(doubled[0]) else None,
            remedy="Delete or rename all but one of them.",
        )


def refuse_children_as_header(layout: Layout, file: str) -> None:
    """Raise if the header is the first child: where most of its cells are values, or stand again in a row below.

    Raises
    ------
    ReadError
    """
    if 2 * names_share(layout) < 1:
        raise _no_header(file, layout.row)


def names_share(layout: Layout) -> float:
    """Return the share of the header's cells that look like headers and do not stand again in a row below.

    A whole header that a system repeats on each page is not meant.
    """
    header = [cell.casefold() for cell in layout.header]
    below: list[set[str]] = [set() for _ in header]
    for row in layout.rows[:_COMPARED]:
        cells = [cell.strip().casefold() for cell in row]
        if cells[: len(header)] != header:
            for seen, cell in zip(below, cells, strict=False):
                seen.add(cell)
    named = [header_like(cell) and cell not in seen for cell, seen in zip(header, below, strict=True) if cell]
    return sum(named) / len(named) if named else 0.0


def _no_header(file: str, row: int | None) -> ReadError:
    return ReadError(
        "This row does not look like a header: it holds values." if row else "The headers are values, not names.",
        file=file,
        row=row,
        remedy="Put the names of the columns (such as UPN) into the first row, and delete columns that are dates.",
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
