"""Read the encodings of a Parquet file from its footer.

Arrow ends the process, instead of raising, when it is asked for the metadata of a column in a damaged footer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

DELTA_BYTE_ARRAY = 7
_MAX_LENGTH = 16_000_000  # bytes of a footer
_MAX_DEPTH = 20
_END = 8  # bytes after the footer: its length, and the mark of the format
MAX_FOOTER = _MAX_LENGTH + _END
# Fields: of the file its row groups, of a row group its columns, of a column its metadata, of these the encodings.
_ROW_GROUPS, _COLUMNS, _METADATA, _ENCODINGS = 4, 1, 3, 2


def encodings_of(data: bytes) -> set[int]:
    """Return the numbers of the encodings that the columns of a file have.

    Raises
    ------
    ValueError
        If the footer is damaged, or longer than is read.
    """
    length = int.from_bytes(data[-_END:-4], "little")
    if not 0 < length <= min(_MAX_LENGTH, len(data) - _END):
        raise ValueError("The footer is not there, or it is too long.")
    file = _Compact(data[-_END - length : -_END]).struct(0)
    columns = (column for group in _structs(file, _ROW_GROUPS) for column in _structs(group, _COLUMNS))
    metadata = (column.get(_METADATA) for column in columns)
    lists = (each.get(_ENCODINGS) for each in metadata if isinstance(each, dict))
    return {number for each in lists if isinstance(each, list) for number in each if isinstance(number, int)}


def _structs(parent: Mapping[int, Any], field: int) -> list[dict[int, Any]]:
    found = parent.get(field)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


class _Compact:
    """Values in Thrift's compact protocol, one after another."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0
        self._readers: dict[int, Callable[[int], Any]] = {
            1: lambda depth: True,
            2: lambda depth: False,
            3: lambda depth: self._skip(1),
            **dict.fromkeys((4, 5, 6), lambda depth: self._integer()),
            7: lambda depth: self._skip(8),
            8: lambda depth: self._skip(self._varint()),
            **dict.fromkeys((9, 10), self._list),
            12: lambda depth: self.struct(depth + 1),
        }

    def struct(self, depth: int) -> dict[int, Any]:
        """Return the fields of a struct by number."""
        if depth > _MAX_DEPTH:
            raise ValueError("Structs are too deep in each other.")
        fields: dict[int, Any] = {}
        number = 0
        while header := self._byte():
            number = number + (header >> 4) if header >> 4 else self._integer()
            fields[number] = self._value(header & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind not in self._readers:
            raise ValueError("A value is of no kind that the format has.")
        return self._readers[kind](depth)

    def _list(self, depth: int) -> list[Any]:
        header = self._byte()
        size = header >> 4 if header >> 4 < 15 else self._varint()
        if size > len(self._data) - self._place or depth > _MAX_DEPTH:
            raise ValueError("A list is longer than the footer.")
        kind = header & 15
        if kind in (1, 2):  # a truth value is a byte in a list
            kind = 3
        return [self._value(kind, depth + 1) for _ in range(size)]

    def _byte(self) -> int:
        if self._place >= len(self._data):
            raise ValueError("The footer is not complete.")
        self._place += 1
        return self._data[self._place - 1]

    def _skip(self, length: int) -> None:
        self._place += length
        if self._place > len(self._data):
            raise ValueError("The footer is not complete.")

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError("A number is too long.")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
