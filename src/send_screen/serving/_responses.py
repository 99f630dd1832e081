"""Build the response to a request: predictions as JSON, or an error without a child's data."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable

import pandas as pd

from send_screen.errors import SendScreenError, UsageError
from send_screen.serving._requests import RequestError, read_request

_logger = logging.getLogger(__name__)
UNEXPECTED = "The request cannot be answered, for an unexpected reason: tell those who run this server."


def respond(
    predict: Callable[[pd.DataFrame, str | None], pd.DataFrame], body: bytes, content_type: str | None
) -> tuple[int, str]:
    """Return the HTTP status and the JSON that answer a request.

    With status 200 the JSON has ``predictions``, one record per row in the request's order, and None for an undefined
    figure. With 400 to 499, or 503, it has ``error_code`` and ``message``. ``predict`` takes the rows and the role.
    """
    try:
        table = predict(*read_request(body, content_type))
        records = table.astype(object).where(table.notna(), None).to_dict("records")
        return 200, json.dumps({"predictions": records}, allow_nan=False)
    except RequestError as error:
        return error.status, _refusal(str(error))
    except UsageError as error:  # its message quotes the role
        return 400, _refusal(f"No contract knows the role that was asked for. {error.remedy}")
    except SendScreenError as error:
        return 400, _refusal(str(error))
    except Exception as error:
        # log the place, not the message, which may quote a cell
        frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
        _logger.error("Unexpected %s while answering a request:\n%s", type(error).__name__, "".join(frames))
        return 400, _refusal(UNEXPECTED)


def _refusal(message: str) -> str:
    return json.dumps({"error_code": "BAD_REQUEST", "message": message})
