"""What became of those listed, those not listed, and those who could not be screened: shares, by group too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from send_screen.evaluation._estimate import clustered_rate
from send_screen.evaluation._outcome_suppression import Unit, merge_small_groups, published_counts
from send_screen.evaluation._outcome_table import ALL, FOUND, MERGED, OPEN, STATES, OutcomeTable, outcome_table

SUPPRESSED = "suppressed: a count of 1 to 9 could be derived"
#: The rows of all children of a kind (True), and of a group of them.
_STATES: dict[bool, dict[str, tuple[str, ...]]] = {
    True: {"found": FOUND, **{state: (state,) for state in STATES}, "open": OPEN},
    False: MERGED,
}
_COLUMNS = ["kind", "attribute", "group", "state", "n", "count", "rate", "low", "high", "schools", "reason"]


def outcome_shares(children: pd.DataFrame, *, publish: bool = True) -> pd.DataFrame:
    """Return of the children listed, not listed and not screened how many were later supported, and so on.

    Parameters
    ----------
    children : pandas.DataFrame, shape (n, 3 or more)
        One row per child: ``school``, ``kind`` (as in the record of a screening run), ``state`` (what is known later:
        ``plan``, ``supported``, ``assessed``, ``no_need``, ``none_recorded`` or ``not_known``), and a column
        ``group.<attribute>`` for each attribute.
    publish : bool, default True
        Whether to suppress counts of 1 to 9 children, and those from which one could be derived. Groups with fewer than
        ten listed children are then taken together.

    Returns
    -------
    pandas.DataFrame
        One row per kind, group and state, with ``n`` (children of that kind and group), ``count``, ``rate`` and its
        95 % interval ``low`` to ``high``, clustered by school, and ``reason`` where one of them is missing. ``found``
        is support or a plan, and ``open`` is what is assessed or not known. Of groups, ``not_found`` is the rest.
        ``not_listed`` does not count the review sample.

    Raises
    ------
    DataError
        If a column is missing, or a kind or state is none of those above.

    Examples
    --------
    >>> children = pd.DataFrame(
    ...     {"school": np.arange(100) % 20, "kind": "listed", "state": ["supported", "not_known"] * 50}
    ... )
    >>> shares = outcome_shares(children).set_index("state")
    >>> shares.loc["found", ["n", "count", "rate"]].tolist()
    [100.0, 50.0, 0.5]
    """
    table = outcome_table(children)
    if publish:
        table = merge_small_groups(table)
    return shares_of(table, published_counts(table) if publish else None)


def shares_of(table: OutcomeTable, published: dict[Unit, int] | None) -> pd.DataFrame:
    """Return the shares of :func:`outcome_shares`, without those that rest on counts that are not published."""
    rows = []
    for kind in ("listed", "review_sample", "not_listed", "not_screened"):
        whole = table.kind == kind
        if whole.any():
            rows += _rows(table, whole, published, (kind, ALL, ALL))
            for attribute, groups in table.groups.items():
                for group in np.unique(groups):
                    rows += _rows(table, whole & (groups == group), published, (kind, attribute, str(group)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _rows(
    table: OutcomeTable, members: np.ndarray, published: dict[Unit, int] | None, key: tuple[str, str, str]
) -> list[list[Any]]:
    """Return the rows of the children of a kind and group."""
    trials, n, rows = table.by_school(members.astype(float)), int(members.sum()), list[list[Any]]()
    for state, states in _STATES[key[1] == ALL].items():
        if published is not None and not {Unit(*key, "n"), Unit(*key, state)} <= published.keys():
            shown_n = published.get(Unit(*key, "n"))
            rows.append([*key, state, shown_n, None, math.nan, math.nan, math.nan, None, SUPPRESSED])
            continue
        inside = members & np.isin(table.state, states)
        found = clustered_rate(table.by_school(inside.astype(float)), trials, undefined_reason="no child of this group")
        interval: list[Any] = [found.value, found.low, found.high, found.schools, found.reason]
        rows.append([*key, state, n, int(inside.sum()), *interval])
    return rows
