"""ROC AUC of a group: pairs within folds, pooled, with an interval clustered by school."""

from __future__ import annotations

import numpy as np

from send_screen.evaluation._estimate import Estimate, smallest, t_interval, undefined
from send_screen.evaluation._evidence import OutOfFoldPredictions


def within_fold_auc(
    view: OutOfFoldPredictions, score: np.ndarray, rows: np.ndarray, *, alpha: float = 0.05
) -> Estimate:
    """Return the pooled within-fold ROC AUC of a group.

    Scores of different folds come from different fits and are not compared. With c_i the rightly ranked pairs that
    child i is in (a tie counts half) and m_i all of them, AUC = sum c_i / sum m_i over the children with the outcome,
    and school s adds u_s = sum over its children of (c_i - AUC m_i): the standard error is
    sqrt(S / (S - 1) sum u_s^2) / pairs [Obuchowski1997]_; the interval is on the logit scale.

    Parameters
    ----------
    view : OutOfFoldPredictions
    score : numpy.ndarray of float, shape (rows,)
    rows : numpy.ndarray of bool, shape (rows,)
        The children of the group.
    alpha : float

    Returns
    -------
    Estimate
        Undefined where the group has no pair within a fold.

    References
    ----------
    .. [Obuchowski1997] Obuchowski, N. A. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53.
    """
    inside = np.flatnonzero(rows)
    inside = inside[np.argsort(view.block[inside], kind="stable")]
    right, pairs = np.zeros(len(view.label)), np.zeros(len(view.label))
    borders = np.flatnonzero(np.diff(view.block[inside])) + 1
    for members in np.split(inside, borders):
        with_outcome, without = members[view.label[members] == 1], members[view.label[members] == 0]
        positive, negative = score[with_outcome], score[without]
        right[with_outcome] = _below(positive, negative)
        right[without] = len(positive) - _below(negative, positive)
        pairs[with_outcome], pairs[without] = len(negative), len(positive)
    n = len(inside) / view.n_seeds
    events = float(view.label[inside].sum()) / view.n_seeds
    schools, cells = len(np.unique(view.school[inside])), smallest(events, n - events)
    total = float(pairs.sum()) / 2
    if total == 0:
        return undefined("no two children of one fold to compare", n=n, schools=schools, smallest_cell=cells)
    auc = float(right.sum()) / 2 / total
    by_school = np.bincount(view.school, right - auc * pairs, view.n_schools)
    error = np.sqrt(schools / max(schools - 1, 1) * float((by_school**2).sum())) / total
    return t_interval(auc, float(error), n=n, schools=schools, cells=cells, alpha=alpha, unit=True)


def _below(of: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return how many of ``among`` lie below each of ``of``, ties counted half."""
    ordered = np.sort(among)
    return (np.searchsorted(ordered, of, "left") + np.searchsorted(ordered, of, "right")) / 2
