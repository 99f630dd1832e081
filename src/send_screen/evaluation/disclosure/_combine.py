"""Global recoding: small levels of an attribute become one group, within a published hierarchy first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain

import numpy as np
import pandas as pd

from send_screen.cohorts import NOT_RECORDED
from send_screen.documents import Noun
from send_screen.evaluation._describe_gaps import describe_group
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation.disclosure._intruder import MIN_WIDTH
from send_screen.published import CombinedGroup
from send_screen.tables import MINIMUM_CHILDREN

_WHY = (
    "{levels} are one group: there are too few {children} in one or more of them, "
    "or too few with or without the outcome."
)
#: Levels that are one group.
Levels = tuple[str, ...]
_Counts = Mapping[str, np.ndarray]


def combine_small_groups(
    predictions: OutOfFoldPredictions,
    hierarchies: Mapping[str, Mapping[str, str]],
    nouns: Mapping[str, Mapping[str, str]],
    children: Noun,
) -> tuple[CombinedGroup, ...]:
    """Return the levels of each attribute that are combined into one group, because one of them is small.

    A level is small if it has 1 to 9 children, or 1 to 9 with or without the outcome: it could not be published, and
    others would be suppressed to protect it. Small levels are combined, within the same larger group of the attribute's
    hierarchy first. If the result is still small, the smallest other group is added. If "not recorded" alone is small,
    it joins the largest group, whose figures it hardly changes. Nothing is combined where only one group would be left.
    None of this depends on the model: versions on the same children have the same groups. ``nouns`` are nouns for the
    ``children`` of each level, by attribute.
    """
    found = []
    for attribute in predictions.attributes:
        counts, hierarchy = _counts_by_level(predictions, attribute), hierarchies.get(attribute, {})
        for levels in sorted(_combined(counts, hierarchy)):
            if len(levels) > 1:
                description = _describe([describe_group(attribute, level, nouns) for level in levels], children)
                name = _name(levels, counts, hierarchy)
                found.append(CombinedGroup(attribute=attribute, group=name, levels=levels, description=description))
    return tuple(found)


def recode_groups(evidence: pd.DataFrame, combined: Collection[CombinedGroup]) -> pd.DataFrame:
    """Return an evidence table (out-of-fold predictions) with small levels replaced by their combined groups."""
    columns = {}
    for attribute in {one.attribute for one in combined}:
        group_of = {level: one.group for one in combined if one.attribute == attribute for level in one.levels}
        columns[f"group.{attribute}"] = evidence[f"group.{attribute}"].astype(str).replace(group_of)
    return evidence.assign(**columns)


def join_descriptions(descriptions: Sequence[str], conjunction: str) -> str:
    """Return descriptions joined into a phrase, with the words that all begin with written once.

    >>> join_descriptions(["children recorded as Indian", "children without a record"], "or")
    'children recorded as Indian or without a record'
    """
    split = [description.split(" ") for description in descriptions]
    same = 0
    while all(len(parts) > same + 1 and parts[same] == split[0][same] for parts in split):
        same += 1
    first, *rest = descriptions[0], *(" ".join(parts[same:]) for parts in split[1:])
    return f"{', '.join([first, *rest[:-1]])} {conjunction} {rest[-1]}" if rest else first


def _counts_by_level(predictions: OutOfFoldPredictions, attribute: str) -> dict[str, np.ndarray]:
    """Return the numbers of children, with and without the outcome of each level."""
    outcomes = pd.Series(predictions.outcome).groupby(predictions.group(attribute), sort=True)
    return {
        str(level): np.array([n, outcome, n - outcome]) / predictions.n_seeds
        for level, n, outcome in outcomes.agg(["size", "sum"]).itertuples()
    }


def _combined(counts: _Counts, hierarchy: Mapping[str, str]) -> list[Levels]:
    """Return the levels of each group."""
    groups: list[Levels] = [(level,) for level in counts]
    for larger in sorted(set(hierarchy.values())):
        inside = [group for group in groups if hierarchy.get(group[0]) == larger]
        groups = [group for group in groups if group not in inside] + _join_small(inside, counts)
    joined = _join_small(groups, counts)
    return joined if len(joined) > 1 else groups


def _join_small(groups: list[Levels], counts: _Counts) -> list[Levels]:
    """Return the groups with the small ones combined, and with another if they are still small."""

    def size(group: Levels) -> tuple[float, Levels]:
        return float(sum(counts[level][0] for level in group)), group

    while len(groups) > 1 and (small := [group for group in groups if _is_small(group, counts)]):
        others = [group for group in groups if group not in small]
        if len(small) == 1:
            chosen: Callable[..., Levels] = max if small == [(NOT_RECORDED,)] else min
            small.append(chosen(others, key=size))
        joined = tuple(sorted(chain(*small), key=lambda level: (level == NOT_RECORDED, level)))
        groups = [*(group for group in others if group not in small), joined]
    return groups


def _is_small(group: Levels, counts: _Counts) -> bool:
    """Return whether a group has a small count, or one that is narrowed down by all its levels being small."""
    levels = np.array([counts[level] for level in group])
    total = levels.sum(axis=0)
    assumed = (levels < MINIMUM_CHILDREN).all(axis=0) & (total > (MINIMUM_CHILDREN - 1) * len(group) - MIN_WIDTH)
    return bool((((total > 0) & (total < MINIMUM_CHILDREN)) | assumed).any())


def _name(group: Levels, counts: _Counts, hierarchy: Mapping[str, str]) -> str:
    """Return the name of a combined group: its levels, or the larger group where all of its levels are there."""
    missing = {hierarchy.get(level) for level in counts if level not in group}
    names = (level if hierarchy.get(level) in missing else hierarchy.get(level, level) for level in group)
    return join_descriptions(list(dict.fromkeys(names)), "or")


def _describe(levels: Sequence[str], children: Noun) -> str:
    joined = join_descriptions(levels, "and")
    return _WHY.format(levels=joined[0].upper() + joined[1:], children=children.plural)
