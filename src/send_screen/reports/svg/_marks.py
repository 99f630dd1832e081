"""Small pictures within text: a hundred squares, and the bar of a reason."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from send_screen.reports.svg._elements import decoration, path

_COLUMNS, _CELL = 20, 11


def _squares(cells: Iterable[int]) -> str:
    return "".join(f"M{i % _COLUMNS * _CELL + 1} {i // _COLUMNS * _CELL + 1}h8v8h-8z" for i in cells)


def frequency_svg(n: int) -> Markup:
    """Draw a hundred squares, ``n`` of them filled: one per child."""
    n = max(0, min(100, n))
    squares = path("ink", _squares(range(n))) + path("hollow", _squares(range(n, 100)))
    return decoration("hundred", _COLUMNS * _CELL, 5 * _CELL, squares)


def weight_svg(contribution: float, largest: float) -> Markup:
    """Draw a contribution as a bar, relative to the largest on the list: filled if positive, hollow if negative."""
    width = max(2.0, 100 * min(1.0, abs(contribution) / largest)) if largest > 0 else 2.0
    bar = Markup('<rect class="{}" x="1" y="2" width="{:.0f}" height="12"/>').format(
        "ink" if contribution > 0 else "hollow", width
    )
    return decoration("strength", 104, 16, bar)
