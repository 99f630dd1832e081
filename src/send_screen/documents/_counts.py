"""Counts and short lists of names, for sentences."""

from __future__ import annotations

from collections.abc import Iterable


def count(n: float, singular: str, plural: str) -> str:
    """Return a count with its noun, and its verb where it has one.

    >>> count(1, "child is", "children are"), count(20_000, "row", "rows")
    ('1 child is', '20,000 rows')
    """
    return f"{n:,.0f} {singular if n == 1 else plural}"


def first_few(names: Iterable[object], max_names: int) -> str:
    """Return the first ``max_names`` names for a sentence, and how many more there are.

    >>> first_few(["E01", "E02"], 2), first_few(["E01", "E02", "E03"], 2)
    ('E01, E02', 'E01, E02 and 1 more')
    """
    texts = [str(name) for name in names]
    shown = ", ".join(texts[:max_names])
    return f"{shown} and {len(texts) - max_names} more" if len(texts) > max_names else shown
