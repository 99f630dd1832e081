"""Disclosure control of fitted tables, with monotonic constraints kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress, pairwise

import numpy as np
import pandas as pd

from send_screen.errors import TablesError
from send_screen.estimators._bins import is_few, merged_bin_of, pool_groups, pooled
from send_screen.estimators._publish_interaction import publish_interaction
from send_screen.estimators._training_counts import TrainingCounts
from send_screen.tables import (
    MINIMUM_CHILDREN,
    InteractionTerm,
    LevelsTerm,
    LinearTerm,
    RiskTables,
    ShapeTerm,
    Term,
    bin_of,
    merged_levels,
    monotonicity_violations,
    published_counts,
)
from send_screen.tables._column_names import as_pandas, checked_columns
from send_screen.tables._interaction import all_edges
from send_screen.tables._monotonic import MonotonicAxis

_ROOM = 1e-12  # what a step is raised beyond the least, so that rounding in a sum cannot turn it


def publish_tables(
    tables: Sequence[RiskTables], X: pd.DataFrame, *, monotonic_cst: Mapping[str, int] | None = None
) -> list[RiskTables]:
    """Return models of the same training children with small numbers merged away, fit for publication.

    - A bin of fewer than ten training children is merged with the neighbour whose value is nearer, a level with others
      (:func:`~send_screen.tables.merged_levels`). A linear part ends where ten children are at or beyond its end.
    - Every cut point becomes the shortest decimal that cuts the training children in the same place.
    - An interaction has only cut points of its features' terms. Whole rows and columns are merged until each cell has
      no child or at least ten. Where missing values leave too few, their row or column is 0. What merging makes a
      main effect moves into the terms (:func:`purify`).
    - Counts are those of the training children. Where one is suppressed, so is what would give it away.
    - Monotonic constraints are made to hold again, and the mean score of the training children is kept.

    Parameters
    ----------
    tables : sequence of RiskTables
        As fitted: their counts and means need not be right.
    X : pandas.DataFrame, shape (n, p)
        The training children, columns as for :meth:`RiskTables.score`; counted once for all models.
    monotonic_cst : mapping of str to int, optional
        +1 where more is more risk, -1 where more is less.

    Returns
    -------
    list of RiskTables

    Raises
    ------
    TablesError
        If a slope is against its monotonic constraint.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from send_screen import PenalisedLogisticClassifier
    >>> X = pd.DataFrame({"reading": np.tile([1.0, 2.0, 3.0, np.nan], 100)})
    >>> tables = PenalisedLogisticClassifier().fit(X, np.tile([1, 0, 0, 0, 1, 1, 0, 0], 50)).risk_tables_
    >>> publish_tables([tables], X)[0].features
    ('reading',)
    """
    training = TrainingCounts(as_pandas(X))
    return [_publish(one, training, monotonic_cst or {}) for one in tables]


def _publish(tables: RiskTables, training: TrainingCounts, monotonic_cst: Mapping[str, int]) -> RiskTables:
    checked_columns(tables.features, training.X)
    own = {term.feature: term for term in tables.terms}
    mean = tables.intercept + sum(map(training.mean, tables.terms))
    mean += sum(training.mean_interaction(interaction, own) for interaction in tables.interactions)
    terms: dict[str, Term] = {}
    cuts: dict[str, tuple[float, ...]] = {}  # where an interaction may step
    for term in tables.terms:
        ordered = bool(monotonic_cst.get(term.feature))
        if isinstance(term, LevelsTerm):
            groups = _level_groups(term, training, ordered=ordered)
            steps = [not ordered or a != b for a, b in pairwise(groups)]
            cuts[term.feature] = tuple(compress(term.cut_points, steps))
            terms[term.feature] = _merge_levels(term, training, ordered=ordered)
        else:
            terms[term.feature] = _merge_numeric(term, tables.interactions, training)
            cuts[term.feature] = terms[term.feature].cut_points
    interactions = []
    for interaction in tables.interactions:
        merged, effects = publish_interaction(interaction, cuts, own, training)
        for feature, edges, effect in effects:
            terms[feature] = _add_effect(terms[feature], edges, effect)
        if any(value for row in merged.values for value in row):
            interactions.append(merged)
    for feature, term in terms.items():
        sign = monotonic_cst.get(feature, 0)
        term = _withhold_few_missing(term, training)
        if isinstance(term, LevelsTerm):
            term = _merge_levels(term, training, ordered=bool(sign))
        term = _withhold_few_missing(_make_monotone(term, interactions, sign), training)
        terms[feature] = _with_counts(_make_monotone(term, interactions, sign), training)
    if short := monotonicity_violations(list(terms.values()), interactions, monotonic_cst):
        raise TablesError("A monotonic constraint does not hold after merging.", column=next(iter(short)))
    published = RiskTables(
        intercept=0.0,
        terms=tuple(terms.values()),
        n_training=len(training.X),
        name=tables.name,
        interactions=tuple(interactions),
    )
    return replace(published, intercept=mean - published.base_value)


def _merge_numeric(
    term: LinearTerm | ShapeTerm, interactions: Sequence[InteractionTerm], training: TrainingCounts
) -> LinearTerm | ShapeTerm:
    """Return a term of numbers cut where it or an interaction of it steps, no bin of fewer than ten children."""
    counted = training.feature(term)
    low, high = counted.range or (0.0, 0.0)
    low, high = max(low, term.low), min(high, term.high)
    if low > high:  # the linear part lies wholly beyond the published range
        low = high = min(max(low, term.low), term.high)
    slope = term.slope if counted.n_known >= 2 * MINIMUM_CHILDREN else 0.0
    if fine := all_edges(term, interactions):
        values = term.step_values[bin_of(term.cut_points, np.array([-np.inf, *fine]))]
        counts = training.bins(term, fine)[:-1]
        member = merged_bin_of(counts, values)
        cuts = tuple(training.shortest_cut_point(term, edge) for edge in compress(fine, np.diff(member)))
        term = _with_steps(term, cuts, pool_groups(values, counts, member))
    return replace(term, slope=slope, low=low, high=high)


def _add_effect(term: Term, edges: tuple[float, ...], effect: np.ndarray) -> Term:
    """Return a term and the main effect that came from an interaction: one value per bin, the last for missing."""
    *known, missing = effect
    if isinstance(term, LevelsTerm):
        bins = bin_of(edges, np.arange(len(term.levels)))
        levels = {level: value + known[b] for b, (level, value) in zip(bins, term.levels.items(), strict=True)}
        return replace(term, levels=levels, missing=term.missing + missing)
    starts = np.array([-np.inf, *term.cut_points])
    values = term.step_values + np.array(known)[bin_of(edges, starts)]
    return replace(_with_steps(term, term.cut_points, values), missing=term.missing + float(missing))


def _merge_levels(term: LevelsTerm, training: TrainingCounts, *, ordered: bool) -> LevelsTerm:
    """Return a term of levels in which those of few children share a value with others."""
    if not term.levels:
        return term
    member, values, missing = _level_groups(term, training, ordered=ordered), term.step_values, term.missing
    n = training.bins(term, term.cut_points)[:-1]
    for g in range(int(member.max(initial=-1)) + 1):
        values[member == g] = pooled(values[member == g], n[member == g])
    values[member < 0] = missing
    alone = [g >= 0 and int((member == g).sum()) == 1 for g in member]
    counts = [int(count) if own else None for count, own in zip(n, alone, strict=True)]
    levels = dict(zip(term.levels, values.tolist(), strict=True))
    return replace(term, levels=levels, missing=missing, standard_error=None, counts=tuple(counts))


def _level_groups(term: LevelsTerm, training: TrainingCounts, *, ordered: bool) -> np.ndarray:
    """Return the group that each level is merged into; -1 for one without a value of its own.

    A level of no child is as the one before it, or where levels have no order as a missing one; so is every level when
    there are fewer than ten children in all.
    """
    counts = training.bins(term, term.cut_points)[: len(term.levels)].tolist()
    groups = merged_levels(dict(zip(term.levels, counts, strict=True)), ordered=ordered)
    group_of = {level: g for g, group in enumerate(groups) for level in group}
    member = np.array([group_of.get(level, -1) for level in term.levels], dtype=np.intp)
    return np.maximum.accumulate(np.maximum(member, 0)) if ordered and groups else member


def _withhold_few_missing(term: Term, training: TrainingCounts) -> Term:
    """Return a term whose missing values, where fewer than ten, score about as the known ones on average.

    They take what a step, or on a line a value, of ten children or more has, the one nearest to that average: the few
    then count with those children in the term's mean. With a value of their own, who knows all values could tell how
    many they are: 20 / 50 of two steps, say, is the mean of no 54 children.
    """
    counted = training.feature(term)
    if not (0 < counted.n_missing < MINIMUM_CHILDREN and counted.n_known):
        return term
    average = training.mean_known(term)
    if not isinstance(term, LevelsTerm) and term.slope != 0.0:
        x = counted.encoded
        values, counts = np.unique(x[~np.isnan(x)], return_counts=True)
        if (counts < MINIMUM_CHILDREN).all():  # nobody can list such values, and add them up
            return replace(term, missing=average)
        steps = term.evaluate(values)
    else:
        counts, steps = training.bins(term, term.cut_points)[:-1], term.step_values
    large = steps[counts >= MINIMUM_CHILDREN] if (counts >= MINIMUM_CHILDREN).any() else steps[counts > 0]
    return replace(term, missing=float(large[np.abs(large - average).argmin()]))


def _make_monotone(term: Term, interactions: Sequence[InteractionTerm], sign: int) -> Term:
    """Return the term with each step, and missing, raised just so far that the whole score keeps the constraint."""
    axis = MonotonicAxis(term, interactions, sign)
    if sign == 0:
        return term
    if sign * axis.slope < 0:
        raise TablesError("The slope is against the monotonic constraint.", column=term.feature)
    if np.any(axis.rises < 0):
        steps = np.maximum(axis.own_rises, np.where(axis.interaction_rises < 0, _ROOM - axis.interaction_rises, 0.0))
        values = sign * np.concatenate([[0.0], np.cumsum(steps)])
        values += np.mean(axis.values - values)
        if isinstance(term, LevelsTerm):
            term = replace(term, levels=dict(zip(term.levels, values.tolist(), strict=True)), standard_error=None)
        else:
            term = _with_steps(term, axis.edges, values)
        axis = MonotonicAxis(term, interactions, sign)
    if axis.missing_shortfall > 0:
        term = replace(term, missing=term.missing + axis.missing_shortfall + _ROOM)
    return term


def _with_steps(term: LinearTerm | ShapeTerm, edges: tuple[float, ...], values: np.ndarray) -> ShapeTerm:
    """Return a term with other steps beside its line; counts and standard errors of the old are left out."""
    own = {name: getattr(term, name) for name in LinearTerm.__dataclass_fields__}
    return ShapeTerm(**{**own, "n": None}, edges=edges, values=tuple(values.tolist()))


def _with_counts(term: Term, training: TrainingCounts) -> Term:
    """Return a term with the mean and the counts of the training children."""
    counted = training.feature(term)
    n, n_missing_shown = published_counts(counted.n_known, counted.n_missing)
    mean = training.mean(term)
    if isinstance(term, ShapeTerm):
        counts = training.bins(term, term.edges)[:-1]
        hidden = n is None or is_few(counts).any()
        return replace(term, mean=mean, n=None if hidden else tuple(counts.tolist()), n_missing=n_missing_shown)
    if isinstance(term, LevelsTerm) and n is None:  # by subtraction, the counts of levels would give it away
        term = replace(term, counts=None)
    return replace(term, mean=mean, n=n, n_missing=n_missing_shown)
