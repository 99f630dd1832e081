"""Does the same child stay on the list? Refits on row bootstraps, and the share of bags (`methods.md`)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from tasks import Task

REFITS = 8
SHARE = 0.1


def listed(score: np.ndarray) -> np.ndarray:
    """Return who is in the top tenth."""
    chosen = np.zeros(len(score), dtype=bool)
    chosen[np.argsort(-score, kind="stable")[: int(SHARE * len(score) + 0.5)]] = True
    return chosen


def jaccard(lists: list[np.ndarray]) -> float:
    """Return the mean over pairs of lists of the share of children on both among those on either."""
    return float(np.mean([(a & b).sum() / (a | b).sum() for a, b in combinations(lists, 2)]))


def measure(task: Task, make: Callable[[], Any]) -> dict[str, Any]:
    """Return the Jaccard across refits, and how well the share of bags foretells the share of refits.

    The first training part of ``StratifiedGroupKFold(3, shuffle=True, random_state=1)``, eight bootstraps of its rows,
    lists of the held-out part. ``share_of_refits`` has, by share of the first refit's bags that list a child, the
    share of the other refits that do.
    """
    train, test = next(StratifiedGroupKFold(3, shuffle=True, random_state=1).split(task.X, task.y, task.schools))
    rng = np.random.default_rng(0)
    lists, shares = [], []
    for _ in range(REFITS):
        rows = rng.choice(train, len(train))
        model = make().fit(task.X.iloc[rows], task.y[rows], groups=task.schools[rows])
        held_out = task.X.iloc[test]
        lists.append(listed(model.decision_function(held_out)))
        if hasattr(model, "bag_tables_"):
            shares.append(np.mean([listed(tables.score(held_out)) for tables in model.bag_tables_], axis=0))
    answer: dict[str, Any] = {"jaccard": jaccard(lists)}
    if shares:
        others = np.array([np.mean([lists[k] for k in range(REFITS) if k != r], axis=0) for r in range(REFITS)])
        bag_share = np.array(shares)
        answer["share_of_refits"] = [
            {
                "bags_at_least": low,
                "bags_below": high,
                "children": int(((bag_share >= low) & (bag_share < high)).sum()),
                "refits": float(others[(bag_share >= low) & (bag_share < high)].mean()),
            }
            for low, high in ((0.0, 0.1), (0.1, 0.4), (0.4, 0.6), (0.6, 0.9), (0.9, 1.01))
        ]
    return answer
