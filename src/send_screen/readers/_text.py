"""The text of a file: its encoding, and the characters in it that nobody sees."""

from __future__ import annotations

import codecs
import re

from send_screen.errors import ReadError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4000  # bytes, an even number
_UTF16_SHARE = 0.4
_LINE_END = re.compile("\r\n|\r|\n")
# Tabs and line ends are no mistake. Of the others, terminals obey some and spreadsheets stop at some.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Zero-width characters and those that turn the direction of writing: languages need them, and deceivers use them.
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def decode(data: bytes, file: str) -> tuple[str, str]:
    """Return the text of a file and its encoding.

    UTF-8 is strict: a file in another encoding practically never passes for it. UTF-16 without a byte-order mark shows
    by its zero bytes, which are the first or the second of most pairs. What remains is cp1252, as Excel saves CSV in
    Britain. A NUL character is in none of these.
    """
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None) or _utf16(data[:_SAMPLE])
    for candidate in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = data.decode(candidate)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise ReadError(
                "There is a NUL character in this row.",
                file=file,
                row=len(_LINE_END.findall(text[: text.index("\x00")])) + 1,
                remedy="The file was damaged on its way: export it again.",
            )
        return text, candidate
    raise ReadError(
        "The file is not text in UTF-8, UTF-16 or the Windows encoding.",
        file=file,
        remedy="Open it in Excel and save it as 'CSV UTF-8'.",
    )


def _utf16(sample: bytes) -> str | None:
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = sample[start::2]
        if half and half.count(0) > _UTF16_SHARE * len(half) and not sample[1 - start :: 2].count(0):
            return name
    return None


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
        counts = {
            "Control characters that were taken out": self._controls,
            "Characters that cannot be seen (such as zero-width spaces) and were kept": self._invisible,
        }
        return [f"{words}: {count:,}." for words, count in counts.items() if count]
