"""Contingency table of groups by outcome by listed or not: published counts are sums of its cells."""

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
#: Every count of a group that a figure can rest on, as a sum of cells of the confusion matrix.
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

_COUNT_WEIGHTS = {count: np.isin(range(4), summands).astype(np.float64) for count, summands in COUNTS.items()}

Part = Literal["prevalence", "recall", "specificity"]
#: The figures of a group are published or suppressed in three parts; these are the counts that each part reveals.
PARTS: dict[Part, tuple[str, ...]] = {
    "prevalence": ("n", "with_outcome"),
    "recall": ("true_positives",),
    "specificity": ("false_positives",),
}
#: What is published or suppressed as a whole: one part of one group.
Unit = tuple[Key, Part]
#: Rates that may be published rounded where their counts are suppressed: numerator, denominator.
RATE_COUNTS: dict[str, tuple[str, str]] = {
    "prevalence": ("with_outcome", "n"),
    "recall": ("true_positives", "with_outcome"),
    "specificity": ("true_negatives", "without_outcome"),
    "selection_rate": ("listed", "n"),
    "precision": ("true_positives", "listed"),
}


def is_small(count: Any) -> Any:
    """Return whether a count (an average over fold seeds), or each of an array, is sensitive: above 0 and below 10."""
    return (count > 1e-9) & (count < MINIMUM_CHILDREN - 1e-9)


@dataclass(frozen=True)
class ContingencyTable:
    """Counts of children in cells, and the cells of each group.

    It consists of several cross-tabulations, each of all children: one of all attributes that are crossed with one
    another, with a cell for each combination of their groups, and one for each attribute that is not crossed.
    """

    counts: np.ndarray
    """True positives, false negatives, false positives, true negatives: shape (cells, 4), averages over fold seeds."""
    crosstab: np.ndarray
    """Number of the cross-tabulation that each cell is in, shape (cells,)."""
    members: dict[Key, np.ndarray]
    """Indicator of the cells, shape (cells,), of each group, of each crossed combination, and of all children."""
    crossed: frozenset[Key]
    """The keys of ``members`` that are combinations."""
    unpublished: frozenset[Key]
    """The keys of ``members`` that this release publishes nothing about, but an intruder can add up.

    They are combinations crossed by a prior release or because groups are nested, margins of larger combinations, and
    single levels of a combined group.
    """
    n_levels: dict[Key, int]
    """Number of levels of each combined group. Its label names them, which reveals at least one child in each."""
    empty: frozenset[Key] = frozenset()
    """Structural zeros: combinations that an intruder knows to be empty, since one group is nested in another."""

    def linear_form(self, key: Key, count: str) -> np.ndarray:
        """Return a group's count as a linear form: coefficients, 0 or 1, of ``counts``, shape (cells x 4,)."""
        return _linear_form(self.members[key], count)

    def others(self, key: Key, count: str) -> np.ndarray:
        """Return the linear form of the same count over all children who are not in the group."""
        number = self.crosstab[np.flatnonzero(self.members[key])[0]]
        return _linear_form((self.crosstab == number) & ~self.members[key], count)

    def cell_forms(self, count: str) -> list[np.ndarray]:
        """Return for each cross-tabulation a count of each cell as linear forms, shape (its cells, cells x 4)."""
        forms = np.array([_linear_form(cell, count) for cell in np.eye(len(self.crosstab))])
        return [forms[self.crosstab == number] for number in range(self.crosstab.max() + 1)]

    def value(self, form: np.ndarray) -> float:
        """Return the value of a linear form."""
        return float(form @ self.counts.ravel())

    def count(self, key: Key, count: str) -> float:
        """Return a count of a group."""
        return self.value(self.linear_form(key, count))

    def rate_inequalities(self, key: Key, rate: str, low: float, high: float) -> list[tuple[np.ndarray, float]]:
        """Return low <= rate <= high as linear inequalities: forms with their upper bound, 0."""
        numerator, denominator = (self.linear_form(key, count) for count in RATE_COUNTS[rate])
        return [(numerator - high * denominator, 0.0), (low * denominator - numerator, 0.0)]

    def equalities(self) -> list[np.ndarray]:
        """Return linear forms that are always 0: equal totals of all cross-tabulations, and structural zeros."""
        first = self.linear_form(ALL, "n").reshape(-1, 4)
        others = [
            np.where(self.crosstab[:, None] == number, 1.0, 0.0) - first for number in range(1, self.crosstab.max() + 1)
        ]
        empty = [self.linear_form(key, "n") for key in sorted(self.empty)]
        return [*((other * np.eye(4)[cell]).ravel() for other in others for cell in range(4)), *empty]


def _linear_form(cells: np.ndarray, count: str) -> np.ndarray:
    form: np.ndarray = np.outer(cells, _COUNT_WEIGHTS[count]).ravel()
    return form


def contingency_table(
    predictions: OutOfFoldPredictions,
    intersections: Sequence[tuple[str, ...]] = (),
    prior_releases: Iterable[str] = (),
    combined: Sequence[CombinedGroup] = (),
    revealed: Sequence[tuple[str, Sequence[str]]] = (),
) -> ContingencyTable:
    """Cross-tabulate out-of-fold predictions: groups by outcome by whether the model lists the child.

    ``intersections`` are the tuples of attributes that this release crosses. ``prior_releases`` are the attributes of
    which a prior release revealed counts, crossed ones as ``"sex × fsm"``. ``revealed`` are the attributes of which the
    risk tables reveal counts, each with its groups. Levels that are ``combined`` are one group; for an attribute in
    ``revealed`` each level has cells of its own.
    """
    by_level = {name for attribute, _ in revealed for name in attribute.split(" × ")}
    attributes = {
        name: _levels(predictions, name, combined, by_level=name in by_level) for name in predictions.attributes
    }
    published = [tuple(crossed) for crossed in intersections]
    # crossed by a prior release, or (below) because of nested groups
    also = [tuple(attribute.split(" × ")) for attribute in prior_releases]
    also = [names for names in also if set(names) <= set(predictions.attributes)]
    flag, rows = predictions.flag(CANDIDATE), np.arange(len(predictions.outcome))
    confusion = np.zeros((len(rows), 4))  # of each row: the share of the child in each confusion cell
    confusion[rows, np.where(predictions.outcome == 1, TP, FP)] = flag / predictions.n_seeds
    confusion[rows, np.where(predictions.outcome == 1, FN, TN)] = (1 - flag) / predictions.n_seeds
    nested = _nested_groups(attributes, confusion)
    also += [pair for pair in nested if not any(set(pair) <= set(names) for names in (*published, *also))]
    margins = [
        part for names in (*published, *also) for size in range(2, len(names) + 1) for part in combinations(names, size)
    ]
    intersections = list(dict.fromkeys((*published, *margins)))
    counts: list[np.ndarray] = []
    crosstab: list[int] = []
    tables: list[tuple[list[_Attribute], int]] = []
    for number, names in enumerate(_tables(predictions.attributes, intersections)):
        factors = [attributes[name] for name in names]
        sizes = tuple(factor.size for factor in factors)
        cell = np.ravel_multi_index([each.codes for each in factors], sizes) if sizes else np.zeros(len(flag), np.intp)
        size = int(np.prod(sizes))
        tables.append((factors, len(crosstab)))
        counts.append(_sums(cell, confusion, size))
        crosstab += [number] * size
    members = _members(tables, len(crosstab), intersections)
    members[ALL] = np.array(crosstab) == 0
    published = [*((name,) for name in predictions.attributes), *published]
    unpublished = frozenset(key for key in members if key != ALL and not _is_published(key, attributes, published))
    empty = set()
    for pair, combinations_of_groups in nested.items():
        names = next(names for names in intersections if set(names) == set(pair))
        for groups in combinations_of_groups:
            group_of = dict(zip(pair, groups, strict=True))
            empty.add((" × ".join(names), " × ".join(group_of[name] for name in names)))
    return ContingencyTable(
        np.vstack(counts),
        np.array(crosstab),
        members,
        frozenset(key for key in members if " × " in key[0]),
        unpublished,
        {(one.attribute, one.group): len(one.levels) for one in combined},
        frozenset(empty),
    )


@dataclass(frozen=True)
class _Attribute:
    """An attribute of a cross-tabulation: the code of each row, and the codes of each group and of each level."""

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


def _levels(
    predictions: OutOfFoldPredictions, name: str, combined: Sequence[CombinedGroup], *, by_level: bool
) -> _Attribute:
    """Return an attribute by its groups, or by the levels that they combine."""
    group_of = {level: one.group for one in combined if one.attribute == name for level in one.levels}
    levels = pd.Series(predictions.group(name)).astype(str)
    codes, names = pd.factorize(levels if by_level else levels.replace(group_of), sort=True)
    groups = np.array([group_of.get(level, level) for level in names])
    return _Attribute(
        name,
        codes,
        {str(group): groups == group for group in np.unique(groups)},
        {str(level): np.array(names == level) for level in names},
    )


def _sums(cell: np.ndarray, confusion: np.ndarray, size: int) -> np.ndarray:
    """Return the confusion matrix in each of ``size`` cells, shape (size, 4); ``cell`` is the cell of each row."""
    return np.column_stack([np.bincount(cell, share, size) for share in confusion.T])


def _nested_groups(
    attributes: Mapping[str, _Attribute], confusion: np.ndarray
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return the empty combinations of each pair of attributes whose nested groups would reveal a small count.

    A group may be nested in a group of another attribute, such as those who have free school meals in those who have
    ever had them. An intruder knows this, and can subtract one count from the other. Where the difference is 1 to 9,
    and neither count is, the two attributes are crossed, and the combinations that nesting makes empty are taken as
    known. Groups of fewer than ten are ignored: that they lack a combination may be chance, which an intruder would not
    know.
    """
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one, other in combinations(attributes.values(), 2):
        (row, groups), (column, others) = one.by_group(), other.by_group()
        shape = len(groups), len(others), 4
        crosstab = _sums(len(others) * row + column, confusion, shape[0] * shape[1]).reshape(shape)
        empty = {(groups[i], others[j]) for i, j in _nested_zeros(crosstab)}
        empty |= {(groups[i], others[j]) for j, i in _nested_zeros(crosstab.swapaxes(0, 1))}
        if empty:
            found[one.name, other.name] = sorted(empty)
    return found


def _nested_zeros(crosstab: np.ndarray) -> list[tuple[int, int]]:
    """Return the empty cells of each row group nested in a column group whose counts differ by a small count."""
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


def _is_published(key: Key, attributes: Mapping[str, _Attribute], published: Sequence[tuple[str, ...]]) -> bool:
    """Return whether this release publishes figures of a group or of a combination."""
    names = tuple(key[0].split(" × "))
    return names in published and all(
        group in attributes[name].groups for name, group in zip(names, key[1].split(" × "), strict=True)
    )


def _tables(attributes: Iterable[str], intersections: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the attributes of each cross-tabulation: connected components of the graph of crossed attributes."""
    tables: list[tuple[str, ...]] = [(name,) for name in attributes]
    for crossed in intersections:
        joined = [names for names in tables if set(names) & set(crossed)]
        tables = [names for names in tables if names not in joined] + [tuple(n for names in joined for n in names)]
    return tables or [()]


def _members(
    tables: Sequence[tuple[Sequence[_Attribute], int]], size: int, intersections: Sequence[tuple[str, ...]]
) -> dict[Key, np.ndarray]:
    """Return the indicator of the cells of each group, each level, and each of their combinations."""
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
