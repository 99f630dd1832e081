"""Requests to a served version: read as a file would be, limited in size, refused without quoting them.

Every cell becomes the text that a CSV file would hold, numbers included, so that a request and a file with the same
children get the same scores to the last bit.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

import pandas as pd

from send_screen.errors import SendScreenError

# More than any year group of a school, and as many as are answered within seconds: a request that is still being
# worked on after a minute is given up by MLflow's server.
MOST_ROWS = 10_000
# Ten thousand rows of records are about 8 MB; read into memory, a request is ten times as large.
MOST_BYTES = 16 * 2**20
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
PARAMS = "params"
_ROLE = "role"
_HOW = (
    f"Send a JSON object with exactly one of {', '.join(FORMATS)}, or text/csv with a header, in UTF-8. "
    f"{_ROLE}, a role, may be given in {PARAMS}."
)


class RequestError(SendScreenError):
    """A request that cannot be read.

    Parameters
    ----------
    status : int
        The HTTP status to answer with, 400 to 499.
    """

    def __init__(self, message: str, *, remedy: str = "", row: int | None = None, status: int = 400) -> None:
        super().__init__(message, remedy=remedy, row=row)
        self.status = status


@dataclass(frozen=True)
class Request:
    """What a client asks.

    Attributes
    ----------
    rows : pandas.DataFrame of str or None, shape (n, any)
    role : str or None
        The role that will read the answer, where the client names one.
    """

    rows: pd.DataFrame
    role: str | None


def read_request(body: bytes, content_type: str | None) -> Request:
    """Read the body of a request.

    Parameters
    ----------
    body : bytes
        JSON in one of MLflow's four formats, or CSV.
    content_type : str or None
        Of the request.

    Raises
    ------
    RequestError
        If it cannot be read, or is too large. The message quotes nothing of the body.
    """
    if len(body) > MOST_BYTES:
        raise _too_large(f"The request has more than {MOST_BYTES // 2**20} MB.")
    kind, _, parameters = (content_type or "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('"')
    if kind.strip() not in ("application/json", "text/csv") or charset not in ("", "utf-8", "utf8"):
        raise RequestError("The content type cannot be read.", remedy=_HOW, status=415)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(f"The request is not UTF-8 text (byte {error.start}).", remedy=_HOW) from None
    if kind.strip() == "text/csv":
        return Request(_from_csv(text), None)
    asked = _json(text)
    unknown = set(asked) - {*FORMATS, PARAMS}
    named = [name for name in FORMATS if name in asked]
    if unknown or len(named) != 1:
        raise RequestError("The request does not have the form of one.", remedy=_HOW)
    return Request(_table(named[0], asked[named[0]]), _reader(asked.get(PARAMS)))


def _too_large(message: str) -> RequestError:
    remedy = f"Send at most {MOST_ROWS:,} rows a request, or screen the file with send-screen screen."
    return RequestError(message, remedy=remedy, status=413)


def _json(text: str) -> dict[str, Any]:
    """Return a JSON object with every number as the text it was written as."""
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        message = f"The request is not JSON (line {error.lineno}, column {error.colno})."
        raise RequestError(message, remedy=_HOW) from None
    except RecursionError:
        raise RequestError("The request is nested too deeply.", remedy=_HOW) from None
    if not isinstance(value, dict):
        raise RequestError("The request is no JSON object.", remedy=_HOW)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RequestError("A JSON object has the same name twice.", remedy="Name each column once.")
    return found


def _reader(params: object) -> str | None:
    """Return the role that ``params`` names. A misspelt name must not fall back to a role that may see more."""
    if params is None:
        return None
    if not isinstance(params, dict) or set(params) - {_ROLE}:
        raise RequestError(f"{PARAMS} is an object with {_ROLE} and nothing else.", remedy=_HOW)
    role = params.get(_ROLE)
    if role is not None and not isinstance(role, str):
        raise RequestError(f"{_ROLE} is the name of a role, as text.", remedy=_HOW)
    return role


def _table(name: str, data: object) -> pd.DataFrame:
    if name == "dataframe_split":
        return _from_split(data)
    if name == "inputs" and isinstance(data, dict):
        return _from_columns(data)
    if not isinstance(data, list) or not all(isinstance(record, dict) for record in data):
        raise RequestError(f"{name} is a list of records, each an object with the columns as names.", remedy=_HOW)
    _refuse_too_many(len(data))
    headers = list(dict.fromkeys(header for record in data for header in record))
    return _frame(headers, ([record.get(header) for header in headers] for record in data))


def _from_split(data: object) -> pd.DataFrame:
    if not isinstance(data, dict) or not {"columns", "data"} <= set(data) <= {"columns", "data", "index"}:
        raise RequestError("dataframe_split is an object with columns, data and, if you like, index.", remedy=_HOW)
    headers, rows = data["columns"], data["data"]
    if not _is_headers(headers):
        raise RequestError("columns is a list of names, each once.", remedy=_HOW)
    if not isinstance(rows, list):
        raise RequestError("data is a list of rows.", remedy=_HOW)
    _refuse_too_many(len(rows))
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != len(headers):
            raise RequestError("The row has not one cell for each column.", row=number, remedy=_HOW)
    return _frame(headers, rows)


def _from_columns(data: dict[str, Any]) -> pd.DataFrame:
    columns = list(data.values())
    if not all(isinstance(column, list) for column in columns) or len(set(map(len, columns))) > 1:
        raise RequestError("inputs is a list of records, or an object with lists of one length.", remedy=_HOW)
    _refuse_too_many(len(columns[0]) if columns else 0)
    return _frame(list(data), zip(*columns, strict=True))


def _from_csv(text: str) -> pd.DataFrame:
    csv.field_size_limit(MOST_BYTES)
    try:
        records = [record for record in csv.reader(io.StringIO(text, newline=""), strict=True) if record]
    except csv.Error:
        raise RequestError("The CSV cannot be split into columns.", remedy="Close every quotation mark.") from None
    if not records or not _is_headers(records[0]):
        raise RequestError("The CSV has no header that names each column once.", remedy=_HOW)
    headers, *rows = records
    _refuse_too_many(len(rows))
    for number, row in enumerate(rows, start=1):
        if len(row) != len(headers):
            raise RequestError("The row has not one cell for each column.", row=number, remedy=_HOW)
    return _frame(headers, rows)


def _is_headers(headers: object) -> bool:
    if not isinstance(headers, list) or not all(isinstance(header, str) for header in headers):
        return False
    return len(set(headers)) == len(headers) > 0


def _refuse_too_many(n: int) -> None:
    if n > MOST_ROWS:
        raise _too_large(f"The request has {n:,} rows.")
    if n == 0:
        raise RequestError("The request has no rows.", remedy=_HOW)


def _frame(headers: list[str], rows: Iterable[Iterable[object]]) -> pd.DataFrame:
    cells = [[_cell(value, number) for value in row] for number, row in enumerate(rows, start=1)]
    return pd.DataFrame(cells, columns=pd.Index(headers, dtype=object), dtype=object)


def _cell(value: object, row: int) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        _refuse_cell(row)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # half of a character that takes two
            _refuse_cell(row)
    return value


def _refuse_cell(row: int) -> NoReturn:
    raise RequestError("A cell is not text, a number, true, false or null.", row=row, remedy=_HOW)
