"""Log a version in MLflow: one run, and a registered version where its gates are passed.

What is logged is computed from spec, tables and published report alone, so that an audit can recompute it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from send_screen.documents import DEFAULT_MODE, write_atomically
from send_screen.governance import (
    BAGS,
    EVIDENCE,
    MANIFEST,
    MODEL,
    PLOTS,
    SIGNATURE,
    current_user,
    files_sha256,
    key_id,
    make_manifest,
    read_regular_files,
    sha256_of,
    sign_statement,
    withdrawn_error,
)
from send_screen.published import Performance, PublishedReport, VersionMetadata
from send_screen.reports import PAGES as VERSION_PAGES
from send_screen.reports import render_pages, render_plots, render_summary
from send_screen.serving import PREDICTION_COLUMNS, request_columns, served_code
from send_screen.simulation._examples import synthetic_rows
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, RiskTables
from send_screen.tracking._connect import connect, experiment_id
from send_screen.tracking._prior_runs import PUBLISHED
from send_screen.tracking._registry import (
    CANDIDATE_ALIAS,
    HASHES_TAG,
    RETRAIN_REMEDY,
    RUN_DESCRIPTION_TAG,
    RUN_USER_TAG,
    describe_version,
    format_hashes,
    withdrawal_description,
)
from send_screen.tracking._store import all_pages, as_global_store, silence_loggers
from send_screen.tracking._store_faults import local_folder, translate_store_errors

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

PAGES = (*VERSION_PAGES, PUBLISHED)
WATERFALL = "plots/synthetic_child.svg"


@dataclass(frozen=True)
class LoggedRun:
    """Where a version is in MLflow; one that failed a gate has no number, and the URI of its run as ``model_uri``."""

    run_id: str
    registered_version: str | None
    model_uri: str
    report_location: str
    """Path of ``report.html``, or its address on a server."""


@translate_store_errors
def log_version(
    spec: ModelSpec,
    tables: RiskTables,
    bags: BaggedTables | None,
    report: PublishedReport,
    *,
    uri: str,
    evidence: Path,
    evidence_sha256: Mapping[str, str],
    key: Ed25519PrivateKey | None,
    passed: bool,
    register: bool,
) -> LoggedRun:
    """Log a version as one run, and with ``register``, register it with the alias ``candidate``.

    With a key, the hashes of the version, of its plots, of the served model and of its evidence (out-of-fold
    predictions) are signed.
    """
    client = connect(uri)
    # imported here, since reading a registry needs no machine learning
    from mlflow.entities import Param, RunTag

    from send_screen.estimators._explanation import shap_waterfall

    version, note = report.version, render_summary(report)
    if withdrawal_description(client, version.id):
        raise withdrawn_error(f"The version {version.id}", remedy=RETRAIN_REMEDY)
    files = version_files(spec, tables, bags, report)
    files[MANIFEST] = make_manifest(files, version=version.id)
    plots = {**render_plots(report), WATERFALL: shap_waterfall(report.example)}
    tags = {**run_tags(version, passed=passed), "evidence_location": evidence.resolve().as_uri()}
    hashes = {
        "data_sha256": version.data_sha256,
        "manifest_sha256": sha256_of(files[MANIFEST]),
        "evidence_sha256": evidence_sha256[EVIDENCE],
        **{file: sha256 for file, sha256 in evidence_sha256.items() if file != EVIDENCE},
        "signed_by": "nobody" if key is None else key_id(key.public_key()),
    }
    run_tags_and_note = {**tags, RUN_DESCRIPTION_TAG: note, RUN_USER_TAG: current_user()}
    run = client.create_run(
        experiment_id(client, uri),
        run_name=f"{spec.name} {version.id}",
        tags={"version_id": version.id, **format_hashes(hashes)},
    )
    run_id = run.info.run_id
    try:
        _log_published(client, run, files[PUBLISHED])
        client.log_batch(
            run_id,
            tags=[RunTag(name, value) for name, value in run_tags_and_note.items()],
            params=[Param(name, value) for name, value in run_params(spec, version.held_out_schools).items()],
            synchronous=True,
        )
        for path, text in {**{name: files[name].decode() for name in VERSION_PAGES}, **plots}.items():
            client.log_text(run_id, text, path)
        with TemporaryDirectory() as staging, contextlib.chdir(staging):
            _write_files(Path("bundle"), files)
            client.log_artifacts(run_id, "bundle", artifact_path="bundle")
            run = client.get_run(run_id)
            model, model_sha256 = _log_served_model(client, spec, report, files, run=run)
            if key is not None:
                digests = {
                    MANIFEST: hashes["manifest_sha256"],
                    "spec.yaml": version.spec_sha256,
                    PLOTS: files_sha256({Path(name).name: svg.encode() for name, svg in plots.items()}),
                    **evidence_sha256,
                    MODEL: model_sha256,
                }
                # the served model has no copy of the signature, since it is signed itself
                signature = sign_statement(digests, model=spec.name, version=version.id, key=key)
                Path(SIGNATURE).write_bytes(signature.encode())
                client.log_artifact(run_id, SIGNATURE, "bundle")
        tags |= format_hashes({**hashes, "model_sha256": model_sha256})
        client.set_tag(run_id, HASHES_TAG, tags[HASHES_TAG], synchronous=True)
        with as_global_store(uri):
            number = _register(client, spec.name, model, run_id, tags, note) if register else None
    except BaseException:
        with contextlib.suppress(Exception):  # the first error is the one to report
            client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id)
    location = f"{run.info.artifact_uri}/report.html"
    return LoggedRun(
        run_id,
        number,
        f"models:/{spec.name}/{number}" if number else f"runs:/{run_id}/bundle",
        str(local_folder(location) or location),
    )


def _log_published(client: MlflowClient, run: Run, content: bytes) -> None:
    """Log ``published.json`` before any other figure, whole: later versions read in it what a killed run published."""
    folder = local_folder(run.info.artifact_uri)
    if folder is None:
        client.log_text(run.info.run_id, content.decode(), PUBLISHED)
        return
    folder.mkdir(parents=True, exist_ok=True)
    # beside the artefacts, where MLflow does not show a partial file
    write_atomically(content, folder.parent / PUBLISHED, mode=DEFAULT_MODE)
    os.replace(folder.parent / PUBLISHED, folder / PUBLISHED)


def end_killed_runs(uri: str) -> None:
    """Set runs of versions with the status ``RUNNING`` to ``KILLED``; call it while holding the publication lock."""
    client = connect(uri)
    for run in all_pages(client.search_runs, [experiment_id(client, uri)], "attributes.status = 'RUNNING'"):
        if "version_id" in run.data.tags:
            client.set_terminated(run.info.run_id, "KILLED")


def _register(client: MlflowClient, name: str, model: LoggedModel, run_id: str, tags: dict[str, str], note: str) -> str:
    """Register a logged model with the alias ``candidate``; return its version number."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    registered = client.create_model_version(
        name,
        source=model.model_uri,
        run_id=run_id,
        model_id=model.model_id,
        tags=tags,
        description=describe_version("", note),
    )
    client.set_registered_model_alias(name, CANDIDATE_ALIAS, str(registered.version))
    return str(registered.version)


def _log_served_model(
    client: MlflowClient, spec: ModelSpec, report: PublishedReport, files: Mapping[str, bytes], *, run: Run
) -> tuple[LoggedModel, str]:
    """Log the model that MLflow serves (``served.py`` and the bundle); return it and the hash of its files.

    MLflow's ``log_model`` would use the store, run and experiment that are active in the user's process, so the folder
    is built here and logged by a client. The absolute path that MLflow writes into MLmodel is removed.
    """
    import mlflow
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Metric
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    run_id = run.info.run_id
    logged = client.create_logged_model(run.info.experiment_id, "model", run_id, params=run.data.params)
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    now = int(time.time() * 1000)
    metrics = mlflow_metrics(report.performance).items()
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, now, 0, model_id=logged.model_id, run_id=run_id) for name, value in metrics],
        synchronous=True,
    )
    Path("served.py").write_bytes(served_code())
    columns = request_columns(spec, spec.contracts)
    folder = Path("model")
    with silence_loggers("mlflow.pyfunc", "mlflow.utils.environment"):
        mlflow.pyfunc.save_model(
            path=str(folder),
            mlflow_model=Model(
                artifact_path=logged.artifact_location,
                model_uuid=logged.model_id,
                run_id=run_id,
                model_id=logged.model_id,
            ),
            python_model="served.py",
            artifacts={"bundle": "bundle"},
            signature=ModelSignature(
                inputs=Schema([ColSpec(AnyType(), column, required=False) for column in columns]),
                outputs=Schema([ColSpec(kind, column) for column, kind in PREDICTION_COLUMNS.items()]),
                # the default role is that of send-screen screen
                params=ParamSchema([ParamSpec("role", "string", None)]),
            ),
            input_example=synthetic_rows(spec, spec.contracts),
            pip_requirements=[f"send-screen=={metadata.version('send-screen')}", f"mlflow=={mlflow.__version__}"],
        )
    file = folder / "MLmodel"
    text = file.read_text("utf-8").replace(f"{Path.cwd().as_posix()}/", "")
    file.write_text(text, encoding="utf-8", newline="\n")
    client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    return logged, files_sha256(read_regular_files(folder)[0])


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def version_files(
    spec: ModelSpec, tables: RiskTables, bags: BaggedTables | None, report: PublishedReport
) -> dict[str, bytes]:
    """Return every file of a version but its manifest, by name."""
    files = {
        "spec.yaml": spec.text,
        **{f"contracts/{contract.path.name}": contract.text for contract in spec.contracts.values()},
        "tables.json": tables.to_json(),
        "tables.schema.json": json.dumps(tables.json_schema(), indent=2) + "\n",
        **({} if bags is None else {BAGS: bags.to_json()}),
        "published.json": report.to_json(),
        **render_pages(report),
    }
    return {name: text.encode() for name, text in files.items()}


def mlflow_metrics(performance: Iterable[Performance]) -> dict[str, float]:
    """Return the metrics of a run: ``roc_auc``, ``roc_auc_low``, ...; of other models ``baseline.roc_auc``, ..."""
    flat = {}
    for row in performance:
        name = row.metric if row.model == "candidate" else f"{row.model}.{row.metric}"
        for suffix, figure in (("", row.value), ("_low", row.low), ("_high", row.high)):
            if figure is not None:
                flat[name + suffix] = figure
    return flat


def run_tags(version: VersionMetadata, *, passed: bool) -> dict[str, str]:
    """Return the tags of a run that follow from the section ``version`` of ``published.json``.

    They are few, since MLflow shows them above the description; the section itself has all metadata.
    """
    return {"version_id": version.id, "trained_on": version.trained_on, "gates": "passed" if passed else "failed"}


def run_params(spec: ModelSpec, held_out_schools: int) -> dict[str, str]:
    """Return the parameters of a run."""
    return {
        "spec": spec.name,
        "model": spec.model,
        **({"C": f"{spec.model_parameters.C:g}"} if spec.model == "logistic" else {}),
        "capacity": f"{spec.capacity:g}",
        "folds": str(spec.validation.folds),
        "fold_seeds": ", ".join(map(str, spec.validation.seeds)),
        "held_out_schools": str(held_out_schools),
        "challengers": ", ".join(spec.challengers),
    }
