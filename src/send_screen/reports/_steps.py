"""A feature on a scale: its steps at their true edges, a band for how sure they are, and where the children are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from send_screen.reports._words import signed, whole

_LEFT, _RIGHT, _TOP, _TALL = 58, 282, 12, 150
_LINE = 20
_BARS = 44  # height of the children's bars
_ONE_LINE = 24  # characters below a line; the two ends of a longer one would lie on each other


class Placed(NamedTuple):
    """One piece of a scale: from where to where, its points and how sure they are at both ends, and its children."""

    start: float
    end: float
    log_odds: tuple[float, float]
    within: tuple[float | None, float | None]
    n: int | None
    label: str


def steps_svg(pieces: Sequence[Placed], scale: float, missing: str | None) -> tuple[Markup, int]:
    """Draw pieces side by side, and return what is drawn and its height.

    Parameters
    ----------
    pieces : sequence of Placed
    scale : float
        Points at the upper and the lower end.
    missing : str or None
        What is said of a value that is not known.
    """
    low, high = pieces[0].start, pieces[-1].end

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - low) / ((high - low) or 1.0)

    def y(log_odds: float) -> float:
        return _TOP + _TALL / 2 * (1 - max(-1.0, min(1.0, log_odds / scale)))

    band, path = "", ""
    for piece in pieces:
        left, right, (first, last) = x(piece.start), x(piece.end), piece.log_odds
        wide, narrow = piece.within
        if wide is not None and narrow is not None:
            band += (
                f"M{left:.1f} {y(first + wide):.1f}L{right:.1f} {y(last + narrow):.1f}"
                f"V{y(last - narrow):.1f}L{left:.1f} {y(first - wide):.1f}z"
            )
        # a step is a step: straight up or down at its edge
        path += f"{'V' if path else f'M{left:.1f} '}{y(first):.1f}L{right:.1f} {y(last):.1f}"
    first, last = pieces[0].log_odds[0], pieces[-1].log_odds[1]
    zero = "0" if abs(y(first) - y(0)) >= _LINE else ""  # two numbers would lie on each other
    body = Markup(
        '<path class="band" d="{}"/><path class="grid" d="M{} {:.1f}H{}"/>'
        '<text x="{}" y="{:.1f}" text-anchor="end">{}</text><path class="line" d="{}"/>'
    ).format(band, _LEFT, y(0), _RIGHT, _LEFT - 8, y(0) + 5, zero, path)
    for value, beside, anchor in ((first, _LEFT - 8, "end"), (last, _RIGHT + 8, "start")):
        body += Markup('<text x="{}" y="{:.1f}" text-anchor="{}" class="number">{}</text>').format(
            beside, y(value) + 5, anchor, signed(value, 2)
        )
    bars, words, bottom = _children(pieces, x)
    body += bars
    start, end = pieces[0].label, pieces[-1].label
    bottom += _LINE
    body += Markup('<text x="{}" y="{}">{}</text>').format(_LEFT, bottom, start)
    if len(start) + len(end) > _ONE_LINE:
        bottom += _LINE
    body += Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_RIGHT, bottom, end)
    for line in (words, missing):
        if line is not None:
            bottom += _LINE + 2
            body += Markup('<text x="0" y="{}">{}</text>').format(bottom, line)
    return body, bottom + 6


def _children(pieces: Sequence[Placed], x: Callable[[float], float]) -> tuple[Markup, str, int]:
    """Draw where the children are: the area of a bar is its number of children."""
    top = _TOP + _TALL + 10
    told = [piece.n for piece in pieces if piece.n is not None]
    if len(told) < len(pieces):
        return Markup(""), "How many children are where: not shown.", top
    density = [n / (x(piece.end) - x(piece.start)) for n, piece in zip(told, pieces, strict=True)]
    tallest = max(density) or 1.0
    bars = "".join(
        f"M{x(piece.start):.1f} {top + _BARS}V{top + _BARS * (1 - high / tallest):.1f}H{x(piece.end):.1f}V{top + _BARS}"
        for piece, high in zip(pieces, density, strict=True)
    )
    return (
        Markup('<path class="crowd" d="{}"/>').format(bars),
        f"Grey: where the {whole(sum(told))} children are.",
        top + _BARS,
    )
