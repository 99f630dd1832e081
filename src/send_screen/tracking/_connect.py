"""Connect to an MLflow store, and find or make the experiment of the versions."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.errors import UsageError
from send_screen.tracking._store import (
    EXPERIMENT,
    SQLITE,
    artifact_folder,
    client_of,
    database_of,
    require_mlflow,
    silence_loggers,
)
from send_screen.tracking._store_faults import is_server, require_database, require_server

if TYPE_CHECKING:
    from mlflow import MlflowClient


def connect_to_existing(uri: str) -> MlflowClient:
    """Return a client as :func:`connect` does; raise where there is no database, or no server answers."""
    require_mlflow()
    path = database_of(uri)
    if path is not None and not (path.exists() and require_database(path)):
        raise UsageError(
            f"There is no MLflow store at {path}.",
            remedy="Name one with --tracking-uri, or give the folder that send-screen export wrote.",
        )
    if is_server(uri):
        require_server(uri)
    return client_of(uri)


def connect(uri: str) -> MlflowClient:
    """Return a client of a tracking server or database; a local database is made where there is none."""
    require_mlflow()
    path = database_of(uri)
    if path is not None and not path.exists():
        _create_database(path, artifacts=artifact_folder(uri))
    return client_of(uri)


def experiment_id(client: MlflowClient, uri: str) -> str:
    """Return the id of send_screen's experiment, created if missing; local artefacts are kept beside the database."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        folder = artifact_folder(uri)
        try:
            return str(
                client.create_experiment(EXPERIMENT, artifact_location=None if folder is None else folder.as_uri())
            )
        except MlflowException:
            found = client.get_experiment_by_name(EXPERIMENT)
            if found is None:
                raise
    return str(found.experiment_id)


def known_models(client: MlflowClient) -> str:
    """Return the names of the registered models, for an error message."""
    known = sorted(found.name for found in client.search_registered_models())
    return ", ".join(known) if known else "no model yet: train one with send-screen train"


def _create_database(path: Path, *, artifacts: Path | None) -> None:
    """Create a database with MLflow's tables and send_screen's experiment, atomically; keep one that exists by then.

    It is made under a temporary name in the same folder, and then linked to ``path``.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    assert artifacts is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with silence_loggers("alembic", "mlflow.store.db.utils"):
            store = SqlAlchemyStore(f"{SQLITE}{temporary.as_posix()}", artifacts.parent.as_uri())
        store.create_experiment(EXPERIMENT, artifact_location=artifacts.as_uri())
        store.engine.dispose()
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            if not path.exists():
                temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
