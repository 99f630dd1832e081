"""What an estimator is given, checked: columns, cells, target and weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_array,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from send_screen.tables import describe_difference

SIGNS = {"increasing": 1, "decreasing": -1}
"""What a sign may say: the risk never falls, or never rises, as the feature grows."""


def checked_frame(
    estimator: Any, X: Any, *, texts: Iterable[str] = (), only: Sequence[str] | None = None, reset: bool
) -> pd.DataFrame:
    """Return ``X`` as a frame of float64 columns with NaN, and of text columns with None.

    Parameters
    ----------
    estimator : estimator
        Its ``n_features_in_`` and ``feature_names_in_`` are set, or checked.
    X : DataFrame or array-like, shape (n, p)
        Columns of an array are named x0, x1, ...
    texts : iterable of str
        Columns that hold levels.
    only : sequence of str, optional
        Columns that the estimator looks at; the others are left out. None for all of them.
    reset : bool
        True when fitting.

    Raises
    ------
    ValueError
        If columns are reordered, unknown, missing or there twice (the message shows the difference), or if a column of
        numbers holds text or a column of levels holds numbers.
    """
    texts = set(texts)
    if isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns):
        frame = _from_frame(estimator, X, texts, only, reset=reset)
    else:
        array = validate_data(estimator, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=reset)
        names = getattr(estimator, "feature_names_in_", None)
        if names is None:
            names = [f"x{j}" for j in range(array.shape[1])]
        frame = pd.DataFrame(array, columns=pd.Index(names, dtype=object))
        require_known(texts, frame.columns, "categories")
        if texts:
            raise ValueError("Levels need a pandas DataFrame with text columns: an array holds numbers only.")
    if only is None:
        return frame
    require_known(only, frame.columns, "features")
    return frame[list(only)]


def _from_frame(
    estimator: Any, X: pd.DataFrame, texts: set[str], only: Sequence[str] | None, *, reset: bool
) -> pd.DataFrame:
    names = list(X.columns)
    if len(set(names)) < len(names):
        raise ValueError(f"X: {describe_difference(list(dict.fromkeys(names)), names)}.")
    try:
        validate_data(estimator, X, skip_check_array=True, reset=reset)
    except ValueError as error:
        expected = [str(name) for name in getattr(estimator, "feature_names_in_", names)]
        raise ValueError(f"{error}\n{describe_difference(expected, names)}") from None
    require_known(texts, names, "categories")
    looked_at = names if only is None else [name for name in names if name in set(only)]
    numbers = [name for name in looked_at if name not in texts]
    for name in numbers:
        kind = X[name].dtype
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)):
            raise ValueError(f"Column {name!r} does not hold numbers. List its levels in 'categories', or convert it.")
    # an empty block has no rows to check, so the first column of X stands in for it
    checked = X[numbers] if numbers else pd.DataFrame({"rows": np.zeros(len(X))})
    block = check_array(
        checked, dtype=np.float64, ensure_all_finite="allow-nan", input_name="X", estimator=estimator, copy=True
    )
    columns = dict(zip(numbers, block.T, strict=True)) if numbers else {}
    cells = {name: columns[name] if name in columns else _levels(name, X[name]) for name in looked_at}
    return pd.DataFrame(cells, columns=pd.Index(looked_at, dtype=object), index=pd.RangeIndex(len(X)))


def _levels(name: str, column: pd.Series) -> pd.Series:
    known = column.notna().to_numpy(dtype=bool)
    if not all(isinstance(cell, str) for cell in column[known]):
        raise ValueError(f"Column {name!r} is listed in 'categories', and holds something other than text.")
    return column.astype(object).where(known, None).reset_index(drop=True)


def is_text(column: pd.Series) -> bool:
    """Return whether a column holds levels as text (an ``object`` or ``str`` column)."""
    return bool(pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype))


def require_known(named: Iterable[str], columns: Iterable[str], parameter: str) -> None:
    """Raise ``ValueError`` if ``parameter`` names a feature that is not among the columns."""
    known = list(columns)
    if unknown := [name for name in named if name not in known]:
        names = ", ".join(repr(name) for name in unknown)
        raise ValueError(f"{parameter!r} names what is not a column of X: {names}.")


def checked_signs(signs: Mapping[str, str] | None, columns: Iterable[str]) -> dict[str, int]:
    """Return the signs as +1 (increasing) and -1 (decreasing).

    Raises
    ------
    ValueError
        If a feature is not a column, or a sign is neither word.
    """
    given = dict(signs or {})
    require_known(given, columns, "signs")
    for name, sign in given.items():
        if sign not in SIGNS:
            raise ValueError(f"The sign of {name!r} must be 'increasing' or 'decreasing', not {sign!r}.")
    return {name: SIGNS[sign] for name, sign in given.items()}


def checked_target(
    estimator: Any, X: pd.DataFrame, y: Any, sample_weight: Any
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, target (0 or 1), weights and the two classes; rows of weight zero are left out.

    Returns
    -------
    X : pandas.DataFrame, shape (n, p)
    y : numpy.ndarray of float64, shape (n,)
        1 for the second class in sorted order.
    sample_weight : numpy.ndarray of float64, shape (n,)
    classes : numpy.ndarray, shape (2,)

    Raises
    ------
    ValueError
        If there are not two classes, or lengths differ, or a weight is negative.
    """
    if y is None:
        name = type(estimator).__name__
        raise ValueError(f"This {name} estimator requires y to be passed, but the target y is None.")
    y = column_or_1d(y, warn=True)
    assert_all_finite(y, input_name="y")
    check_consistent_length(X, y)
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if kind != "binary":
        raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    kept = weight > 0
    classes, encoded = np.unique(y[kept], return_inverse=True)
    if len(classes) < 2:
        raise ValueError("Only one class is present among the rows with a positive weight: two classes are needed.")
    if not kept.all():
        X = X[kept].reset_index(drop=True)
    return X, encoded.astype(np.float64), weight[kept], classes


def checked_groups(groups: Any, X: pd.DataFrame, sample_weight: Any) -> np.ndarray | None:
    """Return schools as serial numbers, without the rows that :func:`checked_target` leaves out; None for none.

    Raises
    ------
    ValueError
        If there is not one school a row.
    """
    if groups is None:
        return None
    array = column_or_1d(groups)
    check_consistent_length(X, array)
    if sample_weight is not None:
        array = array[_check_sample_weight(sample_weight, X, dtype=np.float64) > 0]
    _, serial = np.unique(array, return_inverse=True)
    return np.asarray(serial)
