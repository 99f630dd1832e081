"""With a ledger named, no answer is given that is not entered; without one, nothing is entered."""

from __future__ import annotations

import datetime as dt
import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from send_screen import erase, record
from send_screen.errors import UsageError
from send_screen.governance import WithdrawalEntry, open_for_append, read_ledger, records_of_child
from send_screen.serving._model import ServedModel
from send_screen.serving._responses import respond


@pytest.fixture
def body(trained: Any) -> bytes:
    """Three children; the last has no identifier."""
    rows = pd.read_csv(trained.school_file, dtype=str).head(3)
    rows.loc[2, "UPN"] = None
    return rows.to_csv(index=False).encode()


def upns(body: bytes) -> list[str]:
    import io

    return list(pd.read_csv(io.BytesIO(body), dtype=str)["UPN"].dropna())


@pytest.fixture
def served(trained: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load the served version, with a ledger for its answers or none."""

    class Context:
        artifacts = {"bundle": str(trained.exported)}  # noqa: RUF012

    def load(place: Any) -> ServedModel:
        monkeypatch.setattr("mlflow.get_tracking_uri", lambda: "http://127.0.0.1:9")
        monkeypatch.setattr("send_screen.serving._model.patch_scoring_server", lambda: None)
        monkeypatch.setenv("MLFLOW_DISABLE_SCHEMA_DETAILS", "true")
        if place is not None:
            monkeypatch.setenv("SEND_SCREEN_SERVED_LEDGER", str(place))
        model = ServedModel()
        model.load_context(Context())
        return model

    return load


def test_each_request_is_one_entry_with_sealed_records(served: Any, body: bytes, ledger_place: Any) -> None:
    model = served(ledger_place)
    for _ in range(2):
        status, text = respond(model.predict_records, body, "text/csv")
        assert status == 200, text
    answers = json.loads(text)["predictions"]
    ledger = read_ledger(ledger_place)
    ledger.require_unaltered()
    assert [entry.kind for entry in ledger.entries] == ["served", "served"]
    entry = ledger.entries[-1]
    assert (entry.version, entry.manifest_sha256) == (model.bundle.published.version.id, model.bundle.manifest_sha256)
    screened = sum(answer["status"] == "screened" for answer in answers)
    assert (entry.answered, entry.refused) == (screened, 3 - screened)
    assert entry.n_records == len(upns(body)) == 2
    for answer, child in zip(answers, upns(body), strict=False):
        number, record = records_of_child(ledger_place, child)[-1]
        assert number == 2
        assert [record["answers"][0][name] for name in ("score", "reasons_for")] == [
            answer["score"],
            answer["reasons_for"],
        ]
        assert child.encode() not in entry.canonical()


def test_a_childs_record_shows_what_was_answered(served: Any, body: bytes, tmp_path: Path) -> None:
    _, text = respond(served(tmp_path / "ledger.db").predict_records, body, "text/csv")
    record(upns(body)[0], out=tmp_path / "asked", ledger=tmp_path / "ledger.db")
    (held,) = json.loads((tmp_path / "asked" / "record.json").read_text(encoding="utf-8"))["served"]
    answer = json.loads(text)["predictions"][0]
    assert {name: held[name] for name in answer.keys() & held.keys()} == {
        name: answer[name] for name in answer.keys() & held.keys()
    }
    assert "Answer of a server" in (tmp_path / "asked" / "record.html").read_text(encoding="utf-8")


def test_what_was_answered_expires_as_a_list_does(
    served: Any, body: bytes, ledger_place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = served(ledger_place)
    for _ in range(2):
        respond(model.predict_records, body, "text/csv")
    until = read_ledger(ledger_place).entries[0].keep_until
    assert until == (dt.date.today() + dt.timedelta(days=365)).isoformat()  # the shortest of its contracts
    assert erase(expired=True, ledger=ledger_place).answers == ()

    class Later(dt.date):
        @classmethod
        def today(cls) -> Any:
            return cls.fromisoformat(until) + dt.timedelta(days=1)

    monkeypatch.setattr("send_screen.workflows._erase.dt.date", Later)
    shown = erase(expired=True, ledger=ledger_place)
    assert ([entry.number for entry in shown.answers], shown.runs, shown.entry) == ([1, 2], (), None)
    assert f"2 requests to a server, from entry 1 to entry 2, kept until {until}" in shown.to_text()
    assert erase(expired=True, by="A. Head", reason="retention", ledger=ledger_place).entry == 3
    read_ledger(ledger_place).require_unaltered()
    assert records_of_child(ledger_place, upns(body)[0]) == []
    with pytest.raises(UsageError, match="past their date"):
        record(upns(body)[0], out=tmp_path / "asked", ledger=ledger_place)
    assert erase(expired=True, ledger=ledger_place).answers == ()


def test_a_running_server_answers_nothing_once_its_ledger_has_a_withdrawal(
    served: Any, body: bytes, ledger_place: Any
) -> None:
    model = served(ledger_place)
    assert respond(model.predict_records, body, "text/csv")[0] == 200
    version = {"version": model.bundle.published.version.id, "manifest_sha256": model.bundle.manifest_sha256}
    with open_for_append(ledger_place) as book:
        book.append(WithdrawalEntry(model="m", registered="1", by="A", reason="It missed boys", **version))
    status, text = respond(model.predict_records, body, "text/csv")
    assert (status, "withdrawn for good" in text) == (410, True)
    assert len(read_ledger(ledger_place).entries) == 2


def test_without_a_ledger_nothing_is_entered(served: Any, body: bytes, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    assert respond(served(None).predict_records, body, "text/csv")[0] == 200
    assert sorted(tmp_path.iterdir()) == before


def test_what_cannot_be_entered_is_not_answered(
    served: Any, body: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "plain").write_text("no folder", encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        status, text = respond(served(tmp_path / "plain" / "ledger.db").predict_records, body, "text/csv")
    assert status == 503
    assert "cannot be entered in the ledger" in text
    assert "predictions" not in text
    assert str(tmp_path) not in text  # whoever asks is not told where it is
    assert "ledger" in caplog.text
    assert not any(child in caplog.text + text for child in upns(body))


def test_an_altered_ledger_lets_no_answer_out(served: Any, body: bytes, ledger_place: Any, alter_ledger: Any) -> None:
    model = served(ledger_place)
    assert respond(model.predict_records, body, "text/csv")[0] == 200
    alter_ledger("update entries set content = replace(content, 'served', 'seared')")
    assert respond(model.predict_records, body, "text/csv")[0] == 503
