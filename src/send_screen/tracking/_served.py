"""The model as MLflow serves it: code that is logged as text, and a verified folder of data; no pickle.

This file is copied into the model's artefacts and run by MLflow when the model is loaded. It only connects MLflow to
:func:`send_screen.screening.answer`, which keeps the same rules as ``send-screen screen``.
"""

import os
from typing import Any

# MLflow's own refusal of a request quotes the request: children's data, in an error message and a log.
os.environ["MLFLOW_DISABLE_SCHEMA_DETAILS"] = "true"

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from send_screen.errors import SendScreenError
from send_screen.governance import open_bundle
from send_screen.screening import answer
from send_screen.tracking import answer_in_the_servers_place


class ServedModel(mlflow.pyfunc.PythonModel):
    """Scores and reasons for the rows of a request."""

    def load_context(self, context: Any) -> None:
        """Verify the version's files before anything is read from them."""
        self.bundle = open_bundle(context.artifacts["bundle"])
        answer_in_the_servers_place()

    def answer(self, rows: pd.DataFrame, role: str | None) -> pd.DataFrame:
        """Answer for each row, as the role ``role`` may know it."""
        return answer(self.bundle, rows, role=role)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Answer for each row; what cannot be answered is a client's error with a reason, never a stack trace."""
        try:
            return self.answer(model_input, (params or {}).get("role"))
        except SendScreenError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None


mlflow.models.set_model(ServedModel())
