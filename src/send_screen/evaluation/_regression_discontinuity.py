"""Regression discontinuity at the line: what being listed does to the outcome of children whose scores are at it.

Children just above and just below the line are alike but for the list. With x a child's score minus her list's line,
the effect is the jump of E[outcome | x] at x = 0,

    tau = lim E[y | x, listed] - lim E[y | x, not listed],

estimated by a local quadratic regression on each side with triangular kernel weights. The bandwidth is that which has
the least mean squared error for a local linear regression. The linear estimate with its bias subtracted, where bias and
estimate use one bandwidth, is the quadratic estimate, and its standard error counts the error of the bias too: the
robust bias-corrected interval [Calonico2014]_. Standard errors are clustered by school. Lists of several schools are
pooled by their distance to their own line [Cattaneo2016]_.

References
----------
.. [Calonico2014] Calonico, S., Cattaneo, M. D. and Titiunik, R. (2014). Robust nonparametric confidence intervals for
   regression-discontinuity designs. Econometrica 82.
.. [Cattaneo2016] Cattaneo, M. D., Keele, L., Titiunik, R. and Vazquez-Bare, G. (2016). Interpreting regression
   discontinuity designs with multiple cutoffs. Journal of Politics 78.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from send_screen.evaluation._estimate import Estimate, degrees_of_freedom, t_interval, undefined

#: Least number of children with a known outcome, and of distinct scores, within the bandwidth on either side.
MIN_CHILDREN, MIN_SCORES = 50, 10
NOT_ENOUGH = f"not enough evidence: fewer than {MIN_CHILDREN} children, or {MIN_SCORES} scores, near the line on a side"


def distance_to_line(score: np.ndarray, listed: np.ndarray, list_of: np.ndarray) -> np.ndarray:
    """Return each score minus the line of the child's list.

    The line is halfway from the lowest listed score to the highest other one. Where these are equal, children at the
    line were listed by a random order, and stay on the side on which they are.

    Parameters
    ----------
    score : numpy.ndarray of float, shape (n,)
        The higher, the earlier on the list.
    listed : numpy.ndarray of bool, shape (n,)
    list_of : numpy.ndarray, shape (n,)
        Which list each child could be on: her school where each school has its own.

    Returns
    -------
    numpy.ndarray of float, shape (n,)
        NaN where there is no line: the list has all children or none, or leaves out a higher score than it has.

    Examples
    --------
    >>> score, listed = np.array([3.0, 2.0, 1.0, 5.0]), np.array([True, False, False, True])
    >>> distance_to_line(score, listed, np.array(["a", "a", "a", "b"])).tolist()
    [0.5, -0.5, -1.5, nan]
    """
    _, number = np.unique(list_of, return_inverse=True)
    lowest, highest = np.full(number.max(initial=-1) + 1, np.inf), np.full(number.max(initial=-1) + 1, -np.inf)
    np.minimum.at(lowest, number[listed], score[listed])
    np.maximum.at(highest, number[~listed], score[~listed])
    line = np.where(lowest >= highest, lowest / 2 + highest / 2, np.nan)
    line[~np.isfinite(line)] = np.nan
    distance: np.ndarray = score - line[number]
    return distance


def regression_discontinuity(
    outcome: np.ndarray,
    distance: np.ndarray,
    listed: np.ndarray,
    school: np.ndarray,
    *,
    alpha: float = 0.05,
    bandwidth: float | None = None,
) -> Estimate:
    """Return the effect of being listed on the outcome, for children at the line.

    Parameters
    ----------
    outcome : numpy.ndarray of float, shape (n,)
        0 or 1; NaN where it is not known, and such children are left out.
    distance : numpy.ndarray of float, shape (n,)
        From :func:`distance_to_line`; children with NaN are left out.
    listed : numpy.ndarray of bool, shape (n,)
    school : numpy.ndarray, shape (n,)
        The cluster of each child.
    alpha : float
        One minus the confidence.
    bandwidth : float, optional
        Instead of that of least mean squared error.

    Returns
    -------
    Estimate
        NaN with a reason where too few children are near the line. ``n`` counts the children within the bandwidth.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, school = rng.normal(size=40_000), rng.integers(0, 200, 40_000)
    >>> y = (rng.random(40_000) < 0.2 + 0.05 * x.clip(-2, 2) + 0.1 * (x > 0)).astype(float)
    >>> effect = regression_discontinuity(y, x, x > 0, school)
    >>> bool(effect.low < 0.1 < effect.high), round(float(effect.value), 1)
    (True, 0.1)
    """
    use = np.isfinite(distance) & np.isfinite(outcome)
    _, cluster = np.unique(school[use], return_inverse=True)
    data = _Data(outcome[use], distance[use], listed[use], cluster, int(cluster.max(initial=-1)) + 1)
    if not all(data.enough(side, math.inf) for side in (True, False)):
        return undefined(NOT_ENOUGH)
    h = data.bandwidth() if bandwidth is None else bandwidth
    if not all(data.enough(side, h) for side in (True, False)):
        return undefined(NOT_ENOUGH)
    above, below = (data.fit(side, 2, h) for side in (True, False))
    by_school = above.influence[0] - below.influence[0]
    near = np.abs(data.x) < h
    involved = by_school[np.bincount(data.cluster[near], minlength=data.clusters) > 0]
    n, k, schools = int(near.sum()), 6, len(involved)
    # of clustered regressions: schools / (schools - 1) * (n - 1) / (n - coefficients)
    correction = schools / max(schools - 1, 1) * (n - 1) / (n - k)
    return t_interval(
        float(above.beta[0] - below.beta[0]),
        math.sqrt(correction * float((involved**2).sum())),
        n=n,
        schools=schools,
        smallest_cell=math.inf,
        alpha=alpha,
        df=degrees_of_freedom(involved),
    )


@dataclass(frozen=True)
class _Fit:
    """A local polynomial: coefficients of 1, x, x^2 ..., and the influence of each school on each."""

    beta: np.ndarray
    influence: np.ndarray
    """Shape (coefficients, schools)."""
    bias: np.ndarray
    """Expected coefficients were the outcome the next power of x, shape (coefficients,)."""

    def variance(self, coefficient: int) -> float:
        return float((self.influence[coefficient] ** 2).sum())


@dataclass(frozen=True)
class _Data:
    y: np.ndarray
    x: np.ndarray
    listed: np.ndarray
    cluster: np.ndarray
    clusters: int

    def enough(self, side: bool, h: float) -> bool:
        x = self.x[(self.listed == side) & (np.abs(self.x) < h)]
        return len(x) >= MIN_CHILDREN and len(np.unique(x)) >= MIN_SCORES

    def fit(self, side: bool, order: int, h: float) -> _Fit:
        """Fit a local polynomial to one side, with triangular weights on [0, h), or equal ones without a limit."""
        rows = (self.listed == side) & (np.abs(self.x) < h)
        x, y, cluster = self.x[rows], self.y[rows], self.cluster[rows]
        scale = h if math.isfinite(h) else float(np.abs(x).max())
        weight = 1 - np.abs(x) / h if math.isfinite(h) else np.ones(len(x))
        u = x / scale  # so that powers are of one size
        design = np.vander(u, order + 1, increasing=True)
        inverse = np.linalg.pinv(design.T @ (weight[:, None] * design))
        projection = inverse @ (design.T * weight)
        beta = projection @ y
        each = projection * (y - design @ beta)
        influence = np.stack([np.bincount(cluster, row, self.clusters) for row in each])
        powers = scale ** np.arange(order + 1)
        return _Fit(
            beta / powers, influence / powers[:, None], projection @ u ** (order + 1) / powers * scale ** (order + 1)
        )

    def bandwidth(self) -> float:
        """Return the bandwidth of least mean squared error of the jump of a local linear regression.

        Three plug-in steps [Calonico2014]_: the bandwidth of the third derivative, which needs the fourth of a
        polynomial of all children; with it that of the second derivative; with that the one that is wanted. Each leaves
        enough children on either side.
        """
        spread = min(float(self.x.std()), float(np.subtract(*np.percentile(self.x, [75, 25]))) / 1.349)
        pilot = self._at_least(2.576 * (spread or float(self.x.std())) * len(self.x) ** -0.2)
        third = self._at_least(self._optimal(3, 3, pilot, math.inf, regularised=False))
        second = self._at_least(self._optimal(2, 2, pilot, third))
        return self._at_least(self._optimal(1, 0, pilot, second))

    def _optimal(self, order: int, derivative: int, pilot: float, of_bias: float, *, regularised: bool = True) -> float:
        """Return the bandwidth at which variance and squared bias of a derivative's jump at the line are balanced."""
        variance = bias = noise = 0.0
        for side, sign in ((True, 1.0), (False, -1.0)):
            fit, higher = self.fit(side, order, pilot), self.fit(side, order + 1, of_bias)
            variance += fit.variance(derivative) * pilot ** (2 * derivative + 1)
            constant = fit.bias[derivative] / pilot ** (order + 1 - derivative)
            bias += sign * constant * higher.beta[order + 1]
            noise += constant**2 * higher.variance(order + 1)
        squared = bias**2 + (3 * noise if regularised else 0.0)
        power = order + 1 - derivative
        return float(((2 * derivative + 1) * variance / (2 * power * max(squared, 1e-300))) ** (1 / (2 * order + 3)))

    def _at_least(self, h: float) -> float:
        """Return a bandwidth, widened to have enough children on either side, and at most that of all of them."""
        least = 0.0
        for side in (True, False):
            away = np.sort(np.abs(self.x[self.listed == side]))
            distinct = np.unique(away)
            least = max(least, float(away[MIN_CHILDREN - 1]), float(distinct[MIN_SCORES - 1]))
        return min(max(h, math.nextafter(least, math.inf)), math.nextafter(float(np.abs(self.x).max()), math.inf))
