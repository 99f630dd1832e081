"""Convert a table of any library to pandas, and compare its columns with those that a model needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from send_screen.errors import DataError


def describe_difference(expected: Sequence[str], found: Sequence[str]) -> str:
    """Describe the difference between two lists of columns; empty when there is none.

    >>> describe_difference(["age", "reading"], ["reading", "age"])
    "the columns are in another order: position 1 should be 'age' but is 'reading'"
    >>> describe_difference(["age", "reading"], ["age", "sex"])
    "missing: 'reading'; not expected: 'sex'"
    """
    expected, found = list(expected), list(found)
    if expected == found:
        return ""
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected]
    twice = sorted({str(name) for name in found if found.count(name) > 1})
    parts = [
        f"{what}: {', '.join(repr(name) for name in names)}"
        for what, names in (("missing", missing), ("not expected", unknown), ("more than once", twice))
        if names
    ]
    if parts:
        return "; ".join(parts)
    i = next(i for i, name in enumerate(expected) if found[i] != name)
    return f"the columns are in another order: position {i + 1} should be {expected[i]!r} but is {found[i]!r}"


def as_pandas(X: Any) -> Any:
    """Return ``X`` as a pandas frame if it has ``to_pandas`` (polars, pyarrow), else as it is.

    >>> import pyarrow
    >>> as_pandas(pyarrow.table({"age": [61, None]}))["age"].tolist()
    [61.0, nan]
    """
    if isinstance(X, pd.DataFrame):
        return X
    if not hasattr(X, "to_pandas") and hasattr(X, "collect"):
        raise TypeError("X is a lazy frame, which holds no rows yet. Give X.collect().")
    frame = X.to_pandas() if hasattr(X, "to_pandas") else X
    return frame if isinstance(frame, pd.DataFrame) else X


def checked_columns(expected: Sequence[str], X: Any) -> pd.DataFrame:
    """Return ``X`` as a pandas frame, or raise :class:`DataError` unless its columns are ``expected``, in that order.

    A frame in another order would be scored wrongly without an error, so columns are never matched by position. Columns
    without names are called x0, x1, ..., as in fitting.
    """
    frame = as_pandas(X)
    if not isinstance(frame, pd.DataFrame):
        frame = pd.DataFrame(np.asarray(frame))
    if not any(isinstance(name, str) for name in frame.columns):
        frame = frame.set_axis([f"x{j}" for j in range(frame.shape[1])], axis=1)
    if difference := describe_difference(expected, [str(name) for name in frame.columns]):
        raise DataError(
            f"The columns are not those of the model: {difference}.",
            remedy=f"Give exactly these {len(expected)} columns, in this order: {', '.join(expected)}.",
        )
    return frame
