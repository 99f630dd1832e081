"""What is wrong with an MLflow store, in words: its address, its server, its database, its experiment, its files."""

from __future__ import annotations

import functools
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from send_screen.errors import MachineError, SendScreenError, UsageError
from send_screen.tracking._store import (
    EXPERIMENT,
    LOCK_TIMEOUT,
    all_experiments,
    artifact_folder,
    client_of,
    database_of,
    require_mlflow,
)

if TYPE_CHECKING:
    from mlflow.entities import Experiment

P = ParamSpec("P")
T = TypeVar("T")
_DATABASE_ERRORS = (sqlite3.Error, OSError)
#: Packages of which an exception is the store's: MLflow's own, and those through which it reaches a store.
_OF_A_STORE = {"mlflow", "sqlalchemy", "alembic", "sqlite3", "requests", "urllib3", "botocore", "azure", "google"}
_OTHER_DATABASE = re.compile(r"(?:postgresql|mysql|mssql)(?:\+\w+)?://.+")
_MIN_SERVER = 3  # the first that knows logged models


def in_words(function: Callable[P, T]) -> Callable[P, T]:
    """Have what a store raises told in words; the function has the store's address as its keyword ``uri``."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        uri = str(kwargs["uri"])
        require_address(uri)
        try:
            return function(*args, **kwargs)
        except SendScreenError:
            raise
        except Exception as error:
            if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in _OF_A_STORE:
                raise
            raise _fault(uri, error) from None

    return call


def _fault(uri: str, error: Exception) -> SendScreenError:
    """Return what is wrong with a store that raised an error: what is found where it is looked at, or its own code."""
    try:
        require_whole(uri)
    except SendScreenError as fault:
        return fault
    except Exception:  # it is still the first error that is to be told
        pass
    why = getattr(error, "strerror", None) or getattr(error, "error_code", None) or type(error).__name__
    return MachineError(
        f"The MLflow store at {shown(uri)} did not give or take what was asked ({why}).",
        remedy="Its run, its files or its served model were deleted, or may not be read or written from here.",
    )


def shown(uri: str) -> str:
    """Return an address without the password in it."""
    return re.sub(r"//[^/@]*@", "//***@", uri)


def is_server(uri: str) -> bool:
    """Tell whether an address is that of a server."""
    return uri.startswith(("http://", "https://"))


def require_address(uri: str) -> None:
    """Raise where an address is of no store that can hold versions."""
    if database_of(uri) or is_server(uri) or _OTHER_DATABASE.fullmatch(uri):
        return
    path = uri.removeprefix("sqlite:").removeprefix("file:").lstrip("/") if "databricks" not in uri else ""
    meant = f"sqlite:///{path if path.endswith('.db') else 'folder/mlflow.db'}"
    raise UsageError(
        f"{shown(uri)} is the address of no database and no MLflow server.",
        remedy=f"Give {meant}, or a server's http address, with --tracking-uri or in MLFLOW_TRACKING_URI. MLflow's "
        "folders of files and Databricks are not supported.",
    )


def require_whole(uri: str) -> None:
    """Raise where a store that is there cannot be read, is of another release, or was moved."""
    path = database_of(uri)
    if path is not None and not (path.exists() and require_database(path)):
        return
    if is_server(uri):
        require_server(uri)
    for found in all_experiments(client_of(uri)):
        _require_in_place(uri, found)


def require_writable(uri: str) -> None:
    """Raise where a version could not be logged, before anything is trained; nothing is made."""
    require_address(uri)
    require_mlflow()
    path = database_of(uri)
    if path is not None and not path.exists():
        _require_writable_folder(path.parent)
        return
    if path is not None:
        require_database(path, writable=True)
    if is_server(uri):
        require_server(uri)
        _require_release(uri)
    experiments = all_experiments(client_of(uri))
    for experiment in experiments:
        _require_in_place(uri, experiment)
    found = next((each for each in experiments if each.name == EXPERIMENT), None)
    if found is None:
        return
    if found.lifecycle_stage != "active":
        raise UsageError(
            f"The experiment {EXPERIMENT} of the store at {shown(uri)} was deleted.",
            remedy=f"Bring it back (mlflow experiments restore --experiment-id {found.experiment_id}), or train into "
            "another store with --tracking-uri.",
        )
    if local := local_folder(found.artifact_location):
        _require_writable_folder(local)


def require_database(path: Path, *, writable: bool = False) -> bool:
    """Raise where a file is no database of this release of MLflow's, which itself would alter an older one.

    Returned is whether anything is in it yet.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=LOCK_TIMEOUT)) as database:
            database.isolation_level = None
            tables = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
            known = "alembic_version" in tables
            revision = database.execute("select version_num from alembic_version").fetchone() if known else None
            if writable:
                (state,) = database.execute("pragma quick_check(1)").fetchone()
                if state != "ok":
                    raise sqlite3.DatabaseError("its pages do not fit together")
                database.execute("begin immediate")
                database.execute("create table send_screen_may_write (x)")
                database.execute("rollback")
    except _DATABASE_ERRORS as error:
        may_not = getattr(error, "sqlite_errorname", "").startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_BUSY"))
        what = "be written" if may_not else "be read as a database"
        raise MachineError(
            f"{path} cannot {what} ({error}).",
            remedy="Wait until nobody else writes to it, or ask for the right to write."
            if may_not
            else "Put back a copy from before, or name another store with --tracking-uri.",
        ) from None
    if not tables:
        return False
    if revision is None:
        raise UsageError(
            f"{path} is a database of something else than MLflow.", remedy="Name another file with --tracking-uri."
        )
    if revision[0] != _newest_revision():
        import mlflow

        raise MachineError(
            f"{path} was written by another release of MLflow than {mlflow.__version__}, which is installed here.",
            remedy="Use the release that wrote it; or, where that is the older one, copy the file and then give: "
            f"mlflow db upgrade sqlite:///{path.as_posix()}",
        )
    return True


@functools.cache
def _newest_revision() -> str:
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())


def require_server(uri: str) -> None:
    """Raise at once where no MLflow server answers, or it refuses; MLflow itself would try again for minutes."""
    status, text = _ask(uri, f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={EXPERIMENT}")
    name = shown(uri)
    if status == 401:
        raise MachineError(
            f"The server at {name} asks who is there (401).",
            remedy="Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
        )
    if status == 403:
        raise MachineError(
            f"The server at {name} refuses what is asked (403).",
            remedy="Ask whoever runs it for the right to read and write its experiments and registered models.",
        )
    if status == 429 or status >= 500:
        raise MachineError(
            f"The server at {name} answers with an error ({status}).", remedy="Try again later, or look into its log."
        )
    if not text.startswith("{") or not ("experiment" in text or "error_code" in text):
        raise MachineError(f"What answers at {name} is no MLflow server ({status}).", remedy="Check --tracking-uri.")


def _require_release(uri: str) -> None:
    """Raise where a server says that it is older than logged models; where it does not say, it may be any."""
    status, text = _ask(uri, "/version")
    told = re.fullmatch(r"(\d+)\.\d+\S*", text)
    if status == 200 and told and int(told[1]) < _MIN_SERVER:
        raise MachineError(
            f"The server at {shown(uri)} runs MLflow {text}, which cannot hold a version.",
            remedy=f"It needs MLflow {_MIN_SERVER} or newer.",
        )


def _ask(uri: str, endpoint: str) -> tuple[int, str]:
    """Return status and text of what a server answers once, asked with the credentials that MLflow knows of."""
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        response = http_request(
            get_default_host_creds(uri), endpoint, "GET", max_retries=0, timeout=10, raise_on_status=False
        )
    except (MlflowException, OSError, ValueError):
        raise MachineError(
            f"No server answers at {shown(uri)}.", remedy="Check --tracking-uri, and whether the server runs."
        ) from None
    return response.status_code, response.text.strip()


def _require_in_place(uri: str, experiment: Experiment) -> None:
    """Raise where the files of a local store are said to be where it stood before it was moved or copied."""
    ours, said = artifact_folder(uri), local_folder(experiment.artifact_location)
    if ours is None or said is None or said.parts[-2:] != ours.parts[-2:] or said.resolve() == ours.resolve():
        return
    before, now = said.parent.parent, ours.parent.parent
    raise UsageError(
        f"The store at {now} was moved or copied from {before}, where MLflow still looks for its files.",
        remedy=f"Move it back, or have a link stand there that leads here: ln -s {now} {before}",
    )


def _require_writable_folder(folder: Path) -> None:
    """Raise where a folder is none, or it could not be made or written into."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise MachineError(f"Nothing can be written into {there}.", remedy="Name another place with --tracking-uri.")


def local_folder(place: str) -> Path | None:
    """Return the folder that a location of artefacts is; None where a server or a cloud has them."""
    parsed = urlsplit(place)
    return Path(url2pathname(parsed.path)) if parsed.scheme in ("", "file") else None
