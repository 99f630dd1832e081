"""Inspect the tables of a model's data without building a cohort: what was understood, what was not, what to ask."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from send_screen.cohorts._academic_year import with_academic_year
from send_screen.cohorts._column_errors import ambiguous_years, broken_cells
from send_screen.cohorts._column_mapping import ColumnMapping, load_mapping
from send_screen.cohorts._link import needed_columns
from send_screen.cohorts._source import SourceData, read_source
from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import CheckedTable, Column, Contract, check_table
from send_screen.contracts._headers import match_headers
from send_screen.contracts._parse_cells import distinct_texts, parse_column
from send_screen.contracts._quote import date_shaped, header_like, identifier_shaped
from send_screen.specs import ModelSpec

_MIN_CELLS = 3  # in which a text must stand to be quoted: a name in the wrong column stands in one
_SHARE_OF_CODES = 0.9  # of the cells that are no code of a column: texts that may be quoted
_MAX_LENGTH, _MAX_DIGITS = 24, 3
_POSTCODE = re.compile(r"[A-Za-z]{1,2}[0-9][A-Za-z0-9]? ?[0-9][A-Za-z]{2}")
_MOSTLY = 0.5  # of the rows


@dataclass(frozen=True)
class InspectedTable:
    """A table, the contract that it was recognised by, and how it keeps it."""

    contract: Contract
    table: SourceTable
    check: CheckedTable
    needed: frozenset[str]
    """The columns that the model needs."""
    texts: dict[str, Counter[str | None]]
    """Needed column with codes -> texts that are none of its codes, with their cells; None: what may be personal."""


@dataclass(frozen=True)
class Question:
    """Something about a file that only a person can answer.

    Attributes
    ----------
    kind : {"column", "codes", "blank", "academic_year"}
    columns : tuple of Column
        One, or several with the same codes that hold the same unknown texts.
    choices : tuple of str
        Headers that no column was found for; or texts that are no codes.
    """

    kind: str
    columns: tuple[Column, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """The tables of a model's data, the contracts there is no table for, and the open questions."""

    source: SourceData
    tables: tuple[InspectedTable, ...]
    lacking: tuple[Contract, ...]
    mapping: ColumnMapping
    questions: tuple[Question, ...]


def inspect_data(
    spec: ModelSpec, data: object, *, contracts: Mapping[str, Contract], academic_year: str | None = None
) -> Inspection:
    """Read the data of a model to screen with, check each table, and find what only a person can answer."""
    contracts = {use.contract: contracts[use.contract] for use in spec.data if not use.training_only}
    source = read_source(data, contracts)
    tables: Mapping[str, SourceTable] = source.tables
    if academic_year:
        tables = with_academic_year(tables, contracts, academic_year)
    needed = needed_columns(spec, training=False)
    inspected = []
    for name, table in tables.items():
        others = [contracts[other] for other, shared in tables.items() if shared is table and other != name]
        check = check_table(contracts[name], table.frame, file=table.file, other_contracts=others)
        texts = _unknown_texts(contracts[name], table, needed[name])
        inspected.append(InspectedTable(contracts[name], table, check, frozenset(needed[name]), texts))
    lacking = tuple(contracts[name] for name in contracts if name not in tables)
    questions = (*_questions(inspected), *_of_lacking(lacking, source.unused, needed))
    return Inspection(source, tuple(inspected), lacking, load_mapping(data), questions)


def _unknown_texts(contract: Contract, table: SourceTable, needed: set[str]) -> dict[str, Counter[str | None]]:
    headers = list(map(str, table.frame.columns))
    position = match_headers(headers, contract.columns, marks=contract.header_marks).position
    found: dict[str, Counter[str | None]] = {}
    for name in needed & position.keys():
        column = contract.columns[name]
        if column.codes:
            cells = table.frame.iloc[:, position[name]]
            values, _ = parse_column(cells, column)
            unknown = (values.notna() & ~values.isin(list(column.codes))).to_numpy()
            rows, texts = distinct_texts(cells.where(unknown))
            counts = Counter({texts[index] or "": n for index, n in Counter(rows[rows >= 0].tolist()).items()})
            found[name] = _quoted(counts)
    return {name: texts for name, texts in found.items() if texts}


def _quoted(counts: Counter[str]) -> Counter[str | None]:
    """Return the texts of a column that may be shown, with their cells, and the cells of the others under None.

    A code is short, stands in several cells, and has few others beside it; where most texts do not, the column holds
    something else, such as names, and none is shown.
    """
    shown: Counter[str | None] = Counter()
    for text, n in counts.items():
        shown[text if n >= _MIN_CELLS and _like_a_code(text) else None] += n
    if shown[None] > (1 - _SHARE_OF_CODES) * counts.total():
        return Counter({None: counts.total()})
    return +shown


def _like_a_code(text: str) -> bool:
    personal = identifier_shaped(text) or date_shaped(text) or _POSTCODE.fullmatch(text) is not None
    return not personal and len(text) <= _MAX_LENGTH and sum(map(str.isdecimal, text)) <= _MAX_DIGITS


def _questions(inspected: list[InspectedTable]) -> Iterator[Question]:
    """Yield the questions on the tables that were recognised."""
    asked: set[str] = set()
    ask_year = False
    by_codes: dict[tuple[str, ...], tuple[list[Column], Counter[str]]] = {}
    for one in inspected:
        columns = [column for name, column in one.contract.columns.items() if name in one.needed - asked]
        left = _left_headers(one, inspected)
        for column in columns:
            if column.rule("academicYear"):
                ask_year |= column.name in one.check.columns.missing
            elif column.required and column.name in one.check.columns.missing:
                asked.add(column.name)
                yield Question("column", (column,), left)
            elif column.codes and _is_mostly_blank(one.check, column):
                yield Question("blank", (column,))
            shown = {text: n for text, n in one.texts.get(column.name, {}).items() if text is not None}
            if shown:
                of_codes, counts = by_codes.setdefault(tuple(column.codes), ([], Counter()))
                of_codes.append(column)
                counts.update(shown)
        ask_year |= bool(_says_two_years(one))
    for of_codes, counts in by_codes.values():
        yield Question("codes", tuple(of_codes), tuple(counts))
    if ask_year:
        yield Question("academic_year")


def _says_two_years(one: InspectedTable) -> bool:
    """Return whether a table says its academic year by one number, which may be two years."""
    needed = set(one.needed)
    return bool(ambiguous_years(one.contract, broken_cells(one.contract, one.check, needed), needed, one.table.file))


def _left_headers(one: InspectedTable, inspected: list[InspectedTable]) -> tuple[str, ...]:
    """Return the headers of a table that no contract used, as far as they may be shown."""
    reports = [other.check.columns for other in inspected if other.table is one.table]
    unused = [{*report.unknown, *report.guessed} for report in reports]
    headers = [str(header).strip() for header in one.table.frame.columns]
    return tuple(header for header in headers if header_like(header) and all(header in each for each in unused))


def _is_mostly_blank(check: CheckedTable, column: Column) -> bool:
    rule = column.rule("null")
    blank = sum(violation.rule == rule.id for violation in check.violations) if rule else 0
    return blank > _MOSTLY * len(check.frame)


def _of_lacking(
    lacking: tuple[Contract, ...], unused: tuple[SourceTable, ...], needed: Mapping[str, set[str]]
) -> Iterator[Question]:
    """Yield the questions on contracts without a table, where tables are left that may be theirs."""
    headers = tuple(header for table in unused for header in map(str, table.frame.columns) if header_like(header))
    for contract in lacking if headers else ():
        position = match_headers(headers, contract.columns, marks=contract.header_marks).position
        for name in sorted(needed[contract.id] - position.keys()):
            if contract.columns[name].required:
                yield Question("column", (contract.columns[name],), headers)
