"""Metrics by group: values by Fairlearn's MetricFrame, n and confidence intervals clustered by school."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, selection_rate, true_negative_rate, true_positive_rate
from scipy.special import expit
from sklearn.metrics import precision_score

from send_screen.errors import UsageError
from send_screen.evaluation._calibration import recalibrate
from send_screen.evaluation._confusion_at_capacity import CONFUSION_CELLS, Confusion, TopKThreshold
from send_screen.evaluation._estimate import Estimate, smallest, t_interval
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._influence import ratio
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.evaluation._performance import net_benefit

#: Rate -> Fairlearn's function, and the confusion cells whose counts follow from the rate, n and prevalence.
_RATES = {
    "prevalence": (lambda y_true, y_pred, sample_weight: np.average(y_true, weights=sample_weight), ()),
    "selection_rate": (selection_rate, CONFUSION_CELLS),
    "recall": (true_positive_rate, ("tp", "fn")),
    "specificity": (true_negative_rate, ("fp", "tn")),
    "precision": (partial(precision_score, zero_division=0), CONFUSION_CELLS),
}


def by_group(
    evidence: pd.DataFrame, *, intersections: Sequence[tuple[str, ...]] = (), alpha: float = 0.05
) -> pd.DataFrame:
    """Return metrics by group at capacity, with intervals clustered by school.

    Rates are pooled over folds and fold seeds, and their values are those of :class:`fairlearn.metrics.MetricFrame` on
    the evidence (out-of-fold predictions). A rate with denominator 0, for which Fairlearn returns 0, is NaN with a
    reason. An empty combination of crossed groups has rows too.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`; every ``group.<attribute>`` column is an attribute.
    intersections : sequence of tuple of str
        Attributes to cross, for example ``[("sex", "fsm")]``, named ``"sex × fsm"``.
    alpha : float
        One minus the confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``attribute``, ``group``, ``model``, ``metric`` and the fields of :class:`Estimate`. Metrics: ``prevalence``,
        ``selection_rate``, ``recall``, ``specificity``, ``precision``, ``roc_auc`` (of pairs within folds),
        ``calibration_slope``, ``calibration_in_the_large`` (share with the outcome minus mean probability),
        ``net_benefit`` (as in :func:`performance`).

    Raises
    ------
    DataError
        When this is not an evidence table.
    UsageError
        When an intersection names an attribute that the evidence does not hold, or a flag is neither 0 nor 1.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> sorted(set(by_group(simulate_evidence())["group"]))
    ['F', 'M']
    """
    predictions = OutOfFoldPredictions(evidence)
    unknown = sorted({name for crossed in intersections for name in crossed} - set(predictions.attributes))
    if unknown:
        raise UsageError(f"The evidence has no group {', '.join(unknown)}; it has {', '.join(predictions.attributes)}.")
    flag, score = predictions.flag(CANDIDATE), predictions.score(CANDIDATE)
    if not np.isin(flag, (0, 1)).all():
        raise UsageError("Flags are 0 or 1.")
    threshold = TopKThreshold.of(predictions, CANDIDATE)
    rows = []
    for crossed in (*((name,) for name in predictions.attributes), *intersections):
        attribute = " × ".join(crossed)
        group = predictions.group(attribute)
        for names, values in _metric_frame(predictions, flag, crossed).by_group.iterrows():
            name = " × ".join(names) if len(crossed) > 1 else names
            inside = group == name
            counts = Confusion(predictions, flag, inside, threshold)
            figures = _rates(counts, values, alpha)
            figures["roc_auc"] = within_fold_auc(predictions, score, inside, alpha=alpha)
            figures["calibration_slope"] = recalibrate(predictions, score, rows=inside, alpha=alpha).slope
            figures["calibration_in_the_large"] = _calibration_in_the_large(predictions, score, inside, alpha)
            figures["net_benefit"] = net_benefit(counts, threshold.share, alpha=alpha)
            rows += [
                {"attribute": attribute, "group": name, "model": CANDIDATE, "metric": metric, **asdict(figure)}
                for metric, figure in figures.items()
            ]
    return pd.DataFrame(rows)


def _calibration_in_the_large(
    predictions: OutOfFoldPredictions, score: np.ndarray, inside: np.ndarray, alpha: float
) -> Estimate:
    """Return the share of a group with the outcome minus its mean predicted probability."""
    n, n_outcome = predictions.by_school(inside * 1.0), predictions.by_school(inside * predictions.outcome)
    found = ratio(n_outcome - predictions.by_school(inside * expit(score)), n)
    total, with_outcome, schools = float(n.sum()), float(n_outcome.sum()), int((n > 0).sum())
    smallest_cell = smallest(with_outcome, total - with_outcome)
    return t_interval(
        found.value,
        found.standard_error,
        n=total,
        schools=schools,
        smallest_cell=smallest_cell,
        alpha=alpha,
        undefined_reason="no child",
    )


def _metric_frame(predictions: OutOfFoldPredictions, flag: np.ndarray, attributes: Sequence[str]) -> MetricFrame:
    """Return the rates of groups, or of all combinations of crossed groups, by Fairlearn.

    Rows with the same outcome, flag and groups are aggregated to one weighted row, which is a hundred times faster.
    """
    groups = [f"group.{name}" for name in attributes]  # an attribute may be called "outcome" or "flag"
    keys = pd.DataFrame(
        {"outcome": predictions.outcome, "flag": flag}
        | dict(zip(groups, map(predictions.group, attributes), strict=True))
    )
    counted = keys.value_counts().reset_index(name="n")
    return MetricFrame(
        metrics={metric: function for metric, (function, _) in _RATES.items()},
        y_true=counted["outcome"],
        y_pred=counted["flag"],
        sensitive_features=counted[groups],
        sample_params={metric: {"sample_weight": counted["n"]} for metric in _RATES},
    )


def _rates(counts: Confusion, values: pd.Series, alpha: float) -> dict[str, Estimate]:
    """Return the rates of one group: Fairlearn's value where it is defined, with n, interval and reason."""
    smaller_class = smallest(counts.total("tp", "fn"), counts.total("fp", "tn"))
    figures = {}
    for metric, (_, revealed) in _RATES.items():
        rate = counts.rate(
            metric, alpha=alpha, smallest_cell=min(smaller_class, smallest(*map(counts.total, revealed)))
        )
        figures[metric] = rate if math.isnan(rate.value) else replace(rate, value=float(values[metric]))
    return figures


def within_fold_auc(
    predictions: OutOfFoldPredictions, score: np.ndarray, rows: np.ndarray, *, alpha: float = 0.05
) -> Estimate:
    """Return the pooled within-fold ROC AUC of a group; undefined where it has no pair within a fold.

    Scores of different folds come from different models and are not compared. With c_i the number of correctly ranked
    pairs of child i (a tie counts half) and m_i of all its pairs, AUC = sum c_i / sum m_i over the children with the
    outcome, and school s adds u_s = sum over its children of (c_i - AUC m_i): the standard error is sqrt(S / (S - 1)
    sum u_s^2) / pairs [Obuchowski1997]_; the interval is on the logit scale.

    References
    ----------
    .. [Obuchowski1997] Obuchowski, N. A. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53.
    """
    inside = np.flatnonzero(rows)
    inside = inside[np.argsort(predictions.fold_id[inside], kind="stable")]
    right, pairs = np.zeros(len(predictions.outcome)), np.zeros(len(predictions.outcome))
    borders = np.flatnonzero(np.diff(predictions.fold_id[inside])) + 1
    for members in np.split(inside, borders):
        with_outcome, without = members[predictions.outcome[members] == 1], members[predictions.outcome[members] == 0]
        positive, negative = score[with_outcome], score[without]
        right[with_outcome] = _below(positive, negative)
        right[without] = len(positive) - _below(negative, positive)
        pairs[with_outcome], pairs[without] = len(negative), len(positive)
    n, n_outcome = len(inside) / predictions.n_seeds, float(predictions.outcome[inside].sum()) / predictions.n_seeds
    schools, total = len(np.unique(predictions.school[inside])), float(pairs.sum()) / 2
    auc = float(right.sum()) / 2 / total if total else math.nan
    by_school = np.bincount(predictions.school, right - auc * pairs, predictions.n_schools)
    standard_error = np.sqrt(schools / max(schools - 1, 1) * float((by_school**2).sum())) / max(total, 1)
    return t_interval(
        auc,
        float(standard_error),
        n=n,
        schools=schools,
        smallest_cell=smallest(n_outcome, n - n_outcome),
        alpha=alpha,
        logit_scale=True,
        undefined_reason="no two children of one fold to compare",
    )


def _below(of: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return how many of ``among`` lie below each of ``of``, ties counted half."""
    ordered = np.sort(among)
    return (np.searchsorted(ordered, of, "left") + np.searchsorted(ordered, of, "right")) / 2
