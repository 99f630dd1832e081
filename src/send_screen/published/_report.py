"""The published report of a model version, ``published.json``, as a typed document."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from send_screen.documents import Document, Noun, read_document, write_document
from send_screen.errors import TablesError
from send_screen.published._measured import MeasuredSections
from send_screen.published._model import ModelSections

FORMAT: Final = "send_screen.published/1"


class Owner(Document):
    """Who answers for the model."""

    organisation: str
    team: str
    role: str
    contact: str


class DataSource(Document):
    """A data set that the model is trained on, and the legal basis of its use."""

    contract: str
    """Id and version of its data contract."""
    title: str
    agency: str
    purpose: str
    lawful_basis: str
    essential: bool
    """Whether a child without a record in it is excluded from screening."""
    training_only: bool


class GateResult(Document):
    """Result of one acceptance threshold of the spec."""

    gate: str
    required: str
    measured: float | None
    """None where it is suppressed, or could not be measured, which passes no gate."""
    passed: bool
    reason: str = ""
    """Why ``measured`` is None."""


class VersionMetadata(Document):
    """Identity, purpose, provenance and gates of a model version."""

    id: str
    """Hash of spec, data, contracts, code, packages and held-out schools."""
    name: str
    title: str
    model: str
    """Kind of model, such as ``additive``."""
    challengers: dict[str, str]
    """Name -> description of each model it is compared with."""
    outcome_description: str
    outcome_kind: Literal["recorded_status", "test", "event"]
    outcome_limits: tuple[str, ...]
    """Limits of the outcome as a measure of need, as its contract states them: what it misses, and for whom."""
    horizon_months: int
    trained_on: Literal["synthetic", "real"]
    as_of: str
    """Latest date of a feature of any child (ISO)."""
    review_date: str
    spec_sha256: str
    data_sha256: str
    tables_sha256: str
    bags_sha256: str | None
    contracts: dict[str, str]
    """Contract and version -> SHA-256."""
    code_version: str
    """Hash of the code that can change a number."""
    release: str
    """Release of send_screen and hash of all of its source; not part of ``id``."""
    packages: dict[str, str]
    data: tuple[DataSource, ...]
    folds: int
    fold_seeds: tuple[int, ...]
    children: Noun
    """Noun for the people that the model is about."""
    clusters: Noun | None
    """Noun for the clusters that folds keep together, such as schools; None where children are not clustered."""
    held_out_schools: int
    intended_use: str
    prohibited_uses: tuple[str, ...]
    owner: Owner
    population: str
    eligible_description: str
    capacity: float
    """Share of children that can be assessed: the length of the list."""
    baseline_description: str
    operating_point_description: str
    never_looks_at: tuple[str, ...]
    """Columns that no feature uses: protected characteristics, their proxies, and sensitive features."""
    research_comparison: str | None
    """Why the version is for comparison only and cannot be registered; None where it can."""
    gates: tuple[GateResult, ...]


class _Header(Document):
    format: Literal["send_screen.published/1"] = FORMAT
    version: VersionMetadata


# pydantic orders fields from the last base to the first
class PublishedReport(ModelSections, MeasuredSections, _Header):
    """Everything that is published of a model version: metadata, metrics, gaps, shapes, all under disclosure control.

    It is the content of ``published.json``. MLflow metrics and all pages are made from it, and an audit recomputes it.
    """

    def to_json(self) -> str:
        """Return the text of ``published.json``."""
        return write_document(self)

    @classmethod
    def from_json(cls, content: bytes | str, *, file: str = "published.json") -> Self:
        """Read ``published.json``, or raise one error with every mistake and its path.

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
