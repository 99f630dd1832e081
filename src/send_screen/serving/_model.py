"""The model that MLflow loads and serves, with request handling of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import scoring_server

from send_screen.errors import SendScreenError
from send_screen.governance import (
    LEDGER,
    AnyEntry,
    LedgerLocation,
    find_withdrawal,
    named_ledger,
    open_bundle,
    withdrawn_error,
)
from send_screen.serving._enter import enter_answers, served_ledger
from send_screen.serving._predict import predict_children
from send_screen.serving._responses import respond


class ServedModel(mlflow.pyfunc.PythonModel):
    """Scores and reasons for the rows of a request."""

    def load_context(self, context: Any) -> None:
        """Verify the version's files before anything is read from them, and ask the ledger whether it was withdrawn."""
        self.bundle = open_bundle(context.artifacts["bundle"])
        version, manifest_sha256 = self.bundle.published.version.id, self.bundle.manifest_sha256
        if find_withdrawal(_ledgers(), version=version, manifest_sha256=manifest_sha256) is not None:
            raise withdrawn_error(f"The version {version}")
        self.served_ledger = served_ledger()
        self.verified: list[AnyEntry] = []
        # MLflow's own error about a request quotes it: children's data in a message and a log.
        os.environ["MLFLOW_DISABLE_SCHEMA_DETAILS"] = "true"
        patch_scoring_server()

    def predict_records(self, rows: pd.DataFrame, role: str | None) -> pd.DataFrame:
        """Return the prediction of each row, without what ``role`` may not see; enter it first if a ledger is named."""
        table, children = predict_children(self.bundle, rows, role=role)
        if self.served_ledger is not None:
            enter_answers(self.served_ledger, self.bundle, table, children, role=role, verified=self.verified)
        return table

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the prediction of each row; raise a client error with a reason for invalid requests."""
        try:
            return self.predict_records(model_input, (params or {}).get("role"))
        except SendScreenError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None


def _ledgers() -> list[LedgerLocation | None]:
    """Return the ledger that ``SEND_SCREEN_LEDGER`` names, and the one beside a local MLflow database."""
    uri, sqlite = mlflow.get_tracking_uri(), "sqlite:///"
    database = Path(uri.removeprefix(sqlite)).resolve() if uri.startswith(sqlite) else None
    beside = None if database is None else LedgerLocation(database.with_name(LEDGER))
    return [named_ledger(), beside]


def patch_scoring_server() -> None:
    """Patch MLflow's scoring server to pass requests unparsed to our models; other models are served as before.

    MLflow 3.17 parses a request before a model sees it. It quotes a body that is not JSON or not UTF-8, and answers
    deep nesting with status 500. It drops a parameter of another name, so that a misspelt ``role`` would see what the
    default role sees. It refuses all rows for one cell of another type, and writes NaN, which is not JSON.
    """
    original = scoring_server.invocations
    if getattr(original, "is_patched", False):
        return

    def invocations(data: bytes, content_type: str | None, model: Any, input_schema: Any) -> Any:
        try:
            python_model = model.unwrap_python_model()
        except MlflowException:  # a model of another flavour
            python_model = None
        if not hasattr(python_model, "predict_records"):
            return original(data, content_type, model, input_schema)
        status, text = respond(python_model.predict_records, data, content_type)
        return scoring_server.InvocationsResponse(response=text, status=status, mimetype="application/json")

    invocations.is_patched = True  # type: ignore[attr-defined]  # so that it is not patched twice
    scoring_server.invocations = invocations
