"""Small pictures of figures: shares with their intervals, calibration, a hundred children, the weight of a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from send_screen.reports.svg._elements import decoration, dot, path, picture, text

if TYPE_CHECKING:
    from send_screen.published import CalibrationBin
    from send_screen.reports._figures import Figure

_ROW_WIDTH, _ROW_PAD = 220, 14
_COLUMNS, _CELL = 20, 11


def _row_x(share: float) -> float:
    return _ROW_PAD + share * (_ROW_WIDTH - 2 * _ROW_PAD)


def _squares(cells: Iterable[int]) -> str:
    return "".join(f"M{i % _COLUMNS * _CELL + 1} {i // _COLUMNS * _CELL + 1}h8v8h-8z" for i in cells)


def frequency_svg(n: int) -> Markup:
    """Draw a hundred squares, ``n`` of them filled: one a child."""
    n = max(0, min(100, n))
    squares = path("ink", _squares(range(n))) + path("hollow", _squares(range(n, 100)))
    return decoration("hundred", _COLUMNS * _CELL, 5 * _CELL, squares)


def weight_svg(contribution: float, largest: float) -> Markup:
    """Draw a contribution beside the largest one of the list: filled for, hollow against."""
    width = max(2.0, 100 * min(1.0, abs(contribution) / largest)) if largest > 0 else 2.0
    bar = Markup('<rect class="{}" x="1" y="2" width="{:.0f}" height="12"/>').format(
        "ink" if contribution > 0 else "hollow", width
    )
    return decoration("strength", 104, 16, bar)


def interval_svg(figure: Figure) -> Markup:
    """Draw a share and its interval on a line from none to all; the table cell beside it holds the numbers."""
    if figure.value is None:
        return Markup("")
    body = path("grid", "".join(f"M{_row_x(x / 4):.1f} 0v30" for x in range(5)))
    if figure.low is not None and figure.high is not None:
        left, right = _row_x(figure.low), _row_x(figure.high)
        body += path("line", f"M{left:.1f} 15H{right:.1f}M{left:.1f} 9v12M{right:.1f} 9v12")
    return decoration("interval", _ROW_WIDTH, 30, body + dot(_row_x(figure.value), 15))


def axis_svg() -> Markup:
    """Draw the axis that :func:`interval_svg` shares, for the head of its column."""
    return decoration(
        "interval", _ROW_WIDTH, 22, Markup("").join(text(_row_x(x / 100), 16, x, "middle") for x in (0, 50, 100))
    )


def calibration_svg(bins: Sequence[CalibrationBin]) -> Markup:
    """Draw observed against predicted risk; on the slanting line, a score meant what it said."""
    marks = [
        (each.predicted_percent, each.observed_percent, each.low, each.high)
        for each in bins
        if each.predicted_percent is not None and each.observed_percent is not None
    ]
    if not marks:
        return Markup("")
    tops = [max(predicted, observed, high or 0.0) for predicted, observed, _, high in marks]
    top = next(step for step in (10, 20, 40, 60, 80, 100, max(100.0, *tops)) if step >= max(tops))
    left, size = 44, 280

    def x(percent: float) -> float:
        return left + size * percent / top

    def y(percent: float) -> float:
        return 12 + size * (1 - percent / top)

    body = Markup("")
    for part in range(5):
        tick = top * part / 4
        body += path("grid", f"M{x(tick):.1f} 12V{12 + size}M{left} {y(tick):.1f}H{left + size}")
        body += text(x(tick), size + 32, f"{tick:g}", "middle") + text(left - 8, y(tick) + 5, f"{tick:g}", "end")
    body += path("dashed", f"M{x(0):.1f} {y(0):.1f}L{x(top):.1f} {y(top):.1f}")
    for predicted, observed, low, high in marks:
        if low is not None and high is not None:
            body += path("line", f"M{x(predicted):.1f} {y(low):.1f}V{y(high):.1f}")
        body += dot(x(predicted), float(y(observed)))
    body += text(left + size / 2, 342, "Across: the score said. Upwards: it happened.", "middle")
    words = (
        "What the score said, across, against what happened, upwards, in children of a hundred. "
        "The table beside it holds the numbers."
    )
    return picture(340, 348, words, body)
