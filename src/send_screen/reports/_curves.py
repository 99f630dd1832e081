"""Calibration and decision curve as data for their pictures, tables and sentences: each mark with its description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from send_screen.published import MeasuredSections, NetBenefit
from send_screen.reports._figures import Cell, Estimate
from send_screen.reports._text import join_list, percent, signed, whole

_AGAINST = {"all": "looking at all", "baseline": "the rule"}


@dataclass(frozen=True)
class CalibrationMark:
    """A bin of scores: what they said and what happened, of 100 children."""

    predicted: float
    observed: float
    low: float | None
    high: float | None
    n: int | None

    @property
    def side(self) -> int:
        """1 where more happened than the scores said, -1 where less; 0 where the interval holds what they said."""
        if self.low is None or self.high is None:
            return 0
        return (self.low > self.predicted) - (self.high < self.predicted)

    @property
    def happened(self) -> str:
        """What happened, with its interval."""
        between = "" if self.low is None or self.high is None else f" ({self.low:.0f} to {self.high:.0f})"
        return f"{self.observed:.0f}{between}"

    @property
    def description(self) -> str:
        """The bin in a sentence."""
        n = "" if self.n is None else f" n = {whole(self.n)}."
        off = {1: " More than they said.", -1: " Less than they said.", 0: ""}[self.side]
        return f"Scores that said {self.predicted:.0f} of 100: it happened to {self.happened}.{off}{n}"


def calibration_marks(report: MeasuredSections) -> tuple[CalibrationMark, ...]:
    """Return the bins of which something is published, lowest scores first."""
    return tuple(
        CalibrationMark(bin_.predicted_percent, bin_.observed_percent, bin_.low, bin_.high, bin_.n)
        for bin_ in report.calibration
        if bin_.predicted_percent is not None and bin_.observed_percent is not None
    )


def describe_calibration(report: MeasuredSections, marks: Sequence[CalibrationMark]) -> str:
    """Say what the slope says, and which bins are off in spite of it."""
    if not marks:
        return ""
    slope = Estimate.of(report.metric("calibration_slope")).number(2)
    sentences = [f"The slope over all scores is {slope.in_brackets}; 1 is right."]
    off = [mark for mark in marks if mark.side]
    if not off:
        sentences.append(f"In each of the {len(marks)} bins the interval of what happened holds what the scores said.")
        return " ".join(sentences)
    worst = max(off, key=lambda mark: abs(mark.observed - mark.predicted))
    sentences.append(
        f"A slope does not see a bend: in {len(off)} of {len(marks)} bins what happened is not what the scores said, "
        f"most where they said {worst.predicted:.0f} of 100 and it happened to {worst.happened}. "
        "By chance alone about 1 bin in 20 is."
    )
    return " ".join(sentences)


@dataclass(frozen=True)
class DecisionPoint:
    """Net benefit, of 100 children, of acting from one probability."""

    threshold: float
    """Of 100."""
    own: float
    low: float | None
    high: float | None
    baseline: float | None
    treat_all: float | None
    cells: dict[str, Cell]
    """What it is compared with -> the difference, with its interval."""
    is_best: bool
    """Whether it was shown to be better than the rule, than looking at all and than looking at nobody."""

    @property
    def description(self) -> str:
        """The point in a sentence."""
        more = "; ".join(
            f"beside {_AGAINST[against]} {cell.in_brackets}"
            for against, cell in self.cells.items()
            if against != "none"
        )
        return (
            f"Acting from {self.threshold:.0f} of 100: net benefit {self.cells['none'].in_brackets} "
            f"of 100 children; {more}."
        )


def decision_points(report: MeasuredSections) -> tuple[DecisionPoint, ...]:
    """Return the thresholds whose net benefit is published, lowest first."""
    found = []
    for threshold in dict.fromkeys(row.threshold_probability for row in report.net_benefit):
        rows = {row.against: row for row in report.net_benefit if row.threshold_probability == threshold}
        own = rows["none"]
        if own.value is None:
            continue
        found.append(
            DecisionPoint(
                100 * threshold,
                100 * own.value,
                None if own.low is None else 100 * own.low,
                None if own.high is None else 100 * own.high,
                _of(rows.get("baseline"), own.value),
                _of(rows.get("all"), own.value),
                {against: Estimate.of(row).written(lambda x: signed(100 * x, 1)) for against, row in rows.items()},
                all((row.low or 0.0) > 0 for row in rows.values()),
            )
        )
    return tuple(found)


def _of(row: NetBenefit | None, own: float) -> float | None:
    """Return the net benefit, of 100, of what the version is compared with."""
    return None if row is None or row.value is None else 100 * (own - row.value)


def describe_decision_curve(points: Sequence[DecisionPoint]) -> str:
    """Say at which thresholds acting on the score was shown to be better than all that it is compared with."""
    if not points:
        return ""
    beside = [text for against, text in _AGAINST.items() if against in points[0].cells]
    beside_all = join_list([*reversed(beside), "looking at nobody"])
    asked = f"Of {len(points)} thresholds, from {points[0].threshold:.0f} to {points[-1].threshold:.0f} of 100,"
    best = [percent(point.threshold / 100) for point in points if point.is_best]
    if not best:
        return f"{asked} none showed it better than {beside_all}."
    return (
        f"{asked} it was shown better than {beside_all} at {', '.join(best)}. "
        "Elsewhere it was not shown, which is not “no better”."
    )
