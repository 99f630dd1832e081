"""Plots of the model's terms with their margins of error: shape functions and interactions.

A categorical feature is drawn as bars, a numeric one as a line along an axis, and an interaction as a heat map with
printed numbers.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from send_screen.reports._text import in_brackets, signed, whole
from send_screen.reports.svg._elements import LINE, WIDTH, bar, path, picture, text

if TYPE_CHECKING:
    from send_screen.published import Piece
    from send_screen.reports._terms import FeatureView, InteractionView

_HALF, _MIDDLE = 110, 170  # of the bars
_LEFT, _RIGHT, _TOP, _HEIGHT = 58, 282, 12, 150  # of the scale
_CHILDREN = 44  # height of the children's bars
_ONE_LINE = 24  # characters that fit below an axis; two longer labels go on two lines
_LETTER = 8.6  # width of a usual letter, in pixels
_DARKEST = 0.42  # opacity on which black numbers are legible
_PAD = 10
_PHONE_WIDTH = 350  # pixels; wider heat maps scroll


def shape_svg(feature: FeatureView, *, scale: float | None = None) -> Markup:
    """Draw the shape function of a feature, its standard errors, and where the children are.

    Levels are bars to the right (points added) or left (subtracted), with whiskers; a numeric feature is a line with a
    band; missing values come last. The picture's label says all of it for screen readers. ``scale`` is the log-odds at
    the end of the axis, by default the largest of the feature.
    """
    draw = _scale if feature.is_numeric else _levels
    body, height = draw(feature, scale or feature.extent or 1.0)
    return picture(WIDTH, height, f"{feature.label}. {feature.description}", body)


def _levels(feature: FeatureView, scale: float) -> tuple[Markup, int]:
    def x(value: float) -> float:
        return _MIDDLE + _HALF * max(-1.0, min(1.0, value / scale))

    body, top = Markup(""), 4
    for level in feature.levels:
        for line in textwrap.wrap(level.label + in_brackets(level.children, level.give_or_take), 40):
            body += text(0, top + 15, line)
            top += LINE
        adds, sure = level.log_odds > 0, level.margin_of_error or 0.0
        left, right = sorted((x(0.0), x(level.log_odds)))
        low, high = x(level.log_odds - sure), x(level.log_odds + sure)
        body += path("line", f"M{_MIDDLE} {top}v22") + bar(adds, left, top + 2, max(right - left, 1.0))
        if level.margin_of_error is not None:
            ends = f"M{low:.1f} {top + 16}v6M{high:.1f} {top + 16}v6"
            body += path("whisker", f"M{low:.1f} {top + 19}H{high:.1f}{ends}")
        label_x = max(right, high) + 6 if adds else min(left, low) - 6
        body += text(label_x, top + 17, signed(level.log_odds, 2), "start" if adds else "end", bold=True)
        top += LINE + 8
    return body, top


def _scale(feature: FeatureView, scale: float) -> tuple[Markup, int]:
    pieces = feature.shape.points
    low, high = pieces[0].x, pieces[-1].to

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - low) / ((high - low) or 1.0)

    def y(log_odds: float) -> float:
        return _TOP + _HEIGHT / 2 * (1 - max(-1.0, min(1.0, log_odds / scale)))

    band, line = "", ""
    for piece in pieces:
        left, right, first, last = x(piece.x), x(piece.to), piece.log_odds, piece.log_odds_to
        wide, narrow = piece.margin_of_error, piece.margin_of_error_to
        if wide is not None and narrow is not None:
            band += (
                f"M{left:.1f} {y(first + wide):.1f}L{right:.1f} {y(last + narrow):.1f}"
                f"V{y(last - narrow):.1f}L{left:.1f} {y(first - wide):.1f}z"
            )
        # a vertical line at each step
        line += f"{'V' if line else f'M{left:.1f} '}{y(first):.1f}L{right:.1f} {y(last):.1f}"
    first, last = pieces[0].log_odds, pieces[-1].log_odds_to
    zero = "0" if abs(y(first) - y(0)) >= LINE else ""  # labels would overlap
    body = path("band", band) + path("grid", f"M{_LEFT} {y(0):.1f}H{_RIGHT}")
    body += text(_LEFT - 8, y(0) + 5, zero, "end") + path("line", line)
    body += text(_LEFT - 8, y(first) + 5, signed(first, 2), "end", bold=True)
    body += text(_RIGHT + 8, y(last) + 5, signed(last, 2), "start", bold=True)
    bars, note_on_children, bottom = _children(pieces, x)
    start, end = pieces[0].label, pieces[-1].label
    bottom += LINE
    body += bars + text(_LEFT, bottom, start)
    if len(start) + len(end) > _ONE_LINE:
        bottom += LINE
    body += text(_RIGHT, bottom, end, "end")
    missing = feature.missing
    known = in_brackets(missing.children, missing.give_or_take)
    for note in (note_on_children, f"Not known{known}: {signed(missing.log_odds, 2)}"):
        bottom += LINE + 2
        body += text(0, bottom, note)
    return body, bottom + 6


def _children(pieces: Sequence[Piece], x: Callable[[float], float]) -> tuple[Markup, str, int]:
    """Draw a histogram of the training children: the area of a bar is its count."""
    top = _TOP + _HEIGHT + 10
    counts = [piece.n for piece in pieces if piece.n is not None]
    if len(counts) < len(pieces):
        return Markup(""), "How many children are where: not shown.", top
    density = [n / (x(piece.to) - x(piece.x)) for n, piece in zip(counts, pieces, strict=True)]
    tallest, foot = max(density) or 1.0, top + _CHILDREN
    bars = "".join(
        f"M{x(piece.x):.1f} {foot}V{top + _CHILDREN * (1 - high / tallest):.1f}H{x(piece.to):.1f}V{foot}"
        for piece, high in zip(pieces, density, strict=True)
    )
    return path("crowd", bars), f"Grey: where the {whole(sum(counts))} children are.", foot


def interaction_svg(view: InteractionView, *, scale: float | None = None) -> Markup:
    """Draw an interaction as a heat map with printed log-odds; cells without children are hatched.

    ``scale`` is the log-odds of the darkest cell, and minus it of the lightest: by default the largest of the
    interaction.
    """
    interaction, scale = view.interaction, scale or view.extent or 1.0
    columns, wide = _wrapped(interaction.columns, 11)
    rows, margin = _wrapped(interaction.rows, 18)
    wide, left, top = max(wide + _PAD, 58), margin + _PAD, LINE * max(map(len, columns), default=1) + 6
    body = Markup("").join(
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
    kind = "map wide" if across > _PHONE_WIDTH else "map"
    return picture(across, top + 4, f"{view.title}. {view.cell_description}", body, kind)


def _wrapped(labels: Sequence[str], letters: int) -> tuple[list[list[str]], int]:
    """Return the lines of each label, and the width in pixels that they need."""
    wrapped = [textwrap.wrap(label, letters) or [""] for label in labels]
    longest = max((len(line) for lines in wrapped for line in lines), default=0)
    return wrapped, round(longest * _LETTER)


def _lines(lines: Sequence[str], x: float, y: int, anchor: str) -> Markup:
    return Markup("").join(text(x, y + LINE * i, line, anchor) for i, line in enumerate(lines))


def _hatched(x: int, y: int, wide: int, tall: int) -> Markup:
    """Return hatching over a rectangle, clipped at its sides."""
    line = ""
    for start in range(8, round(wide + tall), 10):
        line += f"M{x + max(0, start - tall)} {y + min(start, tall)}L{x + min(start, wide)} {y + max(0, start - wide)}"
    return path("hatch", line)
