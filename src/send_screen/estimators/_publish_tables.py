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

_SLACK = 1e-12  # added to the smallest step that keeps a constraint, so that rounding cannot break it


def publish_tables(
    tables: Sequence[RiskTables], X: pd.DataFrame, *, monotonic_cst: Mapping[str, int] | None = None
) -> list[RiskTables]:
    """Return models of the same training children under disclosure control: no bin or cell of 1 to 9 children.

    - A bin of fewer than ten training children is merged with the neighbour whose value is nearer, a level with others
      (:func:`~send_screen.tables.merged_levels`). A linear part is clipped where ten children are at or beyond its end.
    - Every cut point becomes the shortest decimal that divides the training children in the same way.
    - An interaction has only cut points of its features' terms. Whole rows and columns are merged until each cell has
      no child or at least ten. A row or column of missing values with too few is 0. Main effects that arise from
      merging move into the terms (:func:`purify`).
    - Counts are those of the training children. Where one is suppressed, so are those from which it could be derived.
    - Monotonic constraints are restored, and the mean score of the training children is kept.

    Parameters
    ----------
    tables : sequence of RiskTables
        As fitted; their counts and means are computed anew.
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
    return [_publish(model, training, monotonic_cst or {}) for model in tables]


def _publish(tables: RiskTables, training: TrainingCounts, monotonic_cst: Mapping[str, int]) -> RiskTables:
    """Return one model under disclosure control; see :func:`publish_tables`."""
    checked_columns(tables.features, training.X)
    fitted = {term.feature: term for term in tables.terms}
    mean = tables.intercept + sum(map(training.mean, tables.terms))
    mean += sum(training.mean_interaction(interaction, fitted) for interaction in tables.interactions)
    terms: dict[str, Term] = {}
    cuts: dict[str, tuple[float, ...]] = {}  # the cut points that an interaction may have
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
        merged, effects = publish_interaction(interaction, cuts, fitted, training)
        for feature, edges, effect in effects:
            terms[feature] = _add_effect(terms[feature], edges, effect)
        if any(value for row in merged.values for value in row):
            interactions.append(merged)
    for feature, term in terms.items():
        sign = monotonic_cst.get(feature, 0)
        term = _hide_few_missing(term, training)
        if isinstance(term, LevelsTerm):
            term = _merge_levels(term, training, ordered=bool(sign))
        term = _hide_few_missing(_make_monotone(term, interactions, sign), training)
        terms[feature] = _with_counts(_make_monotone(term, interactions, sign), training)
    if violations := monotonicity_violations(list(terms.values()), interactions, monotonic_cst):
        raise TablesError("A monotonic constraint does not hold after merging.", column=next(iter(violations)))
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
    """Return a term of numbers, cut where it or its interactions are, and merged to ten children per bin."""
    counted = training.feature(term)
    low, high = counted.range or (0.0, 0.0)
    low, high = max(low, term.low), min(high, term.high)
    if low > high:  # the linear part lies wholly beyond the published range
        low = high = min(max(low, term.low), term.high)
    slope = term.slope if counted.n_known >= 2 * MINIMUM_CHILDREN else 0.0
    if fine := all_edges(term, interactions):
        values = term.step_values[bin_of(term.cut_points, np.array([-np.inf, *fine]))]
        counts = training.bins(term, fine)[:-1]
        merged_into = merged_bin_of(counts, values)
        cuts = tuple(training.shortest_cut_point(term, edge) for edge in compress(fine, np.diff(merged_into)))
        term = _with_steps(term, cuts, pool_groups(values, counts, merged_into))
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
    """Return a term of levels in which levels of fewer than ten children share a value with others."""
    if not term.levels:
        return term
    merged_into, values, missing = _level_groups(term, training, ordered=ordered), term.step_values, term.missing
    n = training.bins(term, term.cut_points)[:-1]
    for g in range(int(merged_into.max(initial=-1)) + 1):
        values[merged_into == g] = pooled(values[merged_into == g], n[merged_into == g])
    values[merged_into < 0] = missing
    alone = [g >= 0 and int((merged_into == g).sum()) == 1 for g in merged_into]
    counts = [int(count) if is_alone else None for count, is_alone in zip(n, alone, strict=True)]
    levels = dict(zip(term.levels, values.tolist(), strict=True))
    return replace(term, levels=levels, missing=missing, standard_error=None, counts=tuple(counts))


def _level_groups(term: LevelsTerm, training: TrainingCounts, *, ordered: bool) -> np.ndarray:
    """Return the merged group of each level; -1 for a level that scores as a missing value.

    A level without children joins the level before it or, where levels have no order, scores as missing. With fewer
    than ten children in all, every level scores as missing.
    """
    counts = training.bins(term, term.cut_points)[: len(term.levels)].tolist()
    groups = merged_levels(dict(zip(term.levels, counts, strict=True)), ordered=ordered)
    group_of = {level: g for g, group in enumerate(groups) for level in group}
    merged_into = np.array([group_of.get(level, -1) for level in term.levels], dtype=np.intp)
    return np.maximum.accumulate(np.maximum(merged_into, 0)) if ordered and groups else merged_into


def _hide_few_missing(term: Term, training: TrainingCounts) -> Term:
    """Return a term whose missing values, where fewer than ten, score about as the known ones on average.

    They take the value of a step (or on a line, of a value) that ten or more children have, the one nearest to that
    average, and so are indistinguishable from those children in the term's mean. With another value, their number could
    be derived from the mean by whoever knows all values.
    """
    counted = training.feature(term)
    if not (0 < counted.n_missing < MINIMUM_CHILDREN and counted.n_known):
        return term
    average = training.mean_known(term)
    if not isinstance(term, LevelsTerm) and term.slope != 0.0:
        x = counted.encoded
        values, counts = np.unique(x[~np.isnan(x)], return_counts=True)
        if (counts < MINIMUM_CHILDREN).all():  # an intruder cannot know all these values
            return replace(term, missing=average)
        steps = term.evaluate(values)
    else:
        counts, steps = training.bins(term, term.cut_points)[:-1], term.step_values
    large = steps[counts >= MINIMUM_CHILDREN] if (counts >= MINIMUM_CHILDREN).any() else steps[counts > 0]
    return replace(term, missing=float(large[np.abs(large - average).argmin()]))


def _make_monotone(term: Term, interactions: Sequence[InteractionTerm], sign: int) -> Term:
    """Return the term with steps and missing value raised as little as the score's monotonic constraint needs."""
    axis = MonotonicAxis(term, interactions, sign)
    if sign == 0:
        return term
    if sign * axis.slope < 0:
        raise TablesError("The slope is against the monotonic constraint.", column=term.feature)
    if np.any(axis.rises < 0):
        steps = np.maximum(axis.own_rises, np.where(axis.interaction_rises < 0, _SLACK - axis.interaction_rises, 0.0))
        values = sign * np.concatenate([[0.0], np.cumsum(steps)])
        values += np.mean(axis.values - values)
        if isinstance(term, LevelsTerm):
            term = replace(term, levels=dict(zip(term.levels, values.tolist(), strict=True)), standard_error=None)
        else:
            term = _with_steps(term, axis.edges, values)
        axis = MonotonicAxis(term, interactions, sign)
    if axis.missing_shortfall > 0:
        term = replace(term, missing=term.missing + axis.missing_shortfall + _SLACK)
    return term


def _with_steps(term: LinearTerm | ShapeTerm, edges: tuple[float, ...], values: np.ndarray) -> ShapeTerm:
    """Return a term with new steps and the same linear part, without counts and standard errors of the old steps."""
    fields = {name: getattr(term, name) for name in LinearTerm.__dataclass_fields__}
    return ShapeTerm(**{**fields, "n": None}, edges=edges, values=tuple(values.tolist()))


def _with_counts(term: Term, training: TrainingCounts) -> Term:
    """Return a term with the mean and the counts of the training children."""
    counted = training.feature(term)
    n, n_missing_shown = published_counts(counted.n_known, counted.n_missing)
    mean = training.mean(term)
    if isinstance(term, ShapeTerm):
        counts = training.bins(term, term.edges)[:-1]
        hidden = n is None or is_few(counts).any()
        return replace(term, mean=mean, n=None if hidden else tuple(counts.tolist()), n_missing=n_missing_shown)
    if isinstance(term, LevelsTerm) and n is None:  # it could be derived from the counts of levels
        term = replace(term, counts=None)
    return replace(term, mean=mean, n=n, n_missing=n_missing_shown)
