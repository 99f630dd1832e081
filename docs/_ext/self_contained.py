"""The site needs nothing from elsewhere: a page that would fetch a script, style, font or picture fails the build."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# What a browser fetches by itself when it opens a page. Links that a reader may follow are none of these.
_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b(?![^>]*\brel\s*=\s*["']?(?:canonical|author|license))[^>]*\bhref\s*=\s*["']?(?:https?:)?//[^"'\s>]+"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^"')\s]+"""
    r"""|url\(\s*["']?(?:https?:)?//[^"')\s]+""",
    re.IGNORECASE,
)


def fetched_from_elsewhere(text: str) -> list[str]:
    """Return what a browser would fetch from another host when it opens this page or style sheet.

    Parameters
    ----------
    text : str
        HTML or CSS.

    Returns
    -------
    list of str
    """
    return _FETCHED.findall(text)


def _check(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    found = {
        path.relative_to(app.outdir): hits
        for path in sorted(Path(app.outdir).rglob("*"))
        if path.suffix in {".html", ".css"} and (hits := fetched_from_elsewhere(path.read_text("utf-8")))
    }
    if found:
        raise ExtensionError("\n".join(f"{path} fetches {hits[0]}" for path, hits in found.items()))


def setup(app: Sphinx) -> dict[str, bool]:
    """Look through all pages once they are written."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
