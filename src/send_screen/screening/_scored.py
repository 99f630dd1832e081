"""Scores, contributions and out-of-range values of a cohort, each computed once a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.cohorts import Cohort
from send_screen.governance import Bundle
from send_screen.specs import Feature

# With more of the children beyond what the model was trained on, it is another population that was asked about.
UNUSUAL_SHARE = 0.2


@dataclass(frozen=True)
class ScoredCohort:
    """What a version computes from the features of n children.

    Attributes
    ----------
    features : sequence of Feature, length p
        In the order of the columns.
    X : pandas.DataFrame, shape (n, p)
    score : numpy.ndarray of float64, shape (n,)
        Log-odds.
    contributions : numpy.ndarray of float64, shape (n, p)
        Exact Shapley values in log-odds.
    clipped, unknown_category : numpy.ndarray of bool, shape (n, p)
        Values beyond the training range, and levels that training did not have.
    """

    features: tuple[Feature, ...]
    X: pd.DataFrame
    score: np.ndarray
    contributions: np.ndarray
    clipped: np.ndarray
    unknown_category: np.ndarray

    def banners(self) -> tuple[str, ...]:
        """Return banners on features that are out of range, or missing, for more than a fifth of the children."""
        if not len(self.X):
            return ()
        beyond = (self.clipped | self.unknown_category).mean(axis=0)
        missing = self.X.isna().to_numpy().mean(axis=0)
        return tuple(
            f"{feature.label}: {words} for {round(100 * share)} of 100 children in this file. The list is less sure "
            "for it."
            for shares, words in ((beyond, "beyond what the model learnt from"), (missing, "not known"))
            for feature, share in zip(self.features, shares, strict=True)
            if share > UNUSUAL_SHARE
        )

    def notes(self) -> tuple[str, ...]:
        """Return how many values of each feature were outside what the version was trained on."""
        notes = []
        for feature, beyond, new in zip(
            self.features, self.clipped.sum(axis=0), self.unknown_category.sum(axis=0), strict=True
        ):
            if beyond:
                notes.append(
                    f"{feature.label}: {int(beyond)} value(s) lie beyond those the model learnt from, and were taken "
                    "as the nearest of those."
                )
            if new:
                notes.append(
                    f"{feature.label}: {int(new)} value(s) were never seen in training, and count as not known."
                )
        return tuple(notes)


def score_cohort(bundle: Bundle, cohort: Cohort) -> ScoredCohort:
    """Score and explain each child of a cohort, in one pass over its features.

    Raises
    ------
    TablesError
        If contributions do not add up to a score.
    """
    tables = bundle.tables
    X = cohort.X[list(tables.features)]
    score, contributions = np.empty(len(X)), np.empty((len(X), len(tables.features)))
    for batch in tables.explain_in_batches(X):
        score[batch.children], contributions[batch.children] = batch.score, batch.contributions
    return ScoredCohort(tuple(bundle.features), X, score, contributions, tables.clipped(X), tables.unknown_category(X))
