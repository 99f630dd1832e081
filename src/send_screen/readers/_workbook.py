"""Read workbooks with calamine; cells become text as it would be typed.

The children are in one sheet, or in several sheets with the same headers, which are read together.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from send_screen.contracts._headers import header_key
from send_screen.contracts._quote import header_like, quotable, upn_shaped
from send_screen.documents import replace_surrogates
from send_screen.errors import ReadError
from send_screen.readers._formats import parts_of_sets
from send_screen.readers._header import (
    Layout,
    as_frame,
    check_headers,
    require_rows,
    require_table,
    split_header,
)
from send_screen.readers._reading import Reading
from send_screen.readers._size_limits import Measure, measured_copy
from send_screen.readers._stack import stack_tables
from send_screen.readers._text import InvisibleCharacters
from send_screen.readers._xls import measured_xls
from send_screen.readers._xlsx_marks import SheetMarks, xlsx_marks

# A password-protected workbook is a container (OLE) whose encrypted part has this name.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# What zipfile raises for a damaged file; RuntimeError is for encrypted parts.
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, LookupError, struct.error)
_SHARED_HEADERS = 0.5  # share of equal headers, of the narrower of two sheets, from which both could hold children
_ROWS_SEARCHED = 200  # first rows, for UPNs


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, its number in the workbook from 1, whether it is visible, its cells, and hidden rows.

    ``layout`` holds the cells as text: ``header``, ``rows`` below it, and ``row``, the header's row number.
    """

    name: str
    number: int
    visible: bool
    layout: Layout
    hidden_rows: int = 0

    @property
    def shown_name(self) -> str:
        """Its name in a message: quoted if it looks like a header; else its number, since the name may be a child's."""
        return quotable(self.name) if header_like(self.name) else f"number {self.number}"

    @cached_property
    def keys(self) -> frozenset[str]:
        """Its headers without case, spaces and punctuation."""
        return frozenset(header_key(header) for header in self.layout.header if header)

    @cached_property
    def has_upns(self) -> bool:
        """Whether its first rows hold UPNs."""
        rows = self.layout.rows[:_ROWS_SEARCHED]
        return any(upn_shaped(cell) for row in rows for cell in row if len(cell) > 11)  # a UPN has 12 or 13 characters

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Sort key for how much it looks like a table of children: UPNs, then headers, then rows."""
        return self.has_upns, sum(map(header_like, self.layout.header)), len(self.layout.rows)

    def conflicts_with(self, other: Sheet) -> bool:
        """Return whether both sheets could hold children, so that reading one alone could lose some."""
        alike = len(self.keys & other.keys) >= _SHARED_HEADERS * min(len(self.keys), len(other.keys))
        return alike or (self.has_upns and other.has_upns) or self.rank == other.rank


def read_workbook(content: io.BytesIO, file: str) -> list[Reading]:
    """Return a reading for each group of sheets with equal headers that could hold children, the likeliest first.

    Sheets that are the tables of a known export are read too, though some name children by keys alone. Hidden sheets
    are left out, and so are sheets that do not look like a table of children.
    """
    invisible = InvisibleCharacters()
    sheets = _sheets(content, file, invisible)
    visible = [sheet for sheet in sheets if sheet.visible]
    hidden = [sheet for sheet in sheets if not sheet.visible and sheet.layout.header]
    tables = [sheet for sheet in visible if sheet.layout.rows]
    if not tables and any(sheet.layout.rows for sheet in hidden):
        raise ReadError(
            "All sheets with rows are hidden.",
            file=file,
            remedy="Unhide the sheet with the table in Excel, or save it as a file of its own.",
        )
    if not any(sheet.layout.header for sheet in visible):
        raise ReadError("The workbook is empty.", file=file, remedy="Export it again.")
    require_rows(len(tables), file)
    best = max(tables, key=lambda sheet: sheet.rank)
    in_sets = parts_of_sets([sheet.keys for sheet in tables])
    kinds: dict[frozenset[str], list[Sheet]] = {best.keys: []}
    for place, sheet in enumerate(tables):
        if sheet.keys == best.keys or place in in_sets or best.conflicts_with(sheet):
            kinds.setdefault(sheet.keys, []).append(sheet)
    read = [sheet for together in kinds.values() for sheet in together]
    notes = []
    if others := [sheet for sheet in visible if sheet not in read]:
        notes.append(f"Sheet {_shown_names(read)} was read, and not {_shown_names(others)}.")
    if hidden:
        notes.append(f"Hidden sheets were not read: {_shown_names(hidden)}.")
    return [_read_together(together, file, [*notes, *invisible.notes()]) for together in kinds.values()]


def _read_together(sheets: list[Sheet], file: str, notes: list[str]) -> Reading:
    for sheet in sheets:
        require_table(sheet.layout, file)
    if len(sheets) > 1:
        first = sheets[0].layout
        check_headers([header_key(header) for header in first.header], file, row=first.row)
    frames, names = [as_frame(sheet.layout) for sheet in sheets], [sheet.shown_name for sheet in sheets]
    frame, row_notes = stack_tables(frames, names, "sheet")
    frame = frame.astype(object).where(frame.notna(), None)
    row_notes += notes
    if hidden_rows := sum(sheet.hidden_rows for sheet in sheets):
        row_notes.append(f"Rows that are hidden or filtered away in the workbook were read too: {hidden_rows}.")
    row_notes += dict.fromkeys(note for sheet in sheets for note in sheet.layout.notes)
    names_of_sheets = ", ".join(sheet.name for sheet in sheets)
    return Reading(frame, file, sheet=names_of_sheets, shown_sheet=_shown_names(sheets), notes=tuple(row_notes))


def _shown_names(sheets: list[Sheet]) -> str:
    return ", ".join(sheet.shown_name for sheet in sheets)


def _sheets(content: io.BytesIO, file: str, invisible: InvisibleCharacters) -> list[Sheet]:
    """Return the work sheets of a workbook within the size limits, or raise for a damaged one."""
    import python_calamine as calamine

    damaged = ReadError(
        "The workbook is damaged or not a workbook.", file=file, remedy="Save it again from Excel, or as CSV."
    )
    try:
        with content:
            # calamine recognises a protected workbook only when it is given a path.
            if _ENCRYPTED in content.getvalue():
                raise calamine.PasswordError
            marks: dict[str, SheetMarks] = {}
            if zipfile.is_zipfile(content):
                with zipfile.ZipFile(content) as archive:
                    _require_workbook(archive, file)
                    content = measured_copy(archive, file)  # within the size limits
                marks = xlsx_marks(content, file)  # what calamine leaves out: errors, merged cells, hidden rows
            else:
                content = measured_xls(content.getvalue(), file)
            content.seek(0)
            workbook = calamine.CalamineWorkbook.from_filelike(content)
            measure = Measure(file)  # of all sheets: several can refer to one part

            def read(number: int, metadata: Any) -> Sheet:
                cells = workbook.get_sheet_by_name(metadata.name)
                measure.add_sheet(cells.total_height, cells.total_width)
                return _sheet(metadata, cells, invisible, number, marks.get(metadata.name))

            return [
                read(number, metadata)
                for number, metadata in enumerate(workbook.sheets_metadata, start=1)
                if metadata.typ == calamine.SheetTypeEnum.WorkSheet
            ]
    except calamine.PasswordError as error:
        raise ReadError(
            "The workbook is protected by a password.",
            file=file,
            remedy="Open it in Excel, take the password off (File, Info, Protect Workbook) and save a copy.",
        ) from error
    except (*_DAMAGE, calamine.CalamineError) as error:
        raise damaged from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # raised by calamine, which does not export it
            raise
        raise damaged from error


def _require_workbook(archive: zipfile.ZipFile, file: str) -> None:
    names = archive.namelist()
    if any(name.startswith("xl/") or name == "content.xml" for name in names):
        return
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise ReadError(
            "This is not a table but a document or slides.", file=file, remedy="Save the table in it as .xlsx."
        )
    if names:
        raise ReadError("This is not a table but a zip file.", file=file, remedy="Unpack it, and name the file in it.")


def _sheet(metadata: Any, sheet: Any, invisible: InvisibleCharacters, number: int, marks: SheetMarks | None) -> Sheet:
    cells: list[list[object]] = sheet.to_python(skip_empty_area=False)
    texts = [[_cell_text(cell, invisible) if cell != "" else "" for cell in row] for row in cells]
    if marks:
        marks.apply(texts)
    visible = str(metadata.visible).endswith("Visible")
    hidden_rows = marks.hidden_rows if marks else 0
    return Sheet(
        replace_surrogates(metadata.name), number, visible, split_header(enumerate(texts, start=1)), hidden_rows
    )


def _cell_text(cell: object, invisible: InvisibleCharacters) -> str:
    """Return a cell as it would be typed: 7 and not 7.0, a date as 2018-03-25."""
    if isinstance(cell, str):
        return invisible.clean(replace_surrogates(cell)).strip()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()  # a date or time in ISO form; calamine gives midnight as a date
