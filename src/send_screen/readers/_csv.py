"""Parse CSV as schools' systems and Excel write it: detect delimiter and header, and leave cells unchanged."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from send_screen.errors import ReadError
from send_screen.readers._census_header import census_record
from send_screen.readers._header import Layout, as_frame, check_row_widths, header_share, require_table, split_header
from send_screen.readers._reading import Reading
from send_screen.readers._size_limits import (
    MAX_CELL_LENGTH,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    check_size,
    raise_long_cell,
)
from send_screen.readers._text import InvisibleCharacters, encoding_of

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE_RECORDS = 20
_SAMPLE_LENGTH = 100_000  # characters, below the cell limit of the csv module
_UNCLOSED_REMEDY = "Most often a quotation mark is not closed: look at those from that row on."
_MAX_PIECE = 1_000_000  # characters
_MIN_SHARE_IN_CELL = 0.8  # of the delimiters of a row, for a cell to be taken for several rows
_BASE_WEIGHT = 0.01  # added to the share of headers, so that files without headers have a delimiter too


def read_csv(content: io.BytesIO, file: str) -> Reading:
    """Parse a CSV file; see :func:`send_screen.readers.read_table`."""
    data = content.getvalue()
    encoding = encoding_of(data, file)
    with _text(data, encoding) as text:
        delimiter, has_sep_line = _delimiter(InvisibleCharacters().clean(text.read(_SAMPLE_LENGTH)))
    invisible = InvisibleCharacters()
    records = _records(_lines(data, encoding, invisible), delimiter, has_sep_line, file)
    first = next(records, None)
    census = census_record(first[1]) if first else None
    layout = split_header(records if census or not first else chain([first], records))
    check_size(file, columns=len(layout.header), cells=len(layout.header) * len(layout.rows))
    if not layout.header:
        raise ReadError("The file is empty.", file=file, remedy="Export it again.")
    _check_open_quotes(layout, delimiter, file)
    check_row_widths(
        layout, file, remedy="Put cells that contain the delimiter into quotation marks, or give every column a header."
    )
    if census:
        census.require_names(layout, file)
    require_table(layout, file)
    frame, notes = as_frame(layout), list[str]()
    if census:
        frame, note = census.added_to(frame)
        notes.append(note)
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"The file was read as {encoding}.")
    if delimiter != ",":
        notes.append(f"The columns are separated by a {_DELIMITERS[delimiter]}.")
    notes += [*layout.notes, *invisible.notes()]
    return Reading(frame, file, encoding, delimiter, notes=tuple(notes))


def _text(data: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline="")


def _lines(data: bytes, encoding: str, invisible: InvisibleCharacters) -> Iterator[str]:
    """Yield the lines of a file with their line ends, long ones in pieces, without holding the whole text."""
    with _text(data, encoding) as text:
        while line := text.readline(_MAX_PIECE):
            yield invisible.clean(line)


def _delimiter(sample: str) -> tuple[str, bool]:
    """Return the delimiter, and whether Excel's ``sep=`` line names it.

    The delimiter is the one that most often splits records into the same number of cells, weighted by the share
    of the header's cells that look like headers: decimals and names may hold more commas than there are semicolons
    between columns. The default is a comma.
    """
    if sample[:4].lower() == "sep=" and sample[4:5] in _DELIMITERS:
        return sample[4], True

    def weight(mark: str) -> float:
        records = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=mark), _SAMPLE_RECORDS))
        widths = Counter(len(record) for record in records)
        n_splits = max((count * (width - 1) for width, count in widths.items()), default=0)
        return n_splits * (header_share(split_header(enumerate(records, start=1))) + _BASE_WEIGHT)

    return max(_DELIMITERS, key=weight), False


def _records(
    lines: Iterator[str], delimiter: str, has_sep_line: bool, file: str
) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield each record and its row number in a spreadsheet; Excel's ``sep=`` line is left out."""
    number = cells = 0
    try:
        for number, record in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), start=1):
            cells += len(record)
            if number > MAX_ROWS or len(record) > MAX_COLUMNS or cells > MAX_CELLS:
                check_size(file, rows=number, columns=len(record), cells=cells)
            if max(map(len, record), default=0) > MAX_CELL_LENGTH:
                raise_long_cell(file, row=number, remedy=_UNCLOSED_REMEDY)
            if number > has_sep_line:  # Excel does not display that line, so its first row is the next one
                yield number - has_sep_line, tuple(record)  # the garbage collector passes over tuples of texts
    except csv.Error as error:
        if "field limit" in str(error):
            raise_long_cell(file, row=number + 1, remedy=_UNCLOSED_REMEDY)
        raise ReadError(
            "A row cannot be split into columns; most often a quotation mark is not closed.",
            file=file,
            row=number + 1,
            remedy="Look at the quotation marks from that row on, or save the file again from Excel.",
        ) from error


def _check_open_quotes(layout: Layout, delimiter: str, file: str) -> None:
    """Raise where a cell with line breaks holds as many delimiters as a row: stray quotation marks joined rows in it.

    The row has the usual width only if both marks are in the same column, so they enclose the delimiters of a whole
    row. A comma followed by a space, as in prose, is not counted.
    """
    separator = re.compile(re.escape(delimiter) + ("(?! )" if delimiter == "," else ""))
    min_delimiters = max(1, _MIN_SHARE_IN_CELL * (len(layout.header) - 1))
    for cells, number in [(layout.header, layout.row), *zip(layout.rows, layout.numbers, strict=True)]:
        whole = "".join(cells)
        for cell in cells if "\n" in whole or "\r" in whole else ():
            if ("\n" in cell or "\r" in cell) and len(separator.findall(cell)) >= min_delimiters:
                raise ReadError(
                    "A cell of this row holds other rows, since quotation marks stand where they should not.",
                    file=file,
                    row=number,
                    remedy="Take the quotation marks out of that row and of the rows below it, or export again.",
                )
