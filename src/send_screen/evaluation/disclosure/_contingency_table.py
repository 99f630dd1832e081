"""The contingency table that published figures are sums of: groups by outcome by list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

import numpy as np
import pandas as pd

from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.published import CombinedGroup

#: (attribute, group), as in the tables of groups.
Key = tuple[str, str]
ALL: Key = ("", "all children")

TP, FN, FP, TN = range(4)
#: Every count of a group that a figure can rest on, as the kinds of children that it adds up.
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

_KINDS = {count: np.isin(range(4), kinds).astype(np.float64) for count, kinds in COUNTS.items()}

Part = Literal["outcome", "need", "no need"]
#: What is published of a group comes in parts; these are the counts that each part reveals.
PARTS: dict[Part, tuple[str, ...]] = {
    "outcome": ("n", "with_outcome"),
    "need": ("true_positives",),
    "no need": ("false_positives",),
}
Unit = tuple[Key, Part]
#: Rates that are published rounded where their counts may not be published: numerator, denominator.
SHARES: dict[str, tuple[str, str]] = {
    "prevalence": ("with_outcome", "n"),
    "recall": ("true_positives", "with_outcome"),
    "specificity": ("true_negatives", "without_outcome"),
    "selection_rate": ("listed", "n"),
    "precision": ("true_positives", "listed"),
}


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
    """Those that are combinations."""
    silent: frozenset[Key]
    """Those of which nothing is published now: combinations of a prior release, margins of larger ones, and levels of
    which a group combines several."""
    n_levels: dict[Key, int]
    """How many levels a group combines: each is named, so it has a child."""

    def linear_form(self, key: Key, count: str) -> np.ndarray:
        """Return a count of a group as a sum over cells and kinds: 0 or 1, shape (cells x 4,)."""
        return _linear_form(self.members[key], count)

    def others(self, key: Key, count: str) -> np.ndarray:
        """Return the same of all other children: those of the group's table that are not in it."""
        own = self.block[np.flatnonzero(self.members[key])[0]]
        return _linear_form((self.block == own) & ~self.members[key], count)

    def cell_forms(self, count: str) -> list[np.ndarray]:
        """Return a count of each cell as a sum, by cross-tabulation: arrays of shape (its cells, cells x 4)."""
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
        """Return forms that are 0 whatever the counts: each cross-tabulation adds up to the same children."""
        first = self.linear_form(ALL, "n").reshape(-1, 4)
        others = [
            np.where(self.block[:, None] == number, 1.0, 0.0) - first for number in range(1, self.block.max() + 1)
        ]
        return [(other * np.eye(4)[kind]).ravel() for other in others for kind in range(4)]


def _linear_form(cells: np.ndarray, count: str) -> np.ndarray:
    form: np.ndarray = np.outer(cells, _KINDS[count]).ravel()
    return form


def contingency_table(
    view: OutOfFoldPredictions,
    intersections: Sequence[tuple[str, ...]] = (),
    prior_releases: Iterable[str] = (),
    combined: Sequence[CombinedGroup] = (),
    revealed: Sequence[tuple[str, Sequence[str]]] = (),
) -> ContingencyTable:
    """Cross-tabulate out-of-fold predictions: groups by outcome by list.

    ``prior_releases`` are the attributes of which one revealed counts, crossed ones as ``"sex × fsm"``. Levels that are
    ``combined`` are one group throughout, but for attributes of which the model's tables ``revealed`` counts.
    """
    by_level = {name for attribute, _ in revealed for name in attribute.split(" × ")}
    attributes = {name: _levels(view, name, combined, by_level=name in by_level) for name in view.attributes}
    shown = [tuple(crossed) for crossed in intersections]
    before = [tuple(attribute.split(" × ")) for attribute in prior_releases]
    before = [names for names in before if set(names) <= set(view.attributes)]
    within = [
        part for names in (*shown, *before) for size in range(2, len(names) + 1) for part in combinations(names, size)
    ]
    intersections = list(dict.fromkeys((*shown, *within)))
    kinds = np.where(view.outcome == 1, TP, FP), np.where(view.outcome == 1, FN, TN)
    flag = view.flag(CANDIDATE)
    counts: list[np.ndarray] = []
    block: list[int] = []
    tables: list[tuple[list[_Attribute], int]] = []
    for number, names in enumerate(_tables(view.attributes, intersections)):
        factors = [attributes[name] for name in names]
        sizes = tuple(factor.size for factor in factors)
        at = np.ravel_multi_index([each.codes for each in factors], sizes) if sizes else np.zeros(len(flag), np.intp)
        size = int(np.prod(sizes))
        part = sum(
            np.bincount(4 * at + kind, weights=share, minlength=4 * size)
            for kind, share in zip(kinds, (flag, 1 - flag), strict=True)
        )
        tables.append((factors, len(block)))
        counts.append(np.reshape(part / view.n_seeds, (size, 4)))
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


def _is_shown(key: Key, attributes: Mapping[str, _Attribute], shown: Sequence[tuple[str, ...]]) -> bool:
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
