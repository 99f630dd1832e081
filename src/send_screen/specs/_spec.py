"""A model spec as typed, frozen data: the decision that a version puts into numbers."""

from __future__ import annotations

import datetime as dt
import numbers
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from send_screen.contracts import Contract

Sign = Literal["increasing", "decreasing", "none"]
Scalar = str | float | bool

#: Largest gap between groups, as a share, that is tolerated where a spec does not say.
TOLERANCES = {"false_negative_rate": 0.10, "false_positive_rate": 0.05, "calibration_in_the_large": 0.05}


def code(value: object) -> str:
    """Return a value of a spec or a frame as the code a contract writes: 1 and 1.0 are ``"1"``, true is ``"true"``."""
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "true" if value else "false"
    if isinstance(value, numbers.Real) and float(value).is_integer():
        return str(int(float(value)))
    return str(value)


class ColumnRef(NamedTuple):
    """A column of a contract, written ``agency/contract.column`` in the YAML."""

    contract: str
    column: str

    @classmethod
    def parse(cls, text: str) -> ColumnRef:
        """Split ``"education/eyfsp.G01"`` into its contract and its column."""
        contract, _, column = text.partition(".")
        return cls(contract, column)

    def __str__(self) -> str:
        return f"{self.contract}.{self.column}"


@dataclass(frozen=True)
class DataUse:
    """A contract that the model reads, and what for."""

    contract: str
    version: str
    essential: bool
    training_only: bool
    purpose: str


@dataclass(frozen=True)
class Condition:
    """What a row must satisfy: its value is one of ``values`` (or, with ``negated``, is none of them)."""

    column: ColumnRef
    values: tuple[Scalar, ...]
    negated: bool
    rule: str
    words: str


@dataclass(frozen=True)
class AgeInMonths:
    """Whole months from birth to a month: of a date of birth, or of a year and a month of birth."""

    born: ColumnRef | None
    year: ColumnRef | None
    month: ColumnRef | None
    at: str

    @property
    def sources(self) -> tuple[ColumnRef, ...]:
        """The columns that the age is worked out from."""
        return tuple(ref for ref in (self.born, self.year, self.month) if ref is not None)


@dataclass(frozen=True)
class Share:
    """One count as a share of another, missing where the whole is missing or 0."""

    of: ColumnRef
    out_of: ColumnRef

    @property
    def sources(self) -> tuple[ColumnRef, ...]:
        """The columns that the share is worked out from."""
        return (self.of, self.out_of)


@dataclass(frozen=True)
class Equals:
    """1 where a column holds one value, 0 where it holds another, missing where it holds none."""

    column: ColumnRef
    value: Scalar

    @property
    def sources(self) -> tuple[ColumnRef, ...]:
        """The column that is compared."""
        return (self.column,)


@dataclass(frozen=True)
class Feature:
    """One thing the model looks at, with its sign and its words."""

    name: str
    source: ColumnRef | AgeInMonths | Share | Equals
    kind: Literal["number", "category"]
    sign: Sign
    label: str
    unit: str
    area: str | None
    justification: str
    expected_strong: str

    @property
    def sources(self) -> tuple[ColumnRef, ...]:
        """The contract columns that the feature is made from."""
        return (self.source,) if isinstance(self.source, ColumnRef) else self.source.sources


@dataclass(frozen=True)
class Series:
    """The academic year in which a series began: what came before does not compare."""

    column: ColumnRef
    first_year: str
    words: str


@dataclass(frozen=True)
class Outcome:
    """What the model predicts, and by when; who has no record so many months on was not followed."""

    column: ColumnRef
    positive: tuple[Scalar, ...]
    negative: tuple[Scalar, ...]
    horizon_months: int
    words: str
    followed_months: int


@dataclass(frozen=True)
class GoalsNotMet:
    """The rule that counts goals not met; at its own rate it flags whoever misses one of ``natural``."""

    features: tuple[str, ...]
    not_met: float
    met: float
    natural: tuple[str, ...]
    words: str
    natural_words: str


@dataclass(frozen=True)
class LowScore:
    """The rule that ranks by one score, lowest first; at its own rate it flags the lowest ``natural_quantile``."""

    feature: str
    natural_quantile: float
    words: str
    natural_words: str


@dataclass(frozen=True)
class Group:
    """An attribute whose groups are compared; never a feature on its account."""

    name: str
    column: ColumnRef
    derive: Literal["season", "ethnic_group", "eal"] | None
    label: str
    levels: dict[str, str]


@dataclass(frozen=True)
class Gate:
    """A bound that a version must keep before it may be registered."""

    metric: str
    against: str | None
    end: Literal["value", "low", "high"]
    at_least: float | None
    at_most: float | None


@dataclass(frozen=True)
class ModelSpec:
    """The whole decision: for whom, on what, about what, by what, within what bounds, and who answers for it.

    Made by :func:`send_screen.specs.load_spec`. ``text`` is the file as read and ``sha256`` the hash of its bytes;
    ``contracts`` are those under ``data``, by id, as they were when it was read.
    """

    name: str
    title: str
    owner: dict[str, str]
    intended_use: str
    prohibited_uses: tuple[str, ...]
    research_comparison: str
    data: tuple[DataUse, ...]
    child_id: str
    school: ColumnRef
    show_name: tuple[ColumnRef, ...]
    show_class: ColumnRef | None
    show_school: ColumnRef
    as_of: dt.date | None
    as_of_year: ColumnRef | None
    as_of_month_day: str
    population_words: str
    population: tuple[Condition, ...]
    series: Series | None
    eligible_words: str
    eligible: tuple[Condition, ...]
    outcome: Outcome
    features: tuple[Feature, ...]
    rule: GoalsNotMet | LowScore
    model: Literal["additive", "logistic", "rule"]
    penalty_c: float
    challengers: tuple[str, ...]
    capacity: float
    groups: tuple[Group, ...]
    intersections: tuple[tuple[str, str], ...]
    tolerances: dict[str, float]
    gates: tuple[Gate, ...]
    folds: int
    seeds: tuple[int, ...]
    review_date: dt.date
    text: str
    sha256: str
    contracts: dict[str, Contract] = field(repr=False)

    def feature(self, name: str) -> Feature:
        """Return the feature called ``name``."""
        return next(feature for feature in self.features if feature.name == name)

    @property
    def monotonic_cst(self) -> dict[str, Literal["increasing", "decreasing"]]:
        """The monotonic constraints, as the estimators take them."""
        return {feature.name: feature.sign for feature in self.features if feature.sign != "none"}
