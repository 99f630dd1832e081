"""Answer a request: predictions as JSON, or a reason that quotes no child."""

from __future__ import annotations

import json
import logging
import math
import traceback
from typing import Any, Protocol

import pandas as pd

from send_screen.errors import SendScreenError, UsageError
from send_screen.serving._requests import RequestError, read_request

_logger = logging.getLogger(__name__)
UNFORESEEN = "The request cannot be answered, for a reason that was not foreseen: tell those who run this server."


class PredictsRecords(Protocol):
    """A model of ours."""

    def predict_records(self, rows: pd.DataFrame, role: str | None) -> pd.DataFrame:
        """Answer for rows; see :func:`send_screen.serving.predict_records`."""


def respond(model: PredictsRecords, body: bytes, content_type: str | None) -> tuple[int, str]:
    """Answer a request.

    Parameters
    ----------
    model : PredictsRecords
    body : bytes
    content_type : str or None

    Returns
    -------
    status : int
        200, or 400 to 499 with a reason.
    text : str
        JSON: ``predictions``, one record a row in the request's order, or ``error_code`` and ``message``.
    """
    try:
        request = read_request(body, content_type)
        table = model.predict_records(request.rows, request.role)
        return 200, json.dumps({"predictions": to_json_records(table)}, allow_nan=False)
    except RequestError as error:
        return error.status, _refusal(str(error))
    except UsageError as error:  # its message quotes the role
        return 400, _refusal(f"No contract knows the role that was asked for. {error.remedy}")
    except SendScreenError as error:
        return 400, _refusal(str(error))
    except Exception as error:
        # Where it happened, and never what the exception says: that may quote a cell.
        places = traceback.format_list(traceback.extract_tb(error.__traceback__))
        _logger.error("Unforeseen %s while answering a request:\n%s", type(error).__name__, "".join(places))
        return 400, _refusal(UNFORESEEN)


def to_json_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of an answer as JSON may hold them: a figure that is undefined is None."""
    return [
        {str(key): None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _refusal(message: str) -> str:
    return json.dumps({"error_code": "BAD_REQUEST", "message": message})
