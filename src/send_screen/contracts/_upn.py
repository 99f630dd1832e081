"""Unique pupil numbers (UPN): check letter, temporary numbers, and the authority number of synthetic children.

A UPN is a check letter, the authority (3 digits), the establishment (4), the year (2) and a serial number (3). The
last character of a temporary UPN is a letter. Source: Department for Education, *Unique pupil numbers (UPNs): a guide
for schools and local authorities*, section on the check letter.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from send_screen.contracts._fixed_length import characters_of

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
SYNTHETIC_AUTHORITY = "000"

_GAPS = re.compile(r"[\s\-]+")
_BODY = re.compile(rf"[0-9]{{11}}[0-9{LETTERS}]")
_LENGTH = 13
_WEIGHTS = np.arange(2, _LENGTH + 1, dtype=np.uint16)  # of the second character to the last
# By ASCII code: the value of a digit, or of a letter of the alphabet without I, O and S.
_IS_DIGIT, _IS_LETTER = (np.isin(np.arange(128), list(characters)) for characters in (b"0123456789", LETTERS.encode()))
_VALUE = np.array(
    [LETTERS.find(chr(code)) if _IS_LETTER[code] else max(0, code - 48) for code in range(128)], np.uint16
)


def upn_check_letter(body: str) -> str:
    """Return the letter that must stand before the last twelve characters of a UPN.

    The letter at (sum over characters 2..13 of digit times weight 2..13) mod 23 of ``ABCDEFGHJKLMNPQRTUVWXYZ``.

    Parameters
    ----------
    body : str
        Twelve digits, or eleven and a letter (a temporary UPN).

    Returns
    -------
    str
        One capital letter.

    Raises
    ------
    ValueError
        If ``body`` cannot be the last twelve characters of a UPN.

    Examples
    --------
    >>> upn_check_letter("801200005001")
    'B'
    """
    if not _BODY.fullmatch(body):
        raise ValueError("Twelve digits, or eleven digits and a letter, follow the check letter of a UPN.")
    values = [LETTERS.index(char) if char in LETTERS else int(char) for char in body]
    return LETTERS[sum(value * weight for value, weight in zip(values, range(2, 14), strict=True)) % len(LETTERS)]


def valid_upns(upns: pd.Series) -> pd.Series:
    """Return which texts are UPNs with the right check letter, temporary ones included.

    Authorities are not looked up: a list of them is stale when a new one is made.

    Parameters
    ----------
    upns : pandas.Series of str, shape (n,)
        Missing values give False.

    Returns
    -------
    pandas.Series of bool, shape (n,)

    Examples
    --------
    >>> import pandas as pd
    >>> valid_upns(pd.Series(["B801200005001", "A801200005001"])).tolist()
    [True, False]
    """
    return pd.Series(_valid_characters(upns)[0], index=upns.index)


def upn_numbers(upns: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return which texts are UPNs (bool, shape (n,)), and a number for each of these, by which they differ (uint64)."""
    valid, characters = _valid_characters(upns)
    digits = (characters[:, 1:-1] - ord("0")).astype(np.float64) @ 10.0 ** np.arange(10, -1, -1)  # below 2 ** 53
    return valid, digits.astype(np.uint64) * np.uint64(128) + characters[:, -1].astype(np.uint64)


def _valid_characters(upns: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return which texts are UPNs, and the characters of these."""
    valid, characters = characters_of(upns, _LENGTH)
    first, digits, last = characters[:, 0], characters[:, 1:-1], characters[:, -1]
    shaped = _IS_LETTER[first] & _IS_DIGIT[digits].all(axis=1) & (_IS_DIGIT | _IS_LETTER)[last]
    fits = _VALUE[characters[:, 1:]] @ _WEIGHTS % len(LETTERS) == _VALUE[first]
    right = shaped & fits
    valid[valid] = right
    return valid, characters if right.all() else characters[right]


def repair_upn(upn: str) -> str:
    """Return the UPN in capitals and without gaps; what else is wrong stays wrong."""
    return _GAPS.sub("", upn).upper()


def is_synthetic_upn(upn: str | None) -> bool:
    """Return whether a UPN is of authority 000, which no real child has.

    Parameters
    ----------
    upn : str or None
        A unique pupil number.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_synthetic_upn(upn_check_letter("000100122001") + "000100122001")
    True
    >>> is_synthetic_upn("B801200005001")
    False
    """
    repaired = repair_upn(upn) if isinstance(upn, str) else ""
    shaped = bool(_BODY.fullmatch(repaired[1:])) and repaired[0] == upn_check_letter(repaired[1:])
    return shaped and repaired[1:4] == SYNTHETIC_AUTHORITY
