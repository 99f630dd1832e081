"""One door for every file format."""

from __future__ import annotations

from pathlib import Path

from send_screen.contracts import file_name
from send_screen.errors import ReadError
from send_screen.readers._csv import read_csv
from send_screen.readers._parquet import read_parquet
from send_screen.readers._reading import Reading
from send_screen.readers._refuse import refuse_no_table
from send_screen.readers._workbook import read_workbook

_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_TEXTS = (".csv", ".tsv", ".txt")
_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_START = 200  # bytes


def read_table(path: str | Path) -> Reading:
    """Read a table of children from a file.

    What the file is follows from its first bytes, not from its name, since exports are often misnamed.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file (UTF-8 with or without a byte-order mark, UTF-16 or cp1252; comma, semicolon, tab or bar), a
        workbook or a Parquet file.

    Returns
    -------
    Reading

    Raises
    ------
    ReadError
        If the file is missing, locked, empty, protected by a password, too large or of another kind, if it has
        headers only, none, or the same one twice, or if rows of it would be lost.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    start = _first_bytes(path)
    if not start:
        raise ReadError("The file is empty.", file=file_name(path), remedy="Export it again.")
    if start.startswith(_PARQUET):
        return read_parquet(path)
    if start.startswith((_ZIP, _OLE)):
        return read_workbook(path)
    refuse_no_table(start, file_name(path))
    if suffix in _TEXTS:
        return read_csv(path)
    kind = "workbook" if suffix in _WORKBOOKS else "Parquet file" if suffix == ".parquet" else None
    if kind:
        raise ReadError(
            f"The file is called a {kind} and is not one, or it is damaged.",
            file=file_name(path),
            remedy="Export it again, or save it as CSV.",
        )
    raise ReadError(
        "This kind of file cannot be read.", file=file_name(path), remedy="Save it as .csv, .xlsx or .parquet."
    )


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_START)
    except FileNotFoundError as error:
        raise ReadError(
            "There is no such file.", file=file_name(path), remedy="Check the name and the folder."
        ) from error
    except IsADirectoryError as error:
        raise ReadError("This is a folder.", file=file_name(path), remedy="Name the file in it.") from error
    except PermissionError as error:  # on Windows also a folder, and a file that is open in Excel
        raise ReadError(
            "The file cannot be opened.",
            file=file_name(path),
            remedy="Close it in Excel if it is open there, and check that you may read it.",
        ) from error
    except OSError as error:
        raise ReadError(
            "The file cannot be read.", file=file_name(path), remedy="Copy it to this machine and try again."
        ) from error
