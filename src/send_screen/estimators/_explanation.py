"""Explanations for data scientists: ``shap.Explanation``, labelled with how the values were computed, and its plot."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from send_screen.errors import MissingExtraError
from send_screen.published import Example
from send_screen.tables._display import NOT_KNOWN
from send_screen.tables._terms import level_text

INTERVENTIONAL = "log-odds: exact interventional Shapley values, all training rows as background"
"""``output_names`` of an explanation that may be shown as a child's reasons."""

PATH_DEPENDENT = "log-odds: path-dependent TreeSHAP, never a child's reasons"
"""``output_names`` of an explanation of boosted trees, which is for data scientists only."""

_IMPORTING = Lock()


def explanation(
    values: np.ndarray,
    base_value: float | np.ndarray,
    X: pd.DataFrame,
    *,
    label: str,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> Any:
    """Return a ``shap.Explanation`` of log-odds, shape (n, p); ``output_names``, the label, stays when it is sliced.

    Its ``data`` are numbers, as all of ``shap.plots`` need. For a text column they are the position of each level in
    ``levels``, or in alphabetical order. ``display_data`` then holds the texts.
    """
    if all(map(pd.api.types.is_numeric_dtype, X.dtypes)):
        floats = set(X.dtypes) in ({np.dtype(np.float32)}, {np.dtype(np.float64)})
        data = X.to_numpy() if floats else X.to_numpy(dtype=np.float64, na_value=np.nan)  # the first copies nothing
        shown = None
    else:
        data, shown = _numbers_and_texts(X, levels or {})
    return _explanation_class()(
        values=values,
        base_values=np.broadcast_to(np.asarray(base_value, dtype=np.float64), (len(X),)).copy(),
        data=data,
        display_data=shown,
        feature_names=[str(name) for name in X.columns],
        output_names=label,
    )


def _explanation_class() -> Any:
    """Return ``shap.Explanation``, without the two seconds that importing shap's explainers and plots takes.

    Whoever plots imports them with ``shap``, which knows the same class.
    """
    try:
        with _IMPORTING, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations of other libraries
            if "shap" in sys.modules:
                import shap

                return shap.Explanation
            if (spec := find_spec("shap")) is None:
                raise ImportError
            # in place of the package, whose __init__ imports everything, an empty one with the same modules
            sys.modules["shap"] = empty = ModuleType("shap")
            empty.__path__ = list(spec.submodule_search_locations or ())
            try:
                return import_module("shap._explanation").Explanation
            finally:
                del sys.modules["shap"]
    except ImportError:
        raise MissingExtraError(
            "The package shap is needed to explain a model for data scientists, and it is not installed.",
            remedy="Install it with: pip install 'send-screen[train]'.",
        ) from None


def _numbers_and_texts(X: pd.DataFrame, levels: Mapping[str, Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells as numbers, the position of each text among its levels; and as they are, shape (n, p)."""
    data = np.empty(X.shape, dtype=np.float64, order="F")
    shown = np.empty(X.shape, dtype=object, order="F")
    for j, name in enumerate(X.columns):
        column = X.iloc[:, j]
        if pd.api.types.is_numeric_dtype(column.dtype):
            data[:, j] = shown[:, j] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            data[:, j], shown[:, j] = _positions(column, levels.get(str(name)))
    return data, shown


def _positions(column: pd.Series, levels: Sequence[str] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of each cell among its levels, other values after them, missing last; and its text."""
    codes, found = pd.factorize(column.astype(object))
    texts = [level if isinstance(level, str) else level_text(level) or str(level) for level in found]
    ordered = list(levels if levels is not None else sorted(texts))
    ordered += sorted(set(texts) - set(ordered))
    positions = np.array([*map(ordered.index, texts), len(ordered)], dtype=np.float64)
    return positions[codes], np.array([*texts, NOT_KNOWN], dtype=object)[codes]


def shap_waterfall(example: Example) -> str:
    """Return the waterfall plot, as SVG, of a synthetic child's exact contributions."""
    reasons = example.reasons
    values = pd.DataFrame([[reason.value for reason in reasons]], columns=[reason.label for reason in reasons])
    contributions = np.array([[reason.contribution for reason in reasons]])
    explained = explanation(contributions, example.base_value, values, label=INTERVENTIONAL)
    # imported after explanation() has raised where shap is missing: both come with the same extra
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations of other libraries
        import shap

    # settings and figure of our own, whatever else is open in this process
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "send_screen"}):
        figure = plt.figure()
        try:
            shap.plots.waterfall(explained[0], show=False)
            out = io.StringIO()
            figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
        finally:
            plt.close(figure)
    return out.getvalue()
