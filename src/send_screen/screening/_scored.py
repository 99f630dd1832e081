"""Scores, contributions, out-of-range values and selection stability of a cohort, each computed once per run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.cohorts import Cohort
from send_screen.contracts._note import Note
from send_screen.documents import count
from send_screen.governance import Bundle
from send_screen.screening._capacity import Capacity, positions_by_list
from send_screen.screening._unlike_training import unlike_training
from send_screen.specs import Feature
from send_screen.tables import percent

# Share of children out of the training range, or with a missing value, above which a feature gets a banner.
UNUSUAL_SHARE = 0.2


@dataclass(frozen=True)
class ScoredCohort:
    """Scores and contributions of a version, for p features of n children."""

    features: tuple[Feature, ...]
    X: pd.DataFrame
    """Shape (n, p), the columns in the order of the features."""
    score: np.ndarray
    """Log-odds, shape (n,)."""
    contributions: np.ndarray
    """Exact Shapley values in log-odds, shape (n, p)."""
    clipped: np.ndarray
    """Whether a value is beyond the training range, shape (n, p)."""
    unknown_category: np.ndarray
    """Whether a value is a level that training did not have, shape (n, p)."""
    unlike: tuple[str, ...]
    """Banners on features whose distribution is far from that of the training children."""

    def banners(self) -> tuple[str, ...]:
        """Return banners on features unlike training, or out of range or missing for over a fifth of the children."""
        beyond = (self.clipped | self.unknown_category).sum(axis=0)
        missing = self.X.isna().to_numpy().sum(axis=0)
        return self.unlike + unusual_banners(self.features, len(self.X), beyond, missing)

    def notes(self) -> tuple[str, ...]:
        """Return how many values of each feature were clipped or unknown categories."""
        return value_notes(self.features, self.clipped.sum(axis=0), self.unknown_category.sum(axis=0))


def unusual_banners(
    features: Sequence[Feature], n: int, beyond: Sequence[int], missing: Sequence[int]
) -> tuple[str, ...]:
    """Return banners on features out of range or missing for over a fifth of ``n`` children, from counts."""
    return tuple(
        _note(feature, f"{state} for {round(100 * number / n)} of 100 rows of this file. The list is less sure for it.")
        for numbers, state in ((beyond, "beyond what the model learnt from"), (missing, "not known"))
        for feature, number in zip(features, numbers, strict=True)
        if n and number / n > UNUSUAL_SHARE
    )


def value_notes(features: Sequence[Feature], clipped: Sequence[int], unknown: Sequence[int]) -> tuple[str, ...]:
    """Return notes on values that were clipped, or unknown categories, from the counts of each feature."""
    notes = []
    for feature, beyond, new in zip(features, clipped, unknown, strict=True):
        if beyond:
            lie = count(beyond, "value lies", "values lie")
            notes.append(_note(feature, f"{lie} beyond those the model learnt from: taken as the nearest of those."))
        if new:
            were = count(new, "value was", "values were")
            notes.append(_note(feature, f"{were} never seen in training: taken as not known."))
    return tuple(notes)


def _note(feature: Feature, text: str) -> Note:
    return Note(f"{feature.label}: {text}", [ref.column for ref in feature.sources])


def score_cohort(bundle: Bundle, cohort: Cohort) -> ScoredCohort:
    """Score and explain each child of a cohort, in one pass over its features."""
    tables = bundle.tables
    X = cohort.X[list(tables.features)]
    score, contributions = np.empty(len(X)), np.empty((len(X), len(tables.features)))
    for batch in tables.explain_in_batches(X):
        score[batch.children], contributions[batch.children] = batch.score, batch.contributions
    features, unknown = tuple(bundle.features), tables.unknown_category(X)
    unlike = unlike_training(features, tables, X, bundle.contracts)
    return ScoredCohort(features, X, score, contributions, tables.clipped(X), unknown, unlike)


@dataclass(frozen=True)
class SelectionStability:
    """Uncertainty of each child's score and selection, over models trained on new samples of schools."""

    low: np.ndarray
    """Lower end of the 95 % prediction interval of the score in log-odds, shape (n,)."""
    high: np.ndarray
    selection_probability: np.ndarray
    """Probability that such a model lists the child, at the same number of places, shape (n,)."""

    def percent_interval(self, child: int) -> tuple[int, int]:
        """Return the prediction interval of a child's risk, in per cent."""
        return percent(self.low[child]), percent(self.high[child])

    def selections_of_10(self, child: int) -> int:
        """Return how many of ten such models list the child."""
        return round(10 * float(self.selection_probability[child]))


def selection_stability(
    bundle: Bundle, scored: ScoredCohort, school: pd.Series | None, capacity: Capacity
) -> SelectionStability | None:
    """Return the selection stability of each child; None where the version has no bagged ensemble."""
    if bundle.bags is None:
        return None
    score, bag_scores = scored.score, bundle.bags.score(scored.X)
    probability = np.zeros(len(score))
    for part in positions_by_list(np.arange(len(score)), school):
        probability[part] = bundle.bags.selection_probability(score[part], bag_scores[:, part], capacity.of(len(part)))
    return SelectionStability(*bundle.bags.prediction_interval(score, bag_scores), probability)
