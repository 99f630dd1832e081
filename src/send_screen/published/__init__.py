"""The typed document of a model version: :class:`PublishedReport` is what ``published.json`` holds.

Its sections are frozen pydantic models that refuse unknown names; its JSON schema is generated from them.
:func:`send_screen.train` builds it from spec, risk tables and out-of-fold predictions. Pages, MLflow
metrics and the audit are made from it.
"""

from typing import TYPE_CHECKING, Any

from send_screen.published._evaluation import EvaluationMetadata, EvaluationReport, MeasuredReport
from send_screen.published._gates import check_gates, failed_gates
from send_screen.published._measured import (
    Attribution,
    AttributionTerm,
    CalibrationBin,
    CohortSummary,
    CombinedGroup,
    Difference,
    Disclosure,
    ExcludedRows,
    ExposedFigure,
    Gap,
    GroupFigure,
    MeasuredSections,
    NetBenefit,
    Performance,
    PriorRelease,
    PublishedFigure,
    RevealedCounts,
    Verdict,
    WholePointsCost,
)
from send_screen.published._model import (
    Example,
    ExampleReason,
    GridCell,
    InteractionGrid,
    ModelSections,
    Piece,
    Scorecard,
    ScorecardExample,
    ScorecardFeature,
    ScorecardGrid,
    ScorecardRow,
    ScorecardTotal,
    Shape,
)
from send_screen.published._report import FORMAT, DataSource, GateResult, Owner, PublishedReport, VersionMetadata

if TYPE_CHECKING:
    from send_screen.published._model_sections import model_sections

__all__ = [
    "model_sections",
    "ModelSections",
    "MeasuredReport",
    "MeasuredSections",
    "check_gates",
    "failed_gates",
    "FORMAT",
    "Attribution",
    "CalibrationBin",
    "CohortSummary",
    "CombinedGroup",
    "DataSource",
    "Difference",
    "Disclosure",
    "PublishedFigure",
    "EvaluationMetadata",
    "EvaluationReport",
    "Example",
    "ExcludedRows",
    "ExposedFigure",
    "Gap",
    "GateResult",
    "GroupFigure",
    "NetBenefit",
    "Owner",
    "Performance",
    "WholePointsCost",
    "Piece",
    "PriorRelease",
    "PublishedReport",
    "ExampleReason",
    "RevealedCounts",
    "Scorecard",
    "ScorecardExample",
    "ScorecardFeature",
    "ScorecardRow",
    "ScorecardGrid",
    "ScorecardTotal",
    "Shape",
    "InteractionGrid",
    "GridCell",
    "AttributionTerm",
    "Verdict",
    "VersionMetadata",
]


def __getattr__(name: str) -> Any:
    """Import the names that need pandas only when they are used: reading a report does not need it."""
    if name == "model_sections":
        from send_screen.published._model_sections import model_sections

        return model_sections
    raise AttributeError(name)
