"""Rank children by score and take the top k; ties are broken by a hash of the identifier."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np


def k_at_capacity(rate: float, n: int) -> int:
    """Return the length of the list at a capacity: floor(rate x n + 1/2), at most n.

    Parameters
    ----------
    rate : float
        Share of children that can be assessed, between 0 and 1.
    n : int
        Number of children.

    Returns
    -------
    int

    Examples
    --------
    >>> k_at_capacity(0.10, 25)
    3
    """
    return min(n, math.floor(rate * n + 0.5))


def tie_break_key(ids: Sequence[str]) -> np.ndarray:
    """Return a deterministic number per child, by which equal scores are ordered.

    The first eight bytes of the SHA-256 of the identifier: the same in every run, and unrelated to the order of the
    file, the alphabet or the school.

    Parameters
    ----------
    ids : sequence of str, length n

    Returns
    -------
    numpy.ndarray of uint64, shape (n,)

    Examples
    --------
    >>> keys = tie_break_key(["B801200005001", "H801200005002"])
    >>> keys.dtype, bool((keys == tie_break_key(["B801200005001", "H801200005002"])).all())
    (dtype('uint64'), True)
    """
    digests = (hashlib.sha256(str(child).encode()).digest()[:8] for child in ids)
    return np.fromiter((int.from_bytes(digest, "big") for digest in digests), dtype=np.uint64, count=len(ids))


def ranking(score: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the row positions from the highest score to the lowest, equal scores by ``order``.

    Parameters
    ----------
    score : numpy.ndarray of float, shape (n,)
    order : numpy.ndarray of uint64, shape (n,)
        From :func:`tie_break_key`.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        The first is the child with the highest score.

    Examples
    --------
    >>> ranking(np.array([0.1, 0.5, 0.5]), np.array([1, 9, 4])).tolist()
    [2, 1, 0]
    """
    return np.lexsort((order, -np.asarray(score, dtype=np.float64)))


def top_k(score: np.ndarray, order: np.ndarray, k: int) -> np.ndarray:
    """Return a mask that is true for exactly ``k`` children: those who come first in :func:`ranking`.

    Parameters
    ----------
    score : numpy.ndarray of float, shape (n,)
    order : numpy.ndarray of uint64, shape (n,)
        From :func:`tie_break_key`.
    k : int
        Length of the list, at most n.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)

    Examples
    --------
    >>> top_k(np.array([0.1, 0.5, 0.5]), np.array([1, 9, 4]), 1).tolist()
    [False, False, True]
    """
    chosen = np.zeros(len(score), dtype=bool)
    chosen[ranking(score, order)[:k]] = True
    return chosen


def margin_to_threshold(score: np.ndarray, k: int) -> np.ndarray:
    """Return how far each score, shape (..., n), lies above the top-``k`` threshold of its row, for 0 < k < n.

    The threshold is halfway from the last on the list to the next.

    >>> margin_to_threshold(np.array([0.5, 2.0, 1.0]), 1).tolist()
    [-1.0, 0.5, -0.5]
    """
    margin: np.ndarray = score - top_k_threshold(score, k)[..., None]
    return margin


def top_k_threshold(score: np.ndarray, k: int) -> np.ndarray:
    """Return the score halfway from the last in the top ``k`` to the next, for scores of shape (..., n), 0 < k < n."""
    nearest = np.partition(score, [-k - 1, -k], axis=-1)
    threshold: np.ndarray = (nearest[..., -k - 1] + nearest[..., -k]) / 2.0
    return threshold
