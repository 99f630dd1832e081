"""Limits on the size of a table, and a check of workbooks against them before they are parsed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import NoReturn
from xml.parsers import expat

from send_screen.errors import ReadError

MAX_BYTES = 500_000_000  # of a file, of a workbook unpacked, and of the text in a table
MAX_CELLS = 30_000_000
MAX_ROWS = 2_000_000  # England's year groups have 600,000 children
MAX_COLUMNS = 16_384  # as Excel has
MAX_CELL_LENGTH = 32_767  # characters, as Excel has

_MAX_PARTS = 5_000
_MAX_ELEMENTS = 20_000_000  # or records, of a workbook; a cell has two or three
_MAX_OTHER_ELEMENTS = 1_000_000  # that are no rows, cells or texts
CHUNK = 1_000_000  # bytes; each has a new element or record in it
_SAVE_AS_CSV = "Save the sheet with the table as CSV."
# Parts without cells, which may be long: pivot tables, queries, macros, printers' settings.
_UNREAD = re.compile(
    r"(docprops|customxml|xl/(activex|charts|ctrlprops|diagrams|drawings|embeddings|externallinks|model|pivotcache"
    r"|pivottables|printersettings|querytables|slicer\w*|tables|theme|threadedcomments|timeline\w*))/"
    r"|xl/(vbaproject|calcchain)\."
)
_LETTERS, _DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "0123456789"
_CELL_REFERENCE = re.compile(r"[A-Za-z]{0,3}[0-9]{0,7}")


def raise_too_large(what: str, file: str, *, row: int | None = None, remedy: str = "") -> NoReturn:
    """Raise ReadError that names the limit that a table exceeds."""
    raise ReadError(
        what, file=file, row=row, remedy=remedy or "Leave out what is not needed, or split it, such as by school."
    )


def raise_long_cell(file: str, *, row: int | None = None, remedy: str = "") -> NoReturn:
    """Raise ReadError for a cell that is longer than any of Excel's."""
    raise_too_large(f"A cell has more than {MAX_CELL_LENGTH:,} characters.", file, row=row, remedy=remedy)


def check_size(file: str, *, rows: int = 0, columns: int = 0, cells: int = 0) -> None:
    """Raise if a table has more rows, columns or cells than are read."""
    for count, limit, unit in (
        (columns, MAX_COLUMNS, "columns"),
        (rows, MAX_ROWS, "rows"),
        (cells, MAX_CELLS, "cells"),
    ):
        if count > limit:
            raise_too_large(f"The table has more than {limit:,} {unit}.", file)


def measured_copy(archive: zipfile.ZipFile, file: str) -> io.BytesIO:
    """Return a copy of a workbook with only the parts that were measured, so that nothing else is parsed.

    Another parser may find other parts in the same zip file.

    Raises
    ------
    ReadError
        If its sheets have more cells or text than are read.
    """
    parts = {part.filename.lower(): part for part in archive.infolist()}
    if len(parts) > _MAX_PARTS:
        raise_too_large(f"The workbook has more than {_MAX_PARTS:,} parts.", file)
    binary = "xl/workbook.bin" in parts
    endings = (".bin", ".rels", "[content_types].xml") if binary else (".xml", ".rels", "mimetype")
    kept = [name for name in parts if name.endswith(endings) and not _UNREAD.match(name)]
    if sum(parts[name].file_size for name in kept) > MAX_BYTES:
        raise_too_large(f"Unpacked, the workbook has more than {MAX_BYTES / 1e6:g} MB.", file, remedy=_SAVE_AS_CSV)
    measure = Measure(file)
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as packed:
        for name in sorted(kept, key=lambda name: "sharedstrings" not in name):  # cells refer to them
            measure_chunk = measure.part(name)
            with archive.open(parts[name]) as source, packed.open(parts[name].filename, "w") as target:
                while chunk := source.read(CHUNK):
                    measure_chunk(chunk, False)
                    target.write(chunk)
                measure_chunk(b"", True)
    return copy


class Measure:
    """Count the cells and characters of a workbook over its sheets, and raise beyond the limits."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.shared: list[int] = []  # lengths of the shared strings
        self._cells = self._text = self._elements = self._others = 0

    def add_sheet(self, rows: int, columns: int, *, is_complete: bool = True) -> None:
        """Count the area up to the last filled cell, of a whole sheet or of the part that was read so far."""
        cells = self._cells + rows * columns
        self._cells = cells if is_complete else self._cells
        if columns > MAX_COLUMNS or cells > MAX_CELLS:
            self.raise_far_cell()

    def raise_far_cell(self) -> NoReturn:
        """Raise for more cells, blank ones too, than are read."""
        raise_too_large(
            f"The sheets have more than {MAX_CELLS:,} cells, or a cell too far to the right or below.",
            self.file,
            remedy="Delete all columns to the right of the table and all rows below it; or save it as CSV.",
        )

    def add_text(self, length: int, times: int = 1) -> None:
        """Count the characters of a cell."""
        self._text += length * times
        if length > MAX_CELL_LENGTH:
            raise_long_cell(self.file)
        if self._text > MAX_BYTES:
            raise_too_large(f"The cells have more than {MAX_BYTES / 1e6:,.0f} million characters.", self.file)

    def add_elements(self, count: int, others: int) -> None:
        """Count elements or records, of which some are no rows, cells or texts."""
        self._elements += count
        self._others += others
        if self._elements > _MAX_ELEMENTS or self._others > _MAX_OTHER_ELEMENTS:
            raise_too_large(
                f"The workbook has more than {_MAX_ELEMENTS:,} elements, or {_MAX_OTHER_ELEMENTS:,} besides its cells.",
                self.file,
                remedy=_SAVE_AS_CSV,
            )

    def raise_long_element(self) -> NoReturn:
        """Raise for an element, or a comment, that is far longer than a cell."""
        raise_too_large(
            f"An element or comment in the workbook has more than {CHUNK / 1e6:g} MB.", self.file, remedy=_SAVE_AS_CSV
        )

    def shared_text(self, number: int) -> int:
        """Return the length of a shared string; 0 where there is none (calamine refuses such a file)."""
        return self.shared[number] if 0 <= number < len(self.shared) else 0

    def part(self, name: str) -> Callable[[bytes, bool], object]:
        """Return a function that measures a part chunk by chunk; its second argument marks the last chunk."""
        if name == "mimetype":
            return lambda chunk, last: None
        return self._binary_part() if name.endswith(".bin") else self._xml_part(name)

    def _xml_part(self, name: str) -> Callable[[bytes, bool], object]:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        part: _Part
        if "sharedstrings" in name:
            part = _SharedTexts(self, self.shared)
        elif name == "content.xml":
            part = _OpenDocument(self)
        else:
            part = _Sheet(self)

        def raise_for_entities(*_: object) -> None:
            raise_too_large("The workbook defines entities, which could grow without end.", self.file)

        parser.StartDoctypeDeclHandler = raise_for_entities
        parser.StartElementHandler = part.start
        parser.CharacterDataHandler = part.characters

        def measure_chunk(chunk: bytes, last: bool) -> None:
            part.elements = part.others = 0
            try:
                parser.Parse(chunk, last)
            except (expat.ExpatError, LookupError) as error:  # the latter for an unknown encoding
                raise ValueError("not well formed") from error
            if len(chunk) == CHUNK and not part.elements:
                self.raise_long_element()
            self.add_elements(part.elements, part.others)
            part.end_of_chunk(last)

        return measure_chunk

    def _binary_part(self) -> Callable[[bytes, bool], object]:
        """Measure a part of a binary workbook (XLSB): a sequence of records, each with kind, size and content."""
        rest = b""
        row = columns = rows = 0

        def measure_chunk(chunk: bytes, last: bool) -> None:
            nonlocal rest, row, columns, rows
            data = rest + chunk
            offset = records = others = 0
            while offset < len(data) - (0 if last else _MAX_RECORD_HEAD):
                kind, start = _varint(data, offset, 2)
                size, start = _varint(data, start, 4)
                if size > CHUNK:
                    self.raise_long_element()
                if start + size > len(data) and not last:
                    break
                offset = start + size
                records += 1
                record = data[start : start + min(size, 12)].ljust(12, b"\0")
                if kind == _ROW:
                    row = int.from_bytes(record[:4], "little") + 1
                elif kind in _CELLS:
                    rows, columns = max(rows, row), max(columns, int.from_bytes(record[:4], "little") + 1)
                    if kind == _SHARED_CELL:
                        self.add_text(self.shared_text(int.from_bytes(record[8:], "little")))
                elif kind == _SHARED_TEXT:
                    self.shared.append(int.from_bytes(record[1:5], "little"))
                elif kind != _BLANK_CELL:
                    others += 1
            rest = data[offset:]
            self.add_elements(records, others)
            self.add_sheet(rows, columns, is_complete=last)

        return measure_chunk


# Kinds of records of a binary workbook.
_ROW, _BLANK_CELL, _SHARED_CELL, _SHARED_TEXT, _CELLS = 0, 1, 7, 19, range(2, 12)
_MAX_RECORD_HEAD = 6  # bytes: kind and size


class _Part:
    """Callbacks of the parser of a part of the archive; ``end_of_chunk`` is called after each chunk."""

    def __init__(self, measure: Measure) -> None:
        self.measure = measure
        self.elements = self.others = 0  # of a chunk; the latter are no rows, cells or texts

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def characters(self, text: str) -> None: ...

    def end_of_chunk(self, last: bool) -> None: ...


class _SharedTexts(_Part):
    """The shared strings of XLSX, to which cells refer by number."""

    def __init__(self, measure: Measure, lengths: list[int]) -> None:
        super().__init__(measure)
        self._lengths = lengths
        self._in_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        name = name.rpartition(":")[2]
        self._in_text = name == "t"
        if name == "si":
            self._lengths.append(0)
        elif name not in ("t", "r"):
            self.others += 1

    def characters(self, text: str) -> None:
        if self._in_text and self._lengths:
            self._lengths[-1] += len(text)
            self.measure.add_text(self._lengths[-1], 0)


class _Sheet(_Part):
    """A sheet of XLSX: a cell has a reference such as B7, or follows the one before."""

    def __init__(self, measure: Measure) -> None:
        super().__init__(measure)
        self._n_rows = 0  # empty ones too
        self._row = self._column = 0  # of cells without a reference
        self._rows: set[str] = set()
        self._columns: set[str] = set()
        self._last_row = self._last_column = 0
        self._reference = ""
        self._shared = self._in_text = False
        self._text = ""  # of a cell that refers to a shared string
        self._length = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        name = name.rpartition(":")[2]
        self._in_text = name in ("v", "t")
        if name == "c":
            self._end_cell()
            self._reference = attributes.get("r", "")
            self._column += 1
            self._shared = attributes.get("t") == "s"
        elif self._in_text or name == "is":
            if self._reference:
                self._rows.add(self._reference.lstrip(_LETTERS))
                self._columns.add(self._reference.rstrip(_DIGITS))
            else:
                self._last_row = max(self._last_row, self._row)
                self._last_column = max(self._last_column, self._column)
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() else self._row + 1
            self._column = 0
            self._n_rows += 1
        elif name not in ("f", "r"):
            self.others += 1

    def characters(self, text: str) -> None:
        if self._in_text:
            self._length += len(text)
            self.measure.add_text(self._length, 0)
            if self._shared:
                self._text += text

    def _end_cell(self) -> None:
        if self._shared:
            self._length = self.measure.shared_text(int(self._text or -1))
        self.measure.add_text(self._length)
        self._text, self._length, self._shared = "", 0, False

    def end_of_chunk(self, last: bool) -> None:
        """Update the last row and column by the references of a chunk, which has few different rows and columns."""
        if last:
            self._end_cell()
        if not all(map(_CELL_REFERENCE.fullmatch, (*self._rows, *self._columns))):
            raise ValueError("a cell has no reference")
        self._last_row = max([self._last_row, *(int(row or 0) for row in self._rows)])
        self._last_column = max([self._last_column, *map(column_number, self._columns)])
        self._rows.clear()
        check_size(self.measure.file, rows=self._n_rows)
        self.measure.add_sheet(self._last_row, self._last_column, is_complete=last)


def column_number(letters: str) -> int:
    """Return the number of a column from its letters: 1 for A, 28 for AB."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


class _OpenDocument(_Part):
    """Sheets of ODS: a row or cell can be written once with a number of repetitions."""

    def __init__(self, measure: Measure) -> None:
        super().__init__(measure)
        self._row = self._column = self._rows = self._columns = 0
        self._row_times = self._times = 1
        self._length = 0
        self._filled = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        name = name.rpartition(":")[2]
        attributes_by_name = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if name in ("table-cell", "covered-table-cell"):
            self._end_cell()
            self._times = int(attributes_by_name.get("number-columns-repeated", 1))
            self._column += self._times
            self._filled = "value-type" in attributes_by_name
        elif name == "p":
            self._filled = True
        elif name == "table-row":
            self._end_cell()
            self._row_times = int(attributes_by_name.get("number-rows-repeated", 1))
            self._row += self._row_times
            self._column = 0
        else:
            self.others += 1
            if name == "table":
                self._end_sheet()

    def characters(self, text: str) -> None:
        if self._filled:
            self._length += len(text)
            self.measure.add_text(self._length, 0)

    def _end_cell(self) -> None:
        if self._filled:
            self._rows, self._columns = self._row, max(self._columns, self._column)
            self.measure.add_text(self._length, self._times * self._row_times)
        self._length, self._filled = 0, False

    def _end_sheet(self) -> None:
        self._end_cell()
        self.measure.add_sheet(self._rows, self._columns)
        self._row = self._column = self._rows = self._columns = 0

    def end_of_chunk(self, last: bool) -> None:
        if last:
            self._end_sheet()


def _varint(data: bytes, offset: int, max_bytes: int) -> tuple[int, int]:
    """Return a number of variable length (seven bits in each byte) at an offset, and the offset after it."""
    value = 0
    for shift in range(max_bytes):
        if offset >= len(data):
            break
        byte = data[offset]
        offset += 1
        value |= (byte & 127) << (7 * shift)
        if byte < 128:
            break
    return value, offset
