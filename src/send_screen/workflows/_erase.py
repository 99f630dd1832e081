"""Erase a child from a ledger, and the records of runs and of served answers that are past their date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.documents import count
from send_screen.errors import UsageError
from send_screen.governance import (
    LEDGER,
    DecisionsEntry,
    Ledger,
    LedgerLocation,
    ScreeningEntry,
    ServedEntry,
    entries_with_key,
    erase_child,
    open_for_append,
    read_ledger,
    records_of_child,
    validate_free_text,
)
from send_screen.results import Result, Section
from send_screen.workflows._held_record import find_identifier

_ELSEWHERE = (
    "The lists themselves are files in their folders, and may be on paper and in backups: delete them there too."
)
_OTHER_IDENTIFIER = (
    "What was recorded under another identifier of the child, such as a former UPN, is still there: erase it too."
)


@dataclass(frozen=True, repr=False)
class Erasure(Result):
    """What can no longer be read in a ledger."""

    ledger: str
    runs: tuple[ScreeningEntry, ...]
    """Runs that are past their date; none where one child was erased."""
    answers: tuple[ServedEntry, ...]
    """Requests to a server that are past their date."""
    entry: int | None
    """Number of the entry that says so; None where nothing was to be erased, or it was only listed."""
    by_child: bool

    @property
    def headline(self) -> str:
        """What was erased."""
        if self.by_child:
            return f"The child's records in {self.ledger} can no longer be read: entry {self.entry}. Totals remain."
        runs = count(len(self.runs), "run", "runs")
        requests = f" and {self._requests}" if self.answers else ""
        verb = "is" if len(self.runs) == 1 and not self.answers else "are"
        done = f"; their records can no longer be read: entry {self.entry}" if self.entry else ""
        return f"{runs}{requests} {verb} past the date until which records may be kept{done}."

    @property
    def _requests(self) -> str:
        return count(len(self.answers), "request to a server", "requests to a server")

    def sections(self) -> Iterable[Section]:
        """Yield the runs that are past their date, and what is to be deleted elsewhere."""
        lines = [f"entry {run.number}: {run.file}, kept until {run.keep_until}; {run.folder}" for run in self.runs]
        if self.answers:
            first, last = self.answers[0], self.answers[-1]
            entries = f"from entry {first.number} to entry {last.number}"
            lines.append(f"{self._requests}, {entries}, kept until {last.keep_until}")
        if lines:
            yield Section(lines, title="Past their date")
        if lines and self.entry is None:
            yield Section(["Nothing was erased. To erase them, add --by and --reason."])
        elif self.entry is not None:
            yield Section([_ELSEWHERE, *([_OTHER_IDENTIFIER] if self.by_child else [])])

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of entries."""
        numbers = {name: [entry.number for entry in getattr(self, name)] for name in ("runs", "answers")}
        return {"entry": self.entry, **numbers, "by_child": self.by_child}


def erase(
    child: str | None = None,
    *,
    expired: bool = False,
    by: str | None = None,
    reason: str | None = None,
    ledger: str | Path | None = None,
) -> Erasure:
    """Erase a child from a ledger, or the records of all runs that are past their date.

    The keys are destroyed: records can no longer be read, nor a child be found. The ledger says who did so and why; its
    chain can still be verified, and its totals remain.

    Parameters
    ----------
    child : str, optional
        The child's identifier, as in the school's file.
    expired : bool, default False
        In place of a child: all runs and answers of a server past the date until which their contracts allow to keep
        them. Without ``by`` they are only listed.
    by, reason : str, optional
        Who answers for it and why, without anybody's identifier.
    ledger : str or pathlib.Path, optional
        A file, or the address of a PostgreSQL database; by default ``ledger.db`` in the working directory.

    Returns
    -------
    Erasure

    Raises
    ------
    UsageError
        If neither or both of ``child`` and ``expired`` are given, or ``by`` or ``reason`` is missing.
    LedgerError
        If nothing in the ledger leads to the child, or it was altered.

    Examples
    --------
    >>> from send_screen import erase
    >>> erase("A000200006001", by="A. Head", reason="a parent asked", ledger="ledger.db")  # doctest: +SKIP
    <Erasure: The child's records in ledger.db can no longer be read: entry 7. Totals remain.>
    """
    place = ledger or LEDGER
    if (child is None) is not expired:
        raise UsageError("What is to be erased is not clear.", remedy="Give one child's identifier, or --expired.")
    if child is not None:
        if by is None or reason is None:
            raise UsageError(
                "An erasure is for good.", remedy="Say who answers for it and why: --by NAME --reason TEXT."
            )
        child = child.strip()
        if not child:
            raise UsageError("The child's identifier is empty.", remedy="Give it as it is in the school's file.")
        location = LedgerLocation.parse(place)
        if not location.exists():
            raise UsageError(f"There is no ledger at {location}.", remedy="Name it with --ledger.")
        child = find_identifier(place, child)
        _require_no_name(child, place, f"{by} {reason}")
        entry = erase_child(place, child, by=by, reason=reason)
        return Erasure(location.name, (), (), entry.number, by_child=True)
    known = read_ledger(place, records=False)
    known.require_unaltered()
    past = _past_their_date(known, dt.date.today())
    runs = tuple(entry for entry in past if isinstance(entry, ScreeningEntry))
    answers = tuple(entry for entry in past if isinstance(entry, ServedEntry))
    if not past or (by is None and reason is None):
        return Erasure(known.location.name, runs, answers, None, by_child=False)
    by, reason = validate_free_text("--by", by or ""), validate_free_text("--reason", reason or "")
    with open_for_append(place) as open_ledger:
        numbers = {entry.number for entry in past}
        decided = (e.number for e in open_ledger.entries if isinstance(e, DecisionsEntry) and e.screening in numbers)
        number = open_ledger.expire((*sorted(numbers), *decided), by=by, reason=reason).number
    return Erasure(known.location.name, runs, answers, number, by_child=False)


def _require_no_name(child: str, place: str | Path, text: str) -> None:
    """Raise UsageError where a reason, which stays, holds a part of the child's name."""
    words = {word.casefold() for word in re.findall(r"\w{3,}", text)}
    for _, record in records_of_child(place, child):
        if words & {word.casefold() for word in re.findall(r"\w{3,}", str(record.get("name", "")))}:
            raise UsageError("The child's name is in --by or --reason.", remedy="The entry stays: leave it out.")


def _past_their_date(ledger: Ledger, today: dt.date) -> tuple[ScreeningEntry | ServedEntry, ...]:
    readable = entries_with_key(ledger.location)
    return tuple(
        entry
        for entry in ledger.entries
        if isinstance(entry, ScreeningEntry | ServedEntry)
        and entry.number in readable
        and entry.keep_until is not None
        and entry.keep_until < today.isoformat()
    )
