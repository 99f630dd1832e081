"""Cluster bootstrap over schools, computed on counts by school.

A replicate gives school s the weight w_s, how often it was drawn in S draws. A ratio of sums over children is a ratio
of products of w with the sums by school, so a thousand replicates of all groups are one matrix product, however many
children there are. Counts are whole numbers, so the products are exact, and the same at any thread count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from send_screen.errors import UsageError
from send_screen.evaluation._confusion_at_capacity import RATES, cell_indicator

FLAG_RATES = ("selection_rate", "recall", "specificity", "precision")
#: Replicates drawn at once, which bounds memory.
BATCH = 50


@dataclass(frozen=True)
class BootstrapRates:
    """Rates of each group, and their bootstrap replicates.

    Attributes
    ----------
    groups : list
        In sorted order.
    metrics : tuple of str
        ``selection_rate``, ``recall``, ``specificity``, ``precision``.
    values : numpy.ndarray of float, shape (groups, metrics)
        NaN without a denominator.
    replicates : numpy.ndarray of float, shape (replicates, groups, metrics)
    """

    groups: list[object]
    metrics: tuple[str, ...]
    values: np.ndarray
    replicates: np.ndarray


def cluster_bootstrap(
    y_true: np.ndarray | pd.Series,
    y_pred: np.ndarray | pd.Series,
    *,
    groups: np.ndarray | pd.Series,
    schools: np.ndarray | pd.Series,
    replicates: int = 1000,
    seed: int = 0,
) -> BootstrapRates:
    """Return the cluster bootstrap of each group's rates: replicates resample whole schools.

    It is ``MetricFrame(..., n_boot=...)`` for children who are clustered in schools. For a group of a few dozen
    children, percentiles of the replicates are no valid interval: see :func:`by_group`.

    Parameters
    ----------
    y_true, y_pred : array of 0 and 1, shape (n,)
        Outcome, and whether the child is flagged.
    groups, schools : array, shape (n,)
        Group and school of each child; none missing.
    replicates : int
    seed : int

    Returns
    -------
    BootstrapRates

    Raises
    ------
    UsageError
        When the arrays differ in length, an outcome or flag is neither 0 nor 1, or a group or school is missing.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> evidence = simulate_evidence()
    >>> group, school = evidence["group.sex"], evidence["school"]
    >>> rates = cluster_bootstrap(
    ...     evidence["outcome"], evidence["flag.candidate"], groups=group, schools=school, replicates=100
    ... )
    >>> rates.values.shape, rates.replicates.shape
    ((2, 4), (100, 2, 4))
    """
    y, flag = np.asarray(y_true), np.asarray(y_pred)
    if not len(y) == len(flag) == len(groups) == len(schools):
        raise UsageError("Outcomes, flags, groups and schools are not of the same length.")
    if not all(((each == 0) | (each == 1)).all() for each in (y, flag)):
        raise UsageError("An outcome or a flag is neither 0 nor 1.")
    group, names = pd.factorize(groups, sort=True)
    school, school_names = pd.factorize(schools)
    if (group < 0).any() or (school < 0).any():
        raise UsageError("A group or a school is missing.", remedy='Give it a name, such as "not recorded".')
    n_groups, n_schools = len(names), len(school_names)
    confusion_cell = 2 * (y == 0) + (flag == 0)  # in the order of CONFUSION_CELLS
    cell = (school.astype(np.int64) * n_groups + group) * 4 + confusion_cell
    counts = np.bincount(cell, minlength=4 * n_groups * n_schools).reshape(n_schools, n_groups, 4).astype(np.float64)
    resampled = _sums(counts.reshape(n_schools, -1), replicates, seed).reshape(replicates + 1, n_groups, 4)
    numerators = np.column_stack([cell_indicator(*RATES[name].numerator) for name in FLAG_RATES])
    denominators = np.column_stack([cell_indicator(*RATES[name].denominator) for name in FLAG_RATES])
    rates = _ratios(resampled @ numerators, resampled @ denominators)
    return BootstrapRates(list(names), FLAG_RATES, rates[0], rates[1:])


def bootstrap_ratios(numerators: np.ndarray, denominators: np.ndarray, *, replicates: int, seed: int) -> np.ndarray:
    """Return ratios of sums over schools in the data themselves (first row) and in each replicate.

    Numerators and denominators have the shape (schools, ratios), and are whole numbers or multiples of one power of
    two, so that sums are exact. The ratios are NaN without a denominator.
    """
    numerators, denominators = np.hsplit(_sums(np.hstack([numerators, denominators]), replicates, seed), 2)
    return _ratios(numerators, denominators)


def _ratios(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """Return ratios, NaN without a denominator."""
    ratios = np.full(numerators.shape, np.nan)
    np.divide(numerators, denominators, out=ratios, where=denominators > 0)
    return ratios


def _sums(by_school: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """Return sums over the schools of the data themselves (first row) and of each replicate."""
    # on a busy machine several threads are far slower than one
    with threadpool_limits(limits=1, user_api="blas"):
        return np.vstack([drawn @ by_school for drawn in _weights(len(by_school), replicates, seed)])


def _weights(schools: int, replicates: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each school is drawn, (some replicates, schools) at a time; the data themselves come first."""
    yield np.ones((1, schools))
    rng = np.random.default_rng(seed)
    for start in range(0, replicates, BATCH):
        rows = min(BATCH, replicates - start)
        drawn = rng.integers(0, schools, (rows, schools)) + schools * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * schools).reshape(rows, schools).astype(np.float64)


def simultaneous_level(deviations: np.ndarray, standard_errors: np.ndarray, *, alpha: float) -> float:
    """Return the pointwise level of simultaneous confidence intervals, by the bootstrap of the largest statistic.

    The largest |deviation| / standard error of a replicate stays below its 1 - alpha quantile c with probability
    1 - alpha [Hothorn2008]_; c is the normal quantile of the level. It lies between alpha / m (Bonferroni, m
    independent intervals) and alpha (m times the same one). ``deviations`` of replicates from the data have
    the shape (replicates, m), and NaN counts as 0; ``standard_errors`` (m,) are above 0.

    References
    ----------
    .. [Hothorn2008] Hothorn, T., Bretz, F. and Westfall, P. (2008). Simultaneous inference in general parametric
       models. Biometrical Journal 50.
    """
    m = len(standard_errors)
    if m == 0:
        return alpha
    largest = np.nan_to_num(np.abs(deviations) / standard_errors).max(axis=1)
    c = float(np.quantile(largest, 1 - alpha, method="higher"))
    return float(np.clip(2 * ndtr(-c), alpha / m, alpha))
