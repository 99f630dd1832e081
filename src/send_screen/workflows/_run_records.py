"""What a ledger has of the children of screening runs: what a run made of them, and what was decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from send_screen.governance import (
    AnyEntry,
    DecisionsEntry,
    ExpiryEntry,
    LedgerLocation,
    ScreeningEntry,
    count_shared,
    records_of_entry,
    screening_runs,
)
from send_screen.screening import ChildRecord, DecisionRecord
from send_screen.workflows._list_folder import SUMMARY

_SHARED = 0.5  # of the children of either file, for two runs to be of the same children


@dataclass(frozen=True)
class RecordedRun:
    """A screening run as the ledger has it."""

    entry: ScreeningEntry
    records: dict[str, ChildRecord | None]
    """Pseudonym -> what the run made of the child; None where that was erased."""
    decisions: dict[str, DecisionRecord]
    """Pseudonym -> what was decided last about a child of the run."""


def read_run(location: LedgerLocation, entries: Sequence[AnyEntry], entry: ScreeningEntry) -> RecordedRun:
    """Read the records of a run, and the last decision about each child of it."""
    records = records_of_run(location, entry)
    return RecordedRun(entry, records, last_decisions(location, entries, [entry], records))


def records_of_run(location: LedgerLocation, entry: ScreeningEntry) -> dict[str, ChildRecord | None]:
    """Return pseudonym -> what a run made of the child; None where that was erased or expired."""
    return {
        pseudonym: None if record is None else ChildRecord.model_validate(record, strict=False)
        for pseudonym, record in records_of_entry(location, entry.number)
    }


def last_decisions(
    location: LedgerLocation,
    entries: Sequence[AnyEntry],
    runs: Iterable[ScreeningEntry],
    children: Collection[str],
) -> dict[str, DecisionRecord]:
    """Return pseudonym -> what was decided last after any of some runs; a blank leaves what was there.

    Only lists that came back with some of these ``children`` are read: a ledger may have those of many schools.
    """
    numbers, shared = {run.number for run in runs}, count_shared(location, children)
    decisions: dict[str, DecisionRecord] = {}
    for returned in entries:
        if isinstance(returned, DecisionsEntry) and returned.screening in numbers and returned.number in shared:
            for pseudonym, content in records_of_entry(location, returned.number):
                if content is not None:
                    record = DecisionRecord.model_validate(content, strict=False)
                    before = decisions.get(pseudonym)
                    decisions[pseudonym] = before.followed_by(record) if before else record
    return decisions


def find_run(entries: Sequence[AnyEntry], run: str) -> ScreeningEntry | None:
    """Return the entry of a run by its id, the last where one was made again with the same list."""
    runs = [entry for entry in entries if isinstance(entry, ScreeningEntry) and entry.run == run]
    return runs[-1] if runs else None


def last_run(
    location: LedgerLocation,
    entries: Sequence[AnyEntry],
    *,
    model: str,
    role: str,
    per_school: bool,
    children: Collection[str],
    n_children: int,
) -> ScreeningEntry | None:
    """Return the last complete run of a model for a role that shares half of its children, and half of these.

    ``children`` are the pseudonyms of those of ``n_children`` who are in the ledger.
    """
    shared = count_shared(location, children)
    expired = {number for entry in entries if isinstance(entry, ExpiryEntry) for number in entry.entries}
    for entry, end in reversed(screening_runs(entries)):
        if (
            (entry.model, entry.role, entry.per_school) == (model, role, per_school)
            and end is not None
            and SUMMARY in end.files
            and entry.number not in expired
        ):
            n_shared = shared.get(entry.number, 0)
            if n_shared and n_shared >= _SHARED * max(entry.n_records, n_children):
                return entry
    return None
