"""NHS numbers: the check digit, and the range of synthetic children.

An NHS number is ten digits, written 943 476 5919; the last is a check digit. Source: NHS Data Model and Dictionary,
*NHS number* (algorithm and test range were recalled, and not read there).
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from send_screen.contracts._fixed_length import characters_of

SYNTHETIC_RANGE = "999"  # numbers for tests, which no person is given

_GAPS = re.compile(r"[\s\-]+")
_BODY = re.compile(r"[0-9]{9}")
_MODULUS = 11
_WEIGHTS = np.arange(10, 0, -1, dtype=np.uint16)  # of the ten digits: their weighted sum is a multiple of 11


def nhs_check_digit(body: str) -> str | None:
    """Return the digit that must stand after the first nine of an NHS number.

    11 less the remainder of (sum over digits 1..9 of digit times weight 10..2) mod 11; 11 is written 0.

    Parameters
    ----------
    body : str
        Nine digits.

    Returns
    -------
    str or None
        One digit; None where it would be 10: there is no such NHS number.

    Raises
    ------
    ValueError
        If ``body`` cannot be the first nine digits of an NHS number.

    Examples
    --------
    >>> nhs_check_digit("943476591")
    '9'
    """
    if not _BODY.fullmatch(body):
        raise ValueError("Nine digits stand before the check digit of an NHS number.")
    remainder = sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True)) % _MODULUS
    digit = (_MODULUS - remainder) % _MODULUS
    return None if digit == 10 else str(digit)


def valid_nhs_numbers(numbers: pd.Series) -> pd.Series:
    """Return which texts are ten digits of which the last is the right check digit.

    Ten equal digits are no NHS number: all ten such texts have the right check digit, and systems write them for people
    whose number is not known.

    Parameters
    ----------
    numbers : pandas.Series of str, shape (n,)
        Missing values give False.

    Returns
    -------
    pandas.Series of bool, shape (n,)

    Examples
    --------
    >>> import pandas as pd
    >>> valid_nhs_numbers(pd.Series(["9434765919", "9434765918", "943 476 5919"])).tolist()
    [True, False, False]
    """
    valid, characters = characters_of(numbers, len(_WEIGHTS))
    digits = characters - ord("0")  # what is below "0" turns into a large number
    fits = (digits < 10).all(axis=1) & (digits @ _WEIGHTS % _MODULUS == 0)
    valid[valid] = fits & (digits != digits[:, :1]).any(axis=1)
    return pd.Series(valid, index=numbers.index)


def repair_nhs_number(number: str) -> str:
    """Return the NHS number without its gaps; what else is wrong stays wrong."""
    return _GAPS.sub("", number)


def is_synthetic_nhs_number(number: str | None) -> bool:
    """Return whether an NHS number is of the test range 999, which no real child has.

    Parameters
    ----------
    number : str or None
        An NHS number.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_synthetic_nhs_number("999 000 0018")
    True
    >>> is_synthetic_nhs_number("9434765919")
    False
    """
    repaired = repair_nhs_number(number) if isinstance(number, str) else ""
    return repaired.startswith(SYNTHETIC_RANGE) and bool(valid_nhs_numbers(pd.Series([repaired])).item())
