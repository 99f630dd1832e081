"""Read the records of a known format as the rows of one or several tables."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from send_screen.contracts._dates import read_date
from send_screen.contracts._note import Note
from send_screen.documents import count
from send_screen.errors import ReadError
from send_screen.readers._attendance_marks import sessions_by_code
from send_screen.readers._formats import Format, FormatTable, Rows, Spells, XmlFormat
from send_screen.readers._header import require_rows
from send_screen.readers._reading import Reading
from send_screen.readers._record_values import (
    CALENDAR_YEAR,
    YEAR,
    academic_year,
    cleaned,
    repeated_texts,
    results_by_year,
    texts_at,
    texts_of,
)
from send_screen.readers._size_limits import check_size
from send_screen.readers._xml import Element, parse_xml

#: Attribute of a record that only others name: it is no row itself.
MISSING = "missing"
_HASH_LENGTH = 8  # characters of a file's hash in the number of a child: enough to tell the files of a folder apart


def read_xml_format(content: io.BytesIO, file: str, mapping: XmlFormat) -> list[Reading]:
    """Read the tables of a file of a known format that have rows.

    A table of one row a record is numbered from 2. In others a row has the number of its record and its place in it.

    Raises
    ------
    ReadError
        If the file is damaged or has no rows, or if a record holds two values of a column.
    """
    tag = mapping.record.rpartition("/")[2]
    records = Records(mapping, file, tag, hashlib.sha256(content.getvalue()).hexdigest())
    root, doubled = parse_xml(content.getvalue(), file, mapping.record, records.take)
    notes = [f"The file was read as a {mapping.name}.", *([mapping.note] if mapping.note else [])]
    if doubled:
        notes.append("The XML declaration is there more than once: it was passed over.")
    notes += records.notes(root)
    return records.readings(root, notes)


class Records:
    """The records of a file or set, row by row, and what is to be said of them.

    ``tag`` is what messages call a record.
    """

    def __init__(self, mapping: Format, file: str, tag: str, sha256: str) -> None:
        self.tables = [_TableRows(table, file, mapping.of_record) for table in mapping.tables]
        self.number = 0  # of the records
        self._mapping, self._file, self._hash = mapping, file, sha256[:_HASH_LENGTH]
        self._tag = tag
        self._tags = {rows.path.rpartition("/")[2] for table in mapping.tables for rows in table.rows} | {self._tag}
        self._misplaced: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()  # sentence to number

    def take(self, record: Element, root: Element | None = None) -> None:
        """Add a record; ``root`` has the header of its file."""
        self.number += 1
        row = texts_at(record, self._mapping.columns, self._joined)
        row = {name: text for name, text in row.items() if self._is_taken(name, text)}
        row |= repeated_texts(record, self._mapping.repeated, None, self._counts)
        if self._mapping.number_column:
            row[self._mapping.number_column] = f"{self._hash}-{self.number}"
        tags = Counter(element.tag for element in record.descendants() if element.tag in self._tags)
        paths = {rows.path for table in self.tables for rows in table.mapping.rows}
        for path in paths - {"."}:
            tags[path.rpartition("/")[2]] -= len(record.find_all(path))
        self._misplaced += tags
        years: dict[str, str] = {}  # of results, by contract
        file_year = self._file_year(root)
        date = self._of_header(root, self._mapping.date)
        for table in self.tables:
            if newest := table.add(record, row, self.number, self._counts, _When(date, file_year, years)):
                years[table.mapping.contract] = newest

    def _of_header(self, root: Element | None, path: str | None) -> str | None:
        return root.find(path) if root and path else None

    def _file_year(self, root: Element | None) -> str | None:
        """Return the academic year of the file, which its header gives by the year in which it begins."""
        start = self._of_header(root, self._mapping.start_year) or ""
        return academic_year(int(start)) if CALENDAR_YEAR.fullmatch(start) else None

    def _is_taken(self, column: str, text: str) -> bool:
        pattern = self._mapping.patterns.get(column)
        return pattern is None or re.fullmatch(pattern, text, re.DOTALL) is not None

    def _joined(self, column: str) -> ReadError:
        """Return the error of a record that damage joined to the next."""
        return _joined(f"{self._tag} {self.number}", column, self._file)

    def readings(self, root: Element, notes: list[str]) -> list[Reading]:
        """Return the tables that have rows, each with all notes."""
        require_rows(sum(len(table.rows) for table in self.tables), self._file)
        notes = [*notes, *(note for table in self.tables for note in table.notes(self.number))]
        return [table.reading(root, notes) for table in self.tables if table.rows]

    def notes(self, root: Element) -> Iterator[str]:
        """Yield what was not read, counted, as sentences."""
        self._misplaced += Counter(element.tag for element in root.descendants() if element.tag in self._tags)
        for tag, number in sorted(self._misplaced.items()):
            yield f"Elements {tag} that stand elsewhere in the file than in this format were not read: {number:,}."
        for sentence, number in self._counts.items():
            yield f"{sentence}: {number:,}."


@dataclass(frozen=True)
class _When:
    """What is known of the time of a record: the date and academic year of its file, and the years of its results."""

    date: str | None
    file_year: str | None
    results: dict[str, str]

    def year(self, rows: Rows) -> str | None:
        """Return the academic year of rows that have no results of their own."""
        of_results = [self.results[contract] for contract in rows.year_of if contract in self.results]
        return max(of_results, default=self.file_year)


class _TableRows:
    """The rows of one table; ``of_record`` are the columns that each record gives to its rows."""

    def __init__(self, mapping: FormatTable, file: str, of_record: set[str]) -> None:
        self.mapping = mapping
        self.rows: list[dict[str, str]] = []
        self._file = file
        self._names = mapping.columns
        if mapping.derives:
            given = {*mapping.mapped, *mapping.header, *of_record, YEAR}
            self._names = [name for name in self._names if name in given]
        self._places: list[tuple[int, int]] = []  # of each row: its record, and its place among the rows of it
        self._numbers: list[int] = []  # of each row in its own table, where it comes from one
        self._excluded: Counter[str] = Counter()
        self._without = 0
        self._with_spells: set[str] = set()  # paths of spells that a record had
        self._without_spells: list[tuple[Spells, dict[str, str]]] = []  # and the rows of records that had none

    def add(
        self, record: Element, of_record: dict[str, str], number: int, counts: Counter[str], when: _When
    ) -> str | None:
        """Add the rows of a record; return the newest academic year of its results."""
        found = [
            (rows, element)
            for rows in self.mapping.rows
            for element in record.find_all(rows.path)
            if not (element is record and MISSING in record.attributes)
        ]
        place, excluded = 0, 0
        newest: list[str] = []
        for rows, element in found:
            tag = element.tag
            excluding = [path for path, texts in rows.excluded.items() if element.find(path) in texts]
            if excluding:
                self._excluded[f"{tag} with {excluding[0]} {element.find(excluding[0])}"] += 1
                excluded += 1
                continue

            what = f"{tag} {number}" if element is record else f"{tag} {place + 1} of {record.tag} {number}"

            def joined(column: str, what: str = what) -> ReadError:
                return _joined(what, column, self._file)

            for of_part in _parts(element, rows, counts):
                place += 1
                row = rows.constants | texts_at(element, rows.columns, joined) | of_part
                if rows.results:
                    newest += [row[YEAR]] if YEAR in row else []
                elif not rows.marks and (year := when.year(rows)) and YEAR in self._names:
                    row.setdefault(YEAR, year)
                row |= repeated_texts(element, rows.repeated, row.get(YEAR), counts)
                row = cleaned({k: v for k, v in of_record.items() if k in self._names} | row)
                for spells in rows.spells:
                    self._add_spells(row, element, spells, when.date, counts)
                self.rows.append(row)
                self._places.append((number, place))
                if "row" in element.attributes and len(self.mapping.rows) == 1:
                    self._numbers.append(int(element.attributes["row"]))
                check_size(self._file, rows=len(self.rows))
        self._without += place + excluded == 0
        return max(newest, default=None)

    def _add_spells(
        self, row: dict[str, str], element: Element, spells: Spells, date: str | None, counts: Counter[str]
    ) -> None:
        """Add to a row what holds at the end of the time that the spells are read for."""
        found = element.find_all(spells.path)
        if not found:
            self._without_spells.append((spells, row))
            return
        self._with_spells.add(spells.path)
        until = (read_date(date[:10]) if date else None) or dt.date.max
        if spells.until == "academic_year" and row.get(YEAR):
            until = min(until, dt.date(int(row[YEAR][:4]) + 1, 7, 31))
        holding: list[tuple[dt.date, int, Element]] = []
        undecided: list[Element] = []  # those that may hold, since a date of theirs cannot be read
        for place, spell in enumerate(found):
            start, end = spell.find(spells.start), spell.find(spells.end)
            first = read_date(start) if start else dt.date.min
            last = read_date(end) if end else dt.date.max
            if first is None or last is None:
                counts[f"{spells.path} with a date that could not be read"] += 1
            if (first or dt.date.min) <= until <= (last or dt.date.max):
                if first is None or last is None:
                    undecided.append(spell)
                else:
                    holding.append((first, place, spell))
        newest = max(holding, key=lambda each: each[:2])[2] if holding else None
        values = cleaned(_held(spells, newest))
        possible = [cleaned(_held(spells, spell)) for spell in undecided]
        known = {column: text for column, text in values.items() if all(each.get(column) == text for each in possible)}
        if len(known) < len(values):
            names = " and ".join(name for name in values if name not in known)
            counts[f"Records whose {names} is not known, since a date of {spells.path} could not be read"] += 1
        row |= known

    def reading(self, root: Element, notes: list[str]) -> Reading:
        """Return the rows with the columns of the contract, and with the values of the file's header that they lack."""
        names = self._names
        check_size(self._file, rows=len(self.rows), columns=len(names), cells=len(self.rows) * len(names))
        numbers = self._numbers or self._numbers_of_places()
        frame = pd.DataFrame(self.rows, columns=names, index=pd.Index(numbers, name="row"), dtype=object)
        for column, path in self.mapping.header.items():
            if text := root.find(path):
                frame[column] = frame[column].fillna(text)
        frame = frame.astype(object).where(frame.notna(), None).sort_index()
        name = self.mapping.name
        if empty := [column for column in self.mapping.mapped if frame[column].isna().all()]:
            notes = [*notes, f"Nothing in the file gives {', '.join(empty)} of {name}."]
        return Reading(frame, self._file, sheet=name, contract=self.mapping.contract, notes=tuple(notes))

    def _numbers_of_places(self) -> list[int]:
        if self._a_row_a_record:
            return [record + 1 for record, _ in self._places]
        step = self._step
        return [record * step + place for record, place in self._places]

    @property
    def _step(self) -> int:
        return int(10 ** len(str(max((place for _, place in self._places), default=1))))

    @property
    def _a_row_a_record(self) -> bool:
        paths = {rows.path for rows in self.mapping.rows}
        return paths == {"."} and all(place == 1 for _, place in self._places)

    def notes(self, n_records: int) -> Iterator[str]:
        """Yield how rows are numbered, how many records and elements have none, and what was taken for granted."""
        name, step = self.mapping.name, self._step
        if self.rows and not self._numbers and not self._a_row_a_record:
            yield (
                f"The rows of {name} are numbered by record and place in it: {3 * step + 1} is the first of record 3."
            )
        if self._without and self.rows:
            tags = " or ".join(rows.path.rpartition("/")[2] for rows in self.mapping.rows if rows.path != ".")
            what = f"no {tags}" if tags else "nothing of it"
            yield self._note(
                f"Of {count(n_records, 'record', 'records')} {self._without:,} have {what}, and no row in {name}."
            )
        for what, number in self._excluded.items():
            yield self._note(f"Left out of {name}: {number:,} {what}.")
        taken: Counter[str] = Counter()
        for spells, row in self._without_spells:
            if spells.without and spells.path in self._with_spells:
                row |= spells.without
                values = ", ".join(f"{column} {text}" for column, text in spells.without.items())
                taken[f"Records of {name} without {spells.path}, which others have, were taken as {values}"] += 1
        yield from (self._note(f"{sentence}: {number:,}.") for sentence, number in taken.items())

    def _note(self, text: str) -> Note:
        """Return a note on how many children have something: for who may see what the table says of them."""
        return Note(text, self.mapping.mapped, self.mapping.contract)


def _parts(element: Element, rows: Rows, counts: Counter[str]) -> list[dict[str, str]]:
    """Return what tells apart the rows that one element gives: of each academic year, or of each code of a register."""
    if rows.results:
        return results_by_year(element, rows.results, counts)
    return sessions_by_code(element, rows.marks, counts) if rows.marks else [{}]


def _joined(what: str, column: str, file: str) -> ReadError:
    return ReadError(f"{what} holds more than one {column}.", file=file, remedy="Export it again.")


def _held(spells: Spells, spell: Element | None) -> dict[str, str]:
    """Return the columns where a spell holds, or none."""
    if spell is None:
        return spells.otherwise
    return spells.constants | texts_of(spell, spells.columns)
