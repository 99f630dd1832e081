"""The model that MLflow loads and serves, with request handling of its own."""

from __future__ import annotations

import os
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import scoring_server

from send_screen.errors import SendScreenError
from send_screen.governance import open_bundle
from send_screen.serving._predict import predict_records
from send_screen.serving._responses import respond


class ServedModel(mlflow.pyfunc.PythonModel):
    """Scores and reasons for the rows of a request."""

    def load_context(self, context: Any) -> None:
        """Verify the version's files before anything is read from them."""
        self.bundle = open_bundle(context.artifacts["bundle"])
        # MLflow's own refusal of a request quotes the request: children's data, in an error message and a log.
        os.environ["MLFLOW_DISABLE_SCHEMA_DETAILS"] = "true"
        answer_in_the_servers_place()

    def predict_records(self, rows: pd.DataFrame, role: str | None) -> pd.DataFrame:
        """Return the prediction of each row, as ``role`` may know it."""
        return predict_records(self.bundle, rows, role=role)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the prediction of each row; what cannot be answered is a client's error with a reason."""
        try:
            return self.predict_records(model_input, (params or {}).get("role"))
        except SendScreenError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None


def answer_in_the_servers_place() -> None:
    """Have MLflow's scoring server hand requests to models of ours; other models are served as before.

    MLflow 3.17 answers a request before a model sees it, and its answers break two rules. A body that is not JSON or
    not UTF-8 is quoted whole, and deep nesting ends in status 500. A parameter of another name is dropped, so that a
    misspelt ``role`` would see what the usual role sees. One cell of another type refuses all rows, and an undefined
    figure is written as ``NaN``, which is not JSON.
    """
    theirs = scoring_server.invocations
    if getattr(theirs, "hands_over", False):
        return

    def invocations(data: bytes, content_type: str | None, model: Any, input_schema: Any) -> Any:
        try:
            ours = model.unwrap_python_model()
        except MlflowException:  # a model of another flavour
            ours = None
        if not hasattr(ours, "predict_records"):
            return theirs(data, content_type, model, input_schema)
        status, text = respond(ours.predict_records, data, content_type)
        return scoring_server.InvocationsResponse(response=text, status=status, mimetype="application/json")

    invocations.hands_over = True  # type: ignore[attr-defined]  # a mark, so that it is not wrapped twice
    scoring_server.invocations = invocations
