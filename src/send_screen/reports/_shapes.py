"""How the points of one feature go, drawn and in words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from send_screen.reports._words import count, points, said, signed

_WIDTH = 340
_LINE = 20
_HALF = 110
_MIDDLE = 170
_SMALLEST = 0.005
_ONE_LINE = 24  # characters below a line; the two ends of a longer one would lie on each other
_SIGNS = {
    "increasing": "A higher value never takes points away.",
    "decreasing": "A higher value never adds points.",
}

Shape = Mapping[str, Any]


def _points(shape: Shape) -> list[Mapping[str, Any]]:
    return [point for point in shape.get("points") or [] if point.get("log_odds") is not None]


def _children(n: int | None) -> str:
    return "" if n is None else f" ({count(n, 'child', 'children')})"


def _level(point: Mapping[str, Any]) -> str:
    return said(point, "label", said(point, "x"))


def _with_unit(shape: Shape, label: str) -> str:
    unit = said(shape, "unit", "")
    return f"{label} {unit}" if unit and label.replace(".", "", 1).isdigit() else label


def reach(shapes: Sequence[Shape]) -> float:
    """Return the largest number of points, up or down, of any feature: one scale for all the pictures of a page."""
    drawn = [abs(point["log_odds"]) for shape in shapes for point in _points(shape)]
    drawn += [abs(shape["missing_log_odds"]) for shape in shapes if shape.get("missing_log_odds") is not None]
    return max(drawn, default=0.0) or 1.0


def moves(shape: Shape) -> bool:
    """Tell whether a feature adds or takes away any points that two decimals show, or publishes none at all."""
    shown = [point["log_odds"] for point in _points(shape)]
    shown += [shape["missing_log_odds"]] if shape.get("missing_log_odds") is not None else []
    return not shown or max(map(abs, shown)) >= _SMALLEST


def direction_words(shape: Shape) -> str:
    """Say what the sign of a feature on a scale promises; nothing where it has none, or where every level is drawn."""
    return _SIGNS.get(said(shape, "sign", "none"), "") if said(shape, "kind") == "linear" else ""


def shape_words(shape: Shape) -> str:
    """Say how the points of a feature go, for example ``"Emerging: +0.81 points. Expected: −0.32 points."``."""
    shown = _points(shape)
    if said(shape, "kind") == "linear" and len(shown) > 2:
        shown = [shown[0], shown[-1]]
    parts = [f"{_with_unit(shape, _level(point)).rstrip('.')}: {points(point['log_odds'])}." for point in shown]
    if shape.get("missing_log_odds") is not None:
        parts.append(f"Not known: {points(shape['missing_log_odds'])}.")
    return " ".join(parts) or "Nothing is published about its points."


def shape_svg(shape: Shape, *, scale: float | None = None) -> str:
    """Draw how the points of one feature go.

    A feature with levels is drawn as bars to the right (points added) or left (taken away) of a middle line, a linear
    one as a line. What is not known is drawn last. Every number drawn is written beside its mark, and all of them are
    in the picture's label for people who cannot see it.

    Parameters
    ----------
    shape : mapping
        One entry of ``shapes`` of what a version publishes.
    scale : float, optional
        Points at the end of the axis: the same for every picture of a page, so that they can be compared. The
        largest of this feature when left out.

    Returns
    -------
    str
        An ``<svg>`` element, escaped.
    """
    scale = scale or reach([shape])
    linear = said(shape, "kind") == "linear" and len(_points(shape)) > 2
    body, height = _line(shape, scale) if linear else _bars(shape, scale)
    return Markup(
        '<svg class="picture" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}. {3}">{4}</svg>'
    ).format(_WIDTH, height, said(shape, "label"), shape_words(shape), body)


def _bars(shape: Shape, scale: float) -> tuple[Markup, int]:
    rows = [(_with_unit(shape, _level(p)), _children(p.get("n")), p["log_odds"]) for p in _points(shape)]
    if shape.get("missing_log_odds") is not None:
        rows.append(("Not known", _children(shape.get("missing_n")), shape["missing_log_odds"]))
    body, top = Markup(""), 4
    for label, children, log_odds in rows:
        for line in textwrap.wrap(f"{label}{children}", 40):
            body += Markup('<text x="0" y="{}">{}</text>').format(top + 15, line)
            top += _LINE
        width = _HALF * min(1.0, abs(log_odds) / scale)
        left = _MIDDLE if log_odds > 0 else _MIDDLE - width
        beside = left + width + 6 if log_odds > 0 else left - 6
        body += Markup(
            '<path class="line" d="M{} {}v20"/><rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="14"/>'
            '<text x="{:.1f}" y="{}" text-anchor="{}" class="number">{}</text>'
        ).format(
            _MIDDLE,
            top,
            "ink" if log_odds > 0 else "hollow",
            left,
            top + 3,
            max(width, 1.0),
            beside,
            top + 16,
            "start" if log_odds > 0 else "end",
            signed(log_odds, 2),
        )
        top += _LINE + 6
    return body, top


def _line(shape: Shape, scale: float) -> tuple[Markup, int]:
    shown = _points(shape)
    first, last = shown[0], shown[-1]
    low, high = float(first["x"]), float(last["x"])
    left, right, top, tall = 58, 282, 12, 150

    def x(point: Mapping[str, Any]) -> float:
        return left + (right - left) * (float(point["x"]) - low) / ((high - low) or 1.0)

    def y(log_odds: float) -> float:
        return top + tall / 2 * (1 - max(-1.0, min(1.0, log_odds / scale)))

    path = "L".join(f"{x(point):.1f} {y(point['log_odds']):.1f}" for point in shown)
    body = Markup(
        '<path class="grid" d="M{0} {1:.1f}H{2}"/><text x="{3}" y="{4:.1f}" text-anchor="end">{5}</text>'
        '<path class="line" d="M{6}"/>'
    ).format(
        left,
        y(0),
        right,
        left - 8,
        y(0) + 5,
        "0" if abs(y(first["log_odds"]) - y(0)) >= _LINE else "",  # two numbers would lie on each other
        path,
    )
    for point, beside, anchor in ((first, left - 8, "end"), (last, right + 8, "start")):
        body += Markup(
            '<circle class="ink" cx="{:.1f}" cy="{:.1f}" r="4"/>'
            '<text x="{}" y="{:.1f}" text-anchor="{}" class="number">{}</text>'
        ).format(x(point), y(point["log_odds"]), beside, y(point["log_odds"]) + 5, anchor, signed(point["log_odds"], 2))
    bottom = top + tall + _LINE
    start, end = _level(first), _with_unit(shape, _level(last))
    body += Markup('<text x="{}" y="{}">{}</text>').format(left, bottom, start)
    if len(start) + len(end) > _ONE_LINE:
        bottom += _LINE
    body += Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(right, bottom, end)
    if shape.get("missing_log_odds") is not None:
        bottom += _LINE + 6
        body += Markup('<text x="0" y="{}">{}</text>').format(
            bottom,
            f"Not known{_children(shape.get('missing_n'))}: {signed(shape['missing_log_odds'], 2)}",
        )
    return body, bottom + 6
