"""Calibration slope, intercept and reliability bins, with intervals clustered by school."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from send_screen.evaluation._estimate import Estimate, clustered_rate, smallest, t_interval, undefined
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.evaluation.disclosure._rounding import nearest

#: With fewer children with (or without) the outcome, no slope is estimated.
MIN_OUTCOMES = 10


class Recalibration(NamedTuple):
    """Slope and intercept of a logistic regression of the outcome on the score."""

    slope: Estimate
    intercept: Estimate


def recalibrate(
    predictions: OutOfFoldPredictions, score: np.ndarray, *, rows: np.ndarray | None = None, alpha: float = 0.05
) -> Recalibration:
    """Fit logit P(y = 1) = intercept + slope x score, pooled over folds and fold seeds [Cox1958]_.

    A slope of 1 and an intercept of 0 are perfect; below 1 the scores are too extreme. The standard errors are the
    sandwich's, clustered by school, times sqrt(S / (S - 1)). ``score`` is log-odds, ``rows`` the children of one group.

    References
    ----------
    .. [Cox1958] Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45.
    """
    keep = np.ones(len(score), dtype=bool) if rows is None else rows
    x, y = score[keep], predictions.outcome[keep]
    # each child has one row per seed
    n, n_outcome = len(y) / predictions.n_seeds, float(y.sum()) / predictions.n_seeds
    n_schools = len(np.unique(predictions.school[keep]))
    smallest_cell = smallest(n_outcome, n - n_outcome, n)
    reason = ""
    if min(n_outcome, n - n_outcome) < MIN_OUTCOMES:
        reason = f"fewer than {MIN_OUTCOMES} children with or without the outcome"
    elif not np.isfinite(x).all():
        reason = "a child's probability is 0 or 1, which has no log-odds"
    elif np.ptp(x) == 0:
        reason = "every child has the same score"
    fitted = None if reason else _logistic(x, y)
    if fitted is None:
        nothing = undefined(
            reason or "perfect separation: a cut-off of the score gives each child's outcome",
            n=n,
            schools=n_schools,
            smallest_cell=smallest_cell,
        )
        return Recalibration(nothing, nothing)
    beta, information = fitted
    design = np.column_stack([np.ones(len(x)), x])
    gradient = design * (y - expit(design @ beta))[:, None]
    by_school = np.column_stack(
        [np.bincount(predictions.school[keep], gradient[:, j], predictions.n_schools) for j in (0, 1)]
    )
    bread = np.linalg.inv(information)
    middle = np.einsum("si,sj->ij", by_school, by_school)
    standard_error = np.sqrt(np.diag(bread @ middle @ bread) * n_schools / max(n_schools - 1, 1))
    intercept, slope = (
        t_interval(
            float(beta[j]), float(standard_error[j]), n=n, schools=n_schools, smallest_cell=smallest_cell, alpha=alpha
        )
        for j in (0, 1)
    )
    return Recalibration(slope, intercept)


def _logistic(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the coefficients (intercept, slope) and the information, by Newton's method; None when they diverge."""
    # the score is centred and scaled while fitting, so that Newton starts near its end
    centre, scale = float(x.mean()), float(x.std())
    z = (x - centre) / scale
    b = np.array([np.log(y.mean() / (1 - y.mean())), 0.0])
    for _ in range(50):
        p = expit(b[0] + b[1] * z)
        rest, hessian = y - p, _information(p, z)
        if np.linalg.det(hessian) < 1e-12 * hessian[0, 0] ** 2:
            return None
        step = np.linalg.solve(hessian, np.array([rest.sum(), (rest * z).sum()]))
        b = b + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    else:
        return None
    beta = np.array([b[0] - b[1] * centre / scale, b[1] / scale])
    return beta, _information(expit(b[0] + b[1] * z), x)


def _information(p: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the information about intercept and slope, given the fitted probabilities."""
    weight = p * (1 - p)
    cross = float((weight * x).sum())
    return np.array([[weight.sum(), cross], [cross, (weight * x * x).sum()]])


def calibration_bins(
    evidence: pd.DataFrame, *, model: str = CANDIDATE, bins: int = 10, at_least: int = 10, alpha: float = 0.05
) -> pd.DataFrame:
    """Return the reliability diagram: predicted and observed risk, in per cent, in bins of equally many children.

    Neighbouring bins are merged, from the highest score down, until each has at least ``at_least`` children with and
    as many without the outcome, so that no bin publishes a small count. Flagged children are the top-scored ones up to
    capacity. If a bin edge lies within a few children of that cut-off, the difference of two published counts would be
    small, so the edge is moved to the cut-off or the bin is merged.

    Parameters
    ----------
    evidence : pandas.DataFrame
        Out-of-fold predictions, from :func:`build_evidence`.
    model : str
        The candidate, the baseline or a challenger, as named in the columns ``score.<model>``.
    bins : int
        Bins before merging.
    at_least : int
    alpha : float
        One minus the confidence of the school-clustered interval.

    Returns
    -------
    pandas.DataFrame
        ``bin`` (1 is the lowest), ``min_risk_percent`` (where the bin begins: a whole number, 0 for the first),
        ``predicted_percent``, ``observed_percent``, ``low``, ``high`` (of the observed), ``n``, ``smallest_cell``,
        ``reason``.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> bins = calibration_bins(simulate_evidence())
    >>> int(bins["n"].sum())
    1000
    """
    predictions = OutOfFoldPredictions(evidence)
    risk = expit(predictions.score(model))
    listed = predictions.flag(model)  # shares: children tied at the cut-off share the last places
    end_of_list = risk[listed > 0].min()
    edges = np.quantile(risk, np.arange(1, bins) / bins)
    edges = np.unique(
        [end_of_list if _few_apart(predictions, risk >= edge, listed, at_least) else edge for edge in edges]
    )
    number = np.searchsorted(edges, risk, side="right")
    begins = [True, *(not _few_apart(predictions, risk >= edge, listed, at_least) for edge in edges)]
    merged = _merged(number, predictions.outcome, predictions.n_seeds, at_least, begins)
    rows = []
    for i, members in enumerate(merged):
        in_bin = np.isin(number, members)
        observed = clustered_rate(
            predictions.by_school(in_bin * predictions.outcome), predictions.by_school(in_bin * 1.0), alpha=alpha
        )
        first = min(members)
        rows.append(
            {
                "bin": i + 1,
                "min_risk_percent": 0.0 if first == 0 else float(np.round(100 * edges[first - 1])),
                "predicted_percent": 100 * _rounded_mean(risk[in_bin], float(in_bin.sum()) / predictions.n_seeds),
                "observed_percent": 100 * observed.value,
                "low": 100 * observed.low,
                "high": 100 * observed.high,
                "n": observed.n,
                "smallest_cell": observed.smallest_cell,
                "reason": observed.reason,
            }
        )
    return pd.DataFrame(rows)


def _rounded_mean(risk: np.ndarray, n: float) -> float:
    """Return the mean risk of n children, rounded to a multiple of 5 x (range of risks in the bin) / n.

    That is the change in the mean if five children moved from one end of the bin to the other.
    Where few scores are possible, the exact mean would tell how many children have each.
    """
    step = 5 * float(np.ptp(risk)) / n
    mean = float(risk.mean())
    return nearest(mean, step) if step > 1e-6 else mean


def _few_apart(predictions: OutOfFoldPredictions, above: np.ndarray, listed: np.ndarray, at_least: int) -> bool:
    """Return whether few children, with or without the outcome, are above an edge or on the list and not both."""
    apart = np.abs(above - listed)
    counts = [apart[predictions.outcome == outcome].sum() / predictions.n_seeds for outcome in (0, 1)]
    return any(1e-9 < count < at_least - 1e-9 for count in counts)


def _merged(
    number: np.ndarray, outcome: np.ndarray, seeds: int, at_least: int, begins: Sequence[bool]
) -> list[list[int]]:
    """Return lists of bin numbers, lowest first, each with enough children of both kinds (if there are enough).

    ``begins`` says which bins a list may begin with.
    """
    size = number.max() + 1
    n_outcome = np.bincount(number, outcome, size) / seeds
    others = np.bincount(number, 1 - outcome, size) / seeds
    merged: list[list[int]] = []
    current: list[int] = []
    for bin_number in range(size - 1, -1, -1):
        current.insert(0, bin_number)
        if begins[bin_number] and min(n_outcome[current].sum(), others[current].sum()) >= at_least:
            merged.insert(0, current)
            current = []
    if current:
        merged = [current + merged[0], *merged[1:]] if merged else [current]
    return [members for members in merged if np.isin(number, members).any()]
