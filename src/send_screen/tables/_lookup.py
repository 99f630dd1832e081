"""A model as arrays for a kernel: every feature cut once, at all edges of its term and interactions.

Which bin a value lies in is found in two steps. A grid of evenly spaced cells covers the axis, and for each cell it is
known how many edges lie in cells before it; what is left is to compare the value with the edges in its own cell, which
the grid is made fine enough for to be one, or a few. The cell of an edge is computed by the same operations, in the
same precision, as that of a value. Each of them (subtract, multiply, add, truncate) never decreases when its operand
grows, so an edge in an earlier cell is below the value and one in a later cell above it: the bin is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from send_screen.tables._interaction import InteractionTerm, all_edges
from send_screen.tables._terms import LevelsTerm, Term, bin_of

MAX_CELLS = 4_096  # 16 KB: half of a core's first cache
MAX_IN_A_CELL = 3  # beyond this, halving the axis again and again is faster


class Lookup(NamedTuple):
    """Arrays of p features with at most m edges, and s interactions; ``X`` is in the precision of ``edges``."""

    lowest: np.ndarray  # (p,) where a feature's grid begins
    cells_per_unit: np.ndarray  # (p,) how fine it is
    cells: np.ndarray  # int32 (p,) number of its cells; 0 where the axis is halved instead
    before: (
        np.ndarray
    )  # uint32 (p, most cells + 1) edges in the cells before; after the last, the bin of missing values
    in_cell: np.ndarray  # int32 (p,) most edges in one cell; where ``cells`` is 0, the power of two above their number
    edges: np.ndarray  # (p, m + padding) NaN after the last, which nothing is at or above
    missing_bin: np.ndarray  # uint32 (p,)
    steps: np.ndarray  # (p, m + 2) log-odds of each bin beside the line, and of missing values
    slope: np.ndarray  # (p,)
    low: np.ndarray  # (p,)
    high: np.ndarray  # (p,)
    mean: np.ndarray  # (p,)
    slot: np.ndarray  # int64 (p,) where the bins of a feature are kept for interactions; 0 for one that has none
    pairs: np.ndarray  # int64 (s, 2) the two features of an interaction
    row: np.ndarray  # uint32 (s, m + 2) for each bin of the first, the start of its row in ``interaction``
    column: np.ndarray  # uint32 (s, m + 2) for each bin of the second, its column
    interaction: np.ndarray  # (s, most cells of one)
    interaction_mean: np.ndarray  # (s,)

    @classmethod
    def build(cls, terms: Sequence[Term], interactions: Sequence[InteractionTerm], dtype: Any) -> Lookup:
        """Return the arrays for columns of ``dtype``, float32 or float64."""
        p, s = len(terms), len(interactions)
        axes = [all_edges(term, interactions) for term in terms]
        m = max((len(axis) for axis in axes), default=0)
        edges = np.full((p, 2 ** (m + 1).bit_length()), np.nan, dtype=dtype)
        steps = np.zeros((p, m + 2))
        grids = []
        for j, (term, axis) in enumerate(zip(terms, axes, strict=True)):
            edges[j, : len(axis)] = _not_below(axis, dtype)
            grids.append(_grid(edges[j, : len(axis)]))
            steps[j, : len(axis) + 1] = term.step_values[bin_of(term.cut_points, np.array([-np.inf, *axis]))]
            steps[j, len(axis) + 1] = term.missing
        before = np.zeros((p, max((grid.cells for grid in grids), default=0) + 1), dtype=np.uint32)
        for j, grid in enumerate(grids):
            before[j, : grid.cells] = grid.before
            before[j, grid.cells] = len(axes[j]) + 1
        features = [term.feature for term in terms]
        pairs = [[features.index(feature) for feature in interaction.features] for interaction in interactions]
        slot = np.zeros(p, dtype=np.int64)
        paired = sorted({j for pair in pairs for j in pair})
        slot[paired] = range(1, len(paired) + 1)
        row, column = np.zeros((2, s, m + 2), dtype=np.uint32)
        flat = np.zeros((s, max((each.shape[0] * each.shape[1] for each in interactions), default=0)))
        for i, (interaction, (first, second)) in enumerate(zip(interactions, pairs, strict=True)):
            for bins, j, own, width in ((row, first, 0, interaction.shape[1]), (column, second, 1, 1)):
                starts = np.array([-np.inf, *axes[j], np.nan])
                bins[i, : len(starts)] = bin_of(interaction.edges[own], starts) * width
            flat[i, : interaction.shape[0] * interaction.shape[1]] = np.array(interaction.values).ravel()
        lines = [(0.0,) * 3 if isinstance(term, LevelsTerm) else (term.slope, term.low, term.high) for term in terms]
        slope, low, high = np.array(lines, dtype=np.float64).reshape(p, 3).T.copy()
        return cls(
            lowest=np.array([grid.lowest for grid in grids], dtype=dtype),
            cells_per_unit=np.array([grid.cells_per_unit for grid in grids], dtype=dtype),
            cells=np.array([grid.cells for grid in grids], dtype=np.int32),
            before=before,
            in_cell=np.array([grid.in_cell for grid in grids], dtype=np.int32),
            edges=edges,
            missing_bin=np.array([len(axis) + 1 for axis in axes], dtype=np.uint32),
            steps=steps,
            slope=slope,
            low=low,
            high=high,
            mean=np.array([term.mean for term in terms], dtype=np.float64),
            slot=slot,
            pairs=np.array(pairs, dtype=np.int64).reshape(s, 2),
            row=row,
            column=column,
            interaction=flat,
            interaction_mean=np.array([interaction.mean for interaction in interactions], dtype=np.float64),
        )


def _not_below(edges: Sequence[float], dtype: Any) -> np.ndarray:
    """Return the least numbers of ``dtype`` not below the edges: the same values of it are at or above both."""
    exact = np.array(edges, dtype=np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(dtype)
        above = np.nextafter(near, np.array(np.inf, dtype))
    found: np.ndarray = np.where(near.astype(np.float64) < exact, above, near)
    return found


class _Grid(NamedTuple):
    """Evenly spaced cells over one axis, as in :class:`Lookup`."""

    lowest: Any
    cells_per_unit: Any
    cells: int
    in_cell: int
    before: np.ndarray


def _grid(edges: np.ndarray) -> _Grid:
    dtype = edges.dtype.type
    if len(edges) == 0:
        return _Grid(dtype(0), dtype(0), 1, 0, np.zeros(1, dtype=np.uint32))
    cells = 64
    while cells <= MAX_CELLS:
        with np.errstate(all="ignore"):
            width = edges[-1] - edges[0]
            fine = dtype(cells - 2) / width if len(edges) > 1 else dtype(1)
            at = (edges - edges[0]) * fine + dtype(1)
        if not np.all(np.isfinite(at)):
            break
        counts = np.bincount(np.minimum(at, dtype(cells - 1)).astype(np.int64), minlength=cells)
        if counts.max() == 1 or (cells == MAX_CELLS and counts.max() <= MAX_IN_A_CELL):
            return _Grid(edges[0], fine, cells, int(counts.max()), np.cumsum(counts) - counts)
        cells *= 2
    return _Grid(dtype(0), dtype(0), 0, 2 ** len(edges).bit_length(), np.zeros(0, dtype=np.uint32))
