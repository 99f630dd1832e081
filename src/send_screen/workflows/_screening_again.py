"""Make a screening run again, and find it in a ledger: the list that is made again is the one that was recorded."""

from __future__ import annotations

from pathlib import Path

from send_screen.cohorts import Cohort
from send_screen.errors import LedgerError
from send_screen.governance import Bundle, ErasureEntry, ScreeningEntry, find_pseudonyms, read_ledger
from send_screen.screening import Capacity, Selection, select_children


def recorded_selection(bundle: Bundle, cohort: Cohort, ledger: str | Path) -> tuple[ScreeningEntry, Selection]:
    """Return the last run of a version in a ledger that listed these children, and the selection made again.

    A child who was erased from the ledger cannot be recognised in it; there must be as many as were erased.

    Raises
    ------
    LedgerError
        If the ledger was altered, or no run in it lists the same children of these files.
    """
    read = read_ledger(ledger)
    read.require_unaltered()
    erased = {entry.child for entry in read.entries if isinstance(entry, ErasureEntry)}
    pseudonyms = find_pseudonyms(ledger, cohort.ids.astype(str).tolist()) if read.entries else {}
    for entry in reversed(read.entries):
        if not isinstance(entry, ScreeningEntry) or entry.manifest_sha256 != bundle.manifest_sha256:
            continue
        capacity = Capacity.parse(entry.capacity)
        selection = select_children(bundle, cohort, capacity=capacity, per_school=entry.per_school)
        listed = [pseudonyms.get(child_id) for child_id in cohort.ids.iloc[selection.listed].astype(str)]
        recorded = {child.child for child in entry.listed}
        if {one for one in listed if one} == recorded - erased and listed.count(None) == len(recorded & erased):
            return entry, selection
    raise LedgerError(
        "No run in this ledger lists the children whom this version lists from these files.",
        file=read.location.name,
        remedy="Give the files as they were when they were screened, the same version, and the ledger of that run.",
    )
