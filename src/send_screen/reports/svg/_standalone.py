"""A picture as a standalone SVG file or in a notebook, with the style of the pages."""

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
        Its content as text.
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
        """Return it as an image, so that its style does not affect the notebook."""
        data = base64.b64encode(self.svg.encode()).decode()
        image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(self.description)}">'
        return f"<figure><figcaption>{escape(self.title)}</figcaption>{image}</figure>"


def standalone(drawn: Markup) -> str:
    """Return a picture of a page as an SVG file, with namespace and style."""
    start, body = str(drawn).split(">", 1)
    return f'{start} xmlns="http://www.w3.org/2000/svg"><style>{_style()}</style>{body}'


@functools.cache
def _style() -> str:
    lines = (resources.files("send_screen.reports") / "templates" / "style.css").read_text("utf-8").splitlines()
    svg_rules = [line for line in lines if line.startswith((":root", "svg"))]
    return "".join([*svg_rules, "svg { background: #fff; font-family: sans-serif; }"])
