"""How files of a known format become the columns of tables: the documents in ``data_contracts/formats``.

A file of XML, or a set of tables that name each other's rows by keys, is a list of records with elements in them. In a
mapping, keys are columns and values are paths of elements; ``where`` and ``stage`` are conditions (path to text).
"""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field

from send_screen.contracts import load_contract, shipped
from send_screen.documents import Document, load_yaml
from send_screen.errors import ContractError
from send_screen.readers._xml import first_path

Paths = str | list[str]  # the first path that is there is taken


class Repeated(Document):
    """Columns from an element that a record can have several times; the newest that meets ``where`` is taken."""

    path: str
    columns: dict[str, Paths]
    where: dict[str, str] = Field(default_factory=dict)
    newest: str | None = None


class Results(Document):
    """Results of assessments: each of ``components`` becomes a column, with the newest ``value``."""

    path: str
    component: str
    components: list[str]
    value: str
    stage: dict[str, str] = Field(default_factory=dict)
    where: dict[str, str] = Field(default_factory=dict)
    newest: str | None = None
    end_year: dict[str, str] = Field(default_factory=dict)


class Rows(Document):
    """A row of a table for each element at a path below the record.

    ``columns`` and ``repeated`` are read from that element, ``constants`` are given to each row. A row with one of the
    texts of ``excluded`` at their path is left out and counted.
    """

    path: str
    columns: dict[str, Paths]
    repeated: list[Repeated] = Field(default_factory=list)
    constants: dict[str, str] = Field(default_factory=dict)
    excluded: dict[str, list[str]] = Field(default_factory=dict)


class FormatTable(Document):
    """One of the tables of a format, with the columns of a contract; ``header`` maps elements of the file's header."""

    contract: str
    header: dict[str, str] = Field(default_factory=dict)
    rows: list[Rows]

    @property
    def name(self) -> str:
        """The name of the table, as of a sheet."""
        return self.contract.rpartition("/")[2]

    @property
    def columns(self) -> list[str]:
        """The columns of the contract: all are given, so that tables of several formats can be read together."""
        return list(load_contract(self.contract).columns)


class Format(Document):
    """How the elements of a record become columns, with the source and the dates of the format.

    ``columns``, ``repeated`` and ``results`` are of a record. Without ``tables`` a record is a row; with them, the
    columns of a record are given to each row in it. ``number_column`` is the identifier of a child in files that have
    none: the number of the record, with a part of the file's hash. A text that does not match the pattern of its column
    in ``patterns`` is not taken. ``note`` is said of each file.
    """

    name: str
    source: str
    note: str | None = None
    valid_from: Annotated[str | None, Field(alias="from")] = None
    valid_until: Annotated[str | None, Field(alias="until")] = None
    number_column: str | None = None
    patterns: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, Paths] = Field(default_factory=dict)
    repeated: list[Repeated] = Field(default_factory=list)
    results: list[Results] = Field(default_factory=list)
    tables: list[FormatTable] = Field(default_factory=list)


class XmlFormat(Format):
    """A format of XML: the path of a record below the root, and elements of the header that each record is given."""

    root: str | None = None
    record: str
    header: dict[str, str] = Field(default_factory=dict)

    @property
    def marks(self) -> set[str]:
        """Paths of elements below the root, by which a file of this format is known."""
        return {f"{self.record}/{rows.path}" for table in self.tables for rows in table.rows} or {self.record}


class Part(Document):
    """One of the tables of a set: the headers by which it is known, without case, spaces and punctuation.

    ``key`` is the header of what names its rows in other tables; ``parent_key`` is the header of the key of the row of
    the part ``parent`` which a row belongs to. A table with one of the headers ``absent`` is another part.
    """

    headers: list[str]
    absent: list[str] = Field(default_factory=list)
    key: str | None = None
    parent: str | None = None
    parent_key: str | None = None


class TablesFormat(Format):
    """A set of tables that name each other's rows by keys; the rows of the part without a parent are the records.

    The elements in a row are its cells, under their header, and the rows of other parts that belong to it, under the
    name of the part. ``prefix`` is a pattern of what is written before the text of a cell and means nothing.
    """

    parts: dict[str, Part]
    prefix: str | None = None

    @property
    def record(self) -> str:
        """The part whose rows are the records."""
        return next(name for name, part in self.parts.items() if part.parent is None)


@cache
def formats() -> tuple[XmlFormat | TablesFormat, ...]:
    """Return the formats that come with the library."""
    files = sorted((shipped("data_contracts") / "formats").glob("*.yaml"))
    loaded = [load_yaml(file.read_text("utf-8"), file=file.name, error=ContractError) for file in files]
    return tuple((XmlFormat if "record" in document else TablesFormat).model_validate(document) for document in loaded)


def xml_format_of(data: bytes, root: str) -> XmlFormat | None:
    """Return the format of a file, by its root and the elements in it; None if it is of none.

    The elements are those that become rows, or else records without a row. A file with the root of a format of one
    table is of that format, whatever else is in it.
    """
    possible = [mapping for mapping in formats() if isinstance(mapping, XmlFormat) and mapping.root in (root, None)]
    for paths_of in (lambda mapping: mapping.marks, lambda mapping: {mapping.record}):
        by_path = {path: mapping for mapping in possible for path in paths_of(mapping)}
        if path := first_path(data, by_path.keys()):
            return by_path[path]
    return next((mapping for mapping in possible if mapping.root and not mapping.tables), None)
