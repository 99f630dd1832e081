"""Tracking URIs, clients, and the folder of artefacts beside a local database."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from send_screen.errors import MissingExtraError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

SQLITE = "sqlite:///"
EXPERIMENT = "send_screen"
TRACKING_URI = "MLFLOW_TRACKING_URI"
LOCK_TIMEOUT = 60.0  # seconds for which one writer waits for another
_GLOBAL_STORE = threading.Lock()


def default_uri(folder: str | Path = ".") -> str:
    """Return the tracking URI of a database in a folder, or what ``MLFLOW_TRACKING_URI`` says."""
    named = os.environ.get(TRACKING_URI)
    return named or f"{SQLITE}{(Path(folder).resolve() / 'mlflow.db').as_posix()}"


def database_of(uri: str) -> Path | None:
    """Return the file of a local database; None for a server."""
    path = uri.removeprefix(SQLITE).partition("?")[0]
    return Path(path).resolve() if uri.startswith(SQLITE) and path not in ("", ":memory:") else None


def folder_of(uri: str) -> Path | None:
    """Return the folder of a local database; None for a server."""
    path = database_of(uri)
    return None if path is None else path.parent


def artifact_folder(uri: str) -> Path | None:
    """Return where a local MLflow store keeps its artefacts, beside its database; None for a server."""
    folder = folder_of(uri)
    return None if folder is None else folder / "mlartifacts" / EXPERIMENT


def path_of(address: str) -> Path | None:
    """Return the path on this machine that a ``file:`` address names; None of any other address."""
    parsed = urlsplit(address)
    return Path(url2pathname(parsed.path)) if parsed.scheme == "file" and not parsed.netloc else None


def require_mlflow() -> None:
    """Raise where MLflow is not installed."""
    if find_spec("mlflow") is None:
        raise MissingExtraError(
            "MLflow is not installed on this machine.",
            remedy="Install the full library with: pip install 'send-screen[train]'. To screen without it, give an "
            "exported folder as the model.",
        )


def client_of(uri: str) -> MlflowClient:
    """Return a client of an MLflow store that is there; the stores, experiment and run of the user's process stay."""
    require_mlflow()
    from mlflow import MlflowClient

    path = database_of(uri)
    # absolute, so that it holds wherever we stand
    uri = uri if path is None else f"{SQLITE}{path.as_posix()}{''.join(uri.partition('?')[1:])}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def all_experiments(client: MlflowClient) -> list[Experiment]:
    """Return every experiment of an MLflow store, deleted and renamed ones too: what they hold still counts."""
    from mlflow.entities import ViewType

    return list(every(client.search_experiments, view_type=ViewType.ALL))


def every(search: Callable[..., Any], *args: object, **options: object) -> Iterator[Any]:
    """Yield all that a method of a client finds, page by page."""
    token: str | None = None
    while True:
        page = search(*args, page_token=token, **options)
        yield from page
        token = page.token or None
        if token is None:
            return


@contextmanager
def as_global_store(uri: str) -> Iterator[None]:
    """Set MLflow's global store to ours while a registry looks there for a model, and restore it.

    MLflow's database registry looks up the model behind a new version with a client of its own.
    """
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    with _GLOBAL_STORE:
        named = os.environ.get(TRACKING_URI)
        try:
            with _use_tracking_uri(client_of(uri).tracking_uri):
                yield
        finally:
            os.environ.pop(TRACKING_URI, None)
            if named is not None:
                os.environ[TRACKING_URI] = named


@contextmanager
def quiet(*loggers: str) -> Iterator[None]:
    """Silence MLflow's own log messages."""
    levels = {name: logging.getLogger(name).level for name in loggers}
    try:
        for name in loggers:
            logging.getLogger(name).setLevel(logging.WARNING)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
