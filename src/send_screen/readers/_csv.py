"""CSV as schools' systems and Excel write it: encoding and delimiter are found, no cell is changed."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from itertools import islice
from pathlib import Path

from send_screen.errors import ReadError
from send_screen.readers._layout import as_frame, split_header, titles_note
from send_screen.readers._reading import Reading, refuse_bad_headers, refuse_no_rows

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_TOP = 20  # records
_SAMPLE = 200_000  # characters
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_csv(path: Path) -> Reading:
    """Read a CSV file; see :func:`send_screen.readers.read_table`.

    Raises
    ------
    ReadError
    """
    text, encoding = decode(path.read_bytes(), path.name)
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # an unclosed quotation mark makes one long cell
    delimiter, hinted = _delimiter(text)
    header, rows, numbers, titles = split_header(_records(text, delimiter, hinted, path.name))
    if not header:
        raise ReadError("The file is empty.", file=path.name, remedy="Export it again.")
    _refuse_wide_rows(header, rows, numbers, path.name)
    refuse_bad_headers(header, path.name)
    refuse_no_rows(len(rows), path.name)
    notes = []
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"The file was read as {encoding}.")
    if delimiter != ",":
        notes.append(f"The columns are separated by a {_NAMES[delimiter]}.")
    notes += titles_note(titles)
    return Reading(as_frame(header, rows, numbers), path.name, encoding, delimiter, None, tuple(notes))


def decode(data: bytes, file: str) -> tuple[str, str]:
    """Return the text of a file and its encoding.

    UTF-8 is strict: a file in another encoding practically never passes for it. UTF-16 without a byte-order mark shows
    by its zero bytes. What remains is cp1252, as Excel saves CSV in Britain.

    Raises
    ------
    ReadError
        If it is none of these.
    """
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    if encoding is None and b"\x00" in data[:1000]:
        encoding = "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"
    for candidate in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = data.decode(candidate)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, candidate
    raise ReadError(
        "The file is not text in UTF-8, UTF-16 or the Windows encoding.",
        file=file,
        remedy="Open it in Excel and save it as 'CSV UTF-8'.",
    )


def _delimiter(text: str) -> tuple[str, bool]:
    """Return the delimiter, and whether Excel's ``sep=`` line names it.

    The one that splits most of the first records into the same number of cells, and of these the one with most cells.
    A comma where nothing separates.
    """
    sample = text[:_SAMPLE]
    if sample[:4].lower() == "sep=" and sample[4:5] in _DELIMITERS:
        return sample[4], True

    def evenness(mark: str) -> tuple[int, int]:
        records = csv.reader(io.StringIO(sample, newline=""), delimiter=mark)
        widths = Counter(len(record) for record in islice(records, _TOP) if len(record) > 1)
        return max(((count, width) for width, count in widths.items()), default=(0, 0))

    return max(_DELIMITERS, key=evenness), False


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


def _refuse_wide_rows(header: list[str], rows: list[list[str]], numbers: list[int], file: str) -> None:
    """Raise where a row says something to the right of the last header: its cells may all be one column off."""
    for row, number in zip(rows, numbers, strict=True):
        if len(row) > len(header) and any(map(str.strip, row[len(header) :])):
            raise ReadError(
                f"The row has {len(row)} cells and the header {len(header)}.",
                file=file,
                row=number,
                remedy="Put cells that contain the delimiter into quotation marks, or give every column a header.",
            )
