"""The characters of identifiers of a fixed length, as an array."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa


def characters_of(values: pd.Series, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which values are ASCII texts of a length (bool, shape (n,)), and their codes (uint8, shape (k, length)).

    Examples
    --------
    >>> has_length, characters = characters_of(pd.Series(["01", "1", None, "2A"]), 2)
    >>> has_length.tolist(), characters.tolist()
    ([True, False, False, True], [[48, 49], [50, 65]])
    """
    try:
        texts = pa.array(values, pa.large_string(), from_pandas=True)
    except (pa.ArrowException, UnicodeEncodeError):  # not all are texts, or not all can be encoded
        texts = pa.array([value if _is_ascii(value) else None for value in values.tolist()], pa.large_string())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    _, starts, content = texts.buffers()
    ends = np.frombuffer(starts, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    has_length = (np.diff(ends) == length) & texts.is_valid().to_numpy(zero_copy_only=False)
    codes = np.frombuffer(content or b"", dtype=np.uint8)
    if has_length.all() and len(texts):
        characters = codes[ends[0] : ends[-1]].reshape(-1, length)
    else:
        characters = codes[ends[:-1][has_length][:, None] + np.arange(length)]
    is_ascii = (characters < 128).all(axis=1)  # the length is that of the UTF-8 bytes
    if is_ascii.all():
        return has_length, characters
    has_length[has_length] = is_ascii
    return has_length, characters[is_ascii]


def _is_ascii(value: object) -> bool:
    return isinstance(value, str) and value.isascii()
