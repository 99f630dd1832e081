"""A scorecard: rounded points of every feature, to look up and add up by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from send_screen.tables._tables import RiskTables
from send_screen.tables._terms import LevelsTerm, LinearTerm, ShapeTerm, Term, bin_of


def percent(score: float) -> int:
    """Return the probability that a score stands for, as a whole percentage.

    Parameters
    ----------
    score : float
        In log-odds.

    Returns
    -------
    int
        0 to 100.

    Examples
    --------
    >>> percent(0.0)
    50
    """
    odds = math.exp(-abs(score))
    return round(100 * (odds if score < 0 else 1.0) / (1.0 + odds))


@dataclass(frozen=True)
class CardRow:
    """One line of a feature: its points for values from ``lower`` to below ``upper``, or for ``levels``.

    Attributes
    ----------
    lower, upper : float or None
        None at the open ends, and for levels.
    levels : tuple of str
        Empty for numbers; levels that follow each other and have the same points share a line.
    points : float
        Log-odds above or below the average training child, rounded.
    exact : tuple of two float
        The least and most that it is before rounding: a line's slope runs on within a row.
    n : int or None
        Training children, where the tables tell.
    """

    lower: float | None
    upper: float | None
    levels: tuple[str, ...]
    points: float
    exact: tuple[float, float]
    n: int | None


@dataclass(frozen=True)
class CardFeature:
    """The lines of one feature, and the points of a value that is not known."""

    feature: str
    label: str
    unit: str
    rows: tuple[CardRow, ...]
    missing: float
    missing_exact: float

    @property
    def largest_error(self) -> float:
        """Furthest that rounding is from the exact value, in log-odds."""
        errors = [abs(row.points - exact) for row in self.rows for exact in row.exact]
        return max([*errors, abs(self.missing - self.missing_exact)])


@dataclass(frozen=True)
class CardInteraction:
    """The points of two features together: a row of ``points`` a bin of the first and one, the last, for missing.

    ``bounds`` are the ends of each axis's bins; on an axis of levels, ``levels`` names those of each bin.
    """

    features: tuple[str, str]
    labels: tuple[str, str]
    bounds: tuple[tuple[float, ...], tuple[float, ...]]
    levels: tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]
    points: tuple[tuple[float, ...], ...]
    largest_error: float


@dataclass(frozen=True)
class Scorecard:
    """A model as a card that is added up by hand.

    Attributes
    ----------
    name : str
    start : float
        Points to start from: the average training child's score, rounded.
    start_exact : float
    features : tuple of CardFeature
    interactions : tuple of CardInteraction
    digits : int
        Decimals of the points.
    """

    name: str
    start: float
    start_exact: float
    features: tuple[CardFeature, ...]
    interactions: tuple[CardInteraction, ...]
    digits: int

    @property
    def largest_error(self) -> float:
        """Furthest that a sum of rounded points can be from the exact score of any child, in log-odds."""
        errors = [feature.largest_error for feature in self.features]
        errors += [interaction.largest_error for interaction in self.interactions]
        return abs(self.start - self.start_exact) + sum(errors)

    def look_up(self, tables: RiskTables, X: pd.DataFrame) -> pd.DataFrame:
        """Return the points that a person would look up for each child.

        Parameters
        ----------
        tables : RiskTables
            Those that the card was made from.
        X : pandas.DataFrame, shape (n, p)
            As for :meth:`RiskTables.score`.

        Returns
        -------
        pandas.DataFrame, shape (n, features + interactions)
            A column a feature, under its name, and after them one an interaction, under both names.
        """
        found: dict[object, np.ndarray] = {}
        places = {term.feature: term.coordinates(X[term.feature]) for term in tables.terms}
        for feature in self.features:
            if feature.rows and feature.rows[0].levels:
                codes = [i for i, row in enumerate(feature.rows) for _ in row.levels]
                at = np.array([*codes, len(feature.rows)])[bin_of(range(1, len(codes)), places[feature.feature])]
            else:
                at = bin_of([row.lower for row in feature.rows[1:] if row.lower is not None], places[feature.feature])
            found[feature.feature] = np.array([*(row.points for row in feature.rows), feature.missing])[at]
        for interaction in self.interactions:
            bins = [
                bin_of(axis, places[name]) for axis, name in zip(interaction.bounds, interaction.features, strict=True)
            ]
            found[interaction.features] = np.array(interaction.points)[bins[0], bins[1]]
        looked_up = pd.DataFrame(list(found.values())).T.set_axis(X.index)
        return looked_up.set_axis(pd.Index(list(found), dtype=object), axis=1)

    def add_up(self, tables: RiskTables, X: pd.DataFrame) -> pd.DataFrame:
        """Return each child's points added up as a person would, and beside them the exact score of the tables.

        Parameters
        ----------
        tables, X
            As for :meth:`look_up`.

        Returns
        -------
        pandas.DataFrame, shape (n, 2)
            ``points`` and ``exact``, which differ by :attr:`largest_error` at most.
        """
        points = self.start + self.look_up(tables, X).sum(axis=1)
        return pd.DataFrame({"points": points.round(self.digits), "exact": tables.score(X)}, index=X.index)


def scorecard(tables: RiskTables, *, digits: int = 1, values: Mapping[str, Sequence[float]] | None = None) -> Scorecard:
    """Return the tables as a card of rounded points.

    Points are log-odds less the feature's average over the training children, so that 0 is the average child. A line is
    cut at round numbers into rows within which it changes by at most one unit of the last decimal; each has the points
    of its middle. Neighbouring rows of the same points are one.

    Parameters
    ----------
    tables : RiskTables
    digits : int
        Decimals of the points.
    values : mapping of str to sequence of float, optional
        The only values that a feature of numbers can have, ascending, where it is a code or a whole number: its rows
        begin at them, and their points are exact before rounding.

    Returns
    -------
    Scorecard

    Examples
    --------
    >>> from send_screen.tables import LinearTerm
    >>> absence = LinearTerm(
    ...     feature="absence", slope=0.02, low=0.0, high=15.0, missing=0.5, mean=0.13, n=90, n_missing=10, unit="days"
    ... )
    >>> card = scorecard(RiskTables(intercept=-2.0, terms=(absence,), n_background=100, name="an invented example"))
    >>> for row in card.features[0].rows:
    ...     print(row.lower, row.upper, row.points)
    None 5.0 -0.1
    5.0 10.0 0.0
    10.0 None 0.1
    """
    labels = {term.feature: term.label or term.feature for term in tables.terms}
    by_name = {term.feature: term for term in tables.terms}
    features = tuple(
        CardFeature(
            feature=term.feature,
            label=labels[term.feature],
            unit=term.unit,
            rows=_merged(_rows(term, digits, (values or {}).get(term.feature))),
            missing=_rounded(term.missing - term.mean, digits),
            missing_exact=term.missing - term.mean,
        )
        for term in tables.terms
    )
    interactions = []
    for interaction in tables.interactions:
        exact = np.array(interaction.values) - interaction.mean
        points = [[_rounded(value, digits) for value in row] for row in exact.tolist()]
        first, second = interaction.features
        interactions.append(
            CardInteraction(
                features=interaction.features,
                labels=(labels[first], labels[second]),
                bounds=interaction.edges,
                levels=(
                    _levels_of(by_name[first], interaction.edges[0]),
                    _levels_of(by_name[second], interaction.edges[1]),
                ),
                points=tuple(map(tuple, points)),
                largest_error=float(np.max(np.abs(np.array(points) - exact))),
            )
        )
    start = tables.base_value
    return Scorecard(tables.name, _rounded(start, digits), start, features, tuple(interactions), digits)


def _rounded(value: float, digits: int) -> float:
    return round(value, digits) + 0.0  # no negative zero for people


def _rows(term: Term, digits: int, values: Sequence[float] | None) -> list[CardRow]:
    if isinstance(term, LevelsTerm):
        return [
            CardRow(None, None, (level,), _rounded(value - term.mean, digits), (value - term.mean,) * 2, None)
            for level, value in term.levels.items()
        ]
    return _value_rows(term, digits, values) if values else _number_rows(term, digits)


def _merged(rows: Sequence[CardRow]) -> tuple[CardRow, ...]:
    """Return rows of which no two that follow each other have the same points."""
    merged: list[CardRow] = []
    for row in rows:
        if merged and merged[-1].points == row.points:
            last = merged[-1]
            ends = (*last.exact, *row.exact)
            merged[-1] = replace(
                last,
                upper=row.upper,
                levels=last.levels + row.levels,
                exact=(min(ends), max(ends)),
                n=None if last.n is None or row.n is None else last.n + row.n,
            )
        else:
            merged.append(row)
    return tuple(merged)


def _value_rows(term: LinearTerm | ShapeTerm, digits: int, values: Sequence[float]) -> list[CardRow]:
    counts = [] if term.n is None or isinstance(term, LinearTerm) else list(term.n)
    bins = bin_of(term.cut_points, np.array(values, dtype=np.float64)).tolist()
    bounds = [None, *values[1:], None]
    return [
        CardRow(
            lower,
            upper,
            (),
            _rounded(exact, digits),
            (exact, exact),
            counts[b] if counts and bins.count(b) == 1 else None,  # a bin of several values does not say which
        )
        for lower, upper, b, exact in zip(
            bounds[:-1], bounds[1:], bins, (term.at(np.array(values)) - term.mean).tolist(), strict=True
        )
    ]


def _number_rows(term: LinearTerm | ShapeTerm, digits: int) -> list[CardRow]:
    edges = set(term.cut_points)
    counts = dict(zip((None, *term.cut_points), getattr(term, "n", None) or (), strict=False)) if edges else {}
    cuts = sorted(edges | set(_round_cuts(term, digits)))
    bounds: list[float | None] = [None, *cuts, None]
    starts = np.array([-np.inf, *cuts])
    steps = term.step_values[bin_of(term.cut_points, starts)] - term.mean
    rows = []
    for lower, upper, step in zip(bounds[:-1], bounds[1:], steps.tolist(), strict=True):
        ends = [term.slope * min(max(x, term.low), term.high) for x in (_or(lower, -math.inf), _or(upper, math.inf))]
        low, high = sorted(end + step for end in ends)
        whole = lower in (None, *edges) and upper in (None, *edges)  # a bin that was not cut has its children
        n = counts.get(lower) if whole else None
        rows.append(CardRow(lower, upper, (), _rounded((low + high) / 2, digits), (low, high), n))
    return rows


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound


def _round_cuts(term: LinearTerm | ShapeTerm, digits: int) -> Sequence[float]:
    """Return the round numbers within the line's range at which to cut it: multiples of 1, 2 or 5 times a power."""
    if abs(term.slope) * (term.high - term.low) <= 10.0**-digits:
        return ()
    widest = 10.0**-digits / abs(term.slope)
    power = math.floor(math.log10(widest))
    factor = max(factor for factor in (1, 2, 5) if factor * 10.0**power <= widest * (1 + 1e-9) or factor == 1)
    first = math.ceil(term.low / (factor * 10.0**power))
    last = math.floor(term.high / (factor * 10.0**power))
    numbers = (round(i * factor * 10.0**power, max(0, -power)) for i in range(first, last + 1))
    return [cut for cut in numbers if term.low < cut < term.high]


def _levels_of(term: Term, edges: Sequence[float]) -> tuple[tuple[str, ...], ...]:
    """Return the levels in each bin of an axis of levels; empty for numbers."""
    if not isinstance(term, LevelsTerm):
        return ()
    bins = bin_of(edges, np.arange(len(term.levels)))
    return tuple(
        tuple(level for level, b in zip(term.levels, bins, strict=True) if b == i) for i in range(len(edges) + 1)
    )
