"""The record of suspected target leakage, and the statistics of its tests: counts by value and ROC AUC.

The tests of one feature need, for each of its distinct values, the number of children and of children with the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.documents import first_few

Z = 2.326  # one-sided 1 %
MIN_CHILDREN = 10  # children of a level, and positives (and negatives) of a test: fewer prove nothing


@dataclass(frozen=True)
class TargetLeakage:
    """A suspicion of target leakage.

    Attributes
    ----------
    kind : str
        For example ``"near-copy of the outcome"``.
    features : tuple of str
        Those suspected, together where it takes several.
    n : int
        Children that the suspicion rests on.
    strength : float
        For a date or a declared status the share of children concerned, for a level its share with the outcome (or
        without it, whichever is larger), otherwise a ROC AUC.
    description, remedy : str
        What was found, without any child's data, and what to do.
    is_question : bool
        Whether the feature is only strong, as legitimate early measures can be, and the user must say how early it is.
    """

    kind: str
    features: tuple[str, ...]
    n: int
    strength: float
    description: str
    remedy: str
    is_question: bool = False


@dataclass(frozen=True)
class ValueCounts:
    """A feature as counts: the number of children, and of those with the outcome, by distinct known value."""

    name: str
    codes: np.ndarray  # the position of each child's value in ``values``; -1 where it is not known
    values: np.ndarray
    n: np.ndarray
    positive: np.ndarray
    ordered: bool

    @property
    def known(self) -> np.ndarray:
        """Of which children the value is known."""
        return np.asarray(self.codes >= 0)


def count_values(column: pd.Series, outcome: np.ndarray, name: str, *, ordered: bool) -> ValueCounts:
    """Count the children and the positives of each distinct value of a feature."""
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    dtype = np.float64 if numeric else object
    codes, values = pd.factorize(column.to_numpy(dtype=dtype, na_value=np.nan), sort=numeric)
    known = codes >= 0
    n = np.bincount(codes[known], minlength=len(values)).astype(np.float64)
    positive = np.bincount(codes[known], weights=outcome[known], minlength=len(values))
    return ValueCounts(name, codes, np.asarray(values), n, positive, ordered and numeric)


def list_names(features: Collection[str]) -> str:
    """Return names for a sentence, at most eight."""
    return first_few(features, 8)


def auc_of(score: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the ROC AUC of scores, each with its number of ``positive`` and ``negative`` children; ties count half."""
    _, group = np.unique(score.round(12), return_inverse=True)
    plus, minus = np.bincount(group, weights=positive), np.bincount(group, weights=negative)
    below = np.cumsum(minus) - minus
    return float((plus * (below + minus / 2)).sum() / (plus.sum() * minus.sum()))


def exceeds_legitimate(auc: float, positives: float, negatives: float, bounds: tuple[float, float]) -> bool:
    """Return whether an AUC is suspicious, and significantly above the highest legitimate one [HanleyMcNeil1982]_.

    .. [HanleyMcNeil1982] Radiology 143:29. Standard error of the AUC, taken at the highest legitimate AUC.
    """
    suspicious, legitimate = bounds
    if auc < suspicious or min(positives, negatives) < MIN_CHILDREN:
        return False
    q1, q2 = legitimate / (2 - legitimate), 2 * legitimate**2 / (1 + legitimate)
    variance = (
        legitimate * (1 - legitimate) + (positives - 1) * (q1 - legitimate**2) + (negatives - 1) * (q2 - legitimate**2)
    ) / (positives * negatives)
    return auc >= min(legitimate + Z * math.sqrt(variance), 1.0)
