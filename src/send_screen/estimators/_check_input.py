"""Input validation: parameters, columns and cells, target, weights and groups."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_sample_weight,
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from send_screen.documents import MISLEADING, is_misleading
from send_screen.tables._column_names import describe_difference

SIGNS = {"increasing": 1, "decreasing": -1}
_LEAST_WEIGHT, _MOST_WEIGHT = 1e-30, 1e30  # of a row that counts at all: LightGBM keeps weights in four bytes
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
    named = isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns)
    frame = (_from_frame if named else _from_array)(estimator, X, texts, only, reset=reset)
    for name in frame.columns:
        if name not in texts and bool((np.abs(frame[name].to_numpy()) > _LARGEST).any()):
            raise ValueError(
                f"Input X contains infinity, or a value beyond {_LARGEST:g}, in column {name!r}. Make it NaN where it "
                f"stands for a value that is not known, or clip it."
            )
    return frame


def _from_array(estimator: Any, X: Any, texts: set[str], only: Sequence[str] | None, *, reset: bool) -> pd.DataFrame:
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
    require_known(only or (), names, "features")
    frame = pd.DataFrame(array, columns=pd.Index(names, dtype=object))
    return frame if only is None else frame[list(only)]


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
    require_known(only or (), names, "features")
    used = names if only is None else list(only)
    cells = {name: _levels(name, X[name]) if name in texts else _numbers(name, X[name]) for name in used}
    return pd.DataFrame(cells, columns=pd.Index(used, dtype=object), index=pd.RangeIndex(len(X)))


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


def checked_target(
    estimator: Any, X: pd.DataFrame, y: Any, groups: Any, sample_weight: Any
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
    """Return X, y (1 for the second of the sorted classes), weights, groups and classes; no row has weight zero."""
    if y is None:
        name = type(estimator).__name__
        raise ValueError(f"This {name} estimator requires y to be passed, but the target y is None.")
    y = column_or_1d(y, warn=True)
    if pd.isna(y).any():
        raise ValueError("Input y contains NaN. Leave out the children whose outcome is not known.")
    if y.dtype == object:  # what pandas makes of a column that once had gaps
        y = pd.Series(y).infer_objects().to_numpy()
    assert_all_finite(y, input_name="y")
    check_consistent_length(X, y)
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if kind != "binary":
        raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    kept = weight > 0
    if weight[kept].min() < _LEAST_WEIGHT or weight.max() > _MOST_WEIGHT:
        raise ValueError(f"sample_weight must be 0, or lie between {_LEAST_WEIGHT:g} and {_MOST_WEIGHT:g}.")
    classes, encoded = np.unique(y[kept], return_inverse=True)
    if len(classes) < 2:
        raise ValueError("Only one class is present among the rows with a positive weight: two classes are needed.")
    if not kept.all():
        X = X[kept].reset_index(drop=True)
    return X, encoded.astype(np.float64), weight[kept], serial_numbers(groups, kept), classes


def serial_numbers(groups: Any, kept: np.ndarray) -> np.ndarray | None:
    """Return the groups of the rows that are kept as numbers 0, 1, ..., those that are missing as one more."""
    if groups is None:
        return None
    array = column_or_1d(groups)
    check_consistent_length(kept, array)
    array = array[kept]
    known = ~np.asarray(pd.isna(array), dtype=bool)
    try:
        names, of_known = np.unique(array[known], return_inverse=True)
    except TypeError:
        raise ValueError("'groups' holds text and numbers, which have no order. Make them all text.") from None
    serial = np.full(len(array), len(names))
    serial[known] = of_known
    return serial


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
