"""Elements of all pictures: texts, bars, paths, rows with a label and a number, and the frame."""

from __future__ import annotations

import textwrap

from markupsafe import Markup

WIDTH = 340
LINE = 20
_LETTERS = 32  # per line of a label


def picture(width: int, height: int, label: str, body: Markup, kind: str = "picture") -> Markup:
    """Return a picture with an accessible label."""
    return Markup(
        '<svg class="{4}" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">{3}</svg>'
    ).format(width, height, label, body, kind)


def decoration(kind: str, width: int, height: int, body: Markup) -> Markup:
    """Return a picture that only repeats the text next to it, and is hidden from screen readers."""
    return Markup(
        '<svg class="{3}" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true" focusable="false">{2}</svg>'
    ).format(width, height, body, kind)


def text(x: float, y: float, content: object, anchor: str = "", *, bold: bool = False) -> Markup:
    """Return a text; x is its ``"middle"`` or ``"end"`` by ``anchor``, by default its start."""
    attributes = Markup(' text-anchor="{}"').format(anchor) if anchor else Markup("")
    attributes += Markup(' class="number"') if bold else Markup("")
    return Markup('<text x="{}" y="{}"{}>{}</text>').format(number(x), number(y), attributes, content)


def path(kind: str, line: str) -> Markup:
    """Return a path."""
    return Markup('<path class="{}" d="{}"/>').format(kind, line)


def dot(x: float, y: float) -> Markup:
    """Return a filled dot."""
    return Markup('<circle class="ink" cx="{:.1f}" cy="{}" r="5"/>').format(x, number(y))


def bar(positive: bool, x: float, y: int, width: float, height: int = 12) -> Markup:
    """Return a bar: filled if positive, hollow if negative."""
    return Markup('<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
        "ink" if positive else "hollow", x, y, width, height
    )


def row(label: str, value: str, top: int, *, bold: bool = False, indent: int = 0) -> tuple[Markup, int]:
    """Return a label with its number at the right, and the top of the drawing below it."""
    body = Markup("")
    for line in textwrap.wrap(label, _LETTERS) or [""]:
        top += LINE
        body += text(indent, top - 5, line, bold=bold)
    return body + text(WIDTH, top - 5, value, "end", bold=True), top


def number(value: float) -> str:
    """Return a length: integers as they are, floats to a tenth of a pixel."""
    return f"{value:.1f}" if isinstance(value, float) else str(value)
