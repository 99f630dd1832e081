"""Characters that nobody sees: control characters are taken out, others are kept; both are told."""

from __future__ import annotations

import re

# Tabs and line ends are no mistake. Of the others, terminals obey some and spreadsheets stop at some.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Zero-width characters and those that turn the direction of writing: languages need them, and deceivers use them.
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


class InvisibleCharacters:
    """Takes control characters out of texts, and counts them and what else is not seen."""

    def __init__(self) -> None:
        self._controls = 0
        self._invisible = 0

    def clean(self, text: str) -> str:
        """Return a text without control characters."""
        if text.isascii() and text.isprintable():
            return text
        self._invisible += len(_INVISIBLE.findall(text))
        text, found = _CONTROLS.subn("", text)
        self._controls += found
        return text

    def notes(self) -> list[str]:
        """Return what was found, in words."""
        notes = []
        if self._controls:
            notes.append(f"Control characters that were taken out: {self._controls:,}.")
        if self._invisible:
            notes.append(
                f"Characters that cannot be seen (such as zero-width spaces) and were kept: {self._invisible:,}."
            )
        return notes
