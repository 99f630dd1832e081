r"""Match patterns of contracts with RE2, whose running time is linear in the text.

A contract may come from anybody, and Python's own engine can take exponential time. RE2 has no look-around and no
backreferences; its ``\d``, ``\w`` and ``\s`` mean ASCII, as in the standard.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from send_screen.errors import ContractError

_MAX_LENGTH = 1_000  # characters


def fullmatches(pattern: str, texts: Sequence[str]) -> np.ndarray:
    """Return which texts match a pattern as a whole (bool, shape (n,)).

    Examples
    --------
    >>> fullmatches("[0-9]{5}", ["12345", "123456"]).tolist()
    [True, False]

    Raises
    ------
    ValueError
        If the pattern cannot be read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.match_substring_regex(pa.array(texts, pa.large_string()), rf"\A(?:{pattern})\z")
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def check_pattern(pattern: object, *, file: str, column: str, rule: str | None) -> None:
    """Raise ContractError for a pattern that cannot be matched."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        if not isinstance(pattern, str) or len(pattern) > _MAX_LENGTH:
            raise ValueError(f"it is no text of at most {_MAX_LENGTH:,} characters")
        pc.match_substring_regex(pa.array([""]), pattern)  # without \A(?: )\z, whose brackets it could close
        fullmatches(pattern, [""])
    except ValueError as error:
        shown = repr(pattern)[:60]
        reason = str(error).partition(": ")[2] or str(error)
        raise ContractError(
            f"The pattern {shown} cannot be matched ({reason}).",
            file=file,
            column=column,
            rule=rule,
            remedy="Write it in the syntax of RE2: without look-around, references back or long repeats.",
        ) from None
