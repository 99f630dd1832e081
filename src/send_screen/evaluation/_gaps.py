"""Gaps between groups in false negative rate, false positive rate and calibration, with equivalence verdicts.

For each metric, every group is compared with all other children, and every two groups of an attribute with each other.
The confidence intervals of one metric are simultaneous. Each is compared with the spec's tolerance, as in a test of
equivalence [Schuirmann1987]_:

- *within tolerance*: the whole interval lies inside it;
- *outside tolerance*: the whole interval lies beyond it;
- *inconclusive*: otherwise, and where there are too few children or schools for an interval.

So the probability of any wrong verdict in one metric is at most alpha, whatever the true gaps are.

References
----------
.. [Schuirmann1987] Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach
   for assessing the equivalence of average bioavailability. J. Pharmacokinetics and Biopharmaceutics 15.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri, stdtrit

from send_screen.errors import UsageError
from send_screen.evaluation._bootstrap import bootstrap_ratios, simultaneous_level
from send_screen.evaluation._confusion_at_capacity import TopKThreshold
from send_screen.evaluation._estimate import MIN_SCHOOLS, degrees_of_freedom, smallest
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._influence import ratio
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.specs import TOLERANCES

Verdict = Literal["within tolerance", "outside tolerance", "inconclusive"]
WITHIN: Verdict = "within tolerance"
OUTSIDE: Verdict = "outside tolerance"
INCONCLUSIVE: Verdict = "inconclusive"

FALSE_NEGATIVES, FALSE_POSITIVES, CALIBRATION = "false_negative_rate", "false_positive_rate", "calibration_in_the_large"
GAP_METRICS = (FALSE_NEGATIVES, FALSE_POSITIVES, CALIBRATION)
OTHERS = "all others"
#: With fewer children in either denominator than this, a gap is inconclusive.
MIN_CHILDREN = 10
#: No required n is stated that takes a cohort larger than this: about all children of one age in England.
MAX_REQUIRED_N = 600_000
#: Fractional counts of children (means over fold seeds) are rounded to multiples of this, so that sums are exact.
_UNIT = 2.0**-20


@dataclass(frozen=True)
class _Side:
    """One side of a comparison (a group, or all others): its rate as sums by school, and its least variance."""

    numerator: np.ndarray
    denominator: np.ndarray
    adjusted: np.ndarray
    """The numerator with the top-k threshold correction."""
    min_variance: float
    """Variance of the rate if children were independent, after [Agresti2000]_; see :func:`gaps`."""
    counts: tuple[float, ...]
    """The counts that the rate reveals."""

    @property
    def n(self) -> float:
        return float(self.denominator.sum())

    @property
    def schools(self) -> int:
        return int((self.denominator > 0).sum())


def gaps(
    evidence: pd.DataFrame,
    *,
    tolerances: Mapping[str, float] = TOLERANCES,
    alpha: float = 0.05,
    replicates: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return gaps between groups with simultaneous confidence intervals and equivalence verdicts.

    ``false_negative_rate`` is the share, among children with the outcome, that the version does not flag;
    ``false_positive_rate`` the share, among children without it, that it flags; ``calibration_in_the_large`` the share
    of children with the outcome minus their mean predicted probability.

    Children of both sides share schools: a gap's standard error is that of the paired difference, and never below that
    of two independent binomials with one success and one failure added to each [Agresti2000]_. The simultaneous level
    comes from a bootstrap that resamples schools.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    tolerances : mapping of str to float
        Metric -> largest gap, as a share, that the spec tolerates.
    alpha : float
        Probability of any wrong verdict in one metric.
    replicates, seed : int
        Number and random seed of the bootstrap replicates.

    Returns
    -------
    pandas.DataFrame
        ``attribute``, ``group``, ``against`` ("all others", or another group, unless there are only two), ``metric``,
        ``value`` (the gap), ``low``, ``high`` (simultaneous), ``n`` (children that the group's share is of),
        ``schools``, ``smallest_cell``, ``rate``, ``rate_others``, ``n_others``, ``critical_difference`` (the gap that
        would be significant at 5 %), ``tolerance``, ``verdict``, ``required_n`` (approximate sample size of the group
        at which an inconclusive verdict would be conclusive, if the gap stays as it is; NaN where the verdict is
        conclusive, or where it would take a cohort of more than 600,000), ``required_schools`` (schools with so many
        children, at as many a school as now; NaN where no schools are known), ``reason``.

    Raises
    ------
    DataError
        When this is not an evidence table.
    UsageError
        When a metric has no tolerance.

    References
    ----------
    .. [Agresti2000] Agresti, A. and Caffo, B. (2000). Simple and effective confidence intervals for proportions and
       differences of proportions. The American Statistician 54.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> table = gaps(simulate_evidence(), replicates=200)
    >>> set(table["verdict"]) <= {"within tolerance", "outside tolerance", "inconclusive"}
    True
    """
    predictions = OutOfFoldPredictions(evidence)
    missing = sorted(set(GAP_METRICS) - set(tolerances))
    if missing:
        raise UsageError(f"There is no tolerance for {', '.join(missing)}.")
    threshold = TopKThreshold.of(predictions, CANDIDATE)
    tables = [
        _gaps_in_metric(predictions, threshold, metric, tolerances[metric], alpha, replicates, seed)
        for metric in GAP_METRICS
    ]
    return pd.concat(tables, ignore_index=True)


def _gaps_in_metric(
    predictions: OutOfFoldPredictions,
    threshold: TopKThreshold,
    metric: str,
    tolerance: float,
    alpha: float,
    replicates: int,
    seed: int,
) -> pd.DataFrame:
    """Return the gaps in one metric, with simultaneous intervals."""
    sides: list[_Side] = []
    rows: list[dict[str, object]] = []
    pairs: list[tuple[int, int]] = []
    for attribute in predictions.attributes:
        for group, against, i, j in _comparisons(predictions, threshold, attribute, metric, sides):
            named = {"attribute": attribute, "group": group, "against": against, "metric": metric}
            rows.append(named | _gap(sides[i], sides[j], rates=metric != CALIBRATION))
            pairs.append((i, j))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    ours, theirs = np.array(pairs, dtype=int).reshape(-1, 2).T
    standard_error = table["standard_error"].to_numpy(np.float64)
    known = ~np.isnan(standard_error)
    level = alpha
    if known.any():
        numerators, denominators = (
            _exact(predictions, sums) for sums in zip(*((s.adjusted, s.denominator) for s in sides), strict=True)
        )
        ratios = bootstrap_ratios(numerators, denominators, replicates=replicates, seed=seed)
        resampled = ratios[1:, ours[known]] - ratios[1:, theirs[known]]
        # the bootstrap variance of S schools is too small by the factor (S - 1) / S
        deviations = (resampled - (ratios[0, ours[known]] - ratios[0, theirs[known]])) * math.sqrt(
            predictions.n_schools / (predictions.n_schools - 1)
        )
        level = simultaneous_level(deviations, standard_error[known], alpha=alpha)
    quantile = np.where(known, stdtrit(table["df"].to_numpy(np.float64), 1 - level / 2), ndtri(1 - level / 2))
    margin = quantile * standard_error
    table["low"], table["high"] = table["value"] - margin, table["value"] + margin
    table["tolerance"] = tolerance
    table["verdict"] = [verdict(low, high, tolerance) for low, high in zip(table["low"], table["high"], strict=True)]
    table["required_n"] = [
        _required_n(row, float(q), tolerance, predictions.n) if row["verdict"] == INCONCLUSIVE else math.nan
        for row, q in zip(table.to_dict("records"), quantile, strict=True)
    ]
    # intervals are clustered by school: more children narrow them only as they come in more schools
    schools = table["schools"] * table["required_n"] / table["n"].clip(lower=1)
    table["required_schools"] = [
        math.nan if predictions.unclustered else _rounded_up(max(n, MIN_SCHOOLS)) for n in schools
    ]
    return table.drop(columns=["standard_error", "df", "variance"])


_COLUMNS = (
    "attribute", "group", "against", "metric", "value", "low", "high", "n", "schools", "smallest_cell", "rate",
    "rate_others", "n_others", "critical_difference", "tolerance", "verdict", "required_n", "required_schools",
    "reason", "standard_error", "df", "variance",
)  # fmt: skip


def _exact(predictions: OutOfFoldPredictions, sums: Sequence[np.ndarray]) -> np.ndarray:
    """Return sums by school as columns, times the number of seeds, rounded to multiples of ``_UNIT``."""
    return np.round(np.column_stack(sums) * predictions.n_seeds / _UNIT) * _UNIT


def _comparisons(
    predictions: OutOfFoldPredictions, threshold: TopKThreshold, attribute: str, metric: str, sides: list[_Side]
) -> list[tuple[str, str, int, int]]:
    """Append an attribute's sides to ``sides``; return its comparisons: group, against, indices of both sides."""
    codes, names = pd.factorize(predictions.group(attribute), sort=True)
    groups = [_side(predictions, threshold, codes == code, metric) for code in range(len(names))]
    others = [_side(predictions, threshold, codes != code, metric) for code in range(len(names))]
    first = len(sides)
    sides += groups + others
    k = len(names)
    found = [(str(names[i]), OTHERS, first + i, first + k + i) for i in range(k)]
    if k > 2:
        found += [(str(names[i]), str(names[j]), first + i, first + j) for i in range(k) for j in range(i + 1, k)]
    return found


def _side(predictions: OutOfFoldPredictions, threshold: TopKThreshold, inside: np.ndarray, metric: str) -> _Side:
    """Return the children ``inside`` as a side; counts are whole, or multiples of ``_UNIT``, so that sums are exact."""
    outcome, flag = predictions.outcome * inside, predictions.flag(CANDIDATE)
    if metric == CALIBRATION:
        risk = np.round(expit(predictions.score(CANDIDATE)) / _UNIT) * _UNIT * inside
        denominator = predictions.by_school(inside * 1.0)
        n, n_outcome = float(denominator.sum()), float(outcome.sum()) / predictions.n_seeds
        min_variance = float((risk * (1 - risk)).sum()) / predictions.n_seeds / n**2 if n else math.nan
        numerator = predictions.by_school(outcome - risk)
        return _Side(numerator, denominator, numerator, min_variance, (n, n_outcome, n - n_outcome))
    trials = outcome if metric == FALSE_NEGATIVES else inside - outcome
    errors = trials * ((1 - flag) if metric == FALSE_NEGATIVES else flag)
    numerator, denominator = predictions.by_school(errors), predictions.by_school(trials)
    n, x = float(denominator.sum()), float(numerator.sum())
    shrunk = (x + 1) / (n + 2)
    # top-k threshold correction: see _confusion_at_capacity
    adjusted = (
        numerator + (1 if metric == FALSE_NEGATIVES else -1) * float(threshold.kernel @ trials) * threshold.excess
    )
    return _Side(numerator, denominator, adjusted, shrunk * (1 - shrunk) / (n + 2), (n, x, n - x))


def _gap(ours: _Side, theirs: _Side, *, rates: bool) -> dict[str, object]:
    """Return one gap before the simultaneous level is known: value, standard error, degrees of freedom."""
    mine, other = (ratio(s.numerator, s.denominator, adjusted=(s.adjusted, s.denominator)) for s in (ours, theirs))
    value = mine.value - other.value
    row: dict[str, object] = {
        "value": value,
        "n": ours.n,
        "schools": ours.schools,
        "smallest_cell": smallest(*ours.counts, *theirs.counts),
        "rate": mine.value,
        "rate_others": other.value,
        "n_others": theirs.n,
        "critical_difference": math.nan,
        "reason": "",
        "standard_error": math.nan,
        "df": math.nan,
        "variance": math.nan,
    }
    if min(ours.n, theirs.n) == 0:
        return row | {"reason": "no child to divide by on one side"}
    n = ours.n + theirs.n
    if rates:
        pooled = float(ours.numerator.sum() + theirs.numerator.sum()) / n
        variance = pooled * (1 - pooled)
    else:
        variance = (ours.min_variance * ours.n**2 + theirs.min_variance * theirs.n**2) / n
    row |= {
        "variance": variance,
        "critical_difference": ndtri(0.975) * math.sqrt(variance * (1 / ours.n + 1 / theirs.n)),
    }
    if min(ours.n, theirs.n) < MIN_CHILDREN:
        return row | {"reason": f"fewer than {MIN_CHILDREN} children on one side"}
    if min(ours.schools, theirs.schools) < MIN_SCHOOLS:
        return row | {"reason": f"fewer than {MIN_SCHOOLS} schools on one side"}
    gap = mine - other
    standard_error = max(gap.standard_error, math.sqrt(ours.min_variance + theirs.min_variance))
    df = min(
        ours.schools - 1,
        theirs.schools - 1,
        degrees_of_freedom(gap.by_school[ours.denominator + theirs.denominator > 0]),
    )
    critical_difference = float(stdtrit(df, 0.975)) * standard_error
    return row | {"standard_error": standard_error, "df": df, "critical_difference": critical_difference}


def verdict(low: float, high: float, tolerance: float) -> Verdict:
    """Return the equivalence verdict of an interval.

    >>> verdict(-0.02, 0.06, 0.10), verdict(0.12, 0.30, 0.10), verdict(0.03, 0.37, 0.10), verdict(math.nan, 1, 0.1)
    ('within tolerance', 'outside tolerance', 'inconclusive', 'inconclusive')
    """
    if -tolerance < low and high < tolerance:
        return WITHIN
    return OUTSIDE if low > tolerance or high < -tolerance else INCONCLUSIVE


def _required_n(row: Mapping[object, float], quantile: float, tolerance: float, children: float) -> float:
    """Return the approximate sample size at which the verdict would be conclusive, rounded up to two figures.

    The standard error is taken to shrink with the root of the sample size. Where it is not known, the gap is taken as
    0, and children as independent: a lower bound. NaN where it takes a cohort of more than ``MAX_REQUIRED_N``.
    """
    if math.isnan(row["standard_error"]):
        if not row["variance"] > 0:
            return math.nan
        needed = row["variance"] * (quantile / tolerance) ** 2
    else:
        distance = abs(abs(row["value"]) - tolerance)
        needed = row["n"] * (quantile * row["standard_error"] / distance) ** 2 if distance > 0 else math.inf
    if not needed / max(row["n"], 1) * children <= MAX_REQUIRED_N:
        return math.nan
    return _rounded_up(max(needed, row["n"] + 1, MIN_CHILDREN))


def _rounded_up(number: float) -> float:
    """Return a number rounded up to two figures; NaN stays NaN."""
    if math.isnan(number):
        return math.nan
    unit = 10.0 ** max(0, math.floor(math.log10(number)) - 1)
    return math.ceil(number / unit) * unit
