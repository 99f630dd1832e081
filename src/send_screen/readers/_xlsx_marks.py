"""Marks of an XLSX sheet, besides its values: errors, per cent formats, merged cells, hidden rows, dates from 1904.

The library that reads the values ignores these. A sheet is parsed for them only if its bytes contain one.
"""

from __future__ import annotations

import datetime as dt
import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from send_screen.errors import ReadError
from send_screen.readers._size_limits import CHUNK, column_number

_PERCENT_FORMATS = frozenset({"9", "10"})  # built into Excel: 0% and 0.00%
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_ZERO_1904 = dt.date(1904, 1, 1)
_SERIAL = re.compile(r"\d{5}")
_SERIALS_1904 = range(18_000, 58_000)
_MARKS = re.compile(rb"""t=["']e["']|<mergeCell |<f[ >/]|hidden=["'](?:1|true)["']""")
_LONGEST_MARK = 15  # bytes

Cell = tuple[int, int]  # row and column from 0


@dataclass
class SheetMarks:
    """The marks of one sheet."""

    errors: dict[Cell, str] = field(default_factory=dict)
    percents: set[Cell] = field(default_factory=set)
    merged: list[tuple[int, int, int]] = field(default_factory=list)  # column, first and last row
    hidden_rows: int = 0
    dates_from_1904: bool = False

    def apply(self, texts: list[list[str]]) -> None:
        """Write errors and ``%`` into the cells of a sheet, fill merged values down, and convert dates to ISO form."""
        for (row, column), text in self.errors.items():
            if row < len(texts) and column < len(texts[row]):
                texts[row][column] = text
        for row, column in self.percents:
            if row < len(texts) and column < len(texts[row]) and (text := texts[row][column]):
                texts[row][column] = _as_percent(text)
        merged = [(column, first, range(first + 1, min(last + 1, len(texts)))) for column, first, last in self.merged]
        if sum(len(rows) for _, _, rows in merged) > sum(map(len, texts)):
            raise ValueError("merged cells that overlap")
        for column, first, rows in merged:
            for row in rows:
                if column < len(texts[row]):
                    texts[row][column] = texts[row][column] or texts[first][column]
        if self.dates_from_1904:
            for column in range(max(map(len, texts), default=0)):
                _date_from_1904(texts, column)


def _as_percent(text: str) -> str:
    try:
        return f"{round(float(text) * 100, 9):.12g}%"
    except ValueError:
        return text


def _date_from_1904(texts: list[list[str]], column: int) -> None:
    """Convert a column to dates if all its numbers are plausible serial numbers of dates."""
    numbers = [row for row in texts if column < len(row) and row[column].isdecimal()]
    if all(_SERIAL.fullmatch(row[column]) and int(row[column]) in _SERIALS_1904 for row in numbers):
        for row in numbers:
            row[column] = (_ZERO_1904 + dt.timedelta(days=int(row[column]))).isoformat()


def xlsx_marks(content: io.BytesIO, file: str) -> dict[str, SheetMarks]:
    """Return the marks of each sheet of a measured workbook, by its name; empty for other kinds of workbooks.

    Raises
    ------
    ReadError
        If a formula was never calculated: its value is not in the file.
    """
    content.seek(0)
    with zipfile.ZipFile(content) as archive:
        names = set(archive.namelist())
        if "xl/workbook.xml" not in names:
            return {}
        targets = {
            attributes["Id"]: posixpath.normpath(posixpath.join("xl", attributes["Target"]))
            .removeprefix("xl/xl/")
            .lstrip("/")
            for tag, attributes in _elements(_chunks(archive, "xl/_rels/workbook.xml.rels"))
            if tag == "Relationship" and {"Id", "Target"} <= attributes.keys()
        }
        percent_styles = _percent_styles(_chunks(archive, "xl/styles.xml")) if "xl/styles.xml" in names else set()
        marks: dict[str, SheetMarks] = {}
        from_1904, read = False, set[str]()
        for tag, attributes in _elements(_chunks(archive, "xl/workbook.xml")):
            if tag == "workbookPr":
                from_1904 = attributes.get("date1904") in ("1", "true")
            path = targets.get(attributes.get("id", ""), "")
            if tag == "sheet" and path in names:
                if path in read:
                    raise ValueError("one sheet under two names")
                read.add(path)
                marks[attributes.get("name", "")] = _sheet_marks(archive, path, percent_styles, from_1904, file)
        return marks


def _chunks(archive: zipfile.ZipFile, path: str) -> Iterator[bytes]:
    with archive.open(path) as part:
        while chunk := part.read(CHUNK):
            yield chunk


def _has_marks(chunks: Iterator[bytes]) -> bool:
    end = b""
    for chunk in chunks:
        if _MARKS.search(end + chunk):
            return True
        end = chunk[-_LONGEST_MARK:]
    return False


def _percent_styles(chunks: Iterator[bytes]) -> set[str]:
    """Return the numbers of the cell styles that display per cent."""
    formats, styles, inside = set(_PERCENT_FORMATS), list[str](), False
    for tag, attributes in _elements(chunks):
        if tag == "numFmt" and "%" in attributes.get("formatCode", ""):
            formats.add(attributes.get("numFmtId", ""))
        if tag.startswith("cell") and tag.endswith("s") and tag != "cellStyles":
            inside = tag == "cellXfs"
        elif tag == "xf" and inside:
            styles.append(attributes.get("numFmtId", ""))
    return {str(number) for number, style in enumerate(styles) if style in formats}


def _sheet_marks(
    archive: zipfile.ZipFile, path: str, percent_styles: set[str], from_1904: bool, file: str
) -> SheetMarks:
    marks = SheetMarks(dates_from_1904=from_1904)
    if not percent_styles and not _has_marks(_chunks(archive, path)):
        return marks
    sheet = _Sheet(marks, percent_styles)
    _parse(_chunks(archive, path), sheet.start, sheet.characters, sheet.end)
    if sheet.uncalculated is not None:
        row, _ = sheet.uncalculated
        raise ReadError(
            "A cell holds a formula that was never calculated, so its value is not in the file.",
            file=file,
            row=row + 1,
            remedy="Open the workbook in Excel, save it, and try again.",
        )
    return marks


class _Sheet:
    """Collects the marks of a sheet."""

    def __init__(self, marks: SheetMarks, percent_styles: set[str]) -> None:
        self._marks, self._percent_styles = marks, percent_styles
        self.uncalculated: Cell | None = None
        self._cell: Cell = (0, -1)
        self._row = -1
        self._is_hidden = self._is_error = self._is_number = self._has_formula = self._in_value = False
        self._text = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self._row += 1
            self._row = int(attributes["r"]) - 1 if attributes.get("r", "").isdecimal() else self._row
            self._cell = (self._row, -1)
            self._is_hidden = attributes.get("hidden") in ("1", "true")
        elif tag == "c":
            place = _REFERENCE.fullmatch(attributes.get("r", ""))
            self._cell = (int(place[2]) - 1, column_number(place[1]) - 1) if place else (self._row, self._cell[1] + 1)
            kind = attributes.get("t", "n")
            self._is_error, self._is_number, self._has_formula, self._text = kind == "e", kind == "n", False, ""
            if self._is_number and attributes.get("s") in self._percent_styles:
                self._marks.percents.add(self._cell)
        elif tag == "f":
            self._has_formula = True
        elif tag in ("v", "t"):
            self._in_value = tag == "v"
            self._marks.hidden_rows += self._is_hidden  # a row that has a value
            self._is_hidden = False
        elif tag == "mergeCell" and (place := _RANGE.fullmatch(attributes.get("ref", ""))):
            first, last = int(place[2]) - 1, int(place[4]) - 1
            if place[1] == place[3]:  # of one column: its value holds for all rows
                self._marks.merged.append((column_number(place[1]) - 1, first, last))

    def characters(self, text: str) -> None:
        if self._in_value:
            self._text += text

    def end(self, tag: str) -> None:
        if tag == "v":
            self._in_value = False
        elif tag == "c":
            if self._is_error:
                self._marks.errors[self._cell] = self._text.strip()
            if self._is_number and self._has_formula and not self._text and self.uncalculated is None:
                self.uncalculated = self._cell


def _elements(chunks: Iterator[bytes]) -> list[tuple[str, dict[str, str]]]:
    """Return the tag and the attributes of each element of a part."""
    found: list[tuple[str, dict[str, str]]] = []
    _parse(chunks, lambda tag, attributes: found.append((tag, attributes)))
    return found


def _parse(
    chunks: Iterator[bytes],
    start: Callable[[str, dict[str, str]], None],
    characters: Callable[[str], None] | None = None,
    end: Callable[[str], None] = lambda tag: None,
) -> None:
    """Parse a part that was measured and has no entities; namespace prefixes are removed."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(
        name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()}
    )
    parser.CharacterDataHandler = characters
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ValueError("not well formed") from error
