"""What was decided about a child, as it stands in the ledger."""

from __future__ import annotations

import datetime as dt

from send_screen.documents import Document
from send_screen.screening._decision_columns import Decision


class DecisionRecord(Document):
    """What was decided about a child: a row of a list that came back.

    A role may see it where it may see the list.
    """

    decision: Decision | None = None
    """None where only a note, a name or a date was written."""
    decided_by: str = ""
    decided_on: dt.date | None = None
    review_on: dt.date | None = None
    note: str = ""

    def followed_by(self, later: DecisionRecord) -> DecisionRecord:
        """Return what holds after a later record, in which a blank leaves what was there."""
        return self.model_copy(update={name: value for name, value in later if value})

    def is_due(self, on: dt.date) -> bool:
        """Return whether the review is due."""
        return self.review_on is not None and self.review_on <= on
