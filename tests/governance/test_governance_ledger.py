"""A ledger is added to and never changed: whatever is done to it is found, and a stopped write loses nothing."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from send_screen.errors import LedgerError, MachineError, UsageError
from send_screen.governance import (
    DecisionEntry,
    Ledger,
    PromotionEntry,
    Pseudonyms,
    RepairEntry,
    ScreeningEndEntry,
    ScreeningEntry,
    WithdrawalEntry,
    deployment_periods,
    entries_after,
    open_for_append,
    read_ledger,
    repair_last_line,
    validate_free_text,
    withdrawal,
)

DAY = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def said(words: str, *, days: int = 0) -> RepairEntry:
    return RepairEntry(by="A", reason=words, truncated="", when=DAY + dt.timedelta(days=days))


def written(path: Path, n: int = 4) -> list[bytes]:
    """Write a ledger of ``n`` entries and return its lines."""
    with open_for_append(path) as book:
        for place in range(n):
            book.append(said(f"thing {place} — Łęcka", days=place))
    return path.read_bytes().splitlines(keepends=True)


def test_what_was_entered_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "book.jsonl"
    assert read_ledger(path).entries == ()
    written(path, 2)
    with open_for_append(path) as book:
        book.append(said("more"))
    ledger = read_ledger(path)
    assert (ledger.faults, ledger.truncated) == ((), b"")
    assert [entry.number for entry in ledger.entries] == [1, 2, 3]
    assert ledger.entries[0].previous == "0" * 64
    assert ledger.entries[2].previous == ledger.entries[1].sha256
    assert json.loads(path.read_bytes().splitlines()[1])["when"] == "2026-03-02T12:00:00+00:00"


def test_the_hash_can_be_worked_out_by_hand(tmp_path: Path) -> None:
    import hashlib

    for line in written(tmp_path / "book.jsonl"):
        entry = json.loads(line)
        claimed = entry.pop("sha256")
        text = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == claimed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [lines[0], lines[1].replace(b"thing", b"thong"), *lines[2:]], "Entry 2 was altered"),
        (lambda lines: [lines[0], lines[1].replace(b",", b", ", 1), *lines[2:]], "Line 2 is not an entry"),
        (lambda lines: [lines[0], b"\xff\n", *lines[2:]], "Line 2 is not an entry"),
        (lambda lines: [*lines[:1], *lines[2:]], "Entry 2 is not where it belongs: entry 3 is in its position"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "Entry 2 is not where it belongs: entry 3"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "Entry 2 is not where it belongs: entry 1 is"),
        (lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]], "Line 1 is not an entry"),  # saved by an editor
        (lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], "Line 1 is not an entry"),
        (lambda lines: [b"[" * 100_000 + b"\n", *lines], "Line 1 is not an entry"),
        (lambda lines: [lines[0].replace(b"repaired", b"burnt"), *lines[1:]], "Line 1 is not an entry"),
        (lambda lines: [lines[0].replace(b'"by"', b'"at":1,"by"'), *lines[1:]], "Line 1 is not an entry"),
        (lambda lines: [lines[0].replace(b'"by":"A",', b""), *lines[1:]], "Line 1 is not an entry"),
        (lambda lines: [lines[0].replace(b"+00:00", b"Z"), *lines[1:]], "Line 1 is not an entry"),
    ],
)
def test_what_was_done_to_it_is_named(tmp_path: Path, change: Any, words: str) -> None:
    path = tmp_path / "book.jsonl"
    path.write_bytes(b"".join(change(written(path))))
    with pytest.raises(LedgerError, match=re.escape(words)) as caught:
        read_ledger(path).require_unaltered()
    assert caught.value.file == "book.jsonl"
    before = path.read_bytes()
    for act in (lambda: open_for_append(path).__enter__(), lambda: repair_last_line(path, by="A", reason="B")):
        with pytest.raises(LedgerError, match="altered"):
            act()
    assert path.read_bytes() == before


def test_an_entry_made_anew_with_its_hash_breaks_the_next(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    lines = written(path)
    (tmp_path / "other.jsonl").write_bytes(lines[0])
    with open_for_append(tmp_path / "other.jsonl") as book:
        book.append(said("never said"))
    path.write_bytes((tmp_path / "other.jsonl").read_bytes() + b"".join(lines[2:]))
    (fault,) = read_ledger(path).faults
    assert fault.startswith("Entry 3 does not follow")


def test_a_truncated_line_is_told_and_only_repaired_by_an_act_that_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    lines = written(path, 3)
    path.write_bytes(b"".join(lines[:2]) + lines[2][:40])
    ledger = read_ledger(path)
    assert len(ledger.entries) == 2
    assert ledger.faults == ()
    with (
        pytest.raises(LedgerError, match="truncated: a write was stopped after entry 2") as caught,
        open_for_append(path),
    ):
        pass
    assert "send-screen repair-ledger" in caught.value.remedy
    entry = repair_last_line(path, by="A", reason="power cut")
    assert entry is not None
    assert entry.truncated == lines[2][:40].decode()
    ledger = read_ledger(path)
    assert (len(ledger.entries), ledger.faults, ledger.truncated) == (3, (), b"")
    assert repair_last_line(path, by="A", reason="again") is None


def test_where_the_disk_is_full_no_half_line_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book.jsonl"
    whole = b"".join(written(path, 2))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with open_for_append(path) as book, pytest.raises(MachineError, match="No space left"):
        book.append(said("lost"))
    assert path.read_bytes() == whole


@pytest.mark.parametrize("name", ["file/book.jsonl", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(MachineError, match="cannot be") as caught, open_for_append(tmp_path / name):
        pass
    assert name in str(caught.value)


def test_many_may_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"

    def write() -> None:
        for _ in range(5):
            with open_for_append(path) as book:
                book.append(said(str(threading.get_ident())))

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = read_ledger(path)
    ledger.require_unaltered()
    assert len(ledger.entries) == 30


def test_a_killed_run_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book.jsonl"
    code = (
        "import sys, time; from send_screen.governance import open_for_append\n"
        "with open_for_append(sys.argv[1]): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()
        monkeypatch.setattr("send_screen.governance._ledger.LOCK_TIMEOUT", 0.1)
        with pytest.raises(LedgerError, match="Another run"), open_for_append(path):
            pass
        run.kill()
    assert len(written(path, 1)) == 1


# Decisions


def promoted(number: str, day: int, *, alias: str = "champion", model: str = "m") -> PromotionEntry:
    return PromotionEntry(
        **decision(number, day, model), alias=alias, override=None, gates=(), trained_on="synthetic", replaces=None
    )


def withdrawn(number: str, day: int) -> WithdrawalEntry:
    return WithdrawalEntry(**decision(number, day, "m"))


def decision(number: str, day: int, model: str) -> dict[str, Any]:
    return {
        "model": model,
        "registered": number,
        "version": f"id{number}",
        "manifest_sha256": "0" * 64,
        "by": "A",
        "reason": "B",
        "when": DAY + dt.timedelta(days=day),
        "sha256": f"{number}{day}",
    }


def test_who_was_champion_on_any_day() -> None:
    entries = [
        promoted("1", 0),
        promoted("9", 1, alias="shadow"),
        promoted("9", 2, model="other"),
        promoted("2", 10),
        said("power cut"),
        withdrawn("2", 15),
        promoted("1", 20),
    ]
    found = deployment_periods(entries, "m")
    assert [(period.began.registered, period.ended and period.ended.kind) for period in found] == [
        ("1", "promoted"),
        ("2", "withdrawn"),
        ("1", None),
    ]
    first = DAY.date()

    def on(day: int) -> list[str]:
        return [period.began.registered for period in found if period.covers(first + dt.timedelta(days=day))]

    assert [on(day) for day in (-1, 0, 9, 10, 14, 15, 16, 19, 20, 999)] == [
        [], ["1"], ["1"], ["1", "2"], ["2"], ["2"], [], [], ["1"], ["1"],
    ]  # fmt: skip
    assert [period.began.registered for period in deployment_periods(entries, "m", alias="shadow")] == ["9"]
    assert withdrawal(entries, "id2") is entries[5]
    assert withdrawal(entries, "id1") is None


def test_the_same_decision_is_known_whenever_it_was_made() -> None:
    one = promoted("1", 0)
    assert one.is_same_decision(promoted("1", 3))
    assert one.is_same_decision(one.model_copy(update={"replaces": "7", "number": 4, "previous": "x"}))
    others: list[DecisionEntry] = [promoted("2", 0), promoted("1", 0, alias="shadow"), withdrawn("1", 0)]
    assert not any(one.is_same_decision(other) for other in others)


def test_withdrawing_another_version_ends_nothing() -> None:
    (period,) = deployment_periods([promoted("1", 0), withdrawn("2", 1)], "m")
    assert period.ended is None


def test_entries_cut_off_the_end_are_found_by_whoever_knows_the_last_hash() -> None:
    entries = [promoted("1", 0), promoted("2", 1), promoted("3", 2, model="other")]
    assert entries_after(entries, "m", "21") == []
    assert entries_after(entries, "m", "10") == entries[1:2]
    assert entries_after(entries, "m", None) == entries[:2]
    with pytest.raises(LedgerError, match="cut off"):
        entries_after(entries[:1], "m", "21")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("\u200b", "empty"),
        ("...", "empty"),
        ("x" * 1001, "longer"),
        ("It missed B801200005001.", "identifier"),
        ("It missed 943 476 5919.", "identifier"),
    ],
)
def test_what_cannot_stand_as_a_reason(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        validate_free_text("--reason", text)


def test_a_reason_is_one_line_of_text() -> None:
    assert validate_free_text("--by", "  Sarah\n Łęcka \ud800") == "Sarah Łęcka \ufffd"


# Screening runs


@pytest.mark.posix
def test_a_pseudonym_is_the_same_under_one_key_and_another_under_another(tmp_path: Path) -> None:
    one, again, other = (Pseudonyms(tmp_path / name) for name in ("a.jsonl", "a.jsonl", "b.jsonl"))
    assert one.of("B801200005001") == again.of("B801200005001") != other.of("B801200005001")
    assert re.fullmatch("[0-9a-f]{32}", one.of("x"))
    assert one.of("x") != one.of("y")
    assert one.key_id == again.key_id != other.key_id
    assert (tmp_path / "a.key").stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob(".a*"))


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    for wrong in ("", "00ff", "no hex"):
        (tmp_path / "a.key").write_text(wrong, encoding="ascii")
        with pytest.raises(LedgerError, match="not the key"):
            Pseudonyms(tmp_path / "a.jsonl")


def test_the_runs_of_a_version_are_found_by_its_id_or_its_files() -> None:
    runs = [
        ScreeningEntry(
            by="A",
            model="m",
            version=version,
            manifest_sha256=manifest,
            file="f",
            folder="lists",
            list_sha256="0",
            capacity="10%",
            per_school=False,
            n_rows=0,
            excluded=0,
            key="0",
            listed=(),
            number=number,
        )
        for number, (version, manifest) in enumerate((("a", "1"), ("b", "1"), ("b", "2"), ("a", "3")), start=1)
    ]
    end = ScreeningEndEntry(screening=2, files=("list.csv",))
    ledger = Ledger(Path(), (*runs, said("power cut"), end))
    found = ledger.screening_runs(version="a", manifest_sha256="1")
    assert found == [(runs[0], None), (runs[1], end), (runs[3], None)]
