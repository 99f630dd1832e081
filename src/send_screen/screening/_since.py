"""What changed since the last list: who is new, whose place moved and why, who left, and what was decided then."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from send_screen.screening._child_record import ChildRecord
from send_screen.screening._decision_record import DecisionRecord
from send_screen.screening._result import ScreenedChild, ScreeningResult

MAX_CHANGED = 3  # changed values that are named, those that changed the score most first
NOT_IN_FILE = "is not in this file"


@dataclass(frozen=True)
class LastTime:
    """A child who is listed now, or just below the threshold, at the time of the last list."""

    kind: str | None
    """Kind of her record then; None for a child who was not in that file."""
    rank: int | None
    """Her place then, where she was listed or just below the threshold."""
    changed: tuple[str, ...]
    """Values that changed, as text with the earlier one, those that changed the score most first."""
    decision: DecisionRecord | None
    """What was decided last."""


@dataclass(frozen=True)
class LeftChild:
    """A child who was listed, and is neither listed nor just below the threshold now."""

    name: str
    class_name: str
    rank: int
    why: str
    changed: tuple[str, ...]
    decision: DecisionRecord | None


@dataclass(frozen=True)
class SinceLast:
    """What changed since the last list of the same model for the same role."""

    date: str
    """ISO date of the last list."""
    same_version: bool
    """Whether it was made by this version; if not, places may have moved for that alone."""
    children: Mapping[str, LastTime]
    """Child id -> the last time, of every child who is listed or just below the threshold now."""
    left: tuple[LeftChild, ...]
    """By their places then."""
    n_erased: int
    """Listed children of whom nothing can be read any more, since their records were erased."""


class EarlierChild(NamedTuple):
    """What the ledger has of a child: her record of the last list, and the last decision."""

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
) -> SinceLast:
    """Compare a run with the last list.

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
    visible : collection of str
        The features that the role may see.
    """
    shown = (*result.listed, *result.margin)
    children = {child.child_id: _last_time(child, now, earlier.get(child.child_id), visible) for child in shown}
    excluded = {child.child_id: child.reason for child in result.excluded if child.child_id}
    left, n_erased = [], 0
    for key, then in earlier.items():
        if then.record is None:
            n_erased += 1
        elif then.record.kind == "listed" and key not in children:
            current = now.get(key)
            why = excluded.get(key) or ("is now below the line" if current else NOT_IN_FILE)
            changed = tuple(_changed(then.record, current, visible)) if current and key not in excluded else ()
            record = then.record
            left.append(LeftChild(record.name or key, record.class_name, record.rank or 0, why, changed, then.decision))
    left.sort(key=lambda child: child.rank)
    return SinceLast(date, same_version, children, tuple(left), n_erased)


def _last_time(
    child: ScreenedChild, now: Mapping[str, ChildRecord], then: EarlierChild | None, visible: Collection[str]
) -> LastTime:
    if then is None or then.record is None:
        return LastTime(None, None, (), then.decision if then else None)
    record = then.record
    return LastTime(record.kind, record.rank, tuple(_changed(record, now[child.child_id], visible)), then.decision)


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
