"""Metadata in MLflow that can change what is fetched or shown, each with the value that training leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run
    from mlflow.entities.model_registry import ModelVersion


def unexpected_metadata(
    client: MlflowClient, registered: ModelVersion, run: Run, logged: LoggedModel
) -> dict[str, tuple[str, str]]:
    """Return description -> (value in the MLflow store, value that training leaves)."""
    # a serving worker fetches from this location, which can differ from the one of the served model
    fetched = client.get_model_version_download_uri(registered.name, registered.version)
    return {
        "place that models:/ is fetched from": (fetched, logged.artifact_location),
        "state of the registered version": (str(registered.status), "READY"),
        "message of the registered version": (registered.status_message or "", ""),
        "link of the registered version": (registered.run_link or "", ""),
        **unexpected_run_metadata(run, logged),
    }


def unexpected_run_metadata(run: Run, logged: LoggedModel) -> dict[str, tuple[str, str]]:
    """Return the same for a run and the model that it logged."""
    models = [output.model_id for output in run.outputs.model_outputs] if run.outputs else []
    used = run.inputs.model_inputs if run.inputs else []
    return {
        "state of the run": (run.info.lifecycle_stage, "active"),
        "models that the run used": (f"{len(used)}", "0"),
        "models that the run made": (", ".join(models), logged.model_id),
        "name of the served model": (logged.name or "", "model"),
        "kind of the served model": (logged.model_type or "", ""),
        "state of the served model": (str(logged.status), "READY"),
        "message of the served model": (logged.status_message or "", ""),
    }
