"""What two features add together, as a small map of squares: the darker, the more points, and each number written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from send_screen.reports._words import count, give_or_take, points, signed, whole

_LINE = 20
_LETTER = 8.6  # width of a usual letter, in pixels
_DARKEST = 0.42  # black numbers are still easy to read on it
_PAD = 10
_SMALLEST = 0.005
_ON_A_PHONE = 350  # pixels; a wider map slides sideways there

InteractionTerm = Mapping[str, Any]


def _cells(interaction: InteractionTerm) -> list[list[Mapping[str, Any]]]:
    return [list(row) for row in interaction.get("cells") or []]


def surface_title(interaction: InteractionTerm) -> str:
    """Return the two features, for example ``"Reading score and age together"``."""
    return " and ".join(map(str, interaction.get("labels") or ["Two features"])) + ", together"


def surface_reach(interactions: Iterable[InteractionTerm]) -> float:
    """Return the furthest that any cell goes up or down: one scale for all the maps of a page."""
    drawn = [abs(cell["log_odds"]) for interaction in interactions for row in _cells(interaction) for cell in row]
    return max(drawn, default=0.0) or 1.0


def surface_moves(interaction: InteractionTerm) -> bool:
    """Tell whether two decimals show any points."""
    return surface_reach([interaction]) >= _SMALLEST and bool(_cells(interaction))


def surface_words(interaction: InteractionTerm) -> str:
    """Say every square: its row, its column, its points, how sure they are and how many children there were."""
    rows = zip(interaction.get("rows") or [], _cells(interaction), strict=False)
    return " ".join(
        f"{row}, {column}: {points(cell['log_odds'])}{_in_brackets(cell)}."
        for row, cells in rows
        for column, cell in zip(interaction.get("columns") or [], cells, strict=False)
    )


def _in_brackets(cell: Mapping[str, Any]) -> str:
    n = cell.get("n")
    told = [give_or_take(cell.get("margin_of_error")), "" if n is None else count(n, "child", "children")]
    return f" ({'; '.join(part for part in told if part)})" if any(told) else ""


def range_words(interaction: InteractionTerm) -> str:
    """Say how far an interaction goes, how sure it is, and from how many children, in a few sentences."""
    cells = [cell for row in _cells(interaction) for cell in row]
    if not cells:
        return "Its points are not published."
    least, most = (signed(choose(cell["log_odds"] for cell in cells), 2) for choose in (min, max))
    within = [cell["margin_of_error"] for cell in cells if cell.get("margin_of_error") is not None]
    told = [cell["n"] for cell in cells if cell.get("n") is not None]
    words = [f"It adds from {least} to {most} points."]
    if within:
        words.append(f"How sure: from {give_or_take(min(within))} to {give_or_take(max(within))}.")
    if not interaction.get("counted") or not told:
        words.append("How many children are in each square is not published.")
    else:
        words.append(f"Children in a square: {whole(min(told))} to {whole(max(told))}.")
        if len(told) < len(cells):
            words.append("Hatched: no children.")
    return " ".join(words)


def surface_svg(interaction: InteractionTerm, *, scale: float | None = None) -> Markup:
    """Draw an interaction as squares with their points; squares where no child was are hatched.

    Parameters
    ----------
    interaction : mapping
        One entry of ``interactions`` of what a version publishes.
    scale : float, optional
        Points of the darkest square, and with a minus of the lightest; the furthest that this one goes when left out.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` element.
    """
    scale, cells = scale or surface_reach([interaction]), _cells(interaction)
    columns, wide = _wrapped(interaction.get("columns") or [], 11)
    rows, margin = _wrapped(interaction.get("rows") or [], 18)
    wide, left, top = max(wide + _PAD, 58), margin + _PAD, _LINE * max(map(len, columns), default=1) + 6
    body = Markup("")
    for j, lines in enumerate(columns):
        body += _text(lines, left + wide * (j + 0.5), top - 8 - _LINE * (len(lines) - 1), "middle")
    counted = bool(interaction.get("counted"))
    for lines, row in zip(rows, cells, strict=True):
        tall = _LINE * len(lines) + 6
        body += _text(lines, left - _PAD, top + 18, "end")
        for j, cell in enumerate(row):
            share = 0.5 + 0.5 * max(-1.0, min(1.0, cell["log_odds"] / scale))
            x = left + wide * j
            body += Markup(
                '<rect class="heat" x="{0}" y="{1}" width="{2}" height="{3}" fill-opacity="{4:.2f}"/>'
            ).format(x, top, wide, tall, _DARKEST * share)
            if counted and cell.get("n") is None:
                body += _hatched(x, top, wide, tall)
            within = cell.get("margin_of_error")
            sure = within is not None and abs(cell["log_odds"]) > within
            body += Markup('<text x="{}" y="{:.0f}" text-anchor="middle"{}>{}</text>').format(
                x + wide / 2,
                top + tall / 2 + 6,
                Markup(' class="number"') if sure else "",
                signed(cell["log_odds"], 2),
            )
        top += tall
    across = left + wide * len(columns) + 2
    return Markup(
        '<svg class="map{5}" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}. {3}">{4}</svg>'
    ).format(
        across,
        top + 4,
        surface_title(interaction),
        surface_words(interaction),
        body,
        " wide" if across > _ON_A_PHONE else "",
    )


def _wrapped(labels: Sequence[object], letters: int) -> tuple[list[list[str]], int]:
    """Return the lines of each label, and the width in pixels that they need."""
    wrapped = [textwrap.wrap(str(label), letters) or [""] for label in labels]
    longest = max((len(line) for lines in wrapped for line in lines), default=0)
    return wrapped, round(longest * _LETTER)


def _text(lines: Sequence[str], x: float, y: float, anchor: str) -> Markup:
    return Markup("").join(
        Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y + _LINE * i, anchor, line)
        for i, line in enumerate(lines)
    )


def _hatched(x: float, y: float, wide: float, tall: float) -> Markup:
    """Return slanting lines over a square, each cut at its sides."""
    path = ""
    for start in range(8, round(wide + tall), 10):
        path += (
            f"M{x + max(0.0, start - tall):.0f} {y + min(start, tall):.0f}"
            f"L{x + min(start, wide):.0f} {y + max(0.0, start - wide):.0f}"
        )
    return Markup('<path class="hatch" d="{}"/>').format(path)
