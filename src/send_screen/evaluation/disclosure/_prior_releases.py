"""Counts that prior releases (earlier versions) revealed of the same children, and what must be suppressed now."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from send_screen.evaluation.disclosure._contingency_table import ALL, PARTS, RATE_COUNTS, ContingencyTable, Key, Unit
from send_screen.published import GroupFigure, PriorRelease, RevealedCounts
from send_screen.tables import MINIMUM_CHILDREN

#: Group, name, lower and upper bound of a rate that was published rounded.
RoundedRate = tuple[Key, str, float, float]
_COUNTS = ("n", "with_outcome", "true_positives", "false_positives")


def revealed_counts(groups: Iterable[GroupFigure]) -> tuple[RevealedCounts, ...]:
    """Return the counts that published figures of groups reveal, None for those that are suppressed.

    Parameters
    ----------
    groups : iterable of GroupFigure
        The section ``groups`` of a published report.

    Returns
    -------
    tuple of RevealedCounts

    Examples
    --------
    >>> from send_screen.evaluation import measured_sections
    >>> from send_screen.simulation import simulate_evidence
    >>> girls, boys = revealed_counts(measured_sections(simulate_evidence(), replicates=200).groups)
    >>> girls.n + boys.n
    1000
    """
    found: dict[Key, dict[str, Any]] = {}
    for row in groups:
        revealed = found.setdefault((row.attribute, row.group), {**dict.fromkeys(_COUNTS), "between": {}})
        if row.rounded_to and row.value is not None and row.metric in RATE_COUNTS:
            revealed["between"][row.metric] = rounded_from(row.value, row.rounded_to)
        if row.n is None:
            continue
        count = (row.value or 0.0) * row.n  # with denominator 0 the value is None and the count 0
        if row.metric == "prevalence":
            revealed |= {"n": row.n, "with_outcome": round(count)}
        elif row.metric in _COUNT_OF_RATE:
            revealed[_COUNT_OF_RATE[row.metric]] = row.n - count if row.metric == "specificity" else count
    return tuple(
        RevealedCounts(attribute=attribute, group=group, **revealed) for (attribute, group), revealed in found.items()
    )


def rounded_from(value: float, step: float) -> tuple[float, float]:
    """Return the bounds of a rate that was rounded to ``value``, a multiple of ``step``."""
    return max(0.0, round(value - step / 2, 6)), min(1.0, round(value + step / 2, 6))


#: Rates of the list -> the count that each reveals.
_COUNT_OF_RATE = {"recall": "true_positives", "specificity": "false_positives"}


@dataclass(frozen=True)
class PriorKnowledge:
    """What a prior release revealed of the children of this cohort, and what must be suppressed because of it."""

    forms: list[np.ndarray]
    """Counts that it revealed, as linear forms of the contingency table, each of shape (cells x 4,)."""
    rounded: set[RoundedRate]
    """Rates that it published rounded."""
    suppressed: set[Unit]
    """Parts of groups that it suppressed, and that stay suppressed."""
    forbidden: set[Unit]
    """Parts of groups that must be suppressed because of what it revealed."""


def prior_knowledge(table: ContingencyTable, release: PriorRelease) -> PriorKnowledge:
    """Return what a prior release revealed of these children, and what it suppressed.

    Numbers of children, and of those with the outcome, do not depend on the model: they are known to an intruder. Its
    counts of listed children are known facts about this version only where all of them are equal to this version's,
    since then both have the same list. What must be suppressed is:

    - where the lists may differ, combinations of groups that it did not cross, since their numbers with the outcome
      would bound the numbers that it listed;
    - groups of an attribute that it named or combined in another way, since differences of counts could be small;
    - what differencing would expose; where that is unknown, everything about a list that may be a subset or superset of
      its list.
    """
    counts = release.counts
    rows = [row for row in counts if (row.attribute, row.group) in table.members]
    same_list = all(_agrees(table, row, count) for row in rows for count in _COUNT_OF_RATE.values())
    regrouped = _regrouped(table, counts, same_outcome=release.exposed is None)
    forms: list[np.ndarray] = []
    rounded: set[RoundedRate] = set()
    suppressed: set[Unit] = set()
    for row in rows:
        key = row.attribute, row.group
        for rate, (low, high) in row.between.items():
            inequalities = table.rate_inequalities(key, rate, low, high)
            if (rate == "prevalence" or same_list) and all(table.value(form) <= 1e-6 for form, _ in inequalities):
                rounded.add((key, rate, low, high))
        forms += [table.linear_form(key, "listed")] if _lists_as_many(table, row) else []
        if not all(_agrees(table, row, count) for count in ("n", "with_outcome")):
            continue  # another group of the same name
        for part, revealed in PARTS.items():
            if part != "prevalence" and not same_list:
                continue
            if getattr(row, revealed[0]) is None:
                suppressed |= {(key, part)} if part != "prevalence" else {(key, other) for other in PARTS}
            else:
                forms += [table.linear_form(key, count) for count in revealed]
    crossed_before = {frozenset(row.attribute.split(" × ")) for row in counts}
    list_revealed = any(getattr(row, count) is not None for row in rows for count in _COUNT_OF_RATE.values())
    surely_same_list = same_list and list_revealed
    forbidden_groups = [
        key
        for key in table.members
        if not regrouped.isdisjoint(key[0].split(" × "))
        or (
            key in table.crossed
            and rows
            and not surely_same_list
            and frozenset(key[0].split(" × ")) not in crossed_before
        )
    ]
    rounded = {rate for rate in rounded if rate[0] not in forbidden_groups}
    forbidden = {(key, part) for key in forbidden_groups for part in PARTS}
    if release.exposed is not None:
        exposed = {((row.attribute, row.group), row.metric) for row in release.exposed}
        forbidden |= {(key, part) for key, part in exposed if key in table.members}
    elif not same_list and not _lists_surely_differ(table, rows):
        forbidden |= {(key, part) for key in table.members for part in PARTS if part != "prevalence" and key != ALL}
    return PriorKnowledge(forms, rounded, suppressed, forbidden)


def _lists_surely_differ(table: ContingencyTable, rows: Sequence[RevealedCounts]) -> bool:
    """Return whether each list surely has ten children, with the outcome and without, who are not on the other."""
    return all(_least_difference(table, rows, count) >= MINIMUM_CHILDREN for count in _COUNT_OF_RATE.values())


def _least_difference(table: ContingencyTable, rows: Sequence[RevealedCounts], count: str) -> float:
    """Return a lower bound of the number of children on each list and not on the other, from a count of groups."""
    more: dict[str, float] = defaultdict(float)
    fewer: dict[str, float] = defaultdict(float)
    for row in rows:
        revealed = getattr(row, count)
        if revealed is not None and (row.attribute, row.group) not in table.crossed:
            change = table.count((row.attribute, row.group), count) - revealed
            more[row.attribute] += max(change, 0.0)
            fewer[row.attribute] -= min(change, 0.0)
    return min(max(more.values(), default=0.0), max(fewer.values(), default=0.0))


def _regrouped(table: ContingencyTable, counts: Sequence[RevealedCounts], *, same_outcome: bool) -> set[str]:
    """Return the attributes whose groups differ between a prior release and this version.

    With ``same_outcome``, a different number of children with the outcome shows that a group differs, too.
    """
    ours: dict[str, set[str]] = {}
    theirs: dict[str, set[str]] = {}
    for attribute, group in table.members.keys() - table.unpublished - table.crossed:
        ours.setdefault(attribute, set()).add(group)
    for row in counts:
        theirs.setdefault(row.attribute, set()).add(row.group)
    return {
        attribute
        for attribute in ours.keys() & theirs.keys()
        if ours[attribute] != theirs[attribute]
        or not all(
            _agrees(table, row, count)
            for row in counts
            if row.attribute == attribute
            for count in (("n", "with_outcome") if same_outcome else ("n",))
        )
    }


def _lists_as_many(table: ContingencyTable, row: RevealedCounts) -> bool:
    """Return whether a release revealed the number listed of a group, and this version lists as many."""
    if row.true_positives is None or row.false_positives is None:
        return False
    listed = table.count((row.attribute, row.group), "listed")
    return math.isclose(row.true_positives + row.false_positives, listed, abs_tol=1e-6)


def _agrees(table: ContingencyTable, row: RevealedCounts, count: str) -> bool:
    """Return whether a revealed count is equal to this version's; True if it was suppressed."""
    revealed, value = getattr(row, count), table.count((row.attribute, row.group), count)
    return revealed is None or math.isclose(revealed, value, abs_tol=1e-6)
