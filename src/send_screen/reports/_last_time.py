"""What the last list said of a child, and what was decided then, as text."""

from __future__ import annotations

from textwrap import shorten

from send_screen.reports._text import format_date, join_list
from send_screen.screening import DecisionRecord, LastTime

_KINDS = {
    None: "nothing is known from the list of {}",
    "listed": "place {rank} on {}",
    "near": "just below the line on {}",
    "not_listed": "not listed on {}",
    "review_sample": "not listed on {}",
}
_MAX_NOTE = 300  # characters; the whole note is in the ledger
_NOT_SCREENED = "not screened on {}"


def describe_last_time(last: LastTime | None) -> str:
    """Return where a child stood on the last list, what changed since, and what was decided; empty without a last list.

    Examples
    --------
    >>> last = LastTime("2026-07-03", "listed", 4, ("Sessions missed: 11 % (was 4 %)",), None, due=False)
    >>> describe_last_time(last)
    'place 4 on 3 July 2026; since then Sessions missed: 11 % (was 4 %)'
    """
    if last is None:
        return ""
    place = _KINDS.get(last.kind, _NOT_SCREENED).format(format_date(last.date), rank=last.rank)
    new = "NEW: " if last.is_new else ""
    changed = f"since then {join_list(last.changed)}" if last.changed else ""
    decided = f"decided: {describe_decision(last.decision, due=last.due)}" if last.decision else ""
    return "; ".join(part for part in (new + place, changed, decided) if part)


def describe_decision(record: DecisionRecord, *, due: bool = False, with_note: bool = True) -> str:
    """Return what was decided about a child, by whom and when, and whether the review is due.

    Examples
    --------
    >>> import datetime as dt
    >>> from send_screen.screening import Decision
    >>> record = DecisionRecord(decision=Decision.WATCH, decided_by="A. Smith", review_on=dt.date(2026, 10, 1))
    >>> describe_decision(record, due=True)
    'Watch and review, by A. Smith; REVIEW DUE since 1 October 2026'
    """
    said = record.decision.label if record.decision else "nothing chosen"
    by = f"by {record.decided_by}" if record.decided_by else ""
    on = f"on {format_date(record.decided_on.isoformat())}" if record.decided_on else ""
    text = ", ".join(part for part in (said, " ".join(part for part in (by, on) if part)) if part)
    review = ""
    if record.review_on:
        state = "REVIEW DUE since" if due else "review on"
        review = f"{state} {format_date(record.review_on.isoformat())}"
    note = f"note: {shorten(record.note, _MAX_NOTE, placeholder=' …')}" if record.note and with_note else ""
    return "; ".join(part for part in (text, review, note) if part)
