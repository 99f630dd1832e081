"""The components of an additive score while it is fitted: they can be added, averaged and scaled, and made tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from send_screen.estimators._binned_feature import BinnedFeature
from send_screen.estimators._design import CategoricalDesign, DesignColumns, NumericDesign
from send_screen.estimators._purify import purify
from send_screen.tables import InteractionTerm, LevelsTerm, RiskTables, ShapeTerm, Term


@dataclass(frozen=True)
class AdditiveComponents:
    """An additive score over binned features.

    Attributes
    ----------
    intercept : float
    slopes : numpy.ndarray of float64, shape (p,)
        Of the linear parts; 0 for levels.
    values : tuple of p numpy.ndarray of float64
        Value of each bin beside the linear part, and last of a missing value (which has no linear part).
    grids : tuple of numpy.ndarray of float64
        One grid a pair, with a last row and a last column for missing values.
    """

    intercept: float
    slopes: np.ndarray
    values: tuple[np.ndarray, ...]
    grids: tuple[np.ndarray, ...] = ()

    def __add__(self, other: AdditiveComponents) -> AdditiveComponents:
        return AdditiveComponents(
            self.intercept + other.intercept,
            self.slopes + other.slopes,
            tuple(a + b for a, b in zip(self.values, other.values, strict=True)),
            self.grids or other.grids,
        )

    def times(self, factor: float) -> AdditiveComponents:
        """Return the score times a number."""
        return AdditiveComponents(
            self.intercept * factor,
            self.slopes * factor,
            tuple(v * factor for v in self.values),
            tuple(g * factor for g in self.grids),
        )

    def recalibrate(self, slope: float, shift: float) -> AdditiveComponents:
        """Return slope times the score, plus a shift."""
        scaled = self.times(slope)
        return replace(scaled, intercept=scaled.intercept + shift)


def mean_components(components: Sequence[AdditiveComponents]) -> AdditiveComponents:
    """Return the mean of several scores over the same features and pairs."""
    return AdditiveComponents(
        float(np.mean([own.intercept for own in components])),
        np.mean([own.slopes for own in components], axis=0),
        tuple(np.mean(own, axis=0) for own in zip(*(c.values for c in components), strict=True)),
        tuple(np.mean(own, axis=0) for own in zip(*(c.grids for c in components), strict=True)),
    )


def design_matrix(designs: Sequence[DesignColumns], rows: np.ndarray) -> np.ndarray:
    """Return the columns that a linear component is fitted on, of some rows: float64, shape (m, k)."""
    Z = np.empty((len(rows), sum(len(design.A) for design in designs)))
    start = 0
    for design in designs:
        Z[:, start : start + len(design.A)] = design.matrix(rows)
        start += len(design.A)
    return Z


def linear_components(
    designs: Sequence[DesignColumns], features: Sequence[BinnedFeature], w: np.ndarray, intercept: float
) -> AdditiveComponents:
    """Return the score of the coefficients ``w`` of the design columns."""
    slopes, values = np.zeros(len(designs)), []
    start = 0
    for j, (design, feature) in enumerate(zip(designs, features, strict=True)):
        own = w[start : start + len(design.A)]
        start += len(design.A)
        steps = np.zeros(feature.n_bins + 1)
        if isinstance(design, NumericDesign):
            slopes[j], steps[-1], shift = design.raw(own)
            intercept += shift
        elif design.groups:
            ascending, steps[-1] = design.raw(own)
            steps[:-1] = ascending[::-1] if design.sign < 0 else ascending  # it has the lowest risk first
        values.append(steps)
    return AdditiveComponents(intercept, slopes, tuple(values))


def score_components(
    components: AdditiveComponents,
    designs: Sequence[DesignColumns],
    features: Sequence[BinnedFeature],
    pairs: Sequence[tuple[BinnedFeature, BinnedFeature]],
) -> np.ndarray:
    """Return the score of the training rows: float64, shape (n,)."""
    score = np.full(len(features[0].codes), components.intercept)
    for design, feature, slope, values in zip(designs, features, components.slopes, components.values, strict=True):
        score += values[feature.codes]
        if slope and isinstance(design, NumericDesign):
            score += slope * design.line
    for (first, second), grid in zip(pairs, components.grids, strict=True):
        score += grid[first.codes, second.codes]
    return score


def to_tables(
    components: AdditiveComponents,
    designs: Sequence[DesignColumns],
    features: Sequence[BinnedFeature],
    pairs: Sequence[tuple[BinnedFeature, BinnedFeature]],
    name: str,
) -> RiskTables:
    """Return the score as tables with purified interactions; means and counts are still to be filled in."""
    intercept, values = components.intercept, [own.copy() for own in components.values]
    position = {feature.feature: j for j, feature in enumerate(features)}
    interactions = []
    for (first, second), grid in zip(pairs, components.grids, strict=True):
        weights = [np.bincount(coarse.codes, minlength=coarse.n_bins + 1) for coarse in (first, second)]
        pure, *effects, constant = purify(grid, *weights)
        intercept += constant
        for coarse, effect in zip((first, second), effects, strict=True):
            j = position[coarse.feature]
            bins = np.searchsorted(coarse.edges, [-np.inf, *features[j].edges], side="right")
            values[j] += np.append(effect[bins], effect[-1])
        interactions.append(
            InteractionTerm(
                features=(first.feature, second.feature),
                edges=(tuple(first.edges.tolist()), tuple(second.edges.tolist())),
                values=tuple(map(tuple, pure.tolist())),
                mean=0.0,
            )
        )
    terms = tuple(
        _term(design, feature, float(slope), own)
        for design, feature, slope, own in zip(designs, features, components.slopes, values, strict=True)
    )
    return RiskTables(float(intercept), terms, len(features[0].codes), name, tuple(interactions))


def _term(design: DesignColumns, feature: BinnedFeature, slope: float, values: np.ndarray) -> Term:
    if isinstance(design, CategoricalDesign):
        levels = {level: float(values[g]) for g, group in enumerate(feature.groups) for level in group}
        return LevelsTerm(
            feature=feature.feature, levels=levels, missing=float(values[-1]), mean=0.0, n=None, n_missing=None
        )
    return ShapeTerm(
        feature=feature.feature,
        edges=tuple(feature.edges.tolist()),
        values=tuple(values[:-1].tolist()),
        slope=slope + 0.0,  # no negative zero in a file that people read
        low=design.low,
        high=design.high,
        missing=float(values[-1]),
        mean=0.0,
        n=None,
        n_missing=None,
    )
