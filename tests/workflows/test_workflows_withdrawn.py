"""A withdrawn version is refused wherever it is used: the ledger is asked, whatever was done to the registry."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from audit_store import Store, copy_store
from ledger_edits import read_rows, write_rows
from typer.testing import CliRunner

from send_screen import audit, compare, export, load_model, promote, withdraw
from send_screen.cli._app import app
from send_screen.errors import GateError, LedgerError
from send_screen.governance import LEDGER, WithdrawalEntry, open_bundle, open_for_append

WHO = ("--by", "A. Board", "--reason", "It missed boys")
VERSION = "models:/reception_sen/1"


@pytest.fixture
def store(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A registry whose version was withdrawn, and in which no tag says so any more."""
    from mlflow.tracking._tracking_service import utils

    monkeypatch.setattr(utils, "_artifact_repos_cache", {})
    made = copy_store(Store(trained.folder, trained.keys), tmp_path / "store")
    monkeypatch.setattr(utils, "_tracking_uri", made.uri)
    withdraw(VERSION, by="A. Board", reason="It missed boys", tracking_uri=made.uri)
    forget(made)
    return made


def forget(store: Store) -> None:
    """Take every tag of a withdrawal away, as whoever may write to the database can."""
    with closing(sqlite3.connect(store.folder / "mlflow.db")) as connection, connection:
        for table in ("model_version_tags", "experiment_tags"):
            assert connection.execute(f"delete from {table} where key like 'withdrawn%'").rowcount
        connection.execute("delete from registered_model_tags where key like 'ledger_%'")


def client(store: Store) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(store.uri, store.uri)


def by_name(store: Store) -> str:
    return VERSION


def by_a_copy(store: Store) -> str:
    found = client(store).copy_model_version(VERSION, "copied")
    return f"models:/copied/{found.version}"


def registered_again(store: Store) -> str:
    """The registered model is deleted, and its run is registered anew."""
    first = client(store).get_model_version("reception_sen", "1")
    client(store).delete_registered_model("reception_sen")
    client(store).create_registered_model("another")
    found = client(store).create_model_version("another", first.source, first.run_id, tags=first.tags)
    return f"models:/another/{found.version}"


def registered_again_under_another_id(store: Store) -> str:
    """The same files, and a tag that says they are another version."""
    model = registered_again(store)
    client(store).set_model_version_tag("another", model.rpartition("/")[2], "version_id", "f" * 16)
    return model


WAYS = (
    by_name,
    pytest.param(by_a_copy, marks=pytest.mark.slow),
    pytest.param(registered_again, marks=pytest.mark.slow),
    registered_again_under_another_id,
)


def commands(model: str | Path, school_file: Path, out: Path) -> Iterator[tuple[object, ...]]:
    yield "screen", model, school_file, "--out", out / "lists" / "1"
    yield "template", model, "--out", out / "pupils.xlsx"
    yield "check", model, school_file
    yield "kit", model, "--out", out / "kit.zip"
    if str(model).startswith("models:"):
        yield "export", model, "--out", out / "exported"
        yield "promote", model, *WHO
        yield "promote", model, *WHO, "--ledger", out / "new" / "ledger.db"


@pytest.mark.parametrize("way", WAYS)
def test_no_command_takes_it_from_the_registry(
    store: Store, trained: Any, tmp_path: Path, way: Callable[[Store], str]
) -> None:
    model = way(store)
    before = read_rows(store.ledger)
    for command in commands(model, trained.school_file, tmp_path / "out"):
        found = CliRunner().invoke(app, [*map(str, command), "--tracking-uri", store.uri])
        assert found.exit_code == 1, (command, found.output)
        assert "withdrawn for good" in found.output, command
    assert not list((tmp_path / "out").rglob("*.*"))
    assert read_rows(store.ledger) == before
    both = compare(model, trained.exported, tracking_uri=store.uri)
    assert f"Note: {model} was withdrawn for good" in both.to_text()
    with pytest.raises(GateError, match="withdrawn for good"):
        load_model(model, tracking_uri=store.uri)
    load_model(model, tracking_uri=store.uri, allow_withdrawn=True)


@pytest.mark.parametrize("how", ["option", "variable"])
def test_no_command_takes_an_exported_folder_where_a_ledger_is_named(
    store: Store, trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    assert load_model(trained.exported)  # without a ledger nobody can know
    if how == "variable":
        monkeypatch.setenv("SEND_SCREEN_LEDGER", str(store.ledger))
    named = ("--ledger", store.ledger) if how == "option" else ()
    for command in commands(trained.exported, trained.school_file, tmp_path / "out"):
        found = CliRunner().invoke(app, [*map(str, (*command, *named))])
        assert found.exit_code == 1, (command, found.output)
        assert "withdrawn for good" in found.output, command
    assert not list((tmp_path / "out").rglob("*.*"))
    both = compare(trained.exported, trained.exported, ledger=store.ledger)
    assert f"{trained.exported} was withdrawn for good" in both.to_text()
    assert "It was withdrawn on" in audit(trained.exported, ledger=store.ledger).to_text()


def test_the_ledger_of_the_variable_is_asked_although_another_is_given(
    store: Store, trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEND_SCREEN_LEDGER", str(store.ledger))
    command = ["screen", trained.exported, trained.school_file, "--out", tmp_path / "out"]
    found = CliRunner().invoke(app, [*map(str, command), "--ledger", str(tmp_path / "own.db")])
    assert (found.exit_code, "withdrawn for good" in found.output) == (1, True), found.output
    assert not list(tmp_path.glob("o*"))


@pytest.mark.parametrize("by", ["version", "manifest_sha256"])
def test_a_folder_is_known_by_its_id_or_its_manifest(trained: Any, tmp_path: Path, by: str) -> None:
    bundle = open_bundle(trained.exported)
    known = {"version": bundle.published.version.id, "manifest_sha256": bundle.manifest_sha256}
    other = {"version": "f" * 16, "manifest_sha256": "f" * 64}
    for number, identity in enumerate((other, other | {by: known[by]})):
        with open_for_append(tmp_path / LEDGER) as book:
            book.append(WithdrawalEntry(model="m", registered="1", by="A", reason="x", **identity))
        if number == 0:
            assert load_model(trained.exported, ledger=tmp_path / LEDGER)
    with pytest.raises(GateError, match="withdrawn for good"):
        load_model(trained.exported, ledger=tmp_path / LEDGER)


def test_the_ledger_beside_the_lists_is_asked_too(store: Store, trained: Any, tmp_path: Path) -> None:
    shutil.copy(store.ledger, tmp_path / LEDGER)
    command = ["screen", trained.exported, trained.school_file, "--out", tmp_path / "lists"]
    found = CliRunner().invoke(app, [*map(str, command)])
    assert (found.exit_code, "withdrawn for good" in found.output) == (1, True), found.output
    assert not (tmp_path / "lists").exists()


def test_a_ledger_elsewhere_is_asked_where_any_registered_model_names_it(store: Store, tmp_path: Path) -> None:
    model = by_a_copy(store)
    elsewhere = store.ledger.rename(tmp_path / "elsewhere.db")
    assert load_model(model, tracking_uri=store.uri)
    client(store).set_registered_model_tag("reception_sen", "ledger_location", elsewhere.as_uri())
    with pytest.raises(GateError, match="withdrawn for good"):
        load_model(model, tracking_uri=store.uri)


def test_a_withdrawal_on_a_server_is_known_where_the_server_is_named(
    trained: Any, ledger_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.tracking._tracking_service import utils

    monkeypatch.setattr(utils, "_artifact_repos_cache", {})
    store = copy_store(Store(trained.folder, trained.keys), tmp_path / "store")
    monkeypatch.setattr(utils, "_tracking_uri", store.uri)
    promote(VERSION, by="A", reason="x", ledger=ledger_server, tracking_uri=store.uri)
    withdraw(VERSION, by="A", reason="It missed boys", ledger=ledger_server, tracking_uri=store.uri)
    location = client(store).get_registered_model("reception_sen").tags["ledger_location"]
    assert location == ledger_server.partition("?")[0].replace("postgres@", "")
    forget(store)
    monkeypatch.setenv("SEND_SCREEN_LEDGER", ledger_server)
    for act in (lambda: load_model(VERSION, tracking_uri=store.uri), lambda: load_model(trained.exported)):
        with pytest.raises(GateError, match="withdrawn for good"):
            act()


def test_a_ledger_that_was_altered_lets_nothing_through(store: Store, tmp_path: Path) -> None:
    write_rows(store.ledger, [b"{}"])
    with pytest.raises(LedgerError, match="altered"):
        export(VERSION, tmp_path / "out", tracking_uri=store.uri)


def test_it_is_not_served(store: Store, trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from send_screen.serving._model import ServedModel

    class Context:
        artifacts = {"bundle": str(trained.exported)}  # noqa: RUF012

    with pytest.raises(GateError, match="withdrawn for good"):
        ServedModel().load_context(Context())  # the ledger beside MLflow's store
    monkeypatch.setattr("mlflow.get_tracking_uri", lambda: "http://127.0.0.1:9")
    ServedModel().load_context(Context())
    monkeypatch.setenv("SEND_SCREEN_LEDGER", str(store.ledger))
    with pytest.raises(GateError, match="withdrawn for good"):
        ServedModel().load_context(Context())


@pytest.mark.slow
def test_it_is_not_trained_again(store: Store, trained: Any, small_spec: Path) -> None:
    from send_screen.workflows import train

    client(store).delete_registered_model("reception_sen")
    with pytest.raises(GateError, match=f"The version {trained.made.version} was withdrawn for good"):
        train(
            small_spec,
            trained.data,
            tracking_uri=store.uri,
            evidence=store.folder / "evidence",
            threads=1,
            sign=trained.keys / "private.pem",
        )
