"""Estimates with confidence intervals clustered by school.

A rate is a ratio of sums over schools, r = sum a_s / sum b_s with n = sum b_s. Its variance is the jackknife's that
deletes one school at a time [Cochran1977]_, since the linearised variance is too small when schools differ in size,

    v = (S - 1) / S * sum ((a_s - r b_s) / (n - b_s))^2,

over the S schools with b_s > 0. The design effect is v divided by the binomial variance r (1 - r) / n. It is at least
what it would be if children were independent: 1, other than for rates of a top-k list (``_confusion_at_capacity``).
The interval is Wilson's [Wilson1927]_ on the effective sample size n / design effect, with a t quantile on S - 1
degrees of freedom [Korn1998]_, or fewer where few schools make most of the variance (:func:`degrees_of_freedom`).

References
----------
.. [Cochran1977] Cochran, W. G. (1977). Sampling Techniques, 3rd ed., section 9A. Wiley.
.. [Wilson1927] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22.
.. [Korn1998] Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number
   of positive counts estimated from survey data. Survey Methodology 24.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta, t

#: Below this many schools the variance between schools cannot be estimated, and no interval is given.
MIN_SCHOOLS = 10
#: With fewer schools, or fewer (effective) successes or failures than this, the exact binomial interval is used.
FEW_SCHOOLS, FEW_CASES = 20, 8
#: Least design effect: the fixed length of the list nearly fixes some rates, whose variance is then almost 0.
MIN_DESIGN_EFFECT = 0.01

TOO_FEW_SCHOOLS = f"no interval: the children are in fewer than {MIN_SCHOOLS} schools"


@dataclass(frozen=True)
class Estimate:
    """An estimate, its confidence interval, and its sample size.

    Attributes
    ----------
    value, low, high : float
        NaN where undefined; then ``reason`` says why.
    n : float
        Children in the denominator (an average over fold seeds).
    schools : int
        Schools that they are in.
    smallest_cell : float
        Smallest count above 0 that publishing the estimate would reveal, for disclosure control.
    reason : str
        Empty where the value and its interval are defined.
    """

    value: float
    low: float
    high: float
    n: float
    schools: int
    smallest_cell: float
    reason: str = ""


def undefined(reason: str, *, n: float = 0.0, schools: int = 0, smallest_cell: float = math.inf) -> Estimate:
    """Return an estimate without a value, with the reason."""
    return Estimate(math.nan, math.nan, math.nan, n, schools, smallest_cell, reason)


def smallest(*counts: float) -> float:
    """Return the smallest count above 0 (beyond rounding error), infinity where there is none."""
    return min((float(count) for count in counts if count > 1e-9), default=math.inf)


def clustered_rate(
    successes: np.ndarray,
    trials: np.ndarray,
    *,
    alpha: float = 0.05,
    adjusted: tuple[np.ndarray, np.ndarray] | None = None,
    min_design_effect: float = 1.0,
    smallest_cell: float | None = None,
    undefined_reason: str = "",
) -> Estimate:
    """Return a rate with its confidence interval clustered by school.

    It is Wilson's interval on the effective sample size. The design effect cannot be estimated well with fewer than 20
    schools, or fewer than 8 successes or failures once divided by it. Then it is Clopper and Pearson's exact interval
    [Clopper1934]_, with the estimated design effect or that of an intraclass correlation of 0.1, whichever is larger:
    a conservative interval.

    Parameters
    ----------
    successes, trials : numpy.ndarray of float, shape (schools,)
        Sums by school; schools without trials are left out.
    alpha : float
        One minus the confidence.
    adjusted : pair of numpy.ndarray of float, shape (schools,), optional
        Successes and trials again, each school's with the top-k threshold correction. The sums are the same; the
        variance between schools is taken from these.
    min_design_effect : float
        The design effect is not taken below this.
    smallest_cell : float, optional
        ``smallest_cell`` of the result, where more than successes and failures are revealed.
    undefined_reason : str
        Reason of the result when there are no trials.

    Returns
    -------
    Estimate
        Value, interval, number of children and of schools.

    References
    ----------
    .. [Clopper1934] Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits. Biometrika 26.

    Examples
    --------
    >>> rate = clustered_rate(np.full(40, 3.0), np.full(40, 10.0))
    >>> round(rate.value, 3), round(rate.low, 3), round(rate.high, 3)
    (0.3, 0.256, 0.348)
    """
    n, schools = float(trials.sum()), int((trials > 0).sum())
    if n == 0:
        return undefined(undefined_reason or "no child to divide by")
    x = float(successes.sum())
    cell = smallest(x, n - x, n) if smallest_cell is None else smallest_cell
    rate = min(max(x / n, 0.0), 1.0)
    if schools < MIN_SCHOOLS:
        return Estimate(rate, math.nan, math.nan, n, schools, cell, TOO_FEW_SCHOOLS)
    binomial = rate * (1 - rate) / n
    a, b = (successes, trials) if adjusted is None else adjusted
    left_out = ((a - rate * b) / (n - b))[(a != 0) | (b != 0)]
    jackknife = (len(left_out) - 1) / len(left_out) * float((left_out**2).sum())
    design_effect = max(min_design_effect, MIN_DESIGN_EFFECT, jackknife / binomial) if binomial > 0 else 1.0
    if schools < FEW_SCHOOLS or min(x, n - x) / max(design_effect, 1.0) < FEW_CASES:
        design_effect = max(design_effect, 1 + 0.1 * max(0.0, float((trials**2).sum()) / n - 1))
        low, high = clopper_pearson(rate, n / design_effect, alpha)
    else:
        low, high = wilson(
            rate, n / design_effect, float(t.ppf(1 - alpha / 2, min(schools - 1.0, degrees_of_freedom(left_out))))
        )
    return Estimate(rate, low, high, n, schools, cell)


def degrees_of_freedom(of_schools: np.ndarray) -> float:
    """Return the degrees of freedom of a variance that is estimated from one number per school.

    2 S / (kurtosis - 1), at most S - 1: fewer where few schools contribute most of the variance.

    >>> equal, one_large = np.tile([-1.0, 1.0], 20), np.append(np.full(39, -0.1), 3.9)
    >>> round(degrees_of_freedom(equal), 1), round(degrees_of_freedom(one_large), 1)
    (39.0, 2.2)
    """
    schools, squares = len(of_schools), float((of_schools**2).sum())
    if squares == 0:
        return schools - 1.0
    kurtosis = schools * float((of_schools**4).sum()) / squares**2
    return min(schools - 1.0, 2 * schools / max(kurtosis - 1, 1e-9))


def wilson(rate: float, n: float, quantile: float) -> tuple[float, float]:
    """Return Wilson's interval of a rate on (effective) sample size ``n``."""
    z = quantile**2 / n
    middle = (rate + z / 2) / (1 + z)
    half = quantile / (1 + z) * math.sqrt(rate * (1 - rate) / n + z / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def clopper_pearson(rate: float, n: float, alpha: float) -> tuple[float, float]:
    """Return the exact binomial interval of a rate on (effective) sample size ``n``, fractional counts allowed."""
    x = rate * n
    low = 0.0 if rate == 0 else float(beta.ppf(alpha / 2, x, n - x + 1))
    high = 1.0 if rate == 1 else float(beta.ppf(1 - alpha / 2, x + 1, n - x))
    return low, high


def t_interval(
    value: float,
    standard_error: float,
    *,
    n: float,
    schools: int,
    smallest_cell: float,
    alpha: float,
    n_means: int = 1,
    df: float | None = None,
    logit_scale: bool = False,
    undefined_reason: str = "",
) -> Estimate:
    """Return the interval value -/+ t x standard error, clustered by school; on request on the logit scale.

    The degrees of freedom are ``df``, or the number of schools minus ``n_means``, the number of estimated means in the
    value (folds, for a mean over folds). ``undefined_reason`` is the reason of the result where the value is NaN.
    """
    reason = ""
    if math.isnan(value):
        reason = undefined_reason
    elif schools < MIN_SCHOOLS:
        reason = TOO_FEW_SCHOOLS
    elif not standard_error > 0 or (logit_scale and not 0 < value < 1):
        reason = "no interval: it does not vary between schools"
    if reason:
        return Estimate(value, math.nan, math.nan, n, schools, smallest_cell, reason)
    half = float(t.ppf(1 - alpha / 2, df or max(schools - n_means, 1))) * standard_error
    low, high = value - half, value + half
    if logit_scale:
        half /= value * (1 - value)
        middle = float(logit(value))
        low, high = float(expit(middle - half)), float(expit(middle + half))
    return Estimate(value, low, high, n, schools, smallest_cell)
