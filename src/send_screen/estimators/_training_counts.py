"""How many training children lie in each bin and cell: counted once for all tables that are of the same children."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from send_screen.tables import InteractionTerm, LevelsTerm, Term, bin_of, published_range

Edges = tuple[float, ...]


@dataclass(frozen=True)
class BinnedFeature:
    """Where the training children lie on a feature's axis.

    Attributes
    ----------
    places : numpy.ndarray of float64, shape (n,)
        As the term's ``coordinates``: NaN where the value is not known.
    n_known, n_missing : int
        TrainingData whose value is known, and is not.
    range : tuple of float, or None
        As :func:`published_range`.
    weight_known : float
        Weight of the children whose value is known.
    """

    places: np.ndarray
    n_known: int
    n_missing: int
    range: tuple[float, float] | None
    weight_known: float


@dataclass
class TrainingCounts:
    """Counts, weights and means over the training children; what was counted before is not counted again.

    Attributes
    ----------
    X : pandas.DataFrame, shape (n, p)
    weight : numpy.ndarray of float64, shape (n,)
        Weights in means; counts are of children.
    """

    X: pd.DataFrame
    weight: np.ndarray
    _axes: dict[tuple[str, tuple[str, ...]], BinnedFeature] = field(default_factory=dict)
    _bins: dict[tuple[str, Edges], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    _cells: dict[tuple[tuple[str, str], tuple[Edges, Edges]], tuple[np.ndarray, np.ndarray]] = field(
        default_factory=dict
    )
    _lines: dict[tuple[str, float, float], float] = field(default_factory=dict)
    _ranks: dict[tuple[str, Edges], np.ndarray] = field(default_factory=dict)
    _short: dict[tuple[str, float], float] = field(default_factory=dict)
    _last: tuple[str, np.ndarray] = ("", np.zeros(0))  # of one feature: those of all would be as large as the data

    def axis(self, term: Term) -> BinnedFeature:
        """Return where the children lie on a term's axis."""
        key = term.feature, tuple(term.levels) if isinstance(term, LevelsTerm) else ()
        if key not in self._axes:
            places = term.coordinates(self.X[term.feature])
            known = ~np.isnan(places)
            n = int(known.sum())
            found = published_range(places[known])
            self._axes[key] = BinnedFeature(places, n, len(places) - n, found, float(self.weight[known].sum()))
        return self._axes[key]

    def ranks(self, term: Term, edges: Edges) -> np.ndarray:
        """Return for each edge how many known values lie below it: int64, shape (m,)."""
        key = term.feature, edges
        if key not in self._ranks:
            self._ranks[key] = np.searchsorted(self._ordered(term), edges)
        return self._ranks[key]

    def shortest_cut_point(self, term: Term, edge: float) -> float:
        """Return the shortest decimal that has the same values below it as ``edge``."""
        key = term.feature, edge
        if key not in self._short:
            self._short[key] = shortest_cut_point(edge, self._ordered(term))
        return self._short[key]

    def _ordered(self, term: Term) -> np.ndarray:
        """Return the known values, ascending."""
        if self._last[0] != term.feature:
            places = self.axis(term).places
            self._last = term.feature, np.sort(places[~np.isnan(places)])
        return self._last[1]

    def bins(self, term: Term, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
        """Return how many children, and what weight, lie in each bin, the last that of missing values: shape (m + 2,).

        Of levels, which lie at whole numbers, no edge may lie beyond the last.
        """
        key = term.feature, edges
        if key not in self._bins:
            self._bins[key] = self._counted(bin_of(edges, self.axis(term).places), len(edges) + 2)
        return self._bins[key]

    def cells(self, interaction: InteractionTerm, terms: tuple[Term, Term]) -> tuple[np.ndarray, np.ndarray]:
        """Return how many children, and what weight, lie in each cell of an interaction, missing ones last."""
        key = interaction.features, interaction.edges
        if key not in self._cells:
            first, second = (
                bin_of(edges, self.axis(term).places) for edges, term in zip(interaction.edges, terms, strict=True)
            )
            counts, weights = self._counted(
                first * interaction.shape[1] + second, interaction.shape[0] * interaction.shape[1]
            )
            self._cells[key] = counts.reshape(interaction.shape), weights.reshape(interaction.shape)
        return self._cells[key]

    def mean(self, term: Term) -> float:
        """Return the mean of a term."""
        missing = float(self.bins(term, term.cut_points)[1][-1])
        return (self._known(term) + missing * term.missing) / self._total

    def mean_known(self, term: Term) -> float:
        """Return the mean of a term over the children whose value is known: there must be some."""
        return self._known(term) / self.axis(term).weight_known

    def mean_surface(self, interaction: InteractionTerm, terms: tuple[Term, Term]) -> float:
        """Return the mean of an interaction."""
        return float((self.cells(interaction, terms)[1] * np.array(interaction.values)).sum() / self._total)

    def _known(self, term: Term) -> float:
        """Return the weighted sum of a term over the children whose value is known."""
        total = float(self.bins(term, term.cut_points)[1][:-1] @ term.step_values)
        if isinstance(term, LevelsTerm) or term.slope == 0.0:
            return total
        key = term.feature, term.low, term.high
        if key not in self._lines:
            places = self.axis(term).places
            known = ~np.isnan(places)
            self._lines[key] = float(self.weight[known] @ np.clip(places[known], term.low, term.high))
        return total + term.slope * self._lines[key]

    @property
    def _total(self) -> float:
        return float(self.weight.sum())

    def _counted(self, bins: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        return np.bincount(bins, minlength=size), np.bincount(bins, weights=self.weight, minlength=size)


def shortest_cut_point(edge: float, known: np.ndarray) -> float:
    """Return the shortest decimal that has the same of the ``known`` values, which ascend, below it as ``edge``.

    Examples
    --------
    >>> shortest_cut_point(0.30000000000000004, np.array([0.2, 0.4]))
    0.3
    """
    i = int(np.searchsorted(known, edge, side="left"))
    below, above = float(known[i - 1]), float(known[i])
    for digits in range(-6, 17):
        for candidate in (round(edge, digits), math.floor(above * 10.0**digits) / 10.0**digits):
            if below < candidate <= above:
                return candidate + 0.0  # no negative zero in a file that people read
    return edge
