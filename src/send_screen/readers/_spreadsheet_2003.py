"""Read Excel's XML of 2003."""

from __future__ import annotations

import io

from send_screen.documents import replace_surrogates
from send_screen.errors import ReadError
from send_screen.readers._header import as_frame, check_row_widths, require_table, split_header
from send_screen.readers._reading import Reading
from send_screen.readers._size_limits import check_size
from send_screen.readers._text import InvisibleCharacters
from send_screen.readers._xml import Element, parse_xml

_DAMAGED_REMEDY = "Open it in Excel, look at that row, and save it as .xlsx."


def read_spreadsheet_2003(content: io.BytesIO, file: str) -> Reading:
    """Read the only sheet with filled cells of a workbook in Excel's XML of 2003."""
    sheets: list[list[list[str]]] = []
    invisible = InvisibleCharacters()
    parse_xml(
        content.getvalue(), file, "Worksheet", lambda sheet, _: sheets.append(_sheet_rows(sheet, invisible, file))
    )
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
