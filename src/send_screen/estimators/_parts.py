"""The score while it is being put together: numbers that can be added, averaged and scaled, and then made tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from send_screen.estimators._axes import Axis
from send_screen.estimators._columns import LevelColumns, NumberColumns
from send_screen.tables import InteractionTerm, LevelsTerm, RiskTables, ShapeTerm, Term, purify

Block = NumberColumns | LevelColumns


@dataclass(frozen=True)
class Parts:
    """An additive score over the axes of a model.

    Attributes
    ----------
    intercept : float
    slopes : numpy.ndarray of float64, shape (p,)
        Of the lines; 0 for levels.
    values : tuple of p numpy.ndarray of float64
        Value of each bin beside the line, and last of a missing value (which has no line).
    grids : tuple of numpy.ndarray of float64
        One grid a pair, with a last row and a last column for missing values.
    """

    intercept: float
    slopes: np.ndarray
    values: tuple[np.ndarray, ...]
    grids: tuple[np.ndarray, ...] = ()

    def __add__(self, other: Parts) -> Parts:
        return Parts(
            self.intercept + other.intercept,
            self.slopes + other.slopes,
            tuple(a + b for a, b in zip(self.values, other.values, strict=True)),
            self.grids or other.grids,
        )

    def times(self, factor: float) -> Parts:
        """Return the score times a number."""
        return Parts(
            self.intercept * factor,
            self.slopes * factor,
            tuple(v * factor for v in self.values),
            tuple(g * factor for g in self.grids),
        )

    def recalibrated(self, slope: float, shift: float) -> Parts:
        """Return slope times the score, plus a shift."""
        scaled = self.times(slope)
        return replace(scaled, intercept=scaled.intercept + shift)


def mean_of(parts: list[Parts]) -> Parts:
    """Return the mean of scores of one make."""
    return Parts(
        float(np.mean([part.intercept for part in parts])),
        np.mean([part.slopes for part in parts], axis=0),
        tuple(np.mean(own, axis=0) for own in zip(*(part.values for part in parts), strict=True)),
        tuple(np.mean(own, axis=0) for own in zip(*(part.grids for part in parts), strict=True)),
    )


def penalised_columns(blocks: list[Block], rows: np.ndarray) -> np.ndarray:
    """Return the columns that a backbone is fitted on, of some children: float64, shape (m, k)."""
    Z = np.empty((len(rows), sum(len(block.A) for block in blocks)))
    start = 0
    for block in blocks:
        Z[:, start : start + len(block.A)] = block.penalised(rows)
        start += len(block.A)
    return Z


def linear_parts(blocks: list[Block], axes: list[Axis], w: np.ndarray, intercept: float) -> Parts:
    """Return the score of the coefficients ``w`` of the columns of ``blocks``."""
    slopes, values = np.zeros(len(blocks)), []
    start = 0
    for j, (block, axis) in enumerate(zip(blocks, axes, strict=True)):
        own = w[start : start + len(block.A)]
        start += len(block.A)
        steps = np.zeros(axis.n_bins + 1)
        if isinstance(block, NumberColumns):
            slopes[j], steps[-1], shift = block.raw(own)
            intercept += shift
        elif block.groups:
            risen, steps[-1] = block.raw(own)
            steps[:-1] = risen[::-1] if block.sign < 0 else risen  # it has the lowest risk first
        values.append(steps)
    return Parts(intercept, slopes, tuple(values))


def score_of(parts: Parts, blocks: list[Block], axes: list[Axis], pairs: list[tuple[Axis, Axis]]) -> np.ndarray:
    """Return the score of the training children: float64, shape (n,)."""
    score = np.full(len(axes[0].codes), parts.intercept)
    for block, axis, slope, values in zip(blocks, axes, parts.slopes, parts.values, strict=True):
        score += values[axis.codes]
        if slope and isinstance(block, NumberColumns):
            score += slope * block.line
    for (first, second), grid in zip(pairs, parts.grids, strict=True):
        score += grid[first.codes, second.codes]
    return score


def tables_of(
    parts: Parts, blocks: list[Block], axes: list[Axis], pairs: list[tuple[Axis, Axis]], name: str
) -> RiskTables:
    """Return the score as tables whose interactions are pure; means and counts are still to be filled in."""
    intercept, values = parts.intercept, [own.copy() for own in parts.values]
    place = {axis.feature: j for j, axis in enumerate(axes)}
    interactions = []
    for (first, second), grid in zip(pairs, parts.grids, strict=True):
        weights = [np.bincount(axis.codes, minlength=axis.n_bins + 1) for axis in (first, second)]
        pure, *effects, constant = purify(grid, *weights)
        intercept += constant
        for coarse, effect in zip((first, second), effects, strict=True):
            fine = axes[place[coarse.feature]]
            bins = np.searchsorted(coarse.edges, [-np.inf, *fine.edges], side="right")
            values[place[coarse.feature]] += np.append(effect[bins], effect[-1])
        interactions.append(
            InteractionTerm(
                features=(first.feature, second.feature),
                edges=(tuple(first.edges.tolist()), tuple(second.edges.tolist())),
                values=tuple(map(tuple, pure.tolist())),
                mean=0.0,
            )
        )
    terms = tuple(
        _term(block, axis, float(slope), own)
        for block, axis, slope, own in zip(blocks, axes, parts.slopes, values, strict=True)
    )
    return RiskTables(
        intercept=float(intercept),
        terms=terms,
        n_background=len(axes[0].codes),
        name=name,
        interactions=tuple(interactions),
    )


def _term(block: Block, axis: Axis, slope: float, values: np.ndarray) -> Term:
    if isinstance(block, LevelColumns):
        named = {level: float(values[g]) for g, group in enumerate(axis.groups) for level in group}
        return LevelsTerm(
            feature=axis.feature, levels=named, missing=float(values[-1]), mean=0.0, n=None, n_missing=None
        )
    return ShapeTerm(
        feature=axis.feature,
        edges=tuple(axis.edges.tolist()),
        values=tuple(values[:-1].tolist()),
        slope=slope + 0.0,  # no negative zero in a file that people read
        low=block.low,
        high=block.high,
        missing=float(values[-1]),
        mean=0.0,
        n=None,
        n_missing=None,
    )
