"""How the points of one feature go, drawn and in words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from send_screen.reports._steps import Placed, steps_svg
from send_screen.reports._words import count, give_or_take, points, said, signed

_WIDTH = 340
_LINE = 20
_HALF = 110
_MIDDLE = 170
_SMALLEST = 0.005
_SIGNS = {
    "increasing": "A higher value never takes points away.",
    "decreasing": "A higher value never adds points.",
}

Shape = Mapping[str, Any]


def _points(shape: Shape) -> list[Mapping[str, Any]]:
    return [point for point in shape.get("points") or [] if point.get("log_odds") is not None]


def _children(n: int | None) -> str:
    return "" if n is None else count(n, "child", "children")


def _in_brackets(*parts: str) -> str:
    told = "; ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def _level(point: Mapping[str, Any]) -> str:
    return said(point, "label", said(point, "x"))


def is_scale(shape: Shape) -> bool:
    return said(shape, "kind") in {"steps", "line"} and bool(_points(shape))


def reach(shapes: Sequence[Shape]) -> float:
    """Return the furthest that any picture of a page goes up or down, so that all of them share one scale."""
    drawn = [
        abs(point[key]) + (point.get(within) or 0.0)
        for shape in shapes
        for point in _points(shape)
        for key, within in (("log_odds", "margin_of_error"), ("log_odds_to", "margin_of_error_to"))
        if point.get(key) is not None
    ]
    drawn += [
        abs(shape["missing_log_odds"]) + (shape.get("missing_margin_of_error") or 0.0)
        for shape in shapes
        if shape.get("missing_log_odds") is not None
    ]
    return max(drawn, default=0.0) or 1.0


def moves(shape: Shape) -> bool:
    """Tell whether a feature adds or takes away any points that two decimals show, or publishes none at all."""
    shown = [point[key] for point in _points(shape) for key in ("log_odds", "log_odds_to") if key in point]
    shown += [shape["missing_log_odds"]] if shape.get("missing_log_odds") is not None else []
    return not shown or max(map(abs, shown)) >= _SMALLEST


def direction_words(shape: Shape) -> str:
    """Say what the sign of a feature on a scale promises; nothing where it has none, or where every level is drawn."""
    return _SIGNS.get(said(shape, "sign", "none"), "") if is_scale(shape) else ""


def shape_words(shape: Shape) -> str:
    """Say how the points of a feature go, for example ``"Emerging: +0.81 points. Expected: −0.32 points."``.

    Of a feature on a scale, only the two ends, and the highest and the lowest value where those lie between.
    """
    shown = [(_level(p), p["log_odds"], p.get("margin_of_error")) for p in _points(shape)]
    if is_scale(shape):
        last = _points(shape)[-1]
        end = (
            _level(last),
            last.get("log_odds_to", last["log_odds"]),
            last.get("margin_of_error_to", last.get("margin_of_error")),
        )
        along = [*shown[:-1], end] if len(shown) > 1 else [*shown, end]
        heights = [log_odds for _, log_odds, _ in along]
        told = {0, len(along) - 1, heights.index(max(heights)), heights.index(min(heights))}
        shown = [along[i] for i in sorted(told)]
    if shape.get("missing_log_odds") is not None:
        shown.append(("Not known", shape["missing_log_odds"], shape.get("missing_margin_of_error")))
    parts = [
        f"{label.rstrip('.')}: {points(log_odds)}{_in_brackets(give_or_take(within))}."
        for label, log_odds, within in shown
    ]
    return " ".join(parts) or "Nothing is published about its points."


def shape_svg(shape: Shape, *, scale: float | None = None) -> str:
    """Draw how the points of one feature go, how sure each is, and where the children are.

    A feature with levels is drawn as bars to the right (points added) or left (taken away) of a middle line, with a
    whisker within which the true value is likely to be; a feature on a scale as its steps, or its line, with a band.
    What is not known is drawn last. All of it is in the picture's label for people who cannot see it.

    Parameters
    ----------
    shape : mapping
        One entry of ``shapes`` of what a version publishes.
    scale : float, optional
        Points at the end of the axis: the same for every picture of a page, so that they can be compared. The
        furthest that this feature goes when left out.

    Returns
    -------
    str
        An ``<svg>`` element, escaped.
    """
    scale = scale or reach([shape])
    if is_scale(shape):
        missing = shape.get("missing_log_odds")
        sure = _in_brackets(_children(shape.get("n_missing")), give_or_take(shape.get("missing_margin_of_error")))
        told = None if missing is None else f"Not known{sure}: {signed(missing, 2)}"
        body, height = steps_svg([_placed(point) for point in _points(shape)], scale, told)
    else:
        body, height = _bars(shape, scale)
    return Markup(
        '<svg class="picture" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}. {3}">{4}</svg>'
    ).format(_WIDTH, height, said(shape, "label"), shape_words(shape), body)


def _placed(point: Mapping[str, Any]) -> Placed:
    log_odds, within = point["log_odds"], point.get("margin_of_error")
    return Placed(
        float(point["x"]),
        float(point.get("to", point["x"])),
        (log_odds, point.get("log_odds_to", log_odds)),
        (within, point.get("margin_of_error_to", within)),
        point.get("n"),
        _level(point),
    )


def _bars(shape: Shape, scale: float) -> tuple[Markup, int]:
    rows = [(_level(p), p.get("n"), p["log_odds"], p.get("margin_of_error")) for p in _points(shape)]
    if shape.get("missing_log_odds") is not None:
        rows.append(
            ("Not known", shape.get("n_missing"), shape["missing_log_odds"], shape.get("missing_margin_of_error"))
        )

    def x(value: float) -> float:
        return _MIDDLE + _HALF * max(-1.0, min(1.0, value / scale))

    body, top = Markup(""), 4
    for label, n, log_odds, within in rows:
        for line in textwrap.wrap(label + _in_brackets(_children(n), give_or_take(within)), 40):
            body += Markup('<text x="0" y="{}">{}</text>').format(top + 15, line)
            top += _LINE
        left, right = sorted((x(0.0), x(log_odds)))
        low, high = x(log_odds - (within or 0.0)), x(log_odds + (within or 0.0))
        body += Markup(
            '<path class="line" d="M{} {}v22"/><rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="12"/>'
        ).format(_MIDDLE, top, "ink" if log_odds > 0 else "hollow", left, top + 2, max(right - left, 1.0))
        if within is not None:
            body += Markup('<path class="whisker" d="M{0:.1f} {2}H{1:.1f}M{0:.1f} {3}v6M{1:.1f} {3}v6"/>').format(
                low, high, top + 19, top + 16
            )
        body += Markup('<text x="{:.1f}" y="{}" text-anchor="{}" class="number">{}</text>').format(
            max(right, high) + 6 if log_odds > 0 else min(left, low) - 6,
            top + 17,
            "start" if log_odds > 0 else "end",
            signed(log_odds, 2),
        )
        top += _LINE + 8
    return body, top
