"""Connections to the database of a ledger: locks, migrations, and one clear error for each failure."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from send_screen.documents import locked
from send_screen.errors import LedgerError, MachineError, MissingExtraError, SendScreenError, UsageError
from send_screen.governance.ledger._location import LedgerLocation
from send_screen.governance.ledger._schema import HEAD, VERSION_TABLE, version

LOCK_TIMEOUT = 60.0  # seconds for which a run waits while another one writes
MAX_BYTES = 250_000_000  # of all entries, and of one value: some three million listed children
_CONNECT_TIMEOUT = 10  # seconds
_TABLES = {"entries", "children", "child_records", VERSION_TABLE}


@contextmanager
def open_to_read(location: LedgerLocation) -> Iterator[Connection | None]:
    """Yield a connection that sees one state of the ledger; None where nothing was ever written."""
    if location.path is not None and not _is_regular_file(location.path, "read"):
        yield None
        return
    with translate_errors(location, "read"), closing_engine(location, write=False) as engine:
        level = "REPEATABLE READ" if location.path is None else "SERIALIZABLE"
        with engine.connect().execution_options(isolation_level=level) as connection:
            yield connection if _require_readable(location, connection) else None


@contextmanager
def open_to_write(location: LedgerLocation) -> Iterator[Connection]:
    """Yield a connection to a ledger of the newest schema, which no other run can append to meanwhile."""
    with ExitStack() as held:
        if location.path is not None:
            _is_regular_file(location.path, "written")
            held.enter_context(_locked_file(location.path))
        with translate_errors(location, "written"):
            engine = held.enter_context(closing_engine(location, write=True))
            connection = held.enter_context(engine.connect())
            if location.path is None:
                _lock_server(connection)
            _migrate(location, connection)
        yield connection


@contextmanager
def closing_engine(location: LedgerLocation, *, write: bool) -> Iterator[Engine]:
    """Yield an engine whose errors and logs show no value."""
    engine = _sqlite_engine(location.path, write) if location.path is not None else _server_engine(location)
    try:
        yield engine
    finally:
        engine.dispose()


def _sqlite_engine(path: Path, write: bool) -> Engine:
    place = path.absolute().as_posix()
    # a network share, //server/share, has an empty authority before it
    address = f"file://{'' if place.startswith('/') else '/'}{quote(place)}?mode={'rwc' if write else 'rw'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
        # a rollback journal also works on a network share; what is deleted is overwritten with zeros
        pragmas = ("trusted_schema = OFF", "synchronous = FULL", "secure_delete = ON")
        for pragma in (*pragmas, "journal_mode = DELETE" if write else "query_only = ON"):
            connection.execute(f"PRAGMA {pragma}").close()
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # the driver begins no transaction by itself
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _server_engine(location: LedgerLocation) -> Engine:
    url = make_url(location.url).set(drivername="postgresql+psycopg")
    defaults = {"connect_timeout": str(_CONNECT_TIMEOUT), "application_name": "send_screen"}
    try:
        url = url.set(query=defaults | dict(url.query))
        return create_engine(url, poolclass=NullPool, hide_parameters=True)
    except ModuleNotFoundError:
        raise MissingExtraError(
            "The package psycopg, which speaks to PostgreSQL, is not installed.",
            remedy="Install it with: pip install 'send-screen[postgres]'",
        ) from None


def _lock_server(connection: Connection) -> None:
    """Take the lock of the ledger's schema, which the server releases when this connection ends."""
    wait = {"wait": f"{LOCK_TIMEOUT * 1000:.0f}"}
    connection.execute(text("SELECT set_config('lock_timeout', :wait, false)"), wait)
    connection.execute(text("SELECT pg_advisory_lock(hashtext('send_screen.ledger'), hashtext(current_schema()))"))
    connection.commit()


@contextmanager
def _locked_file(path: Path) -> Iterator[None]:
    """Hold the lock file beside a ledger: between two entries of a run, no other run appends its own."""
    with ExitStack() as held:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(path.with_name(f".{path.stem}.lock"), timeout=LOCK_TIMEOUT))
        except TimeoutError:
            raise _busy(LedgerLocation(path)) from None
        except OSError as error:
            raise _failed(LedgerLocation(path), "written", error.strerror or "") from None
        yield


def _is_regular_file(path: Path, purpose: str) -> bool:
    """Return whether a file is there; raise for a folder, a pipe or a device."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if os.path.islink(path):
            raise _failed(LedgerLocation(path), purpose, "it is a link to nothing") from None
        return False
    except OSError as error:
        raise _failed(LedgerLocation(path), purpose, error.strerror or "") from None
    if not stat.S_ISREG(mode):
        raise _failed(LedgerLocation(path), purpose, "it is a folder, a pipe or a device")
    return True


def _require_readable(location: LedgerLocation, connection: Connection) -> bool:
    """Return whether the database holds a ledger; raise where it holds something else or a newer one."""
    inspector = inspect(connection)
    tables, views = set(inspector.get_table_names()), set(inspector.get_view_names())
    if VERSION_TABLE not in tables:
        if location.path is not None and tables | views:
            raise LedgerError(
                "It is a database of something else than a ledger.",
                file=location.name,
                remedy="Name a ledger, or a file that is not there yet.",
            )
        return False
    found = connection.execute(select(version.c.version_num).limit(2)).scalars().all()
    if found != [HEAD]:
        raise LedgerError(
            "The ledger was written by a newer release of send_screen.",
            file=location.name,
            remedy="Update send_screen: pip install --upgrade send-screen",
        )
    if location.path is not None:
        _require_plain_tables(location, connection)
    return True


def _require_plain_tables(location: LedgerLocation, connection: Connection) -> None:
    """Raise where a name of a table is that of a view or of computed columns, which could yield rows without end."""
    master = connection.execute(text("SELECT name, type, sql FROM sqlite_master")).all()
    plain = {name for name, kind, sql in master if kind == "table" and not str(sql).upper().startswith("CREATE VIRT")}
    columns = [row for table in _TABLES for row in connection.execute(text(f"PRAGMA table_xinfo({table})"))]
    if not plain >= _TABLES or any(row.hidden for row in columns):
        raise LedgerError("Its tables are not those of a ledger.", file=location.name)


def _migrate(location: LedgerLocation, connection: Connection) -> None:
    """Bring the tables to the newest schema, in one transaction."""
    with connection.begin():
        if _require_readable(location, connection):
            return
        from alembic import command
        from alembic.config import Config

        config = Config(attributes={"connection": connection})
        folder = str(Path(__file__).with_name("migrations")).replace("%", "%%")
        config.set_main_option("script_location", folder)
        config.set_main_option("path_separator", "os")
        command.upgrade(config, HEAD)


_ALTERED = {
    sqlite3.SQLITE_NOTADB: "It is no ledger: the file is no database.",
    sqlite3.SQLITE_CORRUPT: "It is damaged.",
}
#: What the messages of the client library of PostgreSQL say, and what may be said of it. They can quote the address.
_SERVER_FAULTS = {
    "connection refused": "no server answers there",
    "could not translate host name|name or service not known|failed to resolve": "no machine of that name is known",
    "timeout expired|timed out": "it did not answer in time",
    "password authentication failed|no password supplied": "user or password are wrong",
    "does not exist|no schema has been selected": "it has no such database, user or schema",
    "permission denied|no pg_hba.conf entry|read-only": "the user may not do that there",
    "no space left|disk full": "its disk is full",
    "invalid": "its address is wrong",
    "closed|terminat|is lost": "the connection was lost",
    "ssl": "it and this machine do not agree on encryption (sslmode)",
}


@contextmanager
def translate_errors(location: LedgerLocation, purpose: str) -> Iterator[None]:
    """Raise errors of the database as one of ours; ``purpose`` is "read" or "written"."""
    try:
        yield
    except _driver_errors() as error:
        cause = getattr(error, "orig", None) or error
        _raise(location, purpose, cause)
    except UnicodeDecodeError:  # also in an error of SQLite's that quotes a damaged text
        raise _damaged(location, sqlite3.SQLITE_CORRUPT) from None
    except (ArgumentError, NoSuchModuleError):
        raise UsageError("The address of the ledger cannot be read.") from None


def _driver_errors() -> tuple[type[Exception], ...]:
    """Return the errors of SQLAlchemy and of the drivers that were imported."""
    psycopg = sys.modules.get("psycopg")
    return (DBAPIError, sqlite3.Error, *([] if psycopg is None else [psycopg.Error]))


def _raise(location: LedgerLocation, purpose: str, error: BaseException) -> NoReturn:
    code = getattr(error, "sqlite_errorcode", None)
    if location.path is None:
        if getattr(error, "sqlstate", None) == "55P03":
            raise _busy(location) from None
        said = str(error).lower()
        reasons = (reason for pattern, reason in _SERVER_FAULTS.items() if re.search(pattern, said))
        raise _failed(location, purpose, next(reasons, type(error).__name__)) from None
    primary = None if code is None else code & 0xFF  # the rest says where in SQLite it came from
    if primary in _ALTERED:
        raise _damaged(location, primary) from None
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise _busy(location) from None
    raise _failed(location, purpose, str(error)) from None


def _damaged(location: LedgerLocation, code: int) -> SendScreenError:
    return LedgerError(_ALTERED[code], file=location.name, remedy="Keep it as it is, and look for a copy from before.")


def _busy(location: LedgerLocation) -> SendScreenError:
    return LedgerError(
        "Another run has been writing to the ledger for a minute.",
        file=location.name,
        remedy="Wait until it ends, and try again.",
        os_error=TimeoutError(),
    )


def _failed(location: LedgerLocation, purpose: str, why: str) -> SendScreenError:
    if location.path is None:
        remedy = "Check the address, and what the user may do there; the server's log says more."
    elif purpose == "read":
        remedy = "Name a ledger that is a plain file, with --ledger."
    else:
        remedy = "Make room, or name one in a folder that you may write to, with --ledger."
    return MachineError(f"The ledger {location} cannot be {purpose} ({why}).", remedy=remedy)
