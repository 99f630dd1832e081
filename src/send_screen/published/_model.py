"""The sections that show the model itself: shapes, interactions, an example and the scorecard."""

from __future__ import annotations

from typing import Literal

from send_screen.documents import Count, Document


class Piece(Document):
    """A stretch of a feature's axis, and the model's log-odds along it."""

    x: int | float
    to: int | float
    label: str
    log_odds: float
    """Relative to the average child."""
    log_odds_to: float
    margin_of_error: float | None
    """Two standard errors; None where they are unknown."""
    margin_of_error_to: float | None
    n: Count | None


class Shape(Document):
    """The main effect of one feature."""

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
    """The exact contributions of a child who does not exist."""

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
    """What a total of points means."""

    points: float
    percent: int


class ScorecardExample(Document):
    """The example child's sum, as one adds it up by hand."""

    values: tuple[str, ...]
    points: tuple[float, ...]
    total: float
    exact: float


class Scorecard(Document):
    """The model as rounded points that are added up by hand."""

    digits: int
    """Of a number of points; 0 where they are whole."""
    log_odds_per_point: float
    start: float
    features: tuple[ScorecardFeature, ...]
    interactions: tuple[ScorecardGrid, ...]
    largest_error: float
    """Of a sum, in log-odds."""
    largest_left_out: float
    """The most, in log-odds, by which any feature or interaction without points changes the model's sum."""
    percent: tuple[ScorecardTotal, ...]
    example: ScorecardExample


class ModelSections(Document):
    """The sections that follow from the model alone."""

    shapes: tuple[Shape, ...]
    interactions: tuple[InteractionGrid, ...]
    example: Example
    scorecard: Scorecard
