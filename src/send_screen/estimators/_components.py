"""The components of an additive score while it is fitted: they can be added, averaged and scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AdditiveComponents:
    """An additive score over p binned features.

    Slopes are of the linear parts, 0 for levels. Values are those of each bin beside the linear part, and last that of
    a missing value, which has no linear part. Each pair has a grid, its last row and column for missing values.
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


def mean_components(components: Sequence[AdditiveComponents]) -> AdditiveComponents:
    """Return the mean of several scores over the same features and pairs."""
    return AdditiveComponents(
        float(np.mean([own.intercept for own in components])),
        np.mean([own.slopes for own in components], axis=0),
        tuple(np.mean(own, axis=0) for own in zip(*(c.values for c in components), strict=True)),
        tuple(np.mean(own, axis=0) for own in zip(*(c.grids for c in components), strict=True)),
    )
