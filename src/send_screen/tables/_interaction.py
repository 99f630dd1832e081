"""The interaction term of two features: a value for each cell of a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from send_screen.errors import TablesError
from send_screen.tables._terms import Term, bin_of, count_or_none, require_edges

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class InteractionTerm:
    r"""An interaction term: the joint effect of two features beyond their own terms, :math:`t_{jk}(x_j, x_k)`.

    Purified with product-of-marginals weights [Lengerich2020]_: under the training rows' two marginal distributions,
    taken as independent, every row and every column of ``values`` has mean 0.

    Attributes
    ----------
    features : tuple of two str
        Names of the features, each with a term of its own.
    edges : tuple of two tuples of float, of lengths r and s
        Where one bin of each axis ends and the next begins, ascending, as in :class:`~send_screen.tables.ShapeTerm`.
        On the axis of a :class:`~send_screen.tables.LevelsTerm` a level lies at its position among the levels.
    values : tuple of r + 2 tuples of s + 2 float
        Log-odds of each cell. The last row is for children whose first feature is missing (or whose level is unknown),
        the last column for those whose second is.
    mean : float
        Mean over the training rows. It is not 0: the two features depend on each other.
    n : as ``values``, of int or None, or None
        Training children in each cell; None where there is none or it is suppressed.
    standard_error : as ``values``, or None
        Standard error of each cell less the mean, from the bagged ensemble.

    References
    ----------
    .. [Lengerich2020] Lengerich, Tan, Chang, Hooker and Caruana (2020), Purifying interaction effects with the
       functional ANOVA, AISTATS.
    """

    features: tuple[str, str]
    edges: tuple[tuple[float, ...], tuple[float, ...]]
    values: tuple[tuple[float, ...], ...]
    mean: float
    n: tuple[tuple[int | None, ...], ...] | None = None
    standard_error: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        if len(self.features) != 2 or not all(self.features) or self.features[0] == self.features[1]:
            raise TablesError("'features' must be the names of two features.")
        object.__setattr__(self, "features", tuple(self.features))
        if len(self.edges) != 2:
            raise TablesError("'edges' must be those of two axes.", column=self.name)
        object.__setattr__(self, "edges", tuple(tuple(map(float, edges)) for edges in self.edges))
        for edges in self.edges:
            require_edges(edges, self.name)
        rows, columns = self.shape
        for name, number in (("values", float), ("n", count_or_none), ("standard_error", float)):
            if (given := getattr(self, name)) is not None:
                grid = tuple(tuple(map(number, row)) for row in given)
                object.__setattr__(self, name, grid)
                if len(grid) != rows or any(len(row) != columns for row in grid):
                    raise TablesError(f"'{name}' must be {rows} rows of {columns}.", column=self.name)
        if any(count is not None and count < 0 for row in self.n or () for count in row):
            raise TablesError("'n' must be counts, 0 or more.", column=self.name)
        if not all(math.isfinite(value) for row in (*self.values, (self.mean,)) for value in row):
            raise TablesError("'values' and 'mean' must be finite numbers.", column=self.name)
        if any(not math.isfinite(value) or value < 0 for row in self.standard_error or () for value in row):
            raise TablesError("'standard_error' must be numbers of 0 or more.", column=self.name)

    @property
    def name(self) -> str:
        """The names of the two features, joined."""
        return " x ".join(self.features)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns, those for missing among them."""
        return len(self.edges[0]) + 2, len(self.edges[1]) + 2

    @property
    def max_abs(self) -> float:
        """Largest absolute value of the interaction, in log-odds."""
        return max(abs(value) for row in self.values for value in row)

    def transpose(self) -> InteractionTerm:
        """Return the same interaction with its two features exchanged."""
        return replace(
            self,
            features=self.features[::-1],
            edges=self.edges[::-1],
            values=_transposed(self.values),
            n=self.n and _transposed(self.n),
            standard_error=self.standard_error and _transposed(self.standard_error),
        )

    def evaluate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the interaction at encoded values of its two features (NaN is missing): float64, shape (n,).

        Parameters
        ----------
        first, second : numpy.ndarray of float64, shape (n,)
            Encoded values of its two features.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            In log-odds.
        """
        values = np.array(self.values, dtype=np.float64)
        found: np.ndarray = values[bin_of(self.edges[0], first), bin_of(self.edges[1], second)]
        return found


def all_edges(term: Term, interactions: Sequence[InteractionTerm]) -> tuple[float, ...]:
    """Return the edges of a feature in its own term and in its interactions, ascending, each once."""
    of_interactions = [
        pair.edges[pair.features.index(term.feature)] for pair in interactions if term.feature in pair.features
    ]
    return tuple(sorted({edge for edges in (term.cut_points, *of_interactions) for edge in edges}))


def _transposed(grid: tuple[tuple[T, ...], ...]) -> tuple[tuple[T, ...], ...]:
    return tuple(zip(*grid, strict=True))
