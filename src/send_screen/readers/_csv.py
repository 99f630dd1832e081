"""CSV as schools' systems and Excel write it: delimiter and header are found, no cell is changed."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice

from send_screen.errors import ReadError
from send_screen.readers._header import Layout, as_frame, names_share, refuse_no_table, split_header
from send_screen.readers._reading import Reading
from send_screen.readers._text import InvisibleCharacters, decode

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_TOP = 20  # records
_SAMPLE = 200_000  # characters
_SWALLOWED_SHARE = 0.8
_NO_NAMES = 0.01  # a file without headers has delimiters all the same


def read_csv(content: io.BytesIO, file: str) -> Reading:
    """Parse a CSV file; see :func:`send_screen.readers.read_table`."""
    with content:  # closed at once: the bytes are not held beside the text
        text, encoding = decode(content.getvalue(), file)
    invisible = InvisibleCharacters()
    text = invisible.clean(text)
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # an unclosed quotation mark makes one long cell
    delimiter, hinted = _delimiter(text)
    layout = split_header(_records(text, delimiter, hinted, file))
    if not layout.header:
        raise ReadError("The file is empty.", file=file, remedy="Export it again.")
    _refuse_swallowed_rows(layout, delimiter, file)
    _refuse_wide_rows(layout, file)
    refuse_no_table(layout, file)
    notes = []
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"The file was read as {encoding}.")
    if delimiter != ",":
        notes.append(f"The columns are separated by a {_DELIMITERS[delimiter]}.")
    notes += [*layout.notes, *invisible.notes()]
    return Reading(as_frame(layout), file, encoding, delimiter, None, tuple(notes))


def _delimiter(text: str) -> tuple[str, bool]:
    """Return the delimiter, and whether Excel's ``sep=`` line names it.

    The one that splits most often, in as many records as possible into the same number of cells, and so that the
    header's cells look like headers: there may be more commas in decimals or names than semicolons between columns.
    A comma where nothing separates.
    """
    sample = text[:_SAMPLE]
    if sample[:4].lower() == "sep=" and sample[4:5] in _DELIMITERS:
        return sample[4], True

    def weight(mark: str) -> float:
        records = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=mark), _TOP))
        widths = Counter(len(record) for record in records)
        cuts = max((count * (width - 1) for width, count in widths.items()), default=0)
        return cuts * (names_share(split_header(enumerate(records, start=1))) + _NO_NAMES)

    return max(_DELIMITERS, key=weight), False


def _records(text: str, delimiter: str, hinted: bool, file: str) -> list[tuple[int, list[str]]]:
    """Return each record and its number as a spreadsheet counts: a cell may hold line breaks. The hint is no record."""
    records: list[tuple[int, list[str]]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            records.append((len(records) + 1, record))
    except csv.Error as error:
        raise ReadError(
            "A row cannot be split into columns; most often a quotation mark is not closed.",
            file=file,
            row=len(records) + 1,
            remedy="Look at the quotation marks from that row on, or save the file again from Excel.",
        ) from error
    # Excel does not show the hint, so its first row is the one below.
    return [(number - 1, record) for number, record in records[1:]] if hinted else records


def _refuse_swallowed_rows(layout: Layout, delimiter: str, file: str) -> None:
    """Raise where a cell with line breaks holds as many delimiters as a row: two stray marks made one cell of rows.

    The marks stand in the same column, else the rows would not be as wide as the others; so a whole row's delimiters
    are between them. After a comma in prose comes a space.
    """
    between = re.compile(re.escape(delimiter) + ("(?! )" if delimiter == "," else ""))
    fewest = max(1, _SWALLOWED_SHARE * (len(layout.header) - 1))
    for cells, number in [(layout.header, layout.row), *zip(layout.rows, layout.numbers, strict=True)]:
        for cell in cells:
            if ("\n" in cell or "\r" in cell) and len(between.findall(cell)) >= fewest:
                raise ReadError(
                    "A cell of this row holds other rows, since quotation marks stand where they should not.",
                    file=file,
                    row=number,
                    remedy="Take the quotation marks out of that row and of the rows below it, or export again.",
                )


def _refuse_wide_rows(layout: Layout, file: str) -> None:
    """Raise where a row says something to the right of the last header: its cells may all be one column off."""
    width = len(layout.header)
    for row, number in zip(layout.rows, layout.numbers, strict=True):
        if len(row) > width and any(map(str.strip, row[width:])):
            raise ReadError(
                f"The row has {len(row)} cells and the header {width}.",
                file=file,
                row=number,
                remedy="Put cells that contain the delimiter into quotation marks, or give every column a header.",
            )
