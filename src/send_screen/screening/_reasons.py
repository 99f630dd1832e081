"""Reasons for and against listing a child, as text, and what was not known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from send_screen.screening._result import FeatureValue, Reason
from send_screen.screening._role import RoleAccess
from send_screen.specs import Feature
from send_screen.specs._columns import value_text
from send_screen.tables import RiskTables
from send_screen.tables._display import NOT_KNOWN

# Smaller contributions (in log-odds) change the risk of a child near the threshold by about one in a hundred, and are
# not listed as reasons.
MIN_CONTRIBUTION = 0.05
MAX_REASONS = 5
_MAX_NAMED = 3  # members of a family that a reason names, or names as the only others


@dataclass(frozen=True)
class Reasons:
    """Reasons for a child's score, as one role may see them; the fields are those of :class:`ScreenedChild`."""

    reasons_for: tuple[Reason, ...]
    reasons_against: tuple[Reason, ...]
    not_known: tuple[str, ...]
    ask: tuple[str, ...]
    values: tuple[FeatureValue, ...]


class _Member(NamedTuple):
    feature: Feature
    value: FeatureValue


def interacting_with_hidden(features: Sequence[Feature], access: RoleAccess, tables: RiskTables) -> frozenset[str]:
    """Return the features that interact with one that the role may not see: their contributions depend on its value."""
    hidden = {feature.name for feature in features if access.data_owner(feature) is not None}
    return frozenset(name for pair in tables.interactions if hidden & {*pair.features} for name in pair.features)


def reasons(
    features: Sequence[Feature],
    access: RoleAccess,
    values: Iterable[object],
    contributions: np.ndarray,
    interacting: frozenset[str],
) -> Reasons:
    """Return the reasons for and against listing a child, what was not known, and the agencies to ask.

    Values and contributions (exact Shapley values in log-odds) are in the order of the features. Of a column that the
    role may not see, only the agency is named. The contributions of features ``interacting`` with a hidden one count in
    no reason either. Features of a family with the same value are one reason, whose contribution is their sum: the
    Shapley value of a group of features of an additive model.
    """
    members: list[_Member] = []
    ask = []
    for feature, value, contribution in zip(features, values, contributions, strict=True):
        hidden_by = access.data_owner(feature)
        if hidden_by is not None:
            ask.append(hidden_by)
            continue
        missing = value is None or (isinstance(value, float) and math.isnan(value))
        shown = FeatureValue(
            feature=feature.name,
            label=feature.label,
            value=NOT_KNOWN if missing else value_text(feature, access.contracts, value),
            contribution=None if feature.name in interacting else float(contribution),
            agency=access.contracts[feature.sources[0].contract].agency_name,
            family=feature.family,
        )
        members.append(_Member(feature, shown))
    groups: dict[tuple[str, str], list[_Member]] = {}
    for member in members:
        groups.setdefault((member.feature.family or member.feature.name, member.value.value), []).append(member)
    found, unknown = [], []
    for (_, value_of_all), group in groups.items():
        family = [m.value.label for m in members if m.feature.family and m.feature.family == group[0].feature.family]
        known = [m.value.contribution for m in group if m.value.contribution is not None]
        total = math.fsum(known)
        if value_of_all == NOT_KNOWN:
            unknown += _unknown(group, len(family), raised=total >= MIN_CONTRIBUTION)
        elif abs(total) >= MIN_CONTRIBUTION:
            text = _text(group, family)
            found.append(
                Reason(tuple(m.feature.name for m in group), text, total, group[0].value.agency, _areas(group))
            )
    strongest_first = sorted(found, key=lambda reason: (-abs(reason.contribution), reason.features))
    return Reasons(
        reasons_for=tuple(reason for reason in strongest_first if reason.contribution > 0)[:MAX_REASONS],
        reasons_against=tuple(reason for reason in strongest_first if reason.contribution < 0)[:MAX_REASONS],
        not_known=tuple(unknown),
        ask=tuple(dict.fromkeys(ask)),
        values=tuple(member.value for member in members),
    )


def _text(group: Sequence[_Member], family: Sequence[str]) -> str:
    """Return a reason in words: of a family, how many have the value, and which if they are few, or all but few."""
    value, labels = group[0].value.value, [member.value.label for member in group]
    if len(family) < 2:
        return f"{labels[0]}: {value}"
    noun, others = group[0].feature.family, [label for label in family if label not in labels]
    if not others:
        return f"All {len(family)} {noun} {value}"
    text = f"{len(labels)} of {len(family)} {noun} {value}"
    if len(labels) <= _MAX_NAMED:
        return f"{text} ({'; '.join(labels)})"
    return f"{text} (all but {'; '.join(others)})" if len(others) <= _MAX_NAMED else text


def _unknown(group: Sequence[_Member], n_family: int, *, raised: bool) -> list[str]:
    """Return what was not known: the features, or how many of a family."""
    if len(group) <= _MAX_NAMED:
        note = " (its absence raised the score)" if raised else ""
        return [member.value.label + note for member in group]
    note = " (their absence raised the score)" if raised else ""
    return [f"{len(group)} of {n_family} {group[0].feature.family}{note}"]


def _areas(group: Sequence[_Member]) -> tuple[str, ...]:
    """Return the areas of need that the features point to, strongest first."""
    weight: dict[str, float] = {}
    for feature, value in group:
        if feature.area and value.contribution is not None:
            weight[feature.area] = weight.get(feature.area, 0.0) + abs(value.contribution)
    return tuple(sorted((area for area in weight if weight[area] >= MIN_CONTRIBUTION), key=lambda area: -weight[area]))
