"""Expected errors of probabilistic links, from the match probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_ALPHA = 0.05


class Expected(NamedTuple):
    """An expected number, and the interval in which 95 of 100 such numbers lie."""

    value: float
    low: int
    high: int


@dataclass(frozen=True)
class ExpectedErrors:
    """Expected errors of the probabilistic round.

    They hold as far as the m and u probabilities do: that these are estimated is not in the intervals.
    """

    false_links: Expected
    """Links of records that are of different children."""
    missed_links: Expected
    """Persons of the agency who are one of the children, and are not linked."""


def expected_errors(probability: np.ndarray, is_link: np.ndarray, *, blocked: float) -> ExpectedErrors:
    """Return the expected errors of a decision on pairs of records.

    A link of probability p is false with probability 1 - p. A pair that is not linked is a missed link with
    probability p; pairs that were never compared are missed in proportion (``blocked`` is the share compared).
    """
    never = (1 / blocked - 1) * float(probability.sum()) if blocked > 0 else float("nan")
    return ExpectedErrors(
        false_links=_sum_of_trials(1 - probability[is_link], 0.0),
        missed_links=_sum_of_trials(probability[~is_link], never),
    )


def _sum_of_trials(probabilities: np.ndarray, poisson_mean: float) -> Expected:
    """Return mean and 95 % range of the number of successes in independent trials, plus a Poisson number.

    >>> _sum_of_trials(np.array([0.5, 0.5]), 0.0)
    Expected(value=1.0, low=0, high=2)
    """
    mean = float(probabilities.sum()) + poisson_mean
    top = int(mean + 10 * np.sqrt(mean) + 20)  # beyond it nothing that counts is left
    distribution = np.zeros(top + 1)
    distribution[0] = 1.0
    for p in probabilities[probabilities > 1e-6]:
        distribution[1:] = distribution[1:] * (1 - p) + distribution[:-1] * p
        distribution[0] *= 1 - p
    if poisson_mean > 0:
        k = np.arange(top + 1)
        log_factorial = np.concatenate([[0.0], np.cumsum(np.log(k[1:]))])
        poisson = np.exp(k * np.log(poisson_mean) - poisson_mean - log_factorial)
        distribution = np.convolve(distribution, poisson)[: top + 1]
    cumulative = np.cumsum(distribution)
    low, high = (int(np.searchsorted(cumulative, q)) for q in (_ALPHA / 2, 1 - _ALPHA / 2))
    return Expected(mean, low, min(high, top))
