"""Input validation: parameters, columns and cells, target, weights and groups."""

from __future__ import annotations

import numbers
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_sample_weight,
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from send_screen.documents import CONTROL_CHARACTERS_ERROR, has_control_characters
from send_screen.tables import MINIMUM_CHILDREN
from send_screen.tables._column_names import describe_difference
from send_screen.tables._terms import level_text

SIGNS = {"increasing": 1, "decreasing": -1}
_MIN_WEIGHT, _MAX_WEIGHT = 1e-30, 1e30  # of a row that counts at all: LightGBM keeps weights in four bytes
_MAX_VALUE = 1e100  # no value may be larger: squares are added up
_ROWS_AT_A_TIME = 65_536
_MAX_WHOLE = 2_000_000_000  # numbers are added to a seed, and LightGBM's seeds end at 2**31
Levels = Mapping[str, Sequence[str] | None]
"""Columns of text, with their levels where they are known."""
_NUMBERS = {"integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"}


def checked_frame(
    estimator: Any, X: Any, *, text_columns: Levels, columns: Sequence[str] | None = None, reset: bool
) -> pd.DataFrame:
    """Return the ``columns`` of ``X`` (None: all): ``text_columns`` hold text or None, the others float64 or NaN.

    Columns of an array are x0, x1, ... With ``reset`` (in ``fit``) the estimator's ``n_features_in_`` and
    ``feature_names_in_`` are set; without, ``X`` must agree with them, and float32 stays as it is. Columns that need
    no conversion are not copied.
    """
    # a frame for a model that was fitted without names is an array, as in scikit-learn
    named = has_names(X) and (reset or hasattr(estimator, "feature_names_in_"))
    frame = (_from_frame if named else _from_array)(estimator, X, text_columns, columns, reset=reset)
    numbers_in = {name: frame[name].to_numpy() for name in frame.columns if name not in text_columns}
    for start in range(0, len(frame), _ROWS_AT_A_TIME):  # an array whose rows lie together is read once, not by column
        for name, values in numbers_in.items():
            some = values[start : start + _ROWS_AT_A_TIME]
            if max(float(np.fmax.reduce(some)), -float(np.fmin.reduce(some))) > _MAX_VALUE:
                raise ValueError(
                    f"Input X contains infinity, or a value beyond {_MAX_VALUE:g}, in column {name!r}. Make it NaN "
                    f"where it stands for a value that is not known, or clip it."
                )
    return frame


def has_names(X: Any) -> bool:
    """Return whether ``X`` is a pandas frame whose columns all have names of text, as scikit-learn asks."""
    return isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns)


def _from_array(
    estimator: Any, X: Any, text_columns: Levels, columns: Sequence[str] | None, *, reset: bool
) -> pd.DataFrame:
    try:
        array = validate_data(
            estimator, X, dtype=object if text_columns else np.float64, ensure_all_finite=False, reset=reset
        )
    except ValueError as error:
        # the libraries' own messages quote cells, which may be a child's data
        if str(error).startswith("could not convert"):
            raise ValueError(
                "X holds text. Levels need a DataFrame whose columns have names of text, or a list of the levels of "
                "column j in 'categorical_features', as 'xj'."
            ) from None
        if str(error).startswith("Complex data"):
            raise ValueError("Complex data not supported: X must hold real numbers.") from None
        raise
    names = _check_feature_names_in(estimator)
    frame = pd.DataFrame(array, columns=pd.Index(names, dtype=object)).infer_objects()
    return _cells(frame, text_columns, columns, reset=reset)


def _from_frame(
    estimator: Any, X: pd.DataFrame, text_columns: Levels, columns: Sequence[str] | None, *, reset: bool
) -> pd.DataFrame:
    names = list(X.columns)
    if not (len(X) and names):
        raise ValueError(
            f"Found {len(X)} sample(s) and {len(names)} feature(s), while a minimum of 1 of each is required."
        )
    if not all(names):
        raise ValueError(f"X: column {names.index('')} (counted from 0) has no name. Give it one.")
    if hidden := [j for j, name in enumerate(names) if has_control_characters(name)]:
        raise ValueError(f"X: the name of column {hidden[0]} (counted from 0) {CONTROL_CHARACTERS_ERROR}. Rename it.")
    if len(set(names)) < len(names):
        raise ValueError(f"X: {describe_difference(list(dict.fromkeys(names)), names)}.")
    try:
        validate_data(estimator, X, skip_check_array=True, reset=reset)
    except ValueError as error:
        expected = [str(name) for name in getattr(estimator, "feature_names_in_", names)]
        raise ValueError(f"{error}\n{describe_difference(expected, names)}") from None
    return _cells(X, text_columns, columns, reset=reset)


def _cells(X: pd.DataFrame, text_columns: Levels, columns: Sequence[str] | None, *, reset: bool) -> pd.DataFrame:
    """Return the columns ``columns`` of ``X`` as levels or numbers."""
    require_known(text_columns, X.columns, "categorical_features")
    require_known(columns or (), X.columns, "features")
    used = list(X.columns if columns is None else columns)
    rows = pd.RangeIndex(len(X))
    ready = {np.dtype(np.float64)} if reset else {np.dtype(np.float32), np.dtype(np.float64)}
    if used == list(X.columns) and not text_columns and ready.issuperset(X.dtypes):
        return X.set_axis(rows)
    cells = {
        name: _levels(name, X[name], text_columns[name]) if name in text_columns else _numbers(name, X[name], ready)
        for name in used
    }
    return pd.DataFrame(cells, columns=pd.Index(used, dtype=object), index=rows, copy=False)


def _numbers(name: str, column: pd.Series, ready: Collection[Any]) -> np.ndarray:
    """Return a column as float64 with NaN, and one of a ``ready`` dtype as it is.

    A column of dtype object is converted too, if all its known values are numbers.
    """
    if column.dtype in ready:
        return column.to_numpy()
    if isinstance(column.dtype, pd.SparseDtype):
        column = column.astype(column.dtype.subtype)
    kind = column.dtype
    real = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind)
    if not real and pd.api.types.infer_dtype(column, skipna=True) not in _NUMBERS:
        raise ValueError(
            f"Column {name!r} does not hold numbers, nor text that ten or more rows share. List its levels in "
            "'categorical_features', or convert it."
        )
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except ArithmeticError:  # an invalid decimal, or a number too large
        raise ValueError(f"Column {name!r} holds a number that a computer cannot represent. Correct it.") from None


def _levels(name: str, column: pd.Series, known: Sequence[str] | None) -> pd.Series:
    """Return a column of levels as text, None where missing; numeric levels become text."""
    codes, found = pd.factorize(column)
    texts = [level_text(level) for level in found]
    for level, text in zip(found, texts, strict=True):
        if text is None or not (isinstance(level, str) or known is None or text in known):
            raise ValueError(
                f"Column {name!r} is categorical, and holds something other than text or a number among its levels. "
                "Convert it with .astype('str')."
            )
    return pd.Series(np.array([*texts, None], dtype=object)[codes], dtype=object)


def checked_target(
    estimator: Any, X: pd.DataFrame, y: Any, groups: Any, sample_weight: Any
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
    """Return X, y (1 for the second of the sorted classes), weights, groups and classes; no row has weight zero."""
    if y is None:
        name = type(estimator).__name__
        raise ValueError(f"This {name} estimator requires y to be passed, but the target y is None.")
    y = column_or_1d(y, warn=True)
    if pd.isna(y).any():
        raise ValueError("Input y contains NaN. Leave out the rows whose outcome is not known.")
    if y.dtype == object:  # as pandas leaves a column that had missing values
        y = pd.Series(y).infer_objects().to_numpy()
    assert_all_finite(y, input_name="y")
    check_consistent_length(X, y)
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if kind != "binary":
        raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    kept = weight > 0
    if weight[kept].min() < _MIN_WEIGHT or weight.max() > _MAX_WEIGHT:
        raise ValueError(f"sample_weight must be 0, or lie between {_MIN_WEIGHT:g} and {_MAX_WEIGHT:g}.")
    classes, encoded = np.unique(y[kept], return_inverse=True)
    if len(classes) < 2:
        raise ValueError("Only one class is present among the rows with a positive weight: two classes are needed.")
    if not kept.all():
        X = X[kept].reset_index(drop=True)
    return X, encoded.astype(np.float64), weight[kept], serial_numbers(groups, kept), classes


def serial_numbers(groups: Any, kept: np.ndarray) -> np.ndarray | None:
    """Return the groups of the rows that are kept as numbers 0, 1, ...; missing ones are one more group."""
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


def checked_categories(
    categorical_features: Mapping[str, Sequence[str]] | None, X: Any, monotonic_cst: Mapping[str, Any] | None
) -> dict[str, list[str]]:
    """Return the levels of each categorical feature, as text.

    The given levels; else the categories of a categorical dtype; else, of a column of text, the values of ten rows or
    more in alphabetical order, since rarer ones could name a child.
    """
    given = _mapping(categorical_features, "categorical_features", "a list of its levels")
    listed = {name: _checked_levels(name, levels) for name, levels in given.items()}
    if not (has_names(X) and X.columns.is_unique):
        return listed
    found = {name: levels_in(X[name]) for name in X.columns if name not in listed}
    for name in sorted(set(found) & set(monotonic_cst or {})):
        if found[name] and not isinstance(X[name].dtype, pd.CategoricalDtype):
            raise ValueError(f"'monotonic_cst' of {name!r} needs an order: list its levels in 'categorical_features'.")
    return {name: _checked_levels(name, levels) for name, levels in found.items() if levels} | listed


def levels_in(column: pd.Series) -> list[Any] | None:
    """Return the levels of a column of categorical dtype, or of text; None for others."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return None
    cells = column.astype(object)
    if pd.api.types.infer_dtype(cells, skipna=True) != "string":
        return None
    counts = cells.value_counts()
    return sorted(counts.index[counts >= MINIMUM_CHILDREN])


def _checked_levels(name: str, levels: Any) -> list[str]:
    texts = [text for level in levels if (text := level_text(level)) is not None]
    if isinstance(levels, str) or len(texts) < len(levels):
        raise ValueError(f"The levels of {name!r} in 'categorical_features' must be a list of texts, as ['1', '2'].")
    if any(map(has_control_characters, texts)):
        raise ValueError(f"A level of {name!r} in 'categorical_features' {CONTROL_CHARACTERS_ERROR}.")
    if len(set(texts)) < len(texts):
        raise ValueError(f"The levels of {name!r} in 'categorical_features' must be different from each other.")
    return texts


def _mapping(given: Any, parameter: str, what: str) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise ValueError(f"{parameter!r} must map the name of a column to {what}, not be a {type(given).__name__}.")
    return dict(given or {})


def checked_whole(name: str, value: Any, *, least: int = 0) -> int:
    """Return a parameter that must be a whole number, ``least`` or more."""
    whole = -1 if isinstance(value, bool) or not isinstance(value, numbers.Integral) else int(value)
    if not least <= whole <= _MAX_WHOLE:
        raise ValueError(f"{name} must be a whole number, {least} or more and at most {_MAX_WHOLE:,}, not {value!r}.")
    return whole


def checked_seed(random_state: Any) -> int:
    """Return the seed: ``random_state`` itself, or a random one for None and from a ``RandomState``."""
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return int(check_random_state(random_state).randint(_MAX_WHOLE))
    return checked_whole("random_state", random_state)
