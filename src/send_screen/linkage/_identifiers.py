"""Identifiers of the records of children, comparable between agencies."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionArray

from send_screen.contracts import valid_upns

#: Columns by which records are compared, the same in every contract that holds a child.
COMPARED = ("Forename", "Surname", "DOB", "Sex", "Postcode")
#: Column of a table that tells apart the files which were read as one: a number of a person is one agency's.
FILE = "file"
_ALIKE = 0.8  # an assumption: of a name of five letters or more, one letter may differ


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column, missing throughout where the table lacks it."""
    return frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)


def texts(values: pd.Series) -> pa.Array:
    """Return values as Arrow text, in which they are found and compared fastest."""
    found = pa.array(values, from_pandas=True)
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    return found if found.type == pa.large_string() else found.cast(pa.large_string())


def take(values: Sequence[str], positions: np.ndarray) -> ExtensionArray:
    """Return the text at each position; missing where it is -1."""
    return pd.array(list(values), dtype="str").take(positions, allow_fill=True)


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return names in small letters without accents and marks, ISO birth dates, sex, and postcodes without gaps.

    What is not known is None. Records by the same name in other spellings, such as José and JOSE, become equal.
    """
    changes = {"Forename": name_letters, "Surname": name_letters, "DOB": None, "Sex": str, "Postcode": postcode_key}
    return pd.DataFrame(
        {
            name: (_each(frame[name], change) if change else _iso_dates(frame[name])) if name in frame else None
            for name, change in changes.items()
        },
        index=frame.index,
        dtype=object,
    )


def _iso_dates(values: pd.Series) -> pd.Series:
    """Return dates as ISO text, each distinct one once; None for what is no date."""
    codes, distinct = pd.factorize(values)
    dates = pd.to_datetime(pd.Series(distinct), errors="coerce")
    texts = dates.dt.strftime("%Y-%m-%d").astype(object).where(dates.notna(), None)
    return pd.Series(np.array([*texts, None], dtype=object)[codes], index=values.index, dtype=object)


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


def another_pupil(children: pd.DataFrame, rows: pd.DataFrame, child_id: str) -> np.ndarray:
    """Return which rows, beside a child each, have a unique pupil number of their own that is another pupil's.

    Both numbers are valid and permanent, and the forename is not the same. A twin has all else in common.
    """
    mine, theirs = (frame[child_id].to_numpy(dtype=object) for frame in (children, rows))
    found = pd.notna(mine) & pd.notna(theirs) & (mine != theirs)
    found &= theirs != column(children, "FormerUPN").to_numpy(dtype=object)
    at = np.flatnonzero(found)
    forenames = [_each(column(frame, "Forename").iloc[at], name_letters).to_numpy() for frame in (children, rows)]
    same = pd.notna(forenames[0]) & (forenames[0] == forenames[1])
    found[at] = _is_permanent(mine[at]) & _is_permanent(theirs[at]) & ~same
    return np.asarray(found)


def _is_permanent(upns: np.ndarray) -> np.ndarray:
    """Return which texts are valid unique pupil numbers that are not temporary: those end in a letter."""
    permanent = np.array([str(upn)[-1:].isdecimal() for upn in upns], dtype=bool)
    return np.asarray(valid_upns(pd.Series(upns, dtype=object)).to_numpy() & permanent)


def other_forename(left: pd.DataFrame, right: pd.DataFrame) -> np.ndarray:
    """Return which comparable records that stand beside each other have clearly different forenames."""
    return _differ(left, right, "Forename", "Surname")


def other_child(left: pd.DataFrame, right: pd.DataFrame) -> np.ndarray:
    """Return which comparable records that stand beside each other are of different children, by what they say.

    Birth dates that are far apart do not agree with one child. Nor do two of: another birth date, another forename,
    another sex; nor two other names, unless the birth date is the same. What is not known contradicts nothing.
    """
    born = [left["DOB"].to_numpy(dtype=object), right["DOB"].to_numpy(dtype=object)]
    known = pd.notna(born[0]) & pd.notna(born[1])
    born_apart = known & (born[0] != born[1])
    far = np.zeros(len(left), dtype=bool)
    for at in np.flatnonzero(born_apart):
        far[at] = _far_apart(born[0][at], born[1][at])
    sexes = [frame["Sex"].to_numpy(dtype=object) for frame in (left, right)]
    sex = (sexes[0] != sexes[1]) & np.isin(sexes[0].astype(str), ["F", "M"]) & np.isin(sexes[1].astype(str), ["F", "M"])
    forename, surname = other_forename(left, right), _differ(left, right, "Surname", "Forename")
    two = (born_apart & (forename | sex)) | (forename & sex)
    return np.asarray(far | two | (forename & surname & ~(known & ~born_apart)))


def _far_apart(first: str, second: str) -> bool:
    """Return whether birth dates differ by more than a mistyped day, month or year, or a swapped day and month.

    >>> _far_apart("2020-10-01", "2020-01-10"), _far_apart("2020-10-01", "2020-10-07")
    (False, False)
    >>> _far_apart("2020-10-01", "2012-10-01"), _far_apart("2020-10-01", "2020-11-07")
    (True, True)
    """
    (year, *day), (other_year, *other_day) = (list(map(int, date.split("-"))) for date in (first, second))
    if year == other_year and day == other_day[::-1]:
        return False
    parts_apart = (year != other_year) + (day[0] != other_day[0]) + (day[1] != other_day[1])
    return abs(year - other_year) > 1 or parts_apart > 1


def _differ(left: pd.DataFrame, right: pd.DataFrame, name: str, swapped_with: str) -> np.ndarray:
    """Return where a name is known on both sides and clearly another, also than the one it may be swapped with."""
    mine, theirs, swapped = (values.to_numpy(dtype=object) for values in (left[name], right[name], right[swapped_with]))
    found = pd.notna(mine) & pd.notna(theirs) & (mine != theirs)
    for at in np.flatnonzero(found):
        found[at] = not _alike(mine[at], theirs[at]) and mine[at] != swapped[at]
    return np.asarray(found)


def _alike(first: str, second: str) -> bool:
    """Return whether names may be one: an initial, one at the beginning or end of the other, or nearly the same."""
    short, long = sorted((first, second), key=len)
    one_in_other = len(short) == 1 or long.startswith(short) or long.endswith(short)
    return one_in_other or SequenceMatcher(None, short, long).ratio() >= _ALIKE


def people_by_number(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a key for each number of a person (``PersonID`` or ``NHSNumber``), None where it is not one person's.

    An agency's number holds within one file. A number whose rows contradict each other is a placeholder, or was given
    twice.
    """
    numbers = column(table, name)
    key = name + ":" + numbers.astype("string").fillna("")
    if name == "PersonID":
        key = column(table, FILE).astype("string").fillna("") + "/" + key
    key = key.astype(object).where(numbers.notna(), None)
    again = np.flatnonzero((key.notna() & key.duplicated(keep=False)).to_numpy())
    if not len(again):
        return key
    rows, of_person = comparable(table.iloc[again]), key.iloc[again].to_numpy()
    first = rows.groupby(of_person).transform("first").astype(object)
    differ = other_child(first, rows) | other_forename(first, rows)
    return key.where(~key.isin(of_person[differ]), None)


def _each(values: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Return each text changed, each distinct one once; None where nothing is left."""
    codes, texts = pd.factorize(values)
    changed = np.array([*(change(str(text)) or None for text in texts), None], dtype=object)
    return pd.Series(changed[codes], index=values.index, dtype=object)
