"""Log a version in MLflow: one run, and a registered version where its gates are passed.

What is logged is made by functions of what a version publishes, so that an audit can make it again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from send_screen.governance import (
    BAGS,
    EVIDENCE,
    MANIFEST,
    MODEL,
    PLOTS,
    SIGNATURE,
    files_sha256,
    key_id,
    make_manifest,
    read_plain_files,
    sha256_of,
    sign_statement,
)
from send_screen.published import Performance, PublishedReport, VersionMetadata
from send_screen.reports import PAGES as VERSION_PAGES
from send_screen.reports import render_pages, render_plots, render_summary
from send_screen.serving import PREDICTION_COLUMNS, request_columns, served_code
from send_screen.simulation._examples import synthetic_rows
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, RiskTables
from send_screen.tracking._registry import ALIAS, RUN_NOTE, described
from send_screen.tracking._store import connect, experiment_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from mlflow import MlflowClient
    from mlflow.models.model import ModelInfo

PAGES = (*VERSION_PAGES, "published.json")
WATERFALL = "plots/synthetic_child.svg"


@dataclass(frozen=True)
class LoggedRun:
    """Where a version is in MLflow; a version that a gate stopped has no number, and a ``model_uri`` of its run."""

    run_id: str
    registered_version: str | None
    model_uri: str


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
    register: bool,
) -> LoggedRun:
    """Log a version as one run, and register it with the alias ``candidate`` where it is asked for.

    With a key, the hashes of the version, of its plots, of what MLflow serves and of its evidence are signed.
    """
    client = connect(uri)
    # imported here: who reads a registry needs no machine learning
    import mlflow

    from send_screen.estimators._explanation import shap_waterfall

    version, note = report.version, render_summary(report)
    files = version_files(spec, tables, bags, report)
    files[MANIFEST] = make_manifest(files, version=version.id)
    pictures = {**render_plots(report), WATERFALL: shap_waterfall(report.example)}
    tags = {
        **run_tags(version, passed=register),
        "manifest_sha256": sha256_of(files[MANIFEST]),
        "evidence_sha256": evidence_sha256[EVIDENCE],
        "evidence_place": evidence.resolve().as_uri(),
        "signed_by": "nobody" if key is None else key_id(key.public_key()),
    }
    experiment = experiment_id(client, uri)
    with mlflow.start_run(experiment_id=experiment, run_name=f"{spec.name} {version.id}") as run:
        mlflow.set_tags({**tags, RUN_NOTE: note})
        mlflow.log_params(run_params(spec, version.held_out_schools))
        mlflow.log_metrics(mlflow_metrics(report.performance))
        for path, text in {**{name: files[name].decode() for name in PAGES}, **pictures}.items():
            mlflow.log_text(text, path)
        with TemporaryDirectory() as staging, contextlib.chdir(staging):
            _write_files(Path("bundle"), files)
            mlflow.log_artifacts("bundle", artifact_path="bundle")
            model, model_sha256 = _log_served_model(client, spec, files)
            if key is not None:
                digests = {
                    MANIFEST: tags["manifest_sha256"],
                    "spec.yaml": version.spec_sha256,
                    PLOTS: files_sha256({Path(name).name: svg.encode() for name, svg in pictures.items()}),
                    **evidence_sha256,
                    MODEL: model_sha256,
                }
                # the served model has no copy of the signature, since it is signed itself
                signature = sign_statement(digests, model=spec.name, version=version.id, key=key)
                Path(SIGNATURE).write_bytes(signature.encode())
                mlflow.log_artifact(SIGNATURE, "bundle")
        tags["model_sha256"] = model_sha256
        mlflow.set_tag("model_sha256", model_sha256)
        run_id = run.info.run_id
        if not register:
            return LoggedRun(run_id, None, f"runs:/{run_id}/bundle")
        if not client.search_registered_models(filter_string=f"name = '{spec.name}'"):
            client.create_registered_model(spec.name)
        registered = client.create_model_version(
            spec.name,
            source=model.model_uri,
            run_id=run_id,
            model_id=model.model_id,
            tags=tags,
            description=described("", note),
        )
        client.set_registered_model_alias(spec.name, ALIAS, str(registered.version))
    return LoggedRun(run_id, str(registered.version), f"models:/{spec.name}/{registered.version}")


def _log_served_model(client: MlflowClient, spec: ModelSpec, files: Mapping[str, bytes]) -> tuple[ModelInfo, str]:
    """Log what MLflow serves, our one file over the folder ``bundle``; return it and the hash of all of its files.

    MLmodel keeps the absolute path of the code it was given: the folder of this machine is taken out of it. The hash is
    of the files that were made here as they were made, and not as the store gives them back.
    """
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    here, served = Path.cwd(), served_code()
    Path("served.py").write_bytes(served)
    columns = request_columns(spec, spec.contracts).items()
    model = mlflow.pyfunc.log_model(
        name="model",
        python_model="served.py",
        artifacts={"bundle": "bundle"},
        signature=ModelSignature(
            inputs=Schema([ColSpec(kind, column, required=False) for column, kind in columns]),
            outputs=Schema([ColSpec(kind, column) for column, kind in PREDICTION_COLUMNS.items()]),
            # Without a role, the answer is for the one that send-screen screen takes without one.
            params=ParamSchema([ParamSpec("role", "string", None)]),
        ),
        input_example=synthetic_rows(spec, spec.contracts),
        pip_requirements=[f"send-screen=={metadata.version('send-screen')}", f"mlflow=={mlflow.__version__}"],
    )
    Path("fetched").mkdir()
    location = client.get_logged_model(model.model_id).artifact_location
    folder = Path(mlflow.artifacts.download_artifacts(location, dst_path=str(here / "fetched")))
    file = folder / "MLmodel"
    file.write_text(file.read_text("utf-8").replace(f"{here.as_posix()}/", ""), encoding="utf-8", newline="\n")
    client.log_model_artifact(model.model_id, str(file))
    made_here = {"served.py": served, **{f"artifacts/bundle/{name}": content for name, content in files.items()}}
    return model, files_sha256({**read_plain_files(folder)[0], **made_here})


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
    """Return the tags of a run that follow from the section ``version`` of ``published.json``."""
    return {
        "version_id": version.id,
        "spec_sha256": version.spec_sha256,
        "data_sha256": version.data_sha256,
        "tables_sha256": version.tables_sha256,
        "code_version": version.code_version,
        "release": version.release,
        "trained_on": version.trained_on,
        "gates": "passed" if passed else "failed",
        **{f"contract.{ref.replace('@', ':')}": sha256 for ref, sha256 in version.contracts.items()},
        **{f"package.{package}": number for package, number in version.packages.items()},
    }


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
