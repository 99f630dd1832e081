"""The commands as an auditor gives them: what they print, what they write, how they end, and what they cannot do."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections import OrderedDict
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from audit_store import Store
from folder_hashes import folder_sha256
from ledger_edits import read_rows
from typer.testing import CliRunner

from send_screen.auditing import _audit, _audited_version, _check_pages
from send_screen.cli._app import app
from send_screen.workflows import train

# What an audit says of what it derived is the point here; the alterations' tests have it derive everything.
pytestmark = pytest.mark.usefixtures("derived_once")
MODEL = "models:/reception_sen/1"


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def audit_json(store: Store, *arguments: object) -> dict[str, Any]:
    code, out, err = run("audit", MODEL, "--tracking-uri", store.uri, "--json", *arguments)
    found = dict(json.loads(out))
    assert code == {"green": 0, "red": 1, "incomplete": 4}[found["result"]], err
    return found


@pytest.fixture
def other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version was made by other code than this."""
    monkeypatch.setattr(_audited_version, "code_version", lambda: "0.2.0+0123456789ab")


def statuses(found: dict[str, Any]) -> dict[str, str]:
    return {check["id"]: check["status"] for check in found["checks"]}


def test_green_in_words_on_a_page_and_for_a_script(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "audit"
    key = store.keys / "public.pem"
    code, text, err = run("audit", MODEL, "--tracking-uri", store.uri, "--key", key, "--out", out)
    assert code == 0, err
    first = text.splitlines()[0]
    assert first.startswith("GREEN: nothing differs in the 27 checks that were made. Not asked for:")
    page = (out / "audit.html").read_text("utf-8")
    assert "✓ Green: nothing differs" in page
    assert "Each check that was asked for could be made." in page  # not: everything was checked
    assert "Invented children" in page
    assert "It does not say that the model is good, or fair" in page
    written = json.loads((out / "audit.json").read_text("utf-8"))
    assert written["green"] is True
    assert written["headline"] == first
    assert set(statuses(written).values()) == {"passed", "not asked for"}
    assert written["additions"] == []
    assert "Added by MLflow or people" not in text + page
    # what no audit looks at is left to nobody's guess: on the terminal, for a script and on the page
    assert len(written["out_of_scope"]) >= 8
    for sentence in written["out_of_scope"]:
        assert f"  {sentence}\n" in text
        assert f"<li>{sentence}</li>" in unescape(page)
    assert not re.search("no other words|nothing (?:else )?is shown", text)


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_audited(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_audit, "fetch_snapshot", lambda *_, **__: pytest.fail("the audit had begun"))
    (tmp_path / "file").write_bytes(b"")
    code, _, err = run("audit", MODEL, "--tracking-uri", store.uri, "--out", tmp_path / "file" / "out")
    assert code == 3
    assert "cannot be written (Not a directory). Give another folder with --out." in err


def test_red_names_the_place_and_both_values(store: Store, tmp_path: Path) -> None:
    store.execute("update latest_metrics set value = .99 where key = 'roc_auc' and run_uuid = ?", store.run_id)
    code, text, _ = run("audit", MODEL, "--tracking-uri", store.uri, "--out", tmp_path)
    assert code == 1
    assert text.startswith("RED: 1 of the ")
    claimed = json.loads((store.bundle / "published.json").read_bytes())["performance"]
    value = next(row["value"] for row in claimed if row["model"] == "candidate" and row["metric"] == "roc_auc")
    assert f"metric.roc_auc: in the version 0.99; expected {value}" in text
    page = (tmp_path / "audit.html").read_text("utf-8")
    assert "✗ RED: something differs" in page
    assert "Do not use the version" in page
    assert str(value) in page


def test_without_the_evidence_it_says_which_half_was_checked(store: Store) -> None:
    shutil.move(store.folder / "evidence", store.folder / "locked")
    found = audit_json(store)
    assert (found["green"], found["result"]) == (False, "incomplete")
    unmade = {id for id, status in statuses(found).items() if status == "not checked"}
    assert unmade == {"evidence", "evidence-integrity", "figures"}
    assert "3 could not be made" in found["headline"]
    store.retag("evidence_location", "file:///seen/and/approved/by/the/Department")
    assert "approved" not in run("audit", MODEL, "--tracking-uri", store.uri)[1]
    found = audit_json(store, "--evidence", store.folder / "locked")
    assert statuses(found)["figures"] == "passed"
    place = store.folder / "locked" / "reception_sen" / store.version_id
    assert statuses(audit_json(store, "--evidence", place))["figures"] == "passed"


def test_evidence_that_is_named_and_is_not_there_is_a_mistake_of_the_call(store: Store, tmp_path: Path) -> None:
    code, out, err = run("audit", MODEL, "--tracking-uri", store.uri, "--evidence", tmp_path)
    assert (code, out) == (2, "")
    assert "no evidence of this version" in err


@pytest.mark.parametrize("name", ["evidence.parquet", "ledger.db", "tables.json"])
def test_what_this_machine_does_not_give_is_no_difference(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # SQLite opens a file by itself, after it is looked at
    calls = ((os, os.stat),) if name == "ledger.db" else ((os, os.open), (Path, Path.open))
    for module, call in calls:

        def refuse(
            path: Any, *how: Any, call: Any = call, **more: Any
        ) -> Any:  # as for who has no right, and is not root
            if Path(path).name == name:
                raise PermissionError(13, "Permission denied", str(path))
            return call(path, *how, **more)

        monkeypatch.setattr(module, call.__name__, refuse)
    if name == "tables.json":  # without the version nothing can be said
        code, out, err = run("audit", MODEL, "--tracking-uri", store.uri)
        assert (code, out) == (3, "")
        assert "tables.json cannot be read (Permission denied)" in err
        return
    found = audit_json(store)
    assert found["result"] == "incomplete"
    needs = {"evidence.parquet": {"evidence", "evidence-integrity", "figures"}}
    unmade = {id for id, status in statuses(found).items() if status == "not checked"}
    assert unmade == needs.get(name, {"ledger", "aliases", "decisions"})
    assert "read" in json.dumps(found)
    assert "Permission denied" in json.dumps(found)


def test_the_evidence_of_another_version_is_found(store: Store) -> None:
    other = store.of(2).evidence
    found = audit_json(store, "--evidence", other.parent)
    assert statuses(found)["evidence"] == "FAILED"
    assert statuses(found)["figures"] == "FAILED"


def test_evidence_that_is_no_table_is_found_and_nothing_of_it_is_told(store: Store) -> None:
    store.evidence.write_bytes(b"Zaphod Beeblebrox," * 1000)
    found = audit_json(store)
    assert statuses(found)["evidence-integrity"] == "FAILED"
    assert "Zaphod" not in json.dumps(found)


def test_nothing_of_a_child_is_told(store: Store) -> None:
    """Whatever is wrong with the evidence, its rows stay in it."""
    store.rewrite_evidence(lambda table: table.iloc[::-1].assign(outcome=0))
    text = json.dumps(audit_json(store))
    table = store.evidence
    import pandas as pd

    scores = {repr(score) for score in pd.read_parquet(table)["score.candidate"]}
    assert not any(score in text for score in scores)


def test_an_exported_folder(trained: Any) -> None:
    code, out, err = run("audit", trained.exported, "--evidence", trained.folder / "evidence", "--key",
                         trained.keys / "public.pem", "--json")  # fmt: skip
    assert code == 0, err
    found = statuses(json.loads(out))
    assert found["signature"] == found["figures"] == found["pages"] == "passed"
    assert found["manifest"] == "not asked for"
    assert "metrics" not in found
    assert "a folder knows of no run" in " ".join(json.loads(out)["out_of_scope"])


@pytest.mark.usefixtures("other_code")
def test_other_code_is_no_difference_and_hides_none_of_the_hashes(store: Store) -> None:
    assert audit_json(store)["green"] is True  # what can be derived all the same is
    store.rewrite_evidence(lambda table: table.assign(outcome=1 - table["outcome"]))
    found = audit_json(store)
    assert (found["green"], found["result"]) == (False, "incomplete")
    assert statuses(found)["figures"] == "not checked"
    told_why = next(check["summary"] for check in found["checks"] if check["id"] == "figures")
    assert "Other code made it" in told_why
    assert "0.2.0+0123456789ab" in told_why
    assert statuses(audit_json(store, "--key", store.keys / "public.pem"))["signature"] == "FAILED"


# Keys.


@pytest.mark.posix
def test_a_pair_of_keys_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "pair"
    code, out, err = run("generate-keys", "--out", folder, "--json")
    assert code == 0, err
    assert stat.S_IMODE((folder / "private.pem").stat().st_mode) == 0o600
    assert len(json.loads(out)["id"]) == 64
    before = (folder / "private.pem").read_bytes()
    code, _, err = run("generate-keys", "--out", folder)
    assert code == 2
    assert "no key is written over" in err
    assert (folder / "private.pem").read_bytes() == before


@pytest.mark.parametrize("name", ["private.pem", "text.pem", "rsa.pem", "absent.pem"])
def test_a_key_that_is_no_public_key(store: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.pem").write_text("hello", encoding="utf-8")
    shutil.copy(store.keys / "private.pem", tmp_path)
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    other = rsa.generate_private_key(65537, 2048).public_key()
    (tmp_path / "rsa.pem").write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    code, _, err = run("audit", MODEL, "--tracking-uri", store.uri, "--key", tmp_path / name)
    assert code == 2
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def test_another_key_and_an_unsigned_version_are_differences(store: Store, tmp_path: Path) -> None:
    run("generate-keys", "--out", tmp_path / "other")
    found = audit_json(store, "--key", tmp_path / "other" / "public.pem")
    assert {id for id, status in statuses(found).items() if status == "FAILED"} == {"signature"}
    (store.bundle / "signature.json").unlink()
    assert statuses(audit_json(store, "--key", store.keys / "public.pem"))["signature"] == "FAILED"


def test_training_refuses_a_key_inside_the_store(trained: Any, small_spec: Path, tmp_path: Path) -> None:
    inside = tmp_path / "evidence" / "keys"
    run("generate-keys", "--out", inside)
    uri = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    code, _, err = run("train", small_spec, "--data", trained.data, "--tracking-uri", uri, "--evidence",
                       tmp_path / "evidence", "--sign", inside / "private.pem")  # fmt: skip
    assert code == 2
    assert "inside the MLflow or the evidence store" in err


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
def test_the_signature_can_be_checked_without_us(store: Store, tmp_path: Path, repository: Path) -> None:
    """The two lines of the tutorial, which import nothing of ours."""
    tutorial = (repository / "docs" / "tutorials" / "auditor.md").read_text("utf-8")
    take_apart, verify = (line.strip() for line in tutorial.splitlines() if line.startswith("    ") and "sig" in line)
    for path in (store.bundle / "signature.json", store.keys / "public.pem"):
        shutil.copy(path, tmp_path)

    def said(line: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, check=False)

    statement = json.loads(said(take_apart).stdout)
    assert said(verify).returncode == 0
    (tmp_path / "signed").write_bytes((tmp_path / "signed").read_bytes()[:-1])
    assert said(verify).returncode != 0
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    digests = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    assert digests["manifest.json"] == store.hashes["manifest_sha256"]
    assert digests["evidence.parquet"] == store.hashes["evidence_sha256"]


# Hostile stores.


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b'{"version": 7}',
        b'{"version": {"id": "../../.."}}',
        b"\xff\xfe",
        b'{"version": {"id": NaN}}',
    ],
    ids=["empty", "deep", "number", "path", "bytes", "nan"],
)
def test_hostile_json_is_a_difference_and_no_crash(store: Store, content: bytes) -> None:
    (store.bundle / "published.json").write_bytes(content)
    store.rehash()
    assert audit_json(store)["green"] is False


@pytest.mark.posix
def test_a_huge_file_a_pipe_and_a_link_out_of_the_store_are_never_opened(store: Store, tmp_path: Path) -> None:
    with (store.bundle / "tables.json").open("wb") as file:
        file.truncate(200 * 2**20)
    os.mkfifo(store.run / "plots" / "more.svg")
    (store.model / "more").symlink_to("/dev/zero")
    (store.run / "away").symlink_to("/", target_is_directory=True)
    found = audit_json(store)
    assert statuses(found)["files"] == statuses(found)["copies"] == "FAILED"
    named = {each["where"] for check in found["checks"] for each in check["differences"]}
    assert {"bundle/tables.json", "plots/more.svg", "more", "away"} <= named


def test_a_terminal_is_not_steered(store: Store) -> None:
    store.execute("update model_versions set description = ? where version = 1", "\x1b[2J\x1b[32mGREEN")
    code, out, _ = run("audit", MODEL, "--tracking-uri", store.uri)
    assert code == 1
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("model", "code", "words"),
    [
        ("models:/reception_sen/9", 2, "The registry has no"),
        ("models:/other/1", 2, "It has reception_sen"),
        ("reception_sen", 2, "no exported model"),
        ("nowhere/at/all", 2, "no exported model"),
    ],
)
def test_what_is_not_there(store: Store, model: str, code: int, words: str) -> None:
    found, out, err = run("audit", model, "--tracking-uri", store.uri)
    assert (found, out) == (code, "")
    assert words in err


def test_a_server_that_is_down_is_said_at_once() -> None:
    code, _, err = run("audit", MODEL, "--tracking-uri", "http://127.0.0.1:9")
    assert code == 3
    assert "No server answers at http://127.0.0.1:9" in err


def test_a_run_that_was_deleted_for_good(store: Store) -> None:
    run_id = store.run_id
    for table in ("latest_metrics", "metrics", "params", "tags"):
        store.execute(f"delete from {table} where run_uuid = ?", run_id)
    with store.database() as connection:
        connection.execute("pragma foreign_keys = off")
        connection.execute("delete from runs where run_uuid = ?", (run_id,))
    code, _, err = run("audit", MODEL, "--tracking-uri", store.uri)
    assert code == 3
    assert "did not give or take what was asked (RESOURCE_DOES_NOT_EXIST)" in err


@pytest.mark.slow
def test_a_run_that_missed_its_gates_can_be_audited(
    store: Store, trained: Any, small_spec: Path, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    text = small_spec.read_text("utf-8").replace("metric: roc_auc, at_least: 0.60", "metric: roc_auc, at_least: 0.999")
    spec.write_text(text.replace("challengers: [lightgbm]", "challengers: []"), encoding="utf-8")
    made = train(spec, trained.data, tracking_uri=store.uri, evidence=store.folder / "evidence", threads=1,
                 sign=store.keys / "private.pem")  # fmt: skip
    assert made.registered_version is None

    def of_the_run() -> dict[str, Any]:
        code, out, err = run("audit", made.model_uri, "--tracking-uri", store.uri, "--key", store.keys / "public.pem",
                             "--json")  # fmt: skip
        found = dict(json.loads(out))
        assert code == {"green": 0, "red": 1, "incomplete": 4}[found["result"]], err
        return found

    found = of_the_run()
    assert found["green"] is True, json.dumps([check for check in found["checks"] if check["status"] == "FAILED"])
    assert found["metadata"]["registered"] == "not registered"
    assert statuses(found)["signature"] == statuses(found)["figures"] == statuses(found)["served"] == "passed"
    assert not {"ledger", "aliases", "decisions"} & set(statuses(found))
    store.execute("update tags set value = 'passed' where key = 'gates' and run_uuid = ?", made.run_id)
    assert statuses(of_the_run())["tags"] == "FAILED"


def test_an_earlier_version_that_is_not_accounted_for_is_named(store: Store) -> None:
    """Version 2 held a school out: counts of groups beside those of version 1 would give that school away."""
    second = store.of(2)
    (told_of,) = json.loads((second.bundle / "published.json").read_bytes())["disclosure"]["prior_releases"]
    assert (told_of["version"], told_of["different_cohort"]) == (store.version_id, True)
    second.republish(lambda document: document["disclosure"].update(prior_releases=[]))
    found = next(check for check in second.audit().checks if check.id == "prior-releases").result
    assert found.status == "FAILED"
    left_out = next(each for each in found.differences if each.where == "$.disclosure.prior_releases")
    assert store.version_id in left_out.expected


@pytest.mark.parametrize(
    ("model", "words"), [("runs:/0123", "no run"), ("runs:/", "no run"), ("runs:/../x", "no run"), (None, "registered")]
)
def test_a_run_that_is_none_or_is_registered(store: Store, model: str | None, words: str) -> None:
    code, out, err = run("audit", model or f"runs:/{store.run_id}/bundle", "--tracking-uri", store.uri)
    assert (code, out) == (2, "")
    assert words in err
    assert model or MODEL in err


@pytest.mark.usefixtures("other_code")
def test_other_code_is_its_own_word_until_it_is_signed(store: Store) -> None:
    """Who controls the store could say so of any version, and have every difference called inconclusive."""
    store.rewrite_evidence(lambda table: table.assign(outcome=1 - table["outcome"]))
    found = audit_json(store)
    assert found["result"] == "incomplete"
    assert "its own word" in json.dumps(found)
    # what is signed is other evidence, so nothing is believed
    found = audit_json(store, "--key", store.keys / "public.pem")
    assert found["result"] == "red"
    assert statuses(found)["figures"] == "FAILED"


@pytest.mark.usefixtures("other_code")
def test_a_signature_confirms_what_made_a_version(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_check_pages, "render_plots", lambda report: {"plots/absence.svg": "drawn otherwise by now"})
    found = audit_json(store, "--key", store.keys / "public.pem")
    assert statuses(found)["signature"] == "passed"
    assert statuses(found)["plots"] == "not checked"
    assert "its own word" not in json.dumps(found)


@pytest.mark.usefixtures("other_code")
@pytest.mark.parametrize("what", ["loader", "tag"])
def test_other_code_makes_nothing_inconclusive_that_no_code_writes(store: Store, what: str) -> None:
    if what == "tag":
        store.execute("update model_version_tags set value = 'Somebody' where key = 'promoted_by' and version = 1")
    else:
        path = store.model / "MLmodel"
        text = path.read_text("utf-8").replace("mlflow.pyfunc.loaders.code_model", "mlflow.sklearn")
        path.write_text(text, encoding="utf-8", newline="\n")
        store.rewrite_hash("model_sha256", folder_sha256(store.model))
    found = audit_json(store)
    assert found["result"] == "red"
    assert statuses(found)["decisions" if what == "tag" else "served"] == "FAILED"


def test_a_file_that_is_missing_is_named(store: Store) -> None:
    (store.bundle / "card.md").unlink()
    code, out, _ = run("audit", MODEL, "--tracking-uri", store.uri)
    assert code == 1
    assert "  card.md: in the version no such file; expected a file with the SHA-256 " in out


@pytest.mark.slow
def test_a_withdrawn_version_can_be_audited(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.tracking._tracking_service import utils

    monkeypatch.setattr(utils, "_artifact_repos_cache", OrderedDict())
    who = ("--by", "A. Board", "--reason", "A trial of this command")
    assert run("withdraw", MODEL, *who, "--tracking-uri", store.uri)[0] == 0
    code, out, err = run("audit", MODEL, "--tracking-uri", store.uri)
    assert code == 0, out + err
    entry = json.loads(read_rows(store.ledger)[-1])
    words = f"on {entry['when'][:10]} by A. Board: A trial of this command"
    assert f"It was withdrawn {words}\n" in out
    # what is quoted is the ledger's, and the registry's copy is held against it, to the last sign
    forged = [
        f"on 2024-01-01 by A. Board: {entry['reason']}",
        f"for maintenance only, may be used again from 1 December, {words}",
        f"{words}, and let in again",
        words.replace("A. Board", "А. Board"),  # a Cyrillic letter
    ]
    for tag in forged:
        store.execute("update model_version_tags set value = ? where key = 'withdrawn'", tag)
        found = audit_json(store, "--out", tmp_path / "audit")
        assert (found["metadata"]["withdrawn"], statuses(found)["decisions"]) == (words, "FAILED")
        (difference,) = next(check["differences"] for check in found["checks"] if check["id"] == "decisions")
        assert (difference["where"], difference["expected"]) == ("tag withdrawn", words)
        del difference["actual"]
        assert tag not in json.dumps(found, ensure_ascii=False)
        code, _, err = run("screen", MODEL, "children.csv", "--out", tmp_path / "lists", "--tracking-uri", store.uri)
        assert (code, "was withdrawn for good. Use another version" in err) == (1, True)
    store.ledger.rename(tmp_path / "elsewhere.db")
    found = audit_json(store, "--ledger", tmp_path / "elsewhere.db")
    assert found["metadata"]["withdrawn"] == words
    store.execute("delete from model_version_tags where key = 'withdrawn'")
    found = audit_json(store, "--ledger", tmp_path / "elsewhere.db")
    assert (found["metadata"]["withdrawn"], statuses(found)["decisions"]) == (words, "FAILED")
