"""How sure a list is: what models learnt from other schools would say of the same children."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.governance import Bundle
from send_screen.screening._capacity import Capacity, shared_places


@dataclass(frozen=True)
class Sureness:
    """Of every child screened, in log-odds and as a chance.

    Attributes
    ----------
    low, high : numpy.ndarray of float64, shape (n,)
        Between these the score of 95 in 100 models learnt from other schools would be.
    chance : numpy.ndarray of float64, shape (n,)
        That such a model lists the child, at the same number of places.
    """

    low: np.ndarray
    high: np.ndarray
    chance: np.ndarray


def sureness(
    bundle: Bundle, X: pd.DataFrame, score: np.ndarray, school: pd.Series | None, capacity: Capacity
) -> Sureness | None:
    """Return how sure the list of these children is; None where the version was not learnt in bags.

    Parameters
    ----------
    bundle : Bundle
    X : pandas.DataFrame, shape (n, p)
    score : numpy.ndarray of float64, shape (n,)
    school : pandas.Series of str, shape (n,), or None
        With it, each school has its own places.
    capacity : Capacity
    """
    if bundle.bags is None:
        return None
    of_bags = bundle.bags.score(X)
    chance = np.zeros(len(score))
    for part in shared_places(np.arange(len(score)), school):
        chance[part] = bundle.bags.selection_probability(score[part], of_bags[:, part], capacity.of(len(part)))
    return Sureness(*bundle.bags.prediction_interval(score, of_bags), chance)
