"""Serve a version over HTTP with MLflow: the model, the requests it accepts, and the response to each row.

``mlflow models serve`` runs ``served.py``, which is logged as text and loads ``ServedModel`` of
:mod:`send_screen.serving._model`. It opens a verified folder, unpickles nothing, and follows the rules of
``send-screen screen``. MLflow is imported only in order to serve.
"""

from send_screen.serving._predict import PREDICTION_COLUMNS, predict_records, request_columns, served_code

__all__ = ["predict_records", "PREDICTION_COLUMNS", "request_columns", "served_code"]
