"""How large a workbook's sheets are, before a reader makes room for them: one stray cell can ask for all memory."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from typing import IO

from send_screen.errors import ReadError

_MOST_CELLS = 20_000_000
_MOST_BYTES = 2_000_000_000  # of all parts together, unpacked
_CHUNK = 4_000_000
# A cell that is not empty, and its place; an empty one only has a format.
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,10})[\"'][^>]*(?<!/)>")
_ODS_ROW = re.compile(rb"<table:table-row\b([^>]*)>(.*?)</table:table-row>", re.DOTALL)
_ODS_CELL = re.compile(rb"<table:table-cell\b([^>]*)(?<!/)>")
_ODS_ROWS = re.compile(rb"number-rows-repeated=[\"'](\d{1,9})")
_ODS_COLUMNS = re.compile(rb"number-columns-repeated=[\"'](\d{1,9})")
_XLSB_ROW, _XLSB_CELLS = 0, range(2, 12)


def refuse_too_large(archive: zipfile.ZipFile, file: str) -> None:
    """Raise if a sheet has a cell so far away that the area up to it holds more than 20 million cells."""
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > _MOST_BYTES or any(_cells(archive, p) > _MOST_CELLS for p in parts):
        raise ReadError(
            "A sheet has a cell so far to the right or below that it cannot be read.",
            file=file,
            remedy="Delete all columns to the right of the table and all rows below it, and save; or save it as CSV.",
        )


def _cells(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Return how many cells a reader makes room for; 0 where a part is no sheet."""
    with archive.open(part) as content:
        if part.filename == "content.xml":
            return _ods_cells(content.read())
        if part.filename.endswith(".xml"):
            return _xlsx_cells(content)
        if part.filename.endswith(".bin") and "worksheets" in part.filename:
            return _xlsb_cells(content.read())
    return 0


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    """Yield a part in pieces that end between two tags."""
    rest = b""
    while chunk := content.read(_CHUNK):
        chunk = rest + chunk
        cut = chunk.rfind(b"<")
        rest = chunk[cut:] if cut > 0 else b""
        yield chunk[:cut] if cut > 0 else chunk
    yield rest


def _xlsx_cells(content: IO[bytes]) -> int:
    columns: set[bytes] = set()
    last = 0
    for chunk in _chunks(content):
        places = _CELL.findall(chunk)
        columns.update(column.upper() for column, _ in places)
        last = max([last, *map(int, {row for _, row in places})])
    return last * max(map(_column, columns), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _xlsb_cells(data: bytes) -> int:
    place = row = column = 0
    while place < len(data):
        kind, place = _varint(data, place, 2)
        size, place = _varint(data, place, 4)
        if place + 4 <= len(data) and size >= 4:
            if kind == _XLSB_ROW:
                row = max(row, struct.unpack_from("<I", data, place)[0] + 1)
            elif kind in _XLSB_CELLS:
                column = max(column, struct.unpack_from("<I", data, place)[0] + 1)
        place += size
    return row * column


def _varint(data: bytes, place: int, most: int) -> tuple[int, int]:
    value = 0
    for shift in range(most):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        value |= (byte & 127) << (7 * shift)
        if byte < 128:
            break
    return value, place


def _ods_cells(content: bytes) -> int:
    """Return rows times columns with content; both can be written once and meant a million times."""
    rows = columns = 0
    for row in _ODS_ROW.finditer(content):
        cells = _ODS_CELL.findall(row[2])
        if cells:
            rows += _repeated(_ODS_ROWS, row[1])
            columns = max(columns, sum(_repeated(_ODS_COLUMNS, cell) for cell in cells))
    return rows * columns


def _repeated(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    match = pattern.search(attributes)
    return int(match[1]) if match else 1
