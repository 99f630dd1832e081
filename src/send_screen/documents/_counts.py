"""Counts with their nouns."""

from __future__ import annotations


def count(n: float, one: str, many: str) -> str:
    """Return a count with its noun, and its verb where it has one.

    >>> count(1, "child is", "children are"), count(20_000, "row", "rows")
    ('1 child is', '20,000 rows')
    """
    return f"{n:,.0f} {one if n == 1 else many}"
