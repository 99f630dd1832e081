"""Waterfall plot of one child's contributions, and bar plot of the parts of a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from send_screen.reports._text import signed
from send_screen.reports.svg._elements import WIDTH, bar, dot, path, picture, row

if TYPE_CHECKING:
    from send_screen.reports._gap_sources import GapSource
    from send_screen.reports._terms import WorkedExample


def waterfall_svg(example: WorkedExample) -> Markup:
    """Draw a child's contributions: filled bars to the right add points, hollow bars to the left subtract them."""
    ends = [example.base_value, example.score, *(end for step in example.steps for end in (step.before, step.after))]
    low, high = float(min(ends)), float(max(ends))

    def x(value: float) -> float:
        return 6 + (WIDTH - 12) * (value - low) / ((high - low) or 1.0)

    body, top = row("The average child", signed(example.base_value, 2), 0)
    body += dot(x(example.base_value), top + 9)
    for step in example.steps:
        label, top = row(step.label, signed(step.contribution, 2), top + 22)
        left, right = sorted((x(step.before), x(step.after)))
        body += label + bar(step.after > step.before, left, top + 2, max(right - left, 1.5), 14)
    label, top = row("The sum", signed(example.score, 2), top + 22)
    return picture(WIDTH, top + 20, example.description, body + label + dot(x(example.score), top + 9))


def gap_svg(source: GapSource) -> Markup:
    """Draw the parts of a gap: bars to the right raise the group's scores, bars to the left lower them.

    Subtotals are filled, single features hollow; every number is printed at its bar.
    """
    parts = (*source.parts, source.total)
    largest, middle = max(1, *(abs(part.hundredths) for part in parts)), WIDTH / 2
    body, top = Markup(""), 0
    for part in parts:
        label, top = row(part.label, part.points, top, bold=part.is_sum, indent=0 if part.is_sum else 14)
        width = part.hundredths / largest * (middle - 6)
        shown = max(abs(width), 1.5) if part.hundredths else 0.0
        body += label + bar(part.is_sum, middle + min(width, 0), top + 1, shown)
        body += path("whisker", f"M{middle:.1f} {top - 1}v16")
        top += 22
    spoken = " ".join(f"{part.label}: {part.points}." for part in parts)
    return picture(WIDTH, top + 4, f"{source.description} {spoken}", body)
