"""The typed document ``published.json``: all that may be shown of a model version."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from send_screen.documents import Document, read_document, write_document
from send_screen.errors import TablesError
from send_screen.published._measured import (
    Attribution,
    CalibrationBin,
    CohortSummary,
    Difference,
    Disclosure,
    Gap,
    GroupFigure,
    Performance,
)
from send_screen.published._model import Example, InteractionGrid, Scorecard, Shape
from send_screen.published._version import VersionMetadata

FORMAT: Final = "send_screen.published/1"


class PublishedReport(Document):
    """Everything that is published of a model version: metadata, metrics, gaps, shapes, all under disclosure control.

    It is what ``published.json`` holds, what MLflow and every page show, and what an audit derives again.
    """

    format: Literal["send_screen.published/1"] = FORMAT
    version: VersionMetadata
    cohort: CohortSummary
    performance: tuple[Performance, ...]
    differences: tuple[Difference, ...]
    groups: tuple[GroupFigure, ...]
    gaps: tuple[Gap, ...]
    material_gaps: tuple[str, ...]
    """A sentence for each group whose false negative rate is higher than others' by more than the tolerance."""
    attribution: tuple[Attribution, ...]
    calibration: tuple[CalibrationBin, ...]
    disclosure: Disclosure
    shapes: tuple[Shape, ...]
    interactions: tuple[InteractionGrid, ...]
    example: Example
    scorecard: Scorecard

    def to_json(self) -> str:
        """Return the text of ``published.json``."""
        return write_document(self)

    @classmethod
    def from_json(cls, content: bytes | str, *, file: str = "published.json") -> Self:
        """Read ``published.json`` and refuse it with every mistake and its path.

        Parameters
        ----------
        content : bytes or str
            What ``published.json`` holds.
        file : str
            The name used in messages.

        Returns
        -------
        PublishedReport

        Raises
        ------
        TablesError
        """
        return read_document(cls, content, error=TablesError, file=file, kind="published report")

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON schema of ``published.json``, generated from this class."""
        return cls.model_json_schema()

    def metric(self, name: str, *, model: str = "candidate") -> Performance | None:
        """Return a metric of one model over all children; None where it was not measured.

        Parameters
        ----------
        name : str
            As in ``performance``, for example ``recall``.
        model : str
            ``candidate``, ``baseline`` or a challenger.

        Returns
        -------
        Performance or None
        """
        return next((row for row in self.performance if (row.model, row.metric) == (model, name)), None)

    def difference(self, name: str, against: str) -> Difference | None:
        """Return a metric of this version minus that of another model; None where it was not measured.

        Parameters
        ----------
        name : str
            As in ``differences``.
        against : str
            ``baseline`` or a challenger.

        Returns
        -------
        Difference or None
        """
        return next((row for row in self.differences if (row.against, row.metric) == (against, name)), None)
