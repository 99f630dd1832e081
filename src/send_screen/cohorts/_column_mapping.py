"""What a person answered about the headers, codes and blanks of a file: ``mapping.yaml`` beside the data."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field

from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import Column, Contract
from send_screen.contracts._headers import header_key, match_headers
from send_screen.contracts._note import Note
from send_screen.contracts._parse_cells import distinct_texts
from send_screen.contracts._quote import quotable
from send_screen.documents import Document, count, first_few, read_document
from send_screen.errors import DataError

MAPPING_FILE = "mapping.yaml"
_MAX_SHOWN = 5
_MOSTLY = 0.5  # of the cells of a column

#: A code or text as YAML has it, where ``2`` is a number.
_Code = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]


class CodesOfColumns(Document):
    """What the texts of one or more columns with the same codes mean; None for a text that nobody explained yet."""

    columns: tuple[str, ...]
    codes: dict[str, _Code | None]


class ColumnMapping(Document):
    """How the columns and texts of a file are to be read, as a person answered. None is a question still open.

    Attributes
    ----------
    academic_year : str or None
        Of tables that do not state it, such as ``"2025/26"``.
    columns : dict of str to str or None
        Column of a contract to the header that it has in the file.
    codes : tuple of CodesOfColumns
        Texts of columns with codes, to the contract's codes.
    blanks : dict of str to str or None
        Column to the code that a blank cell stands for.
    sha256 : str
        Hash of the file it was read from.
    """

    format: Literal["send_screen.mapping/1"] = "send_screen.mapping/1"
    academic_year: str | None = None
    columns: dict[str, _Code | None] = Field(default_factory=dict)
    codes: tuple[CodesOfColumns, ...] = ()
    blanks: dict[str, _Code | None] = Field(default_factory=dict)
    sha256: str = ""


NO_MAPPING = ColumnMapping()


def load_mapping(data: object) -> ColumnMapping:
    """Return the mapping beside a file or in a folder of files; without one, the mapping that changes nothing."""
    if not isinstance(data, str | Path):
        return NO_MAPPING
    path = mapping_path(data)
    if not path.is_file():
        return NO_MAPPING
    content = path.read_bytes()
    mapping = read_document(
        ColumnMapping, content, error=DataError, file=MAPPING_FILE, yaml=True, kind="mapping of columns"
    )
    if contradictions := list(_contradictions(mapping)):
        raise DataError(" ".join(contradictions), remedy="Correct the answers.", file=MAPPING_FILE)
    return mapping.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})


def _contradictions(mapping: ColumnMapping) -> Iterator[str]:
    """Yield the headers that are given for two columns, and the texts that two codes are given for."""
    headers = Counter(header_key(header) for header in mapping.columns.values() if header)
    for column, header in mapping.columns.items():
        if header and headers[header_key(header)] > 1:
            yield f"The header of {column} is given for another column too."
    given: dict[tuple[str, str], str] = {}
    for group in mapping.codes:
        for column in group.columns:
            for text, code in group.codes.items():
                if code is not None and given.setdefault((column, text.casefold()), code) != code:
                    yield f"Two codes are given for one text of {column}."


def mapping_path(data: str | Path) -> Path:
    """Return where the mapping of a file or folder of files is kept."""
    path = Path(data)
    return (path if path.is_dir() else path.parent) / MAPPING_FILE


def with_mapped_headers(table: SourceTable, mapping: ColumnMapping) -> SourceTable:
    """Return a table with the headers that a mapping names replaced by the columns that they are."""
    columns = {header_key(header): column for column, header in mapping.columns.items() if header}
    headers = list(map(str, table.frame.columns))
    named = {header: columns[key] for header in headers if (key := header_key(header)) in columns}
    if not named:
        return table
    frame = table.frame.rename(columns=lambda header: named.get(str(header), header))
    shown = first_few([f"{column} from {quotable(header)}" for header, column in named.items()], _MAX_SHOWN)
    note = Note(f"{table.file}: {MAPPING_FILE} takes {shown}.", named.values())
    return replace(table, frame=frame, notes=(*table.notes, note))


def with_mapped_codes(
    tables: Mapping[str, SourceTable], contracts: Mapping[str, Contract], mapping: ColumnMapping
) -> dict[str, SourceTable]:
    """Return tables, by contract, with the texts and blanks that a mapping explains replaced by codes."""
    codes_of = _codes_by_column(mapping)
    frames: dict[int, pd.DataFrame] = {}  # by id() of the table given: several contracts may share one
    cells: dict[int, dict[str, int]] = {}
    for name, table in tables.items():
        headers = list(map(str, table.frame.columns))
        position = match_headers(headers, contracts[name].columns, marks=contracts[name].header_marks).position
        for column, index in sorted(position.items(), key=lambda item: item[1]):
            answers = codes_of.get(column, {})
            _raise_on_known_codes(contracts[name].columns[column], answers)
            values, replaced = _replaced(table.frame.iloc[:, index], column, answers)
            if replaced:
                frames.setdefault(id(table), table.frame.copy(deep=False)).isetitem(index, values.array)
                cells.setdefault(id(table), {})[column] = replaced
    changed = dict[int, SourceTable]()
    for table in tables.values():
        if of_table := cells.get(id(table)):
            text = f"{table.file}: {MAPPING_FILE} read {count(sum(of_table.values()), 'cell', 'cells')} of "
            note = Note(f"{text}{first_few(of_table, _MAX_SHOWN)}.", of_table)
            changed[id(table)] = replace(table, frame=frames[id(table)], notes=(*table.notes, note))
    return {name: changed.get(id(table), table) for name, table in tables.items()}


def _raise_on_known_codes(column: Column, answers: Mapping[str | None, str]) -> None:
    """Raise where an answer gives a text that the contract knows another meaning."""
    known = {text.casefold(): code for text, code in column.level_synonyms.items()}
    known |= {code.casefold(): code for code in column.codes}
    changed = [text for text, code in answers.items() if text is not None and known.get(text, code) != code]
    if changed:
        raise DataError(
            f"{first_few(map(repr, changed), _MAX_SHOWN)} is a code of {column.name} already, or stands for one.",
            remedy="Answer for texts without a meaning. Where the file's codes mean something else, change them.",
            file=MAPPING_FILE,
            column=column.name,
        )


def unused_answers(
    mapping: ColumnMapping, tables: Mapping[str, SourceTable], contracts: Mapping[str, Contract], headers: Iterable[str]
) -> list[str]:
    """Return notes on the answers of a mapping that fit nothing in the files or the contracts.

    Raises
    ------
    DataError
        If an answer names a header that no file has, for a column of a table that is there.
    """
    found = set(headers)  # a header that a mapping names is replaced by its column
    lost = {column: header for column, header in mapping.columns.items() if header and column not in found}
    of_tables = {column for name in tables for column in contracts[name].columns}
    if wrong := [column for column in lost if column in of_tables]:
        raise DataError(
            f"No file has the header that is given for {first_few(wrong, _MAX_SHOWN)}: "
            f"{first_few([quotable(lost[column] or '') for column in wrong], _MAX_SHOWN)}.",
            remedy="Correct the header, or take the line out.",
            file=MAPPING_FILE,
        )
    notes = []
    if lost:
        notes.append(f"{MAPPING_FILE}: no file has the header {first_few(map(quotable, lost.values()), _MAX_SHOWN)}.")
    known = {column for contract in contracts.values() for column in contract.columns}
    named = {*mapping.columns, *mapping.blanks, *(column for codes in mapping.codes for column in codes.columns)}
    if unknown := sorted(named - known):
        notes.append(f"{MAPPING_FILE}: this model has no column {first_few(map(quotable, unknown), _MAX_SHOWN)}.")
    return notes


def _codes_by_column(mapping: ColumnMapping) -> dict[str, dict[str | None, str]]:
    """Return for each column its texts in small letters, and None for blank, with their codes."""
    found: dict[str, dict[str | None, str]] = {}
    for group in mapping.codes:
        for column in group.columns:
            answered = {text.casefold(): code for text, code in group.codes.items() if code is not None}
            found.setdefault(column, {}).update(answered)
    for column, code in mapping.blanks.items():
        if code is not None:
            found.setdefault(column, {})[None] = code
    return {column: codes for column, codes in found.items() if codes}


def _replaced(series: pd.Series, column: str, codes: Mapping[str | None, str]) -> tuple[pd.Series, int]:
    """Return a column with the texts that have a code replaced, and the number of cells replaced.

    Blank cells have a meaning only where most are blank: elsewhere a blank is what nobody recorded.
    """
    if not codes:
        return series, 0
    rows, texts = distinct_texts(series)
    found = [codes.get(text if text is None else text.casefold()) for text in (*texts, None)]
    blank = np.array([text is None for text in (*texts, None)])[rows]
    if None in codes and 0 < blank.mean() <= _MOSTLY:
        raise DataError(
            f"Of {column} only {count(int(blank.sum()), 'cell is', 'cells are')} blank: such a cell is what nobody "
            "recorded, and has no code.",
            remedy="Take the answer on blanks out, or fill the cells.",
            file=MAPPING_FILE,
            column=column,
        )
    cells = np.array([text if code is None else code for text, code in zip((*texts, None), found, strict=True)], object)
    replaced = np.array([code is not None for code in found])[rows].sum()
    return pd.Series(cells[rows], index=series.index, dtype=object), int(replaced)
