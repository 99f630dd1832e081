"""Columns in which people write what was decided for a child: the same on the page, in the workbook and in the CSV."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Decision(StrEnum):
    """What was decided for a child."""

    ASSESS = "assess"
    SUPPORT = "support"
    WATCH = "watch"
    ALREADY_SUPPORTED = "already_supported"
    NO_NEED = "no_need"

    @property
    def label(self) -> str:
        """The choice as people read and pick it.

        Examples
        --------
        >>> Decision.SUPPORT.label
        'Support now'
        """
        return _LABELS[self][0]

    @property
    def meaning(self) -> str:
        """What the choice means, in a few words."""
        return _LABELS[self][1]


_LABELS = {
    Decision.ASSESS: ("Assess", "ask for an assessment"),
    Decision.SUPPORT: ("Support now", "begin to help, and see what helps"),
    Decision.WATCH: ("Watch and review", "look again on a day that is written down"),
    Decision.ALREADY_SUPPORTED: ("Already supported", "somebody helps with this already"),
    Decision.NO_NEED: ("No need found", "people who know the child looked, and found none"),
}


class RowKind(StrEnum):
    """Where a child stands in the files that decisions are written in."""

    LISTED = "listed"
    JUST_BELOW = "just below"
    BY_HAND = "by hand"
    DRAWN = "drawn at random"


class DecisionColumn(NamedTuple):
    """A column to write in: its name in a CSV, its heading for people, and what goes into it."""

    name: str
    heading: str
    holds: str
    """``"choice"`` (a label of :class:`Decision`), ``"date"`` or ``"text"``."""


DECISION_COLUMNS = (
    DecisionColumn("what_we_decided", "What we decided", "choice"),
    DecisionColumn("decided_by", "Decided by", "text"),
    DecisionColumn("decided_on", "Decided on", "date"),
    DecisionColumn("review_on", "Review on", "date"),
    DecisionColumn("note", "Note", "text"),
)
