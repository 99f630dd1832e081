"""Join tables that name each other's rows by keys, such as the files of one export, and read them as one format."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from send_screen.contracts._headers import header_key
from send_screen.contracts._quote import header_like, quotable
from send_screen.documents import count
from send_screen.errors import ReadError
from send_screen.readers._census_header import census_times
from send_screen.readers._formats import Part, Paths, Rows, TablesFormat, formats
from send_screen.readers._reading import Reading
from send_screen.readers._records import MISSING, Records
from send_screen.readers._xml import Element

_MAX_LISTED = 5  # rows that a note names


def join_tables(readings: Sequence[Reading]) -> tuple[list[Reading], list[str]]:
    """Return readings, with those that are a set of a known format replaced by the tables that the set gives.

    A table is known by its headers. The second value is a note on each table that is of a set whose other tables are
    not there.

    Raises
    ------
    ReadError
        If two tables could be the same part of a set: their keys may mean different rows.
    """
    rest, made, notes = _with_sheets(readings), list[Reading](), list[str]()
    for mapping in formats():
        if not isinstance(mapping, TablesFormat):
            continue
        parts = {name: fitting for name, part in mapping.parts.items() if (fitting := _fitting(part, rest))}
        if mapping.has_records(parts):
            for name, fitting in parts.items():
                if len(fitting) > 1:
                    files = ", ".join(reading.file for reading in fitting)
                    raise ReadError(
                        f"More than one table could be the part {name} of the format {mapping.name}: {files}.",
                        file=fitting[0].file,
                        remedy="Put each set of files into a folder of its own.",
                    )
            made += _Set(mapping, {name: fitting[0] for name, fitting in parts.items()}).readings()
            rest = [reading for reading in rest if all(reading is not fitting[0] for fitting in parts.values())]
        else:
            lacking = [name for name in (mapping.record, *mapping.row_parts) if name not in parts]
            notes += (
                f"{reading.file} looks like the part {name} of the format {mapping.name}, and was not joined: "
                f"there is no {' or '.join(dict.fromkeys(lacking))}."
                for name, fitting in parts.items()
                for reading in fitting
            )
    return (rest + made, notes) if made else (list(readings), notes)


def _with_sheets(readings: Sequence[Reading]) -> list[Reading]:
    """Return readings, those of one workbook with the name of the sheet beside that of the file."""
    files = Counter(reading.file for reading in readings)
    return [
        replace(reading, file=f"{reading.file}, {reading.shown_sheet}")
        if files[reading.file] > 1 and reading.shown_sheet
        else reading
        for reading in readings
    ]


def _fitting(part: Part, readings: Sequence[Reading]) -> list[Reading]:
    """Return the tables that could be a part."""
    return [reading for reading in readings if not reading.contract and part.fits(_positions(reading))]


def _positions(reading: Reading) -> dict[str, int]:
    """Return the position of each header, without case, spaces and punctuation; the first where two are the same."""
    return {header_key(str(header)): place for place, header in reversed(list(enumerate(reading.frame.columns)))}


@dataclass(frozen=True)
class _Table:
    """A table of a set: the cells that the mapping asks for, as text, and the numbers of the rows."""

    cells: dict[str, list[str | None]]
    numbers: list[int]
    file: str


class _Set:
    """The tables of a set of a known format."""

    def __init__(self, mapping: TablesFormat, parts: Mapping[str, Reading]) -> None:
        self._mapping, self._parts = mapping, parts
        self._wanted = set(_tags(mapping)) | {
            header for part in mapping.parts.values() for header in (part.key, part.parent_key) if header
        }
        self._wanted.update(header for part in mapping.parts.values() if part.census for header in part.headers)
        self._tables = {name: self._table(reading) for name, reading in parts.items()}
        self._below: dict[str, list[str]] = {name: [] for name in parts}  # the parts whose parent it is
        self._left: dict[str, dict[str | None, list[int]]] = {}  # rows that no row above has taken, by its key
        self._without_census: list[int] = []  # numbers of records
        for name in parts:
            part = mapping.parts[name]
            if part.parent and part.parent_key:
                self._below.setdefault(part.parent, []).append(name)
                keys = self._tables[name].cells.get(part.parent_key, [None] * len(self._tables[name].numbers))
                groups: dict[str | None, list[int]] = {}
                for place, key in enumerate(keys):
                    groups.setdefault(key, []).append(place)
                self._left[name] = groups

    def readings(self) -> list[Reading]:
        """Return the tables of the format."""
        rows_files = [self._tables[name].file for name in self._mapping.row_parts if name in self._tables]
        file = ", ".join(dict.fromkeys(rows_files))
        sha256 = hashlib.sha256("".join(reading.sha256 for reading in self._parts.values()).encode()).hexdigest()
        records = Records(self._mapping, file, self._mapping.record, sha256)
        top = self._tables[self._mapping.record]
        for place in range(len(top.numbers)):
            records.take(self._element(self._mapping.record, place))
        files = ", ".join(dict.fromkeys(table.file for table in self._tables.values()))
        notes = [f"Read by the format {self._mapping.name}: {files}."]
        notes += [self._mapping.note] if self._mapping.note else []
        notes += self._unread_columns()
        notes += self._doubled_keys()
        if self._without_census:
            notes.append(
                f"{top.file}, {_rows(self._without_census)}: the census that it names is not there, and so its year."
            )
        for record, note in list(self._records_of_orphans()):
            records.take(record)
            notes += [note] if note else []
        notes += self._orphans()
        notes += dict.fromkeys(note for reading in self._parts.values() for note in reading.notes)
        root = Element("")
        notes += records.notes(root)
        return [replace(reading, sha256=sha256) for reading in records.readings(root, notes)]

    def _table(self, reading: Reading) -> _Table:
        prefix = re.compile(self._mapping.prefix, re.IGNORECASE) if self._mapping.prefix else None
        cells = {
            key: [_text(cell, prefix) for cell in reading.frame.iloc[:, position]]
            for key, position in _positions(reading).items()
            if key in self._wanted
        }
        return _Table(cells, [int(number) for number in reading.frame.index], reading.file)

    def _element(self, name: str, place: int) -> Element:
        """Return a row with the rows of other parts that belong to it."""
        table = self._tables[name]
        element = Element(name, {"row": str(table.numbers[place])})
        element.children += (
            Element(header, text=text) for header, texts in table.cells.items() if (text := texts[place])
        )
        key = self._mapping.parts[name].key
        if key and (value := table.cells[key][place] if key in table.cells else None):
            self._take_below(element, name, value)
        if name == self._mapping.record:
            self._add_census(element, table.numbers[place])
        return element

    def _add_census(self, record: Element, number: int) -> None:
        """Add the row of the census that a record names, and the year and terms that follow from it."""
        for name, part in self._mapping.parts.items():
            if part.census and part.key:
                table = self._tables.get(name)
                keys = table.cells.get(part.key, []) if table else []
                key = record.find(part.key)
                if table is None or key is None or key not in keys:
                    self._without_census.append(number)
                    continue
                place = keys.index(key)
                texts = {header: text for header, cells in table.cells.items() if (text := cells[place])}
                children = [Element(tag, text=text) for tag, text in (texts | census_times(texts)).items()]
                record.children.append(Element(name, children=children))

    def _take_below(self, element: Element, name: str, value: str) -> None:
        for below in self._below[name]:
            element.children += (self._element(below, place) for place in self._left[below].pop(value, ()))

    def _unread_columns(self) -> Iterator[str]:
        """Yield the columns of each table that the format does not read."""
        for reading in self._parts.values():
            headers = [str(header) for header in reading.frame.columns if header_key(str(header)) not in self._wanted]
            if headers:
                shown = [quotable(header) if header_like(header) else "(not shown)" for header in headers]
                yield f"{reading.file}: these columns were not read: {', '.join(shown)}."

    def _doubled_keys(self) -> Iterator[str]:
        """Yield a note on the rows that have the key of an earlier row: nothing was joined to them."""
        for name, table in self._tables.items():
            key = self._mapping.parts[name].key
            if key and self._below[name]:
                values = pd.Series(table.cells.get(key, []), dtype=object)
                doubled = [table.numbers[place] for place in values.index[values.notna() & values.duplicated()]]
                if doubled:
                    yield (
                        f"{table.file}, {_rows(doubled)}: an earlier row has that {key}; "
                        "what other tables say under it was given to the first."
                    )

    def _records_of_orphans(self) -> Iterator[tuple[Element, str]]:
        """Yield a record for each key that the records lack, so that its rows are kept, with a note for the first."""
        record = self._mapping.record
        key = self._mapping.parts[record].key
        for name in filter(self._gives_rows, self._below[record]):
            table, groups = self._tables[name], self._left[name]
            numbers = sorted(table.numbers[place] for places in groups.values() for place in places)
            note = f"{self._unknown(name, numbers)}; each was kept, without what that table says."
            for value in list(groups):
                if value is None:
                    for place in groups.pop(value):
                        yield Element(record, {MISSING: ""}, children=[self._element(name, place)]), note
                        note = ""
                elif value in groups:
                    orphan = Element(record, {MISSING: ""})
                    if key:
                        orphan.children.append(Element(key, text=value))
                    self._take_below(orphan, record, value)
                    yield orphan, note
                    note = ""

    def _gives_rows(self, part: str) -> bool:
        """Return whether rows of a part, or of those below it, are rows of a table."""
        return part in self._mapping.row_parts or any(map(self._gives_rows, self._below[part]))

    def _orphans(self) -> Iterator[str]:
        """Yield a note on the rows that belong to a row which is not there: they are in no table."""
        for name, groups in self._left.items():
            table = self._tables[name]
            if numbers := sorted(table.numbers[place] for places in groups.values() for place in places):
                yield f"{self._unknown(name, numbers)}; what it says was not read."

    def _unknown(self, name: str, numbers: list[int]) -> str:
        """Return which rows of a part name a row of its parent that is not there."""
        part = self._mapping.parts[name]
        above = self._tables[part.parent].file if part.parent in self._tables else f"a {part.parent}"
        return f"{self._tables[name].file}, {_rows(numbers)}: no row of {above} has that {part.parent_key}"


def _tags(mapping: TablesFormat) -> Iterator[str]:
    """Yield the headers that a format reads."""

    def last(paths: Paths) -> list[str]:
        return [path.rpartition("/")[2] for path in ([paths] if isinstance(paths, str) else paths)]

    rows: list[Rows] = [rows for table in mapping.tables for rows in table.rows]
    repeated = [*mapping.repeated, *(part for each in rows for part in each.repeated)]
    for columns in (mapping.columns, *(each.columns for each in rows), *(part.columns for part in repeated)):
        for paths in columns.values():
            yield from last(paths)
    for part in repeated:
        yield from last([*part.where, *([part.newest] if part.newest else [])])
    for each in rows:
        yield from last(list(each.excluded))
        for spells in each.spells:
            yield from last([spells.start, spells.end])
            for paths in spells.columns.values():
                yield from last(paths)


def _text(cell: object, prefix: re.Pattern[str] | None) -> str | None:
    """Return a cell as text, without what a format puts before it; None for blank."""
    if cell is None or pd.isna(cell):  # type: ignore[call-overload]  # any cell
        return None
    text = str(cell).strip()
    return (prefix.sub("", text, count=1) if prefix and prefix.match(text) else text) or None


def _rows(numbers: Sequence[int]) -> str:
    """Return how many rows there are, and the numbers of the first."""
    listed = ", ".join(map(str, numbers[:_MAX_LISTED])) + (" and more" if len(numbers) > _MAX_LISTED else "")
    return f"{count(len(numbers), 'row', 'rows')} ({listed})"
