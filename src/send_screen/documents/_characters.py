"""Misleading, unprintable and unencodable characters."""

from __future__ import annotations

import re
from pathlib import Path

CONTROL_CHARACTERS = (
    "holds a control character, or one that turns the direction of writing: it would be shown as something else"
)
_CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)  # not tab and line breaks
_SURROGATES = re.compile("[\ud800-\udfff]")


def has_control_characters(text: str) -> bool:
    """Return whether a text has control characters, bidirectional ones too: it would be displayed as another text."""
    return _CONTROL_CHARACTERS.search(text) is not None


def displayable(text: str) -> str:
    """Return a text whose control and direction characters are replaced, so that it is displayed as what it is."""
    return _CONTROL_CHARACTERS.sub("\ufffd", text)


def encodable(text: str) -> str:
    """Return a text that can be written as UTF-8: lone surrogates become replacement characters."""
    return _SURROGATES.sub("\ufffd", text)


def printable(text: str) -> str:
    """Return a line with each unprintable character replaced, so that it cannot control a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in encodable(text))


def file_name(path: str | Path) -> str:
    """Return a file's name, without its folder, with unprintable characters replaced."""
    return printable(Path(path).name)
