"""Whose needs are missed more: each group against all others of its attribute, all groups at once.

The question's family is every gap tested. Holm's step-down procedure [Holm1979]_ keeps the probability of any gap shown
where there is none at most alpha: the i-th smallest p value of m is tested at alpha / (m - i + 1), and each gap's
interval is drawn at the level at which it was decided, so that it excludes 0 exactly where a gap is shown.

References
----------
.. [Holm1979] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scand. J. Statist. 6.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t

from send_screen.evaluation._estimate import MIN_SCHOOLS, smallest
from send_screen.evaluation._evidence import EvidenceView
from send_screen.evaluation._out_of_fold import VERSION

#: Fewer children with the outcome than this, in the group or the others, cannot show a gap.
MIN_POSITIVES = 10

Status = Literal["larger than the tolerance", "smaller than the tolerance", "no gap shown", "too few to say"]
LARGER: Status = "larger than the tolerance"
SMALLER: Status = "smaller than the tolerance"
NOT_SHOWN: Status = "no gap shown"
TOO_FEW: Status = "too few to say"


def gaps(evidence: pd.DataFrame, *, tolerance: float = 0.10, alpha: float = 0.05) -> pd.DataFrame:
    """Return each group's missed need minus that of all other children, with simultaneous intervals.

    Missed need is the share, among children with the outcome, that the version does not flag. Children of both sides
    share schools: the variance is of the paired difference, linearised by school, and never below that of two
    independent binomials. An attribute of two groups is one question, asked once and shown from both sides.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    tolerance : float
        Gap up to which the spec tolerates a difference, as a share.
    alpha : float
        Probability of any gap shown where there is none, over all groups of all attributes.

    Returns
    -------
    pandas.DataFrame
        ``attribute``, ``group``, ``against`` ("all others"), ``metric`` ("missed_need"), ``value`` (the gap), ``low``,
        ``high`` (simultaneous), ``n`` (children of the group with the outcome), ``schools``, ``smallest_cell``,
        ``rate``, ``rate_others``, ``n_others``, ``p_value`` (before Holm), ``tolerance``, ``groups`` (in the
        attribute), ``status``, ``reason``. The status is never that a version is fair: where no gap is shown, there
        may be one.
    """
    view = EvidenceView(evidence)
    rows = [_gap(view, attribute, name, tolerance) for attribute in view.attributes for name in _names(view, attribute)]
    table = pd.DataFrame(rows, columns=list(_EMPTY))
    # both sides of a two-group attribute are one question
    question = np.where(table["groups"] == 2, table["attribute"], table["attribute"] + "\n" + table["group"])
    asked = table.loc[table["p_value"].notna()].groupby(question[table["p_value"].notna()])["p_value"].first()
    level = dict(zip(asked.index, holm_levels(asked.to_numpy(np.float64), alpha), strict=True))
    levels = np.array([level.get(name, math.nan) for name in question])
    half = t.ppf(1 - levels / 2, table["df"].to_numpy(np.float64)) * table["error"]
    table["low"], table["high"] = table["value"] - half, table["value"] + half
    table["status"] = [_status(*row) for row in zip(table["value"], table["low"], table["high"], strict=False)]
    large = table["value"].abs() >= tolerance
    table.loc[(table["status"] == LARGER) & ~large, "status"] = SMALLER
    return table.drop(columns=["error", "df"])


_EMPTY = (
    "attribute", "group", "against", "metric", "value", "low", "high", "n", "schools", "smallest_cell", "rate",
    "rate_others", "n_others", "p_value", "tolerance", "groups", "reason", "error", "df",
)  # fmt: skip


def _names(view: EvidenceView, attribute: str) -> list[str]:
    """Return the groups of an attribute in order."""
    return sorted(set(view.group(attribute)))


def _status(value: float, low: float, high: float) -> Status:
    """Return what an interval shows: a gap, none, or nothing."""
    if math.isnan(low):
        return TOO_FEW
    return LARGER if low > 0 or high < 0 else NOT_SHOWN


def _gap(view: EvidenceView, attribute: str, name: str, tolerance: float) -> dict[str, object]:
    """Return one group's gap before Holm: value, standard error, degrees of freedom, p value."""
    inside = view.group(attribute) == name
    missed = view.label * (1 - view.flag(VERSION))
    sides = [
        (view.by_school(side * missed), view.by_school(side * view.label)) for side in (inside * 1.0, ~inside * 1.0)
    ]
    counts = [(float(fn.sum()), float(positives.sum())) for fn, positives in sides]
    (_, n), (_, n_others) = counts
    rates = [fn / positives if positives > 0 else math.nan for fn, positives in counts]
    schools = [int((positives > 0).sum()) for _, positives in sides]
    row: dict[str, object] = {
        "attribute": attribute,
        "group": name,
        "against": "all others",
        "metric": "missed_need",
        "value": rates[0] - rates[1],
        "low": math.nan,
        "high": math.nan,
        "n": n,
        "schools": schools[0],
        "smallest_cell": smallest(*(cell for fn, p in counts for cell in (fn, p - fn, p))),
        "rate": rates[0],
        "rate_others": rates[1],
        "n_others": n_others,
        "p_value": math.nan,
        "tolerance": tolerance,
        "groups": len(_names(view, attribute)),
        "reason": "",
        "error": math.nan,
        "df": math.nan,
    }
    if min(n, n_others) < MIN_POSITIVES:
        return row | {"reason": f"fewer than {MIN_POSITIVES} children with the outcome on one side"}
    if min(schools) < MIN_SCHOOLS:
        return row | {"reason": f"fewer than {MIN_SCHOOLS} schools on one side"}
    error = paired_error(sides[0], sides[1])
    df = min(schools) - 1
    return row | {"error": error, "df": df, "p_value": 2 * float(t.sf(abs(rates[0] - rates[1]) / error, df))}


def paired_error(ours: tuple[np.ndarray, np.ndarray], theirs: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the standard error of a difference of two rates whose children share schools.

    School s adds e_s = (a_s - r b_s) / sum b - (a'_s - r' b'_s) / sum b'; the variance is S / (S - 1) sum e_s^2, and
    at least the sum of both binomial variances, with one success and one failure added to each side [Agresti2000]_.

    Parameters
    ----------
    ours, theirs : tuple of numpy.ndarray of float, each of shape (schools,)
        Successes and trials by school.

    References
    ----------
    .. [Agresti2000] Agresti, A. and Caffo, B. (2000). Simple and effective confidence intervals for proportions and
       differences of proportions. The American Statistician 54.
    """
    by_school = np.zeros(len(ours[0]))
    binomial = 0.0
    for sign, (a, b) in ((1, ours), (-1, theirs)):
        n = float(b.sum())
        by_school += sign * (a - a.sum() / n * b) / n
        adjusted = (float(a.sum()) + 1) / (n + 2)
        binomial += adjusted * (1 - adjusted) / (n + 2)
    schools = int(((ours[1] > 0) | (theirs[1] > 0)).sum())
    return math.sqrt(max(schools / (schools - 1) * float((by_school**2).sum()), binomial))


def holm_levels(p_values: np.ndarray, alpha: float) -> np.ndarray:
    """Return the level at which Holm's procedure decides each hypothesis.

    Parameters
    ----------
    p_values : numpy.ndarray of float, shape (m,)
    alpha : float
        Familywise level.

    Returns
    -------
    numpy.ndarray of float, shape (m,)
        A hypothesis is rejected exactly when its p value is at most its level.

    Examples
    --------
    >>> holm_levels(np.array([0.001, 0.5, 0.02]), 0.06).round(3).tolist()
    [0.02, 0.06, 0.03]
    """
    m = len(p_values)
    levels = np.empty(m)
    stopped = math.nan
    for i, which in enumerate(np.argsort(p_values, kind="stable")):
        level = alpha / (m - i) if math.isnan(stopped) else stopped
        levels[which] = level
        if p_values[which] > level:
            stopped = level
    return levels
