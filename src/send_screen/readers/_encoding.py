"""The text of a file and its encoding."""

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


def decode(data: bytes, file: str) -> tuple[str, str]:
    """Return the text of a file and its encoding.

    UTF-8 is strict: a file in another encoding practically never passes for it. UTF-16 without a byte-order mark shows
    by its zero bytes, which are the first or the second of most pairs. What remains is cp1252, as Excel saves CSV in
    Britain.

    Raises
    ------
    ReadError
        If it is none of these, or holds a NUL character.
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
