"""Who let a version in: through the command line, against a real registry, and what cannot be hidden afterwards."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ledger_edits import read_rows, write_rows
from registry_store import WHO, Store, run

from send_screen.errors import GateError, LedgerError
from send_screen.governance import find_pseudonyms, read_ledger, screening_runs
from send_screen.specs import load_spec
from send_screen.tracking import log_version
from send_screen.workflows import load_model, promote


def failing(published: dict[str, Any]) -> None:
    """Make the figures miss a gate, and leave the stored verdict as it was: passed."""
    for row in published["performance"]:
        if row["metric"] == "roc_auc" and row["model"] == "candidate":
            row["value"] = row["low"] = row["high"] = 0.51


def test_promoting_names_who_and_why_and_can_be_read_back(store: Store) -> None:
    code, out, err = store.run("promote", "models:/reception_sen@candidate", *WHO)
    assert code == 0, err
    assert "models:/reception_sen/1" in out
    assert "invented data" in out
    second = store.another()
    assert store.run("promote", f"models:/reception_sen/{second}", "--by", "B", "--reason", "better")[0] == 0
    found = store.history()
    assert [period["registered"] for period in found["deployment_periods"]] == ["1", second]
    assert found["deployment_periods"][0]["began"]["by"] == "Sarah Łęcka"
    assert found["deployment_periods"][0]["to"] == found["deployment_periods"][1]["from"]
    assert found["deployment_periods"][1]["to"] is None
    assert all(gate["passed"] for gate in found["deployment_periods"][0]["began"]["gates"])
    today = found["deployment_periods"][0]["from"][:10]
    assert len(store.history("--on", today)["deployment_periods"]) == 2
    assert store.history("--on", "2020-02-29")["deployment_periods"] == []
    _, out, _ = store.run("history", "reception_sen")
    assert "let in by Sarah Łęcka: Agreed by the board" in out
    assert f"replaced by version {second} by B: better" in out
    assert found["head"] in out
    assert store.client.get_model_version_by_alias("reception_sen", "champion").version == int(second)
    assert store.client.get_registered_model("reception_sen").tags["ledger_head"] == found["head"]
    # Screening finds it by its alias, as before.
    arguments = ("models:/reception_sen@champion", store.school_file, "--out", store.folder / "lists")
    assert store.run("screen", *arguments)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("models:/reception_sen/1", "--by", " ", "--reason", "x"), "--by is empty"),
        (("models:/reception_sen/1", "--by", "x", "--reason", ""), "--reason is empty"),
        (("models:/reception_sen/1", *WHO, "--override", ""), "--override is empty"),
        (("models:/reception_sen/1", *WHO, "--override", "why not"), "nothing to override"),
        (("models:/reception_sen/1", *WHO, "--alias", "candidate"), "training sets"),
        (("models:/reception_sen/1", *WHO, "--alias", "a b"), "another alias"),
        (("models:/reception_sen/77", *WHO), "has no models:/reception_sen/77"),
        (("model", *WHO), "names no model"),
    ],
)
def test_what_cannot_be_promoted_leaves_no_trace(store: Store, arguments: tuple[str, ...], words: str) -> None:
    code, _, err = store.run("promote", *arguments)
    assert code == 2
    assert words in err
    assert not store.ledger.exists()
    assert not {"champion"} & set(store.client.get_registered_model("reception_sen").aliases)


def test_a_gate_is_derived_again_and_an_override_is_shown(store: Store) -> None:
    number = store.another(failing)
    model = f"models:/reception_sen/{number}"
    code, _, err = store.run("promote", model, *WHO)
    assert code == 1
    assert "0.51 was measured" in err
    assert "not what its own figures say" in err
    assert not store.ledger.exists()
    code, out, _ = store.run("promote", model, *WHO, "--override", "Only for the *pilot*")
    assert code == 0
    assert "AGAINST ITS GATES, because: Only for the *pilot*" in out
    assert "AGAINST ITS GATES, because: Only for the *pilot*" in store.run("history", "reception_sen")[1]
    version = store.client.get_model_version("reception_sen", number)
    assert version.tags["gates_overridden_because"] == "Only for the *pilot*"
    (note,) = store.folder.glob("mlartifacts/**/decisions.md")
    for text in (version.description, note.read_text("utf-8")):
        assert r"**LET IN AGAINST ITS GATES**, because: Only for the \*pilot\*" in text
        assert "0.51 was measured" in text
        assert "refuse, delay or ration" in text


def test_past_its_review_date_nobody_can_let_it_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.datetime(2035, 1, 1, tzinfo=tz)

    monkeypatch.setattr("send_screen.workflows._promote.dt.datetime", Later)
    with pytest.raises(GateError, match="reviewed by"):
        promote("models:/reception_sen/1", by="A", reason="x", override="y", tracking_uri=store.uri)


def test_withdrawing_lists_every_batch_and_child(store: Store, tmp_path: Path) -> None:
    school = tmp_path / "school"
    for number, capacity in enumerate(("3", "5")):
        out = school / f"lists {number}"
        assert run("screen", store.exported, store.school_file, "--out", out, "--capacity", capacity)[0] == 0
    assert store.run("promote", "models:/reception_sen/1", *WHO)[0] == 0
    model = "models:/reception_sen@champion"
    code, _, err = store.run("withdraw", model, *WHO, "--screenings", tmp_path / "typo")
    assert (code, "Nothing was withdrawn" in err) == (2, True)
    load_model(model, tracking_uri=store.uri)
    code, out, _ = store.run("withdraw", model, "--by", "B", "--reason", "It missed boys", "--screenings", school)
    assert code == 0
    assert "It had listed 5 people in 2 screening runs" in out
    assert "is served already still answers: tell who has one." in out
    listed = pd.read_csv(school / "lists 1" / "list.csv", dtype=str, encoding="utf-8-sig")
    pseudonyms = find_pseudonyms(school / "ledger.db", list(listed["child_id"]))
    assert len(pseudonyms) == 5
    for child, pseudonym in pseudonyms.items():
        assert pseudonym in out
        assert child not in out
    # It is gone from every way in but a folder that was exported before, and for good.
    for words in ("models:/reception_sen@champion", "models:/reception_sen@candidate"):
        assert store.run("screen", words, store.school_file, "--out", tmp_path / "x")[0] == 2
    for command in ("screen", "export"):
        rest = (store.school_file,) if command == "screen" else ()
        code, _, err = store.run(command, "models:/reception_sen/1", *rest, "--out", tmp_path / "x")
        assert code == 1
        assert "withdrawn for good" in err
        assert "It missed boys" not in err  # in the registry anybody can write: the ledger says why
    assert not (tmp_path / "x").exists()
    code, _, err = store.run("promote", "models:/reception_sen/1", *WHO)
    assert (code, "withdrawn for good" in err) == (1, True)
    load_model("models:/reception_sen/1", tracking_uri=store.uri, allow_withdrawn=True)
    found = store.history()
    assert found["deployment_periods"][0]["ended"]["reason"] == "It missed boys"
    assert [entry["reason"] for entry in found["withdrawals"]] == ["It missed boys"]
    said = store.run("history", "reception_sen")[1]
    assert re.search(r"models:/reception_sen/1 \(\w{16}\) was withdrawn on [\d-]{10} by B: It missed boys", said)
    tag = store.client.get_model_version("reception_sen", "1").tags["withdrawn"]
    assert f"was withdrawn {tag}\n" in said
    # A ledger that turns up later is looked into without another entry.
    code, out, _ = store.run("withdraw", "models:/reception_sen/1", *WHO, "--screenings", school, "--json")
    again = json.loads(out)
    assert again["withdrawn_before"]
    assert [len(run["listed"]) for run in again["screening_runs"]] == [3, 5]
    assert store.history()["n_entries"] == found["n_entries"] == 2
    # A run whose end was never entered was stopped: its children are named all the same.
    write_rows(school / "ledger.db", read_rows(school / "ledger.db")[:-1])
    code, out, _ = store.run("withdraw", "models:/reception_sen/1", *WHO, "--screenings", school)
    assert code == 0
    assert "It had listed 5 people in 2 screening runs" in out
    assert "is served already still answers: tell who has one." in out
    assert out.count("THE RUN WAS STOPPED: whether its list was made is not known. Its folder: lists 1") == 1


def test_a_withdrawn_version_can_be_compared_and_is_said_to_be_withdrawn(store: Store) -> None:
    assert store.run("withdraw", "models:/reception_sen/1", *WHO)[0] == 0
    code, out, err = store.run("compare", "reception_sen/1", store.exported)
    assert code == 0, err
    assert "Note: models:/reception_sen/1 was withdrawn for good" in out


def test_the_same_version_registered_again_is_no_less_withdrawn(store: Store) -> None:
    first = store.client.get_model_version("reception_sen", "1")
    again = store.client.create_model_version("reception_sen", first.source, first.run_id, tags=first.tags)
    store.client.set_registered_model_alias("reception_sen", "candidate", again.version)
    assert store.run("withdraw", "models:/reception_sen/1", *WHO)[0] == 0
    assert not store.client.get_registered_model("reception_sen").aliases
    for act in ("promote", "export"):
        rest = WHO if act == "promote" else ("--out", store.folder / "out")
        code, _, err = store.run(act, f"models:/reception_sen/{again.version}", *rest)
        assert (code, "withdrawn for good" in err) == (1, True), err


def test_a_copy_under_another_name_is_no_less_withdrawn(store: Store) -> None:
    before = store.client.copy_model_version("models:/reception_sen/1", "copied")
    store.client.set_registered_model_alias("copied", "champion", before.version)
    renamed = store.client.copy_model_version("models:/reception_sen/1", "renamed")
    store.client.set_model_version_tag("renamed", renamed.version, "version_id", "0" * 16)
    assert store.run("withdraw", "models:/reception_sen/1", *WHO)[0] == 0
    store.client.copy_model_version("models:/reception_sen/1", "copied")
    assert not store.client.get_registered_model("copied").aliases
    for copy in ("models:/copied/1", "models:/copied/2", "models:/renamed/1"):
        refused_as_withdrawn(store, copy)


def test_what_was_withdrawn_is_so_when_all_of_it_was_deleted_and_it_was_trained_again(
    store: Store, trained: Any, small_spec: Path
) -> None:
    assert store.run("withdraw", "models:/reception_sen/1", *WHO)[0] == 0
    first = store.client.get_model_version("reception_sen", "1")
    store.client.delete_registered_model("reception_sen")
    store.client.create_registered_model("reception_sen")
    tags = {name: value for name, value in first.tags.items() if name != "withdrawn"}
    store.client.create_model_version("reception_sen", first.source, first.run_id, tags=tags)
    refused_as_withdrawn(store, "models:/reception_sen/1")
    runs = len(store.client.search_runs(["1"]))
    with pytest.raises(GateError, match=f"The version {trained.made.published.version.id} was withdrawn for good"):
        train_again(store, trained, small_spec)
    assert len(store.client.search_runs(["1"])) == runs


def train_again(store: Store, trained: Any, small_spec: Path) -> None:
    """Log the same version once more, as training does when it has fitted the same model."""
    log_version(
        load_spec(small_spec), trained.made.tables, None, trained.made.published, uri=store.uri,
        evidence=trained.made.evidence, evidence_sha256={"evidence.parquet": trained.made.evidence_sha256}, key=None,
        passed=True, register=True,
    )  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_renamed_experiment_forgets_no_withdrawal(store: Store, trained: Any, small_spec: Path, when: str) -> None:
    first = store.client.get_model_version("reception_sen", "1")
    mine = store.client.get_run(first.run_id).info.experiment_id
    if when == "before":
        store.client.rename_experiment(mine, "archive of 2026")
    assert store.run("withdraw", "models:/reception_sen/1", *WHO)[0] == 0
    if when == "after":
        store.client.rename_experiment(mine, "archive of 2026")
    else:
        store.client.delete_experiment(mine)  # the one in which training goes on keeps it too
    store.client.delete_registered_model("reception_sen")
    with pytest.raises(GateError, match="was withdrawn for good"):
        train_again(store, trained, small_spec)


def test_the_ledger_is_asked_where_somebody_took_every_tag_of_a_withdrawal_away(store: Store, trained: Any) -> None:
    version = trained.made.published.version.id
    assert store.run("withdraw", "models:/reception_sen/1", *WHO)[0] == 0
    store.client.delete_model_version_tag("reception_sen", "1", "withdrawn")
    with closing(sqlite3.connect(store.folder / "mlflow.db")) as connection, connection:
        assert connection.execute("delete from experiment_tags where key = ?", (f"withdrawn.{version}",)).rowcount
    refused_as_withdrawn(store, "models:/reception_sen/1")
    # a ledger elsewhere is the one that the registry was told of
    elsewhere = store.ledger.rename(store.folder / "kept elsewhere.db")
    assert load_model("models:/reception_sen/1", tracking_uri=store.uri)
    store.client.set_registered_model_tag("reception_sen", "ledger_location", elsewhere.as_uri())
    with pytest.raises(GateError, match="withdrawn for good"):
        load_model("models:/reception_sen/1", tracking_uri=store.uri)


def refused_as_withdrawn(store: Store, model: str) -> None:
    for rest in (("promote", model, *WHO), ("export", model, "--out", store.folder / "out"),
                 ("screen", model, store.school_file, "--out", store.folder / "lists")):  # fmt: skip
        code, _, err = store.run(*rest)
        assert (code, "withdrawn for good" in err) == (1, True), err


def test_without_the_schools_ledgers_it_says_so(store: Store) -> None:
    code, out, _ = store.run("withdraw", "models:/reception_sen/1", *WHO)
    assert code == 0
    assert "Whom it had listed was not looked for" in out


def test_a_withdrawal_that_could_not_be_entered_is_entered_the_next_time(store: Store, tmp_path: Path) -> None:
    assert store.run("promote", "models:/reception_sen/1", *WHO)[0] == 0
    (tmp_path / "file").touch()
    withdrawal = ("withdraw", "models:/reception_sen/1", *WHO)
    code, _, err = store.run(*withdrawal, "--ledger", tmp_path / "file" / "book.db")
    assert (code, "that could not be recorded" in err) == (3, True)
    assert store.run("history", "reception_sen")[0] == 1
    assert store.run(*withdrawal)[0] == 0
    assert store.history()["deployment_periods"][0]["ended"]["kind"] == "withdrawn"


def two_deployment_periods(store: Store) -> list[bytes]:
    assert store.run("promote", "models:/reception_sen/1", *WHO)[0] == 0
    assert store.run("promote", f"models:/reception_sen/{store.another()}", *WHO)[0] == 0
    return read_rows(store.ledger)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [lines[0].replace("Łęcka".encode(), b"Smith"), lines[1]], "Entry 1 was altered"),
        (lambda lines: lines[1:], "Entry 1 is not where it belongs"),
        (lambda lines: lines[::-1], "Entry 1 is not where it belongs"),
        (lambda lines: lines[:1], "cut off its end"),
        (lambda lines: [], "cut off its end"),
    ],
)
def test_history_finds_what_was_done_to_the_ledger(store: Store, change: Any, words: str) -> None:
    lines = two_deployment_periods(store)
    write_rows(store.ledger, change(lines))
    code, out, err = store.run("history", "reception_sen")
    assert code == 1
    assert words in err
    assert not out
    # Nothing is let in over it. But whoever withdraws is not kept from it.
    assert store.run("promote", "models:/reception_sen/1", *WHO)[0] == 1
    code, _, err = store.run("withdraw", "models:/reception_sen/1", *WHO)
    assert code == 1
    assert "withdrawn from the registry, but that could not be recorded" in err
    with pytest.raises(GateError):
        load_model("models:/reception_sen/1", tracking_uri=store.uri)


def test_history_finds_what_was_done_beside_the_ledger(store: Store) -> None:
    two_deployment_periods(store)
    store.client.set_registered_model_alias("reception_sen", "champion", "1")
    code, out, _ = store.run("history", "reception_sen")
    assert code == 1
    assert "moved without send-screen" in out
    # Promoting sets it right, and what had happened stays to be seen.
    assert store.run("promote", "models:/reception_sen/1", *WHO)[0] == 0
    code, out, _ = store.run("history", "reception_sen")
    assert code == 1
    assert "the registry had version 1 under champion, and the ledger version 2" in out


def interrupt_promotion(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop a promotion between its entry in the ledger and the registry."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("send_screen.workflows._promote.set_alias", stop)
        assert store.run("promote", "models:/reception_sen/1", *WHO)[0] == 130


def test_an_interrupted_promotion_is_told_and_finished_by_the_same_command(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_promotion(store, monkeypatch)
    code, out, _ = store.run("history", "reception_sen")
    assert code == 1
    assert "The registry does not record entry 1 (models:/reception_sen/1 promoted by Sarah Łęcka)" in out
    with pytest.raises(LedgerError, match="very same again"):
        promote("models:/reception_sen/1", by="Another", reason="x", tracking_uri=store.uri)
    assert store.run("promote", "models:/reception_sen/1", *WHO)[0] == 0
    assert store.history()["n_entries"] == 1


def test_a_version_whose_promotion_was_interrupted_can_be_withdrawn_and_the_ledger_goes_on(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_promotion(store, monkeypatch)
    school = tmp_path / "school"
    assert run("screen", store.exported, store.school_file, "--out", school / "lists")[0] == 0
    code, out, err = store.run("withdraw", "models:/reception_sen/1", *WHO, "--screenings", school)
    assert code == 0, err
    assert "It had listed" in out
    assert not store.client.get_registered_model("reception_sen").aliases
    found = store.history()
    assert found["n_entries"] == 2
    assert store.run("promote", "models:/reception_sen/" + store.another(), *WHO)[0] == 0


def test_another_ledger_than_the_registry_knows_is_refused(store: Store, tmp_path: Path) -> None:
    assert store.run("promote", "models:/reception_sen/1", *WHO)[0] == 0
    code, _, err = store.run("promote", "models:/reception_sen/1", *WHO, "--ledger", tmp_path / "new.db")
    assert code == 1
    assert "another ledger" in err
    code, _, err = run("history", "reception_sen", "--tracking-uri", f"sqlite:///{tmp_path / 'typo.db'}")
    assert (code, "no MLflow store" in err) == (2, True)
    code, _, err = store.run("history", "other")
    assert (code, "It has reception_sen" in err) == (2, True)
    code, _, err = store.run("history", "reception_sen", "--on", "yesterday")
    assert (code, "not a date" in err) == (2, True)


# Screening runs


def test_every_run_is_entered_without_a_name_or_an_identifier(trained: Any, tmp_path: Path) -> None:
    code, out, _ = run("screen", trained.exported, trained.school_file, "--out", tmp_path / "out", "--json")
    assert code == 0
    entry, end = read_ledger(tmp_path / "ledger.db").entries
    summary = json.loads(out)
    assert (end.screening, set(end.files)) == (1, {*summary["files"], "summary.json"})
    assert summary["ledger"] == {"file": "ledger.db", "entry": 1, "sha256": entry.sha256}
    assert entry.by
    assert entry.version == trained.made.version
    assert entry.manifest_sha256 == summary["manifest_sha256"]
    assert (entry.n_rows, entry.capacity, entry.file) == (summary["n_rows"], "10%", "school_file.csv")
    assert entry.excluded == sum(summary["excluded"].values())
    assert entry.list_sha256 == summary["files"]["list.csv"]
    assert [listed.rank for listed in entry.listed] == list(range(1, summary["n_listed"] + 1))
    content = (tmp_path / "ledger.db").read_bytes()
    rows = pd.read_csv(trained.school_file, dtype=str)
    for column in ("UPN", "Surname", "Forename", "School"):
        for value in rows[column].dropna():
            assert f'"{value}"'.encode() not in content
            assert column != "UPN" or value.encode() not in content
    assert (tmp_path / "ledger.key").read_bytes() not in content


@pytest.mark.parametrize("fault", ["altered", "no database", "no folder"])
def test_where_it_cannot_be_entered_nobody_is_listed(trained: Any, tmp_path: Path, fault: str) -> None:
    ledger = tmp_path / "school" / "book.db"
    command = ("screen", trained.exported, trained.school_file, "--ledger", ledger, "--out")
    if fault == "no folder":
        (tmp_path / "school").touch()
    else:
        assert run(*command, tmp_path / "first")[0] == 0
        if fault == "altered":
            write_rows(ledger, [row.replace(b'"rank":1}', b'"rank":9}') for row in read_rows(ledger)])
        else:
            ledger.write_bytes(b"{}" + ledger.read_bytes())
    code, _, err = run(*command, tmp_path / "second")
    assert code == (3 if fault == "no folder" else 1)
    assert {"altered": "was altered", "no database": "the file is no database", "no folder": "--ledger"}[fault] in err
    assert not (tmp_path / "second").exists()


def test_a_withdrawal_reads_what_is_left_of_a_damaged_ledger(store: Store, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    for number in (1, 2):
        run("screen", store.exported, store.school_file, "--out", tmp_path / f"{number}", "--capacity", "4")
    rows = read_rows(ledger)
    write_rows(ledger, [*rows[:2], rows[2][:-9]])
    code, out, _ = store.run("withdraw", "models:/reception_sen/1", *WHO, "--screenings", ledger)
    assert code == 1
    assert "4 people in 1 screening run" in out
    assert "NOT WHOLE" in out
    with pytest.raises(GateError):
        load_model("models:/reception_sen/1", tracking_uri=store.uri)


def test_runs_at_once_are_all_entered(trained: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "send_screen", "screen", str(trained.exported), str(trained.school_file), "--out"]
    runs = [subprocess.Popen([*command, str(tmp_path / f"{n}")], stderr=subprocess.PIPE) for n in range(3)]
    for one in runs:
        assert one.communicate()[1] is not None
        assert one.returncode == 0
    ledger = read_ledger(tmp_path / "ledger.db")
    ledger.require_unaltered()
    found = screening_runs(ledger.entries)
    assert [end is not None and end.files[0] for _, end in found] == ["list.csv"] * 3
    assert len({tuple(child.child for child in entry.listed) for entry, _ in found}) == 1


@pytest.mark.slow
def test_screens_and_decisions_at_once_are_all_in_one_ledger(store: Store, ledger_place: Any, tmp_path: Path) -> None:
    """Two screens, a promotion and a withdrawal, each a process of its own, with one ledger for all."""
    program = [sys.executable, "-m", "send_screen"]
    where = ("--ledger", str(ledger_place))
    registry = ("--tracking-uri", store.uri)
    other = f"models:/reception_sen/{store.another()}"
    commands = [
        ["screen", store.exported, store.school_file, "--out", tmp_path / "1", *where],
        ["screen", store.exported, store.school_file, "--out", tmp_path / "2", *where],
        ["promote", "models:/reception_sen/1", *WHO, *where, *registry],
        ["withdraw", other, *WHO, *where, *registry],
    ]
    runs = [subprocess.Popen([*program, *map(str, command)], stderr=subprocess.PIPE) for command in commands]
    for run_ in runs:
        said = run_.communicate()[1]
        assert run_.returncode == 0, said
    ledger = read_ledger(ledger_place)
    ledger.require_unaltered()
    assert sorted(entry.kind for entry in ledger.entries) == [
        "promoted", "screening", "screening", "screening_ended", "screening_ended", "withdrawn",
    ]  # fmt: skip
    lists = [{child.child for child in entry.listed} for entry, _ in screening_runs(ledger.entries)]
    assert lists[0] == lists[1] != set()
    assert store.run("history", "reception_sen", *where)[0] == 0
