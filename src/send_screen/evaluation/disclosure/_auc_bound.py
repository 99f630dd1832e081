"""What a group's ROC AUC tells of its list: children who were missed rank below every child who was listed."""

from __future__ import annotations

import numpy as np

from send_screen.evaluation.disclosure._contingency_table import is_small
from send_screen.evaluation.disclosure._intruder import MIN_WIDTH


def narrowed_by_auc(
    auc: float,
    true_positives: float,
    false_negatives: float,
    false_positives: float,
    true_negatives: float,
    *,
    recall_known: bool,
    specificity_known: bool,
) -> bool:
    """Return whether the AUC of a group narrows a small count of its list down to fewer than five possible values.

    Every false negative with every false positive is a misranked pair, and every true positive with every true negative
    a correctly ranked one. So, of P x N pairs, FN x FP <= (1 - AUC) P N and TP x TN <= AUC P N.

    Parameters
    ----------
    auc : float
    true_positives, false_negatives, false_positives, true_negatives : float
        Counts of the group.
    recall_known, specificity_known : bool
        Whether the first two, and the last two, are published.

    Examples
    --------
    >>> narrowed_by_auc(0.96, 16, 4, 40, 160, recall_known=False, specificity_known=True)
    True
    >>> narrowed_by_auc(0.75, 16, 4, 40, 160, recall_known=False, specificity_known=True)
    False
    """
    positives, negatives = true_positives + false_negatives, false_positives + true_negatives
    misranked = (1 - auc) * positives * negatives
    fn = np.array([false_negatives]) if recall_known else np.arange(positives + 1)
    fp = np.array([false_positives]) if specificity_known else np.arange(negatives + 1)
    most_fp = misranked / np.maximum(fn, 1e-9)
    least_fp = negatives - (positives * negatives - misranked) / np.maximum(positives - fn, 1e-9)
    low = np.searchsorted(fp, least_fp - 1e-6)
    high = np.searchsorted(fp, most_fp + 1e-6, side="right") - 1
    possible = low <= high
    if not possible.any():
        return False
    ranges = [(fn[possible].min(), fn[possible].max(), false_negatives, positives)]
    ranges += [(fp[low[possible].min()], fp[high[possible].max()], false_positives, negatives)]
    unknown = (not recall_known, not specificity_known)
    return any(
        is_small(count) and most - least < MIN_WIDTH
        for (least, most, missed, in_all), is_unknown in zip(ranges, unknown, strict=True)
        if is_unknown
        for count in (missed, in_all - missed)
    )
