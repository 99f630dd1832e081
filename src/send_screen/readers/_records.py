"""Read the records of a known format as the rows of one or several tables."""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pandas as pd

from send_screen.documents import count, replace_surrogates
from send_screen.errors import ReadError
from send_screen.readers._formats import Format, FormatTable, Paths, Repeated, Results, XmlFormat
from send_screen.readers._header import require_rows
from send_screen.readers._reading import Reading
from send_screen.readers._size_limits import check_size
from send_screen.readers._text import InvisibleCharacters
from send_screen.readers._xml import Element, parse_xml

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
    if mapping.tables:
        return records.readings(root, notes)
    require_rows(len(records.rows), file)
    of_file = _of_file(root, mapping.header)
    names = list(dict.fromkeys(name for row in records.rows for name in row))
    check_size(file, rows=len(records.rows), cells=len(records.rows) * (len(names) + len(of_file)))
    index = pd.RangeIndex(2, 2 + len(records.rows), name="row")
    frame = pd.DataFrame(records.rows, columns=names, index=index, dtype=object)
    frame = frame.assign(**{column: text for column, text in of_file.items() if column not in frame})
    return [Reading(frame.where(frame.notna(), None), file, notes=tuple(notes))]


def _of_file(root: Element, header: dict[str, str]) -> dict[str, str]:
    return {column: text for column, path in header.items() if (text := root.find(path))}


def _mapped(table: FormatTable) -> Iterator[str]:
    """Yield the columns that the rows of a table give."""
    of_rows = [rows.columns for rows in table.rows]
    of_repeated = [repeated.columns for rows in table.rows for repeated in rows.repeated]
    return iter(dict.fromkeys(column for columns in (*of_rows, *of_repeated) for column in columns))


class Records:
    """The records of a file or set, row by row, and what is to be said of them.

    ``tag`` is what messages call a record.
    """

    def __init__(self, mapping: Format, file: str, tag: str, sha256: str) -> None:
        self.rows: list[dict[str, str]] = []  # where a record is a row
        self.tables = [_TableRows(table, file) for table in mapping.tables]
        self.number = 0  # of the records
        self._mapping, self._file, self._hash = mapping, file, sha256[:_HASH_LENGTH]
        self._tag = tag
        self._tags = {rows.path.rpartition("/")[2] for table in mapping.tables for rows in table.rows} | {self._tag}
        self._misplaced: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()

    def take(self, record: Element) -> None:
        """Add a record."""
        self.number += 1
        row = _columns(record, self._mapping.columns, self._joined)
        row = {name: text for name, text in row.items() if self._is_taken(name, text)}
        row |= _repeated(record, self._mapping.repeated, self._dropped)
        for results in self._mapping.results:
            _add_results(row, record, results)
        if self._mapping.number_column:
            row[self._mapping.number_column] = f"{self._hash}-{self.number}"
        if not self.tables:
            self.rows.append(_cleaned(row))
            return
        tags = Counter(element.tag for element in record.descendants() if element.tag in self._tags)
        paths = {rows.path for table in self.tables for rows in table.mapping.rows}
        for path in paths:
            tags[path.rpartition("/")[2]] -= len(record.find_all(path))
        self._misplaced += tags
        for table in self.tables:
            table.add(record, row, self.number, self._dropped)

    def _is_taken(self, column: str, text: str) -> bool:
        pattern = self._mapping.patterns.get(column)
        return pattern is None or re.fullmatch(pattern, text, re.DOTALL) is not None

    def _joined(self, column: str) -> ReadError:
        """Return the error of a record that damage joined to the next."""
        if self.tables:
            return _joined(f"{self._tag} {self.number}", column, self._file)
        return ReadError(
            f"A record holds more than one {column}.", file=self._file, row=self.number + 1, remedy="Export it again."
        )

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
        for path, number in self._dropped.items():
            yield f"Where there are several {path}, one was read; the others are left out: {number:,}."


class _TableRows:
    """The rows of one table."""

    def __init__(self, mapping: FormatTable, file: str) -> None:
        self.mapping = mapping
        self.rows: list[dict[str, str]] = []
        self._file = file
        self._places: list[tuple[int, int]] = []  # of each row: its record, and its place among the rows of it
        self._numbers: list[int] = []  # of each row in its own table, where it comes from one
        self._excluded: Counter[str] = Counter()
        self._without = 0

    def add(self, record: Element, of_record: dict[str, str], number: int, dropped: Counter[str]) -> None:
        """Add the rows of a record."""
        found = [(rows, element) for rows in self.mapping.rows for element in record.find_all(rows.path)]
        self._without += not found
        for place, (rows, element) in enumerate(found, start=1):
            tag = element.tag
            excluding = [path for path, texts in rows.excluded.items() if element.find(path) in texts]
            if excluding:
                self._excluded[f"{tag} with {excluding[0]} {element.find(excluding[0])}"] += 1
                continue

            def joined(column: str, tag: str = tag, place: int = place) -> ReadError:
                return _joined(f"{tag} {place} of {record.tag} {number}", column, self._file)

            row = rows.constants | _columns(element, rows.columns, joined)
            row |= _repeated(element, rows.repeated, dropped)
            self.rows.append(_cleaned({k: v for k, v in of_record.items() if k in self.mapping.columns} | row))
            self._places.append((number, place))
            if "row" in element.attributes and len(self.mapping.rows) == 1:
                self._numbers.append(int(element.attributes["row"]))
            check_size(self._file, rows=len(self.rows))

    def reading(self, root: Element, notes: list[str]) -> Reading:
        """Return the rows with the columns of the contract, and with the values of the file's header that they lack."""
        names = self.mapping.columns
        check_size(self._file, rows=len(self.rows), columns=len(names), cells=len(self.rows) * len(names))
        numbers = self._numbers or [number * self._step + place for number, place in self._places]
        frame = pd.DataFrame(self.rows, columns=names, index=pd.Index(numbers, name="row"), dtype=object)
        for column, text in _of_file(root, self.mapping.header).items():
            frame[column] = frame[column].fillna(text)
        frame = frame.astype(object).where(frame.notna(), None)
        name = self.mapping.name
        if empty := [column for column in _mapped(self.mapping) if frame[column].isna().all()]:
            notes = [*notes, f"Nothing in the file gives {', '.join(empty)} of {name}."]
        return Reading(frame, self._file, sheet=name, contract=self.mapping.contract, notes=tuple(notes))

    @property
    def _step(self) -> int:
        return int(10 ** len(str(max((place for _, place in self._places), default=1))))

    def notes(self, n_records: int) -> Iterator[str]:
        """Yield how rows are numbered, and how many records and elements have none."""
        name, step = self.mapping.name, self._step
        if self.rows and not self._numbers:
            yield (
                f"The rows of {name} are numbered by record and place in it: {3 * step + 1} is the first of record 3."
            )
        if self._without:
            tags = " or ".join(rows.path.rpartition("/")[2] for rows in self.mapping.rows)
            yield f"Of {count(n_records, 'record', 'records')} {self._without:,} have no {tags}, and no row in {name}."
        for what, number in self._excluded.items():
            yield f"Left out of {name}: {number:,} {what}."


def _joined(what: str, column: str, file: str) -> ReadError:
    return ReadError(f"{what} holds more than one {column}.", file=file, remedy="Export it again.")


def _columns(element: Element, columns: dict[str, Paths], joined: Callable[[str], ReadError]) -> dict[str, str]:
    """Return the texts at paths; raise where a path has two, since damage joins an element to the next."""
    row = {}
    for column, paths in columns.items():
        for path in [paths] if isinstance(paths, str) else paths:
            if len({found.text.strip() for found in element.find_all(path)}) > 1:
                raise joined(column)
        if text := _first(element, paths):
            row[column] = text
    return row


def _repeated(element: Element, repeated: list[Repeated], dropped: Counter[str]) -> dict[str, str]:
    """Return the texts of the newest elements that fit, and count the others."""
    row: dict[str, str] = {}
    for part in repeated:
        matching = [found for found in element.find_all(part.path) if _fits(found, part.where)]
        if matching:
            newest = max(matching, key=_date_at(part.newest))
            row |= {column: text for column, paths in part.columns.items() if (text := _first(newest, paths))}
        if len(matching) > 1:
            dropped[part.path] += len(matching) - 1
    return row


def _first(element: Element, paths: Paths) -> str | None:
    """Return the text at the first path that has one."""
    return next((text for path in ([paths] if isinstance(paths, str) else paths) if (text := element.find(path))), None)


def _cleaned(row: dict[str, str]) -> dict[str, str]:
    invisible = InvisibleCharacters()
    return {column: invisible.clean(replace_surrogates(text)).strip() for column, text in row.items()}


def _add_results(row: dict[str, str], record: Element, results: Results) -> None:
    """Add the newest result of each component, and the academic year of the newest result."""
    above, _, tag = results.path.rpartition("/")
    stages = [element for element in record.find_all(above) if _fits(element, results.stage)]
    found = [result for stage in stages for result in stage.find_all(tag) if _fits(result, results.where)]
    found.sort(key=_date_at(results.newest))
    for result in found:
        component, value = result.find(results.component), result.find(results.value)
        if component in results.components and value:
            row[component] = value
            for column, path in results.end_year.items():
                if (year := result.find(path)) and year.isdecimal() and len(year) == 4:
                    row[column] = f"{int(year) - 1}/{year[2:]}"


def _date_at(path: str | None) -> Callable[[Element], str]:
    """Return a sort key by the ISO date at a path; without a path or date the order is kept."""
    return lambda element: (element.find(path) or "") if path else ""


def _fits(element: Element, where: dict[str, str]) -> bool:
    return all(element.find(path) == text for path, text in where.items())
