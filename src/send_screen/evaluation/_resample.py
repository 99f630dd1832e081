"""Replicates that resample schools, computed on counts instead of on children.

A replicate gives school s the weight w_s, how often it was drawn; w is multinomial (S draws, 1/S each). For every
distinct score u of a child with the outcome, the children of each school at, above and below u are counted once; each
replicate's ROC AUC and average precision are then products of w with these counts. All counts are whole numbers, so
the products are exact and the same at any thread count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from send_screen.evaluation._evidence import EvidenceView

#: Distinct scores handled at once, so that memory stays bounded.
BLOCK = 512


def school_weights(schools: int, replicates: int, seed: int) -> np.ndarray:
    """Return how often each school is drawn; the first row is the data themselves (ones).

    Returns
    -------
    numpy.ndarray of float, shape (replicates + 1, schools)
    """
    drawn = np.random.default_rng(seed).multinomial(schools, np.full(schools, 1 / schools), size=replicates)
    return np.vstack([np.ones(schools), drawn.astype(np.float64)])


def ranking_replicates(view: EvidenceView, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return ROC AUC and average precision, means over folds averaged over fold seeds, in each replicate.

    Parameters
    ----------
    view : EvidenceView
    score : numpy.ndarray of float, shape (rows,)
    weights : numpy.ndarray of float, shape (replicates, schools)

    Returns
    -------
    numpy.ndarray of float, shape (2, replicates)
        Folds in which a replicate has only one outcome are left out of its mean; NaN where that is all of them. In the
        data themselves (first row) one such fold makes the figure undefined.
    """
    sums, folds = np.zeros((2, len(weights))), np.zeros(len(weights))
    blocks = np.split(np.argsort(view.block, kind="stable"), np.flatnonzero(np.diff(np.sort(view.block))) + 1)
    for rows in blocks:
        local, schools = np.unique(view.school[rows], return_inverse=True)
        areas, defined = _areas(score[rows], view.label[rows] == 1, schools, weights[:, local])
        sums += np.where(defined, areas, 0.0)
        folds += defined
    with np.errstate(invalid="ignore"):
        means: np.ndarray = sums / folds
    if folds[0] < len(blocks):
        means[:, 0] = np.nan
    return means


def _areas(
    score: np.ndarray, positive: np.ndarray, school: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both areas in one fold, shape (2, replicates), and where they are defined, shape (replicates,)."""
    areas = np.zeros((2, len(weights)))
    positives = weights @ np.bincount(school[positive], minlength=weights.shape[1])
    negatives = weights @ np.bincount(school[~positive], minlength=weights.shape[1])
    for at, lower, upper, positive_upper in _counts(score, positive, school, weights.shape[1]):
        gained = weights @ at.T
        reached = weights @ upper.T
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(reached > 0, (weights @ positive_upper.T) / reached, 0.0)
        # twice the negatives below plus the tied ones, so that counts stay whole
        areas[0] += (gained * (weights @ lower.T)).sum(axis=1) / 2
        areas[1] += (gained * precision).sum(axis=1)
    defined = (positives > 0) & (negatives > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        areas[0] /= positives * negatives
        areas[1] /= positives
    return areas, defined


def _counts(
    score: np.ndarray, positive: np.ndarray, school: np.ndarray, schools: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield, for blocks of distinct scores of positives, counts by school: each (distinct scores, schools).

    Positives at the score; twice the negatives below it plus those at it; all children at or above it; positives at
    or above it.
    """
    by_school = [np.flatnonzero(school == s) for s in range(schools)]
    sorted_by = [tuple(np.sort(score[rows[keep]]) for keep in (positive[rows], ~positive[rows])) for rows in by_school]
    distinct = np.unique(score[positive])
    for start in range(0, len(distinct), BLOCK):
        u = distinct[start : start + BLOCK]
        columns = []
        for with_outcome, without in sorted_by:
            p_left, p_right = np.searchsorted(with_outcome, u, "left"), np.searchsorted(with_outcome, u, "right")
            n_left, n_right = np.searchsorted(without, u, "left"), np.searchsorted(without, u, "right")
            p_above, n_above = len(with_outcome) - p_left, len(without) - n_left
            columns.append((p_right - p_left, n_left + n_right, p_above + n_above, p_above))
        yield tuple(np.array(kind, dtype=np.float64).T for kind in zip(*columns, strict=True))


def ratio_replicates(weights: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return a ratio of sums over schools in each replicate, shape (replicates,); NaN without denominator."""
    # einsum without BLAS: the same bytes at any thread count although a rule's shares are not whole
    above, below = np.einsum("bs,s->b", weights, numerator), np.einsum("bs,s->b", weights, denominator)
    ratio = np.full(len(weights), np.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def bootstrap_error(replicates: np.ndarray, schools: int) -> float:
    """Return the standard error from replicates (without the first, the data themselves).

    The factor S / (S - 1) undoes that resampling S schools shrinks their variance. NaN when more than one replicate
    in twenty is undefined.
    """
    drawn = replicates[1:]
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < 0.95 * len(drawn) or schools < 2:
        return float("nan")
    return float(np.sqrt(defined.var(ddof=1) * schools / (schools - 1)))
