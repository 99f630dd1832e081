"""Input validation: parameters, columns and cells."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import _check_feature_names_in, validate_data

from send_screen.documents import MISLEADING, is_misleading
from send_screen.tables import describe_difference

SIGNS = {"increasing": 1, "decreasing": -1}
_LARGEST = 1e100  # no value may be larger: squares are added up
_MOST_WHOLE = 2_000_000_000  # other seeds are counted from a seed, and LightGBM's end at 2**31
_NUMBERS = {"integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"}


def checked_frame(
    estimator: Any, X: Any, *, texts: Iterable[str] = (), only: Sequence[str] | None = None, reset: bool
) -> pd.DataFrame:
    """Return the columns ``only`` of ``X`` (None: all): ``texts`` hold levels or None, the others float64 or NaN.

    Columns of an array are x0, x1, ... With ``reset`` (in ``fit``) the estimator's ``n_features_in_`` and
    ``feature_names_in_`` are set; without, ``X`` must agree with them.
    """
    texts = set(texts)
    if isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns):
        frame = _from_frame(estimator, X, texts, only, reset=reset)
    else:
        frame = _from_array(estimator, X, texts, reset=reset)
    for name in frame.columns:
        if name not in texts and bool((np.abs(frame[name].to_numpy()) > _LARGEST).any()):
            raise ValueError(
                f"Input X contains infinity, or a value beyond {_LARGEST:g}, in column {name!r}. Make it NaN where it "
                f"stands for a value that is not known, or clip it."
            )
    if only is None:
        return frame
    require_known(only, frame.columns, "features")
    return frame[list(only)]


def _from_array(estimator: Any, X: Any, texts: set[str], *, reset: bool) -> pd.DataFrame:
    try:
        array = validate_data(estimator, X, dtype=np.float64, ensure_all_finite=False, reset=reset)
    except ValueError as error:
        # the libraries' own messages would quote cells: they may be a child's
        if str(error).startswith("could not convert"):
            raise ValueError("X holds text. Levels need a DataFrame whose columns have names of text.") from None
        if str(error).startswith("Complex data"):
            raise ValueError("Complex data not supported: X must hold real numbers.") from None
        raise
    names = _check_feature_names_in(estimator)
    require_known(texts, names, "categorical_features")
    if texts:
        raise ValueError("Levels need a pandas DataFrame with text columns: an array holds numbers only.")
    return pd.DataFrame(array, columns=pd.Index(names, dtype=object))


def _from_frame(
    estimator: Any, X: pd.DataFrame, texts: set[str], only: Sequence[str] | None, *, reset: bool
) -> pd.DataFrame:
    names = list(X.columns)
    if not (len(X) and names):
        raise ValueError(
            f"Found {len(X)} sample(s) and {len(names)} feature(s), while a minimum of 1 of each is required."
        )
    if not all(names):
        raise ValueError(f"X: column {names.index('')} (counted from 0) has no name. Give it one.")
    if hidden := [j for j, name in enumerate(names) if is_misleading(name)]:
        raise ValueError(f"X: the name of column {hidden[0]} (counted from 0) {MISLEADING}. Rename it.")
    if len(set(names)) < len(names):
        raise ValueError(f"X: {describe_difference(list(dict.fromkeys(names)), names)}.")
    try:
        validate_data(estimator, X, skip_check_array=True, reset=reset)
    except ValueError as error:
        expected = [str(name) for name in getattr(estimator, "feature_names_in_", names)]
        raise ValueError(f"{error}\n{describe_difference(expected, names)}") from None
    require_known(texts, names, "categorical_features")
    looked_at = names if only is None else [name for name in names if name in set(only)]
    cells = {name: _levels(name, X[name]) if name in texts else _numbers(name, X[name]) for name in looked_at}
    return pd.DataFrame(cells, columns=pd.Index(looked_at, dtype=object), index=pd.RangeIndex(len(X)))


def _numbers(name: str, column: pd.Series) -> np.ndarray:
    """Return a column as float64 with NaN; one of objects too, if all that is known in it are numbers."""
    if isinstance(column.dtype, pd.SparseDtype):
        column = column.astype(column.dtype.subtype)
    kind = column.dtype
    real = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind)
    if not real and pd.api.types.infer_dtype(column, skipna=True) not in _NUMBERS:
        raise ValueError(
            f"Column {name!r} does not hold numbers. List its levels in 'categorical_features', or convert it."
        )
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except ArithmeticError:  # a decimal that is none, or a number too large
        raise ValueError(f"Column {name!r} holds a number that a computer cannot reckon with. Correct it.") from None


def _levels(name: str, column: pd.Series) -> pd.Series:
    known = column.notna().to_numpy(dtype=bool)
    if not all(isinstance(cell, str) for cell in column[known]):
        raise ValueError(
            f"Column {name!r} is listed in 'categorical_features', and holds something other than text. "
            "Convert it with .astype('str')."
        )
    return column.astype(object).where(known, None).reset_index(drop=True)


def require_known(named: Iterable[str], columns: Iterable[str], parameter: str) -> None:
    """Raise ``ValueError`` if ``parameter`` names a feature that is not among the columns."""
    known = list(columns)
    if unknown := [name for name in named if name not in known]:
        names = ", ".join(repr(name) for name in unknown)
        raise ValueError(f"{parameter!r} names what is not a column of X: {names}.")


def checked_monotonic_cst(monotonic_cst: Mapping[str, str | int] | None, columns: Iterable[str]) -> dict[str, int]:
    """Return monotonic constraints as +1 (increasing) and -1 (decreasing); features without one are left out."""
    given = _mapping(monotonic_cst, "monotonic_cst", "'increasing' or 'decreasing'")
    require_known(given, columns, "monotonic_cst")
    for name, sign in given.items():
        if not isinstance(sign, str | numbers.Integral) or (sign not in SIGNS and sign not in (-1, 0, 1)):
            raise ValueError(f"'monotonic_cst' of {name!r} must be 'increasing' or 'decreasing', not {sign!r}.")
    return {name: int(SIGNS.get(sign, sign)) for name, sign in given.items() if sign != 0}


def checked_categories(categorical_features: Mapping[str, Sequence[str]] | None, X: Any) -> dict[str, list[str]]:
    """Return the levels of each categorical feature: those given, and the categories of columns of that dtype."""
    given = _mapping(categorical_features, "categorical_features", "a list of its levels")
    if isinstance(X, pd.DataFrame) and X.columns.is_unique:
        of_dtype = {
            name: X[name].cat.categories for name in X.columns if isinstance(X[name].dtype, pd.CategoricalDtype)
        }
        given = of_dtype | given
    for name, levels in given.items():
        if isinstance(levels, str) or not all(isinstance(level, str) for level in levels):
            raise ValueError(
                f"The levels of {name!r} in 'categorical_features' must be a list of texts, as ['1', '2']."
            )
        if any(map(is_misleading, levels)):
            raise ValueError(f"A level of {name!r} in 'categorical_features' {MISLEADING}.")
        if len(set(levels)) < len(levels):
            raise ValueError(f"The levels of {name!r} in 'categorical_features' must be different from each other.")
    return {name: list(levels) for name, levels in given.items()}


def _mapping(given: Any, parameter: str, words: str) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise ValueError(f"{parameter!r} must map the name of a column to {words}, not be a {type(given).__name__}.")
    return dict(given or {})


def checked_whole(name: str, value: Any) -> int:
    """Return a parameter that must be a whole number; ``random_state`` may not be None: same data, same model."""
    whole = -1 if isinstance(value, bool) or not isinstance(value, numbers.Integral) else int(value)
    if not 0 <= whole <= _MOST_WHOLE:
        raise ValueError(f"{name} must be a whole number, 0 or more and at most {_MOST_WHOLE:,}, not {value!r}.")
    return whole
