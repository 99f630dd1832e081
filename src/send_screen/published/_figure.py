"""A figure with its interval: what most sections of ``published.json`` are made of."""

from __future__ import annotations

from send_screen.documents import Document


class PublishedFigure(Document):
    """A figure with its interval, or None with the reason why there is none."""

    value: float | None
    low: float | None
    """Lower end of the interval, which knows that children sit in schools."""
    high: float | None
    """Upper end of the interval."""
    n: int | None
    """Children in the denominator; None where that is not published."""
    reason: str
    """Why the figure is undefined, suppressed or rounded; empty where it is not."""
