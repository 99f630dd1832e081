"""Differencing: counts of the children in whom two releases differ, which subtraction reveals.

Where a set that one release counts (its children, those with the outcome, those listed) is part of the same set of the
other, its counts less the other's are those of the children in between. They are protected as any other counts are
[Duncan2011]_. Of two sets of which each has ten children or more that are not in the other, a difference of counts is
no count of children.

References
----------
.. [Duncan2011] Duncan, G. T., Elliot, M. and Salazar-Gonzalez, J. J. (2011). Statistical Confidentiality: Principles
   and Practice. Springer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from send_screen.cohorts import NOT_RECORDED
from send_screen.documents import CHILDREN
from send_screen.errors import DataError
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.evaluation.disclosure._combine import combine_small_groups
from send_screen.evaluation.disclosure._contingency_table import ALL, PARTS, Part, contingency_table, is_small
from send_screen.evaluation.disclosure._suppress import suppress
from send_screen.published import ExposedFigure
from send_screen.tables import MINIMUM_CHILDREN

_LISTED = f"flag.{CANDIDATE}"
#: Sets of children that a release counts -> the parts of a group from which a difference of the counts follows.
_REVEALED_BY: dict[str, tuple[Part, ...]] = {
    "n": tuple(PARTS),
    "with_outcome": tuple(PARTS),
    "without_outcome": tuple(PARTS),
    "true_positives": ("recall",),
    "false_negatives": ("recall",),
    "false_positives": ("specificity",),
    "true_negatives": ("specificity",),
    "listed": ("specificity",),  # with either part withheld, how many are listed is not known
    "not_listed": ("specificity",),
}


def exposed_by_differencing(
    evidence: pd.DataFrame,
    earlier: pd.DataFrame,
    *,
    intersections: Sequence[tuple[str, ...]] = (),
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[ExposedFigure, ...]:
    """Return the figures of groups that a release may not publish beside an earlier one on some of the same children.

    Parameters
    ----------
    evidence, earlier : pandas.DataFrame
        The evidence tables of the two, each with the column ``child_id``.
    intersections, hierarchies
        As in :func:`measured_sections`, of the later release.

    Returns
    -------
    tuple of ExposedFigure
        Published beside what the earlier release may have published of the same groups, each of them, or several of
        them together, would reveal a count of 1 to 9 of the children in whom the two differ.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> evidence = simulate_evidence()
    >>> evidence["child_id"] = evidence["row"]
    >>> exposed_by_differencing(evidence, evidence)
    ()
    """
    combined = combine_small_groups(OutOfFoldPredictions(evidence), hierarchies or {}, {}, CHILDREN)
    before, now = _sets(earlier), _sets(evidence)
    children = before.index.union(now.index)
    before, now = (sets.reindex(children, fill_value=0.0) for sets in (before, now))
    groups = [f"group.{name}" for name in OutOfFoldPredictions(evidence).attributes]
    by_child = pd.concat([evidence, earlier.reindex(columns=evidence.columns)]).drop_duplicates("child_id")
    frame = by_child.set_index("child_id").loc[children, groups].fillna(NOT_RECORDED).reset_index(drop=True)
    frame = frame.assign(fold_seed=0, row=range(len(frame)), fold=0, school=0, outcome=0)
    frame[f"score.{CANDIDATE}"] = 0.0
    regrouped = _regrouped(evidence, earlier)
    exposed = {
        (key, part)
        for key in contingency_table(OutOfFoldPredictions(evidence), intersections, combined=combined).members
        if key != ALL and not regrouped.isdisjoint(key[0].split(" × "))
        for part in PARTS
    }
    for name, parts in _REVEALED_BY.items():
        change = (now[name] - before[name]).to_numpy()
        more, fewer = change.clip(min=0).sum(), -change.clip(max=0).sum()
        if max(more, fewer) < 1e-9 or min(more, fewer) >= MINIMUM_CHILDREN:
            continue
        frame[_LISTED] = abs(change)
        view = OutOfFoldPredictions(frame)
        table = contingency_table(view, intersections, combined=combined)
        keys = table.members.keys() - table.silent - {ALL}
        if not is_small(more + fewer):
            try:
                suppressed = suppress(table).units
                keys = {key for key in keys if (key, "specificity") in suppressed}
            except DataError:
                pass  # nothing less than all of them protects so few children
        exposed |= {(key, part) for key in keys for part in parts}
    return tuple(ExposedFigure(attribute=key[0], group=key[1], metric=part) for key, part in sorted(exposed))


def _regrouped(evidence: pd.DataFrame, earlier: pd.DataFrame) -> set[str]:
    """Return the attributes by which a child is in another group than before."""
    now, before = (table.drop_duplicates("child_id").set_index("child_id") for table in (evidence, earlier))
    both = now.index.intersection(before.index)
    return {
        name
        for name in OutOfFoldPredictions(evidence).attributes
        if f"group.{name}" in before and (now.loc[both, f"group.{name}"] != before.loc[both, f"group.{name}"]).any()
    }


def _sets(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return the share in which each child, by its identifier, is in each set that is counted (over fold seeds)."""
    by_child = evidence.groupby("child_id")[["outcome", _LISTED]].mean()
    outcome, listed = by_child["outcome"], by_child[_LISTED]
    return pd.DataFrame(
        {
            "n": 1.0,
            "with_outcome": outcome,
            "without_outcome": 1 - outcome,
            "true_positives": outcome * listed,
            "false_negatives": outcome * (1 - listed),
            "false_positives": (1 - outcome) * listed,
            "true_negatives": (1 - outcome) * (1 - listed),
            "listed": listed,
            "not_listed": 1 - listed,
        },
        index=by_child.index,
    )
