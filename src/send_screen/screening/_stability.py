"""Selection stability: score interval and probability of being in the top k under resampled schools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.governance import Bundle
from send_screen.screening._capacity import Capacity, shared_places
from send_screen.screening._scored import ScoredCohort


@dataclass(frozen=True)
class SelectionStability:
    """Uncertainty of each child's score and selection, over models trained on new samples of schools.

    Attributes
    ----------
    low, high : numpy.ndarray of float64, shape (n,)
        95 % prediction interval of the score, in log-odds.
    selection_probability : numpy.ndarray of float64, shape (n,)
        Probability that such a model lists the child, at the same number of places.
    """

    low: np.ndarray
    high: np.ndarray
    selection_probability: np.ndarray


def selection_stability(
    bundle: Bundle, scored: ScoredCohort, school: pd.Series | None, capacity: Capacity
) -> SelectionStability | None:
    """Return the selection stability of each child; None where the version has no bagged ensemble.

    Parameters
    ----------
    bundle : Bundle
    scored : ScoredCohort
    school : pandas.Series of str, shape (n,), or None
        With it, each school has its own places.
    capacity : Capacity
    """
    if bundle.bags is None:
        return None
    score, of_bags = scored.score, bundle.bags.score(scored.X)
    probability = np.zeros(len(score))
    for part in shared_places(np.arange(len(score)), school):
        probability[part] = bundle.bags.selection_probability(score[part], of_bags[:, part], capacity.of(len(part)))
    return SelectionStability(*bundle.bags.prediction_interval(score, of_bags), probability)
