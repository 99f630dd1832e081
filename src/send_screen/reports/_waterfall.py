"""How one child's score comes about: from the average child, one bar after the other, to the sum."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from send_screen.reports._words import count, said, signed

_WIDTH = 340
_LINE = 20
_LETTERS = 32  # beside the number
_MOST = 9  # bars of their own; the rest are one bar together
_SMALLEST = 0.005

Example = Mapping[str, Any]


class Bar(NamedTuple):
    """One step: what it is of, and the points before and after it."""

    label: str
    before: float
    after: float


def bars_of(example: Example) -> list[Bar]:
    """Return the steps from the average child to the sum, the largest first and the small ones together."""
    reasons = sorted(example.get("reasons") or [], key=lambda reason: -abs(reason["contribution"]))
    moving = [reason for reason in reasons if abs(reason["contribution"]) >= _SMALLEST]
    shown = moving if len(moving) <= _MOST + 1 else moving[:_MOST]
    steps = [(f"{said(reason, 'label')}: {said(reason, 'value')}", reason["contribution"]) for reason in shown]
    rest = reasons[len(shown) :]
    if rest:
        steps.append(
            (f"{count(len(rest), 'other thing', 'other things')} together", sum(r["contribution"] for r in rest))
        )
    bars, at = [], example["base_value"]
    for label, contribution in steps:
        bars.append(Bar(label, at, at + contribution))
        at += contribution
    return bars


def waterfall_words(example: Example) -> str:
    """Say the steps, for example ``"The average child: −2.40. Speaking: emerging: +0.81. ... The sum: −1.59."``."""
    steps = [f"{bar.label}: {signed(bar.after - bar.before, 2)}." for bar in bars_of(example)]
    start, end = signed(example["base_value"], 2), signed(example["score"], 2)
    return " ".join([f"The average child: {start} points.", *steps, f"The sum: {end} points."])


def waterfall_svg(example: Example) -> Markup:
    """Draw the steps: filled to the right where points are added, hollow to the left where some are taken away.

    Parameters
    ----------
    example : mapping
        ``example`` of what a version publishes.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` element.
    """
    bars = bars_of(example)
    ends = [example["base_value"], example["score"], *(end for bar in bars for end in (bar.before, bar.after))]
    low, high = float(min(ends)), float(max(ends))

    def x(value: float) -> float:
        return 6 + (_WIDTH - 12) * (value - low) / ((high - low) or 1.0)

    body, top = _row("The average child", signed(example["base_value"], 2), 0)
    body += Markup('<circle class="ink" cx="{:.1f}" cy="{}" r="5"/>').format(x(example["base_value"]), top + 9)
    for bar in bars:
        row, below = _row(bar.label, signed(bar.after - bar.before, 2), top + 22)
        left, right = sorted((x(bar.before), x(bar.after)))
        body += row + Markup('<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="14"/>').format(
            "ink" if bar.after > bar.before else "hollow", left, below + 2, max(right - left, 1.5)
        )
        top = below
    row, top = _row("The sum", signed(example["score"], 2), top + 22)
    body += row + Markup('<circle class="ink" cx="{:.1f}" cy="{}" r="5"/>').format(x(example["score"]), top + 9)
    return Markup(
        '<svg class="picture" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">{3}</svg>'
    ).format(_WIDTH, top + 20, waterfall_words(example), body)


def _row(label: str, number: str, top: int) -> tuple[Markup, int]:
    """Return a label with its number at the right, and where the drawing below it begins."""
    body = Markup("")
    for line in textwrap.wrap(label, _LETTERS) or [""]:
        top += _LINE
        body += Markup('<text x="0" y="{}">{}</text>').format(top - 5, line)
    return body + Markup('<text x="{}" y="{}" text-anchor="end" class="number">{}</text>').format(
        _WIDTH, top - 5, number
    ), top
