"""Metrics by group: values by Fairlearn's MetricFrame, n and confidence intervals clustered by school."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame
from scipy.special import expit

from send_screen.errors import UsageError
from send_screen.evaluation._calibration import recalibrate
from send_screen.evaluation._confusion_at_capacity import CELLS, RATES, Confusion, Rate, TopKThreshold
from send_screen.evaluation._estimate import Estimate, smallest, t_interval
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._influence import ratio
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.evaluation._performance import net_benefit

#: Rate -> cells of the confusion matrix that it gives away, with n and prevalence published.
_GIVEN_AWAY = {
    "prevalence": (),
    "selection_rate": CELLS,
    "recall": ("tp", "fn"),
    "specificity": ("fp", "tn"),
    "precision": CELLS,
}


def _fairlearn_metric(rate: Rate) -> Callable[..., float]:
    """Return a rate as a metric in Fairlearn's sense: NaN, never 0, where the denominator is empty."""

    def metric(y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray) -> float:
        y, flag, weight = np.asarray(y_true), np.asarray(y_pred), np.asarray(sample_weight)
        cell = np.array(CELLS)[np.where(y == 1, 0, 2) + np.where(flag == 1, 0, 1)]
        n = float(weight[np.isin(cell, rate.denominator)].sum())
        return float(weight[np.isin(cell, rate.numerator)].sum()) / n if n > 0 else float("nan")

    return metric


def by_group(
    evidence: pd.DataFrame, *, intersections: Sequence[tuple[str, ...]] = (), alpha: float = 0.05
) -> pd.DataFrame:
    """Return metrics by group at capacity, with intervals clustered by school.

    Rates are pooled over folds and fold seeds and equal :class:`fairlearn.metrics.MetricFrame` on the evidence table
    wherever they are defined; where Fairlearn would put 0 for a rate without a denominator, they are NaN with a
    reason. Intervals know that children sit in schools.

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
        ``attribute``, ``group``, ``model``, ``metric``, ``value``, ``low``, ``high``, ``n`` (children in the
        denominator), ``schools``, ``smallest_cell``, ``reason``. Metrics: ``prevalence``, ``selection_rate``,
        ``recall``, ``specificity``, ``precision``, ``roc_auc`` (pairs within folds), ``calibration_slope``,
        ``calibration_in_the_large`` (share with the outcome minus mean probability), ``net_benefit`` (see
        :func:`performance`).

    Raises
    ------
    DataError
        When this is not an evidence table.
    UsageError
        When an intersection names an attribute that the evidence does not hold, or a flag is neither 0 nor 1.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> evidence = simulate_evidence()
    >>> sorted(set(by_group(evidence)["group"]))
    ['F', 'M']
    """
    view = OutOfFoldPredictions(evidence)
    unknown = sorted({name for crossed in intersections for name in crossed} - set(view.attributes))
    if unknown:
        raise UsageError(f"The evidence has no group {', '.join(unknown)}; it has {', '.join(view.attributes)}.")
    flag, score = view.flag(CANDIDATE), view.score(CANDIDATE)
    if not np.isin(flag, (0, 1)).all():
        raise UsageError("The version flags a child or not: its flags are 0 or 1.")
    threshold = TopKThreshold.of(view, CANDIDATE)
    rows = []
    for attribute in (*view.attributes, *(" × ".join(crossed) for crossed in intersections)):
        group = view.group(attribute)
        values = _metric_frame(view.label, flag, group).by_group
        for name in values.index:
            inside = group == name
            counts = Confusion(view, flag, inside, threshold)
            figures = _rates(counts, values.loc[name], alpha)
            figures["roc_auc"] = within_fold_auc(view, score, inside, alpha=alpha)
            figures["calibration_slope"] = recalibrate(view, score, rows=inside, alpha=alpha).slope
            figures["calibration_in_the_large"] = _calibration_in_the_large(view, score, inside, alpha)
            figures["net_benefit"] = net_benefit(counts, threshold.share, alpha=alpha)
            rows += [
                {"attribute": attribute, "group": name, "model": CANDIDATE, "metric": metric, **asdict(figure)}
                for metric, figure in figures.items()
            ]
    return pd.DataFrame(rows)


def _calibration_in_the_large(
    view: OutOfFoldPredictions, score: np.ndarray, inside: np.ndarray, alpha: float
) -> Estimate:
    """Return how many more of a group had the outcome than the score said, as a share."""
    n, events = view.by_school(inside * 1.0), view.by_school(inside * view.label)
    found = ratio(events - view.by_school(inside * expit(score)), n)
    total, having, schools = float(n.sum()), float(events.sum()), int((n > 0).sum())
    cells = smallest(having, total - having)
    return t_interval(found.value, found.error, n=total, schools=schools, cells=cells, alpha=alpha)


def _metric_frame(label: np.ndarray, flag: np.ndarray, group: np.ndarray) -> MetricFrame:
    """Return the rates of an attribute's groups by Fairlearn.

    Rows with the same label, flag and group are one weighted row: the counts are sufficient, and the values are the
    same a hundred times sooner.
    """
    keys = ["label", "flag", "group"]
    cells = pd.DataFrame({"label": label, "flag": flag, "group": group}).groupby(keys).size().reset_index(name="n")
    return MetricFrame(
        metrics={metric: _fairlearn_metric(RATES[metric]) for metric in _GIVEN_AWAY},
        y_true=cells["label"],
        y_pred=cells["flag"],
        sensitive_features=cells["group"],
        sample_params={metric: {"sample_weight": cells["n"]} for metric in _GIVEN_AWAY},
    )


def _rates(counts: Confusion, values: pd.Series, alpha: float) -> dict[str, Estimate]:
    """Return the rates of one group: Fairlearn's value, our n, interval and reason."""
    both = smallest(counts.total("tp", "fn"), counts.total("fp", "tn"))
    figures = {}
    for metric, given_away in _GIVEN_AWAY.items():
        cells = min(both, smallest(*(counts.total(kind) for kind in given_away)))
        figures[metric] = replace(counts.rate(metric, alpha=alpha, cells=cells), value=float(values[metric]))
    return figures


def within_fold_auc(
    view: OutOfFoldPredictions, score: np.ndarray, rows: np.ndarray, *, alpha: float = 0.05
) -> Estimate:
    """Return the pooled within-fold ROC AUC of a group; undefined where it has no pair within a fold.

    Scores of different folds come from different fits and are not compared. With c_i the rightly ranked pairs that
    child i is in (a tie counts half) and m_i all of them, AUC = sum c_i / sum m_i over the children with the outcome,
    and school s adds u_s = sum over its children of (c_i - AUC m_i): the standard error is
    sqrt(S / (S - 1) sum u_s^2) / pairs [Obuchowski1997]_; the interval is on the logit scale.

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
    n, events = len(inside) / view.n_seeds, float(view.label[inside].sum()) / view.n_seeds
    schools, total = len(np.unique(view.school[inside])), float(pairs.sum()) / 2
    auc = float(right.sum()) / 2 / total if total else math.nan
    by_school = np.bincount(view.school, right - auc * pairs, view.n_schools)
    error = np.sqrt(schools / max(schools - 1, 1) * float((by_school**2).sum())) / max(total, 1)
    return t_interval(
        auc,
        float(error),
        n=n,
        schools=schools,
        cells=smallest(events, n - events),
        alpha=alpha,
        unit=True,
        none="no two children of one fold to compare",
    )


def _below(of: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return how many of ``among`` lie below each of ``of``, ties counted half."""
    ordered = np.sort(among)
    return (np.searchsorted(ordered, of, "left") + np.searchsorted(ordered, of, "right")) / 2
