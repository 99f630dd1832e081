"""No export and no kit without an entry of the ledger, and a withdrawal names them all."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from registry_store import WHO, Store

import send_screen.school_kit._wheels as packages
from send_screen import export, kit, withdraw
from send_screen.errors import GateError, LedgerError, MachineError, UsageError
from send_screen.governance import ExportEntry, current_user, open_bundle, open_for_append, read_ledger
from send_screen.workflows import _export_entry
from send_screen.workflows._export_entry import NOT_ENTERED

VERSION = "models:/reception_sen/1"


@pytest.fixture(autouse=True)
def one_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kit with one package, without asking any index."""
    wheel = tmp_path / "one-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("one.py", "")
    monkeypatch.setattr(packages, "wheels_for", lambda *_, **__: [wheel])


def exports(place: Any) -> list[ExportEntry]:
    ledger = read_ledger(place)
    ledger.require_unaltered()
    return [entry for entry in ledger.entries if isinstance(entry, ExportEntry)]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_exports_and_kits_are_entered_and_a_withdrawal_lists_them(
    store: Store, ledger_place: Any, tmp_path: Path
) -> None:
    out, place = tmp_path / "Ann Smith" / "model", ("--ledger", ledger_place)
    code, said, err = store.run("export", VERSION, "--out", out, *place)
    assert code == 0, said + err
    assert NOT_ENTERED not in said + err
    made = kit(out, tmp_path / "school.zip", ledger=ledger_place)

    folder, zipped = exports(ledger_place)
    assert made.entry == zipped
    bundle = open_bundle(out)
    for entry in (folder, zipped):
        assert entry.by == current_user()
        assert (entry.model, entry.version) == ("reception_sen", bundle.published.version.id)
        assert entry.manifest_sha256 == bundle.manifest_sha256
        assert b"Smith" not in entry.canonical()
    assert (folder.what, folder.registered, folder.file_name) == ("folder", "1", "model")
    assert (zipped.what, zipped.registered, zipped.file_name) == ("kit", None, "school.zip")

    code, said, err = store.run("history", "reception_sen", *place)
    assert code == 0, said + err
    assert "folder model of reception_sen/1" in said
    assert f"by {current_user()}" in said
    code, said, _ = store.run("history", "reception_sen", "--json", *place)
    assert [each["file_name"] for each in json.loads(said)["exports"]] == ["model", "school.zip"]

    code, said, err = store.run("withdraw", VERSION, *WHO, *place, "--screenings", ledger_place)
    assert code == 0, said + err
    assert "It was exported 2 times: tell who has one" in said
    assert said.count("school.zip") == 1  # although both ledgers are one
    with pytest.raises(GateError):
        export(VERSION, tmp_path / "again", ledger=ledger_place, tracking_uri=store.uri)
    assert len(exports(ledger_place)) == 2


def test_a_registered_version_is_entered_beside_its_store(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = export(VERSION, tmp_path / "model", tracking_uri=store.uri)
    kit(VERSION, tmp_path / "school.zip", tracking_uri=store.uri)
    assert [entry.what for entry in exports(store.ledger)] == ["folder", "kit"]
    assert made.to_dict()["entry"]["number"] == 1
    found = withdraw(VERSION, by="A. Board", reason="wrong codes", tracking_uri=store.uri)
    assert [each.entry.registered for each in found.exports] == ["1", "1"]
    monkeypatch.setenv("SEND_SCREEN_LEDGER", str(tmp_path / "named.db"))
    kit(tmp_path / "model", tmp_path / "second.zip")  # nobody told that ledger of the withdrawal
    assert [entry.file_name for entry in exports(tmp_path / "named.db")] == ["second.zip"]


def test_without_a_ledger_it_goes_on_and_says_so(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = kit(store.exported, tmp_path / "school.zip")
    assert made.entry is None
    assert [line for section in made.sections() for line in section.lines].count(NOT_ENTERED) == 1
    assert made.to_dict()["entry"] is None

    def on_a_server(uri: str) -> Path:
        raise UsageError("The registry is on a server.", remedy="")

    monkeypatch.setattr("send_screen.workflows._decision_ledger.default_ledger", on_a_server)
    given = export(VERSION, tmp_path / "model", tracking_uri=store.uri)
    assert given.entry is None
    assert [section.lines for section in given.sections()] == [[NOT_ENTERED]]
    assert not store.ledger.exists()


def give_out(what: Any, store: Store, out: Path, ledger: Any) -> None:
    if what == "kit":
        kit(store.exported, out / "school.zip", ledger=ledger)
        return
    options: dict[str, Any] = {"dialect": "sqlite"} if what == "sql" else {}
    options |= {"ledger": ledger, "tracking_uri": store.uri}
    export(VERSION, out / "model", to=what, allow_synthetic_model=what != "folder", **options)


FORMS = ("folder", "sql", "xlsx", "kit")


@pytest.mark.parametrize("what", FORMS)
def test_what_cannot_be_entered_leaves_no_file(what: str, store: Store, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no folder", encoding="utf-8")
    (tmp_path / "other.db").write_bytes(b"no ledger" * 100)
    for ledger, error in ((tmp_path / "plain" / "ledger.db", MachineError), (tmp_path / "other.db", LedgerError)):
        with pytest.raises(error):
            give_out(what, store, tmp_path / "out", ledger)
        assert left_in(tmp_path / "out") == []


@pytest.mark.parametrize("what", FORMS)
def test_a_withdrawal_in_between_is_seen_under_the_lock(
    what: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = _export_entry.open_for_append

    def withdrawn_meanwhile(location: Any) -> Any:
        withdraw(VERSION, by="A. Board", reason="wrong codes", ledger=location, tracking_uri=store.uri)
        return append(location)

    monkeypatch.setattr(_export_entry, "open_for_append", withdrawn_meanwhile)
    with pytest.raises(GateError, match="withdrawn"):
        give_out(what, store, tmp_path / "out", tmp_path / "ledger.db")
    assert left_in(tmp_path / "out") == []
    assert exports(tmp_path / "ledger.db") == []


def test_the_entry_stands_before_the_file_does(store: Store, tmp_path: Path, ledger_place: Any) -> None:
    seen: list[bool] = []
    append = _export_entry.open_for_append

    def look_first(location: Any) -> Any:
        seen.append((tmp_path / "model").exists() or (tmp_path / "school.zip").exists())
        return append(location)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_export_entry, "open_for_append", look_first)
        give_out("kit", store, tmp_path, ledger_place)
        (tmp_path / "school.zip").unlink()
        give_out("folder", store, tmp_path, ledger_place)
    assert seen == [False, False]


def test_no_child_is_named_by_a_file(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="identifier"):
        kit(store.exported, tmp_path / "kit_A000200006001.zip", ledger=tmp_path / "ledger.db")
    assert not list(tmp_path.glob("*.zip"))


def test_an_altered_ledger_lets_nothing_out(store: Store, tmp_path: Path, ledger_place: Any, alter_ledger: Any) -> None:
    with open_for_append(ledger_place) as book:
        book.append(
            ExportEntry(by="A", model="m", registered=None, version="v", manifest_sha256="0", what="kit", file_name="x")
        )
    alter_ledger("update entries set content = replace(content, 'kit', 'kid')")
    with pytest.raises(LedgerError):
        kit(store.exported, tmp_path / "school.zip", ledger=ledger_place)
    assert not (tmp_path / "school.zip").exists()
