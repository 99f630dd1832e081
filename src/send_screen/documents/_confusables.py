"""Names that could be confused with another one: homoglyphs and invisible characters (compare Unicode TS 39)."""

from __future__ import annotations

import unicodedata

#: ASCII characters that look alike in many typefaces.
_HOMOGLYPHS = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l"})
_IGNORED_CATEGORIES = ("M", "C", "Z", "P")  # marks, invisible characters, spaces and punctuation
_ANY = "?"  # stands for a letter outside ASCII, which matches any letter


def is_confusable(name: str, own: str) -> bool:
    """Return whether another name could be read as ``own``.

    That is so where the two differ only by letters of other alphabets, accents, invisible characters, capitals or
    punctuation, and at least half of their letters are the same.

    Examples
    --------
    >>> is_confusable("recepti\u043en_sen", "reception_sen"), is_confusable("reception_sen_2", "reception_sen")
    (True, False)
    """
    return name != own and _alike(_skeleton(name), _skeleton(own))


def contains_confusable(text: str, own: str) -> bool:
    """Return whether ``own``, or what could be read as it, stands in a text.

    Examples
    --------
    >>> contains_confusable("model F107486F0\u200bE26B387", "f107486f0e26b387")
    True
    """
    one, other = _skeleton(text), _skeleton(own)
    return any(_alike(one[start : start + len(other)], other) for start in range(len(one) - len(other) + 1))


def _alike(one: str, other: str) -> bool:
    same = sum(a == b for a, b in zip(one, other, strict=False))
    alike = len(one) == len(other) and all(a in (b, _ANY) for a, b in zip(one, other, strict=True))
    return alike and 0 < len(other) <= 2 * same


def _skeleton(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    seen = (char for char in letters if char == "|" or unicodedata.category(char)[0] not in _IGNORED_CATEGORIES)
    return "".join(char if char.isascii() else _ANY for char in seen).translate(_HOMOGLYPHS).replace("rn", "m")
