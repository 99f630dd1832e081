"""Which counts of outcomes are published: no count of 1 to 9 children can be derived from them by subtraction.

The intruder of :mod:`send_screen.evaluation.disclosure` knows how many children there are of each kind, such as listed,
and every count that is published. What earlier outcomes of the same children revealed is not accounted for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np

from send_screen.evaluation._outcome_table import ALL, FOUND, MERGED, OPEN, STATES, OutcomeTable
from send_screen.evaluation.disclosure import Intruder, is_small
from send_screen.evaluation.disclosure._intruder import SensitiveCell
from send_screen.tables import MINIMUM_CHILDREN

OTHERS = "all other groups"

#: Information loss of suppressing a count of all children of a kind, of a state unless named; of a group, a tenth.
_LOSS = {"n": 6.0, "found": 8.0, "open": 7.0}


class Unit(NamedTuple):
    """A count that is published or suppressed: the children of a kind and group, or those of them in a state."""

    kind: str
    attribute: str
    group: str
    of: str
    """``"n"``, a state, or a key of ``MERGED``; of a group the states are merged."""


@dataclass(frozen=True)
class _Crosstab:
    """Kinds by states by the groups of one attribute; its cells begin at ``start`` of those of all."""

    attribute: str
    groups: list[str]
    states: list[str]
    start: int
    counts: np.ndarray


def merge_small_groups(table: OutcomeTable) -> OutcomeTable:
    """Return the table with groups of fewer than ten listed children as one group: the least such that it has ten."""
    merged = {}
    for attribute, groups in table.groups.items():
        names, level = np.unique(groups, return_inverse=True)
        listed = np.bincount(level, table.kind == "listed", len(names))
        order = np.argsort(listed, kind="stable")
        small = int((listed < MINIMUM_CHILDREN).sum())
        while 0 < small < len(names) and listed[order[:small]].sum() < MINIMUM_CHILDREN:
            small += 1
        # of two groups or more, since one alone would only lose its name
        merged[attribute] = np.where(np.isin(level, order[:small]), OTHERS, groups) if small > 1 else groups
    return replace(table, groups=merged)


def published_counts(table: OutcomeTable) -> dict[Unit, int]:
    """Return the counts that may be published; those left out are suppressed, or could not be told from others."""
    if not len(table.kind):
        return {}
    counts = _Counts(table)
    suppressed = {unit for unit, form in counts.units.items() if is_small(counts.value(form))}
    intruder = Intruder(counts.cells, counts.equalities())
    known = [form for unit, form in counts.units.items() if _is_known(unit)]
    for unit in sorted(suppressed):
        cell = SensitiveCell(counts.units[unit], counts.value(counts.units[unit]))
        suppressed |= _secondary(counts, intruder, cell, suppressed, known)
    for cells in counts.cell_forms():
        while exposed := intruder.exposed_cells(cells, [*known, *counts.published(suppressed)]):
            if not (more := _secondary(counts, intruder, exposed, suppressed, known) - suppressed):
                break  # so few children of a kind that their number says it
            suppressed |= more
    return {unit: round(counts.value(form)) for unit, form in counts.units.items() if unit not in suppressed}


def _is_known(unit: Unit) -> bool:
    """Return whether everybody knows a count: how many children there are of a kind."""
    return unit.of == "n" and unit.attribute == ALL


def _secondary(
    counts: _Counts, intruder: Intruder, cell: SensitiveCell, suppressed: set[Unit], known: Sequence[np.ndarray]
) -> set[Unit]:
    """Return the further units to suppress so that a sensitive cell is protected."""
    units = [unit for unit in counts.units if unit not in suppressed and not _is_known(unit)]
    forms = [counts.units[unit][None] for unit in units]
    if intruder.is_protected(cell, [*known, *(form[0] for form in forms)]):
        return set()
    costs = [counts.loss(unit) + 1e-5 * i for i, unit in enumerate(units)]
    chosen = intruder.min_loss_suppression(cell, known, forms, costs)
    if chosen is None:  # the number of such children says it whatever is suppressed: say nothing else of them
        return {unit for unit in units if counts.units[unit] @ counts.kinds_of(cell.form) > 0}
    return {units[i] for i in chosen}


class _Counts:
    """The cells of all cross-tabulations, and every unit as a linear form of them.

    The first has all children by kind and state. That of each attribute has the merged states.
    """

    def __init__(self, table: OutcomeTable) -> None:
        self.kinds = sorted({*table.kind.tolist()})
        self.crosstabs: list[_Crosstab] = []
        merged_of = {state: merged for merged, states in MERGED.items() for state in states}
        kind, merged = np.searchsorted(self.kinds, table.kind), [merged_of[state] for state in table.state]
        start = 0
        for attribute, group in {ALL: np.full(len(kind), ALL), **table.groups}.items():
            states = [*STATES] if attribute == ALL else [*MERGED]
            state = [states.index(one) for one in (table.state if attribute == ALL else merged)]
            names, level = np.unique(group, return_inverse=True)
            shape = len(self.kinds), len(states), len(names)
            cell = np.ravel_multi_index((kind, state, level), shape)
            counts = np.bincount(cell, minlength=math.prod(shape)).reshape(shape).astype(np.float64)
            self.crosstabs.append(_Crosstab(attribute, names.tolist(), states, start, counts))
            start += counts.size
        self.cells = np.concatenate([crosstab.counts.ravel() for crosstab in self.crosstabs])
        self.units = dict(self._units())

    def value(self, form: np.ndarray) -> float:
        """Return the value of a linear form."""
        return float(form @ self.cells)

    def published(self, suppressed: set[Unit]) -> list[np.ndarray]:
        """Return the forms of all units that are not suppressed."""
        return [form for unit, form in self.units.items() if unit not in suppressed]

    def loss(self, unit: Unit) -> float:
        """Return the information lost with a unit."""
        scale = 1.0 if unit.attribute == ALL else 0.1
        return scale * _LOSS.get(unit.of, 1.0) * math.log(2 + self.value(self.units[unit]))

    def kinds_of(self, form: np.ndarray) -> np.ndarray:
        """Return the form of all children of the kinds that a form has cells of."""
        kinds = [
            k for k in range(len(self.kinds)) if any((form * self._form(one, [k])).any() for one in self.crosstabs)
        ]
        forms: np.ndarray = np.sum([self._form(one, kinds) for one in self.crosstabs], axis=0)
        return forms

    def equalities(self) -> list[np.ndarray]:
        """Return forms that are 0: of each kind and merged state there are as many in every cross-tabulation."""
        first, *others = self.crosstabs
        return [
            self._form(one, [kind], [merged]) - self._form(first, [kind], states)
            for kind, (merged, states) in product(range(len(self.kinds)), MERGED.items())
            for one in others
        ] or [np.zeros(len(self.cells))]

    def cell_forms(self) -> list[np.ndarray]:
        """Return the cells of each cross-tabulation as linear forms."""
        cells = np.eye(len(self.cells))
        return [cells[one.start : one.start + one.counts.size] for one in self.crosstabs]

    def _units(self) -> Iterator[tuple[Unit, np.ndarray]]:
        for crosstab, (number, kind) in product(self.crosstabs, enumerate(self.kinds)):
            whole = crosstab.attribute == ALL
            summed = {"n": crosstab.states, "found": FOUND, "open": OPEN} if whole else {"n": crosstab.states}
            published = {**summed, **{state: (state,) for state in crosstab.states}}
            for (level, group), (of, states) in product(enumerate(crosstab.groups), published.items()):
                yield Unit(kind, crosstab.attribute, group, of), self._form(crosstab, [number], states, [level])

    def _form(
        self,
        crosstab: _Crosstab,
        kinds: Sequence[int],
        states: Sequence[str] | None = None,
        levels: Sequence[int] | None = None,
    ) -> np.ndarray:
        kind, state, level = (
            np.isin(names, names if chosen is None else chosen)
            for names, chosen in (
                (np.arange(len(self.kinds)), kinds),
                (np.array(crosstab.states), states),
                (np.arange(len(crosstab.groups)), levels),
            )
        )
        inside = kind[:, None, None] & state[:, None] & level
        form = np.zeros(len(self.cells))
        form[crosstab.start : crosstab.start + inside.size] = inside.ravel()
        return form
