"""Signs of the whole score: a signed feature never lowers the risk the wrong way, whatever the others are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from send_screen.errors import TablesError
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._shape import ShapeTerm, bin_of
from send_screen.tables._terms import LevelsTerm, LinearTerm, Term

_ROOM = 1e-12  # what a step is raised beyond the least, so that rounding in a sum cannot turn it


def monotonicity_violations(
    terms: Sequence[Term], interactions: Sequence[InteractionTerm], monotonic_cst: Mapping[str, int]
) -> dict[str, float]:
    r"""Return the features whose sign does not hold for the whole score, and by how much, in log-odds.

    Every other feature is in at most one interaction with feature j and takes any value, so the least that the score
    can rise at an edge e of j is exactly

    .. math:: \Delta t_j(e) + \sum_k \min_b \Delta t_{jk}(e, b),

    which must be 0 or more (for a sign of -1, with the axis turned round), as must the slope. A missing value must
    score no lower than the lowest-risk end of the axis, whatever the others are.

    Parameters
    ----------
    terms : sequence of Term
    interactions : sequence of InteractionTerm
    monotonic_cst : mapping of str to int
        +1 where more is more risk, -1 where more is less; levels count in their order.

    Returns
    -------
    dict of str to float
        The worst shortfall of each feature that has one, above 0.
    """
    worst: dict[str, float] = {}
    for term in terms:
        if sign := monotonic_cst.get(term.feature, 0):
            axis = _Axis(term, interactions, sign)
            if (short := max(0.0, *(-axis.rises), axis.missing_short, -sign * axis.slope)) > 0.0:
                worst[term.feature] = short
    return worst


def with_signs(term: Term, interactions: Sequence[InteractionTerm], sign: int) -> Term:
    """Return the term with each step, and missing, raised just so far that the sign holds for the whole score.

    Parameters
    ----------
    term : Term
    interactions : sequence of InteractionTerm
        All of the model's.
    sign : int
        +1, -1, or 0 for none.

    Raises
    ------
    TablesError
        If the slope has the other sign: that no step can mend.
    """
    axis = _Axis(term, interactions, sign)
    if sign == 0:
        return term
    if sign * axis.slope < 0:
        raise TablesError("The slope has not the sign that it must have.", column=term.feature)
    if np.any(axis.rises < 0):
        steps = np.maximum(axis.own, np.where(axis.theirs < 0, _ROOM - axis.theirs, 0.0))
        values = sign * np.concatenate([[0.0], np.cumsum(steps)])
        term = _with_steps(term, axis.edges, values + np.mean(axis.values - values))
        axis = _Axis(term, interactions, sign)
    if axis.missing_short > 0:
        term = replace(term, missing=term.missing + axis.missing_short + _ROOM)
    return term


class _Axis:
    """A feature's axis cut at every edge of its term and interactions; risk rises along it when the sign holds."""

    def __init__(self, term: Term, interactions: Sequence[InteractionTerm], sign: int) -> None:
        grids = [
            _along(interaction, term.feature) for interaction in interactions if term.feature in interaction.features
        ]
        self.edges = tuple(sorted({edge for edges in (edges_of(term), *(e for e, _ in grids)) for edge in edges}))
        starts = np.array([-np.inf, *self.edges])
        self.values = steps_of(term)[bin_of(edges_of(term), starts)]
        self.own = sign * np.diff(self.values)
        self.theirs = np.zeros(len(self.edges))
        lowest = 0 if sign > 0 else -1
        self.slope, end = (0.0, 0.0) if isinstance(term, LevelsTerm) else (term.slope, (term.low, term.high)[lowest])
        self.missing_short = self.slope * end + float(self.values[lowest]) - term.missing
        for edges, grid in grids:
            rows = grid[bin_of(edges, starts)]
            self.theirs += np.min(sign * np.diff(rows, axis=0), axis=1)
            self.missing_short += float(np.max(rows[lowest] - grid[-1]))
        self.rises = self.own + self.theirs


def edges_of(term: Term) -> tuple[float, ...]:
    """Return where a term steps; levels lie at their positions."""
    if isinstance(term, LevelsTerm):
        return tuple(float(i) for i in range(1, len(term.levels)))
    return term.edges if isinstance(term, ShapeTerm) else ()


def steps_of(term: Term) -> np.ndarray:
    """Return a term's value in each bin beside its line: float64, one more than its edges."""
    if isinstance(term, LevelsTerm):
        return np.array(list(term.levels.values()) or [term.missing], dtype=np.float64)
    return np.array(term.values if isinstance(term, ShapeTerm) else [0.0], dtype=np.float64)


def _along(interaction: InteractionTerm, feature: str) -> tuple[tuple[float, ...], np.ndarray]:
    """Return the edges of a feature in an interaction, and the values with that feature's bins as rows."""
    values = np.array(interaction.values, dtype=np.float64)
    axis = interaction.features.index(feature)
    return interaction.edges[axis], values if axis == 0 else values.T


def _with_steps(term: Term, edges: tuple[float, ...], values: np.ndarray) -> Term:
    if isinstance(term, LevelsTerm):
        return replace(term, levels=dict(zip(term.levels, values.tolist(), strict=True)), standard_error=None)
    return as_shape(term, edges, values)


def as_shape(term: LinearTerm | ShapeTerm, edges: tuple[float, ...], values: np.ndarray) -> ShapeTerm:
    """Return a term with other steps beside its line; counts and standard errors of the old are left out."""
    return ShapeTerm(
        feature=term.feature,
        edges=edges,
        values=tuple(values.tolist()),
        slope=term.slope,
        low=term.low,
        high=term.high,
        missing=term.missing,
        mean=term.mean,
        n=None,
        n_missing=term.n_missing,
        label=term.label,
        unit=term.unit,
    )
