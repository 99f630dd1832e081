"""Snapshot of a registered version, metadata and files, for the audit; no code in it is executed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from send_screen.errors import TablesError
from send_screen.governance import MAX_FILES, SIZE_LIMIT, read_regular_files
from send_screen.tracking._registry import (
    WITHDRAWN_TAG,
    RegisteredModel,
    RegisteredVersion,
    find_model,
    find_run,
    find_version,
    withdrawals_of,
)
from send_screen.tracking._related_entities import RelatedEntities, fetch_related_entities
from send_screen.tracking._store import client_of
from send_screen.tracking._store_faults import local_folder, require_readable, translate_store_errors
from send_screen.tracking._unexpected import unexpected_metadata, unexpected_run_metadata

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

MAX_DEPTH = 8
#: File that MLflow adds when it downloads a registered model: the name and number it was requested by.
REGISTERED_META = "registered_model_meta"


@dataclass(frozen=True)
class RegistrySnapshot:
    """The metadata and files of a version in an MLflow store, unverified.

    For a run that is not registered, ``tags`` are those of the run, and there are no aliases. ``model_id`` and other
    names with ``model_`` refer to the logged model that is served.
    """

    version: RegisteredVersion
    model: RegisteredModel
    newest: str
    """The highest version number of the registered model."""
    newest_withdrawn: bool
    tags: dict[str, str]
    """Tags of the registered version; so are ``description`` and ``source``."""
    description: str
    source: str
    run_tags: dict[str, str]
    run_params: dict[str, str]
    run_metrics: dict[str, list[float]]
    """All logged values of each metric, and last the one that MLflow shows."""
    run_steps: dict[str, set[int]]
    """Steps at which each metric was logged."""
    run_name: str
    run_status: str
    model_id: str
    model_run_id: str
    model_params: dict[str, str]
    model_metrics: dict[str, float]
    model_metric_sources: dict[str, set[str]]
    """Step, and dataset if any, that each metric of the served model is shown with."""
    inputs: tuple[str, ...]
    """Datasets that the run is said to have used, by name."""
    unexpected_metadata: dict[str, tuple[str, str]]
    """Metadata that can change what MLflow fetches or shows: the store's value, and the value that training leaves."""
    other_tags: dict[str, dict[str, str]]
    """All tags of the registered model, the served model and the experiment."""
    experiment_id: str
    experiment_name: str
    withdrawals: dict[str, str]
    """Withdrawal tags of the version, by experiment id."""
    model_description: str
    """Description of the registered model; ``stage`` is of the registered version."""
    stage: str
    other_model_metrics: dict[str, float]
    """Metrics that other runs logged for the served model, by run and name."""
    related_entities: RelatedEntities
    run_files: dict[str, bytes]
    model_files: dict[str, bytes]
    folders: tuple[Path, ...]
    """Folders of run and served model that are on this machine."""
    registered_meta: bytes | None
    """The file ``registered_model_meta`` beside the served model; no part of the model."""
    irregular_files: tuple[str, ...]
    """Paths that are no regular file, or far too large."""

    @property
    def registered(self) -> bool:
        """Whether it is in the registry, and not a run alone."""
        return bool(self.version.number)

    @property
    def holders(self) -> str:
        """Which entities hold the version's hashes and tags, as text."""
        return "registered version and run have it" if self.registered else "the run has it, which is not registered"


@translate_store_errors
def fetch_snapshot(model: str, *, uri: str) -> RegistrySnapshot:
    """Fetch the snapshot of ``models:/name@alias``, ``models:/name/3`` or ``runs:/id``. No code in it is executed."""
    version = (find_run if model.startswith("runs:") else find_version)(model, uri=uri)
    require_readable(uri)  # files of a store that was moved are not missing
    client = client_of(uri)
    run = client.get_run(version.run_id)
    if version.number:
        registered = client.get_model_version(version.name, version.number)
        logged = client.get_logged_model(registered.model_id or registered.source.removeprefix("models:/"))
        fields = _registry_fields(client, version, registered, uri=uri)
        # the tag alone, without the withdrawal tags of experiments
        version = replace(version, withdrawn=registered.tags.get(WITHDRAWN_TAG, ""))
        unexpected = unexpected_metadata(client, registered, run, logged)
    else:
        logged = client.get_logged_model(run.outputs.model_outputs[0].model_id)
        tags = {name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")}
        fields = {"model": RegisteredModel({}, None, None), "newest": "", "newest_withdrawn": False, "tags": tags}
        fields |= {"description": "", "source": f"models:/{logged.model_id}", "model_description": "", "stage": "None"}
        fields["other_tags"] = {}
        unexpected = unexpected_run_metadata(run, logged)
    model_id = logged.model_id
    experiment = client.get_experiment(run.info.experiment_id)
    fields["other_tags"] |= {"served model": dict(logged.tags), "experiment": dict(experiment.tags)}
    run_files, irregular_run_files = _fetch(
        run.info.artifact_uri,
        listing=lambda path: client.list_artifacts(version.run_id, path),
        arguments={"run_id": version.run_id, "artifact_path": ""},
        uri=uri,
    )
    model_files, irregular_model_files = _fetch(
        logged.artifact_location,
        listing=lambda path: client.list_logged_model_artifacts(model_id, path),
        arguments={"artifact_uri": logged.artifact_location},
        uri=uri,
    )
    metrics = list(logged.metrics or ())
    own_metrics = [metric for metric in metrics if metric.run_id in (None, version.run_id)]
    sources: dict[str, set[str]] = {}
    for metric in own_metrics:
        dataset = f", dataset {metric.dataset_name} ({metric.dataset_digest})" if metric.dataset_name else ""
        sources.setdefault(metric.key, set()).add(f"step {metric.step}{dataset}")
    history = {name: client.get_metric_history(version.run_id, name) for name in run.data.metrics}
    return RegistrySnapshot(
        version=version,
        **fields,
        run_tags=dict(run.data.tags),
        run_params=dict(run.data.params),
        run_metrics={
            name: [*(entry.value for entry in history[name]), value] for name, value in run.data.metrics.items()
        },
        run_steps={name: {entry.step for entry in entries} for name, entries in history.items()},
        run_name=run.info.run_name or "",
        run_status=run.info.status,
        model_id=model_id,
        model_run_id=logged.source_run_id or "",
        model_params=dict(logged.params or {}),
        model_metrics={metric.key: metric.value for metric in own_metrics},
        model_metric_sources=sources,
        inputs=tuple(used.dataset.name for used in run.inputs.dataset_inputs) if run.inputs else (),
        unexpected_metadata={**unexpected, "state of the experiment": (experiment.lifecycle_stage, "active")},
        experiment_id=str(experiment.experiment_id),
        experiment_name=experiment.name,
        withdrawals=withdrawals_of(client, version.version_id),
        other_model_metrics={
            f"{metric.run_id}: {metric.key}": metric.value
            for metric in metrics
            if metric.run_id not in (None, version.run_id)
        },
        related_entities=fetch_related_entities(client, version, logged, uri=uri),
        folders=tuple(filter(None, map(local_folder, (run.info.artifact_uri, logged.artifact_location)))),
        registered_meta=model_files.pop(REGISTERED_META, None),
        run_files=run_files,
        model_files=model_files,
        irregular_files=(*irregular_run_files, *irregular_model_files),
    )


def _registry_fields(
    client: MlflowClient, version: RegisteredVersion, registered: ModelVersion, *, uri: str
) -> dict[str, Any]:
    """Return the fields of :class:`RegistrySnapshot` that come from the registry."""
    every = client.search_model_versions(f"name = '{version.name}'")
    # the source of a copied version is a registered version, models:/name/1, and not a logged model, models:/id
    trained = [one for one in every if (one.source or "").count("/") == 1] or every
    newest = max(trained, key=lambda one: int(one.version))
    model = client.get_registered_model(version.name)
    return {
        "model": find_model(version.name, uri=uri),
        "newest": str(newest.version),
        "newest_withdrawn": bool(find_version(f"models:/{version.name}/{newest.version}", uri=uri).withdrawn),
        "tags": dict(registered.tags),
        "description": registered.description or "",
        "source": registered.source or "",
        "other_tags": {"registered model": dict(model.tags)},
        "model_description": model.description or "",
        "stage": registered.current_stage or "None",
    }


def _fetch(
    location: str, *, listing: Callable[[str | None], list[Any]], arguments: dict[str, str], uri: str
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the files of a run or a logged model, and the paths that are no regular file."""
    if (folder := local_folder(location)) is not None:
        files, irregular_files = read_regular_files(folder)
        return files, (*irregular_files, *_empty_folders(folder))
    for number, (name, size) in enumerate(_listed(listing, None, 0)):
        parts = PurePosixPath(name).parts
        if number >= MAX_FILES or size > SIZE_LIMIT or name.startswith("/") or ".." in parts or "\\" in name:
            raise TablesError(
                "The MLflow store holds what no version has.", file=name[:200], remedy="Do not use this model."
            )
    import mlflow

    with TemporaryDirectory() as target:
        fetched = mlflow.artifacts.download_artifacts(dst_path=target, tracking_uri=uri, registry_uri=uri, **arguments)
        files, irregular_files = read_regular_files(Path(fetched))
        return files, (*irregular_files, *_empty_folders(Path(fetched)))


def _empty_folders(folder: Path) -> list[str]:
    """Return the empty folders inside a folder, whose names MLflow shows."""
    return sorted(
        f"{Path(parent).relative_to(folder).as_posix()}/"
        for parent, folders, files in os.walk(folder)
        if not folders and not files and Path(parent) != folder
    )


def _listed(listing: Callable[[str | None], list[Any]], folder: str | None, depth: int) -> Iterator[tuple[str, int]]:
    if depth > MAX_DEPTH:
        raise TablesError(
            "The MLflow store's folders are nested deeper than any version's.", remedy="Do not use this model."
        )
    for found in listing(folder):
        if found.is_dir:
            yield from _listed(listing, found.path, depth + 1)
        else:
            yield found.path, found.file_size or 0
