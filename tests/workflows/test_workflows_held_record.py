"""What is held on a child can be asked for, and erased: then nobody can read it, and the ledger still verifies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from send_screen import decisions, erase, letter, record, screen
from send_screen.errors import LedgerError, ReadError, UsageError
from send_screen.governance import read_ledger, records_of_entry
from send_screen.workflows import _erase


@pytest.fixture(scope="module")
def school_folder(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lists; in the first, something was decided about its first child."""
    folder = tmp_path_factory.mktemp("school")
    screen(trained.exported, trained.school_file, out=folder / "july", capacity="7")
    path = folder / "july" / "list.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.loc[0, ["what_we_decided", "decided_by", "note"]] = ["Assess", "A. Senco", "<script>hears badly?</script>"]
    rows.to_csv(path, index=False)
    decisions(path)
    screen(trained.exported, trained.school_file, out=folder / "autumn", capacity="7")
    return folder


@pytest.fixture
def school(school_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(school_folder, tmp_path / "school"))


@pytest.fixture(scope="module")
def listed(school_folder: Path) -> list[str]:
    return [*pd.read_csv(school_folder / "july" / "list.csv", dtype=str)["child_id"]]


@pytest.fixture(scope="module")
def not_listed(trained: Any, listed: list[str]) -> str:
    rows = pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)
    return next(upn for upn in rows["UPN"][::-1] if upn not in listed)


def test_the_record_holds_every_list_and_what_was_decided(school: Path, listed: list[str]) -> None:
    found = record(listed[0], out=school / "request", ledger=school / "ledger.db")
    assert (found.n_lists, found.n_listed) == (2, 2)
    held = json.loads((school / "request" / "record.json").read_text("utf-8"))
    first, second = held["lists"]
    assert first["record"]["rank"] == 1
    assert first["decisions"][0]["decision"]["decision"] == "assess"
    assert second["decisions"] == []
    page = (school / "request" / "record.html").read_text("utf-8")
    assert "on the list, place 1 of 7" in page
    assert "Assess, by A. Senco" in page
    assert "<script>" not in page
    assert "&lt;script&gt;hears badly?" in page
    for words in ("What spoke for a look", "The score", "Of 10 models", "Articles 22A to 22D", "for the role “senco”"):
        assert words in page
    for text in first["record"]["values"].values():
        assert text in page


def test_a_child_who_was_never_listed_has_a_record_and_no_letter(school: Path, not_listed: str) -> None:
    found = record(not_listed, out=school / "request", ledger=school / "ledger.db")
    assert (found.n_lists, found.n_listed) == (2, 0)
    assert "not on the list" in (school / "request" / "record.html").read_text("utf-8")
    with pytest.raises(UsageError, match="on no list"):
        letter(not_listed, out=school / "letter.html", ledger=school / "ledger.db")


def test_neither_console_nor_notebook_shows_the_child(school: Path, listed: list[str]) -> None:
    found = record(listed[0], out=school / "request", ledger=school / "ledger.db")
    shown = found.to_text() + repr(found) + json.dumps(found.to_dict())
    assert listed[0] not in shown
    assert "hears badly" not in shown


def test_who_asked_is_recorded_and_told_the_next_time(school: Path, listed: list[str]) -> None:
    record(listed[0], out=school / "one", ledger=school / "ledger.db")
    letter(listed[0], out=school / "letter.html", ledger=school / "ledger.db")
    record(listed[0], out=school / "two", ledger=school / "ledger.db")
    held = json.loads((school / "two" / "record.json").read_text("utf-8"))
    assert [each["what"] for each in held["disclosed"]] == ["record", "letter"]
    record(listed[1], out=school / "three", ledger=school / "ledger.db")
    assert json.loads((school / "three" / "record.json").read_text("utf-8"))["disclosed"] == []


def test_a_stranger_has_no_record_and_no_folder_is_made(school: Path) -> None:
    with pytest.raises(UsageError, match="holds nothing on this child"):
        record("A999999999999", out=school / "request", ledger=school / "ledger.db")
    with pytest.raises(UsageError, match="holds nothing on this child"):
        record("A999999999999", out=school / "request", ledger=school / "nowhere.db")
    assert not (school / "request").exists()
    assert not (school / "nowhere.db").exists()


def test_a_letter_has_the_reasons_and_no_score(school: Path, listed: list[str]) -> None:
    letter(listed[0], out=school / "letter.html", ledger=school / "ledger.db")
    page = (school / "letter.html").read_text("utf-8")
    rows = pd.read_csv(school / "july" / "list.csv", dtype=str, keep_default_na=False)
    assert rows["name"][0] in page
    for words in ("Articles 22A to 22D", "You may object", "not a diagnosis", "your worry counts"):
        assert words in page
    for figure in (rows["percent"][0], rows["score_log_odds"][0][:5], "place", "log-odds", "score"):
        assert f" {figure} " not in page
    with pytest.raises(UsageError, match="is there already"):
        letter(listed[0], out=school / "letter.html", ledger=school / "ledger.db")


def test_an_authority_edits_the_letter(school: Path, listed: list[str]) -> None:
    mine = school / "mine.html.j2"
    letter(listed[0], out=school / "letter.html", template=mine, ledger=school / "ledger.db")
    assert not (school / "letter.html").exists()
    mine.write_text(mine.read_text("utf-8").replace("Yours sincerely", "With kind regards"), encoding="utf-8")
    letter(listed[0], out=school / "letter.html", template=mine, ledger=school / "ledger.db")
    assert "With kind regards" in (school / "letter.html").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "{{ score }}",
        "{% if %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ child.__init__.__globals__ }}",
        "{{ reasons.append('x') }}",
        "{% include 'held_record.html.j2' %}",
        "{{ 1 / 0 }}",
        '{{ "%(a)s" % {} }}',
    ],
)
def test_a_template_can_do_nothing_but_write_a_letter(school: Path, listed: list[str], text: str) -> None:
    (school / "mine.j2").write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match="template of the letter has a mistake"):
        letter(listed[0], out=school / "letter.html", template=school / "mine.j2", ledger=school / "ledger.db")
    assert not (school / "letter.html").exists()


def test_an_erased_child_can_be_read_by_nobody_and_the_chain_holds(
    school: Path, listed: list[str], trained: Any
) -> None:
    before = read_ledger(school / "ledger.db")
    run = before.entries[0]
    pseudonym = run.listed[0].child
    found = erase(listed[0], by="A. Head", reason="a parent asked", ledger=school / "ledger.db")
    assert found.ok
    after = read_ledger(school / "ledger.db")
    after.require_unaltered()
    assert after.entries[: len(before.entries)] == before.entries  # totals remain
    assert dict(records_of_entry(school / "ledger.db", 1))[pseudonym] is None
    with pytest.raises(UsageError, match="holds nothing on this child"):
        record(listed[0], out=school / "request", ledger=school / "ledger.db")
    with pytest.raises(LedgerError, match="Nothing in the ledger leads to this child"):
        erase(listed[0], by="A. Head", reason="a parent asked", ledger=school / "ledger.db")
    # another child is as before, and the next list says that one was erased
    assert record(listed[1], out=school / "request", ledger=school / "ledger.db").n_lists == 2
    again = screen(trained.exported, trained.school_file, out=school / "spring", capacity="7")
    assert again.result.since.n_erased == 1
    assert again.result.listed[0].last_time.kind is None


@pytest.mark.parametrize("given", [{}, {"by": "A"}, {"reason": "because"}, {"by": "A", "reason": " "}])
def test_an_erasure_has_a_name_and_a_reason(school: Path, listed: list[str], given: dict[str, str]) -> None:
    content = (school / "ledger.db").read_bytes()
    with pytest.raises(UsageError):
        erase(listed[0], ledger=school / "ledger.db", **given)
    assert (school / "ledger.db").read_bytes() == content


@pytest.mark.parametrize("typed", [lambda upn: f"{upn} ", str.lower, lambda upn: f"{upn[:4]} {upn[4:]}"])
def test_a_upn_is_found_however_it_is_typed(school: Path, listed: list[str], typed: Any) -> None:
    child = listed[0]
    text = typed(child)
    assert record(text, out=school / "request", ledger=school / "ledger.db").n_lists == 2
    assert erase(text, by="A. Head", reason="asked", ledger=school / "ledger.db").entry is not None
    with pytest.raises(UsageError, match="holds nothing"):
        record(child, out=school / "gone", ledger=school / "ledger.db")


def test_what_is_held_under_another_identifier_is_told(school: Path, listed: list[str]) -> None:
    record(listed[0], out=school / "request", ledger=school / "ledger.db")
    assert "former pupil number" in (school / "request" / "record.html").read_text("utf-8")
    done = erase(listed[0], by="A. Head", reason="asked", ledger=school / "ledger.db")
    assert "former UPN" in done.to_text()


def test_what_is_to_be_erased_is_one_thing(listed: list[str]) -> None:
    for child, expired in ((None, False), (listed[0], True)):
        with pytest.raises(UsageError, match="not clear"):
            erase(child, expired=expired, by="A", reason="b")


def test_what_is_past_its_date_is_listed_and_erased(
    school: Path, listed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = school / "ledger.db"
    assert erase(expired=True, ledger=ledger).runs == ()
    first = read_ledger(ledger).entries[0]
    days = (pd.Timestamp(first.keep_until) - pd.Timestamp(first.when.date())).days
    assert days == 365  # the shortest of its contracts

    class Later(_erase.dt.date):
        @classmethod
        def today(cls) -> Any:
            return cls.fromisoformat(first.keep_until) + _erase.dt.timedelta(days=1)

    monkeypatch.setattr(_erase.dt, "date", Later)
    shown = erase(expired=True, ledger=ledger)
    assert (len(shown.runs), shown.entry) == (2, None)
    assert "add --by and --reason" in shown.to_text()
    done = erase(expired=True, by="A. Head", reason="retention", ledger=ledger)
    assert done.entry is not None
    read_ledger(ledger).require_unaltered()
    with pytest.raises(UsageError, match="past their date"):
        record(listed[0], out=school / "request", ledger=ledger)
    assert {record for _, record in records_of_entry(ledger, 1)} == {None}
    assert erase(expired=True, ledger=ledger).runs == ()


def test_a_reason_may_not_name_the_child(school: Path, listed: list[str]) -> None:
    name = pd.read_csv(school / "july" / "list.csv", dtype=str)["name"][0]
    content = (school / "ledger.db").read_bytes()
    with pytest.raises(UsageError, match="name is in"):
        erase(listed[0], by="A. Head", reason=f"the parents of {name.split()[0]}", ledger=school / "ledger.db")
    with pytest.raises(UsageError, match="no ledger"):
        erase(listed[0], by="A. Head", reason="asked", ledger=school / "typo.db")
    with pytest.raises(UsageError, match="empty"):
        erase(" ", by="A. Head", reason="asked", ledger=school / "ledger.db")
    assert (school / "ledger.db").read_bytes() == content
    assert not (school / "typo.db").exists()


def test_two_persons_under_one_identifier_are_not_named(trained: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)
    twin = rows.iloc[[0]].assign(Forename="Somebody", Surname="Else", DOB="2021-03-25")
    pd.concat([rows, twin]).to_csv(tmp_path / "pupils.csv", index=False)
    screen(trained.exported, tmp_path / "pupils.csv", out=tmp_path / "list", capacity="7")
    record(rows["UPN"][0], out=tmp_path / "request", ledger=tmp_path / "ledger.db")
    page = (tmp_path / "request" / "record.html").read_text("utf-8")
    assert "Else" not in page
    assert rows["Surname"][0] not in page
