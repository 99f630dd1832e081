"""Folds that never share a school, and a check of them that does not trust the splitter."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import StratifiedGroupKFold

from send_screen.errors import DataError, LeakageError


def out_of_school_folds(y: ArrayLike, school: ArrayLike, *, folds: int = 5, seed: int) -> np.ndarray:
    """Return the fold in which each child is held out, whole schools at a time.

    ``sklearn.model_selection.StratifiedGroupKFold(folds, shuffle=True, random_state=seed)`` on the rows in file order,
    checked by :func:`verify_folds`.

    Parameters
    ----------
    y : array-like of int, shape (n,)
        1 where the outcome happened.
    school : array-like of str or int, shape (n,)
    folds : int
        Number of folds.
    seed : int
        Fold seed.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Between 0 and ``folds - 1``.

    Raises
    ------
    DataError
        When there are too few schools, or too few children with or without the outcome, to fill the folds.
    LeakageError
        When a school is in two folds.

    Examples
    --------
    >>> school = np.repeat(["a", "b", "c", "d"], 10)
    >>> fold = out_of_school_folds(np.tile([0, 1], 20), school, folds=2, seed=0)
    >>> [len(set(fold[school == name])) for name in "abcd"]
    [1, 1, 1, 1]
    """
    label = np.asarray(y)
    schools = np.asarray(school)
    if len(pd.unique(schools)) < folds:
        raise DataError(
            f"{folds} out-of-school folds need at least {folds} schools; there are {len(pd.unique(schools))}.",
            remedy="Bring data of more schools, or ask for fewer folds.",
        )
    if min(int((label == 1).sum()), int((label == 0).sum())) < folds:
        raise DataError(
            f"{folds} folds need at least {folds} children with and {folds} without the outcome.",
            remedy="Bring more children, or ask for fewer folds.",
        )
    fold = np.full(len(label), -1, dtype=np.int64)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(label)), label, schools)):
        fold[held_out] = number
    verify_folds(fold, schools)
    return fold


def verify_folds(fold: ArrayLike, school: ArrayLike) -> None:
    """Check, from the assignment alone, that every child is in one fold and no school is in two.

    Parameters
    ----------
    fold : array-like of int, shape (n,)
    school : array-like, shape (n,)

    Raises
    ------
    LeakageError
        When a child has no fold or a school is in more than one. The message counts schools and names none.

    Examples
    --------
    >>> verify_folds([0, 0, 1], ["oak", "oak", "elm"])
    >>> verify_folds([0, 1, 1], ["oak", "oak", "elm"])
    Traceback (most recent call last):
        ...
    send_screen.errors.LeakageError: ...
    """
    number = np.asarray(fold)
    if (number < 0).any():
        raise LeakageError(
            f"{int((number < 0).sum())} children are in no fold.", remedy="Give every child exactly one fold."
        )
    pairs = pd.DataFrame({"fold": number, "school": np.asarray(school)}).drop_duplicates()
    shared = int((pairs["school"].value_counts() > 1).sum())
    if shared:
        raise LeakageError(
            f"{shared} of {pairs['school'].nunique()} schools are in more than one fold, "
            "so that a model is judged on schools it has seen.",
            remedy="Split whole schools, for example with out_of_school_folds.",
            rule="FOLDS-SHARE-SCHOOL",
        )
