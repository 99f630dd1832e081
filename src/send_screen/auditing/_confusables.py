"""Names that could be confused with another one (homoglyphs)."""

from __future__ import annotations

import unicodedata

#: Letters of ASCII that many typefaces draw alike.
_HOMOGLYPHS = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l"})
_UNSEEN = ("M", "C", "Z", "P")  # marks, invisible characters, spaces and punctuation
_ANY = "?"


def is_confusable(name: str, own: str) -> bool:
    """Return whether another name could be read as ``own``.

    That is so where the two differ by letters of another alphabet, by accents, invisible characters, capitals or the
    signs between words. A letter outside ASCII can stand for any letter, where most letters are the same.

    Examples
    --------
    >>> is_confusable("recepti\u043en_sen", "reception_sen"), is_confusable("reception_sen_2", "reception_sen")
    (True, False)
    """
    one, other = _shape(name), _shape(own)
    same = sum(a == b for a, b in zip(one, other, strict=False))
    alike = len(one) == len(other) and all(a in (b, _ANY) for a, b in zip(one, other, strict=True))
    return name != own and alike and 2 * same >= len(other)


def _shape(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    seen = (char for char in letters if char == "|" or unicodedata.category(char)[0] not in _UNSEEN)
    return "".join(char if char.isascii() else _ANY for char in seen).translate(_HOMOGLYPHS).replace("rn", "m")
