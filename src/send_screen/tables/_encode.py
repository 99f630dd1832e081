"""Encode columns of a frame: as float, and as codes of levels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from send_screen.errors import DataError

MISSING, UNKNOWN = -1, -2
"""Codes of a cell that is empty, and of one whose level the model does not know."""


def to_float(feature: str, column: pd.Series) -> np.ndarray:
    """Return a column as float64, NaN where a cell is empty; without a copy where it is that already."""
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        # the library's own message would quote the cell: it may be a child's
        raise DataError(
            "The model needs numbers here, and there is something else.",
            column=feature,
            remedy="Check the file against its contract first: that turns cells into numbers, or names them.",
        ) from None


def level_codes(feature: str, column: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    """Return the position of each cell in ``levels``, :data:`MISSING` or :data:`UNKNOWN`: int64, shape (n,)."""
    codes, found = pd.factorize(column)
    if not all(isinstance(level, str) for level in found):
        raise DataError(
            "The model needs levels as text here, and there is something else.",
            column=feature,
            remedy="Check the file against its contract first: that keeps a level such as '1' as text.",
        )
    positions = {level: i for i, level in enumerate(levels)}
    known = np.array([*(positions.get(level, UNKNOWN) for level in found), MISSING], dtype=np.int64)
    # factorize gives an empty cell -1, which is the last of what is known
    return known[codes]
