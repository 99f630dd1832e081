"""The interaction of two features as a small map of squares: the darker, the more points, and each number written."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from send_screen.reports._text import signed
from send_screen.reports.svg._elements import LINE, join, path, picture, text

if TYPE_CHECKING:
    from send_screen.reports._terms import InteractionView

_LETTER = 8.6  # width of a usual letter, in pixels
_DARKEST = 0.42  # black numbers are still easy to read on it
_PAD = 10
_ON_A_PHONE = 350  # pixels; a wider map slides sideways there


def interaction_svg(view: InteractionView, *, scale: float | None = None) -> Markup:
    """Draw an interaction as squares with their points; squares where no child was are hatched.

    ``scale`` is the points of the darkest square, and with a minus of the lightest: by default the furthest that this
    one goes.
    """
    interaction, scale = view.interaction, scale or view.reach or 1.0
    columns, wide = _wrapped(interaction.columns, 11)
    rows, margin = _wrapped(interaction.rows, 18)
    wide, left, top = max(wide + _PAD, 58), margin + _PAD, LINE * max(map(len, columns), default=1) + 6
    body = join(
        _lines(lines, left + wide * (j + 0.5), top - 8 - LINE * (len(lines) - 1), "middle")
        for j, lines in enumerate(columns)
    )
    for lines, row in zip(rows, interaction.cells, strict=True):
        tall = LINE * len(lines) + 6
        body += _lines(lines, left - _PAD, top + 18, "end")
        for j, cell in enumerate(row):
            share, x = 0.5 + 0.5 * max(-1.0, min(1.0, cell.log_odds / scale)), left + wide * j
            body += Markup('<rect class="heat" x="{}" y="{}" width="{}" height="{}" fill-opacity="{:.2f}"/>').format(
                x, top, wide, tall, _DARKEST * share
            )
            if interaction.counted and cell.n is None:
                body += _hatched(x, top, wide, tall)
            sure = cell.margin_of_error is not None and abs(cell.log_odds) > cell.margin_of_error
            body += text(x + wide / 2, round(top + tall / 2 + 6), signed(cell.log_odds, 2), "middle", bold=sure)
        top += tall
    across = left + wide * len(columns) + 2
    kind = "map wide" if across > _ON_A_PHONE else "map"
    return picture(across, top + 4, f"{view.title}. {view.cell_words}", body, kind)


def _wrapped(labels: Sequence[str], letters: int) -> tuple[list[list[str]], int]:
    """Return the lines of each label, and the width in pixels that they need."""
    wrapped = [textwrap.wrap(label, letters) or [""] for label in labels]
    longest = max((len(line) for lines in wrapped for line in lines), default=0)
    return wrapped, round(longest * _LETTER)


def _lines(lines: Sequence[str], x: float, y: int, anchor: str) -> Markup:
    return join(text(x, y + LINE * i, line, anchor) for i, line in enumerate(lines))


def _hatched(x: int, y: int, wide: int, tall: int) -> Markup:
    """Return slanting lines over a square, each cut at its sides."""
    line = ""
    for start in range(8, round(wide + tall), 10):
        line += f"M{x + max(0, start - tall)} {y + min(start, tall)}L{x + min(start, wide)} {y + max(0, start - wide)}"
    return path("hatch", line)
