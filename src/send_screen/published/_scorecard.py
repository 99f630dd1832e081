"""The scorecard: the model as rounded points to add up by hand, with a synthetic child as example.

The model's terms are in :class:`RiskTables`, in log-odds. ``axes`` are the labels of each feature and of its values
(:class:`AxisLabels`). A *line* of the card is a row of a feature, or a cell of an interaction; a *part* is a term or an
interaction. Rounding is a trade-off: the fewer lines, the larger the error of a total.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

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

_MAX_ERROR = 0.3  # log-odds: largest error of a total, unless the card would be longer than _MAX_LINES
_SHORT_LINES, _MAX_LINES = 100, 250  # rows of features and cells of interactions
_MAX_STEPS = 1_000  # into which the linear part of a term is cut
#: Tolerances in log-odds: neighbouring values within one share their points.
_TOLERANCES = (0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
#: Lagrange multipliers: how many lines a card may be longer for an error that is smaller by one log-odds.
_LAGRANGE_MULTIPLIERS = tuple(1.2**i for i in range(75))
_TOTALS_STEP = 0.5  # log-odds between the totals of the card
#: Fractions, down to a half, of the largest scale factor of log-odds that can keep within ``max_points``.
_SCALE_FRACTIONS = tuple(0.96**i for i in range(18))
_LOWEST_PERCENT, _HIGHEST_PERCENT = 1, 90  # range of the totals
_LOW_EVERY = 3  # every third feature of the synthetic child has a low value


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


def scorecard(
    axes: Mapping[str, AxisLabels], tables: RiskTables, child: pd.DataFrame, max_points: int | None = None
) -> Scorecard:
    """Return the points of every value with its label, what totals mean, and the synthetic child's sum.

    Points are log-odds with decimals, or whole numbers of which no line has more than ``max_points``.
    """
    values = {name: axis.values for name, axis in axes.items()}
    digits, log_odds_per_point = 1, 1.0
    if max_points is not None:
        digits = 0
        points, largest_error, largest_left_out, log_odds_per_point = to_whole_points(tables, max_points, values)
    else:
        points, largest_error, largest_left_out = to_points(tables, digits, values)
        if largest_error > _MAX_ERROR:
            digits = 2
            points, largest_error, largest_left_out = to_points(tables, digits, values)
    terms = sorted(points.terms, key=_point_range, reverse=True)
    interactions = sorted(points.interactions, key=lambda pair: float(np.ptp(pair.values)), reverse=True)
    encoded = {term.feature: term.encode(child[term.feature]) for term in terms}
    looked_up_points = [term.evaluate(encoded[term.feature]) for term in terms]
    looked_up_points += [pair.evaluate(*(encoded[feature] for feature in pair.features)) for pair in interactions]
    return Scorecard(
        digits=digits,
        log_odds_per_point=log_odds_per_point,
        start=points.intercept,
        features=tuple(_feature(axes[term.feature], term) for term in terms),
        interactions=tuple(_grid(axes, interaction) for interaction in interactions),
        largest_error=largest_error,
        largest_left_out=largest_left_out,
        percent=_totals(log_odds_per_point),
        example=ScorecardExample(
            values=tuple(_value_labels(axes, child[[term.feature for term in terms]])),
            points=tuple(float(found[0]) for found in looked_up_points),
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


def _totals(log_odds_per_point: float) -> tuple[ScorecardTotal, ...]:
    """Return how many of 100 children with each total later had the outcome, about every half log-odds."""
    low, high = (math.log(share / (100 - share)) for share in (_LOWEST_PERCENT, _HIGHEST_PERCENT))
    step = _TOTALS_STEP if log_odds_per_point == 1.0 else float(max(1, round(_TOTALS_STEP / log_odds_per_point)))
    each = step * log_odds_per_point
    steps = range(math.ceil(low / each), math.ceil(high / each) + 1)
    return tuple(ScorecardTotal(points=i * step, percent=percent(i * each)) for i in steps)


def score_by_points(tables: RiskTables, X: pd.DataFrame, max_points: int, axes: Mapping[str, AxisLabels]) -> np.ndarray:
    """Return the sums that a card of whole points gives, in log-odds, shape (n,)."""
    values = {name: axis.values for name, axis in axes.items()}
    points, *_, log_odds_per_point = to_whole_points(tables, max_points, values)
    return points.score(X) * log_odds_per_point


def to_whole_points(
    tables: RiskTables, max_points: int, values: Mapping[str, Sequence[float]] | None = None
) -> tuple[RiskTables, float, float, float]:
    """Return the tables as whole points, the largest errors of a total and of a part left out, and log-odds per point.

    The errors are in log-odds. No line has more than ``max_points``, up or down. Log-odds are multiplied before they
    are rounded. As in [Liu2022]_, several factors are tried, and the one with the smallest largest error is taken;
    [Ustun2019]_, section 3.2, scales by the largest coefficient alone.

    References
    ----------
    .. [Liu2022] Liu, Zhong, Li, Seltzer and Rudin (2022), FasterRisk: fast and accurate interpretable risk scores,
       NeurIPS 35.
    .. [Ustun2019] Ustun and Rudin (2019), Learning optimized risk scores, JMLR 20(150).
    """
    exact, *_ = to_points(tables, 2, values)
    largest = max(float(np.abs([*term.step_values, term.missing]).max()) for term in exact.terms)
    largest = max([largest, *(float(np.abs(pair.values).max()) for pair in exact.interactions)]) or 1.0
    found = []
    for factor in (max_points / largest * fraction for fraction in _SCALE_FRACTIONS):
        points, error, left_out = to_points(_scaled(tables, factor), 0, values)
        lines = [number for term in points.terms for number in (*term.step_values, term.missing)]
        lines += [number for pair in points.interactions for row in pair.values for number in row]
        if np.abs(lines).max() <= max_points:
            found.append((points, error / factor, left_out / factor, 1.0 / factor))
    return min(found, key=lambda card: card[1])


def _scaled(tables: RiskTables, factor: float) -> RiskTables:
    """Return the tables with all log-odds multiplied."""
    return replace(
        tables,
        intercept=tables.intercept * factor,
        terms=tuple(_scaled_term(term, factor) for term in tables.terms),
        interactions=tuple(
            replace(
                pair,
                values=tuple(tuple(value * factor for value in row) for row in pair.values),
                mean=pair.mean * factor,
                standard_error=None,
            )
            for pair in tables.interactions
        ),
    )


def _scaled_term(term: Term, factor: float) -> Term:
    term = replace(term, missing=term.missing * factor, mean=term.mean * factor)
    if isinstance(term, LevelsTerm):
        levels = {level: value * factor for level, value in term.levels.items()}
        return replace(term, levels=levels, standard_error=None)
    term = replace(term, slope=term.slope * factor)
    if isinstance(term, LinearTerm):
        return term
    return replace(term, values=tuple(value * factor for value in term.values), standard_error=None)


class _Rounded(NamedTuple):
    """A term or an interaction as points: how many lines of a card it takes, and its largest error."""

    part: Term | InteractionTerm
    lines: int
    error: float


def _minimise_lagrangian(roundings: Sequence[Sequence[_Rounded]], multiplier: float) -> list[_Rounded]:
    """Return for each part the rounding with the smallest lines + multiplier x error."""
    return [min(each, key=lambda part: part.lines + multiplier * part.error) for each in roundings]


def _choose_roundings(tables: RiskTables, digits: int, values: Mapping[str, Sequence[float]]) -> list[_Rounded]:
    """Return the rounded parts of the card.

    Of the cards with at most ``_SHORT_LINES`` it is the one with the smallest error, if that is at most ``_MAX_ERROR``.
    Otherwise it is the shortest card with such an error. If that has more than ``_MAX_LINES``, it is the card with the
    smallest error among those that do not. For each multiplier, no card with as small an error has fewer lines
    (Everett, *Generalized Lagrange multiplier method*, Operations Research 11, 1963).
    """
    roundings = [
        [_round_term(term, digits, values.get(term.feature, ()), t) for t in _TOLERANCES] for term in tables.terms
    ]
    roundings += [[_round_interaction(pair, digits, t) for t in _TOLERANCES] for pair in tables.interactions]
    cards = [_minimise_lagrangian(roundings, multiplier) for multiplier in _LAGRANGE_MULTIPLIERS]
    lines = [sum(part.lines for part in card) for card in cards]
    errors = [sum(part.error for part in card) for card in cards]
    # cards get longer, and their errors smaller, with the multiplier
    short = [i for i, n in enumerate(lines) if n <= _SHORT_LINES]
    accurate = [i for i, error in enumerate(errors) if error <= _MAX_ERROR]
    within_limit = [i for i, n in enumerate(lines) if n <= _MAX_LINES] or [0]
    if short and short[-1] in accurate:
        return cards[short[-1]]
    return cards[accurate[0] if accurate and lines[accurate[0]] <= _MAX_LINES else within_limit[-1]]


def _point_range(term: Term) -> float:
    """Return how far apart the points of a feature can be."""
    return float(np.ptp([*term.step_values, term.missing]))


def to_points(
    tables: RiskTables, digits: int, values: Mapping[str, Sequence[float]] | None = None
) -> tuple[RiskTables, float, float]:
    """Return the tables rounded to ``digits`` decimals, and the largest errors of a total and of a part left out.

    Points are log-odds less the average over the training children, so that 0 is the average child. A term with a
    linear part is cut at round numbers into steps, each with the points of its middle. Where ``values`` has all values
    of a feature, ascending, the steps begin at them. Neighbours within a tolerance share their points, and a part that
    is within it of 0 everywhere is left out. The tolerance of each part is chosen so that card and error are small.
    """
    parts = _choose_roundings(tables, digits, values or {})
    start = _rounded(tables.base_value, digits)
    points = RiskTables(
        intercept=start,
        terms=tuple(each.part for each in parts if not isinstance(each.part, InteractionTerm)),
        n_training=tables.n_training,
        name=tables.name,
        interactions=tuple(each.part for each in parts if isinstance(each.part, InteractionTerm)),
    )
    error = abs(start - tables.base_value) + sum(part.error for part in parts)
    return points, error, max((part.error for part in parts if not part.lines), default=0.0)


def _round_term(term: Term, digits: int, values: Sequence[float], tolerance: float) -> _Rounded:
    """Return a term as rounded points."""
    cuts: Sequence[float] = ()
    if isinstance(term, LevelsTerm):
        begins = ends = np.array(list(term.levels.values())) - term.mean
    elif values:
        cuts = values[1:]
        begins = ends = term.evaluate(np.array(values)) - term.mean
    else:
        cuts = sorted({*term.cut_points, *_round_cuts(term, max(10.0**-digits, 2.0 * tolerance))})
        linear = term.slope * np.clip([-math.inf, *cuts, math.inf], term.low, term.high)
        steps = term.step_values[bin_of(term.cut_points, np.array([-math.inf, *cuts]))] - term.mean
        begins, ends = linear[:-1] + steps, linear[1:] + steps
    missing = _rounded(term.missing - term.mean, digits)
    if np.abs([term.missing - term.mean, *begins, *ends]).max() <= tolerance:
        points, missing = [0.0] * len(begins), 0.0
    elif isinstance(term, LevelsTerm):
        points = [_rounded(value, digits) for value in begins.tolist()]
    else:
        points = _merged(np.minimum(begins, ends), np.maximum(begins, ends), digits, tolerance)
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
    lines = len(runs(rounded.step_values)) + 1 if _point_range(rounded) else 0
    return _Rounded(rounded, lines, float(errors.max()))


def _merged(lows: np.ndarray, highs: np.ndarray, digits: int, tolerance: float) -> list[float]:
    """Return the points of steps from ``lows`` to ``highs``; neighbours within the tolerance share their midpoint."""
    points: list[float] = []
    for group in _near_runs(lows[:, None], highs[:, None], tolerance):
        points += [_rounded((lows[group].min() + highs[group].max()) / 2, digits)] * len(group)
    return points


def _near_runs(lows: np.ndarray, highs: np.ndarray, tolerance: float) -> list[list[int]]:
    """Return the positions of rows in groups of neighbours that span at most twice the tolerance in every column."""
    groups: list[list[int]] = []
    low = high = np.zeros(0)
    for i in range(len(lows)):
        if groups and (np.maximum(high, highs[i]) - np.minimum(low, lows[i])).max() <= 2.0 * tolerance:
            low, high = np.minimum(low, lows[i]), np.maximum(high, highs[i])
            groups[-1].append(i)
        else:
            low, high = lows[i], highs[i]
            groups.append([i])
    return groups


def _round_interaction(interaction: InteractionTerm, digits: int, tolerance: float) -> _Rounded:
    """Return an interaction as rounded points that neighbours within the tolerance share.

    The last row and column are for missing values.
    """
    exact = np.array(interaction.values) - interaction.mean
    points = np.zeros_like(exact)
    if np.abs(exact).max() > tolerance:
        last = [[len(exact) - 1]], [[exact.shape[1] - 1]]
        rows = _near_runs(exact[:-1], exact[:-1], tolerance) + last[0]
        lows, highs = (np.array([bound(exact[row], axis=0) for row in rows]).T for bound in (np.min, np.max))
        for column in _near_runs(lows[:-1], highs[:-1], tolerance) + last[1]:
            for row in rows:
                block = np.ix_(row, column)
                points[block] = _rounded((exact[block].min() + exact[block].max()) / 2, digits)
    values = tuple(map(tuple, points.tolist()))
    rounded = replace(interaction, values=values, mean=0.0, n=None, standard_error=None)
    lines = len(runs(points[:-1])) * len(runs(points.T[:-1])) if np.any(points) else 0
    return _Rounded(rounded, lines, float(np.abs(points - exact).max()))


def _rounded(value: float, digits: int) -> float:
    return round(value, digits) + 0.0  # turns -0.0 into 0.0


def _round_cuts(term: LinearTerm | ShapeTerm, step: float) -> list[float]:
    """Return the round numbers within a term's range at which to cut it: multiples of 1, 2 or 5 times a power of 10.

    Between two of them its linear part changes by at most ``step``, unless that would make more than ``_MAX_STEPS``.
    """
    change = abs(term.slope) * (term.high - term.low)
    step = max(step, change / _MAX_STEPS)
    if change <= step:
        return []
    widest = step / abs(term.slope)
    power = math.floor(math.log10(widest))
    factor = max(factor for factor in (1, 2, 5) if factor * 10.0**power <= widest * (1 + 1e-9) or factor == 1)
    first = math.ceil(term.low / (factor * 10.0**power))
    last = math.floor(term.high / (factor * 10.0**power))
    cuts = (round(i * factor * 10.0**power, max(0, -power)) for i in range(first, last + 1))
    return [cut for cut in cuts if term.low < cut < term.high]
