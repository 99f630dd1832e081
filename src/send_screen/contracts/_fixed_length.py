"""The characters of identifiers of a fixed length, as an array."""

from __future__ import annotations

from itertools import compress

import numpy as np
import pandas as pd


def characters_of(values: pd.Series, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which values are ASCII texts of a length (bool, shape (n,)), and their codes (uint8, shape (k, length)).

    Examples
    --------
    >>> has_length, characters = characters_of(pd.Series(["01", "1", None, "2A"]), 2)
    >>> has_length.tolist(), characters.tolist()
    ([True, False, False, True], [[48, 49], [50, 65]])
    """
    texts = values.tolist()
    has_length = np.array(
        [isinstance(text, str) and len(text) == length and text.isascii() for text in texts], dtype=bool
    )
    codes = np.frombuffer("".join(compress(texts, has_length)).encode(), dtype=np.uint8)
    return has_length, codes.reshape(-1, length)
