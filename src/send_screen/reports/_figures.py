"""Published estimates in words: percentages, intervals, differences, and metrics with their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from send_screen.published import PublishedFigure, PublishedReport
from send_screen.reports._text import percent, signed


@dataclass(frozen=True)
class Figure:
    """A published value with its interval, or the reason why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str = ""

    @classmethod
    def of(cls, row: PublishedFigure | None) -> Figure:
        """Read a published estimate; an absent one is a figure that was not published."""
        if row is None:
            return cls(None, reason="not published")
        reason = row.reason or ("" if row.value is not None else "no figure")
        return cls(row.value, row.low, row.high, row.n, reason)

    @property
    def complement(self) -> Figure:
        """The figure of all other children: 1 minus the share, its interval turned over."""
        value, low, high = (None if end is None else 1 - end for end in (self.value, self.high, self.low))
        return replace(self, value=value, low=low, high=high)

    @property
    def percent(self) -> str:
        """The share as a percentage, or the reason why there is none."""
        return self.reason if self.value is None else percent(self.value)

    @property
    def rest(self) -> str:
        """The rest of the hundred, so that both add up to a hundred as printed."""
        if self.value is None:
            return self.reason
        return str(100 - int(self.percent)) if self.percent.isdigit() else percent(1 - self.value)

    @property
    def between(self) -> str:
        """The interval of a share in words; empty where there is none."""
        return self._ends(percent)

    @property
    def rest_between(self) -> str:
        """The interval of the rest of the hundred."""
        return (
            ""
            if self.value is None or self.low is None or self.high is None
            else (f"{percent(1 - self.high)} to {percent(1 - self.low)}")
        )

    @property
    def in_brackets(self) -> str:
        """The share with its interval, for example ``"36 (33 to 38)"``."""
        return Cell(self.percent, self.between).in_brackets

    def number(self, decimals: int) -> str:
        """Return the plain value, or the reason why there is none."""
        return self.reason if self.value is None else _plain(self.value, decimals)

    def range(self, decimals: int) -> str:
        """Return the plain interval; empty where there is none."""
        return self._ends(lambda end: _plain(end, decimals))

    def _ends(self, write: Callable[[float], str]) -> str:
        if self.value is None or self.low is None or self.high is None:
            return ""
        return f"{write(self.low)} to {write(self.high)}"


def _plain(number: float, decimals: int) -> str:
    return f"{number:,.{decimals}f}".replace("-", "−")


class Cell(NamedTuple):
    """A figure as words, and its interval."""

    value: str
    interval: str = ""

    @property
    def in_brackets(self) -> str:
        """The figure, and its interval in brackets where there is one."""
        return f"{self.value} ({self.interval})" if self.interval else self.value


class Metric(NamedTuple):
    """How a metric is asked about in words, and written: as a percentage, or with so many decimals."""

    words: str
    decimals: int | None
    right: str = ""

    def write(self, figure: Figure) -> Cell:
        """Return a figure with its interval."""
        if self.decimals is None:
            return Cell(figure.percent, figure.between)
        return Cell(figure.number(self.decimals), figure.range(self.decimals))

    def difference(self, figure: Figure) -> Cell:
        """Return a difference with its sign and its interval, in the metric's own unit."""
        if figure.value is None:
            return Cell(figure.reason)
        times, decimals = (100, 0) if self.decimals is None else (1, self.decimals)
        ends = (figure.value, figure.low or 0.0, figure.high or 0.0)
        if any(0 < abs(end * times) < 0.5 for end in ends):
            decimals = max(decimals, 1)  # a "0" that is none beside "a gap is shown" would mislead
        value = signed(figure.value * times, decimals)
        return Cell(value, figure._ends(lambda end: signed(end * times, decimals)))


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

PERCENT = Metric("", None)
"""How a gap between two groups is written."""


@dataclass(frozen=True)
class NaturalFrequency:
    """A share as children of a hundred, for the candidate and for the baseline at the same length of list.

    ``words`` stand before, between and after the two numbers when the answer is said as a sentence.
    """

    of: str
    right: str
    wrong: str
    words: tuple[str, str, str]
    candidate: Figure
    baseline: Figure

    def sentence(self, which: str = "candidate") -> str:
        """Return one answer as a sentence; the reason where there is no figure.

        Parameters
        ----------
        which : {"candidate", "baseline"}
        """
        figure: Figure = getattr(self, which)
        if figure.value is None:
            return f"{self.of}: {figure.reason}."
        between = f" (between {figure.between.replace(' to ', ' and ')})" if figure.between else ""
        before, middle, after = self.words
        return f"{self.of}{before}{figure.percent}{between}{middle}{figure.rest}{after}."


def natural_frequencies(report: PublishedReport) -> tuple[NaturalFrequency, ...]:
    """Return precision, recall and specificity as children of a hundred, beside the baseline."""
    outcome = report.version.outcome_words

    def ask(metric: str, of: str, right: str, wrong: str, words: tuple[str, str, str]) -> NaturalFrequency:
        candidate, baseline = (Figure.of(report.metric(metric, model=model)) for model in ("candidate", "baseline"))
        return NaturalFrequency(of, right, wrong, words, candidate, baseline)

    return (
        ask(
            "precision",
            "Of 100 children it lists",
            f"later {outcome}",
            "did not",
            (", ", f" later {outcome} and ", " did not"),
        ),
        ask(
            "recall",
            f"Of 100 children who later {outcome}",
            "it had listed",
            "it had missed",
            (", it had listed ", " and missed ", ""),
        ),
        ask(
            "specificity",
            "Of 100 other children",
            "it had left off the list",
            "it had listed all the same",
            (", it had left off ", " and listed ", " all the same"),
        ),
    )
