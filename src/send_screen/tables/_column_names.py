"""Compare the columns of a frame with those that a model needs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from send_screen.errors import DataError


def describe_difference(expected: Sequence[str], found: Sequence[str]) -> str:
    """Return what differs between two lists of columns, as words; empty when nothing does.

    >>> describe_difference(["age", "reading"], ["reading", "age"])
    "the columns are in another order: place 1 should be 'age' but is 'reading'"
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
        f"{words}: {', '.join(repr(name) for name in names)}"
        for words, names in (("missing", missing), ("not expected", unknown), ("more than once", twice))
        if names
    ]
    if parts:
        return "; ".join(parts)
    i = next(i for i, name in enumerate(expected) if found[i] != name)
    return f"the columns are in another order: place {i + 1} should be {expected[i]!r} but is {found[i]!r}"


def require_columns(expected: Sequence[str], X: pd.DataFrame) -> None:
    """Raise :class:`DataError` unless the columns of ``X`` are ``expected``, in that order.

    A model never matches columns by position: a frame in another order would be scored, and be wrong, in silence.
    """
    if difference := describe_difference(expected, [str(name) for name in X.columns]):
        raise DataError(
            f"The columns are not those of the model: {difference}.",
            remedy=f"Give exactly these {len(expected)} columns, in this order: {', '.join(expected)}.",
        )
