"""Reasons for and against listing a child, as text, and what was not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from send_screen.screening._result import Reason
from send_screen.screening._role import RoleAccess
from send_screen.specs import Feature
from send_screen.specs._columns import describe_value
from send_screen.tables import RiskTables

# Smaller contributions (in log-odds) change the risk of a child near the threshold by about one in a hundred, and are
# not listed as reasons.
MIN_CONTRIBUTION = 0.05
MAX_REASONS = 5


@dataclass(frozen=True)
class Reasons:
    """Reasons for a child's score, as one role may see them; the fields are those of :class:`ScreenedChild`."""

    reasons_for: tuple[Reason, ...]
    reasons_against: tuple[Reason, ...]
    not_known: tuple[str, ...]
    ask: tuple[str, ...]


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
    role may not see, only the agency is named. Features ``interacting`` with a hidden one are no reasons either.
    """
    found, unknown, ask = [], [], []
    for feature, value, contribution in zip(features, values, contributions, strict=True):
        hidden_by = access.data_owner(feature)
        if hidden_by is not None:
            ask.append(hidden_by)
            continue
        if value is None or (isinstance(value, float) and np.isnan(value)):
            raised = contribution >= MIN_CONTRIBUTION and feature.name not in interacting
            unknown.append(feature.label + (" (its absence raised the score)" if raised else ""))
            continue
        if abs(contribution) >= MIN_CONTRIBUTION and feature.name not in interacting:
            text = describe_value(feature, access.contracts, value)
            agency = access.contracts[feature.sources[0].contract].agency
            found.append(Reason(feature.name, text, float(contribution), agency, feature.area))
    strongest_first = sorted(found, key=lambda reason: (-abs(reason.contribution), reason.feature))
    reasons_for = tuple(reason for reason in strongest_first if reason.contribution > 0)[:MAX_REASONS]
    reasons_against = tuple(reason for reason in strongest_first if reason.contribution < 0)[:MAX_REASONS]
    return Reasons(reasons_for, reasons_against, tuple(unknown), tuple(dict.fromkeys(ask)))
