"""The change of a metric between two versions: better, worse, or inconclusive, from their intervals.

Two versions are often measured on the same children, so their figures move together, and how closely is not published.
Only what holds whatever that is may be said: where both intervals hold the truth and have nothing in common, the truths
differ. By the union bound [Bonferroni1936]_ that is so with a probability of at least one minus both alphas: 90 in 100
for intervals of 95, for one figure taken by itself, and for all gaps of a question together, whose intervals hold at
once. Intervals that overlap say nothing: neither that there is a change nor that there is none.

References
----------
.. [Bonferroni1936] Bonferroni, C. E. (1936). Teoria statistica delle classi e calcolo delle probabilità. Pubblicazioni
   del R. Istituto Superiore di Scienze Economiche e Commerciali di Firenze 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from send_screen.reports._figures import Estimate

Shift = Literal[
    "better", "worse", "turned round", "cannot be told", "the same figures", "no interval", "not comparable"
]
#: Turns the interval of a figure into that of its loss: how far it is from what would be best.
ToLoss = Callable[[float, float], tuple[float, float]]


def lower_is_better(low: float, high: float) -> tuple[float, float]:
    """Return the interval of the loss of a figure of which less is better."""
    return low, high


def higher_is_better(low: float, high: float) -> tuple[float, float]:
    """Return the interval of the loss of a figure of which more is better."""
    return -high, -low


def closer_is_better(to: float) -> ToLoss:
    """Return the loss of a figure that is right at one value: how far it is from there."""

    def loss(low: float, high: float) -> tuple[float, float]:
        ends = abs(low - to), abs(high - to)
        return (0.0 if low <= to <= high else min(ends)), max(ends)

    return loss


def shift(first: Estimate, second: Estimate, loss: ToLoss) -> Shift:
    """Return what two published figures and their intervals say of the change from the first to the second.

    Examples
    --------
    >>> before = Estimate(0.7, 0.6, 0.8)
    >>> shift(before, Estimate(0.4, 0.3, 0.5), lower_is_better), shift(before, Estimate(0.6, 0.5, 0.7), lower_is_better)
    ('better', 'cannot be told')
    >>> shift(Estimate(0.2, 0.1, 0.3), Estimate(-0.2, -0.3, -0.1), closer_is_better(0.0))
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
