"""Sections of a report that describe the model itself: shapes, interactions, an example and the scorecard."""

from __future__ import annotations

from typing import Literal

from send_screen.documents import Count, Document


class Piece(Document):
    """A segment of a shape function, from ``x`` to ``to``: a level, a bin, or a piece of a line."""

    x: int | float
    to: int | float
    label: str
    log_odds: float
    """At ``x``, relative to the average child."""
    log_odds_to: float
    """At ``to``."""
    margin_of_error: float | None
    """Two standard errors at ``x``; None where unknown."""
    margin_of_error_to: float | None
    n: Count | None


class Shape(Document):
    """The shape function (main effect) of one feature."""

    feature: str
    label: str
    kind: Literal["levels", "steps", "line"]
    unit: str
    agency: str
    monotonic: Literal["increasing", "decreasing", "none"]
    points: tuple[Piece, ...]
    missing_log_odds: float
    missing_margin_of_error: float | None
    n_missing: Count | None


class GridCell(Document):
    """One cell of an interaction."""

    log_odds: float
    margin_of_error: float | None
    n: Count | None


class InteractionGrid(Document):
    """The interaction of two features as a grid."""

    features: tuple[str, str]
    labels: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[GridCell, ...], ...]
    counted: bool
    """Whether counts are published."""


class ExampleReason(Document):
    """The contribution of one feature to the score of the example."""

    feature: str
    label: str
    value: str
    contribution: float


class Example(Document):
    """The exact contributions (Shapley values) of a synthetic child."""

    base_value: float
    score: float
    percent: int
    reasons: tuple[ExampleReason, ...]


class ScorecardRow(Document):
    """The points of some values of a feature."""

    label: str
    points: float


class ScorecardFeature(Document):
    """The points of one feature."""

    feature: str
    label: str
    rows: tuple[ScorecardRow, ...]
    missing: float


class ScorecardGrid(Document):
    """The points of one interaction as a grid."""

    labels: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    points: tuple[tuple[float, ...], ...]


class ScorecardTotal(Document):
    """The risk, in per cent, that a total of points means."""

    points: float
    percent: int


class ScorecardExample(Document):
    """The points of the synthetic child, to be added up by hand."""

    values: tuple[str, ...]
    points: tuple[float, ...]
    total: float
    exact: float


class Scorecard(Document):
    """The model as rounded points that are added up by hand."""

    digits: int
    """Decimals of points; 0 where they are whole numbers."""
    log_odds_per_point: float
    start: float
    features: tuple[ScorecardFeature, ...]
    interactions: tuple[ScorecardGrid, ...]
    largest_error: float
    """Largest error of a total, in log-odds."""
    largest_left_out: float
    """Largest absolute log-odds of a feature or interaction that was given no points."""
    percent: tuple[ScorecardTotal, ...]
    example: ScorecardExample


class ModelSections(Document):
    """The sections that follow from the model alone."""

    shapes: tuple[Shape, ...]
    interactions: tuple[InteractionGrid, ...]
    example: Example
    scorecard: Scorecard
