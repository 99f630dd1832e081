"""Plots of an evaluation: gaps over the tolerance band, calibration, the decision curve.

Each point has its figures as text (``data-description``), displayed on hover or by keyboard, and read by screen
readers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from send_screen.reports._text import signed
from send_screen.reports.svg._elements import WIDTH, decoration, path, text

if TYPE_CHECKING:
    from send_screen.reports._curves import CalibrationMark, DecisionPoint
    from send_screen.reports._group_tables import GapLine

_GAP_WIDTH, _GAP_HEIGHT, _GAP_PAD = 250, 24, 10
_TICK_PAD = 18  # half the width of the widest tick label
_LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 44, 10, 284, 158
_BELOW = 44  # height of tick labels and axis label
_CALIBRATION_STEPS = (0.25, 0.5, 1, 2, 5, 10, 20, 25)  # between ticks, of at most five
_STEPS = (1, 2, 5, 10, 20, 25, 50)  # between ticks


class GapAxis:
    """The common axis of all gaps of a picture, in percentage points."""

    def __init__(self, lines: Sequence[GapLine], tolerance: float) -> None:
        ends = [end for line in lines for end in (line.gap.low, line.gap.high) if end is not None]
        self.low = min([-tolerance, *ends])
        self.high = max([tolerance, *ends])
        self.tolerance = tolerance

    def x(self, share: float) -> float:
        """Return the x coordinate of a gap."""
        return _GAP_PAD + (_GAP_WIDTH - 2 * _GAP_PAD) * (share - self.low) / (self.high - self.low)

    def head(self) -> Markup:
        """Draw the scale, for the head of the column."""
        step = next(step for step in (*_STEPS, 100) if 100 * (self.high - self.low) / step <= 5)
        first, last = math.ceil(100 * self.low / step), math.floor(100 * self.high / step)
        ticks = [number * step for number in range(first, last + 1)]
        places = {tick: self.x(tick / 100) for tick in ticks}
        inside = [tick for tick, x in places.items() if _TICK_PAD <= x <= _GAP_WIDTH - _TICK_PAD]
        body = Markup("").join(text(places[tick], 16, signed(tick, 0), "middle") for tick in inside)
        return decoration("gap", _GAP_WIDTH, 22, body)

    def band(self) -> Markup:
        """Draw the tolerance band and the zero line behind a row."""
        left, right, zero = self.x(-self.tolerance), self.x(self.tolerance), self.x(0.0)
        body = path("band", f"M{left:.1f} 0H{right:.1f}V10H{left:.1f}z") + path("zero", f"M{zero:.1f} 0V10")
        return Markup(
            '<svg class="gap behind" viewBox="0 0 {} 10" width="{}" preserveAspectRatio="none" aria-hidden="true" '
            'focusable="false">{}</svg>'
        ).format(_GAP_WIDTH, _GAP_WIDTH, body)

    def line(self, line: GapLine) -> Markup:
        """Draw a gap and its interval, with the symbol of the verdict."""
        low, value, high = (self.x(end or 0.0) for end in (line.gap.low, line.gap.value, line.gap.high))
        body = path("line", f"M{low:.1f} 12H{high:.1f}M{low:.1f} 7v10M{high:.1f} 7v10")
        return decoration("gap", _GAP_WIDTH, _GAP_HEIGHT, body + _shape(line.symbol, value, 12.0))


def _shape(symbol: str, x: float, y: float) -> Markup:
    kind = "ink" if symbol in "▲▼●" else "hollow"
    if symbol in "▲△":
        return path(kind, f"M{x - 7:.1f} {y + 6:.1f}h14l-7 -13z")
    if symbol in "▼▽":
        return path(kind, f"M{x - 7:.1f} {y - 6:.1f}h14l-7 13z")
    return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="5"/>').format(kind, x, y)


def _square(x: float, y: float) -> Markup:
    return Markup('<rect class="hollow" x="{:.1f}" y="{:.1f}" width="7" height="7"/>').format(x - 3.5, y - 3.5)


class _Plot:
    """A plot with two axes: pixels of values, ticks and their numbers."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self._x, self._y = x, y
        self.bottom = _TOP + _PLOT_HEIGHT

    def x(self, value: float) -> float:
        return _LEFT + _PLOT_WIDTH * (value - self._x[0]) / (self._x[1] - self._x[0])

    def y(self, value: float) -> float:
        return self.bottom - _PLOT_HEIGHT * (value - self._y[0]) / (self._y[1] - self._y[0])

    def frame(self, across: Iterable[float], upwards: Iterable[float], axis_label: str) -> Markup:
        body = Markup("")
        for tick in across:
            body += path("grid", f"M{self.x(tick):.1f} {_TOP}V{self.bottom}")
            body += text(self.x(tick), self.bottom + 19, f"{tick:g}", "middle")
        for tick in upwards:
            body += path("grid", f"M{_LEFT} {self.y(tick):.1f}H{_LEFT + _PLOT_WIDTH}")
            body += text(_LEFT - 7, self.y(tick) + 5, f"{tick:g}".replace("-", "−"), "end")
        return body + text(_LEFT + _PLOT_WIDTH / 2, self.bottom + 39, axis_label, "middle")

    def polyline(self, kind: str, points: Sequence[tuple[float, float]]) -> Markup:
        """Draw a line, clipped at the bottom of the plot."""
        y_min, ends = self._y[0], list[str]()
        for i, (x, y) in enumerate(points):
            if y >= y_min:
                ends.append(f"{self.x(x):.1f} {self.y(y):.1f}")
            elif i and points[i - 1][1] > y_min:
                x0, y0 = points[i - 1]
                ends.append(f"{self.x(x0 + (x - x0) * (y0 - y_min) / (y0 - y)):.1f} {self.y(y_min):.1f}")
        return path(kind, "M" + "L".join(ends)) if len(ends) > 1 else Markup("")


def _mark(description: str, body: Markup) -> Markup:
    """Return a point with its description."""
    return Markup('<g class="mark" role="img" aria-label="{}" data-description="{}">{}</g>').format(
        description, description, body
    )


def _figure(label: str, body: Markup) -> Markup:
    height = _TOP + _PLOT_HEIGHT + _BELOW
    return Markup(
        '<svg class="picture" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="group" aria-label="{2}">{3}</svg>'
    ).format(WIDTH, height, label, body)


def _ticks(low: float, high: float) -> list[float]:
    step = next((step for step in _STEPS if (high - low) / step <= 5), 100)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def calibration_svg(marks: Sequence[CalibrationMark]) -> Markup:
    """Draw observed against predicted risk, with the diagonal; triangles are significantly off it."""
    if not marks:
        return Markup("")
    found = [x for mark in marks for x in (mark.predicted, mark.observed, mark.low, mark.high) if x is not None]
    step = next(step for step in _CALIBRATION_STEPS if max(found) - min(found) <= 4 * step)
    low, top = step * math.floor(min(found) / step), min(100.0, step * math.ceil(max(found) / step))
    plot = _Plot((low, top), (low, top))
    ticks = [low + step * part for part in range(round((top - low) / step) + 1)]
    body = plot.frame(ticks, ticks, "the score said, of 100")
    body += plot.polyline("dashed", [(low, low), (top, top)])
    for mark in marks:
        x, y = plot.x(mark.predicted), plot.y(mark.observed)
        drawn = Markup('<circle class="hit" cx="{:.1f}" cy="{:.1f}" r="9"/>').format(x, y)
        if mark.low is not None and mark.high is not None:
            drawn += path("line", f"M{x:.1f} {plot.y(mark.low):.1f}V{plot.y(mark.high):.1f}")
        body += _mark(mark.description, drawn + _shape("△" if mark.side > 0 else "▽" if mark.side < 0 else "●", x, y))
    return _figure("What the score said, across, against what happened, upwards, of 100 children.", body)


def decision_svg(points: Sequence[DecisionPoint], this: str) -> Markup:
    """Draw the decision curves: the model with intervals, the baseline, and assessing all or none."""
    if not points:
        return Markup("")
    highest = max(point.high or point.net_benefit for point in points)
    lowest = min(0.0, *(point.low or point.net_benefit for point in points))
    plot = _Plot((points[0].threshold - 2, points[-1].threshold + 2), (min(lowest, -0.08 * highest), 1.05 * highest))
    body = plot.frame([p.threshold for p in points], _ticks(lowest, highest), "act from this probability, of 100")
    body += plot.polyline("whisker", [(points[0].threshold - 2, 0), (points[-1].threshold + 2, 0)])
    body += plot.polyline("dashed", [(p.threshold, p.treat_all) for p in points if p.treat_all is not None])
    rule = [(p.threshold, p.baseline) for p in points if p.baseline is not None]
    body += plot.polyline("thin", rule) + plot.polyline("line", [(p.threshold, p.net_benefit) for p in points])
    for point in points:
        x, y = plot.x(point.threshold), plot.y(point.net_benefit)
        drawn = Markup('<circle class="hit" cx="{:.1f}" cy="{:.1f}" r="12"/>').format(x, y)
        if point.low is not None and point.high is not None:
            drawn += path("line", f"M{x:.1f} {plot.y(point.low):.1f}V{plot.y(point.high):.1f}")
        if point.baseline is not None:
            drawn += _square(x, plot.y(point.baseline))
        body += _mark(point.description, drawn + _shape("●", x, y))
    return _figure(
        "Net benefit, upwards, of acting from a probability, across.", body + _legend(this, with_rule=bool(rule))
    )


def _legend(this: str, *, with_rule: bool) -> Markup:
    """Draw the legend, at the right, where the curves are low."""
    left, body = _LEFT + _PLOT_WIDTH - 120, Markup("")
    kinds = [("line", this), *([("thin", "the rule")] if with_rule else []), ("dashed", "look at all")]
    for i, (kind, label) in enumerate(kinds):
        y = _TOP + 14 + 20 * i
        body += path(kind, f"M{left} {y}h22") + text(left + 30, y + 5, label)
        if kind == "line":
            body += _shape("●", left + 11.0, float(y))
        elif kind == "thin":
            body += _square(left + 11.0, float(y))
    return body
