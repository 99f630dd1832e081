"""Write a version into MLflow: one run, and a registered version where its gates are passed."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from send_screen.governance import SIGNATURE, files_sha256, read_plain_files
from send_screen.tracking._registry import RUN_NOTE, described
from send_screen.tracking._store import connect, experiment_id

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "send_screen"
ALIAS = "candidate"


@dataclass(frozen=True)
class LoggedRun:
    """Where a version is in MLflow.

    Attributes
    ----------
    run_id, experiment_id : str
    registered_version : str or None
        Its number in the model registry; None where a gate stopped it.
    model_uri : str
        ``models:/<name>/<number>``, or ``runs:/...`` where it is not registered.
    """

    run_id: str
    experiment_id: str
    registered_version: str | None
    model_uri: str


def log_run(
    uri: str,
    *,
    name: str,
    bundle: Mapping[str, bytes],
    pages: dict[str, str],
    metrics: dict[str, float],
    params: dict[str, str],
    tags: dict[str, str],
    note: str,
    served: bytes,
    inputs: dict[str, str],
    outputs: dict[str, str],
    example: pd.DataFrame,
    register: bool,
    sign: Callable[[str], str] | None = None,
) -> LoggedRun:
    """Log a version as one MLflow run.

    Parameters
    ----------
    uri : str
        Tracking URI.
    name : str
        Name of the registered model.
    bundle : mapping of str to bytes
        The files of the version, manifest included.
    pages : dict of str to str
        Further artefacts: path inside the run, and text.
    metrics, params, tags : dict
        Flat; none of them may hold anything of a child.
    note : str
        Markdown that MLflow shows first, of the run and of the registered version.
    served : bytes
        The code that MLflow runs to serve the version.
    inputs, outputs : dict of str to str
        Signature of the served model: MLflow's type of each column of a request, none of them required, and of an
        answer.
    example : pandas.DataFrame
        Rows of *synthetic* children, for the input example.
    register : bool
        Whether to register the version and give it the alias ``candidate``.
    sign : callable, optional
        Given the hash of the served model's files, returns the signature of all of the version. The served model has
        no copy of it, since it is signed itself.
    """
    client = connect(uri)
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    experiment = experiment_id(client, EXPERIMENT, uri)
    with mlflow.start_run(experiment_id=experiment, run_name=f"{name} {tags['version_id']}") as run:
        mlflow.set_tags({**tags, RUN_NOTE: note})
        mlflow.log_params(params)
        mlflow.log_metrics({key: value for key, value in metrics.items() if math.isfinite(value)})
        for path, text in pages.items():
            mlflow.log_text(text, path)
        takes = Schema([ColSpec(kind, column, required=False) for column, kind in inputs.items()])
        gives = Schema([ColSpec(kind, column) for column, kind in outputs.items()])
        # Without a role, the answer is for the one that send-screen screen takes without one.
        params = ParamSchema([ParamSpec("role", "string", None)])
        with TemporaryDirectory() as staging, contextlib.chdir(staging):
            Path("served.py").write_bytes(served)
            _write_files(Path("bundle"), bundle)
            mlflow.log_artifacts("bundle", artifact_path="bundle")
            model = mlflow.pyfunc.log_model(
                name="model",
                python_model="served.py",
                artifacts={"bundle": "bundle"},
                signature=ModelSignature(inputs=takes, outputs=gives, params=params),
                input_example=example,
                pip_requirements=[f"send-screen=={metadata.version('send-screen')}", f"mlflow=={mlflow.__version__}"],
            )
            made_here = {"served.py": served}
            made_here |= {f"artifacts/bundle/{name}": content for name, content in bundle.items()}
            sealed = {"model_sha256": _forget_paths(client, model.model_id, Path(staging), made_here)}
            if sign is not None:
                Path(SIGNATURE).write_bytes(sign(sealed["model_sha256"]).encode())
                mlflow.log_artifact(SIGNATURE, "bundle")
        mlflow.set_tags(sealed)
        registered = None
        if register:
            if not client.search_registered_models(filter_string=f"name = '{name}'"):
                client.create_registered_model(name)
            version = client.create_model_version(
                name,
                source=model.model_uri,
                run_id=run.info.run_id,
                model_id=model.model_id,
                tags={**tags, **sealed},
                description=described("", note),
            )
            registered = str(version.version)
            client.set_registered_model_alias(name, ALIAS, registered)
    where = f"models:/{name}/{registered}" if registered else f"runs:/{run.info.run_id}/bundle"
    return LoggedRun(run.info.run_id, experiment, registered, where)


def _forget_paths(client: MlflowClient, model_id: str, staging: Path, made_here: Mapping[str, bytes]) -> str:
    """Take the folder of this machine out of MLmodel, which keeps the absolute path of the code it was given.

    Returns the hash of all of the model's files: of those that were made here as they were made, and not as the store
    gives them back.
    """
    import mlflow

    (staging / "fetched").mkdir()
    location = client.get_logged_model(model_id).artifact_location
    folder = Path(mlflow.artifacts.download_artifacts(location, dst_path=str(staging / "fetched")))
    file = folder / "MLmodel"
    text = file.read_text("utf-8").replace(f"{staging.resolve().as_posix()}/", "")
    file.write_text(text, encoding="utf-8", newline="\n")
    client.log_model_artifact(model_id, str(file))
    return files_sha256({**read_plain_files(folder)[0], **made_here})


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
