"""Monotonicity of the whole score in a feature, whatever the others are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from send_screen.tables._interaction import InteractionTerm, all_edges
from send_screen.tables._terms import LevelsTerm, Term, bin_of


def monotonicity_violations(
    terms: Sequence[Term], interactions: Sequence[InteractionTerm], monotonic_cst: Mapping[str, int]
) -> dict[str, float]:
    r"""Return the features in which the whole score is not monotonic as constrained, and by how much, in log-odds.

    Every other feature is in at most one interaction with feature j and takes any value, so the least that the score
    can rise at an edge e of j is exactly

    .. math:: \Delta t_j(e) + \sum_k \min_b \Delta t_{jk}(e, b),

    which must be 0 or more (for a constraint of -1, with the axis reversed), as must the slope. A missing value
    must score no lower than the lowest-risk end of the axis, whatever the others are.

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

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from send_screen import PenalisedLogisticClassifier
    >>> X = pd.DataFrame({"reading": np.tile([1.0, 2.0, 3.0, np.nan], 100)})
    >>> need = np.tile([1, 0, 0, 0, 1, 1, 0, 0], 50)
    >>> tables = PenalisedLogisticClassifier().fit(X, need).risk_tables_
    >>> monotonicity_violations(tables.terms, tables.interactions, {"reading": -1})  # doctest: +ELLIPSIS
    {'reading': 0.11...}
    """
    worst: dict[str, float] = {}
    for term in terms:
        if sign := monotonic_cst.get(term.feature, 0):
            axis = MonotonicAxis(term, interactions, sign)
            if (shortfall := max(0.0, *(-axis.rises), axis.missing_shortfall, -sign * axis.slope)) > 0.0:
                worst[term.feature] = shortfall
    return worst


class MonotonicAxis:
    """The rises of the score between neighbouring bins of a feature, cut at all edges of its term and interactions.

    ``own_rises`` are of its term, ``interaction_rises`` the smallest of its interactions. ``missing_shortfall`` is by
    how much a missing value can score below the lowest-risk end.
    """

    def __init__(self, term: Term, interactions: Sequence[InteractionTerm], sign: int) -> None:
        self.edges = all_edges(term, interactions)
        starts = np.array([-np.inf, *self.edges])
        self.values = term.step_values[bin_of(term.cut_points, starts)]
        self.own_rises = sign * np.diff(self.values)
        self.interaction_rises = np.zeros(len(self.edges))
        lowest = 0 if sign > 0 else -1
        self.slope, end = (0.0, 0.0) if isinstance(term, LevelsTerm) else (term.slope, (term.low, term.high)[lowest])
        self.missing_shortfall = self.slope * end + float(self.values[lowest]) - term.missing
        for interaction in interactions:
            if term.feature in interaction.features:
                along = interaction if interaction.features[0] == term.feature else interaction.transpose()
                grid = np.array(along.values)
                rows = grid[bin_of(along.edges[0], starts)]
                self.interaction_rises += np.min(sign * np.diff(rows, axis=0), axis=1)
                self.missing_shortfall += float(np.max(rows[lowest] - grid[-1]))
        self.rises = self.own_rises + self.interaction_rises
