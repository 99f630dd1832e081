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
_GLOBAL_URI_LOCK = threading.Lock()


def default_uri(folder: str | Path = ".") -> str:
    """Return ``MLFLOW_TRACKING_URI`` if it is set, else the tracking URI of a database in a folder."""
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
    """Return the folder of artefacts of a local MLflow store, beside its database; None for a server."""
    folder = folder_of(uri)
    return None if folder is None else folder / "mlartifacts" / EXPERIMENT


def local_path(address: str) -> Path | None:
    """Return the path on this machine that a ``file:`` address names; None for any other address."""
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
    """Return a client of an MLflow store; global settings of the user's process are not changed.

    The caller has checked that the store exists.
    """
    require_mlflow()
    from mlflow import MlflowClient

    path = database_of(uri)
    # absolute, so that it does not depend on the working directory; the query string is kept
    uri = uri if path is None else f"{SQLITE}{path.as_posix()}{''.join(uri.partition('?')[1:])}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def all_experiments(client: MlflowClient) -> list[Experiment]:
    """Return every experiment of an MLflow store, deleted ones too, under whatever name it has now."""
    from mlflow.entities import ViewType

    return list(all_pages(client.search_experiments, view_type=ViewType.ALL))


def all_pages(search: Callable[..., Any], *args: object, **options: object) -> Iterator[Any]:
    """Yield all results of a search method of a client, page by page."""
    token: str | None = None
    while True:
        page = search(*args, page_token=token, **options)
        yield from page
        token = page.token or None
        if token is None:
            return


@contextmanager
def as_global_store(uri: str) -> Iterator[None]:
    """Set MLflow's global tracking URI to this store, and restore it.

    Creating a registered version needs it: MLflow looks up the logged model with a client of its own.
    """
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    with _GLOBAL_URI_LOCK:
        named = os.environ.get(TRACKING_URI)
        try:
            with _use_tracking_uri(client_of(uri).tracking_uri):
                yield
        finally:
            os.environ.pop(TRACKING_URI, None)
            if named is not None:
                os.environ[TRACKING_URI] = named


@contextmanager
def silence_loggers(*loggers: str) -> Iterator[None]:
    """Hide the messages below WARNING of the named loggers."""
    levels = {name: logging.getLogger(name).level for name in loggers}
    try:
        for name in loggers:
            logging.getLogger(name).setLevel(logging.WARNING)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
