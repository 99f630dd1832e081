"""Identifiers of the records of children, comparable between agencies."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pandas as pd

#: Columns by which records are compared, the same in every contract that holds a child.
COMPARED = ("Forename", "Surname", "DOB", "Sex", "Postcode")


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column, missing throughout where the table lacks it."""
    return frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return names in small letters without accents and marks, ISO birth dates, sex, and postcodes without gaps.

    What is not known is None. Records by the same name in other spellings, such as José and JOSE, become equal.
    """
    born = pd.to_datetime(column(frame, "DOB"), errors="coerce")
    return pd.DataFrame(
        {
            "Forename": _each(column(frame, "Forename"), name_letters),
            "Surname": _each(column(frame, "Surname"), name_letters),
            "DOB": born.dt.strftime("%Y-%m-%d").astype(object).where(born.notna(), None),
            "Sex": _each(column(frame, "Sex"), str),
            "Postcode": _each(column(frame, "Postcode"), postcode_key),
        },
        index=frame.index,
    )


def name_letters(name: str) -> str:
    """Return a name in small letters, without accents, gaps and marks.

    >>> name_letters("Zoë-Mae O'Neil")
    'zoemaeoneil'
    """
    text = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in text if char.isalpha())


def postcode_key(postcode: str) -> str:
    """Return a postcode in capitals and without gaps.

    >>> postcode_key("zz1 1aa")
    'ZZ11AA'
    """
    return re.sub(r"[\W_]+", "", postcode).upper()


def _each(values: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Return each text changed, each distinct one once; None where nothing is left."""
    codes, texts = pd.factorize(values)
    changed = np.array([*(change(str(text)) or None for text in texts), None], dtype=object)
    return pd.Series(changed[codes], index=values.index, dtype=object)
