"""The code that MLflow runs to serve a version ("models from code", so no pickle).

This file is copied into the model's artefacts and run when the model is loaded. It connects MLflow to
:mod:`send_screen.serving`, which follows the same rules as ``send-screen screen``.
"""

import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import mlflow

from send_screen.serving._model import ServedModel

mlflow.models.set_model(ServedModel())
