"""Check an MLflow store before use: address, server, database, experiment and files."""

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
#: Packages whose exceptions are errors of the store: MLflow, and what it reaches a store with.
_STORE_PACKAGES = {"mlflow", "sqlalchemy", "alembic", "sqlite3", "requests", "urllib3", "botocore", "azure", "google"}
_OTHER_DATABASE = re.compile(r"(?:postgresql|mysql|mssql)(?:\+\w+)?://.+")
SQLITE_TIMEOUT = 60.0  # seconds to wait for another writer of the database
_MIN_SERVER = 3  # the first release with logged models


def translate_store_errors(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function with the keyword ``uri`` so that errors of that MLflow store become SendScreenErrors."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        uri = str(kwargs["uri"])
        require_address(uri)
        try:
            return function(*args, **kwargs)
        except SendScreenError:
            raise
        except Exception as error:
            if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in _STORE_PACKAGES:
                raise
            raise _fault(uri, error) from None

    return call


def _fault(uri: str, error: Exception) -> SendScreenError:
    """Return the error for an exception of an MLflow store: the fault that a check finds, else the exception's code."""
    try:
        require_readable(uri)
    except SendScreenError as fault:
        return fault
    except Exception:  # report the first error instead
        pass
    why = getattr(error, "strerror", None) or getattr(error, "error_code", None) or type(error).__name__
    return MachineError(
        f"The MLflow store at {without_password(uri)} did not give or take what was asked ({why}).",
        remedy="Its run, its files or its served model were deleted, or may not be read or written from here.",
    )


def without_password(uri: str) -> str:
    """Return an address without the password in it."""
    return re.sub(r"//[^/@]*@", "//***@", uri)


def is_server(uri: str) -> bool:
    """Return whether an address is that of a server."""
    return uri.startswith(("http://", "https://"))


def require_address(uri: str) -> None:
    """Raise unless the address is of a supported kind of MLflow store."""
    if database_of(uri) or is_server(uri) or _OTHER_DATABASE.fullmatch(uri):
        return
    path = uri.removeprefix("sqlite:").removeprefix("file:").lstrip("/") if "databricks" not in uri else ""
    meant = f"sqlite:///{path if path.endswith('.db') else 'folder/mlflow.db'}"
    raise UsageError(
        f"{without_password(uri)} is the address of no database and no MLflow server.",
        remedy=f"Give {meant}, or a server's http address, with --tracking-uri or in MLFLOW_TRACKING_URI. MLflow's "
        "folders of files and Databricks are not supported.",
    )


def require_readable(uri: str) -> None:
    """Raise where an existing MLflow store cannot be read, is of another release, or was moved."""
    path = database_of(uri)
    if path is not None and not (path.exists() and require_database(path)):
        return
    if is_server(uri):
        require_server(uri)
    for found in all_experiments(client_of(uri)):
        _require_in_place(uri, found)


def require_writable(uri: str) -> None:
    """Raise where a version could not be logged, for a check before training; nothing is written."""
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
            f"The experiment {EXPERIMENT} of the MLflow store at {without_password(uri)} was deleted.",
            remedy=f"Bring it back (mlflow experiments restore --experiment-id {found.experiment_id}), or train into "
            "another store with --tracking-uri.",
        )
    if local := local_folder(found.artifact_location):
        _require_writable_folder(local)


def require_database(path: Path, *, writable: bool = False) -> bool:
    """Raise unless a file is a database of the installed release of MLflow, which would migrate an older one unasked.

    Return whether it has any tables yet.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=SQLITE_TIMEOUT)) as database:
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
    """Raise at once where no MLflow server answers, or it denies access; MLflow itself would retry for minutes."""
    status, text = _ask(uri, f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={EXPERIMENT}")
    name = without_password(uri)
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
    """Raise where a server reports a release without logged models; an unknown release is accepted."""
    status, text = _ask(uri, "/version")
    release = re.fullmatch(r"(\d+)\.\d+\S*", text)
    if status == 200 and release and int(release[1]) < _MIN_SERVER:
        raise MachineError(
            f"The server at {without_password(uri)} runs MLflow {text}, which cannot hold a version.",
            remedy=f"It needs MLflow {_MIN_SERVER} or newer.",
        )


def _ask(uri: str, endpoint: str) -> tuple[int, str]:
    """Return status and text of one request to a server, with MLflow's credentials."""
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        response = http_request(
            get_default_host_creds(uri), endpoint, "GET", max_retries=0, timeout=10, raise_on_status=False
        )
    except (MlflowException, OSError, ValueError):
        raise MachineError(
            f"No server answers at {without_password(uri)}.",
            remedy="Check --tracking-uri, and whether the server runs.",
        ) from None
    return response.status_code, response.text.strip()


def _require_in_place(uri: str, experiment: Experiment) -> None:
    """Raise where a local MLflow store was moved or copied, so that its files are recorded in their old location."""
    ours, recorded = artifact_folder(uri), local_folder(experiment.artifact_location)
    if (
        ours is None
        or recorded is None
        or recorded.parts[-2:] != ours.parts[-2:]
        or recorded.resolve() == ours.resolve()
    ):
        return
    before, now = recorded.parent.parent, ours.parent.parent
    raise UsageError(
        f"The MLflow store at {now} was moved or copied from {before}, where MLflow still looks for its files.",
        remedy=f"Move it back, or have a link stand there that leads here: ln -s {now} {before}",
    )


def _require_writable_folder(folder: Path) -> None:
    """Raise unless a folder exists or can be made, and can be written into."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise MachineError(f"Nothing can be written into {there}.", remedy="Name another place with --tracking-uri.")


def local_folder(location: str) -> Path | None:
    """Return the local folder of a location of artefacts; None where it is on a server or in a cloud."""
    parsed = urlsplit(location)
    return Path(url2pathname(parsed.path)) if parsed.scheme in ("", "file") else None
