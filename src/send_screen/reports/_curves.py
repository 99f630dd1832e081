"""Calibration and decision curve as data for pictures, tables and sentences: each point with its description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from send_screen.published import MeasuredSections, NetBenefit
from send_screen.reports._figures import Estimate, EstimateText
from send_screen.reports._text import join_list, percent, signed, whole

_AGAINST = {"all": "looking at all", "baseline": "the rule"}


@dataclass(frozen=True)
class CalibrationMark:
    """A calibration bin: predicted and observed risk, in per cent."""

    predicted: float
    observed: float
    low: float | None
    high: float | None
    n: int | None

    @property
    def side(self) -> int:
        """1 where the observed risk is significantly above the predicted one, -1 where below, else 0."""
        if self.low is None or self.high is None:
            return 0
        return (self.low > self.predicted) - (self.high < self.predicted)

    @property
    def happened(self) -> str:
        """The observed risk with its interval."""
        between = "" if self.low is None or self.high is None else f" ({self.low:.0f} to {self.high:.0f})"
        return f"{self.observed:.0f}{between}"

    @property
    def description(self) -> str:
        """The bin in a sentence."""
        n = "" if self.n is None else f" n = {whole(self.n)}."
        off = {1: " More than they said.", -1: " Less than they said.", 0: ""}[self.side]
        return f"Scores that said {self.predicted:.0f} of 100: it happened to {self.happened}.{off}{n}"


def calibration_marks(report: MeasuredSections) -> tuple[CalibrationMark, ...]:
    """Return the bins with published figures, lowest scores first."""
    return tuple(
        CalibrationMark(bin_.predicted_percent, bin_.observed_percent, bin_.low, bin_.high, bin_.n)
        for bin_ in report.calibration
        if bin_.predicted_percent is not None and bin_.observed_percent is not None
    )


def describe_calibration(report: MeasuredSections, marks: Sequence[CalibrationMark]) -> str:
    """Return sentences on the calibration slope, and on the bins that are significantly miscalibrated."""
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
    """A point of the decision curve: net benefit per 100 children at one threshold probability."""

    threshold: float
    """Threshold probability, in per cent."""
    net_benefit: float
    low: float | None
    high: float | None
    baseline: float | None
    treat_all: float | None
    cells: dict[str, EstimateText]
    """Strategy that it is compared with -> the difference and its interval."""
    is_best: bool
    """Whether it is significantly better than the baseline, than assessing all and than assessing none."""

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
    """Return the threshold probabilities with a published net benefit, lowest first."""
    found = []
    for threshold in dict.fromkeys(row.threshold_probability for row in report.net_benefit):
        rows = {row.against: row for row in report.net_benefit if row.threshold_probability == threshold}
        against_none = rows["none"]
        if against_none.value is None:
            continue
        found.append(
            DecisionPoint(
                100 * threshold,
                100 * against_none.value,
                None if against_none.low is None else 100 * against_none.low,
                None if against_none.high is None else 100 * against_none.high,
                _compared_net_benefit(rows.get("baseline"), against_none.value),
                _compared_net_benefit(rows.get("all"), against_none.value),
                {against: Estimate.of(row).written(lambda x: signed(100 * x, 1)) for against, row in rows.items()},
                all((row.low or 0.0) > 0 for row in rows.values()),
            )
        )
    return tuple(found)


def _compared_net_benefit(row: NetBenefit | None, own: float) -> float | None:
    """Return the net benefit, per 100 children, of the strategy that the version is compared with."""
    return None if row is None or row.value is None else 100 * (own - row.value)


def describe_decision_curve(points: Sequence[DecisionPoint]) -> str:
    """Return a sentence on the thresholds at which the model is significantly better than all other strategies."""
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
