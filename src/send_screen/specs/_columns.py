"""Conditions and features of a model spec, which refer to columns of contracts.

The as-of date is the last day whose records a prediction may use.
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, BaseModel, Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from send_screen.contracts import Contract
from send_screen.documents import Document, count

_COLUMN_PATTERN = r"[a-z0-9_]+/[a-z0-9_]+\.[A-Za-z][A-Za-z0-9_]*"

#: A value of a column in the YAML.
Scalar = bool | int | float | str
Values = Annotated[tuple[Scalar, ...], Field(min_length=1)]
OneLine = Annotated[str, Field(min_length=1), AfterValidator(lambda text: " ".join(text.split()))]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]


def as_code(value: object) -> str:
    """Return a value of a spec or a frame as a code in a contract: 1 and 1.0 are ``"1"``, true is ``"true"``.

    Examples
    --------
    >>> as_code(1.0), as_code(True), as_code("R")
    ('1', 'true', 'R')
    """
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "true" if value else "false"
    if isinstance(value, numbers.Real) and float(value).is_integer():
        return str(int(float(value)))
    return str(value)


class ColumnRef(NamedTuple):
    """A column of a contract, written ``agency/contract.column`` in the YAML; the agency holds the data.

    Attributes
    ----------
    contract : str
        Id of the contract.
    column : str
        Name of the column in it.
    """

    contract: str
    column: str

    def __str__(self) -> str:
        return f"{self.contract}.{self.column}"


def _column_path(value: object) -> ColumnRef:
    if not isinstance(value, str) or not re.fullmatch(_COLUMN_PATTERN, value):
        raise ValueError("must name a column, such as education/eyfsp.E01")
    return ColumnRef(*value.split("."))


ColumnPath = Annotated[
    ColumnRef,
    PlainValidator(_column_path),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": f"^{_COLUMN_PATTERN}$"}),
]


def column_refs(part: object, path: str = "$") -> Iterator[tuple[str, ColumnRef]]:
    """Yield the path of every column reference in a part of a spec, and the reference."""
    if isinstance(part, ColumnRef):
        yield path, part
    elif isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            yield from column_refs(getattr(part, name), f"{path}.{field.alias or name}")
    elif isinstance(part, tuple):
        for position, item in enumerate(part):
            yield from column_refs(item, f"{path}[{position}]")


class _FromColumns(Document):
    """Base class of features and their derivations, which are computed from columns of contracts."""

    @cached_property
    def sources(self) -> tuple[ColumnRef, ...]:
        """The columns that the feature is computed from."""
        return tuple(ref for _, ref in column_refs(self))


class AgeInMonths(_FromColumns):
    """Age in whole months at a month (or the as-of date), from a date of birth or a year and month of birth."""

    born: ColumnPath | None = None
    year: ColumnPath | None = None
    month: ColumnPath | None = None
    at: Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}|as_of)$")]

    @model_validator(mode="after")
    def _one_birth(self) -> AgeInMonths:
        parts = (self.year is not None, self.month is not None)
        if parts != ((self.born is None,) * 2):
            raise ValueError("give born or year and month, and only one of them")
        return self


class MovedOn(Document):
    """Values that a file exported after the as-of date may show instead of the condition's.

    For example, the condition is year group R, and by the export the child is in year 1. Such a value still meets the
    condition if the child's age in months at the as-of date is from ``least`` to ``most``.
    """

    values: Annotated[Values, Field(alias="in")]
    age_in_months: AgeInMonths
    least: Annotated[int, Field(ge=0)]
    most: Annotated[int, Field(ge=0)]


class Condition(Document):
    """A condition on rows: the value of a column is one of ``in``, or none of ``not_in``.

    ``rule`` is the id under which an excluded row is reported. ``counted_as`` is how the top of a list counts those
    children, such as "already on the register".
    """

    column: ColumnPath
    any_of: Annotated[Values | None, Field(alias="in")] = None
    not_in: Values | None = None
    moved_on: MovedOn | None = None
    rule: Annotated[str, Field(pattern=r"^[A-Z0-9-]+$")]
    description: OneLine
    counted_as: OneLine = ""

    @model_validator(mode="after")
    def _one_side(self) -> Condition:
        if (self.any_of is None) == (self.not_in is None):
            raise ValueError("give in or not_in, and only one of them")
        if self.moved_on and self.negated:
            raise ValueError("moved_on goes with in, not with not_in")
        return self

    @property
    def negated(self) -> bool:
        """Whether the condition is ``not_in``."""
        return self.not_in is not None

    @property
    def values(self) -> tuple[Scalar, ...]:
        """The values in the condition."""
        return self.not_in or self.any_of or ()

    @property
    def columns(self) -> tuple[ColumnRef, ...]:
        """The columns that it reads."""
        return (self.column, *(self.moved_on.age_in_months.sources if self.moved_on else ()))


class Share(_FromColumns):
    """A count as a share of another, missing where the other is missing or 0."""

    of: ColumnPath
    out_of: ColumnPath


class Equals(_FromColumns):
    """Indicator of one value of a column: 1, 0 for other values, missing where missing."""

    column: ColumnPath
    value: Scalar


class Derive(Document):
    """How a feature is computed; exactly one of the three."""

    age_in_months: AgeInMonths | None = None
    share: Share | None = None
    equals: Equals | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Derive:
        if sum(part is not None for part in (self.age_in_months, self.share, self.equals)) != 1:
            raise ValueError("give age_in_months or share or equals, and only one of them")
        return self


class Feature(_FromColumns):
    """A predictor: its source, its monotonic constraint, and its label.

    ``area`` is the broad area of need of the SEND code of practice, which a child's page names. ``family`` is a noun in
    the plural, such as goals, for features of one contract with the same levels; their reasons are summed by level.
    ``justification`` says why a proxy of a protected characteristic is a feature, ``expected_strong`` why a very strong
    feature is no target leakage.
    """

    name: Name
    column: ColumnPath | None = None
    derive: Derive | None = None
    kind: Literal["number", "category"]
    monotonic: Literal["increasing", "decreasing", "none"] = "none"
    label: OneLine
    unit: OneLine = ""
    area: (
        Literal[
            "communication and interaction",
            "cognition and learning",
            "social, emotional and mental health",
            "sensory and physical",
        ]
        | None
    ) = None
    family: OneLine = ""
    justification: OneLine = ""
    expected_strong: OneLine = ""

    @model_validator(mode="after")
    def _one_source(self) -> Feature:
        if (self.column is None) == (self.derive is None):
            raise ValueError("give column or derive, and only one of them")
        return self

    @property
    def source(self) -> ColumnRef | AgeInMonths | Share | Equals:
        """The column, or what the feature is derived from."""
        made: Any = self.derive
        return self.column or made.age_in_months or made.share or made.equals


def value_text(feature: Feature, contracts: Mapping[str, Contract], value: Any) -> str:
    """Return a feature's value as text, for example ``"emerging"``."""
    source = feature.source
    if isinstance(source, Equals):
        return "yes" if value == 1.0 else "no"
    if isinstance(source, Share):
        return f"{100 * float(value):.1f}".removesuffix(".0") + " %"
    if isinstance(source, AgeInMonths):
        years, months = divmod(int(float(value)), 12)
        parts = (count(years, "year", "years"), count(months, "month", "months"))
        return " ".join(part for part, n in zip(parts, (years, months), strict=True) if n) or parts[1]
    levels = contracts[source.contract].columns[source.column].levels or {}
    written = np.format_float_positional(value, trim="-") if isinstance(value, float) else str(value)
    return levels.get(written, f"{written} {feature.unit}".rstrip())


def describe_value(feature: Feature, contracts: Mapping[str, Contract], value: Any) -> str:
    """Return a feature's label and value as text, for example ``"Speaking: emerging"``."""
    return f"{feature.label}: {value_text(feature, contracts, value)}"
