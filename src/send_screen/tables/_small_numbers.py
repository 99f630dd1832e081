"""Disclosure control of small numbers: ranges, counts and levels that may be published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

MINIMUM_CHILDREN = 10
"""Fewer children than this are never shown as a number of their own."""


def published_range(values: np.ndarray) -> tuple[float, float] | None:
    """Return the range of a feature that may be published, or None when none may be.

    Its ends are the lowest and highest value that at least ten children are at or beyond, so that neither is one
    child's extreme value.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n,)
        Known values of the training children (no NaN).

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
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    return float(ordered[MINIMUM_CHILDREN - 1]), float(ordered[-MINIMUM_CHILDREN])


def published_counts(n: int, n_missing: int) -> tuple[int | None, int | None]:
    """Return the counts of known and of missing values, both None when either is 1 to 9.

    Their sum is the published number of training children, so one of the two would give the other away.

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
    """Return the levels of a feature in groups of at least ten children.

    Unordered levels of fewer than ten children become one merged "other" group, with the smallest of the rest when
    they are still fewer than ten together. Ordered levels are merged with their neighbours. A level without any child
    is in no group.

    Parameters
    ----------
    counts : mapping of str to int
        Children at each level, in the feature's order.
    ordered : bool
        Whether only neighbours may be merged.

    Returns
    -------
    list of tuple of str
        Empty when there are fewer than ten children in all.

    Examples
    --------
    >>> merged_levels({"a": 50, "b": 4, "c": 30, "d": 7}, ordered=False)
    [('a',), ('c',), ('b', 'd')]
    >>> merged_levels({"1": 50, "2": 4, "3": 30}, ordered=True)
    [('1',), ('2', '3')]
    """
    seen = {level: count for level, count in counts.items() if count > 0}
    if sum(seen.values()) < MINIMUM_CHILDREN:
        return []
    groups = _neighbours(seen) if ordered else _others(seen)
    return [tuple(group) for group in groups]


def _neighbours(seen: Mapping[str, int]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for level in seen:
        if _total(seen, groups[-1]) >= MINIMUM_CHILDREN:
            groups.append([])
        groups[-1].append(level)
    if len(groups) > 1 and _total(seen, groups[-1]) < MINIMUM_CHILDREN:
        groups[-2:] = [groups[-2] + groups[-1]]
    return groups


def _others(seen: Mapping[str, int]) -> list[list[str]]:
    other = [level for level, count in seen.items() if count < MINIMUM_CHILDREN]
    rest = [level for level in seen if level not in other]
    if other and _total(seen, other) < MINIMUM_CHILDREN:
        smallest = min(rest, key=lambda level: seen[level])
        rest.remove(smallest)
        other.append(smallest)
    return [[level] for level in rest] + ([other] if other else [])


def _total(seen: Mapping[str, int], group: Sequence[str]) -> int:
    return sum(seen[level] for level in group)
