"""What a ledger has of the children of screening runs: what a run made of them, and what was decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from send_screen.governance import (
    AnyEntry,
    DecisionsEntry,
    LedgerLocation,
    ScreeningEntry,
    pseudonyms_of_entry,
    records_of_entry,
    screening_runs,
)
from send_screen.screening import ChildRecord, DecisionRecord
from send_screen.workflows._list_folder import SUMMARY

_SHARED = 0.5  # of the children of the smaller file, for two runs to be of the same children


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
    records = {
        pseudonym: None if record is None else ChildRecord.model_validate(record, strict=False)
        for pseudonym, record in records_of_entry(location, entry.number)
    }
    decisions: dict[str, DecisionRecord] = {}
    for returned in entries:
        if isinstance(returned, DecisionsEntry) and returned.screening == entry.number:
            for pseudonym, record in records_of_entry(location, returned.number):
                if record is not None:
                    decisions[pseudonym] = DecisionRecord.model_validate(record, strict=False)
    return RecordedRun(entry, records, decisions)


def find_run(entries: Sequence[AnyEntry], run: str) -> ScreeningEntry | None:
    """Return the entry of a run by its id, the last where one was made again with the same list."""
    runs = [entry for entry in entries if isinstance(entry, ScreeningEntry) and entry.run == run]
    return runs[-1] if runs else None


def last_run(
    location: LedgerLocation, entries: Sequence[AnyEntry], *, model: str, role: str, children: Collection[str]
) -> ScreeningEntry | None:
    """Return the last complete run of a model for a role on half of these children or more, by pseudonym."""
    for entry, end in reversed(screening_runs(entries)):
        if entry.model == model and entry.role == role and end is not None and SUMMARY in end.files:
            then = pseudonyms_of_entry(location, entry.number)
            if len(then & {*children}) >= max(1, _SHARED * min(len(then), len(children))):
                return entry
    return None
