"""Read a table from a file of any format, recognised by its first bytes."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from send_screen.documents import file_name, read_regular_file
from send_screen.errors import ReadError
from send_screen.readers._attendance_columns import tables_of_columns
from send_screen.readers._csv import read_csv
from send_screen.readers._formats import xml_format_of
from send_screen.readers._join_tables import join_tables
from send_screen.readers._parquet import read_parquet
from send_screen.readers._reading import Reading
from send_screen.readers._records import read_xml_format
from send_screen.readers._size_limits import MAX_BYTES
from send_screen.readers._spreadsheet_2003 import read_spreadsheet_2003
from send_screen.readers._stack import stack_tables
from send_screen.readers._workbook import read_workbook
from send_screen.readers._xml import root_of, xml_as_utf8

_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_TEXTS = (".csv", ".tsv", ".txt")
#: Suffixes of the files in a folder that may hold a table.
TABLE_SUFFIXES = (*_TEXTS, *_WORKBOOKS, ".parquet", ".xml")
_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_Parser = Callable[[io.BytesIO, str], list[Reading]]
_START = 1_000  # bytes
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# First bytes of files that are no tables, though often named .csv or .xlsx.
_OTHER_KINDS = (
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"\s*<(!doctype|html|head|body|table|meta|!--)", re.IGNORECASE), "a web page"),
    (re.compile(rb"\s*<\?xml|\s*<[a-z]+[ >:]", re.IGNORECASE), "XML"),
    (re.compile(rb"\s*(\{\s*[\"}]|\[\s*[\[{\"\]\d-])"), "JSON"),
    (re.compile(rb"\{\\rtf"), "a text document"),
    (re.compile(rb"SQLite format 3"), "a database"),
    (re.compile(rb"\x1f\x8b|BZh|7z\xbc\xaf|Rar!|\xfd7zXZ"), "a compressed file"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture"),
    (re.compile(rb"\xb5\xe6\xae|MZ|\x7fELF"), "a program"),
)
# Message and remedy for a file that cannot be opened.
_OS_ERRORS = {
    FileNotFoundError: ("There is no such file.", "Check the name and the folder."),
    IsADirectoryError: ("This is a folder.", "Name the file in it."),
    # On Windows also a folder, and a file that is open in Excel.
    PermissionError: (
        "The file cannot be opened.",
        "Close it in Excel if it is open there, and check that you may read it.",
    ),
    OSError: ("The file cannot be read: {}.", "Copy it to this machine, and leave out what is not needed."),
}


def read_table(path: str | Path, *, contract: str | None = None) -> Reading:
    r"""Read a table of children from a file.

    The file is read once: the hashed bytes are the parsed bytes. Its format follows from its first bytes, not from its
    name, since exports are often misnamed.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file (UTF-8 with or without a byte-order mark, UTF-16 or cp1252; comma, semicolon, tab or pipe), a
        workbook, a Parquet file, or XML of a known format (the Common Transfer File, the SEN2 return, the children in
        need census, the return of looked-after children, Excel's of 2003).
    contract : str, optional
        Which table is meant, where a file of a known format has several: the id of its contract.

    Returns
    -------
    Reading

    Raises
    ------
    ReadError
        If the file is missing, locked, empty, protected by a password, too large or of another kind; if its headers
        are missing or repeated; if it has no rows, or rows would be lost; or if it holds several tables.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "profile.csv"
    >>> _ = file.write_text("UPN;E01\nB801200005001;2\n")
    >>> read_table(file).frame["E01"].tolist()
    ['2']
    """
    readings = read_tables(path)
    meant = [reading for reading in readings if reading.contract and reading.contract == contract]
    if not meant:
        readings = [reading for reading in readings if not reading.of_columns]
    if len(readings) == 1:
        return readings[0]
    if meant:
        of_columns = any(reading.of_columns for reading in meant)
        others = [str(reading.sheet) for reading in readings if reading.contract != contract and not of_columns]
        note = [f"The file also holds {', '.join(others)}, which was not read."] if others else []
        return _stacked(meant, note)
    names = ", ".join(str(reading.shown_sheet or reading.sheet) for reading in readings)
    if any(reading.contract for reading in readings):
        message, remedy = "The file holds several tables", "Put it into a folder, and name the folder."
    else:
        message = "Several sheets with different headers could hold the table"
        remedy = "Give them the same headers, or save the sheet with the table as a file of its own."
    raise ReadError(f"{message}: {names}.", file=readings[0].file, remedy=remedy)


def read_tables(path: str | Path) -> list[Reading]:
    r"""Read every table in a file that could hold children, as :func:`read_table` reads one.

    Parameters
    ----------
    path : str or pathlib.Path
        As in :func:`read_table`.

    Returns
    -------
    list of Reading
        Of a workbook, one for each group of sheets with the same headers; of XML, one for each table of its format; of
        another file, one. Of a table with a column for each code of the register, also one with a row for each.

    Raises
    ------
    ReadError
        As :func:`read_table`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "profile.csv"
    >>> _ = file.write_text("UPN;E01\nB801200005001;2\n")
    >>> [list(reading.frame.columns) for reading in read_tables(file)]
    [['UPN', 'E01']]
    """
    original, name = _read_bytes(Path(path))
    sha256 = hashlib.sha256(original).hexdigest()
    content = xml_as_utf8(original, name)
    parse = _parser(content, Path(path).suffix.lower(), name)
    readings = [replace(reading, sha256=sha256) for reading in parse(io.BytesIO(content), name)]
    tables = join_tables(readings)[0]
    return [*tables, *(made for table in tables for made in tables_of_columns(table))]


def _stacked(readings: list[Reading], notes: list[str]) -> Reading:
    """Return tables of the same contract as one."""
    frames, names = [reading.frame for reading in readings], [reading.file for reading in readings]
    frame, row_notes = stack_tables(frames, names, "table")
    all_notes = dict.fromkeys([*(note for reading in readings for note in reading.notes), *row_notes, *notes])
    return replace(readings[0], frame=frame, notes=tuple(all_notes))


def _of_one_table(parse: Callable[[io.BytesIO, str], Reading]) -> _Parser:
    return lambda content, file: [parse(content, file)]


def _read_bytes(path: Path) -> tuple[bytes, str]:
    """Return the bytes of a file, and its name in messages."""
    name = file_name(path)
    try:
        content = read_regular_file(path, max_bytes=MAX_BYTES)
    except OSError as error:
        message, remedy = next(texts for kind, texts in _OS_ERRORS.items() if isinstance(error, kind))
        raise ReadError(message.format(error.strerror), file=name, remedy=remedy, os_error=error) from error
    return content, name


def _is_text(start: bytes) -> bool:
    """Return whether the first bytes are text with a delimiter: systems give CSV files the names of workbooks."""
    return not _NOT_TEXT.search(start) and any(mark in start for mark in (b",", b";", b"\t", b"|"))


def _parser(content: bytes, suffix: str, name: str) -> _Parser:
    """Return the parser of a file, from its content and the suffix of its name."""
    start = content[:_START]
    if not start:
        raise ReadError("The file is empty.", file=name, remedy="Export it again.")
    if start.startswith(_PARQUET):
        return _of_one_table(read_parquet)
    if start.startswith((_ZIP, _OLE)):
        return read_workbook
    root = root_of(start)
    if root == "Workbook":
        return _of_one_table(read_spreadsheet_2003)
    if root and (mapping := xml_format_of(content, root)):
        return partial(read_xml_format, mapping=mapping)
    for beginning, kind in _OTHER_KINDS:
        if beginning.match(start.removeprefix(b"\xef\xbb\xbf")):
            raise ReadError(
                f"This is not a table but {kind}.",
                file=name,
                remedy="Open it in the program that wrote it, and save the table as .csv or .xlsx.",
            )
    if suffix in _TEXTS or (suffix in _WORKBOOKS and _is_text(start)):
        return _of_one_table(read_csv)
    named = "workbook" if suffix in _WORKBOOKS else "Parquet file" if suffix == ".parquet" else None
    if named:
        raise ReadError(
            f"The file is called a {named} and is not one, or it is damaged.",
            file=name,
            remedy="Export it again, or save it as CSV.",
        )
    raise ReadError("This kind of file cannot be read.", file=name, remedy="Save it as .csv, .xlsx or .parquet.")
