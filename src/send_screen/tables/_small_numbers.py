"""Disclosure control of small counts: ranges, counts and levels that may be published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

MINIMUM_CHILDREN = 10
"""Positive counts below this are suppressed."""


def published_range(values: np.ndarray) -> tuple[float, float] | None:
    """Return the range of a feature that may be published, or None when none may be.

    Its ends are the tenth lowest and the tenth highest value, so that neither is one child's extreme value.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n,)
        Values of the training children, without missing ones.

    Returns
    -------
    tuple of float (low, high), or None
        None with fewer than 20 children: the lowest ten and the highest ten would overlap.

    Examples
    --------
    >>> published_range(np.arange(100.0))
    (9.0, 90.0)
    >>> published_range(np.arange(19.0)) is None
    True
    """
    if len(values) < 2 * MINIMUM_CHILDREN:
        return None
    low, high = MINIMUM_CHILDREN - 1, len(values) - MINIMUM_CHILDREN
    partly_ordered = np.partition(np.asarray(values, dtype=np.float64), (low, high))
    return float(partly_ordered[low]), float(partly_ordered[high])


def published_counts(n: int, n_missing: int) -> tuple[int | None, int | None]:
    """Return the counts of known and of missing values, both None when either is 1 to 9.

    Their sum is the published number of training children, so one of the two would reveal the other.

    Parameters
    ----------
    n, n_missing : int
        Training children whose value is known, and is not.

    Returns
    -------
    tuple of (int or None, int or None)

    Examples
    --------
    >>> published_counts(400, 0), published_counts(397, 3)
    ((400, 0), (None, None))
    """
    if any(0 < count < MINIMUM_CHILDREN for count in (n, n_missing)):
        return None, None
    return n, n_missing


def merged_levels(counts: Mapping[str, int], *, ordered: bool) -> list[tuple[str, ...]]:
    """Return the levels of a feature, merged until each merged level has at least ten children.

    Unordered levels of fewer than ten children become one merged level "other", with the smallest of the rest when they
    are still fewer than ten together. Ordered levels are merged with their neighbours. A level without a child is left
    out.

    Parameters
    ----------
    counts : mapping of str to int
        Children at each level, in the feature's order.
    ordered : bool
        Whether only neighbours may be merged.

    Returns
    -------
    list of tuple of str
        The levels that each merged level consists of. Empty when there are fewer than ten children in all.

    Examples
    --------
    >>> merged_levels({"a": 50, "b": 4, "c": 30, "d": 7}, ordered=False)
    [('a',), ('c',), ('b', 'd')]
    >>> merged_levels({"1": 50, "2": 4, "3": 30}, ordered=True)
    [('1',), ('2', '3')]
    """
    observed = {level: count for level, count in counts.items() if count > 0}
    if sum(observed.values()) < MINIMUM_CHILDREN:
        return []
    merged = _merge_neighbours(observed) if ordered else _merge_others(observed)
    return [tuple(levels) for levels in merged]


def _merge_neighbours(observed: Mapping[str, int]) -> list[list[str]]:
    """Merge consecutive levels until each group has ten children."""
    merged: list[list[str]] = [[]]
    for level in observed:
        if _total(observed, merged[-1]) >= MINIMUM_CHILDREN:
            merged.append([])
        merged[-1].append(level)
    if len(merged) > 1 and _total(observed, merged[-1]) < MINIMUM_CHILDREN:
        merged[-2:] = [merged[-2] + merged[-1]]
    return merged


def _merge_others(observed: Mapping[str, int]) -> list[list[str]]:
    """Merge all levels of fewer than ten children, with the smallest other level if they are still too few."""
    other = [level for level, count in observed.items() if count < MINIMUM_CHILDREN]
    rest = [level for level in observed if level not in other]
    if other and _total(observed, other) < MINIMUM_CHILDREN:
        smallest = min(rest, key=lambda level: observed[level])
        rest.remove(smallest)
        other.append(smallest)
    return [[level] for level in rest] + ([other] if other else [])


def _total(observed: Mapping[str, int], levels: Sequence[str]) -> int:
    return sum(observed[level] for level in levels)
