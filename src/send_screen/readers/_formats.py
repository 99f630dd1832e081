"""How files of a known format become the columns of tables: the documents in ``data_contracts/formats``.

A file of XML, or a set of tables that name each other's rows by keys, is a list of records with elements in them. In a
mapping, keys are columns and values are paths of elements; ``where`` and ``stage`` are conditions (path to text).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from send_screen.contracts import load_contract, shipped
from send_screen.documents import Document, load_yaml
from send_screen.errors import ContractError
from send_screen.readers._xml import first_path

Paths = str | list[str]  # the first path that is there is taken


class Repeated(Document):
    """Columns from an element that a record can have several times; the newest that meets ``where`` is taken.

    With ``start_year``, a path, those elements are taken whose year at that path begins the academic year of the row,
    and numbers that each of several has are added. ``sums`` and ``differences`` are columns that follow from two others
    of an element where it gives them.
    """

    path: str
    columns: dict[str, Paths]
    where: dict[str, str] = Field(default_factory=dict)
    newest: str | None = None
    start_year: str | None = None
    sums: dict[str, list[str]] = Field(default_factory=dict)
    differences: dict[str, list[str]] = Field(default_factory=dict)

    @property
    def given(self) -> dict[str, object]:
        """The columns that an element gives."""
        return {**self.columns, **self.sums, **self.differences}


class Spells(Document):
    """Columns from elements that hold from one date to another: of the newest of those that hold on a day.

    The day is that of the file, or, ``until`` the academic year, the last of the row's year where that is earlier.
    ``start`` and ``end`` are paths of dates. ``constants`` are given where one holds, ``otherwise`` where none does,
    and ``without`` where the record has no such element and another record of the file has one.
    What depends on a date that cannot be read is not known.
    """

    path: str
    start: str
    end: str
    until: Literal["file", "academic_year"]
    columns: dict[str, Paths] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    otherwise: dict[str, str] = Field(default_factory=dict)
    without: dict[str, str] = Field(default_factory=dict)


class Results(Document):
    """Results of assessments: ``components`` maps the text at ``component`` to the column of the newest ``value``.

    A record gives a row for each academic year, which ends in the year at the path ``end_year``; with ``newest_year``,
    for the newest only. Results whose text at the path ``status`` is not ``valid`` are left out and counted.
    """

    path: str
    component: str
    components: dict[str, str]
    value: str
    stage: dict[str, str] = Field(default_factory=dict)
    where: dict[str, str] = Field(default_factory=dict)
    status: str | None = None
    valid: str | None = None
    newest: str | None = None
    end_year: str
    newest_year: bool = False


class Marks(Document):
    """Codes of a register in one text, two a day from a date on: a row for each code of a term, with its sessions.

    ``path`` is that of the elements which hold a text, ``start`` and ``text`` those below it; ``term``, ``code`` and
    ``sessions`` are columns.
    """

    path: str
    start: str
    text: str
    term: str
    code: str
    sessions: str


class Rows(Document):
    """A row of a table for each element at a path below the record.

    ``columns``, ``repeated`` and ``spells`` are read from that element, ``constants`` are given to each row. A row with
    one of the texts of ``excluded`` at their path is left out and counted. With ``results`` there is a row for each
    academic year of them, and with ``marks`` one for each code of a term. The academic year of a row without results is
    that of the record's newest results in the tables ``year_of``, above this one, or else that of the file.
    """

    path: str
    columns: dict[str, Paths] = Field(default_factory=dict)
    repeated: list[Repeated] = Field(default_factory=list)
    spells: list[Spells] = Field(default_factory=list)
    results: Results | None = None
    marks: Marks | None = None
    year_of: list[str] = Field(default_factory=list)
    constants: dict[str, str] = Field(default_factory=dict)
    excluded: dict[str, list[str]] = Field(default_factory=dict)


class FormatTable(Document):
    """One of the tables of a format, with the columns of a contract; ``header`` maps elements of the file's header.

    With ``derives``, only columns that the format gives are there, so that others can be derived from them.
    """

    contract: str
    header: dict[str, str] = Field(default_factory=dict)
    derives: bool = False
    rows: list[Rows]

    @property
    def name(self) -> str:
        """The name of the table, as of a sheet."""
        return self.contract.rpartition("/")[2]

    @property
    def columns(self) -> list[str]:
        """The columns of the contract."""
        return _columns_of(self.contract)

    @property
    def mapped(self) -> list[str]:
        """The columns that the rows give."""
        given: list[Mapping[str, object]] = []
        for rows in self.rows:
            given += [rows.columns, *(part.given for part in rows.repeated)]
            given += [{**part.columns, **part.constants, **part.otherwise, **part.without} for part in rows.spells]
            given += [dict.fromkeys(rows.results.components.values(), "")] if rows.results else []
            given += [dict.fromkeys((rows.marks.term, rows.marks.code, rows.marks.sessions))] if rows.marks else []
        return list(dict.fromkeys(column for columns in given for column in columns))


@cache
def _columns_of(contract: str) -> list[str]:
    return list(load_contract(contract).columns)


class Format(Document):
    """How the elements of a record become columns, with the source and the dates of the format.

    ``columns`` and ``repeated`` are of a record, and are given to each row in it. ``number_column`` is the identifier
    of a child in files that have none: the number of the record, with a part of the file's hash. A text that does not
    match the pattern of its column in ``patterns`` is not taken. ``note`` is said of each file. ``date`` is the path of
    the date of the file in its header, and ``start_year`` that of the year in which its academic year begins.
    """

    name: str
    source: str
    note: str | None = None
    valid_from: Annotated[str | None, Field(alias="from")] = None
    valid_until: Annotated[str | None, Field(alias="until")] = None
    number_column: str | None = None
    patterns: dict[str, str] = Field(default_factory=dict)
    date: str | None = None
    start_year: str | None = None
    columns: dict[str, Paths] = Field(default_factory=dict)
    repeated: list[Repeated] = Field(default_factory=list)
    tables: list[FormatTable]

    @property
    def of_record(self) -> set[str]:
        """The columns that a record gives to each row in it."""
        repeated = (column for part in self.repeated for column in part.columns)
        return {*self.columns, *repeated, *([self.number_column] if self.number_column else [])}


class XmlFormat(Format):
    """A format of XML: the path of a record below the root."""

    root: str | None = None
    record: str

    @property
    def marks(self) -> set[str]:
        """Paths of elements below the root, by which a file of this format is known."""
        paths = {rows.path for table in self.tables for rows in table.rows}
        return {self.record if path == "." else f"{self.record}/{path}" for path in paths}


class Part(Document):
    """One of the tables of a set: the headers by which it is known, without case, spaces and punctuation.

    ``key`` is the header of what names its rows in other tables; ``parent_key`` is the header of the key of the row of
    the part ``parent`` which a row belongs to. A table with one of the headers ``absent`` is another part. The records
    belong to a row of the part that is their ``census``, and name it by its key.
    """

    headers: list[str]
    absent: list[str] = Field(default_factory=list)
    key: str | None = None
    parent: str | None = None
    parent_key: str | None = None
    census: bool = False

    def fits(self, keys: Collection[str]) -> bool:
        """Return whether a table with these headers has all of a part, and none that it may not have."""
        return set(self.headers) <= set(keys) and not set(self.absent) & set(keys)


class TablesFormat(Format):
    """A set of tables that name each other's rows by keys; the rows of the part without a parent are the records.

    The elements in a row are its cells, under their header, and the rows of other parts that belong to it, under the
    name of the part; in a record also the row of its census, with what follows from it (``census_times``). ``prefix``
    is a pattern of what is written before the text of a cell and means nothing.
    """

    parts: dict[str, Part]
    prefix: str | None = None

    @property
    def record(self) -> str:
        """The part whose rows are the records."""
        return next(name for name, part in self.parts.items() if part.parent is None and not part.census)

    @property
    def row_parts(self) -> list[str]:
        """The parts whose rows are rows of the tables."""
        paths = [rows.path for table in self.tables for rows in table.rows]
        return list(dict.fromkeys(self.record if path == "." else path.rpartition("/")[2] for path in paths))

    def has_records(self, parts: Collection[str]) -> bool:
        """Return whether these parts are enough of a set to be read: the records, and rows of another part."""
        others = [name for name in self.row_parts if name != self.record]
        return self.record in parts and (not others or any(name in parts for name in others))


class HeaderRecord(Document):
    """The record above a table that says which census the table is of: its first cell, and the names of its cells.

    ``columns`` maps columns of the ``contracts`` to those names, or to what follows from them (``census_times``).
    """

    name: str
    source: str
    valid_from: Annotated[str | None, Field(alias="from")] = None
    valid_until: Annotated[str | None, Field(alias="until")] = None
    fields: list[str]
    first: str
    contracts: list[str]
    columns: dict[str, str]


class WideFormat(Document):
    """A table with a column for each code, or for each session, in place of a row for each code.

    ``codes`` and ``count`` are columns of the contract: the codes of the first are headers, also after one of the
    ``prefixes``, and their cells are counts. Or a header is a day and AM or PM, and its cells are codes, whose ``year``
    and ``term`` follow from the day. A table is of this format if ``least`` of its headers are such.
    """

    name: str
    source: str
    valid_from: Annotated[str | None, Field(alias="from")] = None
    valid_until: Annotated[str | None, Field(alias="until")] = None
    contract: str
    codes: str
    count: str
    year: str
    term: str
    prefixes: list[str]
    least: int


_AnyFormat = XmlFormat | TablesFormat | HeaderRecord | WideFormat
#: What each kind of document has, and no other.
_KINDS: dict[str, type[_AnyFormat]] = {
    "record": XmlFormat, "parts": TablesFormat, "fields": HeaderRecord, "least": WideFormat,
}  # fmt: skip


@cache
def _documents() -> tuple[_AnyFormat, ...]:
    files = sorted((shipped("data_contracts") / "formats").glob("*.yaml"))
    loaded = [load_yaml(file.read_text("utf-8"), file=file.name, error=ContractError) for file in files]
    return tuple(
        next(kind for key, kind in _KINDS.items() if key in document).model_validate(document) for document in loaded
    )


def formats() -> list[XmlFormat | TablesFormat]:
    """Return the formats of records that come with the library."""
    return [document for document in _documents() if isinstance(document, XmlFormat | TablesFormat)]


def header_records() -> list[HeaderRecord]:
    """Return the records that may stand above a table."""
    return [document for document in _documents() if isinstance(document, HeaderRecord)]


def wide_formats() -> list[WideFormat]:
    """Return the formats of tables with a column for each code."""
    return [document for document in _documents() if isinstance(document, WideFormat)]


def parts_of_sets(tables: Sequence[Collection[str]]) -> set[int]:
    """Return the positions of the tables, given by the keys of their headers, that are parts of a set of a format."""
    found: set[int] = set()
    for mapping in formats():
        if isinstance(mapping, TablesFormat):
            fitting = {
                name: [place for place, keys in enumerate(tables) if part.fits(keys)]
                for name, part in mapping.parts.items()
            }
            if mapping.has_records([name for name, places in fitting.items() if places]):
                found.update(place for places in fitting.values() for place in places)
    return found


def xml_format_of(data: bytes, root: str) -> XmlFormat | None:
    """Return the format of a file, by its root and the elements in it; None if it is of none.

    The elements are those that become rows, or else records without a row, or else, below a root that the format names,
    what would hold records.
    """
    possible = [mapping for mapping in formats() if isinstance(mapping, XmlFormat) and mapping.root in (root, None)]
    for paths_of in (
        lambda mapping: mapping.marks,
        lambda mapping: {mapping.record},
        lambda mapping: {mapping.record.rpartition("/")[0]} - {""} if mapping.root else set[str](),
    ):
        by_path = {path: mapping for mapping in possible for path in paths_of(mapping)}
        if path := first_path(data, by_path.keys()):
            return by_path[path]
    return None
