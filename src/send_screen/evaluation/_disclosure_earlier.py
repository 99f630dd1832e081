"""What a version has told of its groups, for the versions that come after it on the same data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from send_screen.evaluation._disclosure_cells import PARTS, SHARES, Cells, Key, Unit

#: A share of a group that was published rounded, and what it lies between.
Told = tuple[Key, str, float, float]


def revealed_counts(groups: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the counts that published rows of groups tell, None for those that are withheld.

    Parameters
    ----------
    groups : iterable of mapping
        The section ``groups`` of :func:`publish`.

    Returns
    -------
    list of dict
        ``attribute``, ``group``, ``n``, ``with_outcome``, ``true_positives`` and ``false_positives`` the outcome; and
        ``between``: share -> what it was rounded from, where it was published rounded.

    Examples
    --------
    >>> row = {"attribute": "sex", "group": "F", "metric": "prevalence", "value": 0.25, "n": 40}
    >>> revealed_counts([row])[0]
    {'attribute': 'sex', 'group': 'F', 'n': 40, 'with_outcome': 10, 'true_positives': None, 'false_positives': None, \
'between': {}}
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in groups:
        told = found.setdefault(
            (row["attribute"], row["group"]),
            {
                "attribute": row["attribute"],
                "group": row["group"],
                "n": None,
                "with_outcome": None,
                "true_positives": None,
                "false_positives": None,
                "between": {},
            },
        )
        if row.get("rounded_to") and row["metric"] in SHARES:
            told["between"][row["metric"]] = list(rounded_from(row["value"], row["rounded_to"]))
        if row["n"] is None:
            continue
        count = (row["value"] or 0.0) * row["n"]  # a share of no children is undefined, and of none there are none
        if row["metric"] == "prevalence":
            told |= {"n": row["n"], "with_outcome": round(count)}
        elif row["metric"] in _LISTED:
            told[_LISTED[row["metric"]]] = count
    return list(found.values())


def rounded_from(value: float, step: float) -> tuple[float, float]:
    """Return what a share lies between that was rounded to ``value``, a multiple of ``step``."""
    return max(0.0, round(value - step / 2, 6)), min(1.0, round(value + step / 2, 6))


_LISTED = {"recall": "true_positives", "false_positive_rate": "false_positives"}


@dataclass(frozen=True)
class ToldBefore:
    """What an earlier version told of these children, and what that forbids.

    Attributes
    ----------
    forms : list of numpy.ndarray of float, each of shape (cells x 4,)
        Sums that a reader of the earlier version knows.
    rounded : set of ((attribute, group), share, low, high)
        Shares that he knows to lie between two numbers.
    withheld : set of ((attribute, group), part)
        What it withheld.
    silenced : set of ((attribute, group), part)
        Of crossed groups, which this version may not publish.
    """

    forms: list[np.ndarray]
    rounded: set[Told]
    withheld: set[Unit]
    silenced: set[Unit]


def told_before(cells: Cells, counts: Iterable[Mapping[str, Any]]) -> ToldBefore:
    """Return what an earlier version told of these children, and what it withheld.

    How many are in a group, and how many had the outcome, does not depend on the model. Whom it listed does: that
    counts where every number it told of its list is this version's too, since then it is the same list. Beside a list
    that may be another, no groups are crossed that it did not cross: how many of them had the outcome would bound whom
    it listed.

    Parameters
    ----------
    cells : Cells
        The children of this version.
    counts : iterable of mapping
        From :func:`revealed_counts`, of a version on the same children.

    Returns
    -------
    ToldBefore
    """
    counts = list(counts)
    rows = [row for row in counts if (row["attribute"], row["group"]) in cells.members]
    same_list = all(_agrees(cells, row, count) for row in rows for count in _LISTED.values())
    forms: list[np.ndarray] = []
    rounded: set[Told] = set()
    withheld: set[Unit] = set()
    for row in rows:
        key = row["attribute"], row["group"]
        for share, (low, high) in row.get("between", {}).items():
            found = cells.between(key, share, low, high)
            if (share == "prevalence" or same_list) and all(cells.value(form) <= 1e-6 for form, _ in found):
                rounded.add((key, share, low, high))
        if not all(_agrees(cells, row, count) for count in ("n", "with_outcome")):
            continue  # another group of the same name
        for part, told in PARTS.items():
            if part != "outcome" and not same_list:
                continue
            if row[told[0]] is None:
                withheld |= {(key, part)} if part != "outcome" else {(key, other) for other in PARTS}
            else:
                forms += [cells.form(key, count) for count in told]
    shown = {frozenset(row["attribute"].split(" × ")) for row in counts}
    surely = same_list and any(row[count] is not None for row in rows for count in _LISTED.values())
    crossed = (
        () if surely or not rows else (key for key in cells.crossed if frozenset(key[0].split(" × ")) not in shown)
    )
    return ToldBefore(forms, rounded, withheld, {(key, part) for key in crossed for part in PARTS})


def _agrees(cells: Cells, row: Mapping[str, Any], count: str) -> bool:
    """Tell whether a count that was told is this version's as well; what was withheld agrees with anything."""
    value = cells.value(cells.form((row["attribute"], row["group"]), count))
    return row[count] is None or math.isclose(row[count], value, abs_tol=1e-6)
