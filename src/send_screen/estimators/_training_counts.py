"""Counts of training children in bins and cells, cached for all tables of the same children."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from send_screen.estimators._bins import shortest_cut_point
from send_screen.tables import InteractionTerm, LevelsTerm, Term, bin_of, published_range

T = TypeVar("T")


@dataclass(frozen=True)
class FeatureCounts:
    """A feature's encoded values (NaN where missing), its counts, and its range as :func:`published_range`."""

    encoded: np.ndarray
    n_known: int
    n_missing: int
    range: tuple[float, float] | None


@dataclass
class TrainingCounts:
    """Counts of the training children, and means over them; all are cached."""

    X: pd.DataFrame
    _cache: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    # the sorted values of one feature only: those of all would be as large as the data
    _last_sorted: tuple[str, np.ndarray] = ("", np.zeros(0))

    def _cached(self, key: tuple[Any, ...], count: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = count()
        found: T = self._cache[key]
        return found

    def feature(self, term: Term) -> FeatureCounts:
        """Return a feature's encoded values, counts and range."""

        def count() -> FeatureCounts:
            x = term.encode(self.X[term.feature])
            known = ~np.isnan(x)
            n = int(known.sum())
            return FeatureCounts(x, n, len(x) - n, published_range(x[known]))

        levels = tuple(term.levels) if isinstance(term, LevelsTerm) else ()
        return self._cached(("feature", term.feature, levels), count)

    def ranks(self, term: Term, edges: tuple[float, ...]) -> np.ndarray:
        """Return for each edge how many known values lie below it: int64, shape (m,)."""
        return self._cached(("ranks", term.feature, edges), lambda: np.searchsorted(self._sorted_values(term), edges))

    def shortest_cut_point(self, term: Term, edge: float) -> float:
        """Return the shortest decimal that divides the values as ``edge`` does."""
        return self._cached(("cut", term.feature, edge), lambda: shortest_cut_point(edge, self._sorted_values(term)))

    def _sorted_values(self, term: Term) -> np.ndarray:
        """Return the known values, ascending."""
        if self._last_sorted[0] != term.feature:
            x = self.feature(term).encoded
            self._last_sorted = term.feature, np.sort(x[~np.isnan(x)])
        return self._last_sorted[1]

    def bins(self, term: Term, edges: tuple[float, ...]) -> np.ndarray:
        """Return the children in each bin, those of missing values last: int64, shape (m + 2,)."""
        return self._cached(
            ("bins", term.feature, edges),
            lambda: np.bincount(bin_of(edges, self.feature(term).encoded), minlength=len(edges) + 2),
        )

    def cells(self, interaction: InteractionTerm, terms: Mapping[str, Term]) -> np.ndarray:
        """Return the children in each cell of an interaction, those of missing values last."""

        def count() -> np.ndarray:
            rows, columns = interaction.shape
            first, second = (
                bin_of(edges, self.feature(terms[name]).encoded)
                for edges, name in zip(interaction.edges, interaction.features, strict=True)
            )
            return np.bincount(first * columns + second, minlength=rows * columns).reshape(rows, columns)

        return self._cached(("cells", interaction.features, interaction.edges), count)

    def mean(self, term: Term) -> float:
        """Return the mean of a term."""
        return (self._sum_known(term) + self.feature(term).n_missing * term.missing) / len(self.X)

    def mean_known(self, term: Term) -> float:
        """Return the mean of a term over the children whose value is known: there must be some."""
        return self._sum_known(term) / self.feature(term).n_known

    def mean_interaction(self, interaction: InteractionTerm, terms: Mapping[str, Term]) -> float:
        """Return the mean of an interaction."""
        return float((self.cells(interaction, terms) * np.array(interaction.values)).sum() / len(self.X))

    def _sum_known(self, term: Term) -> float:
        """Return the sum of a term over the children whose value is known."""
        total = float(self.bins(term, term.cut_points)[:-1] @ term.step_values)
        if isinstance(term, LevelsTerm) or term.slope == 0.0:
            return total

        def line() -> float:
            x = self.feature(term).encoded
            known = x[~np.isnan(x)]
            return float(np.ones(len(known)) @ np.clip(known, term.low, term.high))

        return total + term.slope * self._cached(("line", term.feature, term.low, term.high), line)
