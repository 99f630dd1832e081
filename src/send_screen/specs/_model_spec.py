"""The typed document of a model spec (``spec.yaml``)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, InstanceOf, Tag, model_validator

from send_screen.contracts import Contract
from send_screen.documents import CHILDREN, SCHOOLS, Document, Noun
from send_screen.specs._columns import ColumnPath, ColumnRef, Condition, Feature, Name, OneLine, Values

#: Default tolerances: the largest tolerated gap between groups, as a share.
TOLERANCES = {"false_negative_rate": 0.10, "false_positive_rate": 0.05, "calibration_in_the_large": 0.05}

SmallShare = Annotated[float, Field(gt=0, le=0.5)]


def _each_once(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    """Validate that a list has no duplicates."""
    if len(set(entries)) < len(entries):
        raise ValueError("an entry stands twice")
    return entries


def _day(text: str) -> str:
    try:
        dt.date.fromisoformat(f"2024-{text}")
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar, such as 07-31") from None
    return text


class Owner(Document):
    """Who is responsible for the model."""

    organisation: OneLine
    team: OneLine
    role: OneLine
    contact: OneLine


class DataUse(Document):
    """A contract whose data the model uses, and the purpose."""

    ref: Annotated[str, Field(alias="contract", pattern=r"^[a-z0-9_]+/[a-z0-9_]+@[0-9]+\.[0-9]+\.[0-9]+$")]
    essential: bool = False
    training_only: bool = False
    purpose: OneLine = ""

    @property
    def contract(self) -> str:
        """The contract's id, without its version."""
        return self.ref.partition("@")[0]


class Linkage(Document):
    """How rows of other agencies are linked to the school's children: by identifiers, and on request by probability.

    A pair of records whose probability of being one child is ``match`` or more is linked. Between ``clerical`` and
    ``match`` it is listed for a person to look at, and not linked.
    """

    probabilistic: bool = False
    match: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    clerical: Annotated[float, Field(gt=0, lt=1)] = 0.5

    @model_validator(mode="after")
    def _ordered(self) -> Linkage:
        if self.clerical > self.match:
            raise ValueError("clerical is above match, so no pair could be between them")
        return self


class Show(Document):
    """Columns that a list displays next to the identifier, to roles that may see them."""

    name: tuple[ColumnPath, ...] = ()
    class_name: Annotated[ColumnPath | None, Field(alias="class")] = None
    school: ColumnPath | None = None


class AcademicYearEnd(Document):
    """An as-of date that follows from each child's academic year."""

    academic_year: ColumnPath
    month_day: Annotated[str, AfterValidator(_day)]


class Population(Document):
    """Children that the model is for."""

    description: OneLine
    where: tuple[Condition, ...]


class Eligible(Document):
    """Conditions for being screened: children of the population whose outcome is still open."""

    description: OneLine
    where: Annotated[tuple[Condition, ...], Field(min_length=1)]


class Outcome(Document):
    """The outcome, its horizon, and the minimum follow-up of a negative (``followed_months``)."""

    column: ColumnPath
    positive: Values
    negative: Values
    #: Whether adults recorded it, a test measured it, or it is an event; cards explain the limits of each.
    kind: Literal["recorded_status", "test", "event"]
    horizon_months: Annotated[int, Field(ge=1, le=240)]
    description: OneLine
    followed_months: Annotated[int, Field(ge=0, le=240)] = 0


class AnyGoalNotMet(Document):
    """The baseline's own operating point: it lists children who do not meet all of these goals."""

    any_not_met: Annotated[tuple[Name, ...], Field(min_length=1)]
    description: OneLine


class LowestShare(Document):
    """The baseline's own operating point: it lists this share of the children."""

    lowest_share: Annotated[float, Field(gt=0, lt=1)]
    description: OneLine


class GoalsNotMet(Document):
    """The baseline that ranks by the number of early learning goals not met."""

    kind: Literal["goals_not_met"]
    features: Annotated[tuple[Name, ...], Field(min_length=1)]
    not_met: float
    met: float
    description: OneLine
    operating_point: AnyGoalNotMet


class LowScore(Document):
    """The baseline that ranks by one score, lowest first."""

    kind: Literal["low_score"]
    feature: Name
    description: OneLine
    operating_point: LowestShare


class ModelParameters(Document):
    """Hyperparameters of the model.

    ``C`` is the inverse penalty of ``model: logistic``; ``max_terms`` are the most features that have a term in
    ``model: additive``.
    """

    C: Annotated[float, Field(gt=0)] = 0.1
    max_terms: Annotated[int, Field(ge=1)] | None = None


class Group(Document):
    """A sensitive attribute whose groups are compared. That does not make it a feature."""

    name: Name
    column: ColumnPath
    derive: Literal["season", "ethnic_group", "eal"] | None = None
    label: OneLine
    levels: dict[str, OneLine] = Field(default_factory=dict)


class Tolerance(Document):
    """Largest tolerated gap between groups, by metric."""

    false_negative_rate: SmallShare
    false_positive_rate: SmallShare = TOLERANCES["false_positive_rate"]
    calibration_in_the_large: SmallShare = TOLERANCES["calibration_in_the_large"]


class Gate(Document):
    """An acceptance threshold: a version that fails it is not registered."""

    metric: Literal[
        "roc_auc",
        "average_precision",
        "recall",
        "precision",
        "calibration_slope",
        "calibration_intercept",
    ]
    against: Literal["baseline", "lightgbm", "ebm", "whole_points", "all_terms"] | None = None
    end: Literal["value", "low", "high"] = "value"
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Gate:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most, so no version could pass")
        return self


class ReviewSampleSize(Document):
    """How many children not listed are drawn at random, to be discussed too: a number or a share, for each list.

    Examples
    --------
    >>> ReviewSampleSize(n=10).of(7), ReviewSampleSize(share=0.02).of(120), ReviewSampleSize(share=0.02).of(8)
    (7, 2, 1)
    """

    n: Annotated[int, Field(ge=1, le=1000)] | None = None
    share: SmallShare | None = None

    @model_validator(mode="after")
    def _one_given(self) -> ReviewSampleSize:
        if (self.n is None) == (self.share is None):
            raise ValueError("give n, a number of children, or share, a share of those not listed")
        return self

    def of(self, not_listed: int) -> int:
        """Return how many of so many children are drawn: at least one, so that each could be.

        Parameters
        ----------
        not_listed : int
            Children who are not on the list.

        Returns
        -------
        int
        """
        wanted = self.n if self.share is None else max(1, math.floor(self.share * not_listed + 0.5))
        return min(not_listed, wanted or 0)


class Validation(Document):
    """Grouped cross-validation: folds keep schools together; one split per seed."""

    folds: Annotated[int, Field(ge=2, le=20)]
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1), AfterValidator(_each_once)]


def _kind_of_date(value: object) -> str:
    return "AcademicYearEnd" if isinstance(value, dict | AcademicYearEnd) else "date"


class SpecDocument(Document):
    """The keys of ``spec.yaml``; its JSON schema is ``SpecDocument.model_json_schema()``."""

    format: Literal["send_screen.spec/1"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,62}$")]
    title: OneLine
    owner: Owner
    intended_use: OneLine
    prohibited_uses: Annotated[tuple[OneLine, ...], Field(min_length=1)]
    research_comparison: OneLine = ""
    data: Annotated[tuple[DataUse, ...], Field(min_length=1)]
    child_id: Name
    linkage: Linkage = Linkage()
    school: ColumnPath | None = None
    #: Nouns on pages for the people, such as students, and for the clusters in ``school``, such as courses.
    children_are: Noun = CHILDREN
    schools_are: Noun = SCHOOLS
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
    challengers: Annotated[tuple[Literal["lightgbm", "ebm"], ...], AfterValidator(_each_once)] = ()
    capacity: SmallShare
    #: Children not listed who are discussed too, for honest estimates of what the list misses; None for none.
    review_sample: ReviewSampleSize | None = None
    #: Maximum points of a line of the scorecard, if it is to have whole points; None for points with decimals.
    scorecard_points: Annotated[int, Field(ge=2, le=100)] | None = None
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    intersections: tuple[tuple[Name, Name], ...] = ()
    tolerance: Tolerance
    gates: Annotated[tuple[Gate, ...], Field(min_length=1)]
    validation: Validation
    review_date: dt.date

    @property
    def compared(self) -> tuple[str, ...]:
        """Models that the candidate is compared with: challengers, its whole points, itself without ``max_terms``."""
        variants = {"whole_points": self.scorecard_points, "all_terms": self.model_parameters.max_terms}
        return (*self.challengers, *(name for name, given in variants.items() if given is not None))


class ModelSpec(SpecDocument):
    """A validated model spec: population, features, outcome, model, capacity, gates and owner.

    Returned by :func:`send_screen.specs.load_spec`; its other attributes are the keys of ``spec.yaml``.

    Attributes
    ----------
    text : str
        The text of the file.
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
    def shown_school(self) -> ColumnRef | None:
        """The column of the school that a list displays; None where there are no schools."""
        return self.show.school or self.school

    @property
    def monotonic_cst(self) -> dict[str, Literal["increasing", "decreasing"]]:
        """The monotonic constraints, as the estimators take them."""
        return {feature.name: feature.monotonic for feature in self.features if feature.monotonic != "none"}
