"""Parse requests to a served version, within size limits; errors never quote a request.

Every cell becomes the text that a CSV file would hold, numbers included, so that a request and a file with the same
children get the same scores to the last bit.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

import pandas as pd

from send_screen.documents import replace_surrogates
from send_screen.errors import SendScreenError

# More than a school's year group, and answered within seconds: MLflow's server gives up after a minute.
MAX_ROWS = 10_000
# MAX_ROWS rows as JSON records are about 8 MB, and ten times as much in memory.
MAX_BYTES = 16 * 2**20
MAX_CELLS = 1_000_000  # a hundred columns in each of as many rows
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
PARAMS, ROLE = "params", "role"
_REMEDY = (
    f"Send a JSON object with exactly one of {', '.join(FORMATS)}, or text/csv with a header, in UTF-8. "
    f"{ROLE}, a role, may be given in {PARAMS}."
)


class RequestError(SendScreenError):
    """A request that cannot be read, or not be answered, with the HTTP status: 400 to 499, or 503."""

    def __init__(self, message: str, *, remedy: str = _REMEDY, row: int | None = None, status: int = 400) -> None:
        super().__init__(message, remedy=remedy, row=row)
        self.status = status


def read_request(body: bytes, content_type: str | None) -> tuple[pd.DataFrame, str | None]:
    """Return the rows of a request as text, and the role of the reader if the client names one.

    The body is JSON in one of MLflow's four formats, or CSV. Errors do not quote it.
    """
    if len(body) > MAX_BYTES:
        raise _too_large(f"The request has more than {MAX_BYTES // 2**20} MB.")
    kind, _, parameters = (content_type or "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('"')
    if kind.strip() not in ("application/json", "text/csv") or charset not in ("", "utf-8", "utf8"):
        raise RequestError("The content type cannot be read.", status=415)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(f"The request is not UTF-8 text (byte {error.start}).") from None
    if kind.strip() == "text/csv":
        return _from_csv(text), None
    request = _parse_json(text)
    unknown = set(request) - {*FORMATS, PARAMS}
    named = [name for name in FORMATS if name in request]
    if unknown or len(named) != 1:
        raise RequestError("The request does not have the form of one.")
    return _from_json(named[0], request[named[0]]), _role(request.get(PARAMS))


def _too_large(message: str) -> RequestError:
    remedy = f"Send at most {MAX_ROWS:,} rows per request, or screen the file with send-screen screen."
    return RequestError(message, remedy=remedy, status=413)


def _parse_json(text: str) -> dict[str, Any]:
    """Return a JSON object, with numbers kept as the text in the request."""
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise RequestError(f"The request is not JSON (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise RequestError("The request is nested too deeply.") from None
    if not isinstance(value, dict):
        raise RequestError("The request is no JSON object.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RequestError("A JSON object has the same name twice.", remedy="Name each column once.")
    return found


def _role(params: object) -> str | None:
    """Return the role that ``params`` names. A misspelt name must not fall back to a role that may see more."""
    if params is None:
        return None
    if not isinstance(params, dict) or set(params) - {ROLE}:
        raise RequestError(f"{PARAMS} is an object with {ROLE} and nothing else.")
    role = params.get(ROLE)
    if role is not None and not isinstance(role, str):
        raise RequestError(f"{ROLE} is the name of a role, as text.")
    return role


def _from_json(name: str, data: Any) -> pd.DataFrame:
    if name == "dataframe_split":
        if not isinstance(data, dict) or not {"columns", "data"} <= set(data) <= {"columns", "data", "index"}:
            raise RequestError("dataframe_split is an object with columns, data and, if you like, index.")
        if not isinstance(data["data"], list):
            raise RequestError("data is a list of rows.")
        return _frame(data["columns"], data["data"], len(data["data"]))
    if name == "inputs" and isinstance(data, dict):
        columns = list(data.values())
        if not all(isinstance(column, list) for column in columns) or len(set(map(len, columns))) > 1:
            raise RequestError("inputs is a list of records, or an object with lists of one length.")
        return _frame(list(data), zip(*columns, strict=True), len(columns[0]) if columns else 0)
    if not isinstance(data, list) or not all(isinstance(record, dict) for record in data):
        raise RequestError(f"{name} is a list of records, each an object with the columns as names.")
    headers = list(dict.fromkeys(header for record in data[:MAX_ROWS] for header in record))
    return _frame(headers, ([record.get(header) for header in headers] for record in data), len(data))


def _from_csv(text: str) -> pd.DataFrame:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        # the header, and one row more than allowed
        records = list(islice((record for record in lines if record), MAX_ROWS + 2))
    except csv.Error:
        raise RequestError("The CSV cannot be split into columns.", remedy="Close every quotation mark.") from None
    return _frame(records[0] if records else [], records[1:], len(records) - 1)


def _frame(headers: object, rows: Iterable[Any], n: int) -> pd.DataFrame:
    """Return ``n`` rows as a frame of text; raise for duplicate headers or too many cells."""
    if n > MAX_ROWS:
        raise _too_large(f"The request has more than {MAX_ROWS:,} rows.")
    if n < 1:
        raise RequestError("The request has no rows.")
    names = headers if isinstance(headers, list) and all(isinstance(header, str) for header in headers) else []
    if len(set(names)) != len(names) or not names:
        raise RequestError("The columns are not a list of names, each once.")
    if n * len(names) > MAX_CELLS:
        raise _too_large(f"The request has {n:,} rows of {len(names):,} columns: more than {MAX_CELLS:,} cells.")
    cells = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list | tuple) or len(row) != len(names):
            raise RequestError("The row has not one cell for each column.", row=number)
        cells.append([_cell(value, number) for value in row])
    return pd.DataFrame(cells, columns=pd.Index(names, dtype=object), dtype=object)


def _cell(value: object, row: int) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    # a text that cannot be encoded holds a lone surrogate
    if not isinstance(value, str) or not (value.isascii() or replace_surrogates(value) == value):
        raise RequestError("A cell is not text, a number, true, false or null.", row=row)
    return value
