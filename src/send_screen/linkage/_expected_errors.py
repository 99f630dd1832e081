"""Expected errors of probabilistic links, from the match probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

MIN_IDENTIFIED = 50  # pairs linked by identifiers
_ALPHA, _Z = 0.05, 1.96


class Expected(NamedTuple):
    """An expected number, and the interval in which 95 of 100 such numbers lie."""

    value: float
    low: int
    high: int


@dataclass(frozen=True)
class ExpectedErrors:
    """Expected errors of the probabilistic round.

    They hold as far as records with identifiers resemble those without, which is not known.
    """

    false_links: Expected
    """Links of records that are of different children, from the match probabilities."""
    missed_links: Expected
    """Persons of the agency who are one of the children, and are not linked.

    From the share of pairs linked by identifiers that probability would have missed; with fewer than 50 of these, from
    the match probabilities of the pairs that are not linked."""


def expected_errors(probability: np.ndarray, is_link: np.ndarray, *, identified: np.ndarray) -> ExpectedErrors:
    """Return the expected errors of a decision on pairs of records.

    A link of probability p is false with probability 1 - p. ``identified`` says of each pair that identifiers link
    whether probability would have linked it too.
    """
    false_links = _sum_of_trials(1 - probability[is_link])
    if len(identified) < MIN_IDENTIFIED:
        return ExpectedErrors(false_links, _sum_of_trials(probability[~is_link]))
    n, links = len(identified), int(is_link.sum())
    missed = (~identified).sum()
    # as many missed for each link as among the identified, of which half a pair more is missed than was seen
    ratio = (missed + 0.5) / (n - missed + 0.5)
    value = links * ratio
    error = _Z * np.sqrt(value + value**2 * (1 / (missed + 0.5) + 1 / (n - missed + 0.5)))
    return ExpectedErrors(false_links, Expected(float(value), max(0, round(value - error)), round(value + error)))


def _sum_of_trials(probabilities: np.ndarray) -> Expected:
    """Return mean and 95 % range of the number of successes in independent trials.

    >>> _sum_of_trials(np.array([0.5, 0.5]))
    Expected(value=1.0, low=0, high=2)
    """
    mean = float(probabilities.sum())
    top = int(mean + 10 * np.sqrt(mean) + 20)  # beyond it nothing that counts is left
    distribution = np.zeros(top + 1)
    distribution[0] = 1.0
    for p in probabilities[probabilities > 1e-6]:
        distribution[1:] = distribution[1:] * (1 - p) + distribution[:-1] * p
        distribution[0] *= 1 - p
    cumulative = np.cumsum(distribution)
    low, high = (int(np.searchsorted(cumulative, q)) for q in (_ALPHA / 2, 1 - _ALPHA / 2))
    return Expected(mean, low, min(high, top))
