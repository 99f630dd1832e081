"""The typed report of an evaluation of given scores, of any model: the measured sections and few metadata."""

from __future__ import annotations

from send_screen.documents import Document, Noun
from send_screen.published._measured import MeasuredSections
from send_screen.published._report import PublishedReport


class EvaluationMetadata(Document):
    """What was evaluated, and how its scores were computed."""

    title: str
    """What the model is called."""
    outcome_description: str
    capacity: float
    """Share of children that can be assessed: the length of the list."""
    children: Noun
    """Noun for the people who were scored."""
    clusters: Noun | None
    """Noun for the clusters, such as schools; None where children are not clustered."""
    folds: int
    """Number of cross-validation folds; 1 where all children are ranked in one list."""
    fold_seeds: tuple[int, ...]
    """Random seeds of the splits into folds; empty where the scores were given."""
    challengers: dict[str, str]
    """Name -> description of each model it is compared with."""
    probabilities: bool
    """Whether the scores are probabilities; otherwise only their ranks are used."""


class _Header(Document):
    version: EvaluationMetadata


class EvaluationReport(MeasuredSections, _Header):
    """Everything that may be shown of an evaluation: metrics and gaps under disclosure control."""


MeasuredReport = PublishedReport | EvaluationReport
"""A report with measured sections: of a model version, or of given scores."""
