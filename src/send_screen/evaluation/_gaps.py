"""Gaps between groups in false negative rate, false positive rate and calibration, with equivalence verdicts.

Each question compares every group with all other children of its attribute, and every two groups with each other.
The intervals of one question hold all at once. They are held against the spec's tolerance, as in a test of equivalence
[Schuirmann1987]_:

- *within tolerance*: the whole interval lies inside it;
- *outside tolerance*: the whole interval lies beyond it;
- *not enough evidence*: otherwise, and where there are too few children or schools for an interval.

So the probability of any wrong verdict in a question is at most alpha, whatever the true gaps are.

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
from send_screen.evaluation._estimate import MIN_SCHOOLS, degrees, smallest
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._influence import ratio
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.specs import TOLERANCES

Verdict = Literal["within tolerance", "outside tolerance", "not enough evidence"]
WITHIN: Verdict = "within tolerance"
OUTSIDE: Verdict = "outside tolerance"
INCONCLUSIVE: Verdict = "not enough evidence"

FALSE_NEGATIVES, FALSE_POSITIVES, CALIBRATION = "false_negative_rate", "false_positive_rate", "calibration_in_the_large"
QUESTIONS = (FALSE_NEGATIVES, FALSE_POSITIVES, CALIBRATION)
OTHERS = "all others"
#: Fewer children to divide by than this, on either side, settle nothing.
MIN_CHILDREN = 10
#: Children of one year of age in England.
CHILDREN_OF_ONE_AGE = 600_000
#: Fractional counts of children (means over fold seeds) are rounded to multiples of this, so that their sums are exact.
_UNIT = 2.0**-20


@dataclass(frozen=True)
class _Side:
    """One side of a comparison: sums by school, and the least variance that its rate can have."""

    above: np.ndarray
    below: np.ndarray
    adjusted: np.ndarray
    """The numerator with the top-k threshold correction."""
    floor: float
    cells: tuple[float, ...]

    @property
    def n(self) -> float:
        return float(self.below.sum())

    @property
    def schools(self) -> int:
        return int((self.below > 0).sum())


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
    of children with the outcome minus the mean probability that the score says.

    Children of both sides share schools: a gap's standard error is that of the paired difference, and never below that
    of two independent binomials with one success and one failure added to each [Agresti2000]_. How wide the intervals
    are so that all hold at once comes from replicates that resample schools.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    tolerances : mapping of str to float
        Metric -> largest gap, as a share, that the spec tolerates.
    alpha : float
        Probability of any wrong verdict in one question.
    replicates, seed : int
        Of the replicates.

    Returns
    -------
    pandas.DataFrame
        ``attribute``, ``group``, ``against`` ("all others", or a group; of two groups only the former), ``metric``,
        ``value`` (the gap), ``low``, ``high`` (simultaneous), ``n`` (children that the group's share is of),
        ``schools``, ``smallest_cell``, ``rate``, ``rate_others``, ``n_others``, ``critical_difference`` (what chance
        alone stays below 19 times in 20 where there is no gap), ``tolerance``, ``verdict``, ``required_n`` (about how
        many children of the group would settle an open verdict, if the gap stays as it is; NaN where none is open, or
        where a whole year of England has not so many), ``required_schools`` (how many schools they would be in, with as
        many in each as now; NaN where each child stands alone), ``reason``.

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
    >>> set(table["verdict"]) <= {"within tolerance", "outside tolerance", "not enough evidence"}
    True
    """
    view = OutOfFoldPredictions(evidence)
    missing = sorted(set(QUESTIONS) - set(tolerances))
    if missing:
        raise UsageError(f"There is no tolerance for {', '.join(missing)}.")
    threshold = TopKThreshold.of(view, CANDIDATE)
    questions = [
        _question(view, threshold, metric, tolerances[metric], alpha, replicates, seed) for metric in QUESTIONS
    ]
    return pd.concat(questions, ignore_index=True)


def _question(
    view: OutOfFoldPredictions,
    threshold: TopKThreshold,
    metric: str,
    tolerance: float,
    alpha: float,
    replicates: int,
    seed: int,
) -> pd.DataFrame:
    """Return the rows of one question."""
    sides: list[_Side] = []
    rows: list[dict[str, object]] = []
    pairs: list[tuple[int, int]] = []
    for attribute in view.attributes:
        for group, against, i, j in _comparisons(view, threshold, attribute, metric, sides):
            named = {"attribute": attribute, "group": group, "against": against, "metric": metric}
            rows.append(named | _gap(sides[i], sides[j], rates=metric != CALIBRATION))
            pairs.append((i, j))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    ours, theirs = np.array(pairs, dtype=int).reshape(-1, 2).T
    error = table["error"].to_numpy(np.float64)
    known = ~np.isnan(error)
    level = alpha
    if known.any():
        above, below = (_exact(view, sums) for sums in zip(*((s.adjusted, s.below) for s in sides), strict=True))
        ratios = bootstrap_ratios(above, below, replicates=replicates, seed=seed)
        resampled = ratios[1:, ours[known]] - ratios[1:, theirs[known]]
        # drawing S schools shrinks their variance by (S - 1) / S
        deviations = (resampled - (ratios[0, ours[known]] - ratios[0, theirs[known]])) * math.sqrt(
            view.n_schools / (view.n_schools - 1)
        )
        level = simultaneous_level(deviations, error[known], alpha=alpha)
    quantile = np.where(known, stdtrit(table["df"].to_numpy(np.float64), 1 - level / 2), ndtri(1 - level / 2))
    half = quantile * error
    table["low"], table["high"] = table["value"] - half, table["value"] + half
    table["tolerance"] = tolerance
    table["verdict"] = [verdict(low, high, tolerance) for low, high in zip(table["low"], table["high"], strict=True)]
    table["required_n"] = [
        _required_n(row, float(q), tolerance, view.n) if row["verdict"] == INCONCLUSIVE else math.nan
        for row, q in zip(table.to_dict("records"), quantile, strict=True)
    ]
    # the interval rests on schools as clusters: more children help only as they come in more schools
    schools = table["schools"] * table["required_n"] / table["n"].clip(lower=1)
    table["required_schools"] = [math.nan if view.one_a_school else _rounded_up(max(n, MIN_SCHOOLS)) for n in schools]
    return table.drop(columns=["error", "df", "variance"])


_COLUMNS = (
    "attribute", "group", "against", "metric", "value", "low", "high", "n", "schools", "smallest_cell", "rate",
    "rate_others", "n_others", "critical_difference", "tolerance", "verdict", "required_n", "required_schools",
    "reason", "error", "df", "variance",
)  # fmt: skip


def _exact(view: OutOfFoldPredictions, sums: Sequence[np.ndarray]) -> np.ndarray:
    """Return sums by school as columns, rounded to multiples of the unit: means over seeds add up with rounding."""
    return np.round(np.column_stack(sums) * view.n_seeds / _UNIT) * _UNIT


def _comparisons(
    view: OutOfFoldPredictions, threshold: TopKThreshold, attribute: str, metric: str, sides: list[_Side]
) -> list[tuple[str, str, int, int]]:
    """Add an attribute's sides, and return its comparisons: group, against, and the places of both sides."""
    codes, names = pd.factorize(view.group(attribute), sort=True)
    groups = [_side(view, threshold, codes == code, metric) for code in range(len(names))]
    others = [_side(view, threshold, codes != code, metric) for code in range(len(names))]
    first = len(sides)
    sides += groups + others
    k = len(names)
    found = [(str(names[i]), OTHERS, first + i, first + k + i) for i in range(k)]
    if k > 2:
        found += [(str(names[i]), str(names[j]), first + i, first + j) for i in range(k) for j in range(i + 1, k)]
    return found


def _side(view: OutOfFoldPredictions, threshold: TopKThreshold, inside: np.ndarray, metric: str) -> _Side:
    """Return the sums of one side; what is counted is whole or in units, so that sums are exact."""
    label, flag = view.label * inside, view.flag(CANDIDATE)
    if metric == CALIBRATION:
        risk = np.round(expit(view.score(CANDIDATE)) / _UNIT) * _UNIT * inside
        below = view.by_school(inside * 1.0)
        n, events = float(below.sum()), float(label.sum()) / view.n_seeds
        floor = float((risk * (1 - risk)).sum()) / view.n_seeds / n**2 if n else math.nan
        above = view.by_school(label - risk)
        return _Side(above, below, above, floor, (n, events, n - events))
    count = label if metric == FALSE_NEGATIVES else inside - label
    hit = count * ((1 - flag) if metric == FALSE_NEGATIVES else flag)
    above, below = view.by_school(hit), view.by_school(count)
    n, x = float(below.sum()), float(above.sum())
    shrunk = (x + 1) / (n + 2)
    # the correction is the derivative of a count of listed children by the threshold: see _confusion_at_capacity
    adjusted = above + (1 if metric == FALSE_NEGATIVES else -1) * float(threshold.kernel @ count) * threshold.excess
    return _Side(above, below, adjusted, shrunk * (1 - shrunk) / (n + 2), (n, x, n - x))


def _gap(ours: _Side, theirs: _Side, *, rates: bool) -> dict[str, object]:
    """Return one gap before the question's level is known: value, standard error, degrees of freedom."""
    mine, other = (ratio(s.above, s.below, adjusted=(s.adjusted, s.below)) for s in (ours, theirs))
    value = mine.value - other.value
    row: dict[str, object] = {
        "value": value,
        "n": ours.n,
        "schools": ours.schools,
        "smallest_cell": smallest(*ours.cells, *theirs.cells),
        "rate": mine.value,
        "rate_others": other.value,
        "n_others": theirs.n,
        "critical_difference": math.nan,
        "reason": "",
        "error": math.nan,
        "df": math.nan,
        "variance": math.nan,
    }
    if min(ours.n, theirs.n) == 0:
        return row | {"reason": "no child to divide by on one side"}
    n = ours.n + theirs.n
    if rates:
        pooled = float(ours.above.sum() + theirs.above.sum()) / n
        variance = pooled * (1 - pooled)
    else:
        variance = (ours.floor * ours.n**2 + theirs.floor * theirs.n**2) / n
    row |= {
        "variance": variance,
        "critical_difference": ndtri(0.975) * math.sqrt(variance * (1 / ours.n + 1 / theirs.n)),
    }
    if min(ours.n, theirs.n) < MIN_CHILDREN:
        return row | {"reason": f"fewer than {MIN_CHILDREN} children on one side"}
    if min(ours.schools, theirs.schools) < MIN_SCHOOLS:
        return row | {"reason": f"fewer than {MIN_SCHOOLS} schools on one side"}
    gap = mine - other
    error = max(gap.error, math.sqrt(ours.floor + theirs.floor))
    df = min(ours.schools - 1, theirs.schools - 1, degrees(gap.by_school[ours.below + theirs.below > 0]))
    return row | {"error": error, "df": df, "critical_difference": float(stdtrit(df, 0.975)) * error}


def verdict(low: float, high: float, tolerance: float) -> Verdict:
    """Return the equivalence verdict of an interval.

    >>> verdict(-0.02, 0.06, 0.10), verdict(0.12, 0.30, 0.10), verdict(0.03, 0.37, 0.10), verdict(math.nan, 1, 0.1)
    ('within tolerance', 'outside tolerance', 'not enough evidence', 'not enough evidence')
    """
    if -tolerance < low and high < tolerance:
        return WITHIN
    return OUTSIDE if low > tolerance or high < -tolerance else INCONCLUSIVE


def _required_n(row: Mapping[object, float], quantile: float, tolerance: float, children: float) -> float:
    """Return about how many children of the group would settle a verdict, to two figures, rounded up.

    The error shrinks with the root of the number of children. Where it is not known, the gap is taken to be none, the
    others to be many, and children to be independent: then it is the least that could do. Where as many children of the
    group would be found only among more than a year of England has, nothing is said.
    """
    if math.isnan(row["error"]):
        if not row["variance"] > 0:
            return math.nan
        needed = row["variance"] * (quantile / tolerance) ** 2
    else:
        away = abs(abs(row["value"]) - tolerance)
        needed = row["n"] * (quantile * row["error"] / away) ** 2 if away > 0 else math.inf
    if not needed / max(row["n"], 1) * children <= CHILDREN_OF_ONE_AGE:
        return math.nan
    return _rounded_up(max(needed, row["n"] + 1, MIN_CHILDREN))


def _rounded_up(number: float) -> float:
    """Return a number rounded up to two figures; NaN stays NaN."""
    if math.isnan(number):
        return math.nan
    unit = 10.0 ** max(0, math.floor(math.log10(number)) - 1)
    return math.ceil(number / unit) * unit
