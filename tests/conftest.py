"""What tests share: the real children's folder, synthetic children, and one version trained once per run."""

from __future__ import annotations

import functools
import os
import pickle
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

# scikit-learn skips its check of array API support by itself: no estimator of ours claims that support.
NOT_OURS = "SCIPY_ARRAY_API is not set"
REPOSITORY = Path(__file__).resolve().parent.parent
#: Where MLflow writes: it puts this into the environment itself, for the processes that come after.
MLFLOW_STORE = [f"MLFLOW_{name}" for name in ("TRACKING_URI", "REGISTRY_URI", "EXPERIMENT_ID", "RUN_ID")]


def pytest_configure(config: pytest.Config) -> None:
    # Before anything imports mlflow or matplotlib.
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # The same examples each time, so that a run that was green stays green; new ones are drawn by hand, with "random".
    # A test that needs fewer or more says how many times as many.
    settings.register_profile("quick", max_examples=25, deadline=None, derandomize=True)
    settings.register_profile("all", max_examples=150, deadline=None, derandomize=True)
    settings.register_profile("random", max_examples=150, deadline=None)
    settings.register_profile("oldest", max_examples=8, deadline=None, derandomize=True)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A server of MLflow's is ended with all of its processes, which POSIX can do."""
    for item in items:
        if {"server", "run_mlflow"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.posix)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Where everything is demanded (CI), a skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    demanded = os.environ.get("SEND_SCREEN_REQUIRE_ALL") and not hasattr(report, "wasxfail")
    if report.skipped and demanded and NOT_OURS not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped, but SEND_SCREEN_REQUIRE_ALL is set: {report.longrepr}"


@pytest.fixture(autouse=True)
def no_mlflow_store_named() -> None:
    """No test's commands go to the store that an earlier test, or a shared fixture, pointed MLflow at."""
    for name in MLFLOW_STORE:
        os.environ.pop(name, None)
    for module, name in (("_tracking_service", "_tracking_uri"), ("_model_registry", "_registry_uri")):
        if utils := sys.modules.get(f"mlflow.tracking.{module}.utils"):
            setattr(utils, name, None)


@pytest.fixture(autouse=True)
def _mlflow_tables_once() -> None:
    """MLflow's eighty migrations run once a process: later new databases begin as copies of that first, empty one."""
    utils = sys.modules.get("mlflow.store.db.utils")
    if utils is None or hasattr(utils._initialize_tables, "__wrapped__"):
        return
    migrate, empty = utils._initialize_tables, sqlite3.connect(":memory:", check_same_thread=False)

    @functools.wraps(migrate)
    def initialize(engine: Any) -> None:
        with closing(engine.raw_connection()) as new:
            if list(empty.execute("select 1 from sqlite_master")):
                empty.backup(new.driver_connection)
            else:
                migrate(engine)
                new.driver_connection.backup(empty)

    utils._initialize_tables = initialize


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real children's data. Nothing in it is part of the project."""
    folder = os.environ.get("SEND_SCREEN_DATA")
    if not folder:
        pytest.skip(
            "SEND_SCREEN_DATA is unset. The public can get Project STAR from the Harvard Dataverse "
            "(hdl:1902.1/10766) and ECLS-K from NCES; see the README."
        )
    assert Path(folder).is_dir(), f"SEND_SCREEN_DATA names {folder}, which is not a folder"
    return Path(folder)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], Any]], Any]:
    """Make something in a folder once per run: the worker that comes first makes it, the others wait and read it."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    shared.mkdir(exist_ok=True)

    def get(name: str, make: Callable[[Path], Any]) -> Any:
        folder, made, failed = shared / name, shared / f"{name}.pickle", shared / f"{name}.failed"
        with FileLock(shared / f"{name}.lock"):
            if failed.exists():
                pytest.fail(f"{name} could not be made, and is not tried again: {failed.read_text('utf-8')}")
            if not made.exists():
                failed.write_text("see the first test that asked for it", encoding="utf-8")
                folder.mkdir()
                made.write_bytes(pickle.dumps(make(folder)))
                failed.unlink()
        return pickle.loads(made.read_bytes())

    return get


@dataclass(frozen=True)
class Trained:
    """A version of ``reception_sen`` trained on a small synthetic England. Shared: copy it before changing it."""

    made: object
    folder: Path
    data: Path
    exported: Path
    uri: str
    keys: Path

    @property
    def school_file(self) -> Path:
        return self.data / "schools" / "school_file.csv"


#: What makes ``reception_sen`` pass its gates on a small England, and what makes it quick.
SMALL = {
    "folds: 5, seeds: [0]": "folds: 3, seeds: [0]",
    "at_least: 0.8, at_most: 1.25": "at_least: 0.5, at_most: 2",
    "against: baseline, at_least: 0.0": "against: baseline, at_least: -0.2",
    "metric: roc_auc, at_least: 0.65": "metric: roc_auc, at_least: 0.60",
}
LIGHT = {"model: additive": "model: logistic", "challengers: [lightgbm]": "challengers: []"}


def changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the spec says nothing like: {old}"
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="session")
def small_spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``reception_sen`` with one fold seed, three folds and gates that a small England can pass."""
    path = tmp_path_factory.mktemp("spec") / "spec.yaml"
    text = (REPOSITORY / "models" / "reception_sen" / "spec.yaml").read_text("utf-8")
    path.write_text(changed(text, SMALL), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def light_spec(small_spec: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, logistic and without challengers: for tests of what happens around a model."""
    path = tmp_path_factory.mktemp("light") / "spec.yaml"
    path.write_text(changed(small_spec.read_text("utf-8"), LIGHT), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def trained(once: Callable[..., Any], small_spec: Path) -> Trained:
    from send_screen.simulation import simulate_england, write_england
    from send_screen.workflows import export, generate_keys, train

    def make(place: Path) -> dict[str, Any]:
        folder, keys = place / "store", place / "keys" / "pair"
        generate_keys(keys)
        data = folder / "data"
        write_england(simulate_england(children=4_000, seed=3), data)
        uri, evidence, private = uri_in(folder), folder / "evidence", keys / "private.pem"
        made = train(small_spec, data, tracking_uri=uri, evidence=evidence, threads=1, sign=private)
        made.require_passed()
        exported = export(made.model_uri, folder / "exported", tracking_uri=uri).out
        return {"made": made, "folder": folder, "data": data, "exported": exported, "uri": uri, "keys": keys}

    return Trained(**once("trained", make))


def uri_in(folder: Path) -> str:
    return f"sqlite:///{(folder / 'mlflow.db').as_posix()}"


@dataclass(frozen=True)
class Server:
    """A server of MLflow's on this machine."""

    address: str
    process: int
    log: Path


@contextmanager
def running(command: list[str], *, ready: str, tracking_uri: str, folder: Path) -> Iterator[Server]:
    """Run ``mlflow <command>`` on a free port, wait until ``ready`` answers, and end it with all its children."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log.txt"
    # Both by name: in this process mlflow was pointed at other stores, and says so in the environment.
    stores = {"MLFLOW_TRACKING_URI": tracking_uri, "MLFLOW_REGISTRY_URI": tracking_uri}
    environment = {**os.environ, **stores, "MLFLOW_DISABLE_TELEMETRY": "true"}
    # its job queues, five processes that nothing here asks anything of
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("mlflow")), *command, "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=folder,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 180
        while True:
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, log.read_text("utf-8")
            try:
                with urllib.request.urlopen(f"{address}{ready}", timeout=2):
                    break
            except OSError:
                time.sleep(0.5)
        yield Server(address, process.pid, log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def run_mlflow() -> Callable[..., AbstractContextManager[Server]]:
    return running


@pytest.fixture(scope="session")
def server(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real ``mlflow models serve`` of the trained version."""
    command = [
        "models",
        "serve",
        "--env-manager",
        "local",
        "-m",
        f"models:/reception_sen/{trained.made.registered_version}",
    ]
    with running(command, ready="/ping", tracking_uri=trained.uri, folder=tmp_path_factory.mktemp("serve")) as found:
        yield found


def execute_on_server(address: str, *statements: str) -> None:
    """Run statements on a server, each on its own."""
    import psycopg

    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def ledger_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty schema, which goes with the test."""
    address = os.environ.get("SEND_SCREEN_POSTGRES")
    if not address:
        pytest.skip("SEND_SCREEN_POSTGRES is unset: it names a PostgreSQL database in which tests may make schemas")
    monkeypatch.setenv("SEND_SCREEN_LEDGER_KEY", str(tmp_path / "server.key"))
    schema = f"test_{secrets.token_hex(6)}"
    execute_on_server(address, f"CREATE SCHEMA {schema}")
    try:
        yield f"{address}?options=-csearch_path%3D{schema}"
    finally:
        execute_on_server(address, f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_place(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Where a ledger can be made: a file, then a server."""
    return tmp_path / "ledger.db" if request.param == "sqlite" else request.getfixturevalue("ledger_server")


@pytest.fixture
def alter_ledger(ledger_place: Any) -> Callable[[str], None]:
    """Run a statement on a ledger as somebody would who may: triggers dropped, and made again afterwards."""
    from ledger_edits import without_triggers

    def on_file(statement: str) -> None:
        with without_triggers(ledger_place) as connection:
            connection.execute(statement)

    def on_server(statement: str) -> None:
        tables = ("entries", "child_records")
        off, on = ([f"ALTER TABLE {table} {how} TRIGGER USER" for table in tables] for how in ("DISABLE", "ENABLE"))
        execute_on_server(ledger_place, *off, statement, *on)

    return on_server if isinstance(ledger_place, str) else on_file
