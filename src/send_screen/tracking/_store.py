"""Where runs are kept: a tracking URI, and for a local database the folder of artefacts beside it."""

from __future__ import annotations

import logging
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE = "sqlite:///"
EXPERIMENT = "send_screen"
TRACKING_URI = "MLFLOW_TRACKING_URI"
_GLOBAL_STORE = threading.Lock()


def default_uri(folder: str | Path = ".") -> str:
    """Return the tracking URI of a database in a folder, or what ``MLFLOW_TRACKING_URI`` says."""
    named = os.environ.get(TRACKING_URI)
    return named or f"{SQLITE}{(Path(folder).resolve() / 'mlflow.db').as_posix()}"


def absolute(uri: str) -> str:
    """Return the URI with the path of a local database made absolute, so that it holds wherever we stand."""
    return f"{SQLITE}{Path(uri.removeprefix(SQLITE)).resolve().as_posix()}" if uri.startswith(SQLITE) else uri


def folder_of(uri: str) -> Path | None:
    """Return the folder of a local database; None for a server."""
    return Path(absolute(uri).removeprefix(SQLITE)).parent if uri.startswith(SQLITE) else None


def connect_to_existing(uri: str) -> MlflowClient:
    """Return a client as :func:`connect` does; raise where there is no database, or no server answers."""
    _require_mlflow()
    local = Path(absolute(uri).removeprefix(SQLITE))
    if uri.startswith(SQLITE) and not local.exists():
        raise UsageError(
            f"There is no MLflow store at {local}.",
            remedy="Name one with --tracking-uri, or give the folder that send-screen export wrote.",
        )
    if uri.startswith(("http://", "https://")):
        _require_server(uri)
    return connect(uri)


def _require_mlflow() -> None:
    if find_spec("mlflow") is None:
        raise MissingExtraError(
            "MLflow is not installed on this machine.",
            remedy="Install the full library with: pip install 'send-screen[train]'. To screen without it, give an "
            "exported folder as the model.",
        )


def _require_server(uri: str) -> None:
    """Raise at once where nobody answers; MLflow itself would try again for minutes."""
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=10):
            pass
    except urllib.error.HTTPError:
        pass  # somebody answers: that it wants a password, for example
    except (OSError, ValueError):
        raise MissingExtraError(
            f"No server answers at {uri}.", remedy="Check --tracking-uri, and whether the server runs."
        ) from None


def known_models(client: MlflowClient) -> str:
    """Return the names of what is registered, for whoever asked for something else."""
    known = sorted(found.name for found in client.search_registered_models())
    return ", ".join(known) if known else "no model yet: train one with send-screen train"


def connect(uri: str) -> MlflowClient:
    """Return a client of a tracking server or database, which is made where it is new.

    The stores, experiment and run of the user's own process are left as they are.
    """
    _require_mlflow()
    import mlflow

    # Migrations of a local database, and each step of logging, are told line by line; of no use to a reader.
    for chatty in ("alembic", "mlflow.store.db.utils", "mlflow.pyfunc", "mlflow.utils.environment"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    uri = absolute(uri)
    if uri.startswith(SQLITE):
        Path(uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def as_global_store(uri: str) -> Iterator[None]:
    """Have MLflow's global store be ours while a registry looks there for a model, then what it was.

    MLflow's database registry looks up the model behind a new version with a client of its own.
    """
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    with _GLOBAL_STORE:
        named = os.environ.get(TRACKING_URI)
        try:
            with _use_tracking_uri(absolute(uri)):
                yield
        finally:
            os.environ.pop(TRACKING_URI, None)
            if named is not None:
                os.environ[TRACKING_URI] = named


def experiment_id(client: MlflowClient, uri: str) -> str:
    """Return the id of our experiment, made if it is new; a local one keeps its artefacts beside its database."""
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    folder = folder_of(uri)
    location = None if folder is None else (folder / "mlartifacts" / EXPERIMENT).as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=location))
