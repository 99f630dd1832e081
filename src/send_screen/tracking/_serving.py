"""Answer requests to MLflow's scoring server in its place, so that no answer of it quotes a child.

For a model of ours, MLflow's own handling of a request (3.17) puts the request's rows into what it answers when a model
refuses, or the whole body where it is not JSON; leaves out a parameter whose name it does not know, so that a misspelt
``role`` would see what the usual role sees; writes ``NaN``, which is not JSON; and breaks on deep nesting.
"""

from __future__ import annotations

import json
import logging
import math
import traceback
from typing import Any, Protocol

import pandas as pd

from send_screen.errors import SendScreenError, UsageError
from send_screen.tracking._requests import RequestError, read_request

_logger = logging.getLogger(__name__)
JSON = "application/json"
UNFORESEEN = "The request cannot be answered, for a reason that was not foreseen: tell those who run this server."


class Answering(Protocol):
    """A model of ours."""

    def answer(self, rows: pd.DataFrame, role: str | None) -> pd.DataFrame:
        """Answer for rows; see :func:`send_screen.screening.answer`."""


def respond(model: Answering, body: bytes, content_type: str | None) -> tuple[int, str]:
    """Answer a request.

    Parameters
    ----------
    model : Answering
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
        table = model.answer(request.rows, request.role)
        return 200, json.dumps({"predictions": records(table)}, allow_nan=False)
    except RequestError as error:
        return error.status, _refusal(str(error))
    except UsageError as error:  # its message quotes the role
        return 400, _refusal(f"No contract knows the role that role names. {error.remedy}")
    except SendScreenError as error:
        return 400, _refusal(str(error))
    except Exception as error:
        # Where it happened, and never what the exception says: that may quote a cell.
        places = traceback.format_list(traceback.extract_tb(error.__traceback__))
        _logger.error("Unforeseen %s while answering a request:\n%s", type(error).__name__, "".join(places))
        return 400, _refusal(UNFORESEEN)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of an answer as JSON may hold them: a figure that is undefined is None."""
    return [
        {str(key): None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _refusal(message: str) -> str:
    return json.dumps({"error_code": "BAD_REQUEST", "message": message})


def answer_in_the_servers_place() -> None:
    """Have MLflow's scoring server hand requests to models of ours; other models are served as before."""
    from mlflow.pyfunc import scoring_server

    theirs = scoring_server.invocations
    if getattr(theirs, "hands_over", False):
        return

    def invocations(data: bytes, content_type: str | None, model: Any, input_schema: Any) -> Any:
        ours = _python_model(model)
        if not hasattr(ours, "answer"):
            return theirs(data, content_type, model, input_schema)
        status, text = respond(ours, data, content_type)
        return scoring_server.InvocationsResponse(response=text, status=status, mimetype=JSON)

    invocations.hands_over = True  # type: ignore[attr-defined]  # a mark, so that it is not wrapped twice
    scoring_server.invocations = invocations


def _python_model(model: Any) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return model.unwrap_python_model()
    except MlflowException:
        return None
