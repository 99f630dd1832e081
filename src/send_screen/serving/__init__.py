"""Answer requests over HTTP: the model that MLflow serves, what a request may hold, and what each row is answered.

``mlflow models serve`` runs ``served.py``, which is logged as text and loads ``ServedModel`` of
:mod:`send_screen.serving._model`. That opens a verified folder, unpickles nothing, and keeps the rules of
``send-screen screen``. Nothing here imports MLflow before it is asked to serve.
"""

from send_screen.serving._columns import request_columns, served_code
from send_screen.serving._predict import PREDICTION_COLUMNS, predict_records
from send_screen.serving._requests import FORMATS, MOST_BYTES, MOST_ROWS, RequestError, read_request
from send_screen.serving._responses import UNFORESEEN, respond, to_json_records

__all__ = [
    "predict_records",
    "PREDICTION_COLUMNS",
    "request_columns",
    "served_code",
    "read_request",
    "RequestError",
    "FORMATS",
    "MOST_ROWS",
    "MOST_BYTES",
    "respond",
    "to_json_records",
    "UNFORESEEN",
]
