"""Find a registered version, and fetch its files, to be verified before they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.errors import UsageError
from send_screen.tracking._store import connect_to_existing, known_models

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_MODEL = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
_RUN = re.compile(r"runs:/(?P<run>\w+)(?:/bundle)?")

WITHDRAWN_TAG = "withdrawn"


@dataclass(frozen=True)
class Registered:
    """A version as the registry knows it.

    Attributes
    ----------
    name, number : str
        ``models:/<name>/<number>``; of a run that is not registered there is no number.
    run_id : str
    version_id, manifest_sha256 : str
        What the registry says that it is, and that the hash of its files is.
    withdrawn : str
        When, by whom and why; empty where it is not withdrawn.
    """

    name: str
    number: str
    run_id: str
    version_id: str
    manifest_sha256: str
    withdrawn: str


@dataclass(frozen=True)
class Fetched:
    """A version's files, not verified yet.

    Attributes
    ----------
    folder : pathlib.Path
    version : Registered
    """

    folder: Path
    version: Registered


def find_version(model: str, *, uri: str) -> Registered:
    """Find ``models:/name@alias`` or ``models:/name/3`` in the registry.

    Raises
    ------
    UsageError
        If ``model`` has neither form, or names no version.
    """
    match = _MODEL.fullmatch(model)
    if match is None:
        raise UsageError(
            f"{model} names no model.",
            remedy="Give models:/name@alias, models:/name/3, or the folder that send-screen export wrote.",
        )
    client = connect_to_existing(uri)
    from mlflow.exceptions import MlflowException

    try:
        if match["alias"]:
            version = client.get_model_version_by_alias(match["name"], match["alias"])
        else:
            version = client.get_model_version(match["name"], match["version"])
    except MlflowException:
        raise UsageError(
            f"The registry has no {model}.",
            remedy=f"It has {known_models(client)}. Check the name and --tracking-uri.",
        ) from None
    version_id = version.tags.get("version_id", "")
    # The same version can be registered again, under another number: it is no less withdrawn.
    withdrawn = [twin.tags.get(WITHDRAWN_TAG, "") for twin in same_version(client, version.name, version_id)]
    return Registered(
        name=version.name,
        number=str(version.version),
        run_id=version.run_id,
        version_id=version_id,
        manifest_sha256=version.tags.get("manifest_sha256", ""),
        withdrawn=max(withdrawn, default=""),
    )


def find_run(model: str, *, uri: str) -> Registered:
    """Find ``runs:/<run>/bundle``, as training names a version that missed its gates, and so is not registered.

    Raises
    ------
    UsageError
        If there is no such run, it entered no version, or it is registered after all.
    """
    match = _RUN.fullmatch(model)
    client = connect_to_existing(uri)
    from mlflow.exceptions import MlflowException

    try:
        if match is None:
            raise MlflowException("")
        run = client.get_run(match["run"])
    except MlflowException:
        raise UsageError(
            f"The store has no run {model}.", remedy="Give runs:/ID/bundle, as training told it. Check --tracking-uri."
        ) from None
    tags, name = run.data.tags, run.data.params.get("spec", "")
    numbers = [
        f"models:/{one.name}/{one.version}" for one in client.search_model_versions(f"run_id = '{match['run']}'")
    ]
    if numbers:
        raise UsageError(f"The run {match['run']} is registered.", remedy=f"Give {' or '.join(sorted(numbers))}.")
    if not (run.outputs and run.outputs.model_outputs and "model_sha256" in tags):
        raise UsageError(f"The run {match['run']} entered no version.", remedy="It was interrupted: train again.")
    return Registered(name, "", match["run"], tags.get("version_id", ""), tags.get("manifest_sha256", ""), "")


def same_version(client: MlflowClient, name: str, version_id: str) -> list[ModelVersion]:
    """Return all that is registered of a model under one version's id."""
    found = client.search_model_versions(f"name = '{name}'")
    return [version for version in found if version.tags.get("version_id") == version_id]


def fetch_bundle(model: str, *, uri: str, target: Path) -> Fetched:
    """Download the files of ``models:/name@alias`` or ``models:/name/3``. Nothing of it is loaded or run.

    Parameters
    ----------
    model : str
        The version.
    uri : str
        Tracking URI.
    target : pathlib.Path
        An existing folder to download into.

    Raises
    ------
    UsageError
        If ``model`` has neither form, or names no version.
    """
    version = find_version(model, uri=uri)
    import mlflow

    folder = mlflow.artifacts.download_artifacts(
        run_id=version.run_id, artifact_path="bundle", dst_path=str(target), tracking_uri=uri
    )
    return Fetched(Path(folder), version)
