"""Disclosure control of an interaction."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress

import numpy as np

from send_screen.estimators._bins import is_few, merged_rows_and_columns, pool_groups
from send_screen.estimators._purify import purify
from send_screen.estimators._training_counts import TrainingCounts
from send_screen.tables import InteractionTerm, Term


def publish_interaction(
    interaction: InteractionTerm,
    allowed: Mapping[str, tuple[float, ...]],
    terms: Mapping[str, Term],
    training: TrainingCounts,
) -> tuple[InteractionTerm, list[tuple[str, tuple[float, ...], np.ndarray]]]:
    """Return a coarser, purified interaction, and the main effect (edges and values) to add to each feature's term.

    ``allowed`` are the cut points of each feature that an interaction may have.
    """
    values = np.array(interaction.values, dtype=np.float64)
    fine = training.cells(interaction, terms)
    weights = [fine.sum(axis=1), fine.sum(axis=0)]
    cuts = [
        _cuts(training.ranks(terms[name], edges), allowed[name], training.ranks(terms[name], allowed[name]))
        for edges, name in zip(interaction.edges, interaction.features, strict=True)
    ]
    # the merged bin of each fine bin, missing last: first by the allowed cut points, then by ten children per cell
    merged_bins = []
    for axis in cuts:
        bins = np.cumsum([0, *(cut is not None for cut in axis)])
        merged_bins.append(np.append(bins, bins[-1] + 1))
    counts, grid, row_weights, column_weights = _pool(fine, values, weights, merged_bins)
    coarse = merged_rows_and_columns(counts[:-1, :-1], grid[:-1, :-1], row_weights[:-1], column_weights[:-1])
    merged_bins = [
        np.append(bins, bins[-1] + 1)[merged_bin] for bins, merged_bin in zip(coarse, merged_bins, strict=True)
    ]
    counts, grid, row_weights, column_weights = _pool(fine, values, weights, merged_bins)
    suppressed = False
    # the row, then the column, of missing values
    for g, n, w in ((grid, counts, row_weights), (grid.T, counts.T, column_weights)):
        if n[-1].sum() == 0 or is_few(n[-1]).any():
            suppressed |= bool(n[-1].any())
            g[-1], w[-1] = 0.0, 0.0
    edges = [
        tuple(cut for cut in compress(axis, np.diff(merged_bin)) if cut is not None)
        for axis, merged_bin in zip(cuts, merged_bins, strict=True)
    ]
    if is_few(counts[:-1, :-1]).any() or not (row_weights.any() and column_weights.any()):  # no cell can be published
        grid = np.zeros_like(grid)
        row_weights, column_weights = np.ones(len(row_weights)), np.ones(len(column_weights))
    pure, *effects, _ = purify(grid, row_weights, column_weights)
    pure[row_weights == 0.0], pure[:, column_weights == 0.0] = 0.0, 0.0
    merged = InteractionTerm(
        features=interaction.features,
        edges=(edges[0], edges[1]),
        values=tuple(map(tuple, pure.tolist())),
        mean=float((counts * pure).sum() / len(training.X)),
        n=None if suppressed else tuple(tuple(count or None for count in row) for row in counts.tolist()),
    )
    added = [np.where(w > 0.0, effect, 0.0) for effect, w in zip(effects, (row_weights, column_weights), strict=True)]
    return merged, list(zip(interaction.features, edges, added, strict=True))


def _cuts(ranks: np.ndarray, allowed: tuple[float, ...], allowed_ranks: np.ndarray) -> list[float | None]:
    """Return for each edge of an interaction the allowed edge that divides the children equally, or None."""
    same = dict(zip(allowed_ranks.tolist(), allowed, strict=True))
    seen = ranks.tolist()
    return [same.get(rank) if rank not in seen[:i] else None for i, rank in enumerate(seen)]


def _pool(
    counts: np.ndarray, values: np.ndarray, weights: list[np.ndarray], merged_bins: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return counts and weighted means of the merged cells, and the weights of their rows and columns."""
    rows = pool_groups(values, weights[0], merged_bins[0])
    grid = pool_groups(rows.T, weights[1], merged_bins[1]).T.copy()
    row_weights, column_weights = (
        np.bincount(merged_bin, weights=w) for merged_bin, w in zip(merged_bins, weights, strict=True)
    )
    for axis, merged_bin in enumerate(merged_bins):
        counts = np.add.reduceat(counts, np.unique(merged_bin, return_index=True)[1], axis=axis)
    return counts, grid, row_weights, column_weights
