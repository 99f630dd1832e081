"""Measure a workbook of Excel 97 to 2003 (XLS) before it is parsed: a stream of records in an OLE container."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from send_screen.readers._size_limits import Measure, raise_too_large

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SECTOR, _MINI_SECTOR, _ENTRY = 4_096, 64, 128  # bytes; the first is of the containers that are written here
_IN_HEADER = 109  # numbers of the sectors of the allocation table that the header holds
_SPECIAL, _TABLE, _END, _FREE = 0xFFFFFFFA, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF  # in place of a sector's number
_MAX_RECORDS = 10_000_000  # a sheet has 65,536 rows
_MAX_COLUMNS = 256
_MAX_BLANK, _BLANK_PER_CELL = 5_000_000, 20  # cells: for a sheet, and for each filled one
_MAX_CONTINUED = 20_000  # records that continue another: 8 KB each

# Kinds of records.
_EOF, _FORMULA, _CONTINUE, _SHEET, _MANY_NUMBERS = 0x000A, 0x0006, 0x003C, 0x0085, 0x00BD
_SHARED_TEXTS, _SHARED_CELL, _DIMENSIONS, _TEXT, _FORMULA_TEXT = 0x00FC, 0x00FD, 0x0200, 0x0204, 0x0207
_CELLS = frozenset({_FORMULA, _MANY_NUMBERS, _SHARED_CELL, 0x0203, _TEXT, 0x0205, 0x027E})
_TWO, _FOUR = struct.Struct("<H").unpack_from, struct.Struct("<I").unpack_from
_PAIR, _PACK_TWO = struct.Struct("<HH").unpack_from, struct.Struct("<H").pack_into


def measured_xls(data: bytes, file: str) -> io.BytesIO:
    """Return a new container with only the workbook's records, as they were measured.

    What it states of its size is blanked out, and so are its formulas: their results are cells of their own.

    Raises
    ------
    ReadError
        If its sheets have more cells or text than are read.
    ValueError, LookupError, struct.error
        If the container or its records are damaged.
    """
    stream = bytearray(_workbook_stream(data))
    _Records(stream, file).measure()
    return ole_container(bytes(stream))


class _Records:
    """Measure the records of a workbook: those of all sheets, then those of each."""

    def __init__(self, stream: bytearray, file: str) -> None:
        self._stream, self._file = stream, file
        self._measure = Measure(file)
        self._count = 0

    def measure(self) -> None:
        sheets: list[int] = []
        end = 0
        for kind, start, end in self._records(0):
            if kind == _SHEET:
                sheets.append(_FOUR(self._stream, start)[0])
            elif kind == _SHARED_TEXTS:
                self._measure.shared = self._shared_lengths(start, end)
        for sheet in sorted(sheets):
            if sheet < end:
                raise ValueError("a sheet in another")
            end = self._measure_sheet(sheet)

    def _records(self, offset: int) -> Iterator[tuple[int, int, int]]:
        """Yield the kind of each record up to the end mark, and where its content starts and ends."""
        stream = self._stream
        kind = -1
        while kind != _EOF and offset + 4 <= len(stream):
            kind, size = _PAIR(stream, offset)
            start, offset = offset + 4, offset + 4 + size
            self._count += 1
            if self._count > _MAX_RECORDS:
                raise_too_large(f"The workbook has more than {_MAX_RECORDS:,} cells.", self._file)
            if offset > len(stream):
                raise ValueError("a record without an end")
            yield kind, start, offset

    def _measure_sheet(self, offset: int) -> int:
        """Measure a sheet and return where it ends."""
        stream, measure = self._stream, self._measure
        rows = columns = filled = 0
        end = offset
        for kind, start, end in self._records(offset):
            if kind in _CELLS:
                filled += 1
                row, column = _PAIR(stream, start)
                if kind == _SHARED_CELL:
                    measure.add_text(measure.shared[_FOUR(stream, start + 6)[0]])
                elif kind == _MANY_NUMBERS:
                    last = max(column, _TWO(stream, end - 2)[0])
                    filled += last - column
                    column = last
                elif kind == _TEXT:
                    measure.add_text(_TWO(stream, start + 6)[0])
                elif kind == _FORMULA:
                    _PACK_TWO(stream, start + 20, 0)  # its length
                rows, columns = max(rows, row + 1), max(columns, column + 1)
            elif kind == _FORMULA_TEXT:
                measure.add_text(_TWO(stream, start)[0])
            elif kind == _DIMENSIONS:
                stream[start:end] = bytes(end - start)
        if columns > _MAX_COLUMNS or rows * columns > _MAX_BLANK + _BLANK_PER_CELL * filled:
            measure.raise_far_cell()
        measure.add_sheet(rows, columns)
        return end

    def _shared_lengths(self, start: int, end: int) -> list[int]:
        """Return the lengths of the shared texts, which continue from record to record."""
        pieces = [memoryview(self._stream)[start + 8 : end]]
        for kind, piece, last in self._records(end):
            if kind != _CONTINUE:
                break
            pieces.append(memoryview(self._stream)[piece:last])
        if len(pieces) > _MAX_CONTINUED:
            raise ValueError("too many records that continue another")
        texts = _Texts(pieces)
        lengths = list(islice(texts, _FOUR(self._stream, start + 4)[0]))
        struct.pack_into("<I", self._stream, start + 4, len(lengths))  # the stated number may be any
        return lengths


class _Texts(Iterator[int]):
    """The lengths of the shared texts in the pieces of a record."""

    def __init__(self, pieces: list[memoryview]) -> None:
        self._pieces = pieces[::-1]
        self._next_piece()

    def __next__(self) -> int:
        if self._offset >= len(self._piece):
            if not self._pieces:
                raise StopIteration
            self._next_piece()
        length: int = _TWO(self._take(2))[0]
        (flags,) = self._take(1)
        after = 4 * _TWO(self._take(2))[0] if flags & 8 else 0  # formats of parts of the text
        after += _FOUR(self._take(4))[0] if flags & 4 else 0  # phonetic text
        left = length
        while True:
            width = 2 if flags & 1 else 1
            here = min(left, (len(self._piece) - self._offset) // width)
            left -= here
            self._offset += here * width
            if not left:
                break
            self._next_piece()
            (flags,) = self._take(1)
        while after:
            if self._offset >= len(self._piece):
                self._next_piece()
            here = min(after, len(self._piece) - self._offset)
            after -= here
            self._offset += here
        return length

    def _take(self, size: int) -> memoryview:
        self._offset += size
        return self._piece[self._offset - size : self._offset]

    def _next_piece(self) -> None:
        self._piece, self._offset = self._pieces.pop(), 0


def _workbook_stream(data: bytes) -> bytes:
    """Return the content of the workbook's stream. A chain of sectors is no longer than the file."""
    (shift,) = _TWO(data, 30)
    if shift not in (9, 12):
        raise ValueError("no size of a sector")
    size = 1 << shift
    n = -(-len(data) // size)

    def sector(number: int) -> bytes:
        start = (number + 1) << shift
        return data[start : start + size].ljust(size, b"\0")

    tables = list(struct.unpack_from(f"<{_IN_HEADER}I", data, 76))
    (following,) = _FOUR(data, 68)
    while following < _SPECIAL and len(tables) <= n:
        *more, following = _numbers(sector(following))
        tables += more
    table = _numbers(b"".join(sector(number) for number in tables[: max(n, _IN_HEADER)] if number < _SPECIAL))
    entries = _chain(_FOUR(data, 48)[0], table, sector, n)
    directory: dict[str, tuple[int, int]] = {}
    for offset in range(0, len(entries), _ENTRY):
        name = entries[offset : offset + 64].decode("utf-16-le", "replace").partition("\0")[0]
        length = _FOUR(entries, offset + 120)[0]
        directory.setdefault(name, (_FOUR(entries, offset + 116)[0], length))
    start, length = directory.get("Workbook") or directory["Book"]
    if length >= _FOUR(data, 56)[0]:
        return _chain(start, table, sector, n)[:length]
    mini_start, mini_length = _FOUR(entries, 116)[0], _FOUR(entries, 120)[0]  # of the first entry, the root
    minis = _chain(mini_start, table, sector, n)[:mini_length]
    mini_table = _numbers(_chain(_FOUR(data, 60)[0], table, sector, n))
    return _chain(
        start,
        mini_table,
        lambda number: minis[number * _MINI_SECTOR : (number + 1) * _MINI_SECTOR],
        len(minis) // _MINI_SECTOR + 1,
    )[:length]


def _numbers(data: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(data) // 4}I", data)


def _chain(start: int, table: Sequence[int], sector: Callable[[int], bytes], limit: int) -> bytes:
    """Return the content of a chain of sectors; the table holds for each the number of the next."""
    pieces: list[bytes] = []
    while start < _SPECIAL:
        if start >= len(table) or len(pieces) >= limit:
            raise ValueError("a chain without an end")
        pieces.append(sector(start))
        start = table[start]
    return b"".join(pieces)


def ole_container(stream: bytes) -> io.BytesIO:
    """Return an OLE container of one stream: header, allocation table, directory, an empty sector, the stream."""
    n = max(1, -(-len(stream) // _SECTOR))
    tables = next(k for k in range(1, _IN_HEADER + 1) if k * (_SECTOR // 4) >= k + 2 + n)
    table = [_TABLE] * tables + [_END, _END] + [*range(tables + 3, tables + 2 + n), _END]
    table += [_FREE] * (tables * (_SECTOR // 4) - len(table))
    header = _SIGNATURE + bytes(16) + struct.pack("<5H6x", 0x3E, 4, 0xFFFE, 12, 6)
    header += struct.pack("<9I", 1, tables, tables, 0, _SECTOR, _END, 0, _END, 0)
    header += struct.pack(f"<{_IN_HEADER}I", *range(tables), *[_FREE] * (_IN_HEADER - tables))
    directory = _entry("Root Entry", 5, 1, tables + 1, 0) + _entry(
        "Workbook", 2, _FREE, tables + 2, max(len(stream), _SECTOR)
    )
    parts = (header, struct.pack(f"<{len(table)}I", *table), directory, b"", stream)
    return io.BytesIO(b"".join(part.ljust(-(-max(1, len(part)) // _SECTOR) * _SECTOR, b"\0") for part in parts))


def _entry(name: str, kind: int, child: int, start: int, length: int) -> bytes:
    encoded = name.encode("utf-16-le")
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBB3I", len(encoded) + 2, kind, 1, _FREE, _FREE, child).ljust(52, b"\0")
        + struct.pack("<IQ", start, length)
    )
