"""Binned features, from which the trees are fitted and the tables computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from send_screen.estimators._bins import is_few, quantile_cut_points
from send_screen.estimators._design import CategoricalDesign, DesignColumns, NumericDesign
from send_screen.tables import MINIMUM_CHILDREN, bin_of

_MAX_BINS = 64
_MAX_PAIR_BINS = 12


@dataclass(frozen=True)
class BinnedFeature:
    """A feature's bins, each of at least ten children.

    ``edges``, shape (m,), are cut points between the m + 1 bins: values of a number, or positions of levels. ``codes``,
    shape (n,), are the bin of each training row, m + 1 where the value is missing, in the smallest unsigned dtype.
    Where fewer than ten values are missing, they count in the bin ``fill``, that of the median. ``groups`` are the
    levels of each bin, none for a number; ``categorical`` bins have no order. ``sign`` is the monotonic constraint: +1,
    -1 or 0.
    """

    feature: str
    sign: int
    edges: np.ndarray
    codes: np.ndarray
    fill: int | None
    groups: tuple[tuple[str, ...], ...]
    categorical: bool

    @classmethod
    def build(cls, design: DesignColumns) -> BinnedFeature:
        """Return the bins of a feature from its design columns."""
        if isinstance(design, NumericDesign):
            edges = quantile_cut_points(design.x, _MAX_BINS)
            codes = bin_of(edges.tolist(), design.x)
            groups: tuple[tuple[str, ...], ...] = ()
        else:
            groups = tuple(design.groups)
            edges = np.cumsum([float(len(group)) for group in groups])[:-1]
            codes = np.where(design.codes == len(groups), len(edges) + 1, design.codes)
        known = codes[codes <= len(edges)]
        few = len(codes) - len(known) < MINIMUM_CHILDREN
        fill = int(np.sort(known)[(len(known) - 1) // 2]) if few and len(known) else None
        categorical = isinstance(design, CategoricalDesign) and not design.sign
        compact = codes.astype(np.min_scalar_type(len(edges) + 1))
        return cls(design.feature, design.sign, edges, compact, fill, groups, categorical)

    def take(self, rows: np.ndarray | slice) -> BinnedFeature:
        """Return the same feature for some of the rows."""
        return replace(self, codes=self.codes[rows])

    @property
    def n_bins(self) -> int:
        """Number of bins without the one for missing values."""
        return len(self.edges) + 1

    def encode(self, codes: np.ndarray) -> np.ndarray:
        """Return bins as input of the trees: float64; missing is NaN, or of categorical bins one more bin."""
        encoded = codes.astype(np.float64)
        missing = codes == self.n_bins
        if self.fill is not None:
            encoded[missing] = self.fill
        elif not self.categorical:
            encoded[missing] = np.nan
        return encoded

    def coarser(self, kept: list[int]) -> BinnedFeature:
        """Return the feature in fewer bins: with only the edges at the positions ``kept``."""
        new_bin = np.concatenate([np.searchsorted(kept, np.arange(self.n_bins) - 1, side="right"), [len(kept) + 1]])
        fill = None if self.fill is None else int(new_bin[self.fill])
        compact = new_bin.astype(np.min_scalar_type(len(kept) + 1))
        return BinnedFeature(self.feature, self.sign, self.edges[kept], compact[self.codes], fill, (), self.categorical)


def bin_pair(first: BinnedFeature, second: BinnedFeature) -> tuple[BinnedFeature, BinnedFeature] | None:
    """Return two features in bins so coarse that each cell of their grid has no child or at least ten, or None.

    Starting from at most twelve bins of about equal size, neighbouring rows or columns are merged, each time those that
    leave the fewest cells of one to nine children.
    """
    kept = [quantile_edges(feature, _MAX_PAIR_BINS) for feature in (first, second)]
    features = [feature.coarser(positions) for feature, positions in zip((first, second), kept, strict=True)]
    counts = np.zeros((features[0].n_bins + 1, features[1].n_bins + 1), dtype=np.int64)
    np.add.at(counts, (features[0].codes, features[1].codes), 1)
    grid = counts[:-1, :-1]
    while is_few(grid).any():
        merges = [(axis, i) for axis in (0, 1) for i in range(len(kept[axis]))]
        if not merges:
            return None
        grids = [np.add.reduceat(grid, np.delete(np.arange(grid.shape[a]), i + 1), axis=a) for a, i in merges]
        # ties: the axis with more bins, then the fewest children, then the first
        sort_keys = [
            (int(is_few(g).sum()), -len(kept[a]), int(grid.sum(axis=1 - a)[i : i + 2].sum()), a, i)
            for g, (a, i) in zip(grids, merges, strict=True)
        ]
        best = min(range(len(merges)), key=sort_keys.__getitem__)
        grid = grids[best]
        kept[merges[best][0]].pop(merges[best][1])
    if not all(kept):
        return None
    return first.coarser(kept[0]), second.coarser(kept[1])


def quantile_edges(feature: BinnedFeature, max_bins: int) -> list[int]:
    """Return the positions of the edges that cut a feature into at most ``max_bins`` bins of about equal size."""
    if feature.n_bins <= max_bins:
        return list(range(feature.n_bins - 1))
    known = feature.codes[feature.codes < feature.n_bins]
    cumulative = np.cumsum(np.bincount(known, minlength=feature.n_bins))
    positions = np.searchsorted(cumulative, np.arange(1, max_bins) * len(known) / max_bins)
    return sorted({int(position) for position in positions if position < feature.n_bins - 1})


def bin_matrix(features: Sequence[BinnedFeature]) -> np.ndarray:
    """Return the encoded bins of the training rows: float32, shape (n, p)."""
    bins = np.empty((len(features[0].codes), len(features)), dtype=np.float32)  # exact: bins are compact whole numbers
    for j, feature in enumerate(features):
        bins[:, j] = feature.encode(feature.codes)
    return bins
