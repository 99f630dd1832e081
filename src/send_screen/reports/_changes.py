"""Structural diff of two published reports, or of two specs: every value that differs, with a label for readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from send_screen.published import PublishedReport
from send_screen.reports._groups import QUESTIONS, Groups
from send_screen.reports._render import read_data
from send_screen.reports._text import format_date, stated_percent, whole

ABSENT = "not there"
_ITEM_NAMES = ("name", "contract", "metric", "rule")  # keys that identify the items of a list
# Not compared: always different, or elsewhere on the page.
_NOT_COMPARED = {"id", "name", "outcome_description", "data"}


@dataclass(frozen=True)
class Change:
    """A value that differs: its label, and its text in the first and in the second version."""

    what: str
    first: str
    second: str


@dataclass(frozen=True)
class Changes:
    """One part of a version: the values that differ, and the labels of those that do not."""

    part: str
    changed: tuple[Change, ...]
    same: tuple[str, ...]


def report_changes(first: PublishedReport, second: PublishedReport) -> tuple[Changes, ...]:
    """Return the differences between two published reports by part, measurements excluded."""
    parts: dict[str, tuple[list[Change], list[str]]] = {part: ([], []) for part in read_data("changes.yaml")}
    for path, before, after in _paired_leaves(_comparable(first), _comparable(second)):
        part, label = _label(path)
        changed, same = parts.setdefault(part, ([], []))
        if before != after:
            changed.append(Change(label, before, after))
        elif before != ABSENT:
            same.append(label)
    return tuple(Changes(part, tuple(changed), tuple(same)) for part, (changed, same) in parts.items())


def spec_changes(first: Any, second: Any) -> tuple[Change, ...]:
    """Return every value in which two parsed specs differ, with its path."""
    lines = _paired_leaves(first, second)
    return tuple(Change(" › ".join(path), before, after) for path, before, after in lines if before != after)


def _paired_leaves(first: Any, second: Any) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield each leaf of either document: its path, and its text in both."""
    one, other = dict(_leaves(first)), dict(_leaves(second))
    for path in dict.fromkeys([*one, *other]):
        yield path, one.get(path, ABSENT), other.get(path, ABSENT)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each leaf of a document as text with its path; list items are identified by name where they have one."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(value, (list, tuple)) and value and all(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value, start=1):
            name = next((item[key] for key in _ITEM_NAMES if item.get(key)), number)
            yield from _leaves(item, (*path, str(name)))
    else:
        yield path, ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _comparable(report: PublishedReport) -> dict[str, Any]:
    """Return the comparable parts of a report, with leaves as text."""
    version = {name: value for name, value in report.version.model_dump().items() if name not in _NOT_COMPARED}
    groups = Groups(report)
    counts = {name: getattr(report.cohort, name) for name in ("n", "n_outcome", "n_schools")}
    return {
        "version": {
            **version,
            "children": report.version.children.plural,
            "clusters": report.version.clusters.plural if report.version.clusters else ABSENT,
            "capacity": f"{stated_percent(report.version.capacity)} of 100 children",
            "prohibited_uses": dict.fromkeys(report.version.prohibited_uses, "said"),
            "gates": {gate.gate: gate.required for gate in report.version.gates},
            "review_date": format_date(report.version.review_date),
            "as_of": format_date(report.version.as_of),
            **{name: ABSENT for name in ("bags_sha256", "research_comparison") if version[name] is None},
        },
        "tolerances": {
            QUESTIONS[metric]: f"{stated_percent(gaps[0].tolerance)} of 100"
            for metric, gaps in groups.gaps.items()
            if gaps
        },
        "attributes": "; ".join(groups.tables),
        "shapes": {shape.label: f"from {shape.agency}, monotonic: {shape.monotonic}" for shape in report.shapes},
        "interactions": {" and ".join(interaction.labels): "looked at" for interaction in report.interactions},
        "cohort": {name: ABSENT if n is None else whole(n) for name, n in counts.items()},
        "purpose": {use.contract: use.purpose for use in report.version.data},
        "lawful_basis": {use.contract: use.lawful_basis for use in report.version.data},
        "training_only": {use.contract: "yes" if use.training_only else "no" for use in report.version.data},
    }


def _label(path: tuple[str, ...]) -> tuple[str, str]:
    """Return the part of the page that a path belongs to, and its label for readers."""
    for known, key in ((".".join(path), ""), (".".join([*path[:-1], "*"]), path[-1])):
        for part, labels in read_data("changes.yaml").items():
            if known in labels:
                return part, labels[known].format(key)
    return "Other", " › ".join(path)
