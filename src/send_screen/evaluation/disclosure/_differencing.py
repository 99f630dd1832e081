"""Differencing attacks: subtracting the counts of two releases on overlapping cohorts.

A release counts sets of children: all, those with the outcome, those listed. Where such a set of one release is a
subset of the other's, the difference of the counts is the count of the children in only one of them, which is protected
like any other count [Duncan2011]_. Where each set has ten or more children that the other has not, the difference is no
count of children.

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
#: Set of children that a release counts -> the parts of a group's figures that reveal the difference of its counts.
_REVEALED_BY: dict[str, tuple[Part, ...]] = {
    "n": tuple(PARTS),
    "with_outcome": tuple(PARTS),
    "without_outcome": tuple(PARTS),
    "true_positives": ("recall",),
    "false_negatives": ("recall",),
    "false_positives": ("specificity",),
    "true_negatives": ("specificity",),
    "listed": ("specificity",),  # without this part, the number listed is not revealed
    "not_listed": ("specificity",),
}


def exposed_by_differencing(
    evidence: pd.DataFrame,
    earlier: pd.DataFrame,
    *,
    intersections: Sequence[tuple[str, ...]] = (),
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[ExposedFigure, ...]:
    """Return the figures of groups that a release must suppress, because of an earlier one on an overlapping cohort.

    Parameters
    ----------
    evidence, earlier : pandas.DataFrame
        Out-of-fold predictions of the two releases, each with the column ``child_id``.
    intersections, hierarchies
        Arguments of :func:`measured_sections` for the later release.

    Returns
    -------
    tuple of ExposedFigure
        Each, alone or with others, would reveal a count of 1 to 9 among the children who are in one release only, given
        all that the earlier release may have published.

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
        added, removed = change.clip(min=0).sum(), -change.clip(max=0).sum()
        if max(added, removed) < 1e-9 or min(added, removed) >= MINIMUM_CHILDREN:
            continue
        # the children in only one of the sets take the place of the listed ones in a contingency table
        frame[_LISTED] = abs(change)
        predictions = OutOfFoldPredictions(frame)
        table = contingency_table(predictions, intersections, combined=combined)
        keys = table.members.keys() - table.unpublished - {ALL}
        if not is_small(added + removed):
            try:
                suppressed = suppress(table).units
                keys = {key for key in keys if (key, "specificity") in suppressed}
            except DataError:
                pass  # so few children are protected only by suppressing all groups
        exposed |= {(key, part) for key in keys for part in parts}
    return tuple(ExposedFigure(attribute=key[0], group=key[1], metric=part) for key, part in sorted(exposed))


def _regrouped(evidence: pd.DataFrame, earlier: pd.DataFrame) -> set[str]:
    """Return the attributes in which the group of a child changed."""
    now, before = (table.drop_duplicates("child_id").set_index("child_id") for table in (evidence, earlier))
    both = now.index.intersection(before.index)
    return {
        name
        for name in OutOfFoldPredictions(evidence).attributes
        if f"group.{name}" in before and (now.loc[both, f"group.{name}"] != before.loc[both, f"group.{name}"]).any()
    }


def _sets(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return the membership of each child in each set that is counted, 0 to 1 (averages over fold seeds)."""
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
