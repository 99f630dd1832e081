"""Infinitesimal-jackknife standard errors clustered by school.

An estimate f, as a function of the schools' weights w, has at w = 1 the derivatives df / dw_s, whose sum is 0.
Standard errors from these are too small where schools differ in size, and those of the jackknife, which leaves each
school out, are too large [Efron1981]_. As a compromise, a child's derivative is divided by sqrt(1 - h), where h is the
school's share of the fold's children with (or without) the outcome [Bell2002]_. Its sum over the children of a school
is the influence u_s, and sqrt(sum u_s^2) is the standard error. For a difference of two estimates on the same children
the influences are subtracted school by school, so that what they have in common cancels. ROC AUC and average precision
take O(n log n), for one sort.

References
----------
.. [Bell2002] Bell, R. M. and McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with
   multi-stage samples. Survey Methodology 28.
.. [Efron1981] Efron, B. (1981). Nonparametric estimates of standard error: the jackknife, the bootstrap and other
   methods. Biometrika 68.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from send_screen.evaluation._evidence import OutOfFoldPredictions

RANKING_METRICS = ("roc_auc", "average_precision")


@dataclass(frozen=True)
class EstimateWithInfluence:
    """An estimate, NaN where undefined, and the influence of each school on it, shape (schools,)."""

    value: float
    by_school: np.ndarray

    def __sub__(self, other: EstimateWithInfluence) -> EstimateWithInfluence:
        """Return the difference of two estimates on the same children."""
        return EstimateWithInfluence(self.value - other.value, self.by_school - other.by_school)

    @property
    def standard_error(self) -> float:
        """The standard error."""
        return math.sqrt(float((self.by_school**2).sum()))


def ratio(
    numerator: np.ndarray, denominator: np.ndarray, *, adjusted: tuple[np.ndarray, np.ndarray] | None = None
) -> EstimateWithInfluence:
    """Return a ratio of sums over schools, sum a_s / sum b_s; arguments are of shape (schools,).

    The influence of a school is the jackknife's, sqrt((S - 1) / S) (a_s - r b_s) / (n - b_s): leaving a school out of a
    ratio has this closed form, while ROC AUC and average precision would take a sort for each school, and so have the
    infinitesimal jackknife. It is computed from the ``adjusted`` numerator and denominator where given: those with the
    top-k threshold correction (the list has a fixed length: a school that lists more takes places from others), whose
    sums over schools are the same. S counts the schools with a part in either sum, after the correction.
    """
    n = float(denominator.sum())
    if n <= 0:
        return EstimateWithInfluence(math.nan, np.full(len(denominator), math.nan))
    value = float(numerator.sum()) / n
    a, b = (numerator, denominator) if adjusted is None else adjusted
    schools, rest = int(((a != 0) | (b != 0)).sum()), n - b
    left_out = np.divide(a - value * b, rest, out=np.zeros(len(rest)), where=rest > 0)
    return EstimateWithInfluence(value, math.sqrt((schools - 1) / schools) * left_out)


def mean_auc_and_ap(
    predictions: OutOfFoldPredictions, score: np.ndarray, block: np.ndarray | None = None
) -> dict[str, EstimateWithInfluence]:
    """Return ROC AUC and average precision, means over blocks of children; NaN if a block has one class.

    ``block`` numbers them, shape (rows,): by default the folds of each seed of the repeated
    cross-validation.
    """
    block = predictions.fold_id if block is None else block
    means, influence = np.zeros(2), np.zeros((2, predictions.n_schools))
    blocks = np.split(np.argsort(block, kind="stable"), np.flatnonzero(np.diff(np.sort(block))) + 1)
    for rows in blocks:
        positive = predictions.outcome[rows] == 1
        if positive.all() or not positive.any():
            undefined = EstimateWithInfluence(math.nan, np.full(predictions.n_schools, math.nan))
            return dict.fromkeys(RANKING_METRICS, undefined)
        values, by_child = auc_and_ap(score[rows], positive)
        means += values / len(blocks)
        leverage = np.zeros(len(rows))
        for members in (positive, ~positive):
            school = predictions.school[rows][members]
            leverage[members] = (np.bincount(school, minlength=predictions.n_schools) / members.sum())[school]
        # capped, since a school with all children of a class has leverage 1, whose factor would be infinite
        scale = 1 / np.sqrt(1 - np.minimum(leverage, 0.5)) / len(blocks)
        for j in (0, 1):
            influence[j] += np.bincount(predictions.school[rows], by_child[j] * scale, predictions.n_schools)
    return {name: EstimateWithInfluence(float(means[j]), influence[j]) for j, name in enumerate(RANKING_METRICS)}


def auc_and_ap(score: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ROC AUC and average precision, and the influence of each child on them.

    With P and N the numbers of children with and without the outcome, c_i the number of children of the other class
    that child i is ranked correctly against (a tie counts half), p(u) the precision and r(u) the number of children at
    or above a score u, and g(u) the number of children with the outcome at u: AUC = sum c_i / (P N) and AP = sum over u
    of g(u) p(u) / P, whose derivatives to a child's weight are, for a child at v,

        AUC:  (c_i / N - AUC) / P  with, and  (c_i / P - AUC) / N  without the outcome,
        AP:   (1{outcome} (p(v) - AP) + sum over u <= v of g(u) (1{outcome} - p(u)) / r(u)) / P.

    ``score`` and ``positive`` (bool, with both classes) have the shape (n,), the values (2,), the influences (2, n).

    >>> values, influence = auc_and_ap(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    >>> values.round(4).tolist()
    [0.75, 0.8333]
    """
    distinct, at = np.unique(score, return_inverse=True)
    here = np.bincount(at, minlength=len(distinct)).astype(np.float64)
    with_outcome = np.bincount(at, positive, len(distinct))
    without = here - with_outcome
    p, n = float(with_outcome.sum()), float(without.sum())
    right_with = np.cumsum(without) - without / 2
    right_without = p - np.cumsum(with_outcome) + with_outcome / 2
    reached_with = p - np.cumsum(with_outcome) + with_outcome
    reached = p + n - np.cumsum(here) + here
    precision = reached_with / reached
    auc = float((with_outcome * right_with).sum()) / (p * n)
    ap = float((with_outcome * precision).sum()) / p
    gained, lost = np.cumsum(with_outcome / reached), np.cumsum(with_outcome * precision / reached)
    return np.array([auc, ap]), np.array(
        [
            np.where(positive, (right_with[at] / n - auc) / p, (right_without[at] / p - auc) / n),
            (np.where(positive, precision[at] + gained[at] - ap, 0.0) - lost[at]) / p,
        ]
    )
