"""The selection of a screening run: scores, the list and the children just below it, before any role looks at them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from send_screen.cohorts import Cohort
from send_screen.errors import UsageError
from send_screen.governance import Bundle
from send_screen.screening._capacity import Capacity, listed_and_margin
from send_screen.screening._review_sample import ReviewSample, draw_review_sample, review_key
from send_screen.screening._scored import ScoredCohort, SelectionStability, score_cohort, selection_stability
from send_screen.screening._ties import n_same_score
from send_screen.specs import Group, ModelSpec
from send_screen.tables import tie_break_key


@dataclass(frozen=True)
class Selection:
    """Whom a version selects of a cohort."""

    bundle: Bundle
    cohort: Cohort
    capacity: Capacity
    per_school: bool
    scored: ScoredCohort
    listed: np.ndarray
    """Positions of the listed children in the cohort, from the highest score."""
    margin: np.ndarray
    """Positions of those just below the threshold, from the highest score."""
    review: ReviewSample
    """Children not listed who were drawn to be discussed too; ``margin`` leaves them out."""

    @property
    def school(self) -> pd.Series | None:
        """The school of each child where each school has its own list."""
        return self.cohort.show["school"] if self.per_school else None

    @property
    def n_screened(self) -> int:
        """The number of children among whom these were selected."""
        return len(self.cohort)

    @property
    def as_of(self) -> tuple[dt.date, dt.date] | None:
        """The first and the last day as of which the children are known; None without any."""
        return self.cohort.as_of_range

    @property
    def banners(self) -> tuple[str, ...]:
        """Warnings on features that are unusual among the children."""
        return self.scored.banners()

    @property
    def set_aside(self) -> tuple[str, ...]:
        """Files, or pieces of one, that cannot be read, and why: their children are on no list."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file was interpreted, and which values were clipped."""
        return (*self.cohort.notes, *self.scored.notes())

    def n_in_groups(self, group: Group) -> Counter[str]:
        """Return how many of the children are in each group."""
        return Counter(self.cohort.sensitive[group.name])

    @cached_property
    def same_score(self) -> np.ndarray:
        """How many others of the same list have each child's score, shape (n,)."""
        return n_same_score(self.scored.score, self.school)

    @cached_property
    def stability(self) -> SelectionStability | None:
        """Uncertainty of each child's score and selection; None where the version has no bagged ensemble."""
        return selection_stability(self.bundle, self.scored, self.school, self.capacity)

    @cached_property
    def rank(self) -> dict[int, int]:
        """Position -> rank: of listed children, then of those just below, then of others in the review sample."""
        order = dict.fromkeys(np.concatenate([self.listed, self.margin, self.review.drawn]).tolist())
        return {position: i for i, position in enumerate(order, start=1)}


def select_children(
    bundle: Bundle, cohort: Cohort, *, capacity: Capacity | None = None, per_school: bool = False
) -> Selection:
    """Score a cohort, loaded with ``training=False``, and select as many as the capacity: the spec's unless given.

    Raises
    ------
    UsageError
        If each school is to have its list, and the file does not say who goes to which.
    """
    capacity = capacity or Capacity(share=bundle.spec.capacity)
    if per_school and len(cohort) and (cohort.show["school"] == "").all():
        raise no_schools_error(bundle.spec)
    scored = score_cohort(bundle, cohort)
    school = cohort.show["school"] if per_school else None
    listed, margin = listed_and_margin(scored.score, tie_break_key(cohort.ids.tolist()), school, capacity)
    review = draw_review_sample(
        cohort.ids,
        listed,
        size=bundle.spec.review_sample,
        key=review_key(bundle.manifest_sha256, cohort.ids, scored.score),
        school=school,
    )
    # who is drawn stands there alone, so that nobody is asked about twice
    margin = margin[~np.isin(margin, review.drawn)]
    return Selection(bundle, cohort, capacity, per_school, scored, listed, margin, review)


def no_schools_error(spec: ModelSpec) -> UsageError:
    """Return the error for a list for each school of a file that does not say who goes to which."""
    column = spec.shown_school
    return UsageError(
        "The file does not say who goes to which school, so places cannot be given by school.",
        remedy=f"Add the column {column.column}, or leave out --per-school." if column else "Leave out --per-school.",
    )
