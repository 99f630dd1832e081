"""Does the same child stay on the list, and is what a version says of that true? Asked of children of other schools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from tasks import Task

REFITS = 8
SCHOOL_REFITS = 16
SHARE = 0.1
_MOVES = 0.02  # log-odds


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
    """Return the training rows and those of the schools held out."""
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


def resample_schools(task: Task, train: np.ndarray) -> Iterator[np.ndarray]:
    """Yield sixteen times the rows of as many schools as there are, sampled with replacement."""
    schools = np.unique(task.schools[train])
    rows_of = {school: train[task.schools[train] == school] for school in schools}
    rng = np.random.default_rng(0)
    for _ in range(SCHOOL_REFITS):
        yield np.concatenate([rows_of[school] for school in rng.choice(schools, len(schools))])


def of_values(task: Task, make: Callable[[], Any]) -> dict[str, float]:
    """Return how often what a picture says of how sure a value is, two standard errors by the bags, comes true.

    A model trained on all the training schools is to sixteen models of resampled ones as the truth is to it. For each
    child of a school held out and each feature that moves the first model (by .02 or more, its standard deviation),
    is what that model says at the child's value within two errors of what the other says? ``bags_alone`` is the same
    with errors that are not moderated.
    """
    train, test = parts(task)
    whole = make().fit(task.X.iloc[train], task.y[train], groups=task.schools[train])
    terms = whole.risk_tables_.terms
    places_of = [term.encode(task.X.iloc[test][term.feature]) for term in terms]
    truth = [term.evaluate(at) - term.mean for term, at in zip(terms, places_of, strict=True)]
    moving = [j for j, said in enumerate(truth) if said.std() >= _MOVES]
    within, alone = [], []
    for rows in resample_schools(task, train):
        model = make().fit(task.X.iloc[rows], task.y[rows], groups=task.schools[rows])
        tables, bags = model.risk_tables_, model.bagged_tables_
        for j in moving:
            term, at = tables.terms[j], places_of[j]
            off = np.abs(term.evaluate(at) - term.mean - truth[j])
            errors = bags.standard_error(
                np.array([bag.terms[j].evaluate(at) - bag.terms[j].mean for bag in bags.tables])
            )
            within.append(np.mean(off <= 2.0 * bags.term_error(term, at)))
            alone.append(np.mean(off <= 2.0 * errors))
    return {"features": len(moving), "margin_of_error": float(np.mean(within)), "bags_alone": float(np.mean(alone))}


def over_schools(task: Task, make: Callable[[], Any]) -> dict[str, Any]:
    """Return whether what each of sixteen models, refitted on resampled schools, says of the others comes true.

    ``prediction_interval``: share of (child, other model) whose score is within the interval that a model gives, of all
    children and of those it lists; 95 in 100 are promised. ``selection_probability``: by the chance that a model gives,
    the share of the other models that do list the child.
    """
    train, test = parts(task)
    held_out, k = task.X.iloc[test], places(len(test))
    scores, lows, highs, chances = [], [], [], []
    for rows in resample_schools(task, train):
        model = make().fit(task.X.iloc[rows], task.y[rows], groups=task.schools[rows])
        score, bag_scores = model.risk_tables_.score(held_out), model.bagged_tables_.score(held_out)
        low, high = model.bagged_tables_.prediction_interval(score, bag_scores)
        scores.append(score)
        lows.append(low)
        highs.append(high)
        chances.append(model.bagged_tables_.selection_probability(score, bag_scores, k))
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
        "prediction_interval": {"all": float(within.mean()), "listed": float(within[lists].mean())},
        "selection_probability": [
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
