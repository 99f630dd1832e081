"""Target leakage by single features: near-copies of the outcome, and levels or gaps that determine it."""

from __future__ import annotations

import numpy as np

from send_screen.cohorts._leakage_finding import COPY, LEVEL, MISSING, TargetLeakage, quote, target_leakage
from send_screen.cohorts._leakage_statistics import (
    MIN_CHILDREN,
    ValueCounts,
    auc_of,
    exceeds_honest,
    feature_auc,
    near_deterministic,
)

#: (suspected from this AUC, strongest honest AUC) of one feature, and of missingness.
COPY_AUC = (0.90, 0.80)
MISSING_AUC = (0.85, 0.70)


def near_copies(columns: list[ValueCounts]) -> list[TargetLeakage]:
    """Find features that decide the outcome alone, whatever their values are called."""
    leaks = []
    for column in columns:
        auc = feature_auc(column)
        positives = column.positive.sum()
        if exceeds_honest(auc, positives, column.n.sum() - positives, COPY_AUC):
            words = (
                f"{column.name} alone nearly decides the outcome (ROC AUC {auc:.2f}; honest features stay below .80)."
            )
            remedy = "Find out how and when it was recorded. Leave it out, or state in expected_strong why."
            leaks.append(target_leakage(COPY, [column.name], column.known.sum(), auc, words, remedy))
    return leaks


def level_leakage(columns: list[ValueCounts], label: np.ndarray) -> list[TargetLeakage]:
    """Find features with a value that only children with (or only children without) the outcome have."""
    tests = sum(int((column.n >= MIN_CHILDREN).sum()) for column in columns)
    base = float(label.mean())
    leaks = []
    for column in columns:
        found = np.flatnonzero(near_deterministic(column.n, column.positive, base, tests))
        if not len(found):
            continue
        share = column.positive[found] / column.n[found]
        worst = int(np.argmax(np.maximum(share, 1 - share) * np.log(column.n[found])))
        level, whom = column.values[found[worst]], "have" if share[worst] > 0.5 else "do not have"
        shown = f"{level:g}" if isinstance(level, float) else str(level)
        words = f"Almost all children whose {column.name} is {shown} {whom} the outcome."
        if len(found) > 1:
            words += f" So it is with {len(found) - 1} more of its values."
        remedy = "Find out who is given this value and when. Leave the feature out, or state in expected_strong why."
        evidence = max(share[worst], 1 - share[worst])
        leaks.append(target_leakage(LEVEL, [column.name], column.n[found].sum(), evidence, words, remedy))
    return leaks


def missingness_leakage(columns: list[ValueCounts], label: np.ndarray) -> list[TargetLeakage]:
    """Find features, and patterns of features, whose absence or presence tells the outcome."""
    gaps = [column for column in columns if not column.known.all()]
    if not gaps:
        return []
    missing = np.column_stack([~column.known for column in gaps])
    positives, base = label.sum(), float(label.mean())
    negatives = len(label) - positives
    packed = np.packbits(missing, axis=1)
    _, first, pattern = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    size = np.bincount(pattern.ravel()).astype(np.float64)
    hits = np.bincount(pattern.ravel(), weights=label)

    n = missing.sum(axis=0).astype(np.float64)
    positive = label @ missing
    tests = len(size) + 2 * len(n)
    pure = near_deterministic(n, positive, base, tests) | near_deterministic(
        len(label) - n, positives - positive, base, tests
    )
    auc = 0.5 + (positive / positives - (n - positive) / negatives) / 2
    auc = np.maximum(auc, 1 - auc)
    strong = np.array([exceeds_honest(float(value), positives, negatives, MISSING_AUC) for value in auc])
    guilty = np.flatnonzero(pure | strong)

    remedy = "Find out why it is missing: who is asked, and when. Leave it out, or state in expected_strong why."
    leaks = []
    # Columns that are missing together are one suspicion: an agency's whole record, perhaps.
    for same in {missing[:, j].tobytes(): None for j in guilty}:
        together = [j for j in guilty if missing[:, j].tobytes() == same]
        names = [gaps[j].name for j in together]
        words = f"Whether {quote(names)} is missing nearly gives the outcome away."
        leaks.append(target_leakage(MISSING, names, n[together[0]], auc[together[0]], words, remedy))
    if leaks:
        return leaks

    for k in np.flatnonzero(near_deterministic(size, hits, base, tests)):
        row = missing[first[k]]
        names = [gap.name for gap, gone in zip(gaps, row, strict=True) if gone == row.any()]
        state = "missing together" if row.any() else "all there"
        words = f"Where {quote(names)} are {state}, the outcome is nearly certain."
        leaks.append(
            target_leakage(MISSING, names, size[k], max(hits[k] / size[k], 1 - hits[k] / size[k]), words, remedy)
        )
    count = missing.sum(axis=1).astype(np.float64)
    total = auc_of(count, label, 1 - label)
    total = max(total, 1 - total)
    if not leaks and exceeds_honest(total, positives, negatives, MISSING_AUC):
        names = [gap.name for gap in gaps]
        words = f"How much is missing of {quote(names)} nearly gives the outcome away."
        leaks.append(target_leakage(MISSING, names, len(label), total, words, remedy))
    return leaks
