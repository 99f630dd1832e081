"""Reasons for and against listing a child, as text, and what was not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from send_screen.screening._result import Reason
from send_screen.screening._role import RoleAccess
from send_screen.specs import Feature
from send_screen.specs._columns import describe_value

# A contribution smaller than this (in log-odds) moves the chance of a child near the line by about one in a hundred,
# and is no reason to name.
MIN_CONTRIBUTION = 0.05
MAX_REASONS = 5


@dataclass(frozen=True)
class Reasons:
    """Why a child has the score it has, as one role may see it: see the same fields of a screened child."""

    reasons_for: tuple[Reason, ...]
    reasons_against: tuple[Reason, ...]
    not_known: tuple[str, ...]
    ask: tuple[str, ...]


def reasons(
    features: Sequence[Feature], access: RoleAccess, values: Iterable[object], contributions: np.ndarray
) -> Reasons:
    """Return what speaks for a look at a child, what speaks against, what was not known, and whom to ask.

    Values and contributions (exact Shapley values in log-odds) are in the order of the features. Of a column that the
    role may not see, only the agency is named.
    """
    found, unknown, ask = [], [], []
    for feature, value, contribution in zip(features, values, contributions, strict=True):
        agency = access.data_owner(feature)
        if agency is not None:
            ask.append(agency)
            continue
        if value is None or (isinstance(value, float) and np.isnan(value)):
            moved = " (its absence raised the score)" if contribution >= MIN_CONTRIBUTION else ""
            unknown.append(feature.label + moved)
            continue
        if abs(contribution) >= MIN_CONTRIBUTION:
            text = describe_value(feature, access.contracts, value)
            whose = access.contracts[feature.sources[0].contract].agency
            found.append(Reason(feature.name, text, float(contribution), whose, feature.area))
    strongest_first = sorted(found, key=lambda reason: (-abs(reason.contribution), reason.feature))
    reasons_for = tuple(reason for reason in strongest_first if reason.contribution > 0)[:MAX_REASONS]
    reasons_against = tuple(reason for reason in strongest_first if reason.contribution < 0)[:MAX_REASONS]
    return Reasons(reasons_for, reasons_against, tuple(unknown), tuple(dict.fromkeys(ask)))
