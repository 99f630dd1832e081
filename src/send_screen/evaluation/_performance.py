"""Performance of each model out of fold, and paired differences between models at the same capacity."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from send_screen.errors import UsageError
from send_screen.evaluation._calibration import recalibrate
from send_screen.evaluation._confusion_at_capacity import CELLS, RATES, Confusion, TopKThreshold, weights
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
ONE_SIDED_FOLD = "a fold has no child with, or none without, the outcome"


def performance(evidence: pd.DataFrame, *, alpha: float = 0.05) -> pd.DataFrame:
    """Return the metrics of every model out of fold, with intervals clustered by school.

    ROC AUC and average precision are means over folds, averaged over fold seeds; their standard errors come from the
    influence of each school, and their intervals from a t quantile on the logit scale. What is counted at capacity is
    pooled over folds (Wilson's interval with a design effect and the top-k threshold correction). The baseline is also
    judged at its own operating point. The intervals are about other children and schools, not other training data.

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
        ``roc_auc_pooled``, ``average_precision_pooled`` (all children of a fold seed in one order),
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
    view = OutOfFoldPredictions(evidence)
    rows = []
    for model in view.models:
        counts = Confusion(view, view.flag(model), threshold=TopKThreshold.of(view, model))
        figures = _areas(view, view.score(model), alpha)
        figures |= {name: counts.rate(name, alpha=alpha) for name in AT_CAPACITY}
        figures["number_needed_to_screen"] = _inverse(figures["precision"])
        figures["net_benefit"] = net_benefit(counts, view.flag(model).mean(), alpha=alpha)
        slope, intercept = recalibrate(view, view.score(model), alpha=alpha)
        figures |= {"calibration_slope": slope, "calibration_intercept": intercept}
        if model == CANDIDATE and f"selection_probability.{CANDIDATE}" in view.frame:
            figures["selection_probability"] = _selection_probability(view, alpha)
        if model == BASELINE and "operating_point.baseline" in view.frame:
            flagged = view.frame["operating_point.baseline"].to_numpy(np.float64)
            counts = Confusion(view, flagged)
            # a list that is a few children longer or shorter, less the list at capacity, is a count of those
            apart = np.abs(flagged - view.flag(BASELINE))
            between = [apart[view.outcome == outcome].sum() / view.n_seeds for outcome in (0, 1)]
            for name in ("recall", "precision", "selection_rate"):
                found = counts.rate(name, alpha=alpha)
                cell = smallest(found.smallest_cell, *between)
                figures[f"{name}_at_operating_point"] = replace(found, smallest_cell=cell)
        rows += [{"model": model, "metric": metric, **asdict(figure)} for metric, figure in figures.items()]
    return pd.DataFrame(rows)


def _selection_probability(view: OutOfFoldPredictions, alpha: float) -> Estimate:
    """Return the mean selection probability of listed children under resampled schools."""
    flag, chance = view.flag(CANDIDATE), view.frame[f"selection_probability.{CANDIDATE}"].to_numpy(np.float64)
    flagged = view.by_school(flag)
    return clustered_rate(
        view.by_school(flag * chance),
        flagged,
        alpha=alpha,
        smallest_cell=smallest(float(flagged.sum())),
        none="no child is flagged",
    )


def net_benefit(counts: Confusion, listed: float, *, alpha: float = 0.05) -> Estimate:
    """Return the net benefit at the threshold probability that the list itself implies.

    (TP - FP q / (1 - q)) / n [Vickers2006]_, where q is the share of all children ``listed``: one true positive weighs
    as much as (1 - q) / q false positives.

    References
    ----------
    .. [Vickers2006] Vickers, A. J. and Elkin, E. B. (2006). Decision curve analysis. Medical Decision Making 26.
    """
    n, schools = counts.total(*CELLS), int((counts.by_school.sum(axis=0) > 0).sum())
    if not 0 < listed < 1:
        reason = "no child, or every child, is listed"
        return undefined(reason, n=n, schools=schools, smallest_cell=counts.smallest)
    found = counts.influenced(weights("tp") - listed / (1 - listed) * weights("fp"), weights(*CELLS))
    df = min(
        schools - 1.0, degrees_of_freedom(found.by_school[found.by_school != 0])
    )  # few schools may hold all who are listed
    return t_interval(
        found.value,
        found.standard_error,
        n=n,
        schools=schools,
        smallest_cell=counts.smallest,
        alpha=alpha,
        df=df,
        none="no child",
    )


def _areas(view: OutOfFoldPredictions, score: np.ndarray, alpha: float) -> dict[str, Estimate]:
    """Return ROC AUC and average precision with school-clustered intervals: means over folds, and pooled over them."""
    pooled = pd.factorize(view.frame["fold_seed"])[0]
    return {
        f"{name}{suffix}": t_interval(
            found.value,
            found.standard_error,
            n=view.n,
            schools=view.n_schools,
            smallest_cell=smallest(view.n_outcome, view.n - view.n_outcome),
            alpha=alpha,
            means=means,
            unit=True,
            none=ONE_SIDED_FOLD,
        )
        for suffix, block, means in (("", view.block, view.n_folds), ("_pooled", pooled, 1))
        for name, found in mean_auc_and_ap(view, score, block).items()
    }


def _inverse(precision: Estimate) -> Estimate:
    """Return the number needed to screen to find one child: 1 / precision, interval turned over."""
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

    The influences of each school on both figures are subtracted, and the interval is the difference -/+ t x its
    standard error.

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
        ``model``, ``against``, ``metric`` and the fields of :class:`Estimate`; above 0 speaks for ``model``. Beside
        itself without a limit on terms, or by whole points, a model has ``neg_log_loss`` too: scores can be compared.

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
    view = OutOfFoldPredictions(evidence)
    for name in (model, against):
        if name not in view.models:
            raise UsageError(f"The evidence has no model {name!r}; it has {', '.join(view.models)}.")
    counts = [Confusion(view, view.flag(name), threshold=TopKThreshold.of(view, name)) for name in (model, against)]
    ours, theirs = (
        mean_auc_and_ap(view, view.score(name)) | _rates_at_capacity(of)
        for name, of in zip((model, against), counts, strict=True)
    )
    if against in (ALL_TERMS, WHOLE_POINTS):
        ours, theirs = (
            figures | {LOG_LOSS: _negative_log_loss(view, view.score(name))}
            for name, figures in ((model, ours), (against, theirs))
        )
    without, listed = view.n - view.n_outcome, float(view.flag(model).sum()) / view.n_seeds
    denominators = {"recall": view.n_outcome, "precision": listed, "specificity": without}
    rows = []
    for metric in ours:
        paired, ranking = ours[metric] - theirs[metric], metric in RANKING_METRICS
        figure = t_interval(
            paired.value,
            paired.standard_error,
            n=denominators.get(metric, view.n),
            schools=view.n_schools,
            smallest_cell=smallest(view.n_outcome, without, *(of.smallest for of in counts if metric in AT_CAPACITY)),
            alpha=alpha,
            means=view.n_folds if ranking else 1,
            none=ONE_SIDED_FOLD if ranking else "a rate without a denominator",
        )
        rows.append({"model": model, "against": against, "metric": metric, **asdict(figure)})
    return pd.DataFrame(rows)


def _negative_log_loss(view: OutOfFoldPredictions, score: np.ndarray) -> EstimateWithInfluence:
    """Return the mean log-likelihood of a child's outcome with the influence of each school."""
    return ratio(view.by_school(view.outcome * score - np.logaddexp(0.0, score)), view.by_school(np.ones(len(score))))


def _rates_at_capacity(counts: Confusion) -> dict[str, EstimateWithInfluence]:
    """Return recall, precision and specificity with the influence of each school."""
    return {
        metric: counts.influenced(weights(*RATES[metric].numerator), weights(*RATES[metric].denominator))
        for metric in AT_CAPACITY
    }
