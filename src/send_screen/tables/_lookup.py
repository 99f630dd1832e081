"""A model as arrays for the compiled kernel. The edges of a feature are those of its term and its interactions.

The bin of a value is found in two steps. Buckets of equal width cover the axis, and the number of edges in the buckets
before each one is stored. The value is then compared with the edges in its own bucket. Buckets are narrow enough to
hold one edge, or a few. The bucket of an edge is computed by the same operations, in the same precision, as that of a
value. Each operation (subtract, multiply, add, truncate) is monotonic. So an edge in an earlier bucket is below the
value, and one in a later bucket is above it: the bin is exact. Where edges lie too close together, the bin is found by
binary search.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from send_screen.tables._interaction import InteractionTerm, all_edges
from send_screen.tables._terms import LevelsTerm, Term, bin_of

MAX_BUCKETS = 4_096  # 16 KB: half of a level 1 cache
MAX_EDGES_IN_BUCKET = 3  # beyond this, binary search is faster


class Lookup(NamedTuple):
    """Arrays of p features with at most m edges, and s interactions; ``X`` is in the precision of ``edges``."""

    lowest: np.ndarray  # (p,) the lowest edge
    buckets_per_unit: np.ndarray  # (p,) one over the width of a bucket
    n_buckets: np.ndarray  # int32 (p,) 0 where the bin is found by binary search
    edges_before: np.ndarray  # uint32 (p, most buckets + 1) edges in earlier buckets; after the last, the missing bin
    edges_in_bucket: np.ndarray  # int32 (p,) most edges in one bucket; for binary search, a power of two above m
    edges: np.ndarray  # (p, m + padding) NaN after the last: no value is at or above it
    missing_bin: np.ndarray  # uint32 (p,)
    steps: np.ndarray  # (p, m + 2) log-odds of each bin without the linear component, and of missing values
    slope: np.ndarray  # (p,)
    low: np.ndarray  # (p,)
    high: np.ndarray  # (p,)
    mean: np.ndarray  # (p,)
    slot: np.ndarray  # int64 (p,) where the kernel keeps the bins of a feature for its interactions; 0 without any
    pairs: np.ndarray  # int64 (s, 2) the two features of an interaction
    row: np.ndarray  # uint32 (s, m + 2) for each bin of the first feature, the start of its row in ``interaction``
    column: np.ndarray  # uint32 (s, m + 2) for each bin of the second feature, its column
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
        all_buckets = []
        for j, (term, axis) in enumerate(zip(terms, axes, strict=True)):
            edges[j, : len(axis)] = _rounded_up(axis, dtype)
            all_buckets.append(_buckets(edges[j, : len(axis)]))
            steps[j, : len(axis) + 1] = term.step_values[bin_of(term.cut_points, np.array([-np.inf, *axis]))]
            steps[j, len(axis) + 1] = term.missing
        edges_before = np.zeros(
            (p, max((buckets.n_buckets for buckets in all_buckets), default=0) + 1), dtype=np.uint32
        )
        for j, buckets in enumerate(all_buckets):
            edges_before[j, : buckets.n_buckets] = buckets.edges_before
            edges_before[j, buckets.n_buckets] = len(axes[j]) + 1
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
        linear = [(0.0,) * 3 if isinstance(term, LevelsTerm) else (term.slope, term.low, term.high) for term in terms]
        slope, low, high = np.array(linear, dtype=np.float64).reshape(p, 3).T.copy()
        return cls(
            lowest=np.array([buckets.lowest for buckets in all_buckets], dtype=dtype),
            buckets_per_unit=np.array([buckets.buckets_per_unit for buckets in all_buckets], dtype=dtype),
            n_buckets=np.array([buckets.n_buckets for buckets in all_buckets], dtype=np.int32),
            edges_before=edges_before,
            edges_in_bucket=np.array([buckets.edges_in_bucket for buckets in all_buckets], dtype=np.int32),
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


def _rounded_up(edges: Sequence[float], dtype: Any) -> np.ndarray:
    """Return the edges rounded up to ``dtype``: a value of that type is at or above both or neither."""
    exact = np.array(edges, dtype=np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(dtype)
        next_up = np.nextafter(near, np.array(np.inf, dtype))
    rounded: np.ndarray = np.where(near.astype(np.float64) < exact, next_up, near)
    return rounded


class _Buckets(NamedTuple):
    """Buckets of equal width over one axis, as in :class:`Lookup`."""

    lowest: Any
    buckets_per_unit: Any
    n_buckets: int
    edges_in_bucket: int
    edges_before: np.ndarray


def _buckets(edges: np.ndarray) -> _Buckets:
    """Return the fewest buckets with one edge each (or up to three at the maximum), else none for binary search."""
    dtype = edges.dtype.type
    if len(edges) == 0:
        return _Buckets(dtype(0), dtype(0), 1, 0, np.zeros(1, dtype=np.uint32))
    n = 64
    while n <= MAX_BUCKETS:
        with np.errstate(all="ignore"):
            width = edges[-1] - edges[0]
            per_unit = dtype(n - 2) / width if len(edges) > 1 else dtype(1)
            at = (edges - edges[0]) * per_unit + dtype(1)
        if not np.all(np.isfinite(at)):
            break
        counts = np.bincount(np.minimum(at, dtype(n - 1)).astype(np.int64), minlength=n)
        if counts.max() == 1 or (n == MAX_BUCKETS and counts.max() <= MAX_EDGES_IN_BUCKET):
            return _Buckets(edges[0], per_unit, n, int(counts.max()), np.cumsum(counts) - counts)
        n *= 2
    return _Buckets(dtype(0), dtype(0), 0, 2 ** len(edges).bit_length(), np.zeros(0, dtype=np.uint32))
