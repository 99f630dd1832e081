"""Student's t with an even number of degrees of freedom, where its distribution is a short sum."""

from __future__ import annotations

import math

import numpy as np


def student_t_cdf(t: np.ndarray, degrees: int) -> np.ndarray:
    r"""Return the distribution function of Student's t at ``t``, which may be infinite, for even ``degrees``.

    With :math:`\theta = \arctan(t / \sqrt\nu)` and :math:`\nu` even [Abramowitz1972]_,

    .. math:: F = \tfrac12 + \tfrac12 \sin\theta \left( 1 + \tfrac12 \cos^2\theta
        + \tfrac{1 \cdot 3}{2 \cdot 4} \cos^4\theta + \ldots \right),

    the last power being :math:`\nu - 2`.

    References
    ----------
    .. [Abramowitz1972] Abramowitz and Stegun (1972), Handbook of Mathematical Functions, 26.7.4.
    """
    theta = np.arctan(np.asarray(t, dtype=np.float64) / math.sqrt(degrees))
    square, factor = np.cos(theta) ** 2, 1.0
    total = np.ones_like(theta)
    for k in range(1, degrees // 2):
        factor *= (2 * k - 1) / (2 * k)
        total += factor * square**k
    found: np.ndarray = 0.5 + 0.5 * np.sin(theta) * total
    return found


def student_t_quantile(share: float, degrees: int) -> float:
    """Return the t that a share above one half lies below, to 1e-12, by halving."""
    low, high = 0.0, 1e3
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if student_t_cdf(np.array(middle), degrees) < share else (low, middle)
    return high
