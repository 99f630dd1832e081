"""Equal scores: how many children share one, and where the list ends between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from send_screen.screening._result import ScreeningResult


def n_same_score(score: np.ndarray, school: pd.Series | None) -> np.ndarray:
    """Return how many others have each child's score, of all or (with ``school``) of the same school, shape (n,).

    Examples
    --------
    >>> n_same_score(np.array([0.5, 0.1, 0.5, 0.5]), None).tolist()
    [2, 0, 2, 2]
    >>> n_same_score(np.array([0.5, 0.1, 0.5, 0.5]), pd.Series(["A", "A", "A", "B"])).tolist()
    [1, 0, 1, 0]
    """
    frame = pd.DataFrame({"score": score, "school": "" if school is None else school.to_numpy()})
    return frame.groupby(["score", "school"], dropna=False)["score"].transform("size").to_numpy(dtype=np.int64) - 1


class ThresholdTie(NamedTuple):
    """Children with equal scores, of whom some are on the list and others are not."""

    school: str
    """Empty where there is one list for all."""
    score: float
    n: int
    n_listed: int


def ties_at_threshold(result: ScreeningResult) -> tuple[ThresholdTie, ...]:
    """Return the tie at the end of each list; none for a role that may not see the score."""
    below = {(child.school if result.per_school else "", child.score): child for child in result.margin}
    listed = [(child.school if result.per_school else "", child.score) for child in result.listed]
    return tuple(
        ThresholdTie(school, score, (child.n_same_score or 0) + 1, listed.count((school, score)))
        for (school, score), child in below.items()
        if score is not None and (school, score) in listed
    )
