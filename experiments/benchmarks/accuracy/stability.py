"""Does the same child stay on the list, and is what a version says of that true? Asked of children of other schools."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from tasks import Task

REFITS = 8
SCHOOL_REFITS = 16
SHARE = 0.1


def places(n: int) -> int:
    """Return how many of n children are listed."""
    return int(SHARE * n + 0.5)


def listed(score: np.ndarray) -> np.ndarray:
    """Return who is in the top tenth."""
    chosen = np.zeros(len(score), dtype=bool)
    chosen[np.argsort(-score, kind="stable")[: places(len(score))]] = True
    return chosen


def jaccard(lists: list[np.ndarray]) -> float:
    """Return the mean over pairs of lists of the share of children on both among those on either."""
    return float(np.mean([(a & b).sum() / (a | b).sum() for a, b in combinations(lists, 2)]))


def parts(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to learn from and those of the schools held out."""
    splitter = StratifiedGroupKFold(3, shuffle=True, random_state=1)
    return next(splitter.split(task.X, task.y, task.schools))


def over_rows(task: Task, make: Callable[[], Any]) -> float:
    """Return the Jaccard of the lists of eight models, each refitted on a bootstrap of the training rows."""
    train, test = parts(task)
    rng = np.random.default_rng(0)
    lists = []
    for _ in range(REFITS):
        rows = rng.choice(train, len(train))
        model = make().fit(task.X.iloc[rows], task.y[rows], groups=task.schools[rows])
        lists.append(listed(model.decision_function(task.X.iloc[test])))
    return jaccard(lists)


def over_schools(task: Task, make: Callable[[], Any]) -> dict[str, Any]:
    """Return whether what each of sixteen models, refitted on drawn schools, says of the others comes true.

    ``score_interval``: share of (child, other model) whose score is within the interval that a model gives, of all
    children and of those it lists; 95 in 100 are promised. ``chance_of_listing``: by the chance that a model gives,
    the share of the other models that do list the child.
    """
    train, test = parts(task)
    schools = np.unique(task.schools[train])
    rows_of = {school: train[task.schools[train] == school] for school in schools}
    rng = np.random.default_rng(0)
    held_out, k = task.X.iloc[test], places(len(test))
    scores, lows, highs, chances = [], [], [], []
    for _ in range(SCHOOL_REFITS):
        rows = np.concatenate([rows_of[school] for school in rng.choice(schools, len(schools))])
        model = make().fit(task.X.iloc[rows], task.y[rows], groups=task.schools[rows])
        score, of_bags = model.risk_tables_.score(held_out), model.bag_tables_.score(held_out)
        low, high = model.bag_tables_.score_interval(score, of_bags)
        scores.append(score)
        lows.append(low)
        highs.append(high)
        chances.append(model.bag_tables_.chance_of_listing(score, of_bags, k))
    lists = np.array([listed(score) for score in scores])
    others = (lists.sum(axis=0) - lists) / (SCHOOL_REFITS - 1)
    within = np.array(
        [
            np.mean([(low <= s) & (s <= high) for j, s in enumerate(scores) if j != i], axis=0)
            for i, (low, high) in enumerate(zip(lows, highs, strict=True))
        ]
    )
    said = np.array(chances)
    return {
        "score_interval": {"all": float(within.mean()), "listed": float(within[lists].mean())},
        "chance_of_listing": [
            {
                "from": low,
                "to": min(high, 1.0),
                "children": int(inside.sum()),
                "said": float(said[inside].mean()),
                "listed": float(others[inside].mean()),
            }
            for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01))
            if (inside := (said >= low) & (said < high)).any()
        ],
    }
