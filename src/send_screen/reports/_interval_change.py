"""The change of a metric between two versions: better, worse, or inconclusive, from their intervals.

Two versions are often measured on the same children, so their estimates are correlated, and the correlation is not
published. Only a conclusion that is valid for any correlation is drawn: where the two intervals are disjoint and both
cover the true values, these differ. By the union bound [Bonferroni1936]_ both cover with a probability of at least 90 %
for 95 % intervals: for one metric alone, and for all gaps of a metric together, whose intervals are simultaneous.
Overlapping intervals are inconclusive.

References
----------
.. [Bonferroni1936] Bonferroni, C. E. (1936). Teoria statistica delle classi e calcolo delle probabilità. Pubblicazioni
   del R. Istituto Superiore di Scienze Economiche e Commerciali di Firenze 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from send_screen.reports._figures import Estimate

IntervalChange = Literal[
    "better", "worse", "turned round", "cannot be told", "the same figures", "no interval", "not comparable"
]
#: Converts the interval of a metric into that of its loss, the distance from the best value.
ToLoss = Callable[[float, float], tuple[float, float]]


def lower_is_better(low: float, high: float) -> tuple[float, float]:
    """Return the interval of the loss of a metric that is better when lower."""
    return low, high


def higher_is_better(low: float, high: float) -> tuple[float, float]:
    """Return the interval of the loss of a metric that is better when higher."""
    return -high, -low


def closer_is_better(to: float) -> ToLoss:
    """Return the loss of a metric with one best value: the distance from it."""

    def loss(low: float, high: float) -> tuple[float, float]:
        ends = abs(low - to), abs(high - to)
        return (0.0 if low <= to <= high else min(ends)), max(ends)

    return loss


def compare_intervals(first: Estimate, second: Estimate, loss: ToLoss) -> IntervalChange:
    """Return the verdict on the change from the first to the second estimate, by their intervals.

    Examples
    --------
    >>> before = Estimate(0.7, 0.6, 0.8)
    >>> compare_intervals(before, Estimate(0.4, 0.3, 0.5), lower_is_better)
    'better'
    >>> compare_intervals(before, Estimate(0.6, 0.5, 0.7), lower_is_better)
    'cannot be told'
    >>> compare_intervals(Estimate(0.2, 0.1, 0.3), Estimate(-0.2, -0.3, -0.1), closer_is_better(0.0))
    'turned round'
    """
    if first.value is None or second.value is None:
        return "no interval"
    if (first.value, first.low, first.high) == (second.value, second.low, second.high):
        return "the same figures"
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return "no interval"
    before, after = loss(first.low, first.high), loss(second.low, second.high)
    if after[1] < before[0]:
        return "better"
    if after[0] > before[1]:
        return "worse"
    apart = second.high < first.low or second.low > first.high
    return "turned round" if apart else "cannot be told"
