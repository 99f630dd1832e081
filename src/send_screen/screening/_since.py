"""What changed since the last list: who is new, whose place moved and why, who left, and what was decided then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
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
    """

    def with_last_time(child: ScreenedChild) -> ScreenedChild:
        then = earlier.get(child.child_id, EarlierChild(None))
        return replace(child, last_time=last_time(then, now.get(child.child_id)))

    def last_time(then: EarlierChild, current: ChildRecord | None) -> LastTime:
        record, decision = then.record, then.decision
        due = decision is not None and decision.is_due(dt.date.fromisoformat(result.date))
        if record is None:
            return LastTime(date, None, None, (), decision, due)
        changed = tuple(_changed(record, current, visible)) if current else ()
        return LastTime(date, record.kind, record.rank, changed, decision, due)

    listed, margin, drawn = (
        tuple(map(with_last_time, part)) for part in (result.listed, result.margin, result.review_sample)
    )
    shown = {child.child_id for child in (*listed, *margin)}
    excluded = {child.child_id: child.reason for child in result.excluded if child.child_id}
    left = []
    for key, then in earlier.items():
        if then.record is not None and then.record.kind == _LISTED and key not in shown:
            current = None if key in excluded else now.get(key)
            why = excluded.get(key) or ("is now below the line" if current else "is not in this file")
            left.append(LeftChild(then.record.name or key, then.record.class_name, why, last_time(then, current)))
    return replace(
        result,
        listed=listed,
        margin=margin,
        review_sample=drawn,
        since=SinceLast(
            date=date,
            same_version=same_version,
            n_new=sum(child.last_time is not None and child.last_time.kind != _LISTED for child in listed),
            left=tuple(sorted(left, key=lambda child: child.last_time.rank or 0)),
            n_erased=sum(then.record is None for then in earlier.values()),
        ),
    )


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
