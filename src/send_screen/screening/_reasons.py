"""A child's features in words: reasons for and against, and what was not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from send_screen.screening._result import Reason
from send_screen.screening._role import RoleAccess
from send_screen.specs import Feature
from send_screen.specs._columns import value_in_words

# A contribution smaller than this (in log-odds) moves the chance of a child near the line by about one in a hundred,
# and is no reason to name.
SMALLEST_REASON = 0.05
MOST_REASONS = 5


def is_missing(value: object) -> bool:
    """Tell whether a feature's value is missing."""
    return value is None or (isinstance(value, float) and np.isnan(value))


@dataclass(frozen=True)
class Reasons:
    """Why a child has the score it has, as one role may see it.

    Attributes
    ----------
    speaks_for, speaks_against : tuple of Reason
        Strongest first.
    not_known : tuple of str
        What was missing about the child, in words.
    ask : tuple of str
        Agencies whose data count for the child and that the role may not see; nothing else is said of those.
    """

    speaks_for: tuple[Reason, ...]
    speaks_against: tuple[Reason, ...]
    not_known: tuple[str, ...]
    ask: tuple[str, ...]


def reasons(
    features: Sequence[Feature], access: RoleAccess, values: Iterable[object], contributions: np.ndarray
) -> Reasons:
    """Return what speaks for a look at a child, what speaks against, what was not known, and whom to ask.

    Parameters
    ----------
    features : sequence of Feature, length p
        What the model looks at.
    access : RoleAccess
        Whoever reads it: of a column that this role may not see, only the agency is named (hard rule 7).
    values : iterable of float, str or None, length p
        The child's features.
    contributions : numpy.ndarray of float64, shape (p,)
        Exact Shapley values in log-odds, in the same order.
    """
    found, unknown, ask = [], [], []
    for feature, value, contribution in zip(features, values, contributions, strict=True):
        agency = access.data_owner(feature)
        if agency is not None:
            ask.append(agency)
            continue
        if is_missing(value):
            moved = " (its absence moved the child up)" if contribution >= SMALLEST_REASON else ""
            unknown.append(feature.label + moved)
            continue
        if abs(contribution) >= SMALLEST_REASON:
            text = value_in_words(feature, access.contracts, value)
            whose = access.contracts[feature.sources[0].contract].agency
            found.append(Reason(feature.name, text, float(contribution), whose, feature.area))
    strongest_first = sorted(found, key=lambda reason: (-abs(reason.contribution), reason.feature))
    speaks_for = tuple(reason for reason in strongest_first if reason.contribution > 0)[:MOST_REASONS]
    speaks_against = tuple(reason for reason in strongest_first if reason.contribution < 0)[:MOST_REASONS]
    return Reasons(speaks_for, speaks_against, tuple(unknown), tuple(dict.fromkeys(ask)))
