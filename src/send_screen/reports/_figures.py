"""Published estimates as text: percentages, intervals, differences, and metrics with their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from send_screen.published import MeasuredReport, PublishedFigure
from send_screen.reports._text import percent, signed


class EstimateText(NamedTuple):
    """An estimate as text, and its interval as text."""

    value: str
    interval: str = ""

    @property
    def in_brackets(self) -> str:
        """The estimate, with its interval in brackets where there is one."""
        return f"{self.value} ({self.interval})" if self.interval else self.value


@dataclass(frozen=True)
class Estimate:
    """A published estimate with its interval, or the reason why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str = ""

    @classmethod
    def of(cls, row: PublishedFigure | None) -> Estimate:
        """Return the estimate in a published row; None is an estimate that was not published."""
        if row is None:
            return cls(None, reason="not published")
        reason = row.reason or ("" if row.value is not None else "no figure")
        return cls(row.value, row.low, row.high, row.n, reason)

    @property
    def complement(self) -> Estimate:
        """1 minus the estimate, with its interval."""
        value, low, high = (None if end is None else 1 - end for end in (self.value, self.high, self.low))
        return replace(self, value=value, low=low, high=high)

    def written(self, write: Callable[[float], str]) -> EstimateText:
        """Return the value and its interval formatted by ``write``; the reason where there is no value."""
        if self.value is None:
            return EstimateText(self.reason)
        if self.low is None or self.high is None:
            return EstimateText(write(self.value))
        return EstimateText(write(self.value), f"{write(self.low)} to {write(self.high)}")

    @property
    def share(self) -> EstimateText:
        """The share as a percentage."""
        return self.written(percent)

    @property
    def rest(self) -> EstimateText:
        """The complement as a percentage, which adds up to 100 with ``share`` as printed."""
        value, interval = self.complement.share
        return EstimateText(str(100 - int(self.share.value)) if self.share.value.isdigit() else value, interval)

    def number(self, decimals: int) -> EstimateText:
        """Return the plain value."""
        return self.written(lambda value: f"{value:,.{decimals}f}".replace("-", "−"))


class Metric(NamedTuple):
    """How a metric is described, written (as a percentage, or with a number of decimals) and interpreted."""

    description: str
    decimals: int | None
    interpretation: str = ""

    def write(self, figure: Estimate) -> EstimateText:
        """Return a figure with its interval."""
        return figure.share if self.decimals is None else figure.number(self.decimals)

    def difference(self, figure: Estimate) -> EstimateText:
        """Return a difference with its sign and its interval, in the metric's own unit."""
        times, decimals = (100, 0) if self.decimals is None else (1, self.decimals)
        ends = (figure.value or 0.0, figure.low or 0.0, figure.high or 0.0)
        if any(0 < abs(end * times) < 0.5 for end in ends):
            decimals = max(decimals, 1)  # a small gap must not be printed as 0
        return figure.written(lambda value: signed(value * times, decimals))


METRICS: dict[str, Metric] = {
    "recall": Metric("Of 100 children who later {outcome}, listed", None, "more is better"),
    "precision": Metric("Of 100 children listed, later {outcome}", None, "more is better"),
    "specificity": Metric("Of 100 other children, left off the list", None, "more is better"),
    "number_needed_to_screen": Metric("Children listed for each one who later {outcome}", 1, "fewer is better"),
    "net_benefit": Metric(
        "Net benefit a child, at the list's own odds", 3, "more is better; above 0 is better than no list"
    ),
    "roc_auc": Metric("Order of the list (ROC AUC)", 3, "0.5 is chance, 1 is perfect"),
    "average_precision": Metric("Top of the list (average precision)", 3, "more is better"),
    "neg_log_loss": Metric("Fit of the scores (log loss, its sign turned)", 4, "more is better"),
    "calibration_slope": Metric("Calibration slope", 2, "1 is right"),
    "calibration_intercept": Metric("Calibration intercept", 2, "0 is right"),
}
"""The rows of the comparison with baseline and challengers, in order."""

PERCENT = Metric("", None)
"""How a gap between two groups is written."""


# Metric -> which hundred children, the correct and the wrong ones among them, and both in a sentence.
_NATURAL_FREQUENCIES = {
    "precision": (
        "Of 100 children it lists",
        "later {outcome}",
        "did not",
        "{of}, {share} later {outcome} and {rest} did not.",
    ),
    "recall": (
        "Of 100 children who later {outcome}",
        "it had listed",
        "it had missed",
        "{of}, it had listed {share} and missed {rest}.",
    ),
    "specificity": (
        "Of 100 other children",
        "it had left off the list",
        "it had listed all the same",
        "{of}, it had left off {share} and listed {rest} all the same.",
    ),
}


@dataclass(frozen=True)
class NaturalFrequency:
    """A share as children of a hundred, for the candidate and for the baseline at the same length of list."""

    of: str
    right: str
    wrong: str
    answer: str
    outcome: str
    candidate: Estimate
    baseline: Estimate

    def sentence(self, which: Literal["candidate", "baseline"] = "candidate") -> str:
        """Return the estimate as a sentence; the reason where there is none."""
        figure: Estimate = getattr(self, which)
        if figure.value is None:
            return f"{self.of}: {figure.reason}."
        share, interval = figure.share
        between = f" (between {interval.replace(' to ', ' and ')})" if interval else ""
        return self.answer.format(of=self.of, share=f"{share}{between}", rest=figure.rest.value, outcome=self.outcome)


def natural_frequencies(report: MeasuredReport) -> tuple[NaturalFrequency, ...]:
    """Return precision, recall and specificity as children of a hundred, beside the baseline."""
    outcome = report.version.outcome_description
    return tuple(
        NaturalFrequency(
            of.format(outcome=outcome),
            right.format(outcome=outcome),
            wrong,
            answer,
            outcome,
            *(Estimate.of(report.metric(metric, model=model)) for model in ("candidate", "baseline")),
        )
        for metric, (of, right, wrong, answer) in _NATURAL_FREQUENCIES.items()
    )
