"""Enter into the ledger what people decided about the children of a list that came back."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from send_screen.documents import CHILDREN, count
from send_screen.errors import LedgerError, UsageError
from send_screen.governance import (
    LEDGER,
    DecisionsEntry,
    LedgerLocation,
    OpenLedger,
    current_user,
    find_pseudonyms,
    open_for_append,
)
from send_screen.reports import describe_decision
from send_screen.results import Result, Section
from send_screen.screening import DecidedRow, Decision, DecisionRecord, ReturnedList, read_decisions
from send_screen.workflows._run_records import RecordedRun, find_run, read_run

NOTE_ONLY = "note_only"
_MAX_NAMED = 20  # children, on the console


@dataclass(frozen=True, repr=False)
class EnteredDecisions(Result):
    """What of a list that came back was entered into the ledger, and what was not.

    A notebook shows counts and no child; the text for the console names children, for whoever entered the list.
    """

    file: str
    """Name of the file, without its folder."""
    entries: tuple[DecisionsEntry, ...]
    """The new entries of the ledger: one for each run of which anything changed."""
    n_unchanged: int
    """Rows that the ledger had already."""
    n_blank: int
    """Rows in which nothing is written."""
    changed: tuple[str, ...]
    """Children about whom something else had been entered before: that too stays in the ledger."""
    cleared: tuple[str, ...]
    """Children whose row is blank now; what had been entered stays."""
    not_entered: tuple[str, ...]
    """Rows of which nothing was entered, each with what to do."""
    missing: tuple[str, ...]
    """Children of the list who are not in the file."""
    due: tuple[str, ...]
    """Children whose review is due."""

    @property
    def counts(self) -> dict[str, int]:
        """Decision -> number of children for whom it was entered now."""
        return dict(sum((Counter(entry.counts) for entry in self.entries), Counter()))

    @property
    def ok(self) -> bool:
        """Whether every row was entered, and no listed child is missing."""
        return not self.not_entered and not self.missing

    @property
    def headline(self) -> str:
        """How many decisions were entered."""
        entered = count(sum(self.counts.values()), "decision was", "decisions were")
        return f"{entered} entered from {self.file}; {self.n_unchanged} were in the ledger already."

    def sections(self) -> Iterable[Section]:
        """Yield the counts, and the children for whom something is to be done."""
        labels = {decision.value: decision.label for decision in Decision} | {NOTE_ONLY: "No choice, but a note"}
        yield Section(
            [
                *(f"{label}: {self.counts[value]}" for value, label in labels.items() if value in self.counts),
                f"Nothing is written for {count(self.n_blank, CHILDREN.singular, CHILDREN.plural)} of the file.",
            ]
        )
        for title, lines in (
            ("NOT ENTERED", self.not_entered),
            ("NOT IN THE FILE, though on the list", self.missing),
            ("Changed; what was entered before stays in the ledger too", self.changed),
            ("Blank now; what was entered before stays", self.cleared),
            ("Due for review", self.due),
        ):
            if lines:
                left = len(lines) - _MAX_NAMED
                yield Section([*lines[:_MAX_NAMED], *([f"and {left} more"] if left > 0 else [])], title=title)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, without identifiers or children's data."""
        lists = ("changed", "cleared", "not_entered", "missing", "due")
        return {
            "file": self.file,
            "entered": self.counts,
            "n_unchanged": self.n_unchanged,
            "n_blank": self.n_blank,
            **{f"n_{name}": len(getattr(self, name)) for name in lists},
            "entries": [entry.number for entry in self.entries],
        }


def decisions(file: str | Path, *, ledger: str | Path | None = None) -> EnteredDecisions:
    """Enter what was decided about the children of a list into the ledger of its run.

    Each decision is recorded against the run, its version and the child's pseudonym. What was written stays readable
    for the child alone: it is sealed under the child's own key.

    Parameters
    ----------
    file : str or pathlib.Path
        ``list.xlsx`` or ``list.csv`` of a screening run, with what people wrote in it.
    ledger : str or pathlib.Path, optional
        The ledger of the run: a file, or the address of a PostgreSQL database; by default ``ledger.db`` beside the
        folder of the list.

    Returns
    -------
    EnteredDecisions
        What was entered, every row that was not, and every listed child who is missing. The same file again enters
        nothing.

    Raises
    ------
    ReadError
        If the file cannot be read, or is not the list of a screening run.
    UsageError
        If there is no ledger.
    LedgerError
        If the ledger was altered, or has none of the file's runs.

    Examples
    --------
    >>> from send_screen import decisions
    >>> decisions("lists/list.xlsx")  # doctest: +SKIP
    <EnteredDecisions: 9 decisions were entered from list.xlsx; 0 were in the ledger already.>
    """
    today = dt.date.today()
    returned = read_decisions(file, today=today)
    place = ledger or Path(file).resolve().parent.parent / LEDGER
    location = LedgerLocation.parse(place)
    if not location.exists():
        raise UsageError(
            f"There is no ledger at {location}.",
            remedy="Name the ledger of the run with --ledger: a list that was moved is no longer beside it.",
        )
    with open_for_append(location) as open_ledger:
        runs = {run: find_run(open_ledger.entries, run) for run in returned.runs}
        if not any(runs.values()):
            raise LedgerError(
                "The ledger has no run of which this is the list.",
                file=returned.file,
                remedy=f"Name the ledger of the run with --ledger. This one is {location}.",
            )
        outcome = _Outcome(today)
        entries = []
        for run, entry in runs.items():
            rows = [row for row in returned.rows if row.run == run]
            if entry is None:
                outcome.not_entered += [
                    f"{row.where}: its run is not in the ledger, or the cell was changed. Copy the row from the list "
                    "once more."
                    for row in rows
                ]
            else:
                records = outcome.add(
                    read_run(open_ledger.location, open_ledger.entries, entry), rows, open_ledger, returned.whole
                )
                entries += [_append(open_ledger, entry.number, returned, records)] if records else []
    return outcome.result(returned.file, tuple(entries))


def unentered_decisions(returned: ReturnedList, ledger: OpenLedger) -> int:
    """Return how many rows of a list say what the ledger does not, or cannot be read."""
    n = 0
    for run in returned.runs:
        rows = [row for row in returned.rows if row.run == run and not row.is_blank]
        entry = find_run(ledger.entries, run)
        if entry is not None:
            recorded = read_run(ledger.location, ledger.entries, entry)
            n += len(_Outcome(dt.date.today()).add(recorded, rows, ledger, frozenset()))
            rows = [row for row in rows if row.problems]
        n += len(rows)
    return n


def _append(
    ledger: OpenLedger, screening: int, returned: ReturnedList, records: Mapping[str, DecisionRecord]
) -> DecisionsEntry:
    entry = DecisionsEntry(
        by=current_user(),
        screening=screening,
        file_sha256=returned.sha256,
        counts=dict(Counter(record.decision.value if record.decision else NOTE_ONLY for record in records.values())),
    )
    return ledger.append(entry, records={child: record.model_dump(mode="json") for child, record in records.items()})


@dataclass
class _Outcome:
    """What becomes of the rows of a list, collected run by run."""

    today: dt.date
    n_unchanged: int = 0
    n_blank: int = 0
    changed: list[str] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    not_entered: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    due: list[str] = field(default_factory=list)

    def add(
        self, run: RecordedRun, rows: Sequence[DecidedRow], ledger: OpenLedger, whole: Collection[str]
    ) -> dict[str, DecisionRecord]:
        """Return child id -> what is to be entered, of the rows of one run; ``whole`` are kinds that all have rows."""
        pseudonyms = find_pseudonyms(ledger.location, [row.child_id for row in rows])
        shown = {row.name for row in rows}
        names = any(record is not None and record.name and record.name in shown for record in run.records.values())
        records: dict[str, DecisionRecord] = {}
        for row in rows:
            pseudonym = pseudonyms.get(row.child_id, "")
            if row.is_blank and (pseudonym in run.records or not row.child_id):
                self.n_blank += 1
                if before := run.decisions.get(pseudonym):
                    self.cleared.append(f"{row.where} ({_in_words(before)})")
                    self._add_due(row, before)
            elif problems := [*row.problems, *_mismatch(row, run, pseudonym, names=names)]:
                self.not_entered.append(f"{row.where}: {' '.join(problems)}")
            elif row.child_id not in records:
                self._add_due(row, row.record)
                before = run.decisions.get(pseudonym)
                if before is not None and before.followed_by(row.record) == before:
                    self.n_unchanged += 1
                    continue
                records[row.child_id] = row.record
                if before is not None:
                    self.changed.append(f"{row.where}: {_in_words(row.record)}, and before {_in_words(before)}")
        there = {*pseudonyms.values()}
        for pseudonym, record in run.records.items():
            if record is not None and record.kind in whole and pseudonym not in there:
                place = f"place {record.rank}" if record.kind == "listed" else _KIND_WORDS[record.kind]
                name = f"{record.name}, " if names and record.name else ""
                self.missing.append(f"{name}{place}, row {record.row} of {run.entry.file}")
        return records

    def _add_due(self, row: DecidedRow, record: DecisionRecord) -> None:
        if record.is_due(self.today):
            self.due.append(f"{row.where} ({_in_words(record)})")

    def result(self, file: str, entries: tuple[DecisionsEntry, ...]) -> EnteredDecisions:
        """Return all of it."""
        return EnteredDecisions(
            file=file,
            entries=entries,
            n_unchanged=self.n_unchanged,
            n_blank=self.n_blank,
            changed=tuple(self.changed),
            cleared=tuple(self.cleared),
            not_entered=tuple(self.not_entered),
            missing=tuple(self.missing),
            due=tuple(dict.fromkeys(self.due)),
        )


_KIND_WORDS = {"near": "just below", "manual_review": "to look at by hand", "review_sample": "drawn at random"}


def _mismatch(row: DecidedRow, run: RecordedRun, pseudonym: str, *, names: bool) -> list[str]:
    """Return why a row may not be the child's, or its dates cannot be right; ``names``: the list shows them."""
    if not row.child_id:
        return ["This child has no identifier in the file, so nothing can be entered. Add it there, and screen again."]
    record = run.records.get(pseudonym)
    if pseudonym in run.records and record is None:
        return ["What was recorded of this child was erased, and nothing is entered any more."]
    if record is None:
        return [
            "No child of this run has this identifier, or the child was erased. Copy the row from the list once more."
        ]
    other_name = names and record.name and row.name != record.name
    if other_name or (row.row_in_file and row.row_in_file != str(record.row)):
        return [
            "The name, the row in the file and the identifier are not of one child: rows may have been sorted apart. "
            "Put the row right, and look at the rows beside it."
        ]
    made = run.entry.when.date()
    decided, review = row.record.decided_on, row.record.review_on
    if decided is not None and decided < made:
        return [f"It was decided before the list was made, on {made.isoformat()}. Put the date right."]
    if review is not None and review < (decided or made):
        return ["The review is before the decision. Put the date right."]
    return []


def _in_words(record: DecisionRecord) -> str:
    return describe_decision(record, with_note=False)  # what was noted stays off a console
