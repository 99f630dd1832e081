"""Find and replace characters that mislead, cannot be printed, or cannot be encoded as UTF-8."""

from __future__ import annotations

import re
from pathlib import Path

#: Second half of an error message, after the name of a field.
CONTROL_CHARACTERS_ERROR = (
    "holds a control character, or one that turns the direction of writing: it would be shown as something else"
)
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# First characters of a formula in a spreadsheet; the full-width forms are for Excel in Japanese.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SURROGATES = re.compile("[\ud800-\udfff]")


def has_control_characters(text: str) -> bool:
    """Return whether a text has control or bidirectional characters, other than tab and line breaks."""
    return _CONTROL_CHARACTERS.search(text) is not None


def replace_control_characters(text: str) -> str:
    """Return a text with control and bidirectional characters replaced by U+FFFD."""
    return _CONTROL_CHARACTERS.sub("\ufffd", text)


def replace_surrogates(text: str) -> str:
    """Return a text with lone surrogates, which UTF-8 cannot encode, replaced by U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def replace_unprintable(text: str) -> str:
    """Return a line with each unprintable character replaced by U+FFFD, so that it cannot control a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in replace_surrogates(text))


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would take a text for a formula."""
    return text.lstrip(" ").startswith(_FORMULA_START)


def file_name(path: str | Path) -> str:
    """Return a file's name, without its folder, with unprintable characters replaced."""
    return replace_unprintable(Path(path).name)
