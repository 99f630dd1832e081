"""Answer requests over HTTP: the model that MLflow serves, what a request may hold, and what each row is answered.

``mlflow models serve`` runs ``served.py``, which is logged as text and loads ``ServedModel`` of
:mod:`send_screen.serving._model`. That opens a verified folder, unpickles nothing, and keeps the rules of
``send-screen screen``. Nothing here imports MLflow before it is asked to serve.
"""

from send_screen.serving._predict import PREDICTION_COLUMNS, predict_records, request_columns, served_code

__all__ = ["predict_records", "PREDICTION_COLUMNS", "request_columns", "served_code"]
