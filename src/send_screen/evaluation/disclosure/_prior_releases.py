"""Counts that prior releases on the same children revealed, and what they forbid to publish now."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from send_screen.evaluation.disclosure._contingency_table import ALL, PARTS, SHARES, ContingencyTable, Key, Unit
from send_screen.published import GroupFigure, PriorRelease, RevealedCounts
from send_screen.tables import MINIMUM_CHILDREN

#: A share of a group that was published rounded, and what it lies between.
RoundedShare = tuple[Key, str, float, float]
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
        if row.rounded_to and row.value is not None and row.metric in SHARES:
            revealed["between"][row.metric] = rounded_from(row.value, row.rounded_to)
        if row.n is None:
            continue
        count = (row.value or 0.0) * row.n  # a share of no children is undefined, and of none there are none
        if row.metric == "prevalence":
            revealed |= {"n": row.n, "with_outcome": round(count)}
        elif row.metric in _LISTED:
            revealed[_LISTED[row.metric]] = row.n - count if row.metric == "specificity" else count
    return tuple(
        RevealedCounts(attribute=attribute, group=group, **revealed) for (attribute, group), revealed in found.items()
    )


def rounded_from(value: float, step: float) -> tuple[float, float]:
    """Return what a share lies between that was rounded to ``value``, a multiple of ``step``."""
    return max(0.0, round(value - step / 2, 6)), min(1.0, round(value + step / 2, 6))


_LISTED = {"recall": "true_positives", "specificity": "false_positives"}


@dataclass(frozen=True)
class PriorKnowledge:
    """What a prior release revealed of these children, and what that forbids."""

    forms: list[np.ndarray]
    """Sums that it revealed, each of shape (cells x 4,)."""
    rounded: set[RoundedShare]
    suppressed: set[Unit]
    silenced: set[Unit]
    """Parts of groups that this version may not publish."""


def prior_knowledge(table: ContingencyTable, release: PriorRelease) -> PriorKnowledge:
    """Return what a prior release revealed of these children, and what it suppressed.

    How many are in a group, and how many had the outcome, does not depend on the model. Whom it listed does: that
    counts only where every number it revealed of its list is this version's too, since then it is the same list. Where
    the list may be another, no groups are crossed that it did not cross: how many of them had the outcome would bound
    whom it listed. Nothing is said of the groups of an attribute whose groups it named or combined otherwise: their
    differences would be counts of few. Nor is what differencing would expose; where that is not known, nothing is said
    of a list that may be a part of its list, or the other way round.
    """
    counts = release.counts
    rows = [row for row in counts if (row.attribute, row.group) in table.members]
    same_list = all(_agrees(table, row, count) for row in rows for count in _LISTED.values())
    regrouped = _regrouped(table, counts, same_outcome=release.exposed is None)
    forms: list[np.ndarray] = []
    rounded: set[RoundedShare] = set()
    suppressed: set[Unit] = set()
    for row in rows:
        key = row.attribute, row.group
        for share, (low, high) in row.between.items():
            found = table.between(key, share, low, high)
            if (share == "prevalence" or same_list) and all(table.value(form) <= 1e-6 for form, _ in found):
                rounded.add((key, share, low, high))
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
    shown = {frozenset(row.attribute.split(" × ")) for row in counts}
    surely = same_list and any(getattr(row, count) is not None for row in rows for count in _LISTED.values())
    silenced = [
        key
        for key in table.members
        if not regrouped.isdisjoint(key[0].split(" × "))
        or (key in table.crossed and rows and not surely and frozenset(key[0].split(" × ")) not in shown)
    ]
    rounded = {share for share in rounded if share[0] not in silenced}
    units = {(key, part) for key in silenced for part in PARTS}
    if release.exposed is not None:
        exposed = {((row.attribute, row.group), row.metric) for row in release.exposed}
        units |= {(key, part) for key, part in exposed if key in table.members}
    elif not same_list and not _surely_apart(table, rows):
        units |= {(key, part) for key in table.members for part in PARTS if part != "prevalence" and key != ALL}
    return PriorKnowledge(forms, rounded, suppressed, units)


def _surely_apart(table: ContingencyTable, rows: Sequence[RevealedCounts]) -> bool:
    """Return whether each list surely has ten children, with the outcome and without, who are not on the other."""
    return all(_apart(table, rows, count) >= MINIMUM_CHILDREN for count in _LISTED.values())


def _apart(table: ContingencyTable, rows: Sequence[RevealedCounts], count: str) -> float:
    """Return how many children are at least on either list and not on the other, by what was revealed of a count."""
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
    """Return the attributes whose groups a prior release named or combined otherwise than this version does.

    Where the outcome is known to be the ``same_outcome``, other numbers of children who had it are other groups.
    """
    ours: dict[str, set[str]] = {}
    theirs: dict[str, set[str]] = {}
    for attribute, group in table.members.keys() - table.silent - table.crossed:
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
    """Return whether a release revealed how many of a group it listed, and this version lists as many."""
    if row.true_positives is None or row.false_positives is None:
        return False
    listed = table.count((row.attribute, row.group), "listed")
    return math.isclose(row.true_positives + row.false_positives, listed, abs_tol=1e-6)


def _agrees(table: ContingencyTable, row: RevealedCounts, count: str) -> bool:
    """Return whether a revealed count is this version's as well; what was suppressed agrees with anything."""
    revealed, value = getattr(row, count), table.count((row.attribute, row.group), count)
    return revealed is None or math.isclose(revealed, value, abs_tol=1e-6)
