"""Explanations for data scientists: ``shap.Explanation``, labelled with how the values were computed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from send_screen.errors import MissingExtraError

INTERVENTIONAL = "log-odds: exact interventional Shapley values, all training rows as background"
"""``output_names`` of an explanation that may be shown as a child's reasons."""

PATH_DEPENDENT = "log-odds: path-dependent TreeSHAP, never a child's reasons"
"""``output_names`` of an explanation of boosted trees, which is for data scientists only."""


def explanation(values: np.ndarray, base_value: float | np.ndarray, X: pd.DataFrame, *, label: str) -> Any:
    """Return a ``shap.Explanation`` of shape (n, p) whose ``output_names`` is ``label``.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n, p)
        Contributions in log-odds.
    base_value : float or numpy.ndarray of float64, shape (n,)
    X : pandas.DataFrame, shape (n, p)
        What was explained.
    label : str
        :data:`INTERVENTIONAL` or :data:`PATH_DEPENDENT`. It stays with the explanation when that is sliced.

    Returns
    -------
    shap.Explanation

    Raises
    ------
    MissingExtraError
        If shap is not installed.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from send_screen.estimators import INTERVENTIONAL
    >>> X = pd.DataFrame({"reading": [1.0, 2.0]})
    >>> explanation(np.array([[0.3], [-0.3]]), -2.0, X, label=INTERVENTIONAL).shape
    (2, 1)
    """
    try:
        with warnings.catch_warnings():
            # shap is imported here because that takes three seconds, and raises other libraries' deprecations
            warnings.simplefilter("ignore")
            import shap
    except ImportError:
        raise MissingExtraError(
            "The package shap is needed to explain a model for data scientists, and it is not installed.",
            remedy="Install it with: pip install 'send-screen[train]'.",
        ) from None
    # shap.plots take NaN for a value that is not known, and stumble over None; some take floats only
    if all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
        data = X.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        data = X.astype(object).where(X.notna(), np.nan).to_numpy()
    base_values = np.broadcast_to(np.asarray(base_value, dtype=np.float64), (len(X),)).copy()
    return shap.Explanation(
        values=values,
        base_values=base_values,
        data=data,
        feature_names=[str(name) for name in X.columns],
        output_names=label,
    )
