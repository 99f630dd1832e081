"""The contingency table that published counts are sums of: groups by outcome by whether the model lists the child."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, Literal

import numpy as np
import pandas as pd

from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.published import CombinedGroup
from send_screen.tables import MINIMUM_CHILDREN

#: (attribute, group), such as ("sex", "girls"); of crossed attributes ("sex × fsm", "girls × yes").
Key = tuple[str, str]
ALL: Key = ("", "all children")

TP, FN, FP, TN = range(4)
#: Every count of a group that a figure can rest on, as the entries of the confusion matrix that it adds up.
COUNTS: dict[str, tuple[int, ...]] = {
    "n": (TP, FN, FP, TN),
    "with_outcome": (TP, FN),
    "without_outcome": (FP, TN),
    "listed": (TP, FP),
    "not_listed": (FN, TN),
    "true_positives": (TP,),
    "false_negatives": (FN,),
    "false_positives": (FP,),
    "true_negatives": (TN,),
}

_COUNT_WEIGHTS = {count: np.isin(range(4), kinds).astype(np.float64) for count, kinds in COUNTS.items()}

Part = Literal["prevalence", "recall", "specificity"]
#: The figures of a group are published or suppressed in parts; these are the counts that each part reveals.
PARTS: dict[Part, tuple[str, ...]] = {
    "prevalence": ("n", "with_outcome"),
    "recall": ("true_positives",),
    "specificity": ("false_positives",),
}
#: What suppression decides on: one part of one group.
Unit = tuple[Key, Part]
#: Rates that are published rounded where their counts may not be published: numerator, denominator.
SHARES: dict[str, tuple[str, str]] = {
    "prevalence": ("with_outcome", "n"),
    "recall": ("true_positives", "with_outcome"),
    "specificity": ("true_negatives", "without_outcome"),
    "selection_rate": ("listed", "n"),
    "precision": ("true_positives", "listed"),
}


def is_small(count: Any) -> Any:
    """Return whether a count (an average over fold seeds), or each of an array, may not be published."""
    return (count > 1e-9) & (count < MINIMUM_CHILDREN - 1e-9)


@dataclass(frozen=True)
class ContingencyTable:
    """Counts of children, and which of them each group adds up.

    Attributes that are crossed with one another make one table, of every combination of their groups; an attribute
    that is not crossed is a table of its own. Each table adds up to all children.
    """

    counts: np.ndarray
    """True positives, false negatives, false positives, true negatives: shape (cells, 4), averages over fold seeds."""
    block: np.ndarray
    """The cross-tabulation that each cell is in, shape (cells,)."""
    members: dict[Key, np.ndarray]
    """Which cells, shape (cells,), are of each group, of each crossed combination, and of all children."""
    crossed: frozenset[Key]
    """The keys of ``members`` that are combinations."""
    silent: frozenset[Key]
    """The keys of ``members`` of which nothing is published in this release.

    They are combinations that are crossed only for a prior release or for nested groups, margins of larger
    combinations, and single levels of a combined group.
    """
    n_levels: dict[Key, int]
    """How many levels a combined group has. Its label names each, which reveals at least one child in each."""
    empty: frozenset[Key] = frozenset()
    """Structural zeros: combinations that an intruder knows to be empty, since one group lies within another."""

    def linear_form(self, key: Key, count: str) -> np.ndarray:
        """Return a group's count as a linear form: coefficients, 0 or 1, of ``counts``, shape (cells x 4,)."""
        return _linear_form(self.members[key], count)

    def others(self, key: Key, count: str) -> np.ndarray:
        """Return the linear form of the same count over all other children of the group's table."""
        own = self.block[np.flatnonzero(self.members[key])[0]]
        return _linear_form((self.block == own) & ~self.members[key], count)

    def cell_forms(self, count: str) -> list[np.ndarray]:
        """Return the linear forms of a count of each cell: for each cross-tabulation, shape (its cells, cells x 4)."""
        forms = np.array([_linear_form(cell, count) for cell in np.eye(len(self.block))])
        return [forms[self.block == number] for number in range(self.block.max() + 1)]

    def value(self, form: np.ndarray) -> float:
        """Return the count that a form adds up."""
        return float(form @ self.counts.ravel())

    def count(self, key: Key, count: str) -> float:
        """Return a count of a group."""
        return self.value(self.linear_form(key, count))

    def between(self, key: Key, share: str, low: float, high: float) -> list[tuple[np.ndarray, float]]:
        """Return the linear inequalities of a rate between two numbers: forms that are at most 0."""
        numerator, denominator = (self.linear_form(key, count) for count in SHARES[share])
        return [(numerator - high * denominator, 0.0), (low * denominator - numerator, 0.0)]

    def equalities(self) -> list[np.ndarray]:
        """Return linear forms whose value is 0: cross-tabulations have the same totals, and some cells are empty."""
        first = self.linear_form(ALL, "n").reshape(-1, 4)
        others = [
            np.where(self.block[:, None] == number, 1.0, 0.0) - first for number in range(1, self.block.max() + 1)
        ]
        empty = [self.linear_form(key, "n") for key in sorted(self.empty)]
        return [*((other * np.eye(4)[kind]).ravel() for other in others for kind in range(4)), *empty]


def _linear_form(cells: np.ndarray, count: str) -> np.ndarray:
    form: np.ndarray = np.outer(cells, _COUNT_WEIGHTS[count]).ravel()
    return form


def contingency_table(
    view: OutOfFoldPredictions,
    intersections: Sequence[tuple[str, ...]] = (),
    prior_releases: Iterable[str] = (),
    combined: Sequence[CombinedGroup] = (),
    revealed: Sequence[tuple[str, Sequence[str]]] = (),
) -> ContingencyTable:
    """Cross-tabulate out-of-fold predictions: groups by outcome by whether the model lists the child.

    ``intersections`` are the tuples of attributes that this release crosses. ``prior_releases`` are the attributes of
    which a prior release revealed counts, crossed ones as ``"sex × fsm"``. ``revealed`` are those of which the model's
    tables reveal counts, each with its groups. Levels that are ``combined`` make one group; of an attribute in
    ``revealed`` they keep cells of their own.
    """
    by_level = {name for attribute, _ in revealed for name in attribute.split(" × ")}
    attributes = {name: _levels(view, name, combined, by_level=name in by_level) for name in view.attributes}
    shown = [tuple(crossed) for crossed in intersections]
    # crossed by a prior release, or (below) because of nested groups
    before = [tuple(attribute.split(" × ")) for attribute in prior_releases]
    before = [names for names in before if set(names) <= set(view.attributes)]
    kinds = np.where(view.outcome == 1, TP, FP), np.where(view.outcome == 1, FN, TN)
    by_kind = np.zeros((len(view.outcome), 4))
    flag = view.flag(CANDIDATE)
    for kind, share in zip(kinds, (flag, 1 - flag), strict=True):
        by_kind[np.arange(len(kind)), kind] = share / view.n_seeds
    nested = _nested_groups(attributes, by_kind)
    before += [pair for pair in nested if not any(set(pair) <= set(names) for names in (*shown, *before))]
    within = [
        part for names in (*shown, *before) for size in range(2, len(names) + 1) for part in combinations(names, size)
    ]
    intersections = list(dict.fromkeys((*shown, *within)))
    counts: list[np.ndarray] = []
    block: list[int] = []
    tables: list[tuple[list[_Attribute], int]] = []
    for number, names in enumerate(_tables(view.attributes, intersections)):
        factors = [attributes[name] for name in names]
        sizes = tuple(factor.size for factor in factors)
        at = np.ravel_multi_index([each.codes for each in factors], sizes) if sizes else np.zeros(len(flag), np.intp)
        size = int(np.prod(sizes))
        tables.append((factors, len(block)))
        counts.append(_sums(at, by_kind, size))
        block += [number] * size
    members = _members(tables, len(block), intersections)
    members[ALL] = np.array(block) == 0
    shown = [*((name,) for name in view.attributes), *shown]
    silent = frozenset(key for key in members if key != ALL and not _is_shown(key, attributes, shown))
    return ContingencyTable(
        np.vstack(counts),
        np.array(block),
        members,
        frozenset(key for key in members if " × " in key[0]),
        silent,
        {(one.attribute, one.group): len(one.levels) for one in combined},
        frozenset(
            (" × ".join(names), " × ".join(chosen[name] for name in names))
            for pair, groups in nested.items()
            for names in [next(names for names in intersections if set(names) == set(pair))]
            for chosen in (dict(zip(pair, each, strict=True)) for each in groups)
        ),
    )


@dataclass(frozen=True)
class _Attribute:
    """An attribute of a cross-tabulation: the codes of its rows, and which codes each group and each level has."""

    name: str
    codes: np.ndarray
    groups: dict[str, np.ndarray]
    levels: dict[str, np.ndarray]

    @property
    def size(self) -> int:
        return len(self.levels)

    def by_group(self) -> tuple[np.ndarray, list[str]]:
        """Return the number of each row's group, and what the groups are called."""
        names = list(self.groups)
        return np.argmax([self.groups[name] for name in names], axis=0)[self.codes], names

    def of(self, name: str) -> np.ndarray:
        """Return the codes of a group, or of a level."""
        return self.groups[name] if name in self.groups else self.levels[name]


def _levels(view: OutOfFoldPredictions, name: str, combined: Sequence[CombinedGroup], *, by_level: bool) -> _Attribute:
    """Return an attribute by its groups, or by the levels that they combine."""
    group_of = {level: one.group for one in combined if one.attribute == name for level in one.levels}
    levels = pd.Series(view.group(name)).astype(str)
    codes, names = pd.factorize(levels if by_level else levels.replace(group_of), sort=True)
    groups = np.array([group_of.get(level, level) for level in names])
    return _Attribute(
        name,
        codes,
        {str(group): groups == group for group in np.unique(groups)},
        {str(level): np.array(names == level) for level in names},
    )


def _sums(at: np.ndarray, by_kind: np.ndarray, size: int) -> np.ndarray:
    """Return the sum of each kind in each of ``size`` cells."""
    return np.column_stack([np.bincount(at, kind, size) for kind in by_kind.T])


def _nested_groups(
    attributes: Mapping[str, _Attribute], by_kind: np.ndarray
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return the empty combinations of each pair of attributes whose nested groups would reveal a small count.

    A group may lie within a group of another attribute: those who have free school meals within those who have ever had
    them. An intruder knows this, and can subtract one count from the other. Where the difference is 1 to 9, and neither
    count is, the two attributes are crossed, and the combinations that nesting makes empty are taken as known. Groups
    of fewer than ten are left out: which combinations they miss is no general rule that an intruder would know.
    """
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one, other in combinations(attributes.values(), 2):
        (row, groups), (column, others) = one.by_group(), other.by_group()
        shape = len(groups), len(others), 4
        crosstab = _sums(len(others) * row + column, by_kind, shape[0] * shape[1]).reshape(shape)
        empty = {(groups[i], others[j]) for i, j in _nested_zeros(crosstab)}
        empty |= {(groups[i], others[j]) for j, i in _nested_zeros(crosstab.swapaxes(0, 1))}
        if empty:
            found[one.name, other.name] = sorted(empty)
    return found


def _nested_zeros(crosstab: np.ndarray) -> list[tuple[int, int]]:
    """Return the empty cells of each row group that lies within a column group and leaves a small count of it over."""
    counts = crosstab @ np.array(list(_COUNT_WEIGHTS.values())).T
    inner, outer = counts.sum(axis=1), counts.sum(axis=0)
    return [
        (i, other)
        for i, j in product(*map(range, counts.shape[:2]))
        if inner[i, 0] >= MINIMUM_CHILDREN and np.isclose(counts[i, j, 0], inner[i, 0])
        if (is_small(outer[j] - inner[i]) & ~is_small(outer[j]) & ~is_small(inner[i])).any()
        for other in range(counts.shape[1])
        if other != j and outer[other, 0] >= MINIMUM_CHILDREN
    ]


def _is_shown(key: Key, attributes: Mapping[str, _Attribute], shown: Sequence[tuple[str, ...]]) -> bool:
    """Return whether this release publishes figures of a group or of a combination."""
    names = tuple(key[0].split(" × "))
    return names in shown and all(
        group in attributes[name].groups for name, group in zip(names, key[1].split(" × "), strict=True)
    )


def _tables(attributes: Iterable[str], intersections: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the attributes of each table: those crossed with one another, directly or by way of a third, together."""
    tables: list[tuple[str, ...]] = [(name,) for name in attributes]
    for crossed in intersections:
        joined = [names for names in tables if set(names) & set(crossed)]
        tables = [names for names in tables if names not in joined] + [tuple(n for names in joined for n in names)]
    return tables or [()]


def _members(
    tables: Sequence[tuple[Sequence[_Attribute], int]], size: int, intersections: Sequence[tuple[str, ...]]
) -> dict[Key, np.ndarray]:
    """Return the cells of each group and each level, and of each of their combinations."""
    members: dict[Key, np.ndarray] = {}
    for factors, begins in tables:
        names = [factor.name for factor in factors]
        cells = int(np.prod([factor.size for factor in factors]))
        groupings: list[tuple[str, ...]] = [(name,) for name in names]
        groupings += [cross for cross in intersections if set(cross) <= set(names)]
        for cross in groupings:
            crossed = [factors[names.index(name)] for name in cross]
            for groups in product(*({**factor.levels, **factor.groups} for factor in crossed)):
                key = " × ".join(cross), " × ".join(groups)
                inside = np.ones((), dtype=bool)
                for factor in factors:
                    chosen = dict(zip(cross, groups, strict=True)).get(factor.name)
                    axis = np.ones(factor.size, bool) if chosen is None else factor.of(chosen)
                    inside = np.multiply.outer(inside, axis)
                members[key] = np.zeros(size, dtype=bool)
                members[key][begins : begins + cells] = inside.ravel()
    return members
