"""Characters that make a text look like another one, or that cannot be written."""

from __future__ import annotations

import re
from pathlib import Path

MISLEADING = (
    "holds a control character, or one that turns the direction of writing: it would be shown as something else"
)
_MISLEADING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # not tab and line breaks
_SURROGATES = re.compile("[\ud800-\udfff]")


def is_misleading(text: str) -> bool:
    """Return whether a text would be shown, on a page or a terminal, as something that it is not."""
    return _MISLEADING.search(text) is not None


def encodable(text: str) -> str:
    """Return a text that can be written as UTF-8: lone surrogates become replacement characters."""
    return _SURROGATES.sub("\ufffd", text)


def printable(text: str) -> str:
    """Return a line without what would steer a terminal: what is no printable character becomes a replacement."""
    return "".join(char if char.isprintable() else "\ufffd" for char in encodable(text))


def file_name(path: str | Path) -> str:
    """Return a file's name, without its folder, as it can be shown and written: names need not be text."""
    return printable(Path(path).name)
