"""What a group's ROC AUC tells of its list: children who were missed rank below every child who was listed."""

from __future__ import annotations

import numpy as np

from send_screen.evaluation.disclosure._contingency_table import is_small
from send_screen.evaluation.disclosure._intruder import MIN_WIDTH
from send_screen.evaluation.disclosure._rounding import nearest


def narrowed_by_auc(
    auc: float,
    true_positives: float,
    false_negatives: float,
    false_positives: float,
    true_negatives: float,
    *,
    recall_step: float | None,
    specificity_step: float | None,
) -> bool:
    """Return whether the AUC of a group narrows a small count of its list down to fewer than five possible values.

    Every false negative with every false positive is a misranked pair, and every true positive with every true negative
    a correctly ranked one. So, of P x N pairs, FN x FP <= (1 - AUC) P N and TP x TN <= AUC P N.

    Parameters
    ----------
    auc : float
    true_positives, false_negatives, false_positives, true_negatives : float
        Counts of the group.
    recall_step, specificity_step : float, optional
        What the two rates are rounded to: 0 where they are published as they are, None where they are not published.

    Examples
    --------
    >>> narrowed_by_auc(0.96, 16, 4, 40, 160, recall_step=None, specificity_step=0.0)
    True
    >>> narrowed_by_auc(0.75, 16, 4, 40, 160, recall_step=None, specificity_step=0.0)
    False
    """
    positives, negatives = true_positives + false_negatives, false_positives + true_negatives
    misranked = (1 - auc) * positives * negatives
    fn, fp = (
        _possible(false_negatives, positives, recall_step),
        _possible(false_positives, negatives, specificity_step),
    )
    most_fp = misranked / np.maximum(fn, 1e-9)
    least_fp = negatives - (positives * negatives - misranked) / np.maximum(positives - fn, 1e-9)
    low = np.searchsorted(fp, least_fp - 1e-6)
    high = np.searchsorted(fp, most_fp + 1e-6, side="right") - 1
    possible = low <= high
    if not possible.any():
        return False
    ranges = [(fn[possible].min(), fn[possible].max(), false_negatives, positives)]
    ranges += [(fp[low[possible].min()], fp[high[possible].max()], false_positives, negatives)]
    unknown = (recall_step != 0.0, specificity_step != 0.0)
    return any(
        is_small(count) and most - least < MIN_WIDTH
        for (least, most, missed, in_all), is_unknown in zip(ranges, unknown, strict=True)
        if is_unknown
        for count in (missed, in_all - missed)
    )


def _possible(count: float, in_all: float, step: float | None) -> np.ndarray:
    """Return the counts that are left possible by the rate of which ``count`` of ``in_all`` is one minus, rounded."""
    if step == 0.0:
        return np.array([count])
    numbers: np.ndarray = np.arange(in_all + 1)
    if step is None:
        return numbers
    published = nearest(1 - count / in_all, step)
    return numbers[np.abs(1 - numbers / in_all - published) <= step / 2 + 1e-9]
