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
    # the merged bin of each fine bin, missing last: first by the allowed cut points, then by the minimum of ten
    # children
    members = []
    for axis in cuts:
        bins = np.cumsum([0, *(cut is not None for cut in axis)])
        members.append(np.append(bins, bins[-1] + 1))
    counts, grid, p, q = _pool(fine, values, weights, members)
    coarse = merged_rows_and_columns(counts[:-1, :-1], grid[:-1, :-1], p[:-1], q[:-1])
    members = [np.append(bins, bins[-1] + 1)[member] for bins, member in zip(coarse, members, strict=True)]
    counts, grid, p, q = _pool(fine, values, weights, members)
    suppressed = False
    for g, n, w in ((grid, counts, p), (grid.T, counts.T, q)):  # the row, then the column, of missing values
        if n[-1].sum() == 0 or is_few(n[-1]).any():
            suppressed |= bool(n[-1].any())
            g[-1], w[-1] = 0.0, 0.0
    edges = [
        tuple(cut for cut in compress(axis, np.diff(member)) if cut is not None)
        for axis, member in zip(cuts, members, strict=True)
    ]
    if is_few(counts[:-1, :-1]).any() or not (p.any() and q.any()):  # no cell can be published
        grid, p, q = np.zeros_like(grid), np.ones(len(p)), np.ones(len(q))
    pure, *effects, _ = purify(grid, p, q)
    pure[p == 0.0], pure[:, q == 0.0] = 0.0, 0.0
    merged = InteractionTerm(
        features=interaction.features,
        edges=(edges[0], edges[1]),
        values=tuple(map(tuple, pure.tolist())),
        mean=float((counts * pure).sum() / len(training.X)),
        n=None if suppressed else tuple(tuple(count or None for count in row) for row in counts.tolist()),
    )
    added = [np.where(w > 0.0, effect, 0.0) for effect, w in zip(effects, (p, q), strict=True)]
    return merged, list(zip(interaction.features, edges, added, strict=True))


def _cuts(ranks: np.ndarray, allowed: tuple[float, ...], allowed_ranks: np.ndarray) -> list[float | None]:
    """Return for each edge of an interaction the allowed edge that divides the children equally, or None."""
    same = dict(zip(allowed_ranks.tolist(), allowed, strict=True))
    seen = ranks.tolist()
    return [same.get(rank) if rank not in seen[:i] else None for i, rank in enumerate(seen)]


def _pool(
    counts: np.ndarray, values: np.ndarray, weights: list[np.ndarray], members: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return counts and weighted means of the merged cells, and the weights of their rows and columns."""
    rows = pool_groups(values, weights[0], members[0])
    grid = pool_groups(rows.T, weights[1], members[1]).T.copy()
    p, q = (np.bincount(member, weights=w) for member, w in zip(members, weights, strict=True))
    for axis, member in enumerate(members):
        counts = np.add.reduceat(counts, np.unique(member, return_index=True)[1], axis=axis)
    return counts, grid, p, q
