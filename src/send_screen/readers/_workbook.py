"""Workbooks, through calamine: the sheet with the children is found, cells become text as a person would type it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from send_screen.errors import ReadError
from send_screen.readers._layout import as_frame, split_header, titles_note
from send_screen.readers._reading import Reading, refuse_bad_headers, refuse_no_rows

# Name of the part of a protected workbook that holds the rest, as its container spells it.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class _Sheet:
    """A sheet's header, its rows of text, their row numbers, and how many title rows there are above."""

    name: str
    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    titles: int


def read_workbook(path: Path) -> Reading:
    """Read a workbook; see :func:`send_screen.readers.read_table`.

    Of several sheets the one with most rows below a header is taken.

    Raises
    ------
    ReadError
        Also where two sheets have equally many rows.
    """
    sheets = _sheets(path)
    tables = [sheet for sheet in sheets if sheet.rows]
    if not any(sheet.header for sheet in sheets):
        raise ReadError("The workbook is empty.", file=path.name, remedy="Export it again.")
    refuse_no_rows(len(tables), path.name)
    most = max(len(sheet.rows) for sheet in tables)
    largest = [sheet for sheet in tables if len(sheet.rows) == most]
    if len(largest) > 1:
        raise ReadError(
            f"Several sheets have as many rows: {', '.join(repr(sheet.name) for sheet in largest)}.",
            file=path.name,
            remedy="Save the sheet with the children as a file of its own.",
        )
    sheet = largest[0]
    refuse_bad_headers(sheet.header, path.name)
    others = [other.name for other in sheets if other is not sheet]
    notes = [f"Sheet {sheet.name!r} was read, and not {', '.join(map(repr, others))}."] if others else []
    notes += titles_note(sheet.titles)
    return Reading(as_frame(sheet.header, sheet.rows, sheet.numbers), path.name, sheet=sheet.name, notes=tuple(notes))


def _sheets(path: Path) -> list[_Sheet]:
    import python_calamine as calamine

    try:
        with path.open("rb") as file:
            # calamine tells a protected workbook by its name only when it is given a path.
            if _ENCRYPTED in file.read():
                raise calamine.PasswordError
            file.seek(0)
            workbook = calamine.CalamineWorkbook.from_filelike(file)
            return [_sheet(name, workbook.get_sheet_by_name(name)) for name in workbook.sheet_names]
    except calamine.PasswordError as error:
        raise ReadError(
            "The workbook is protected by a password.",
            file=path.name,
            remedy="Open it in Excel, take the password off (File, Info, Protect Workbook) and save a copy.",
        ) from error
    except (calamine.CalamineError, OSError) as error:
        raise ReadError(
            "The workbook is damaged or not a workbook.", file=path.name, remedy="Save it again from Excel, or as CSV."
        ) from error


def _sheet(name: str, sheet: object) -> _Sheet:
    cells: list[list[object]] = sheet.to_python(skip_empty_area=False)  # type: ignore[attr-defined]
    texts = [[_text(cell) for cell in row] for row in cells]
    return _Sheet(name, *split_header(list(enumerate(texts, start=1))))


def _text(cell: object) -> str:
    """Return what a person would type for a cell: 7 and not 7.0, a date as 2018-03-25."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()  # a date or time in ISO form; calamine gives midnight as a date
