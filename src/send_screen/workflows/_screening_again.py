"""Make a screening run again, and find it in a ledger: what is made again of each child is what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from send_screen.cohorts import Cohort
from send_screen.errors import LedgerError
from send_screen.governance import Bundle, ScreeningEntry, find_pseudonyms, read_ledger
from send_screen.screening import Capacity, Decision, Selection, child_kinds, select_children
from send_screen.workflows._run_records import RecordedRun, read_run


@dataclass(frozen=True)
class RunMadeAgain:
    """A run of a ledger, and the same selection made again from the files."""

    entry: ScreeningEntry
    selection: Selection
    decisions: dict[str, Decision]
    """Identifier -> what was decided last."""


def make_again(bundle: Bundle, cohort: Cohort, ledger: str | Path) -> RunMadeAgain:
    """Return the last run of a version in a ledger that made the same of each of these children.

    A child who was erased from the ledger cannot be recognised in it, and is not compared.

    Raises
    ------
    LedgerError
        If the ledger was altered, or no run in it is of these files.
    """
    read = read_ledger(ledger)
    read.require_unaltered()
    ids = cohort.ids.astype(str).tolist()
    pseudonyms = find_pseudonyms(ledger, ids) if read.entries else {}
    for entry in reversed(read.entries):
        if isinstance(entry, ScreeningEntry) and entry.manifest_sha256 == bundle.manifest_sha256:
            capacity = Capacity.parse(entry.capacity)
            selection = select_children(bundle, cohort, capacity=capacity, per_school=entry.per_school)
            run = read_run(read.location, read.entries, entry)
            if _is_same(run, selection, pseudonyms):
                children = {pseudonym: child_id for child_id, pseudonym in pseudonyms.items()}
                decided = {
                    children[pseudonym]: record.decision
                    for pseudonym, record in run.decisions.items()
                    if record.decision is not None and pseudonym in children
                }
                return RunMadeAgain(entry, selection, decided)
    raise LedgerError(
        "No run in this ledger lists the children whom this version lists from these files.",
        file=read.location.name,
        remedy="Give the files as they were when they were screened, the same version, and the ledger of that run.",
    )


def _is_same(run: RecordedRun, selection: Selection, pseudonyms: dict[str, str]) -> bool:
    """Return whether a run screened the same children, and made the same of each: listed, drawn, just below or none."""
    screened = {name: record.kind for name, record in run.records.items() if record and record.score is not None}
    names = [pseudonyms.get(child_id, child_id) for child_id in selection.cohort.ids.astype(str)]
    made_again = dict(zip(names, child_kinds(selection), strict=True))
    erased = sum(record is None for record in run.records.values())
    unknown = made_again.keys() - screened.keys()
    return len(unknown) <= erased and screened == {name: made_again[name] for name in made_again.keys() - unknown}
