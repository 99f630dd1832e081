"""What changed since the last list: who is new, whose place moved and why, who left, and what was decided then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from send_screen.screening._child_record import ChildRecord
from send_screen.screening._decision_record import DecisionRecord
from send_screen.screening._result import LastTime, LeftChild, ScreenedChild, ScreeningResult, SinceLast

MAX_CHANGED = 3  # changed values that are named
_LISTED = "listed"


class EarlierChild(NamedTuple):
    """What the ledger has of a child: the record of the last list, and the last decision."""

    record: ChildRecord | None
    """None where it was erased."""
    decision: DecisionRecord | None = None


def since_last(
    result: ScreeningResult,
    now: Mapping[str, ChildRecord],
    earlier: Mapping[str, EarlierChild],
    *,
    date: str,
    same_version: bool,
    visible: Collection[str],
    names: bool = True,
) -> ScreeningResult:
    """Return a run with what changed since the last list.

    Parameters
    ----------
    result : ScreeningResult
        The run, as the role may see it.
    now : mapping of str to ChildRecord
        Child id -> record of the run.
    earlier : mapping of str to EarlierChild
        Child id -> what the ledger has, of every child of the last list; those who are not among ``now`` may have any
        other key.
    date : str
        ISO date of the last list.
    same_version : bool
        Whether the same version made it.
    visible : collection of str
        The features that the role may see.
    names : bool
        Whether the role may see names and classes.
    """

    def last_time(then: EarlierChild, current: ChildRecord | None, *, listed: bool = False) -> LastTime:
        record, decision = then.record, then.decision
        due = decision is not None and decision.is_due(dt.date.fromisoformat(result.date))
        if record is None:
            return LastTime(date, None, None, (), decision, due, is_new=listed)
        changed = tuple(_changed(record, current, visible)) if current else ()
        return LastTime(date, record.kind, record.rank, changed, decision, due, listed and record.kind != _LISTED)

    def with_last_time(children: Iterable[ScreenedChild], *, listed: bool = False) -> tuple[ScreenedChild, ...]:
        unknown = EarlierChild(None)
        return tuple(
            replace(
                child,
                last_time=last_time(earlier.get(child.child_id, unknown), now.get(child.child_id), listed=listed),
            )
            for child in children
        )

    listed, margin, drawn = (
        with_last_time(result.listed, listed=True), with_last_time(result.margin), with_last_time(result.review_sample)
    )  # fmt: skip
    shown = {child.child_id for child in (*listed, *margin, *drawn)}
    excluded = {child.child_id: child.reason for child in result.excluded if child.child_id}
    left = []
    for key, then in earlier.items():
        record, current = then.record, now.get(key)
        if record is None or key in shown or (record.kind != _LISTED and then.decision is None):
            continue
        why = excluded.get(key) or _why_not(current)
        name = (record.name or f"row {record.row} of that file") if names else f"row {record.row} of that file"
        still_screened = current if current is not None and current.score is not None else None
        left.append(LeftChild(name, record.class_name if names else "", why, last_time(then, still_screened)))
    return replace(
        result,
        listed=listed,
        margin=margin,
        review_sample=drawn,
        since=SinceLast(
            date=date,
            same_version=same_version,
            n_new=sum(child.last_time is not None and child.last_time.is_new for child in listed),
            left=tuple(sorted(left, key=lambda child: child.last_time.rank or 0)),
            n_erased=sum(then.record is None for then in earlier.values()),
        ),
    )


def _why_not(current: ChildRecord | None) -> str:
    if current is None:
        return "is not in this file"
    return "is now below the line" if current.score is not None else "was not screened"


def _changed(then: ChildRecord, now: ChildRecord, visible: Collection[str]) -> Iterator[str]:
    """Yield the values that changed, those that changed the score most first."""
    names = [
        name
        for name in now.contributions
        if name in visible and name in then.contributions and now.values.get(name) != then.values.get(name)
    ]
    names.sort(key=lambda name: (-abs(now.contributions[name] - then.contributions[name]), name))
    for name in names[:MAX_CHANGED]:
        text, before = now.values.get(name), then.values.get(name)
        if text is None:
            yield f"{before}, and is not known now"
        else:
            yield f"{text} (was {before.partition(': ')[2]})" if before else f"{text} (was not known)"
