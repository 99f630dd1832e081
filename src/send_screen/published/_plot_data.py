"""Plot data of a model: each shape function, each interaction, and two standard errors of every value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from send_screen.contracts import Contract
from send_screen.published._axis_labels import NOT_KNOWN, AxisLabels
from send_screen.tables import (
    MINIMUM_CHILDREN,
    BaggedTables,
    InteractionTerm,
    LevelsTerm,
    LinearTerm,
    RiskTables,
    ShapeTerm,
    Term,
)

LINE_PIECES = 8
_STANDARD_ERRORS = 2.0
_DRAWN = 2  # decimals
_LEAST_WIDTH = 0.03  # of the range: a bin of one value, at the end of it, is still seen

Within = Callable[[np.ndarray], list[float | None]]


def shapes(
    axes: dict[str, AxisLabels], contracts: dict[str, Contract], tables: RiskTables, bags: BaggedTables | None
) -> list[dict[str, Any]]:
    """Return what to draw of each feature, with words for its values.

    Parameters
    ----------
    axes : dict of str to AxisLabels
        By feature.
    contracts : dict of str to Contract
    tables : RiskTables
    bags : BaggedTables or None
        For how sure each value is; without them nothing is said of that.

    Returns
    -------
    list of dict
        ``kind`` is ``"levels"`` (a bar each), ``"steps"`` or ``"line"``. Each of ``points`` runs from ``x`` to ``to``
        and from ``log_odds`` to ``log_odds_to``, above or below the average child; ``margin_of_error`` and
        ``margin_of_error_to`` say how sure that is, two standard errors (None without bags), and ``n`` how many
        children (None where not published).
    """
    return [_shape(axes[term.feature], contracts, term, _within(bags, term)) for term in tables.terms]


def _shape(axis: AxisLabels, contracts: dict[str, Contract], term: Term, within: Within) -> dict[str, Any]:
    if isinstance(term, LevelsTerm) or axis.codes:
        kind, pieces = "levels", _levels(axis, term)
    elif isinstance(term, ShapeTerm):
        kind, pieces = "steps", _steps(axis, term)
    else:
        kind, pieces = "line", _line(axis, term)
    begins, ends = np.array([[piece.at, piece.at_end] for piece in pieces], dtype=np.float64).reshape(-1, 2).T
    columns = [(term.at(places) - term.mean).tolist() for places in (begins, ends)] + [within(begins), within(ends)]
    few = term.n_missing is None or 0 < term.n_missing < MINIMUM_CHILDREN
    return {
        "feature": term.feature,
        "label": axis.feature.label,
        "kind": kind,
        "unit": axis.feature.unit,
        "agency": contracts[axis.feature.sources[0].contract].agency,
        "sign": axis.feature.monotonic,
        "points": [
            {
                "x": piece.x,
                "to": piece.to,
                "label": piece.label,
                "log_odds": log_odds,
                "log_odds_to": log_odds_to,
                "margin_of_error": sure,
                "margin_of_error_to": sure_to,
                "n": piece.n,
            }
            for piece, log_odds, log_odds_to, sure, sure_to in zip(pieces, *columns, strict=True)
        ],
        "missing_log_odds": term.missing - term.mean,
        # of too few children nothing was learnt: their value is set, and how sure it is nobody can say
        "missing_margin_of_error": None if few or not term.n_missing else within(np.array([np.nan]))[0],
        "n_missing": None if few else term.n_missing,
    }


class Piece(NamedTuple):
    """A part of an axis: drawn from ``x`` to ``to``; the first and the last of its values; words and children."""

    x: float
    to: float
    at: float
    at_end: float
    label: str
    n: int | None = None


def _within(bags: BaggedTables | None, term: Term) -> Within:
    """Return what says how sure values of a feature are: two standard errors, by the bags."""
    if bags is None:
        return lambda places: [None] * len(places)
    return lambda places: [*(_STANDARD_ERRORS * bags.term_error(term, places)).tolist()]


def _levels(axis: AxisLabels, term: Term) -> list[Piece]:
    """Return a piece for each level or code."""
    if isinstance(term, LevelsTerm):
        told = term.counts or [None] * len(term.levels)
        levels = zip(term.levels, told, strict=True)
        return [Piece(i, i, i, i, axis.words(level), n) for i, (level, n) in enumerate(levels)]
    # a line has no counts of its parts
    edges, counts = (term.edges, term.n) if isinstance(term, ShapeTerm) else ((), None)
    bins = np.searchsorted(edges, axis.codes, side="right").tolist()
    return [
        # the children of a bin of several codes are of none of them alone
        Piece(code, code, code, code, axis.words(code), counts[b] if counts and bins.count(b) == 1 else None)
        for code, b in zip(axis.codes, bins, strict=True)
        if code in axis.values
    ]


def _steps(axis: AxisLabels, term: ShapeTerm) -> list[Piece]:
    """Return a piece for each bin; a whole number takes up the room to the next one."""
    whole = bool(axis.values)
    edges = [float(math.ceil(edge)) for edge in term.edges] if whole else list(term.edges)
    low, high = term.low, term.high + 1.0 if whole else term.high
    least = _LEAST_WIDTH * (high - low) or 1.0
    bounds = [
        min([low, *(edge - least for edge in edges[:1])]),
        *edges,
        max([high, *(edge + least for edge in edges[-1:])]),
    ]
    counts = term.n or [None] * len(term.values)
    ends = itertools.pairwise([None, *term.edges, None])
    return [
        Piece(x, to, x, max(x, to - 1.0) if whole else math.nextafter(to, -math.inf), axis.between(*end), n)
        for (x, to), end, n in zip(itertools.pairwise(bounds), ends, counts, strict=True)
    ]


def _line(axis: AxisLabels, term: LinearTerm) -> list[Piece]:
    """Return pieces along a line: how sure it is changes along it."""
    places = np.linspace(term.low, term.high, LINE_PIECES + 1).tolist()
    labels = [axis.words(float(place)) for place in (*places[:-2], places[-1])]
    return [Piece(x, to, x, to, label) for (x, to), label in zip(itertools.pairwise(places), labels, strict=True)]


def interactions(axes: dict[str, AxisLabels], tables: RiskTables) -> list[dict[str, Any]]:
    """Return what to draw of each interaction: words for its rows and columns, and its cells.

    The feature with more bins runs down. Neighbouring rows or columns that agree to two decimals are one, and what is
    not known has a row or a column only where it adds points.

    Returns
    -------
    list of dict
        ``labels`` of the two features, ``rows`` and ``columns`` in words, and ``cells``, rows of ``log_odds`` above or
        below the average child, ``margin_of_error`` as for :func:`shapes` and ``n`` (None where none or not
        published); ``counted`` tells whether counts are published at all.
    """
    return [_surface(axes, interaction) for interaction in tables.interactions]


def _surface(axes: dict[str, AxisLabels], interaction: InteractionTerm) -> dict[str, Any]:
    values = np.array(interaction.values) - interaction.mean
    # numbers are kept as float: None is NaN
    counts = np.array(interaction.n, dtype=np.float64) if interaction.n is not None else np.full(values.shape, np.nan)
    errors = (
        np.array(interaction.standard_error)
        if interaction.standard_error is not None
        else np.full(values.shape, np.nan)
    )
    names, edges = list(interaction.features), list(interaction.edges)
    if values.shape[1] > values.shape[0]:
        values, counts, errors = values.T, counts.T, errors.T
        names, edges = names[::-1], edges[::-1]
    rows, columns = distinct_rows(np.round(values, _DRAWN)), distinct_rows(np.round(values.T, _DRAWN))

    def cell(block: Any) -> dict[str, Any]:
        told = counts[block][~np.isnan(counts[block])]
        return {
            "log_odds": float(values[block].flat[0]),
            "margin_of_error": None
            if interaction.standard_error is None
            else _STANDARD_ERRORS * float(errors[block].max()),
            "n": int(told.sum()) if len(told) else None,
        }

    return {
        "features": names,
        "labels": [axes[name].feature.label for name in names],
        "rows": bin_labels(axes[names[0]], edges[0], rows),
        "columns": bin_labels(axes[names[1]], edges[1], columns),
        "cells": [[cell(np.ix_(row, column)) for column in columns] for row in rows],
        "counted": interaction.n is not None,
    }


def distinct_rows(grid: np.ndarray) -> list[list[int]]:
    """Return the rows of a grid in groups of neighbours that are the same.

    The last, for missing, is on its own, and left out where it is nothing but zeros.
    """
    groups: list[list[int]] = []
    for i, row in enumerate(grid[:-1]):
        if groups and np.array_equal(grid[groups[-1][-1]], row):
            groups[-1].append(i)
        else:
            groups.append([i])
    return [*groups, [len(grid) - 1]] if np.any(grid[-1]) else groups


def bin_labels(axis: AxisLabels, edges: Sequence[float], groups: Sequence[Sequence[int]]) -> list[str]:
    """Return words for each group of bins of an axis."""
    bounds: list[float | None] = [None, *edges, None]
    return [
        NOT_KNOWN if group[0] == len(edges) + 1 else axis.between(bounds[group[0]], bounds[group[-1] + 1])
        for group in groups
    ]
