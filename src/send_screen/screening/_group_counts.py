"""Counts by group of the children who could not be screened, in which no number tells of a single child.

A list names those children, so a small count would tell which group a child is in, and an empty group which she is not
in. Small groups are merged until at least ten children of each shown group could not be screened, and at least ten
others are in the file. Where fewer than two groups remain, nothing is shown. Every child is in a shown group, so the
totals, which the list gives, tell nothing by subtraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from send_screen.tables import MINIMUM_CHILDREN

OTHERS = "all other groups together"


class GroupCount(NamedTuple):
    """A group, or several merged ones."""

    group: str
    n_manual_review: int
    n_rows: int

    @property
    def smallest(self) -> int:
        """The smaller of its two parts: those who could not be screened, and the others."""
        return min(self.n_manual_review, self.n_rows - self.n_manual_review)


def group_counts(n_manual_review: Mapping[str, int], n_rows: Mapping[str, int]) -> tuple[GroupCount, ...]:
    """Return the counts of the groups, the small ones merged; nothing where fewer than two would be left.

    Parameters
    ----------
    n_manual_review, n_rows : mapping of str to int
        Group -> children who could not be screened, and all rows.

    Examples
    --------
    >>> [tuple(group) for group in group_counts({"a": 30, "b": 12, "c": 1}, {"a": 300, "b": 200, "c": 9})]
    [('a', 30, 300), ('all other groups together', 13, 209)]
    >>> group_counts({"a": 12, "b": 1}, {"a": 300, "b": 200})
    ()
    """
    groups = [GroupCount(name, n_manual_review.get(name, 0), n) for name, n in sorted(n_rows.items())]
    merged = [group for group in groups if group.smallest < MINIMUM_CHILDREN]
    shown = [group for group in groups if group.smallest >= MINIMUM_CHILDREN]
    while merged and shown and _together(merged).smallest < MINIMUM_CHILDREN:
        smallest = min(shown, key=lambda group: (group.smallest, group.group))
        shown.remove(smallest)
        merged.append(smallest)
    if merged:
        shown.append(_together(merged))
    return tuple(shown) if len(shown) > 1 else ()


def _together(groups: list[GroupCount]) -> GroupCount:
    return GroupCount(OTHERS, sum(group.n_manual_review for group in groups), sum(group.n_rows for group in groups))
