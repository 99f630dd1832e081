"""Metrics of each model on out-of-fold predictions (the evidence), and paired differences between models."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from send_screen.errors import UsageError
from send_screen.evaluation._calibration import recalibrate
from send_screen.evaluation._confusion_at_capacity import (
    CONFUSION_CELLS,
    RATES,
    Confusion,
    TopKThreshold,
    cell_indicator,
)
from send_screen.evaluation._estimate import (
    Estimate,
    clustered_rate,
    degrees_of_freedom,
    smallest,
    t_interval,
    undefined,
)
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._influence import RANKING_METRICS, EstimateWithInfluence, mean_auc_and_ap, ratio
from send_screen.evaluation._out_of_fold import ALL_TERMS, BASELINE, CANDIDATE, WHOLE_POINTS

LOG_LOSS = "neg_log_loss"
AT_CAPACITY = ("recall", "precision", "specificity")
ONE_CLASS_FOLD = "a fold has no child with, or none without, the outcome"


def performance(evidence: pd.DataFrame, *, alpha: float = 0.05) -> pd.DataFrame:
    """Return the metrics of every model out of fold, with intervals clustered by school.

    ROC AUC and average precision are means over folds, averaged over fold seeds; their standard errors come from the
    influence of each school, and their intervals from a t quantile on the logit scale. Rates at capacity are pooled
    over folds, with Wilson's interval, a design effect and the top-k threshold correction. The baseline has rates at
    its own operating point as well. Intervals cover the sampling of test schools, not of training data.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    alpha : float
        One minus the confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``metric`` and the fields of :class:`Estimate`. Metrics: ``roc_auc``, ``average_precision``,
        ``roc_auc_pooled``, ``average_precision_pooled`` (all children of a fold seed ranked together),
        ``recall``, ``precision``, ``specificity``, ``number_needed_to_screen``, ``net_benefit``,
        ``calibration_slope``, ``calibration_intercept``; of a bagged candidate ``selection_probability`` (mean, of
        listed children); of the baseline ``recall_at_operating_point``, ``precision_at_operating_point`` and
        ``selection_rate_at_operating_point``.

    Raises
    ------
    DataError
        When this is not an evidence table.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> evidence = simulate_evidence()
    >>> table = performance(evidence).set_index(["model", "metric"])
    >>> bool(table.loc[("candidate", "recall"), "n"] == evidence["outcome"].sum())
    True
    """
    predictions = OutOfFoldPredictions(evidence)
    rows = []
    for model in predictions.models:
        counts = Confusion(predictions, predictions.flag(model), threshold=TopKThreshold.of(predictions, model))
        figures = _auc_and_ap(predictions, predictions.score(model), alpha)
        figures |= {name: counts.rate(name, alpha=alpha) for name in AT_CAPACITY}
        figures["number_needed_to_screen"] = _number_needed_to_screen(figures["precision"])
        figures["net_benefit"] = net_benefit(counts, predictions.flag(model).mean(), alpha=alpha)
        cell = _fewest_on_one_list(predictions, model)
        figures |= {
            name: replace(figures[name], smallest_cell=smallest(figures[name].smallest_cell, cell))
            for name in (*AT_CAPACITY, "number_needed_to_screen", "net_benefit")
        }
        slope, intercept = recalibrate(predictions, predictions.score(model), alpha=alpha)
        figures |= {"calibration_slope": slope, "calibration_intercept": intercept}
        if model == CANDIDATE and f"selection_probability.{CANDIDATE}" in predictions.frame:
            figures["selection_probability"] = _selection_probability(predictions, alpha)
        if model == BASELINE and "operating_point.baseline" in predictions.frame:
            flagged = predictions.frame["operating_point.baseline"].to_numpy(np.float64)
            counts = Confusion(predictions, flagged)
            # subtracting the list at capacity could reveal a small count: of children who are on one list only
            differs = np.abs(flagged - predictions.flag(BASELINE))
            on_one_list = [differs[predictions.outcome == outcome].sum() / predictions.n_seeds for outcome in (0, 1)]
            for name in ("recall", "precision", "selection_rate"):
                found = counts.rate(name, alpha=alpha)
                cell = smallest(found.smallest_cell, *on_one_list)
                figures[f"{name}_at_operating_point"] = replace(found, smallest_cell=cell)
        rows += [{"model": model, "metric": metric, **asdict(figure)} for metric, figure in figures.items()]
    return pd.DataFrame(rows)


def _fewest_on_one_list(predictions: OutOfFoldPredictions, model: str) -> float:
    """Return the fewest children who are on the list of a model, or of one before it in the table, and not on both.

    Where they are few, who holds both lists would learn their outcomes by subtracting the figures of one list.
    """
    before = predictions.models[: predictions.models.index(model)]
    flag = predictions.flag(model)
    return smallest(*(np.abs(flag - predictions.flag(other)).sum() / predictions.n_seeds for other in before))


def _selection_probability(predictions: OutOfFoldPredictions, alpha: float) -> Estimate:
    """Return the mean selection probability of listed children under resampled schools."""
    flag = predictions.flag(CANDIDATE)
    probability = predictions.frame[f"selection_probability.{CANDIDATE}"].to_numpy(np.float64)
    flagged = predictions.by_school(flag)
    return clustered_rate(
        predictions.by_school(flag * probability),
        flagged,
        alpha=alpha,
        smallest_cell=smallest(float(flagged.sum())),
        undefined_reason="no child is flagged",
    )


def net_benefit(counts: Confusion, listed: float, *, alpha: float = 0.05) -> Estimate:
    """Return the net benefit at the threshold probability that the list itself implies.

    (TP - FP q / (1 - q)) / n [Vickers2006]_, where q is the share of all children ``listed``: one true positive weighs
    as much as (1 - q) / q false positives.

    References
    ----------
    .. [Vickers2006] Vickers, A. J. and Elkin, E. B. (2006). Decision curve analysis. Medical Decision Making 26.
    """
    n, schools = counts.total(*CONFUSION_CELLS), int((counts.by_school.sum(axis=0) > 0).sum())
    if not 0 < listed < 1:
        reason = "no child, or every child, is listed"
        return undefined(reason, n=n, schools=schools, smallest_cell=counts.smallest)
    found = counts.ratio(
        cell_indicator("tp") - listed / (1 - listed) * cell_indicator("fp"), cell_indicator(*CONFUSION_CELLS)
    )
    df = degrees_of_freedom(found.by_school[found.by_school != 0])  # all listed children may be in few schools
    return t_interval(
        found.value,
        found.standard_error,
        n=n,
        schools=schools,
        smallest_cell=counts.smallest,
        alpha=alpha,
        df=min(schools - 1.0, df),
        undefined_reason="no child",
    )


def _auc_and_ap(predictions: OutOfFoldPredictions, score: np.ndarray, alpha: float) -> dict[str, Estimate]:
    """Return ROC AUC and average precision with school-clustered intervals: means over folds, and pooled over them."""
    pooled = pd.factorize(predictions.frame["fold_seed"])[0]
    return {
        f"{name}{suffix}": t_interval(
            found.value,
            found.standard_error,
            n=predictions.n,
            schools=predictions.n_schools,
            smallest_cell=smallest(predictions.n_outcome, predictions.n - predictions.n_outcome),
            alpha=alpha,
            n_means=means,
            logit_scale=True,
            undefined_reason=ONE_CLASS_FOLD,
        )
        for suffix, block, means in (("", predictions.fold_id, predictions.n_folds), ("_pooled", pooled, 1))
        for name, found in mean_auc_and_ap(predictions, score, block).items()
    }


def _number_needed_to_screen(precision: Estimate) -> Estimate:
    """Return the number needed to screen, 1 / precision, with the reciprocals of its interval's ends, swapped."""
    if not precision.value > 0:
        reason = precision.reason or "no flagged child had the outcome"
        return replace(precision, value=math.nan, low=math.nan, high=math.nan, reason=reason)
    low, high = (1 / end if end > 0 else math.nan for end in (precision.high, precision.low))
    reason = precision.reason or ("" if np.isfinite(high) else "no upper bound: perhaps no flagged child has need")
    return replace(precision, value=1 / precision.value, low=low, high=high, reason=reason)


def paired_differences(
    evidence: pd.DataFrame, model: str = CANDIDATE, against: str = BASELINE, *, alpha: float = 0.05
) -> pd.DataFrame:
    """Return paired differences of metrics between two models, with intervals clustered by school.

    The standard error is that of the difference of the influences of each school on both figures.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    model, against : str
        Names of two models.
    alpha : float
        As in :func:`performance`.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``against``, ``metric`` and the fields of :class:`Estimate`; above 0, ``model`` is better. Against
        ``all_terms`` and ``whole_points``, whose scores are on the same scale, there is ``neg_log_loss`` too.

    Raises
    ------
    UsageError
        When the evidence does not hold one of the models.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> table = paired_differences(simulate_evidence()).set_index("metric")
    >>> bool(table.loc["roc_auc", "low"] < table.loc["roc_auc", "value"] < table.loc["roc_auc", "high"])
    True
    """
    predictions = OutOfFoldPredictions(evidence)
    for name in (model, against):
        if name not in predictions.models:
            raise UsageError(f"The evidence has no model {name!r}; it has {', '.join(predictions.models)}.")
    counts = [
        Confusion(predictions, predictions.flag(name), threshold=TopKThreshold.of(predictions, name))
        for name in (model, against)
    ]
    figures = []
    for name, counted in zip((model, against), counts, strict=True):
        of_model = mean_auc_and_ap(predictions, predictions.score(name)) | _rates_at_capacity(counted)
        if against in (ALL_TERMS, WHOLE_POINTS):
            of_model[LOG_LOSS] = _negative_log_loss(predictions, predictions.score(name))
        figures.append(of_model)
    ours, theirs = figures
    without, listed = predictions.n - predictions.n_outcome, float(predictions.flag(model).sum()) / predictions.n_seeds
    denominators = {"recall": predictions.n_outcome, "precision": listed, "specificity": without}
    on_one_list = [_fewest_on_one_list(predictions, name) for name in (model, against)]
    rows = []
    for metric in ours:
        paired, ranking = ours[metric] - theirs[metric], metric in RANKING_METRICS
        figure = t_interval(
            paired.value,
            paired.standard_error,
            n=denominators.get(metric, predictions.n),
            schools=predictions.n_schools,
            smallest_cell=smallest(
                predictions.n_outcome,
                without,
                *([*(of.smallest for of in counts), *on_one_list] if metric in AT_CAPACITY else ()),
            ),
            alpha=alpha,
            n_means=predictions.n_folds if ranking else 1,
            undefined_reason=ONE_CLASS_FOLD if ranking else "a rate without a denominator",
        )
        rows.append({"model": model, "against": against, "metric": metric, **asdict(figure)})
    return pd.DataFrame(rows)


def _negative_log_loss(predictions: OutOfFoldPredictions, score: np.ndarray) -> EstimateWithInfluence:
    """Return the mean log-likelihood of a child's outcome with the influence of each school."""
    return ratio(
        predictions.by_school(predictions.outcome * score - np.logaddexp(0.0, score)),
        predictions.by_school(np.ones(len(score))),
    )


def _rates_at_capacity(counts: Confusion) -> dict[str, EstimateWithInfluence]:
    """Return recall, precision and specificity with the influence of each school."""
    return {
        metric: counts.ratio(cell_indicator(*RATES[metric].numerator), cell_indicator(*RATES[metric].denominator))
        for metric in AT_CAPACITY
    }
