"""A model spec as a typed document: the decision that a version puts into numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, InstanceOf, Tag

from send_screen.contracts import Contract
from send_screen.documents import Document
from send_screen.specs._parts import (
    AcademicYearEnd,
    ColumnPath,
    ColumnRef,
    DataUse,
    Eligible,
    Feature,
    Gate,
    GoalsNotMet,
    Group,
    LowScore,
    ModelParameters,
    Name,
    Outcome,
    Owner,
    Population,
    Show,
    SmallShare,
    Tolerance,
    Validation,
    Words,
    each_once,
)


def _kind_of_date(value: object) -> str:
    return "AcademicYearEnd" if isinstance(value, dict | AcademicYearEnd) else "date"


class SpecDocument(Document):
    """The keys of ``spec.yaml``; its JSON schema is ``SpecDocument.model_json_schema()``."""

    format: Literal["send_screen.spec/1"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,62}$")]
    title: Words
    owner: Owner
    intended_use: Words
    prohibited_uses: Annotated[tuple[Words, ...], Field(min_length=1)]
    research_comparison: Words = ""
    data: Annotated[tuple[DataUse, ...], Field(min_length=1)]
    child_id: Name
    school: ColumnPath
    show: Show = Show()
    as_of: Annotated[
        Annotated[dt.date, Tag("date")] | Annotated[AcademicYearEnd, Tag("AcademicYearEnd")],
        Discriminator(_kind_of_date),
    ]
    population: Population
    eligible: Eligible
    outcome: Outcome
    features: Annotated[tuple[Feature, ...], Field(min_length=1)]
    baseline: Annotated[GoalsNotMet | LowScore, Field(discriminator="kind")]
    model: Literal["additive", "logistic", "baseline"] = "additive"
    model_parameters: ModelParameters = ModelParameters()
    challengers: Annotated[tuple[Literal["lightgbm", "ebm"], ...], AfterValidator(each_once)] = ()
    capacity: SmallShare
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    intersections: tuple[tuple[Name, Name], ...] = ()
    tolerance: Tolerance
    gates: Annotated[tuple[Gate, ...], Field(min_length=1)]
    validation: Validation
    review_date: dt.date


class ModelSpec(SpecDocument):
    """The whole decision: for whom, on what, about what, by what, within what bounds, and who answers for it.

    Made by :func:`send_screen.specs.load_spec`; its other attributes are the keys of ``spec.yaml``.

    Attributes
    ----------
    text : str
        The file as read.
    sha256 : str
        Hash of the file's bytes.
    contracts : dict of str to Contract
        Those under ``data``, by id, as they were when the spec was read.
    """

    text: str
    sha256: str
    contracts: dict[str, InstanceOf[Contract]]

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        yield from (("name", self.name), ("title", self.title), ("sha256", self.sha256))

    def feature(self, name: str) -> Feature:
        """Return the feature called ``name``.

        Parameters
        ----------
        name : str
            Name of a feature.

        Returns
        -------
        Feature
        """
        return next(feature for feature in self.features if feature.name == name)

    @property
    def shown_school(self) -> ColumnRef:
        """The column of the school that a list shows."""
        return self.show.school or self.school

    @property
    def monotonic_cst(self) -> dict[str, Literal["increasing", "decreasing"]]:
        """The monotonic constraints, as the estimators take them."""
        return {feature.name: feature.monotonic for feature in self.features if feature.monotonic != "none"}
