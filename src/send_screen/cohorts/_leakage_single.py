"""Target leakage by single features: near-copies of the outcome, strong features, their levels and missingness."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np

from send_screen.cohorts._leakage_statistics import (
    MIN_CHILDREN,
    TargetLeakage,
    ValueCounts,
    Z,
    auc_of,
    exceeds_legitimate,
    list_names,
)

NEAR_COPY = "near-copy of the outcome"
STRONG = "strong, and not dated"
LEVEL = "a level that nearly determines the outcome"
MISSINGNESS = "a missingness pattern that nearly determines the outcome"
#: From this AUC a feature of few values, or of many, is called a near-copy. Legitimate early scores reach .95.
COPY_AUC, COPY_AUC_OF_SCORES = 0.95, 0.98
_FEW_VALUES = 12
#: (AUC from which leakage is suspected, highest AUC of legitimate features) of one feature, and of missingness.
STRONG_AUC = (0.90, 0.80)
MISSINGNESS_AUC = (0.85, 0.70)
_STATE_DATE = (
    "If it was known by the as-of date, say so: `recordedOn` in its contract, or `expected_strong: reason` at the "
    "feature. If not, leave it out."
)
_MIN_SHARE, _MIN_LOWER_BOUND, _MIN_ODDS_RATIO = 0.9, 0.6, 10.0


def strong_features(columns: list[ValueCounts], dated: Collection[str]) -> list[TargetLeakage]:
    """Find features that predict the outcome alone: copies of it, and undated strong ones."""
    leaks = []
    for column in columns:
        auc = feature_auc(column)
        positives = column.positive.sum()
        if not exceeds_legitimate(auc, positives, column.n.sum() - positives, STRONG_AUC):
            continue
        copy = auc >= (COPY_AUC if len(column.values) <= _FEW_VALUES else COPY_AUC_OF_SCORES)
        if copy:
            text = f"{column.name} alone decides the outcome (ROC AUC {auc:.2f}): it is the outcome under another name."
            remedy = "Find out how and when it was recorded. Leave it out, or state in expected_strong why."
        elif column.name not in dated:
            text = f"{column.name} alone finds the outcome very well (ROC AUC {auc:.2f}), and no date says how early."
            remedy = _STATE_DATE
        else:
            continue
        leaks.append(
            TargetLeakage(
                kind=NEAR_COPY if copy else STRONG,
                features=(column.name,),
                n=int(column.n.sum()),
                strength=auc,
                description=text,
                remedy=remedy,
                is_question=not copy,
            )
        )
    return leaks


def level_leakage(columns: list[ValueCounts], outcome: np.ndarray) -> list[TargetLeakage]:
    """Find features with a value that only children with (or only children without) the outcome have."""
    tests = sum(int((column.n >= MIN_CHILDREN).sum()) for column in columns)
    leaks = []
    for column in columns:
        found = np.flatnonzero(near_deterministic(column.n, column.positive, float(outcome.mean()), tests))
        if column.ordered:
            found = found[[_unlike_neighbours(column, int(level), tests) for level in found]]
        if not len(found):
            continue
        share = column.positive[found] / column.n[found]
        purity = np.maximum(share, 1 - share)
        worst = int(np.argmax(purity * np.log(column.n[found])))
        level, whom = column.values[found[worst]], "have" if share[worst] > 0.5 else "do not have"
        shown = f"{level:g}" if isinstance(level, float) else str(level)
        text = f"Almost all whose {column.name} is {shown} {whom} the outcome."
        if len(found) > 1:
            text += f" So it is with {len(found) - 1} more of its values."
        n = int(column.n[found].sum())
        leaks.append(
            TargetLeakage(
                kind=LEVEL,
                features=(column.name,),
                n=n,
                strength=float(purity[worst]),
                description=text,
                remedy=f"Who is given it? {_STATE_DATE}",
                is_question=True,
            )
        )
    return leaks


def _unlike_neighbours(column: ValueCounts, level: int, tests: int) -> bool:
    """Return whether a numeric value stands out from as many children with the next lower and the next higher values.

    The highest score of a good test belongs to children without the outcome, and so do the scores just below it.
    """
    near = np.zeros(len(column.n), dtype=bool)
    for side in (np.arange(level - 1, -1, -1), np.arange(level + 1, len(column.n))):
        before = np.cumsum(column.n[side]) - column.n[side]
        near[side[before < column.n[level]]] = True
    rate = (column.positive[near].sum() + 0.5) / (column.n[near].sum() + 1.0)
    return bool(near_deterministic(column.n[[level]], column.positive[[level]], float(rate), tests)[0])


def missingness_leakage(columns: list[ValueCounts], outcome: np.ndarray) -> list[TargetLeakage]:
    """Find features, and patterns of features, whose absence or presence determines the outcome."""
    # Columns that are missing in the same rows, such as an agency's whole record, are tested as one.
    together: dict[bytes, list[str]] = {}
    for column in columns:
        if not column.known.all():
            together.setdefault((~column.known).tobytes(), []).append(column.name)
    if not together:
        return []
    names = list(together.values())
    counts = np.array([len(same) for same in names], dtype=np.float64)
    missing = np.column_stack([np.frombuffer(gaps, dtype=bool) for gaps in together])
    positives, base = outcome.sum(), float(outcome.mean())
    negatives = len(outcome) - positives
    _, first, pattern = np.unique(np.packbits(missing, axis=1), axis=0, return_index=True, return_inverse=True)
    size = np.bincount(pattern.ravel()).astype(np.float64)
    hits = np.bincount(pattern.ravel(), weights=outcome)

    n = missing.sum(axis=0).astype(np.float64)
    positive = outcome @ missing
    tests = len(size) + 2 * int(counts.sum())
    auc = 0.5 + (positive / positives - (n - positive) / negatives) / 2
    auc = np.maximum(auc, 1 - auc)
    suspected = np.flatnonzero(
        near_deterministic(n, positive, base, tests)
        | near_deterministic(len(outcome) - n, positives - positive, base, tests)
        | [exceeds_legitimate(float(value), positives, negatives, MISSINGNESS_AUC) for value in auc]
    )

    def leak(features: list[str], n: float, strength: float, text: str) -> TargetLeakage:
        remedy = "Find out why it is missing: who is asked, and when. Leave it out, or state in expected_strong why."
        return TargetLeakage(
            kind=MISSINGNESS,
            features=tuple(features),
            n=int(n),
            strength=float(strength),
            description=text,
            remedy=remedy,
            is_question=True,
        )

    leaks = [
        leak(names[j], n[j], auc[j], f"Whether {list_names(names[j])} is missing nearly gives the outcome away.")
        for j in suspected
    ]
    if leaks:
        return leaks

    for k in np.flatnonzero(near_deterministic(size, hits, base, tests)):
        row = missing[first[k]]
        features = [name for same, missing in zip(names, row, strict=True) if missing == row.any() for name in same]
        state = "missing together" if row.any() else "all there"
        text = f"Where {list_names(features)} are {state}, the outcome is nearly certain."
        leaks.append(leak(features, size[k], max(hits[k] / size[k], 1 - hits[k] / size[k]), text))
    total = auc_of(missing @ counts, outcome, 1 - outcome)
    total = max(total, 1 - total)
    if not leaks and exceeds_legitimate(total, positives, negatives, MISSINGNESS_AUC):
        features = [name for same in names for name in same]
        text = f"How much is missing of {list_names(features)} nearly gives the outcome away."
        leaks.append(leak(features, len(outcome), total, text))
    return leaks


def feature_auc(column: ValueCounts) -> float:
    """Return the largest ROC AUC of a feature: as it is, reversed, or with its values in their best order.

    The order of the values is estimated leaving each child out, so that many rare values do not look strong.
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

    Beyond the base rate: the lower bound of the share (Wilson, one-sided 99 %) is .6 or more, with ten times the odds
    of the base rate. Beyond chance: Chernoff's bound of the binomial tail, exp(-n KL(share, base)), is below .01/tests.
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
