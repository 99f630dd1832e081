"""The additive model during fitting: training rows in bins, and components that are converted to tables at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from send_screen.estimators._binned_feature import BinnedFeature
from send_screen.estimators._design import CategoricalDesign, DesignColumns, NumericDesign, build_designs, fit_linear
from send_screen.estimators._purify import purify
from send_screen.tables import InteractionTerm, LevelsTerm, LinearTerm, RiskTables, ShapeTerm, Term

Pairs = Sequence[tuple[BinnedFeature, BinnedFeature]]


@dataclass(frozen=True)
class AdditiveComponents:
    """An additive score over p binned features.

    ``slopes`` are those of the linear parts, 0 for levels. ``values`` are, for each feature, what each bin adds to the
    linear part; the last is that of a missing value. ``grids`` are the values of each interacting pair, missing last.
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

    def scaled(self, factor: float) -> AdditiveComponents:
        """Return the score multiplied by a factor."""
        return AdditiveComponents(
            self.intercept * factor,
            self.slopes * factor,
            tuple(v * factor for v in self.values),
            tuple(g * factor for g in self.grids),
        )


def mean_components(components: Sequence[AdditiveComponents]) -> AdditiveComponents:
    """Return the mean of several scores over the same features and pairs."""
    return AdditiveComponents(
        float(np.mean([each.intercept for each in components])),
        np.mean([each.slopes for each in components], axis=0),
        tuple(np.mean(arrays, axis=0) for arrays in zip(*(c.values for c in components), strict=True)),
        tuple(np.mean(arrays, axis=0) for arrays in zip(*(c.grids for c in components), strict=True)),
    )


@dataclass(frozen=True)
class TrainingData:
    """Design columns and bins of each feature, target and weights of the training rows."""

    designs: list[DesignColumns]
    features: list[BinnedFeature]
    y: np.ndarray
    weight: np.ndarray
    share: float = 1.0
    """Share of all rows in this subset: the penalty is scaled by it, to be as strong as on all rows."""

    @classmethod
    def build(
        cls,
        X: pd.DataFrame,
        y: np.ndarray,
        weight: np.ndarray,
        levels: Mapping[str, Sequence[str]],
        monotonic_cst: Mapping[str, int],
    ) -> TrainingData:
        """Return the training rows with the columns and bins of each feature."""
        designs = build_designs(X, levels, weight, monotonic_cst)
        return cls(designs, [BinnedFeature.build(design) for design in designs], y, weight)

    def take(self, rows: np.ndarray) -> TrainingData:
        """Return some of the rows."""
        return TrainingData(
            [design.take(rows) for design in self.designs],
            [feature.take(rows) for feature in self.features],
            self.y[rows],
            self.weight[rows],
            self.share * len(rows) / len(self.y),
        )

    def fit_linear(self, rows: np.ndarray, C: float) -> AdditiveComponents:
        """Fit the linear component, a penalised logistic regression, to some of the rows; an intercept if C is 0."""
        if C == 0.0 or not any(len(design.A) for design in self.designs):
            rate = float(np.average(self.y[rows], weights=self.weight[rows]))
            coefficients = [np.zeros(len(design.A)) for design in self.designs]
            intercept = float(np.log(rate / (1.0 - rate)))
        else:
            coefficients, intercept = fit_linear(self.designs, rows, self.y, self.weight, C / self.share)
        slopes, values = np.zeros(len(self.designs)), []
        for j, (design, feature, w) in enumerate(zip(self.designs, self.features, coefficients, strict=True)):
            steps = np.zeros(feature.n_bins + 1)
            if isinstance(design, NumericDesign):
                slopes[j], steps[-1], shift = design.in_raw_units(w)
                intercept += shift
            elif design.groups:
                steps[:-1], steps[-1] = design.in_raw_units(w)
            values.append(steps)
        return AdditiveComponents(intercept, slopes, tuple(values))

    def score(
        self, components: AdditiveComponents, pairs: Pairs = (), rows: np.ndarray | slice = slice(None)
    ) -> np.ndarray:
        """Return the score of some rows: float64, shape (m,)."""
        score = np.full(len(self.y[rows]), components.intercept)
        for j, (design, feature) in enumerate(zip(self.designs, self.features, strict=True)):
            score += components.values[j][feature.codes[rows]]
            if isinstance(design, NumericDesign) and components.slopes[j]:
                score += components.slopes[j] * design.clipped(rows)
        for (first, second), grid in zip(pairs, components.grids, strict=True):
            score += grid[first.codes[rows], second.codes[rows]]
        return score

    def tables(self, components: AdditiveComponents, pairs: Pairs, name: str) -> RiskTables:
        """Return a score as tables with purified interactions; means and counts are set by ``publish_tables``."""
        intercept, values = components.intercept, [steps.copy() for steps in components.values]
        position = {feature.feature: j for j, feature in enumerate(self.features)}
        interactions = []
        for pair, grid in zip(pairs, components.grids, strict=True):
            pure, *effects, constant = purify(
                grid, *(np.bincount(coarse.codes, minlength=coarse.n_bins + 1) for coarse in pair)
            )
            intercept += constant
            for coarse, effect in zip(pair, effects, strict=True):
                j = position[coarse.feature]
                bins = np.searchsorted(coarse.edges, [-np.inf, *self.features[j].edges], side="right")
                values[j] += np.append(effect[bins], effect[-1])
            interactions.append(
                InteractionTerm(
                    features=(pair[0].feature, pair[1].feature),
                    edges=(tuple(pair[0].edges.tolist()), tuple(pair[1].edges.tolist())),
                    values=tuple(map(tuple, pure.tolist())),
                    mean=0.0,
                )
            )
        terms = tuple(
            _term(design, feature, float(slope), steps)
            for design, feature, slope, steps in zip(
                self.designs, self.features, components.slopes, values, strict=True
            )
        )
        return RiskTables(float(intercept), terms, len(self.y), name, tuple(interactions))


def with_flat_terms(tables: RiskTables, features: Iterable[str], levels: Mapping[str, Sequence[str]]) -> RiskTables:
    """Return the tables with a term for each of these features, in this order: a flat one where there was none."""
    by_feature = {term.feature: term for term in tables.terms}
    return replace(tables, terms=tuple(by_feature.get(feature) or _flat_term(feature, levels) for feature in features))


def _flat_term(feature: str, levels: Mapping[str, Sequence[str]]) -> Term:
    if feature in levels:
        flat = dict.fromkeys(levels[feature], 0.0)
        return LevelsTerm(feature=feature, levels=flat, missing=0.0, mean=0.0, n=None, n_missing=None)
    ends = np.finfo(np.float64)  # publish_tables narrows them to the published range
    return LinearTerm(
        feature=feature,
        slope=0.0,
        low=float(ends.min),
        high=float(ends.max),
        missing=0.0,
        mean=0.0,
        n=None,
        n_missing=None,
    )


def _term(design: DesignColumns, feature: BinnedFeature, slope: float, values: np.ndarray) -> Term:
    missing = float(values[-1])
    if isinstance(design, CategoricalDesign):
        levels = {level: float(values[g]) for g, group in enumerate(feature.groups) for level in group}
        return LevelsTerm(feature=feature.feature, levels=levels, missing=missing, mean=0.0, n=None, n_missing=None)
    return ShapeTerm(
        feature=feature.feature,
        edges=tuple(feature.edges.tolist()),
        values=tuple(values[:-1].tolist()),
        slope=slope + 0.0,  # -0.0 becomes 0.0
        low=design.low,
        high=design.high,
        missing=missing,
        mean=0.0,
        n=None,
        n_missing=None,
    )
