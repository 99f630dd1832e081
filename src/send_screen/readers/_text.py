"""Detect the encoding of a text file, and clean invisible characters."""

from __future__ import annotations

import codecs
import io
import re

from send_screen.errors import ReadError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4000  # bytes, an even number
_PIECE = 1_000_000  # bytes
_UTF16_SHARE = 0.4
# All control characters but tabs and line ends.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Zero-width characters and those that change the direction of writing: kept, since some languages need them.
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_UNSEEN = re.compile(f"{_CONTROLS.pattern}|{_INVISIBLE.pattern}")


def encoding_of(data: bytes, file: str) -> str:
    """Return the encoding of a text file.

    UTF-8 is strict: a file in another encoding hardly ever decodes as UTF-8. UTF-16 without a byte-order mark has
    a zero byte in most pairs, always at the same position. Any other file is cp1252, as Excel saves CSV in Britain. A
    NUL character is an error.
    """
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None) or _utf16(data[:_SAMPLE])
    for candidate in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            row = _row_of_nul(data, candidate)
        except UnicodeDecodeError:
            continue
        if row is not None:
            raise ReadError(
                "There is a NUL character in this row.",
                file=file,
                row=row,
                remedy="The file was damaged on its way: export it again.",
            )
        return candidate
    raise ReadError(
        "The file is not text in UTF-8, UTF-16 or the Windows encoding.",
        file=file,
        remedy="Open it in Excel and save it as 'CSV UTF-8'.",
    )


def _row_of_nul(data: bytes, encoding: str) -> int | None:
    """Return the first line with a NUL character; decode in pieces, without holding the whole text."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    row = 1
    for start in range(0, len(data), _PIECE):
        text = decoder.decode(data[start : start + _PIECE], final=start + _PIECE >= len(data))
        before, nul, _ = text.partition("\x00")
        row += before.count("\n")
        if nul:
            return row
    return None


def _utf16(sample: bytes) -> str | None:
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = sample[start::2]
        if half and half.count(0) > _UTF16_SHARE * len(half) and not sample[1 - start :: 2].count(0):
            return name
    return None


class InvisibleCharacters:
    """Removes control characters from texts, and counts them and other invisible characters."""

    def __init__(self) -> None:
        self._controls = 0
        self._invisible = 0

    def clean(self, text: str) -> str:
        """Return a text without control characters."""
        if text.isascii() and text.rstrip("\r\n").isprintable():
            return text
        if not _UNSEEN.search(text):
            return text
        self._invisible += len(_INVISIBLE.findall(text))
        text, found = _CONTROLS.subn("", text)
        self._controls += found
        return text

    def notes(self) -> list[str]:
        """Return the counts as sentences; none where nothing was found."""
        counts = {
            "Control characters that were taken out": self._controls,
            "Characters that cannot be seen (such as zero-width spaces) and were kept": self._invisible,
        }
        return [f"{text}: {count:,}." for text, count in counts.items() if count]
