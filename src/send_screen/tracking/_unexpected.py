"""What MLflow shows or fetches beside a version's own files, figures, parameters and tags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from send_screen.tracking._registry import HEAD, PLACE, RUN_NOTE

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run
    from mlflow.entities.model_registry import ModelVersion

#: Tags that MLflow sets by itself: who ran what from where, and how its pages show an experiment.
_OF_A_RUN = re.compile(
    r"mlflow\.(?:user|runName|runColor|source\.(?:name|type)|source\.git\.(?:commit|branch|repoURL))"
)
_VERSIONS = "mlflow.modelVersions"
_OF_AN_EXPERIMENT = re.compile(r"mlflow\.(?:experimentKind|sharedViewState\..*)")


def unexpected_metadata(
    client: MlflowClient, registered: ModelVersion, run: Run, logged: LoggedModel
) -> dict[str, tuple[str, str]]:
    """Return what is shown or fetched beside a version, by name in words: what the store says, what training leaves."""
    model = client.get_registered_model(registered.name)
    # a serving worker fetches this place, which is told apart from the served model's own
    fetched = client.get_model_version_download_uri(registered.name, registered.version)
    of_model = [name for name in model.tags if name not in (HEAD, PLACE)]
    itself = json.dumps([{"name": registered.name, "version": int(registered.version)}])  # told by a server only
    return {
        "versions that the served model says it is": (logged.tags.get(_VERSIONS, itself), itself),
        "place that models:/ is fetched from": (fetched, logged.artifact_location),
        "stage of the registered version": (registered.current_stage or "None", "None"),
        "state of the registered version": (str(registered.status), "READY"),
        "message of the registered version": (registered.status_message or "", ""),
        "link of the registered version": (registered.run_link or "", ""),
        "description of the registered model": (model.description or "", ""),
        "tags of the registered model": (_join(model.tags, of_model), ""),
        **unexpected_run_metadata(client, run, logged),
    }


def unexpected_run_metadata(client: MlflowClient, run: Run, logged: LoggedModel) -> dict[str, tuple[str, str]]:
    """Return the same of a run and the model it logged, as :func:`unexpected_metadata` does."""
    tags, experiment = run.data.tags, client.get_experiment(run.info.experiment_id)
    models = [output.model_id for output in run.outputs.model_outputs] if run.outputs else []
    used = [*run.inputs.dataset_inputs, *run.inputs.model_inputs] if run.inputs else []
    return {
        "state of the run": (run.info.lifecycle_stage, "active"),
        "what MLflow shows of the run": (_join(tags, set(_others(tags, "mlflow.", _OF_A_RUN)) - {RUN_NOTE}), ""),
        "data and models that the run used": (f"{len(used)}", "0"),
        "models that the run made": (", ".join(models), logged.model_id),
        "name of the served model": (logged.name or "", "model"),
        "kind of the served model": (logged.model_type or "", ""),
        "state of the served model": (str(logged.status), "READY"),
        "message of the served model": (logged.status_message or "", ""),
        "tags of the served model": (_join(logged.tags, set(_others(logged.tags, "", _OF_A_RUN)) - {_VERSIONS}), ""),
        "tags of the experiment": (_join(experiment.tags, _others(experiment.tags, "", _OF_AN_EXPERIMENT)), ""),
    }


def _others(tags: Iterable[str], begins: str, known: re.Pattern[str]) -> list[str]:
    return [name for name in tags if name.startswith(begins) and not known.fullmatch(name)]


def _join(tags: Mapping[str, str], names: Iterable[str]) -> str:
    return "; ".join(f"{name}: {tags[name]}" for name in sorted(names))
