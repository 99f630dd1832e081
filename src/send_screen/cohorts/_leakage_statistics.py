"""Target leakage as data, and the statistics behind it: counts by value, ROC AUC, and the bounds of honest features.

Everything the tests of one feature need is, for each of its distinct values, how many children have it and how many
of them have the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

RECORDED_LATE = "dated after the as-of date"
NEAR_COPY = "near-copy of the label"
LEVEL = "a level that nearly determines the outcome"
MISSINGNESS = "a missingness pattern that nearly determines the outcome"
PAST_STATUS = "a past status of the outcome"
COMPONENTS = "components whose sum determines the outcome"

Z = 2.326  # one-sided 1 %
MIN_CHILDREN = 10  # children of a level, and positives (and negatives) of a test: fewer prove nothing
_MIN_SHARE, _MIN_LOWER_BOUND, _MIN_ODDS_RATIO = 0.9, 0.6, 10.0


@dataclass(frozen=True)
class TargetLeakage:
    """A suspicion of target leakage.

    Attributes
    ----------
    kind : str
        In words, for example ``"near-copy of the label"``.
    features : tuple of str
        The culprits.
    n : int
        Children that the evidence rests on.
    evidence : float
        For a date or a declared status the share of children concerned, for a level its share with the outcome (or
        without it, whichever is larger), otherwise a ROC AUC.
    words, remedy : str
        What was found, without any child's data, and what to do.
    """

    kind: str
    features: tuple[str, ...]
    n: int
    evidence: float
    words: str
    remedy: str


@dataclass(frozen=True)
class ValueCounts:
    """A feature as counts: its distinct known values with the children and the positives of each."""

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


def count_values(column: pd.Series, label: np.ndarray, name: str, *, ordered: bool) -> ValueCounts:
    """Count the children and the positives of each distinct value of a feature."""
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    dtype = np.float64 if numeric else object
    codes, values = pd.factorize(column.to_numpy(dtype=dtype, na_value=np.nan), sort=numeric)
    known = codes >= 0
    n = np.bincount(codes[known], minlength=len(values)).astype(np.float64)
    positive = np.bincount(codes[known], weights=label[known], minlength=len(values))
    return ValueCounts(name, codes, np.asarray(values), n, positive, ordered and numeric)


def list_names(features: Collection[str]) -> str:
    """Return names for a sentence, at most eight."""
    names = list(features)
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:8])} and {len(names) - 8} more"


def auc_of(score: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the ROC AUC of scores that ``positive`` and ``negative`` children have; ties count half."""
    _, group = np.unique(score.round(12), return_inverse=True)
    plus, minus = np.bincount(group, weights=positive), np.bincount(group, weights=negative)
    below = np.cumsum(minus) - minus
    return float((plus * (below + minus / 2)).sum() / (plus.sum() * minus.sum()))


def exceeds_honest(auc: float, positives: float, negatives: float, bounds: tuple[float, float]) -> bool:
    """Return whether an AUC is suspicious, and beyond chance above the strongest honest one [HanleyMcNeil1982]_.

    .. [HanleyMcNeil1982] Radiology 143:29. Standard error of the AUC, taken at the honest AUC.
    """
    suspicious, honest = bounds
    if auc < suspicious or min(positives, negatives) < MIN_CHILDREN:
        return False
    q1, q2 = honest / (2 - honest), 2 * honest**2 / (1 + honest)
    variance = (honest * (1 - honest) + (positives - 1) * (q1 - honest**2) + (negatives - 1) * (q2 - honest**2)) / (
        positives * negatives
    )
    return auc >= min(honest + Z * math.sqrt(variance), 1.0)


def feature_auc(column: ValueCounts) -> float:
    """Return the ROC AUC of a feature: as it stands, turned round, or with its values put in their best order.

    The order of the values is learnt leaving each child out, so that many rare values do not look strong.
    """
    plus, minus = column.positive, column.n - column.positive
    if min(plus.sum(), minus.sum()) == 0:
        return 0.5
    base = plus.sum() / column.n.sum()
    others = np.maximum(column.n - 1, 0) + 1
    score = np.concatenate([(np.maximum(plus - 1, 0) + base) / others, (plus + base) / others])
    nothing = np.zeros(len(plus))
    recoded = auc_of(score, np.concatenate([plus, nothing]), np.concatenate([nothing, minus]))
    if not column.ordered:
        return recoded
    straight = auc_of(column.values.astype(np.float64), plus, minus)
    return max(straight, 1 - straight, recoded)


def near_deterministic(n: np.ndarray, positive: np.ndarray, base: float, tests: int) -> np.ndarray:
    """Return whether groups of children are almost all (or almost none) positive, beyond chance and the base rate.

    Far: the lower bound of the share (Wilson, one-sided 99 %) is .6 or more and its odds ten times those of the base
    rate. Not by chance: the binomial tail, by Chernoff's bound exp(-n KL(share, base)), is below .01 over the tests.
    """
    result = np.zeros(len(n), dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        for hits, rate in ((positive, base), (n - positive, 1 - base)):
            share = hits / n
            half_width = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
            lower = (share + Z**2 / (2 * n) - half_width) / (1 + Z**2 / n)
            odds_ratio = lower / (1 - lower) / (rate / (1 - rate))
            rest = np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - rate)), 0.0)
            divergence = n * (share * np.log(share / rate) + rest)
            result |= (
                (n >= MIN_CHILDREN)
                & (share >= _MIN_SHARE)
                & (lower >= _MIN_LOWER_BOUND)
                & (odds_ratio >= _MIN_ODDS_RATIO)
                & (divergence >= math.log(max(tests, 1) / 0.01))
            )
    return result
