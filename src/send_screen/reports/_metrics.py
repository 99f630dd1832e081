"""The figures that pages compare: how each is asked about in words, and written with its interval."""

from __future__ import annotations

from typing import NamedTuple

from send_screen.reports._published import Figure
from send_screen.reports._words import signed


class Cell(NamedTuple):
    """A figure as words, and its interval."""

    value: str
    interval: str = ""

    @property
    def in_brackets(self) -> str:
        """The figure, and its interval in brackets where there is one."""
        return f"{self.value} ({self.interval})" if self.interval else self.value


class Metric(NamedTuple):
    """How a metric is asked about in words, and written: as children of a hundred, or with so many decimals."""

    words: str
    decimals: int | None
    right: str = ""

    def write(self, found: Figure) -> Cell:
        """Return a figure with its interval."""
        if self.decimals is None:
            return Cell(found.percent, found.between)
        return Cell(found.number(self.decimals), found.range(self.decimals))

    def difference(self, found: Figure) -> Cell:
        """Return a difference with its sign and its interval, in the metric's own unit."""
        if found.value is None:
            return Cell(found.reason)
        times, decimals = (100, 0) if self.decimals is None else (1, self.decimals)
        ends = (found.value, found.low or 0.0, found.high or 0.0)
        if any(0 < abs(end * times) < 0.5 for end in ends):
            decimals = max(decimals, 1)  # a "0" that is none beside "a gap is shown" would mislead
        value = signed(found.value * times, decimals)
        if found.low is None or found.high is None:
            return Cell(value)
        return Cell(value, f"{signed(found.low * times, decimals)} to {signed(found.high * times, decimals)}")


METRICS: dict[str, Metric] = {
    "recall": Metric("Of 100 children who later {outcome}, listed", None, "more is better"),
    "precision": Metric("Of 100 children listed, later {outcome}", None, "more is better"),
    "specificity": Metric("Of 100 other children, left off the list", None, "more is better"),
    "number_needed_to_screen": Metric("Children listed for each one who later {outcome}", 1, "fewer is better"),
    "net_benefit": Metric(
        "Net benefit a child, at the list's own price", 3, "more is better; above 0 is better than no list"
    ),
    "roc_auc": Metric("Order of the list (ROC AUC)", 3, "0.5 is chance, 1 is perfect"),
    "average_precision": Metric("Top of the list (average precision)", 3, "more is better"),
    "calibration_slope": Metric("Calibration slope", 2, "1 is right"),
    "calibration_intercept": Metric("Calibration intercept", 2, "0 is right"),
}
"""The rows of the comparison, in the order in which a sceptic asks."""
