"""Read XML by a mapping of its elements to columns (Common Transfer File), and Excel's XML of 2003.

In a mapping, values are paths of elements and keys are columns; ``where`` and ``stage`` are conditions (path to text).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Annotated

import pandas as pd
from pydantic import Field

from send_screen.contracts import shipped
from send_screen.documents import Document, load_yaml, replace_surrogates
from send_screen.errors import ContractError, ReadError
from send_screen.readers._header import as_frame, check_row_widths, require_rows, require_table, split_header
from send_screen.readers._reading import Reading
from send_screen.readers._size_limits import check_size
from send_screen.readers._text import InvisibleCharacters
from send_screen.readers._xml import Element, parse_xml

_DAMAGED_REMEDY = "Open it in Excel, look at that row, and save it as .xlsx."


class Repeated(Document):
    """Columns from an element that a record can have several times; the newest that meets ``where`` is taken."""

    path: str
    columns: dict[str, str]
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


class XmlFormat(Document):
    """How the elements of a format become columns, with the source and the dates of the format."""

    name: str
    source: str
    valid_from: Annotated[str | None, Field(alias="from")] = None
    valid_until: Annotated[str | None, Field(alias="until")] = None
    root: str
    record: str
    header: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, list[str]]
    repeated: list[Repeated] = Field(default_factory=list)
    results: list[Results] = Field(default_factory=list)


@cache
def xml_formats() -> dict[str, XmlFormat]:
    """Return the formats that come with the library, by the name of their root element."""
    files = sorted((shipped("data_contracts") / "formats").glob("*.yaml"))
    loaded = [load_yaml(file.read_text("utf-8"), file=file.name, error=ContractError) for file in files]
    return {mapping.root: mapping for mapping in map(XmlFormat.model_validate, loaded)}


def read_xml_format(content: io.BytesIO, file: str, mapping: XmlFormat) -> Reading:
    """Read the records of a file of a known format; the row numbers are those of the records, from 2."""
    rows: list[dict[str, str]] = []

    def take(record: Element) -> None:
        for column, paths in mapping.columns.items():
            if any(len({element.text.strip() for element in record.find_all(path)}) > 1 for path in paths):
                raise ReadError(
                    f"A record holds more than one {column}.", file=file, row=len(rows) + 2, remedy="Export it again."
                )
        rows.append(_row(record, mapping))

    root, doubled = parse_xml(content.getvalue(), file, mapping.record, take)
    require_rows(len(rows), file)
    of_file = {column: text for column, path in mapping.header.items() if (text := root.find(path))}
    names = list(dict.fromkeys(name for row in rows for name in row))
    check_size(file, rows=len(rows), columns=len(names) + len(of_file), cells=len(rows) * (len(names) + len(of_file)))
    index = pd.RangeIndex(2, 2 + len(rows), name="row")
    frame = pd.DataFrame(rows, columns=names, index=index, dtype=object)
    frame = frame.assign(**{column: text for column, text in of_file.items() if column not in frame})
    notes = [f"The file was read as a {mapping.name}."]
    if doubled:
        notes.append("The XML declaration is there more than once: it was passed over.")
    return Reading(frame.where(frame.notna(), None), file, notes=tuple(notes))


def _row(record: Element, mapping: XmlFormat) -> dict[str, str]:
    """Return a record as a row: column to text."""
    row: dict[str, str] = {}
    for column, paths in mapping.columns.items():
        if text := next((text for path in paths if (text := record.find(path))), None):
            row[column] = text
    for repeated in mapping.repeated:
        matching = [element for element in record.find_all(repeated.path) if _fits(element, repeated.where)]
        if matching:
            newest = max(matching, key=_date_at(repeated.newest))
            row |= {column: text for column, path in repeated.columns.items() if (text := newest.find(path))}
    for results in mapping.results:
        _add_results(row, record, results)
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


def read_spreadsheet_2003(content: io.BytesIO, file: str) -> Reading:
    """Read the only sheet with filled cells of a workbook in Excel's XML of 2003."""
    sheets: list[list[list[str]]] = []
    invisible = InvisibleCharacters()
    parse_xml(content.getvalue(), file, "Worksheet", lambda sheet: sheets.append(_sheet_rows(sheet, invisible, file)))
    filled = [rows for rows in sheets if any(map(any, rows))]
    if len(filled) != 1:
        raise ReadError(
            f"The workbook has {len(filled)} sheets with cells in them, in Excel's XML of 2003.",
            file=file,
            remedy="Open it in Excel and save it as .xlsx.",
        )
    layout = split_header(enumerate(filled[0], start=1))
    require_table(layout, file)
    check_row_widths(layout, file, remedy=_DAMAGED_REMEDY)
    return Reading(as_frame(layout), file, notes=(*layout.notes, *invisible.notes()))


def _sheet_rows(sheet: Element, invisible: InvisibleCharacters, file: str) -> list[list[str]]:
    rows: list[list[str]] = []
    for row in sheet.find_all("Table/Row"):
        place = _place(row, len(rows))
        check_size(file, rows=place)
        rows += [[] for _ in range(place - len(rows))]
        cells: list[str] = []
        for cell in row.find_all("Cell"):
            column = _place(cell, len(cells))
            check_size(file, columns=column)
            cells += [""] * (column - len(cells))
            if len(cell.find_all("Data")) > 1:
                raise ReadError("A cell holds two values.", file=file, row=place + 1, remedy=_DAMAGED_REMEDY)
            cells.append(invisible.clean(_cell_text(cell)))
        rows.append(cells)
    return rows


def _place(element: Element, default: int) -> int:
    """Return the position from 0 that an element states (``ss:Index`` counts from 1), or the next one."""
    index = element.attributes.get("Index", "")
    return max(default, int(index) - 1) if index.isdecimal() and len(index) < 9 else default


def _cell_text(cell: Element) -> str:
    data = next(iter(cell.find_all("Data")), None)
    text = replace_surrogates(data.text.strip()) if data else ""
    if data and data.attributes.get("Type") == "Number":
        try:
            return str(int(number)) if (number := float(text)).is_integer() else text
        except (ValueError, OverflowError):
            return text
    return text
