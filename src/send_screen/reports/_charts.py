"""Small drawings as inline SVG, in ink alone: clear in black and white, each with its numbers written beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

ROW_WIDTH = 220
_ROW_PAD = 14
_COLUMNS = 20
_CELL = 11


def _row_x(share: float) -> float:
    return _ROW_PAD + share * (ROW_WIDTH - 2 * _ROW_PAD)


def _squares(cells: Iterable[int]) -> str:
    return "".join(f"M{i % _COLUMNS * _CELL + 1} {i // _COLUMNS * _CELL + 1}h8v8h-8z" for i in cells)


def hundred_svg(percent: int) -> Markup:
    """Draw a hundred squares, ``percent`` of them filled: one a child."""
    return Markup(
        '<svg class="hundred" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true" focusable="false">'
        '<path class="ink" d="{}"/><path class="hollow" d="{}"/></svg>'
    ).format(
        _COLUMNS * _CELL,
        5 * _CELL,
        _COLUMNS * _CELL,
        5 * _CELL,
        _squares(range(percent)),
        _squares(range(percent, 100)),
    )


def strength_svg(contribution: float, largest: float) -> Markup:
    """Draw one reason's weight as a bar beside the largest weight of the list: filled for, hollow against."""
    width = max(2.0, 100 * min(1.0, abs(contribution) / largest)) if largest > 0 else 2.0
    return Markup(
        '<svg class="strength" viewBox="0 0 104 16" width="104" height="16" aria-hidden="true" focusable="false">'
        '<rect class="{}" x="1" y="2" width="{:.0f}" height="12"/></svg>'
    ).format("ink" if contribution > 0 else "hollow", width)


def interval_svg(value: float, low: float | None, high: float | None) -> Markup:
    """Draw a share and its interval on a line from none to all; the table cell beside it holds the numbers."""
    bar = Markup("")
    if low is not None and high is not None:
        left, right = _row_x(low), _row_x(high)
        bar = Markup('<path class="line" d="M{0:.1f} 15H{1:.1f}M{0:.1f} 9v12M{1:.1f} 9v12"/>').format(left, right)
    return Markup(
        '<svg class="interval" viewBox="0 0 {0} 30" width="{0}" height="30" aria-hidden="true" focusable="false">'
        '<path class="grid" d="{1}"/>{2}<circle class="ink" cx="{3:.1f}" cy="15" r="5"/></svg>'
    ).format(ROW_WIDTH, "".join(f"M{_row_x(x / 4):.1f} 0v30" for x in range(5)), bar, _row_x(value))


def axis_svg() -> Markup:
    """Draw the axis that :func:`interval_svg` shares, for the head of its column."""
    labels = Markup("").join(
        Markup('<text x="{:.1f}" y="16" text-anchor="middle">{}</text>').format(_row_x(x / 100), x)
        for x in (0, 50, 100)
    )
    return Markup(
        '<svg class="interval" viewBox="0 0 {0} 22" width="{0}" height="22" aria-hidden="true" focusable="false">'
        "{1}</svg>"
    ).format(ROW_WIDTH, labels)


class Mark(NamedTuple):
    """One dot of the calibration picture, in children of a hundred."""

    said: float
    happened: float
    low: float | None
    high: float | None


def calibration_svg(marks: Sequence[Mark]) -> Markup:
    """Draw what the score said against what happened; on the slanting line, a score meant what it said."""
    tops = [max(mark.said, mark.happened, mark.high or 0.0) for mark in marks]
    top = next(step for step in (10, 20, 40, 60, 80, 100, max(100.0, *tops)) if step >= max(tops))
    left, size = 44, 280

    def x(number: float) -> float:
        return left + size * number / top

    def y(number: float) -> float:
        return 12 + size * (1 - number / top)

    ticks = Markup("")
    for part in range(5):
        number = top * part / 4
        ticks += Markup(
            '<path class="grid" d="M{0:.1f} 12V{2}M{1} {3:.1f}H{4}"/><text x="{0:.1f}" y="{5}" text-anchor="middle">'
            '{6:g}</text><text x="{7}" y="{8:.1f}" text-anchor="end">{6:g}</text>'
        ).format(x(number), left, 12 + size, y(number), left + size, size + 32, number, left - 8, y(number) + 5)
    dots = Markup("")
    for mark in marks:
        if mark.low is not None and mark.high is not None:
            dots += Markup('<path class="line" d="M{0:.1f} {1:.1f}V{2:.1f}"/>').format(
                x(mark.said), y(mark.low), y(mark.high)
            )
        dots += Markup('<circle class="ink" cx="{:.1f}" cy="{:.1f}" r="5"/>').format(x(mark.said), y(mark.happened))
    return Markup(
        '<svg class="picture" viewBox="0 0 340 348" width="340" height="348" role="img" aria-label="{0}">'
        '{1}<path class="dashed" d="M{2:.1f} {3:.1f}L{4:.1f} {5:.1f}"/>{6}'
        '<text x="{7}" y="342" text-anchor="middle">Across: the score said. Upwards: it happened.</text></svg>'
    ).format(
        "What the score said, across, against what happened, upwards, in children of a hundred. "
        "The table beside it holds the numbers.",
        ticks,
        x(0),
        y(0),
        x(top),
        y(top),
        dots,
        left + size / 2,
    )
