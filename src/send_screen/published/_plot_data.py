"""Plot data of a model: each shape function, each interaction, and two standard errors of every value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from send_screen.published._axis_labels import AxisLabels
from send_screen.published._model import GridCell, InteractionGrid, Piece, Shape
from send_screen.tables import (
    MINIMUM_CHILDREN,
    BaggedTables,
    InteractionTerm,
    LevelsTerm,
    LinearTerm,
    ShapeTerm,
    Term,
)
from send_screen.tables._display import NOT_KNOWN

_LINE_PIECES = 8
_STANDARD_ERRORS = 2.0
_DECIMALS = 2  # neighbouring bins are merged where their values agree to so many decimals
_MIN_WIDTH = 0.03  # as a share of the range: at its ends a bin of a single value would have no width


class Segment(NamedTuple):
    """A segment of a shape function: plotted from ``x`` to ``to``, evaluated at its values ``first`` and ``last``."""

    x: float
    to: float
    first: float
    last: float
    label: str
    n: int | None = None


def shape(axis: AxisLabels, term: Term, bags: BaggedTables | None) -> Shape:
    """Return the plot data of a shape function; without bags it has no standard errors."""
    kind: Literal["levels", "steps", "line"]
    if isinstance(term, LevelsTerm) or axis.codes:
        kind, segments = "levels", _levels(axis, term)
    elif isinstance(term, ShapeTerm):
        kind, segments = "steps", _steps(axis, term)
    else:
        kind, segments = "line", _line(axis, term)
    begins, ends = np.array([[s.first, s.last] for s in segments], dtype=np.float64).reshape(-1, 2).T
    log_odds, log_odds_to = ((term.evaluate(at) - term.mean).tolist() for at in (begins, ends))
    margins, margins_to = (_margins_of_error(bags, term, at) for at in (begins, ends))
    too_few = term.n_missing is None or 0 < term.n_missing < MINIMUM_CHILDREN
    return Shape(
        feature=term.feature,
        label=axis.label,
        kind=kind,
        unit=axis.unit,
        agency=axis.agency,
        monotonic=axis.monotonic,
        points=tuple(
            Piece(
                x=segment.x,
                to=segment.to,
                label=segment.label,
                log_odds=log_odds[i],
                log_odds_to=log_odds_to[i],
                margin_of_error=margins[i],
                margin_of_error_to=margins_to[i],
                n=segment.n,
            )
            for i, segment in enumerate(segments)
        ),
        missing_log_odds=term.missing - term.mean,
        # with too few missing values theirs is no estimate but a default, which has no standard error
        missing_margin_of_error=None
        if too_few or not term.n_missing
        else _margins_of_error(bags, term, np.array([np.nan]))[0],
        n_missing=None if too_few else term.n_missing,
    )


def _margins_of_error(bags: BaggedTables | None, term: Term, encoded: np.ndarray) -> list[float] | list[None]:
    """Return two standard errors of a term, from the models of the bagged ensemble."""
    if bags is None:
        return [None] * len(encoded)
    return [*(_STANDARD_ERRORS * bags.term_error(term, encoded)).tolist()]


def _levels(axis: AxisLabels, term: Term) -> list[Segment]:
    """Return a segment for each level or code."""
    if isinstance(term, LevelsTerm):
        n = term.counts or (None,) * len(term.levels)
        return [Segment(i, i, i, i, axis.describe(level), n[i]) for i, level in enumerate(term.levels)]
    # a linear term has no counts
    edges, counts = (term.edges, term.n) if isinstance(term, ShapeTerm) else ((), None)
    bins = np.searchsorted(edges, axis.codes, side="right").tolist()
    return [
        # a bin of several codes has one count: no code has its own
        Segment(code, code, code, code, axis.describe(code), counts[b] if counts and bins.count(b) == 1 else None)
        for code, b in zip(axis.codes, bins, strict=True)
        if code in axis.values
    ]


def _steps(axis: AxisLabels, term: ShapeTerm) -> list[Segment]:
    """Return a segment for each bin; a bin of whole numbers is plotted up to the first number of the next bin."""
    whole = bool(axis.values)
    edges = [float(math.ceil(edge)) for edge in term.edges] if whole else list(term.edges)
    low, high = term.low, term.high + 1.0 if whole else term.high
    min_width = _MIN_WIDTH * (high - low) or 1.0
    if edges:
        low, high = min(low, edges[0] - min_width), max(high, edges[-1] + min_width)
    counts = term.n or [None] * len(term.values)
    ends = itertools.pairwise([None, *term.edges, None])
    return [
        Segment(x, to, x, max(x, to - 1.0) if whole else math.nextafter(to, -math.inf), axis.describe_range(*end), n)
        for (x, to), end, n in zip(itertools.pairwise([low, *edges, high]), ends, counts, strict=True)
    ]


def _line(axis: AxisLabels, term: LinearTerm) -> list[Segment]:
    """Return segments of a linear term: its standard error changes along it."""
    x = np.linspace(term.low, term.high, _LINE_PIECES + 1).tolist()
    labels = [axis.describe(value) for value in (*x[:-2], x[-1])]  # of the start of each segment, of the last its end
    return [Segment(*ends, *ends, label) for ends, label in zip(itertools.pairwise(x), labels, strict=True)]


class MergedGrid(NamedTuple):
    """An interaction, transposed so that it has at least as many rows as columns, with its merged bins and labels."""

    interaction: InteractionTerm
    labels: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row_bins: list[list[int]]
    column_bins: list[list[int]]


def merged_grid(axes: Mapping[str, AxisLabels], interaction: InteractionTerm) -> MergedGrid:
    """Return a grid whose neighbouring rows and columns are merged where their values agree to two decimals.

    Missing values have a row or a column only where their log-odds are not 0.
    """
    if interaction.shape[1] > interaction.shape[0]:
        interaction = interaction.transpose()
    values = np.round(np.array(interaction.values) - interaction.mean, _DECIMALS)
    row_bins, column_bins = _equal_rows(values), _equal_rows(values.T)
    first, second = (axes[name] for name in interaction.features)
    return MergedGrid(
        interaction,
        (first.label, second.label),
        bin_labels(first, interaction.edges[0], row_bins),
        bin_labels(second, interaction.edges[1], column_bins),
        row_bins,
        column_bins,
    )


def _equal_rows(grid: np.ndarray) -> list[list[int]]:
    """Return runs of equal rows; the last row, of missing values, is a run of its own, left out where it is 0."""
    return [*runs(grid[:-1]), *([[len(grid) - 1]] if np.any(grid[-1]) else [])]


def interaction_grid(axes: Mapping[str, AxisLabels], interaction: InteractionTerm) -> InteractionGrid:
    """Return the plot data of an interaction: log-odds relative to the mean, standard errors, counts."""
    grid = merged_grid(axes, interaction)
    term = grid.interaction

    def cell(row: list[int], column: list[int]) -> GridCell:
        bins = [(i, j) for i in row for j in column]
        counts = [n for i, j in bins if term.n and (n := term.n[i][j]) is not None]
        errors = [term.standard_error[i][j] for i, j in bins if term.standard_error]
        return GridCell(
            log_odds=term.values[row[0]][column[0]] - term.mean,
            margin_of_error=_STANDARD_ERRORS * max(errors) if errors else None,
            n=sum(counts) if counts else None,
        )

    return InteractionGrid(
        features=term.features,
        labels=grid.labels,
        rows=grid.rows,
        columns=grid.columns,
        cells=tuple(tuple(cell(row, column) for column in grid.column_bins) for row in grid.row_bins),
        counted=term.n is not None,
    )


def runs(values: np.ndarray) -> list[list[int]]:
    """Return the positions of values, or of rows of a grid, split into runs of equal neighbours."""
    rows = values.reshape(len(values), -1)
    changes = np.flatnonzero((rows[1:] != rows[:-1]).any(axis=1)) + 1
    return [run.tolist() for run in np.split(np.arange(len(rows)), changes)]


def bin_labels(axis: AxisLabels, edges: Sequence[float], merged: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Return a label for each run of merged bins of an axis."""
    bounds: list[float | None] = [None, *edges, None]
    return tuple(
        NOT_KNOWN if run[0] == len(edges) + 1 else axis.describe_range(bounds[run[0]], bounds[run[-1] + 1])
        for run in merged
    )
