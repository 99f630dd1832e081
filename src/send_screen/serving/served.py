"""The model as MLflow serves it: code that is logged as text, and a verified folder of data; no pickle.

This file is copied into the model's artefacts and run by MLflow when the model is loaded. It only connects MLflow to
:mod:`send_screen.serving`, which keeps the same rules as ``send-screen screen``.
"""

import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import mlflow

from send_screen.serving._model import ServedModel

mlflow.models.set_model(ServedModel())
