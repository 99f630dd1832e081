"""Labels of a feature, of its values and of ranges of values, for tables and plots of the model's terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from send_screen.contracts import Contract
from send_screen.specs import AgeInMonths, ColumnRef, Equals, Feature, ModelSpec, Share
from send_screen.specs._columns import value_text
from send_screen.tables import LevelsTerm, RiskTables, Term

_MAX_WHOLE = 2_000  # a wider range of whole numbers is treated as continuous


@dataclass(frozen=True, kw_only=True)
class AxisLabels:
    """The label of a feature and of its values.

    Attributes
    ----------
    label : str
        What the feature is called.
    unit, agency : str
        Unit of its values, and the agency whose data they are; empty where not known.
    monotonic : {"increasing", "decreasing", "none"}
    levels : tuple of str
        Of a categorical term, in its order; empty for a numeric one.
    codes : tuple of float
        Of a feature with numeric codes, such as 1 for "emerging": all codes, ascending, in the training data or not;
        empty for other features.
    values : tuple of float
        The distinct values of codes or whole numbers, within the published range; empty for other features.
    """

    label: str
    unit: str = ""
    agency: str = ""
    monotonic: Literal["increasing", "decreasing", "none"] = "none"
    levels: tuple[str, ...] = ()
    codes: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    def describe(self, value: float | str) -> str:
        """Return the label of one value, for example ``"emerging"`` or ``"3 days"``."""
        return value if isinstance(value, str) else self._number(value)

    def describe_range(self, lower: float | None, upper: float | None) -> str:
        """Return the label of the values from ``lower`` to below ``upper``, such as ``"3 to 5 days"``.

        None is an open end. A level counts as its position in ``levels``.
        """
        low, high = -math.inf if lower is None else lower, math.inf if upper is None else upper
        positions: list[tuple[float, float | str]] = [*enumerate(self.levels), *((code, code) for code in self.codes)]
        if positions:
            return " or ".join(self.describe(value) for position, value in positions if low <= position < high)
        if lower is None and upper is None:
            return "any value"
        if not self.values:
            if lower is None:
                return f"below {self._number(high)}{self._unit}"
            if upper is None:
                return f"{self._number(low)}{self._unit} or more"
            return f"{self._number(low)} to below {self._number(high)}{self._unit}"
        first = math.ceil(max(low, self.values[0]))
        if upper is None:
            return f"{self._number(first)}{self._unit} or more"
        last = math.ceil(high - 1.0)
        if lower is None:
            return f"{self._number(last)}{self._unit} or less"
        return f"{self._number(first)}{'' if first == last else f' to {self._number(last)}'}{self._unit}"

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""

    def _number(self, value: float) -> str:
        # all digits: an edge is the shortest decimal between two neighbouring values, and rounding would move it
        return np.format_float_positional(value, trim="-").replace("-", "−")


@dataclass(frozen=True, kw_only=True)
class FeatureLabels(AxisLabels):
    """The labels of a feature from a spec and its contracts."""

    feature: Feature
    contracts: Mapping[str, Contract]

    def describe(self, value: float | str) -> str:
        """Return the label of one value, from its contract."""
        return value_text(self.feature, self.contracts, value)

    @property
    def _unit(self) -> str:
        return super()._unit if isinstance(self.feature.source, ColumnRef) else ""

    def _number(self, value: float) -> str:
        if isinstance(self.feature.source, Share):
            return f"{super()._number(round(100.0 * value, 9))} %"
        return self.describe(float(value)) if isinstance(self.feature.source, AgeInMonths) else super()._number(value)


def term_axes(tables: RiskTables) -> dict[str, AxisLabels]:
    """Return the labels of each feature of a model that has no spec: its name and levels."""
    return {
        term.feature: AxisLabels(label=term.feature, levels=tuple(term.levels) if isinstance(term, LevelsTerm) else ())
        for term in tables.terms
    }


def axis_labels(spec: ModelSpec, contracts: Mapping[str, Contract], tables: RiskTables) -> dict[str, AxisLabels]:
    """Return the labels of each feature of a model, by name."""
    return {term.feature: _axis(spec.feature(term.feature), contracts, term) for term in tables.terms}


def _axis(feature: Feature, contracts: Mapping[str, Contract], term: Term) -> AxisLabels:
    labels = FeatureLabels(
        label=feature.label,
        unit=feature.unit,
        agency=contracts[feature.sources[0].contract].agency,
        monotonic=feature.monotonic,
        feature=feature,
        contracts=contracts,
    )
    if isinstance(term, LevelsTerm):
        return replace(labels, levels=tuple(term.levels))
    if codes := _codes(feature, contracts):
        return replace(labels, codes=codes, values=tuple(code for code in codes if term.low <= code <= term.high))
    whole = range(math.ceil(term.low), math.floor(term.high) + 1) if _is_whole(feature, contracts) else ()
    return replace(labels, values=tuple(map(float, whole)) if len(whole) <= _MAX_WHOLE else ())


def _codes(feature: Feature, contracts: Mapping[str, Contract]) -> tuple[float, ...]:
    if isinstance(feature.source, Equals):
        return (0.0, 1.0)
    if isinstance(feature.source, ColumnRef):
        levels = contracts[feature.source.contract].columns[feature.source.column].levels
        if levels and all(code.isdigit() for code in levels):
            return tuple(sorted(map(float, levels)))
    return ()


def _is_whole(feature: Feature, contracts: Mapping[str, Contract]) -> bool:
    if isinstance(feature.source, ColumnRef):
        return contracts[feature.source.contract].columns[feature.source.column].logical_type == "integer"
    return isinstance(feature.source, AgeInMonths)
