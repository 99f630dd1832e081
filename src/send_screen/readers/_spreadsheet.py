"""Workbooks, through calamine: cells become text as a person would type it."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from send_screen.contracts import encodable
from send_screen.errors import ReadError
from send_screen.readers._bounds import refuse_no_workbook, refuse_too_large
from send_screen.readers._invisible_characters import InvisibleCharacters
from send_screen.readers._layout import split_header
from send_screen.readers._reading import Reading
from send_screen.readers._sheets import Sheet, reading_of

# Name of the part of a protected workbook that holds the rest, as its container spells it.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# What the standard library makes of a damaged zip file; a RuntimeError where its parts are encrypted.
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)


def read_workbook(content: io.BytesIO, file: str) -> Reading:
    """Parse a workbook; see :func:`send_screen.readers.read_table`.

    Hidden sheets are left out. Sheets with the same headers are read together; see :mod:`send_screen.readers._sheets`.

    Raises
    ------
    ReadError
    """
    invisible = InvisibleCharacters()
    return reading_of(_sheets(content, file, invisible), file, invisible)


def _sheets(content: io.BytesIO, file: str, invisible: InvisibleCharacters) -> list[Sheet]:
    import python_calamine as calamine

    damaged = ReadError(
        "The workbook is damaged or not a workbook.", file=file, remedy="Save it again from Excel, or as CSV."
    )
    try:
        with content:
            # calamine tells a protected workbook by its name only when it is given a path.
            if _ENCRYPTED in content.getvalue():
                raise calamine.PasswordError
            if zipfile.is_zipfile(content):
                with zipfile.ZipFile(content) as archive:
                    refuse_no_workbook(archive, file)
                    refuse_too_large(archive, file)
            content.seek(0)
            workbook = calamine.CalamineWorkbook.from_filelike(content)
            return [
                _sheet(about, workbook.get_sheet_by_name(about.name), invisible, place)
                for place, about in enumerate(workbook.sheets_metadata, start=1)
                if about.typ == calamine.SheetTypeEnum.WorkSheet
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
        if type(error).__name__ != "PanicException":  # of calamine, which cannot be named otherwise
            raise
        raise damaged from error


def _sheet(about: Any, sheet: Any, invisible: InvisibleCharacters, place: int) -> Sheet:
    cells: list[list[object]] = sheet.to_python(skip_empty_area=False)
    texts = [[_text(cell, invisible) for cell in row] for row in cells]
    visible = str(about.visible).endswith("Visible")
    name = encodable(about.name)
    return Sheet(name, place, visible, split_header(list(enumerate(texts, start=1))))


def _text(cell: object, invisible: InvisibleCharacters) -> str:
    """Return what a person would type for a cell: 7 and not 7.0, a date as 2018-03-25."""
    if isinstance(cell, str):
        return invisible.clean(encodable(cell)).strip()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()  # a date or time in ISO form; calamine gives midnight as a date
