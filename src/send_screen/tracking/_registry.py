"""The model registry: find versions, open them, and record what was decided: aliases, tags, and words beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from send_screen.errors import GateError, UsageError
from send_screen.governance import Bundle, open_bundle
from send_screen.tracking._connect import connect, connect_to_existing, experiment_id, known_models
from send_screen.tracking._store import all_experiments, client_of
from send_screen.tracking._store_faults import translate_store_errors

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.exceptions import MlflowException

ALIAS = "candidate"
HEAD, LOCATION = "ledger_head", "ledger_location"
NOTE = "decisions.md"
LONGEST = 5000  # characters of a description that every database of MLflow takes
RUN_NOTE = "mlflow.note.content"  # the words that MLflow shows of a run
RUN_USER = "mlflow.user"
SUMMARY_END = "is in the artefact `report.html` of its run.\n"  # of what is said of a run, see summary.md.j2
WITHDRAWN_TAG = "withdrawn"
ADDED_DESCRIPTION = "added_description"
HASHES = "hashes"
_MODEL = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
_EVIDENCE_FILE = re.compile(r"(?:held_out/)?\w[\w.-]*\.parquet")
_RUN = re.compile(r"runs:/(?P<run>\w+)(?:/bundle)?")


def format_hashes(hashes: Mapping[str, str]) -> dict[str, str]:
    """Return the one tag of a run, and of a registered version, that holds their hashes."""
    return {HASHES: json.dumps(hashes, sort_keys=True)}


def parse_hashes(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the hashes in the tags of a run or a registered version; none where they cannot be read."""
    try:
        found = json.loads(tags.get(HASHES, ""))
    except (ValueError, RecursionError):
        return {}
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def evidence_files(hashes: Mapping[str, str]) -> list[str]:
    """Return the files beside the evidence table of which a version's tag holds the hash."""
    return sorted(name for name in hashes if _EVIDENCE_FILE.fullmatch(name))


@dataclass(frozen=True)
class Registered:
    """A version as the registry knows it: ``models:/<name>/<number>``."""

    name: str
    number: str
    """Empty of a run that is not registered."""
    run_id: str
    version_id: str
    manifest_sha256: str
    withdrawn: str
    """When, by whom and why, in the registry's words, which are the ledger's copy; empty where it is not withdrawn."""


@translate_store_errors
def find_version(model: str, *, uri: str) -> Registered:
    """Find ``models:/name@alias`` or ``models:/name/3`` in the registry; raise where there is no such version."""
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
    except MlflowException as error:
        if not _is_missing(error):
            raise
        raise UsageError(
            f"The registry has no {model}.",
            remedy=f"It has {known_models(client)}. Check the name and --tracking-uri.",
        ) from None
    version_id = version.tags.get("version_id", "")
    return Registered(
        name=version.name,
        number=str(version.version),
        run_id=version.run_id,
        version_id=version_id,
        manifest_sha256=parse_hashes(version.tags).get("manifest_sha256", ""),
        withdrawn=version.tags.get(WITHDRAWN_TAG) or withdrawal_description(client, version_id),
    )


@translate_store_errors
def find_run(model: str, *, uri: str) -> Registered:
    """Find ``runs:/<run>/bundle``, as training names a version that missed its gates, and so is not registered."""
    match = _RUN.fullmatch(model)
    client = connect_to_existing(uri)
    from mlflow.exceptions import MlflowException

    no_run = UsageError(
        f"The MLflow store has no run {model}.",
        remedy="Give runs:/ID/bundle, as train printed it. Check --tracking-uri.",
    )
    if match is None:
        raise no_run
    try:
        run = client.get_run(match["run"])
    except MlflowException as error:
        raise (no_run if _is_missing(error) else error) from None
    tags, hashes, name = run.data.tags, parse_hashes(run.data.tags), run.data.params.get("spec", "")
    numbers = [
        f"models:/{one.name}/{one.version}" for one in client.search_model_versions(f"run_id = '{match['run']}'")
    ]
    if numbers:
        raise UsageError(f"The run {match['run']} is registered.", remedy=f"Give {' or '.join(sorted(numbers))}.")
    if not (run.outputs and run.outputs.model_outputs and "model_sha256" in hashes):
        raise UsageError(f"The run {match['run']} logged no version.", remedy="It was interrupted: train again.")
    return Registered(name, "", match["run"], tags.get("version_id", ""), hashes.get("manifest_sha256", ""), "")


def _is_missing(error: MlflowException) -> bool:
    """Tell whether an MLflow store answered that it has nothing of a name; it may also have failed to answer."""
    return error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def withdrawal_description(client: MlflowClient, version_id: str) -> str:
    """Return when, by whom and why a version was withdrawn, whatever became of what was registered of it."""
    return next(iter(withdrawals_of(client, version_id).values()), "")


def withdrawals_of(client: MlflowClient, version_id: str) -> dict[str, str]:
    """Return what an MLflow store's experiments keep of the withdrawal of a version, by their ids."""
    tag = f"{WITHDRAWN_TAG}.{version_id}"
    found = [experiment for experiment in all_experiments(client) if tag in experiment.tags]
    return {str(experiment.experiment_id): str(experiment.tags[tag]) for experiment in found}


def same_version(client: MlflowClient, version_id: str) -> list[ModelVersion]:
    """Return all that is registered under one version's id, copies under other names among it."""
    if not re.fullmatch(r"\w+", version_id):
        return []
    return list(client.search_model_versions(f"tags.version_id = '{version_id}'"))


@translate_store_errors
def open_registered(model: str, *, uri: str, even_withdrawn: bool = False) -> tuple[Registered, Bundle]:
    """Download ``models:/name@alias`` or ``models:/name/3``, verify its files and read them. Nothing of it is run.

    Raises
    ------
    UsageError
        If ``model`` has neither form, or names no version.
    GateError
        If it was withdrawn.
    TablesError
        If a file was changed.
    """
    version = find_version(model, uri=uri)
    if version.withdrawn and not even_withdrawn:
        raise withdrawn_error(model)
    import mlflow

    with TemporaryDirectory() as target:
        folder = mlflow.artifacts.download_artifacts(
            run_id=version.run_id, artifact_path="bundle", dst_path=target, tracking_uri=uri
        )
        bundle = open_bundle(Path(folder), manifest_sha256=version.manifest_sha256)
    # by what it is, and not only by what the registry calls it
    if not even_withdrawn and withdrawal_description(client_of(uri), bundle.published.version.id):
        raise withdrawn_error(model)
    return version, bundle


#: What to do where a version that was withdrawn is trained again.
TRAINED_AGAIN = "The same spec, data and code make the same version: change what was wrong with it."


def withdrawn_error(model: str, *, remedy: str = "") -> GateError:
    """Return the refusal of a version that was withdrawn, without a word of the registry's."""
    return GateError(
        f"{model} was withdrawn for good.",
        remedy=remedy
        or "Use another version: send-screen history says, from the ledger, which one is in use, and when, by whom and "
        "why this one was withdrawn.",
    )


@dataclass(frozen=True)
class RegisteredModel:
    """What a registry says of a model."""

    aliases: dict[str, str]
    """Alias -> number of the version that it points to."""
    head: str | None
    """Hash of the last decision that the registry records."""
    location: str | None
    """Where the ledger of decisions is."""


@translate_store_errors
def find_model(name: str, *, uri: str) -> RegisteredModel:
    """Return what the registry says of a model; raise where it has none of that name."""
    client = connect_to_existing(uri)
    from mlflow.exceptions import MlflowException

    try:
        model = client.get_registered_model(name)
    except MlflowException as error:
        if not _is_missing(error):
            raise
        raise UsageError(
            f"The registry has no model {name}.",
            remedy=f"It has {known_models(client)}. Check the name and --tracking-uri.",
        ) from None
    aliases = {str(alias): str(number) for alias, number in model.aliases.items()}
    return RegisteredModel(aliases, model.tags.get(HEAD), model.tags.get(LOCATION))


@translate_store_errors
def set_alias(version: Registered, alias: str, *, tags: dict[str, str], uri: str) -> None:
    """Tag a version, and point an alias at it."""
    client = connect(uri)
    for key, value in tags.items():
        client.set_model_version_tag(version.name, version.number, key, value)
    client.set_registered_model_alias(version.name, alias, version.number)


@translate_store_errors
def tag_withdrawn(version: Registered, words: str, *, uri: str) -> None:
    """Mark a version as withdrawn, and take away every alias of it, whatever it is registered as.

    ``words`` say when, by whom and why. Experiments keep them too, that of its run and that of the next training: a
    copy, and the same version trained again after all of it was deleted, are no less withdrawn.
    """
    client = connect(uri)
    twins = {(twin.name, str(twin.version)) for twin in same_version(client, version.version_id)}
    for name, number in {(version.name, version.number), *twins}:
        client.set_model_version_tag(name, number, WITHDRAWN_TAG, words)
        for alias, of in find_model(name, uri=uri).aliases.items():
            if of == number:
                client.delete_registered_model_alias(name, alias)
    active = {each.experiment_id for each in all_experiments(client) if each.lifecycle_stage == "active"}
    for id in active & {experiment_id(client, uri), _experiment_of_run(client, version.run_id)}:
        client.set_experiment_tag(id, f"{WITHDRAWN_TAG}.{version.version_id}", words)


def _experiment_of_run(client: MlflowClient, run_id: str) -> str:
    """Return the id of the experiment that a run is in; nothing of a run that was purged."""
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_run(run_id).info.experiment_id)
    except MlflowException as error:
        if not _is_missing(error):
            raise
        return ""


def described(note: str, about: str) -> str:
    """Return the description of a registered version: its decisions, then what is said of its run, where both fit."""
    whole = f"{note}\n{about}" if note else about
    if len(whole) <= LONGEST:
        return whole
    shown = note or about
    rest = "\n\nThere is more in the artefacts of its run.\n"
    return shown if len(shown) <= LONGEST else shown[: LONGEST - len(rest)] + rest


@translate_store_errors
def tag_decisions(version: Registered, note: str, *, head: str, location: str, uri: str) -> None:
    """Show what was decided about a version, and remember hash and location of the last decision about its model.

    Words that people wrote below ours stay there, or become a tag where a description has no room for them.
    """
    client = connect(uri)
    about, end, _ = client.get_run(version.run_id).data.tags.get(RUN_NOTE, "").partition(SUMMARY_END)
    shown = client.get_model_version(version.name, version.number).description or ""
    description, added = described(note, about + end), shown.partition(SUMMARY_END)[2].strip()
    if added and len(description) + len(added) < LONGEST:
        description += f"\n{added}\n"
    elif added:
        client.set_model_version_tag(version.name, version.number, ADDED_DESCRIPTION, added[:LONGEST])
    client.update_model_version(version.name, version.number, description=description)
    client.log_text(version.run_id, note, NOTE)
    client.set_registered_model_tag(version.name, LOCATION, location)
    client.set_registered_model_tag(version.name, HEAD, head)  # last: it says that all was done
