"""The scorecard: the model as rounded points to add up by hand, with a synthetic child as example."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from send_screen.published._axis_labels import AxisLabels
from send_screen.published._model import (
    Example,
    ExampleReason,
    Scorecard,
    ScorecardExample,
    ScorecardFeature,
    ScorecardGrid,
    ScorecardRow,
    ScorecardTotal,
)
from send_screen.published._plot_data import bin_labels, merged_grid, runs
from send_screen.tables import InteractionTerm, LevelsTerm, LinearTerm, RiskTables, ShapeTerm, Term, bin_of, percent
from send_screen.tables._display import NOT_KNOWN

_MAX_ERROR = 1.0  # log-odds; a card of one decimal whose sum can be further off has two
_HALF = 0.5  # step of the totals, in points
_LOWEST_PERCENT, _HIGHEST_PERCENT = 1, 90  # the totals between which halves make a difference
_LOW_EVERY = 3  # one in so many of the synthetic child's values is from the low end


def synthetic_child(axes: Mapping[str, AxisLabels], tables: RiskTables) -> pd.DataFrame:
    """Return one row of synthetic values, made from the published ranges alone.

    Every third feature has a low value, the others a high one; the feature that is most often missing is missing.
    """
    values: dict[str, list[float | str | None]] = {}
    for j, term in enumerate(tables.terms):
        values[term.feature] = [_example_value(axes[term.feature], term, low=j % _LOW_EVERY == 0)]
    most = max(tables.terms, key=lambda term: term.n_missing or 0, default=None)
    if most is not None and most.n_missing:
        values[most.feature] = [None if isinstance(most, LevelsTerm) else math.nan]
    return pd.DataFrame(values)


def _example_value(axis: AxisLabels, term: Term, *, low: bool) -> float | str | None:
    if isinstance(term, LevelsTerm):
        levels: list[str | None] = [*axis.levels] or [None]
        return levels[0 if low else -1]
    if axis.codes:
        return (axis.values or axis.codes)[0 if low else -1]
    value = term.low + (term.high - term.low) * (0.25 if low else 0.75)
    return float(round(value)) if axis.values else float(f"{value:.2g}")


def example(axes: Mapping[str, AxisLabels], tables: RiskTables, child: pd.DataFrame) -> Example:
    """Return the exact contributions of the synthetic child, with labels."""
    score = float(tables.score(child)[0])
    contributions = tables.contributions(child)[0].tolist()
    reasons = [
        ExampleReason(feature=name, label=axes[name].label, value=value, contribution=contribution)
        for name, value, contribution in zip(tables.features, _value_labels(axes, child), contributions, strict=True)
    ]
    return Example(base_value=tables.base_value, score=score, percent=percent(score), reasons=tuple(reasons))


def _value_labels(axes: Mapping[str, AxisLabels], child: pd.DataFrame) -> list[str]:
    values = {str(name): column.iloc[0] for name, column in child.items()}
    return [NOT_KNOWN if pd.isna(value) else axes[name].describe(value) for name, value in values.items()]


def scorecard(axes: Mapping[str, AxisLabels], tables: RiskTables, child: pd.DataFrame) -> Scorecard:
    """Return the points of every value with its label, what totals mean, and the synthetic child's sum."""
    values = {name: axis.values for name, axis in axes.items()}
    digits = 1
    points, largest_error = to_points(tables, digits, values)
    if largest_error > _MAX_ERROR:
        digits = 2
        points, largest_error = to_points(tables, digits, values)
    coordinates = {term.feature: term.coordinates(child[term.feature]) for term in points.terms}
    looked_up = [term.at(coordinates[term.feature]) for term in points.terms]
    looked_up += [pair.at(*(coordinates[feature] for feature in pair.features)) for pair in points.interactions]
    return Scorecard(
        digits=digits,
        start=points.intercept,
        features=tuple(_feature(axes[term.feature], term) for term in points.terms),
        interactions=tuple(_grid(axes, interaction) for interaction in points.interactions),
        largest_error=largest_error,
        percent=_totals(),
        example=ScorecardExample(
            values=tuple(_value_labels(axes, child)),
            points=tuple(float(found[0]) for found in looked_up),
            total=_rounded(float(points.score(child)[0]), digits),
            exact=float(tables.score(child)[0]),
        ),
    )


def _feature(axis: AxisLabels, term: Term) -> ScorecardFeature:
    """Return the points of a feature; neighbouring values of the same points share a row."""
    groups = [] if isinstance(term, LevelsTerm) and not term.levels else runs(term.step_values)
    rows = [
        ScorecardRow(label=label, points=float(term.step_values[group[0]]))
        for label, group in zip(bin_labels(axis, term.cut_points, groups), groups, strict=True)
    ]
    return ScorecardFeature(feature=term.feature, label=axis.label, rows=tuple(rows), missing=term.missing)


def _grid(axes: Mapping[str, AxisLabels], interaction: InteractionTerm) -> ScorecardGrid:
    grid = merged_grid(axes, interaction)
    points = tuple(
        tuple(grid.interaction.values[row[0]][column[0]] for column in grid.column_bins) for row in grid.row_bins
    )
    return ScorecardGrid(labels=grid.labels, rows=grid.rows, columns=grid.columns, points=points)


def _totals() -> tuple[ScorecardTotal, ...]:
    """Return how many of 100 children with a total later had the outcome, by halves of a point."""
    low, high = (math.log(share / (100 - share)) for share in (_LOWEST_PERCENT, _HIGHEST_PERCENT))
    halves = range(math.ceil(low / _HALF), math.ceil(high / _HALF) + 1)
    return tuple(ScorecardTotal(points=half * _HALF, percent=percent(half * _HALF)) for half in halves)


def to_points(
    tables: RiskTables, digits: int, values: Mapping[str, Sequence[float]] | None = None
) -> tuple[RiskTables, float]:
    """Return the tables rounded to points of some digits, and the furthest that their sum can be from the exact score.

    Points are log-odds less the average over the training children, so that 0 is the average child. A line is cut at
    round numbers into steps within which it changes by at most one unit of the last decimal; each has the points of its
    middle. Where the only values that a feature can have are given, ascending, its steps begin at them.
    """
    values = values or {}
    start = _rounded(tables.base_value, digits)
    terms = [_round_term(term, digits, values.get(term.feature, ())) for term in tables.terms]
    pairs = [_round_interaction(interaction, digits) for interaction in tables.interactions]
    points = RiskTables(
        intercept=start,
        terms=tuple(term for term, _ in terms),
        n_background=tables.n_background,
        name=tables.name,
        interactions=tuple(interaction for interaction, _ in pairs),
    )
    return points, abs(start - tables.base_value) + sum([error for _, error in (*terms, *pairs)])


def _round_term(term: Term, digits: int, values: Sequence[float]) -> tuple[Term, float]:
    """Return a term as rounded points, and the furthest that one is from the exact log-odds."""
    cuts: Sequence[float] = ()
    if isinstance(term, LevelsTerm):
        begins = ends = np.array(list(term.levels.values())) - term.mean
    elif values:
        cuts = values[1:]
        begins = ends = term.at(np.array(values)) - term.mean
    else:
        cuts = sorted({*term.cut_points, *_round_cuts(term, digits)})
        line = term.slope * np.clip([-math.inf, *cuts, math.inf], term.low, term.high)
        steps = term.step_values[bin_of(term.cut_points, np.array([-math.inf, *cuts]))] - term.mean
        begins, ends = line[:-1] + steps, line[1:] + steps
    points = [_rounded(middle, digits) for middle in ((begins + ends) / 2).tolist()]
    missing = _rounded(term.missing - term.mean, digits)
    errors = np.abs([*(points - begins), *(points - ends), missing - (term.missing - term.mean)])
    if isinstance(term, LevelsTerm):
        levels = dict(zip(term.levels, points, strict=True))
        rounded: Term = replace(term, levels=levels, missing=missing, mean=0.0, standard_error=None)
    else:
        rounded = ShapeTerm(
            feature=term.feature,
            slope=0.0,
            low=term.low,
            high=term.high,
            edges=tuple(cuts),
            values=tuple(points),
            missing=missing,
            mean=0.0,
            n=None,
            n_missing=None,
        )
    return rounded, float(errors.max())


def _round_interaction(interaction: InteractionTerm, digits: int) -> tuple[InteractionTerm, float]:
    exact = np.array(interaction.values) - interaction.mean
    points = tuple(tuple(_rounded(value, digits) for value in row) for row in exact.tolist())
    rounded = replace(interaction, values=points, mean=0.0, n=None, standard_error=None)
    return rounded, float(np.abs(np.array(points) - exact).max())


def _rounded(value: float, digits: int) -> float:
    return round(value, digits) + 0.0  # no negative zero for people


def _round_cuts(term: LinearTerm | ShapeTerm, digits: int) -> list[float]:
    """Return the round numbers within the line's range at which to cut it: multiples of 1, 2 or 5 times a power."""
    if abs(term.slope) * (term.high - term.low) <= 10.0**-digits:
        return []
    widest = 10.0**-digits / abs(term.slope)
    power = math.floor(math.log10(widest))
    factor = max(factor for factor in (1, 2, 5) if factor * 10.0**power <= widest * (1 + 1e-9) or factor == 1)
    first = math.ceil(term.low / (factor * 10.0**power))
    last = math.floor(term.high / (factor * 10.0**power))
    cuts = (round(i * factor * 10.0**power, max(0, -power)) for i in range(first, last + 1))
    return [cut for cut in cuts if term.low < cut < term.high]
