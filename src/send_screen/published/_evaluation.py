"""The typed document of an evaluation: what may be shown of any model's scores."""

from __future__ import annotations

from send_screen.documents import Document, Noun
from send_screen.published._measured import MeasuredSections
from send_screen.published._report import PublishedReport


class EvaluationMetadata(Document):
    """What was evaluated, and how its scores came about."""

    title: str
    """What the model is called."""
    outcome_description: str
    capacity: float
    """Share of children that can be listed."""
    children: Noun
    """What the people are called whom it was asked about."""
    clusters: Noun | None
    """What children sit in, such as schools; None where each child stands alone."""
    folds: int
    """1 where all children are one list."""
    fold_seeds: tuple[int, ...]
    """Of the folds on which models were fitted here; none where the scores were given."""
    challengers: dict[str, str]
    """Name -> description of each model it is compared with."""
    probabilities: bool
    """Whether its scores are probabilities; otherwise only their order counts."""


class _Header(Document):
    version: EvaluationMetadata


class EvaluationReport(MeasuredSections, _Header):
    """Everything that may be shown of an evaluation: metrics and gaps under disclosure control."""


MeasuredReport = PublishedReport | EvaluationReport
"""What pages about measurements show: of a version, or of any model's scores."""
