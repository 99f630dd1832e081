"""Enforce monotonic constraints on a published term by raising its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from send_screen.errors import TablesError
from send_screen.tables import InteractionTerm, LevelsTerm, LinearTerm, ShapeTerm, Term
from send_screen.tables._monotonic import MonotonicAxis

_ROOM = 1e-12  # what a step is raised beyond the least, so that rounding in a sum cannot turn it


def make_monotone(term: Term, interactions: Sequence[InteractionTerm], sign: int) -> Term:
    """Return the term with each step, and missing, raised just so far that the sign holds for the whole score."""
    axis = MonotonicAxis(term, interactions, sign)
    if sign == 0:
        return term
    if sign * axis.slope < 0:
        raise TablesError("The slope has not the sign that it must have.", column=term.feature)
    if np.any(axis.rises < 0):
        steps = np.maximum(axis.own, np.where(axis.theirs < 0, _ROOM - axis.theirs, 0.0))
        values = sign * np.concatenate([[0.0], np.cumsum(steps)])
        term = _with_steps(term, axis.edges, values + np.mean(axis.values - values))
        axis = MonotonicAxis(term, interactions, sign)
    if axis.missing_short > 0:
        term = replace(term, missing=term.missing + axis.missing_short + _ROOM)
    return term


def _with_steps(term: Term, edges: tuple[float, ...], values: np.ndarray) -> Term:
    if isinstance(term, LevelsTerm):
        return replace(term, levels=dict(zip(term.levels, values.tolist(), strict=True)), standard_error=None)
    return with_steps(term, edges, values)


def with_steps(term: LinearTerm | ShapeTerm, edges: tuple[float, ...], values: np.ndarray) -> ShapeTerm:
    """Return a term with other steps beside its line; counts and standard errors of the old are left out."""
    own = {name: getattr(term, name) for name in LinearTerm.__dataclass_fields__}
    return ShapeTerm(**{**own, "n": None}, edges=edges, values=tuple(values.tolist()))
