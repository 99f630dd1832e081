"""Stores as people have them: each works, or is refused in a sentence before any data is read; nothing stays behind."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from send_screen import audit, compare, export, history, promote, screen, train, withdraw
from send_screen.errors import SendScreenError
from send_screen.tracking._connect import connect, experiment_id

MODEL = "models:/reception_sen/1"
WHO = {"by": "A. Head", "reason": "tried"}


@pytest.fixture(autouse=True)
def _tables_made_anew(_mlflow_tables_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a store is made is the point here."""
    from mlflow.store.db import utils

    migrate = utils._initialize_tables
    monkeypatch.setattr(utils, "_initialize_tables", getattr(migrate, "__wrapped__", migrate))


def uri_of(path: Path) -> str:
    return f"sqlite:///{path.as_posix()}"


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


@pytest.fixture(scope="module")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables and our experiment. Shared: copy it before changing it."""
    path = tmp_path_factory.mktemp("new") / "mlflow.db"
    connect(uri_of(path))
    return path


@pytest.fixture
def database(new_store: Path, tmp_path: Path) -> Path:
    """A store of its own that is empty and whole."""
    path = tmp_path / "store" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(new_store, path)
    here = (path.parent / "mlartifacts" / "send_screen").as_uri()
    execute(path, f"update experiments set artifact_location = '{here}' where name = 'send_screen'")
    return path


def refusal(what: Callable[[], Any]) -> str:
    with pytest.raises(SendScreenError) as caught:
        what()
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return str(caught.value)


def files_below(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in folder.rglob("*")}


def refused_train(spec: Path, uri: str, folder: Path) -> str:
    """Train on a file that is not there: that is not what is told, since nothing has been read yet."""
    before = files_below(folder)
    words = refusal(lambda: train(spec, folder / "no such.csv", tracking_uri=uri, evidence=folder / "evidence"))
    assert files_below(folder) == before
    assert "no such.csv" not in words
    return words


def refused_everywhere(uri: str, folder: Path) -> set[str]:
    """Return what every other command says."""
    before = files_below(folder)
    school = folder / "no such.csv"
    said = {
        refusal(what)
        for what in (
            lambda: promote(MODEL, **WHO, tracking_uri=uri),
            lambda: withdraw(MODEL, **WHO, tracking_uri=uri),
            lambda: history("reception_sen", tracking_uri=uri),
            lambda: audit(MODEL, tracking_uri=uri),
            lambda: audit("runs:/0123/bundle", tracking_uri=uri),
            lambda: export(MODEL, folder / "exported", tracking_uri=uri),
            lambda: compare(MODEL, MODEL, tracking_uri=uri),
            lambda: screen(MODEL, school, out=folder / "lists", tracking_uri=uri),
        )
    }
    assert files_below(folder) == before
    return said


# Addresses


@pytest.mark.parametrize(
    ("uri", "instead"),
    [
        ("mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite:mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite://", "sqlite:///folder/mlflow.db"),
        ("sqlite:///:memory:", "sqlite:///folder/mlflow.db"),
        ("./mlruns", "sqlite:///folder/mlflow.db"),
        ("file:///tmp/mlruns", "sqlite:///folder/mlflow.db"),
        ("databricks", "Databricks are not supported"),
        ("databricks://profile", "Databricks are not supported"),
        ("databricks-uc", "Databricks are not supported"),
        ("postgres://me:secret@host/name", "sqlite:///folder/mlflow.db"),
        ("a://b", "sqlite:///folder/mlflow.db"),
    ],
)
def test_an_address_of_no_store_is_refused_with_one_that_is(
    uri: str, instead: str, light_spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = refused_train(light_spec, uri, tmp_path)
    assert "no database and no MLflow server" in words
    assert instead in words
    assert "secret" not in words
    assert refused_everywhere(uri, tmp_path) == {words}
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert refusal(lambda: train(light_spec, tmp_path / "no such.csv")) == words


# Databases


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(100_000))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_another_program(path: Path) -> None:
    path.unlink()
    execute(path, "create table pupils (name)")


def older(path: Path) -> None:
    """As MLflow 2 left it: MLflow 3 would alter it when it opens it."""
    execute(path, "update alembic_version set version_num = '0584bdc529eb'", "drop table logged_models")


def newer(path: Path) -> None:
    execute(path, "update alembic_version set version_num = 'ffffffffffff'")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (garbage, "cannot be read as a database"),
        (truncated, "cannot be read as a database"),
        (of_another_program, "something else than MLflow"),
        (older, "another release of MLflow"),
        (newer, "another release of MLflow"),
        (a_folder, "cannot be read as a database"),
    ],
)
def test_a_damaged_or_foreign_database_is_refused_and_left_as_it_is(
    damage: Callable[[Path], None], found: str, database: Path, light_spec: Path, tmp_path: Path
) -> None:
    damage(database)
    before = database.read_bytes() if database.is_file() else None
    words = refused_train(light_spec, uri_of(database), tmp_path)
    assert found in words
    assert all(found in said for said in refused_everywhere(uri_of(database), tmp_path))
    assert (database.read_bytes() if database.is_file() else None) == before


def test_a_page_that_is_damaged_deep_inside_is_found_before_training(
    database: Path, light_spec: Path, tmp_path: Path
) -> None:
    content = bytearray(database.read_bytes())
    for page in range(40, 200):  # the directory of the tables stays
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    database.write_bytes(content)
    assert "cannot be read as a database" in refused_train(light_spec, uri_of(database), tmp_path)


def test_a_database_that_another_program_holds_is_refused(
    database: Path, light_spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("send_screen.tracking._store_faults.SQLITE_TIMEOUT", 0.1)
    with closing(sqlite3.connect(database)) as other:
        other.execute("begin immediate")
        assert "cannot be written (database is locked)" in refused_train(light_spec, uri_of(database), tmp_path)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take away the right to write, of the superuser's too, who becomes nobody."""
    inside = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in inside}
    for path in inside:
        path.chmod(0o555 if path.is_dir() else 0o444)
    superuser = os.geteuid() == 0
    parents = {path: path.stat().st_mode for path in folder.parents if superuser and not path.stat().st_mode & 0o001}
    for path, mode in parents.items():
        path.chmod(mode | 0o055)
    try:
        if superuser:
            os.setresuid(65534, 65534, 0)
        yield
    finally:
        if superuser:
            os.setresuid(0, 0, 0)
        for path, mode in {**modes, **parents}.items():
            path.chmod(mode)


@pytest.mark.posix
@pytest.mark.parametrize("there", [True, False])
def test_a_store_that_may_only_be_read_is_refused(
    there: bool, database: Path, light_spec: Path, tmp_path: Path
) -> None:
    from send_screen.tracking import require_writable
    from send_screen.tracking._store import client_of

    client_of(uri_of(database)).search_experiments()  # nobody may not read the packages that this imports
    if not there:
        database.unlink()
    with read_only(database.parent):
        words = refusal(lambda: require_writable(uri_of(database)))
    assert ("cannot be written" if there else "Nothing can be written into") in words


def test_a_deleted_experiment_is_refused_with_how_to_bring_it_back(
    database: Path, light_spec: Path, tmp_path: Path
) -> None:
    client = connect(uri_of(database))
    found = experiment_id(client, uri_of(database))
    client.delete_experiment(found)
    words = refused_train(light_spec, uri_of(database), tmp_path)
    assert "experiment send_screen" in words
    assert f"mlflow experiments restore --experiment-id {found}" in words


def test_a_moved_store_is_refused_until_a_link_leads_to_it(trained: Any, light_spec: Path, tmp_path: Path) -> None:
    before, now = tmp_path / "before", tmp_path / "now"
    now.mkdir()
    shutil.copy(trained.folder / "mlflow.db", now / "mlflow.db")
    shutil.copytree(trained.folder / "mlartifacts", now / "mlartifacts")
    with closing(sqlite3.connect(now / "mlflow.db")) as database:
        for table, column in (
            ("runs", "artifact_uri"),
            ("experiments", "artifact_location"),
            ("logged_models", "artifact_location"),
            ("model_versions", "storage_location"),
        ):
            database.execute(
                f"update {table} set {column} = replace({column}, ?, ?)", (trained.folder.as_uri(), before.as_uri())
            )
        database.commit()
    uri = uri_of(now / "mlflow.db")
    words = refused_train(light_spec, uri, tmp_path)
    assert f"moved or copied from {before}" in words
    for what in (
        lambda: export(MODEL, tmp_path / "exported", tracking_uri=uri),
        lambda: promote(MODEL, **WHO, tracking_uri=uri),
        lambda: audit(MODEL, tracking_uri=uri),
    ):
        assert refusal(what) == words
    assert not before.exists()
    before.symlink_to(now)
    assert (export(MODEL, tmp_path / "exported", tracking_uri=uri).out / "manifest.json").exists()


def _open(path: Path, start: Any, found: Any) -> None:
    start.wait()
    try:
        found.put(experiment_id(connect(uri_of(path)), uri_of(path)))
    except Exception as error:
        found.put(repr(error))


@pytest.mark.posix
def test_two_trainings_that_come_first_at_once_find_one_store(tmp_path: Path, new_store: Path) -> None:
    together = multiprocessing.get_context("fork")
    start, found = together.Barrier(3), together.Queue()
    path = tmp_path / "store" / "mlflow.db"
    processes = [together.Process(target=_open, args=(path, start, found)) for _ in range(3)]
    for process in processes:
        process.start()
    ids = [found.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    assert set(ids) == {"1"}
    assert [file.name for file in path.parent.iterdir()] == ["mlflow.db"]


# Servers


@contextmanager
def answering(status: int, body: str, *, version: str = "3.17.0") -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = version if self.path == "/version" else body
            self.send_response(200 if self.path == "/version" else status)
            self.end_headers()
            self.wfile.write(told.encode())

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (401, "You are not authenticated.", "MLFLOW_TRACKING_USERNAME"),
        (403, '{"error_code": "PERMISSION_DENIED", "message": "no"}', "refuses what is asked (403)"),
        (500, "<html>", "answers with an error (500)"),
        (503, "", "answers with an error (503)"),
        (404, "<html>Not found", "is no MLflow server (404)"),
        (200, "<html>Sign in", "is no MLflow server (200)"),
        (200, '{"name": "another program"}', "is no MLflow server (200)"),
    ],
)
def test_a_server_that_gives_nothing_is_refused_at_once(
    status: int, body: str, found: str, light_spec: Path, tmp_path: Path
) -> None:
    with answering(status, body) as uri:
        words = refused_train(light_spec, uri, tmp_path)
        assert found in words
        assert refused_everywhere(uri, tmp_path) == {words}


def test_a_server_too_old_to_hold_a_version_is_refused(light_spec: Path, tmp_path: Path) -> None:
    none = '{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no experiment"}'
    with answering(404, none, version="2.22.1") as uri:
        assert "runs MLflow 2.22.1" in refused_train(light_spec, uri, tmp_path)


def test_where_nobody_answers_that_is_told_at_once(light_spec: Path, tmp_path: Path) -> None:
    with answering(200, "") as uri:
        pass
    words = refused_train(light_spec, uri, tmp_path)
    assert "No server answers" in words
    assert refused_everywhere(uri, tmp_path) == {words}
