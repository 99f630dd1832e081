"""A model as arrays for a kernel: every feature cut once, at all edges of its term and interactions.

Which bin a value lies in is found in two steps. A grid of evenly spaced cells covers the axis, and for each cell it is
known how many edges lie in cells before it; what is left is to compare the value with the edges in its own cell, which
the grid is made fine enough for to be one, or a few. The cell of an edge is computed by the same operations, in the
same precision, as that of a value. Each of them (subtract, multiply, add, truncate) never decreases when its operand
grows, so an edge in an earlier cell is below the value and one in a later cell above it: the bin is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._terms import LevelsTerm, Term, bin_of

MOST_CELLS = 4_096  # 16 KB: half of a core's first cache
MOST_IN_A_CELL = 3  # beyond this, halving the axis again and again is faster


@dataclass(frozen=True)
class Lookup:
    """Arrays of p features with at most m edges, and s interactions; ``X`` is in the precision of ``edges``.

    Attributes
    ----------
    lowest, cells_per_unit : numpy.ndarray of float, shape (p,)
        Where a feature's grid begins, and how fine it is.
    cells : numpy.ndarray of int32, shape (p,)
        Number of cells of a feature's grid; 0 where the axis is halved instead.
    before : numpy.ndarray of uint32, shape (p, most cells + 1)
        Number of edges in the cells before; after the last cell, the bin of missing values.
    in_cell : numpy.ndarray of int32, shape (p,)
        Most edges in one cell; or, where ``cells`` is 0, the power of two that is above the number of edges.
    edges : numpy.ndarray of float, shape (p, m + padding)
        NaN after the last, which nothing is at or above.
    missing_bin : numpy.ndarray of uint32, shape (p,)
    steps : numpy.ndarray of float64, shape (p, m + 2)
        Log-odds of each bin beside the line, and of missing values.
    slope, low, high, mean : numpy.ndarray of float64, shape (p,)
    slot : numpy.ndarray of int64, shape (p,)
        Where the bins of a feature are kept for interactions; 0 for one that has none.
    pairs : numpy.ndarray of int64, shape (s, 2)
    row, column : numpy.ndarray of uint32, shape (s, m + 2)
        For each bin of an interaction's first feature the start of its row in ``cells_of``, and of its second the
        column.
    interaction : numpy.ndarray of float64, shape (s, most cells of one)
    interaction_mean : numpy.ndarray of float64, shape (s,)
    """

    lowest: np.ndarray
    cells_per_unit: np.ndarray
    cells: np.ndarray
    before: np.ndarray
    in_cell: np.ndarray
    edges: np.ndarray
    missing_bin: np.ndarray
    steps: np.ndarray
    slope: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    slot: np.ndarray
    pairs: np.ndarray
    row: np.ndarray
    column: np.ndarray
    interaction: np.ndarray
    interaction_mean: np.ndarray

    @classmethod
    def build(cls, terms: Sequence[Term], interactions: Sequence[InteractionTerm], dtype: Any) -> Lookup:
        """Return the arrays for columns of ``dtype``, float32 or float64."""
        p = len(terms)
        axes = [_axis(term, interactions) for term in terms]
        m = max((len(axis) for axis in axes), default=0)
        padded = 2 ** (m + 1).bit_length()
        edges = np.full((p, padded), np.nan, dtype=dtype)
        grids = []
        steps = np.zeros((p, m + 2))
        for j, (term, axis) in enumerate(zip(terms, axes, strict=True)):
            edges[j, : len(axis)] = _not_below(axis, dtype)
            grids.append(_grid(edges[j, : len(axis)]))
            starts = np.array([-np.inf, *axis])
            steps[j, : len(starts)] = term.step_values[bin_of(term.cut_points, starts)]
            steps[j, len(starts)] = term.missing
        before = np.zeros((p, max((grid[2] for grid in grids), default=0) + 1), dtype=np.uint32)
        for j, (_, _, cells, _, counts) in enumerate(grids):
            before[j, :cells] = counts
            before[j, cells] = len(axes[j]) + 1
        features = [term.feature for term in terms]
        paired = [
            feature for feature in features if any(feature in interaction.features for interaction in interactions)
        ]
        lines = [
            (0.0, 0.0, 0.0) if isinstance(term, LevelsTerm) else (term.slope, term.low, term.high) for term in terms
        ]
        slope, low, high = np.array(lines, dtype=np.float64).reshape(p, 3).T.copy()
        pairs = [tuple(features.index(feature) for feature in interaction.features) for interaction in interactions]
        row, column = np.zeros((2, len(interactions), m + 2), dtype=np.uint32)
        flat = np.zeros((len(interactions), max((s.shape[0] * s.shape[1] for s in interactions), default=0)))
        for s, (interaction, pair) in enumerate(zip(interactions, pairs, strict=True)):
            for places, j, own, scale in zip(
                (row, column), pair, interaction.edges, (interaction.shape[1], 1), strict=True
            ):
                starts = np.array([-np.inf, *axes[j], np.nan])
                places[s, : len(starts)] = bin_of(own, starts) * scale
            flat[s, : interaction.shape[0] * interaction.shape[1]] = np.array(interaction.values).ravel()
        return cls(
            lowest=np.array([grid[0] for grid in grids], dtype=dtype),
            cells_per_unit=np.array([grid[1] for grid in grids], dtype=dtype),
            cells=np.array([grid[2] for grid in grids], dtype=np.int32),
            before=before,
            in_cell=np.array([grid[3] for grid in grids], dtype=np.int32),
            edges=edges,
            missing_bin=np.array([len(axis) + 1 for axis in axes], dtype=np.uint32),
            steps=steps,
            slope=slope,
            low=low,
            high=high,
            mean=np.array([term.mean for term in terms], dtype=np.float64),
            slot=np.array([paired.index(f) + 1 if f in paired else 0 for f in features], dtype=np.int64),
            pairs=np.array(pairs, dtype=np.int64).reshape(len(interactions), 2),
            row=row,
            column=column,
            interaction=flat,
            interaction_mean=np.array([interaction.mean for interaction in interactions], dtype=np.float64),
        )


def _axis(term: Term, interactions: Sequence[InteractionTerm]) -> tuple[float, ...]:
    own = [s.edges[s.features.index(term.feature)] for s in interactions if term.feature in s.features]
    return tuple(sorted({edge for edges in (term.cut_points, *own) for edge in edges}))


def _not_below(edges: Sequence[float], dtype: Any) -> np.ndarray:
    """Return the least numbers of ``dtype`` not below the edges: the same values of it are at or above both."""
    exact = np.array(edges, dtype=np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(dtype)
        above = np.nextafter(near, np.array(np.inf, dtype))
    found: np.ndarray = np.where(near.astype(np.float64) < exact, above, near)
    return found


def _grid(edges: np.ndarray) -> tuple[Any, Any, int, int, np.ndarray]:
    """Return start, cells per unit, number of cells, most edges in a cell, and the edges before each cell."""
    dtype = edges.dtype.type
    halving = 2 ** len(edges).bit_length()
    if len(edges) == 0:
        return dtype(0), dtype(0), 1, 0, np.zeros(1, dtype=np.uint32)
    cells = 64
    while cells <= MOST_CELLS:
        with np.errstate(all="ignore"):
            width = edges[-1] - edges[0]
            fine = dtype(cells - 2) / width if len(edges) > 1 else dtype(1)
            at = (edges - edges[0]) * fine + dtype(1)
        if not np.all(np.isfinite(at)):
            break
        counts = np.bincount(np.minimum(at, dtype(cells - 1)).astype(np.int64), minlength=cells)
        if counts.max() == 1 or (cells == MOST_CELLS and counts.max() <= MOST_IN_A_CELL):
            return edges[0], fine, cells, int(counts.max()), np.cumsum(counts) - counts
        cells *= 2
    return dtype(0), dtype(0), 0, halving, np.zeros(0, dtype=np.uint32)
