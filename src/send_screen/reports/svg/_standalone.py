"""A picture as a file of its own, or in a notebook: with the style that pages give it."""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from html import escape
from importlib import resources

from markupsafe import Markup


@dataclass(frozen=True, repr=False)
class Picture:
    """An SVG that stands by itself: ``str(picture)`` is the file, and a notebook shows it.

    Attributes
    ----------
    title : str
        The feature, or the two of an interaction.
    description : str
        What it shows.
    svg : str
        The SVG.
    """

    title: str
    description: str
    svg: str

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture: {self.title}>"

    def _repr_html_(self) -> str:
        """Return it as an image, so that its style is its own."""
        data = base64.b64encode(self.svg.encode()).decode()
        image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(self.description)}">'
        return f"<figure><figcaption>{escape(self.title)}</figcaption>{image}</figure>"


def standalone(drawn: Markup) -> str:
    """Return what was drawn for a page as an SVG file: with its namespace, and the page's style of pictures."""
    start, body = str(drawn).split(">", 1)
    return f'{start} xmlns="http://www.w3.org/2000/svg"><style>{_style()}</style>{body}'


@functools.cache
def _style() -> str:
    lines = (resources.files("send_screen.reports") / "templates" / "style.css").read_text("utf-8").splitlines()
    own = [line for line in lines if line.startswith((":root", "svg"))]
    return "".join([*own, "svg { background: #fff; font-family: sans-serif; }"])
