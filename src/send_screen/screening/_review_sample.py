"""Random review sample: children not listed, drawn to be discussed as those listed are.

What adults find about them, divided by the probability with which each was drawn, estimates what they would have found
about all children not listed. The estimates are in :mod:`send_screen.evaluation`.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.screening._capacity import positions_by_list
from send_screen.specs import ReviewSampleSize


@dataclass(frozen=True)
class ReviewSample:
    """Who was drawn, and with what probability each child could have been."""

    drawn: np.ndarray
    """Positions of the children drawn, in the order of the draw."""
    probability: np.ndarray
    """Probability of being drawn, shape (n,): NaN for listed children and where no sample is asked for."""


def review_key(manifest_sha256: str, ids: pd.Series, score: np.ndarray) -> bytes:
    """Return the key of a run's draw: a hash of the version, and of every child with her score.

    Nobody can choose who is drawn by running again, and nobody can tell who is drawn from one child's data.
    """
    children = sorted(zip(ids.astype(str), np.asarray(score, dtype="<f8"), strict=True))
    digest = hashlib.sha256(manifest_sha256.encode())
    for child_id, value in children:
        digest.update(hashlib.sha256(child_id.encode("utf-8", "surrogatepass")).digest() + value.tobytes())
    return digest.digest()


def draw_review_sample(
    ids: pd.Series,
    listed: np.ndarray,
    *,
    size: ReviewSampleSize | None,
    key: bytes,
    school: pd.Series | None = None,
) -> ReviewSample:
    """Return a simple random sample of the children not listed: of each school where each has its own list.

    The order of the draw is that of HMAC-SHA256 of the identifier under ``key``, so the same run draws the same
    children. ``listed`` are positions; ``ids`` and ``school`` have the shape (n,).

    Examples
    --------
    >>> ids = pd.Series([f"child {number}" for number in range(100)])
    >>> sample = draw_review_sample(ids, np.arange(20), size=ReviewSampleSize(n=10), key=b"a run")
    >>> len(sample.drawn), bool(sample.drawn.min() >= 20), float(sample.probability[50])
    (10, True, 0.125)
    """
    probability = np.full(len(ids), np.nan)
    if size is None:
        return ReviewSample(np.zeros(0, dtype=np.int64), probability)
    names = [str(child_id) for child_id in ids]
    in_order = sorted(
        np.setdiff1d(np.arange(len(ids)), listed).tolist(),
        key=lambda i: hmac.digest(key, names[i].encode("utf-8", "surrogatepass"), "sha256"),
    )
    candidates, drawn = np.array(in_order, dtype=np.int64), []
    for block in positions_by_list(candidates, school):
        n = size.of(len(block))
        drawn.append(block[:n])
        probability[block] = n / max(len(block), 1)
    return ReviewSample(np.concatenate([np.zeros(0, dtype=np.int64), *drawn]), probability)
