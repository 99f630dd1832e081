"""Input validation: target, weights and groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, assert_all_finite, check_consistent_length, column_or_1d

_LEAST_WEIGHT, _MOST_WEIGHT = 1e-30, 1e30  # of a row that counts at all: LightGBM keeps weights in four bytes


def checked_target(
    estimator: Any, X: pd.DataFrame, y: Any, sample_weight: Any
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return X, y (1 for the second of the sorted classes), weights and classes, without rows of weight zero."""
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
    return X, encoded.astype(np.float64), weight[kept], classes


def checked_groups(groups: Any, X: pd.DataFrame, sample_weight: Any) -> np.ndarray | None:
    """Return schools as serial numbers, of the rows that :func:`checked_target` keeps; those not known are one more."""
    if groups is None:
        return None
    array = column_or_1d(groups)
    check_consistent_length(X, array)
    if sample_weight is not None:
        array = array[_check_sample_weight(sample_weight, X, dtype=np.float64) > 0]
    known = ~np.asarray(pd.isna(array), dtype=bool)
    try:
        names, of_known = np.unique(array[known], return_inverse=True)
    except TypeError:
        raise ValueError("'groups' holds text and numbers, which have no order. Make them all text.") from None
    serial = np.full(len(array), len(names))
    serial[known] = of_known
    return serial
