"""The model registry: find versions, open them, and record decisions as aliases, tags and descriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from send_screen.errors import UsageError
from send_screen.governance import Bundle, open_bundle, withdrawn_error
from send_screen.tracking._connect import connect, connect_to_existing, experiment_id, known_models
from send_screen.tracking._store import all_experiments, all_pages, client_of
from send_screen.tracking._store_faults import translate_store_errors

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.exceptions import MlflowException

CANDIDATE_ALIAS = "candidate"
LEDGER_HEAD_TAG, LEDGER_LOCATION_TAG = "ledger_head", "ledger_location"
DECISIONS_FILE = "decisions.md"
MAX_DESCRIPTION = 5000  # characters that every database of MLflow takes
RUN_DESCRIPTION_TAG = "mlflow.note.content"  # the tag that MLflow shows as the description of a run
RUN_USER_TAG = "mlflow.user"
SUMMARY_END = "is in the artefact `report.html` of its run.\n"  # last words of the description of a run: summary.md.j2
WITHDRAWN_TAG = "withdrawn"
ADDED_DESCRIPTION = "added_description"
HASHES_TAG = "hashes"
_MODEL = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
_EVIDENCE_FILE = re.compile(r"(?:held_out/)?\w[\w.-]*\.parquet")
_RUN = re.compile(r"runs:/(?P<run>\w+)(?:/bundle)?")


def format_hashes(hashes: Mapping[str, str]) -> dict[str, str]:
    """Return the tag that holds all hashes of a run or registered version."""
    return {HASHES_TAG: json.dumps(hashes, sort_keys=True)}


def parse_hashes(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the hashes in the tags of a run or a registered version; empty where they cannot be read."""
    try:
        found = json.loads(tags.get(HASHES_TAG, ""))
    except (ValueError, RecursionError):
        return {}
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def evidence_files(hashes: Mapping[str, str]) -> list[str]:
    """Return the files of the evidence (out-of-fold predictions) whose hash is in a version's tag."""
    return sorted(name for name in hashes if _EVIDENCE_FILE.fullmatch(name))


@dataclass(frozen=True)
class RegisteredVersion:
    """A version in the registry, ``models:/<name>/<number>``, or a run that is not registered."""

    name: str
    number: str
    """Empty for a run that is not registered."""
    run_id: str
    version_id: str
    manifest_sha256: str
    withdrawn: str
    """When, by whom and why, as the registry copied it from the ledger; empty where it is not withdrawn."""


@translate_store_errors
def find_version(model: str, *, uri: str) -> RegisteredVersion:
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
    return RegisteredVersion(
        name=version.name,
        number=str(version.version),
        run_id=version.run_id,
        version_id=version_id,
        manifest_sha256=parse_hashes(version.tags).get("manifest_sha256", ""),
        withdrawn=version.tags.get(WITHDRAWN_TAG) or withdrawal_description(client, version_id),
    )


@translate_store_errors
def find_run(model: str, *, uri: str) -> RegisteredVersion:
    """Find ``runs:/<run>/bundle``: a version that failed a gate, and so is not registered."""
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
    return RegisteredVersion(name, "", match["run"], tags.get("version_id", ""), hashes.get("manifest_sha256", ""), "")


def _is_missing(error: MlflowException) -> bool:
    """Return whether an error means that the name does not exist, and not that the store failed."""
    return error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def withdrawal_description(client: MlflowClient, version_id: str) -> str:
    """Return when, by whom and why a version was withdrawn, even if its registered version was deleted."""
    return next(iter(withdrawals_of(client, version_id).values()), "")


def withdrawals_of(client: MlflowClient, version_id: str) -> dict[str, str]:
    """Return the withdrawal tags of a version by experiment id."""
    tag = f"{WITHDRAWN_TAG}.{version_id}"
    found = [experiment for experiment in all_experiments(client) if tag in experiment.tags]
    return {str(experiment.experiment_id): str(experiment.tags[tag]) for experiment in found}


def versions_with_id(client: MlflowClient, version_id: str) -> list[ModelVersion]:
    """Return all registered versions with this id, including copies under other names."""
    if not re.fullmatch(r"\w+", version_id):
        return []
    return list(client.search_model_versions(f"tags.version_id = '{version_id}'"))


@translate_store_errors
def open_registered(model: str, *, uri: str, allow_withdrawn: bool = False) -> tuple[RegisteredVersion, Bundle]:
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
    if version.withdrawn and not allow_withdrawn:
        raise withdrawn_error(model)
    import mlflow

    with TemporaryDirectory() as target:
        folder = mlflow.artifacts.download_artifacts(
            run_id=version.run_id, artifact_path="bundle", dst_path=target, tracking_uri=uri
        )
        bundle = open_bundle(Path(folder), manifest_sha256=version.manifest_sha256)
    # the id in the files counts, too: tags of the registered version can be changed
    if not allow_withdrawn and withdrawal_description(client_of(uri), bundle.published.version.id):
        raise withdrawn_error(model)
    return version, bundle


#: Remedy where a withdrawn version is trained again.
RETRAIN_REMEDY = "The same spec, data and code make the same version: change what was wrong with it."


@dataclass(frozen=True)
class RegisteredModel:
    """A registered model: its aliases, and what the registry records of the ledger of decisions."""

    aliases: dict[str, str]
    """Alias -> number of the version that it points to."""
    head: str | None
    """Hash of the last decision that the registry records."""
    location: str | None
    """Where the ledger of decisions is."""


@translate_store_errors
def find_model(name: str, *, uri: str) -> RegisteredModel:
    """Return a registered model; raise where there is none of that name."""
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
    return RegisteredModel(aliases, model.tags.get(LEDGER_HEAD_TAG), model.tags.get(LEDGER_LOCATION_TAG))


@translate_store_errors
def ledger_addresses(*, uri: str) -> list[str]:
    """Return where the registered models' tags say that ledgers of decisions are."""
    models = all_pages(connect_to_existing(uri).search_registered_models)
    return sorted({model.tags[LEDGER_LOCATION_TAG] for model in models if LEDGER_LOCATION_TAG in model.tags})


@translate_store_errors
def set_alias(version: RegisteredVersion, alias: str, *, tags: dict[str, str], uri: str) -> None:
    """Tag a version, and set an alias to it."""
    client = connect(uri)
    for key, value in tags.items():
        client.set_model_version_tag(version.name, version.number, key, value)
    client.set_registered_model_alias(version.name, alias, version.number)


@translate_store_errors
def tag_withdrawn(version: RegisteredVersion, text: str, *, uri: str) -> None:
    """Tag a version and all registered copies as withdrawn, and remove their aliases.

    ``text`` says when, by whom and why. It also becomes a tag of the run's experiment and of the one of future runs, so
    that copies, and the same version trained again after deletion, count as withdrawn.
    """
    client = connect(uri)
    copies = {(copy.name, str(copy.version)) for copy in versions_with_id(client, version.version_id)}
    for name, number in {(version.name, version.number), *copies}:
        client.set_model_version_tag(name, number, WITHDRAWN_TAG, text)
        for alias, target in find_model(name, uri=uri).aliases.items():
            if target == number:
                client.delete_registered_model_alias(name, alias)
    active = {each.experiment_id for each in all_experiments(client) if each.lifecycle_stage == "active"}
    for id in active & {experiment_id(client, uri), _experiment_of_run(client, version.run_id)}:
        client.set_experiment_tag(id, f"{WITHDRAWN_TAG}.{version.version_id}", text)


def _experiment_of_run(client: MlflowClient, run_id: str) -> str:
    """Return the id of the experiment that a run is in; empty for a run that was purged."""
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_run(run_id).info.experiment_id)
    except MlflowException as error:
        if not _is_missing(error):
            raise
        return ""


def describe_version(decisions: str, summary: str) -> str:
    """Return the description of a registered version: its decisions, then the summary of its run if both fit."""
    whole = f"{decisions}\n{summary}" if decisions else summary
    if len(whole) <= MAX_DESCRIPTION:
        return whole
    shown = decisions or summary
    rest = "\n\nThere is more in the artefacts of its run.\n"
    return shown if len(shown) <= MAX_DESCRIPTION else shown[: MAX_DESCRIPTION - len(rest)] + rest


@translate_store_errors
def tag_decisions(version: RegisteredVersion, decisions: str, *, head: str, location: str, uri: str) -> None:
    """Write the decisions into the description of a version, and tag its model with the ledger's head and location.

    Text that people added below the description is kept, as a tag if there is no room for it.
    """
    client = connect(uri)
    summary, end, _ = client.get_run(version.run_id).data.tags.get(RUN_DESCRIPTION_TAG, "").partition(SUMMARY_END)
    shown = client.get_model_version(version.name, version.number).description or ""
    description, added = describe_version(decisions, summary + end), shown.partition(SUMMARY_END)[2].strip()
    if added and len(description) + len(added) < MAX_DESCRIPTION:
        description += f"\n{added}\n"
    elif added:
        client.set_model_version_tag(version.name, version.number, ADDED_DESCRIPTION, added[:MAX_DESCRIPTION])
    client.update_model_version(version.name, version.number, description=description)
    client.log_text(version.run_id, decisions, DECISIONS_FILE)
    client.set_registered_model_tag(version.name, LEDGER_LOCATION_TAG, location)
    client.set_registered_model_tag(version.name, LEDGER_HEAD_TAG, head)  # last, since it marks the rest as done
