"""Feasibility intervals: what an intruder can derive of a count that is not published.

An intruder knows some sums of cells exactly, and that no cell is below 0. The tables that this leaves possible are a
polyhedron. The interval of a count over it is found by two linear programmes; the secondary suppression that widens the
interval enough, at the least loss of information, by another one [Fischetti2001]_.

The result of a gate on a withheld figure is no such sum: it is said only where it adds nothing to this
(:mod:`send_screen.evaluation._suppressed_gates`).

References
----------
.. [Fischetti2001] Fischetti, M. and Salazar, J. J. (2001). Solving the cell suppression problem on tabular data with
   linear constraints. Management Science 47.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from send_screen.errors import DataError
from send_screen.tables import MINIMUM_CHILDREN

#: Least width of the feasibility interval of a sensitive count, in children.
MIN_WIDTH = 5.0
#: Bound on how far a feasible cell may lie from its count; without one, solver rounding could hide a narrow interval.
FARTHEST = 100.0
TOLERANCE = 1e-6
#: Less than any positive count (an average over fold seeds), and more than a solver's tolerance of 0.
SMALLEST = 0.05
_INFEASIBLE = 2  # SciPy's status of a programme without a solution


#: A sum of cells, and the most that it is known to be.
Limit = tuple[np.ndarray, float]


@dataclass(frozen=True, eq=False)
class SensitiveCell:
    """A count whose feasibility interval must not be narrow; ``form`` has the shape (cells x 4,)."""

    form: np.ndarray
    value: float
    small: bool = True
    """True for a count of 1 to 9: an intruder is then assumed to know that it is one."""

    @property
    def bounds(self) -> tuple[float, float]:
        """What an intruder is assumed to know from the start (averages over fold seeds lie between whole numbers)."""
        if self.small:
            return min(1.0, self.value), max(MINIMUM_CHILDREN - 1.0, self.value)
        return self.value - FARTHEST, self.value + FARTHEST

    def feasible_width(self, feasible: np.ndarray) -> float:
        """Return the width of the interval over feasible tables, differences from the true one: (tables, cells x 4)."""
        found = self.value + np.append(feasible @ self.form, 0.0)
        least, most = self.bounds
        return float(min(found.max(), most) - max(found.min(), least))


@dataclass
class Intruder:
    """The tables that are feasible, given all that is published; every array has the shape (cells x 4,)."""

    counts: np.ndarray
    equalities: Sequence[np.ndarray]
    """Forms that are 0 whatever the counts."""
    limits: Sequence[Limit] = ()
    """Forms with a known upper bound."""
    feasible: np.ndarray = field(init=False)
    """Feasible tables found so far, less the true one: (tables, cells x 4). When more is suppressed, they stay so."""

    def __post_init__(self) -> None:
        self.feasible = np.zeros((0, len(self.counts)))

    def is_protected(self, cell: SensitiveCell, known: Sequence[np.ndarray]) -> bool:
        """Return whether the feasibility interval of a cell is wide enough, given the sums that are known."""
        if cell.feasible_width(self.feasible) >= MIN_WIDTH - TOLERANCE:
            return True
        self.feasible = np.vstack([self.feasible, self._feasibility_interval(cell, known)])
        return cell.feasible_width(self.feasible) >= MIN_WIDTH - TOLERANCE

    def exposed_union(self, cells: np.ndarray, known: Sequence[np.ndarray]) -> SensitiveCell | None:
        """Return the set of cells, 1 to 9 children together, that is known to fewer than five; None if there is none.

        An integer programme chooses a set. Linear programmes show that it is exposed, or give two feasible tables in
        which it differs by five children, and the next set chosen is one that does not: so on, until none is left.
        ``cells`` has the count of each cell of a cross-tabulation as a sum, shape (its cells, cells x 4).
        """
        cells = cells[cells @ self.counts < MINIMUM_CHILDREN - TOLERANCE]
        inside = cells @ self.counts
        apart = np.zeros((0, len(cells)))
        while (chosen := _undecided_union(inside, apart)) is not None:
            form = chosen @ cells
            cell = SensitiveCell(form, float(form @ self.counts), small=False)
            if not self.is_protected(cell, known):
                return SensitiveCell(form, cell.value)
            moves = self.feasible @ form
            lowest, highest = (
                self.feasible[end(moves)] * (sign * moves[end(moves)] > 0)
                for end, sign in ((np.argmin, -1), (np.argmax, 1))
            )
            apart = np.vstack([apart, (cells @ (highest - lowest)).round(6)])
        return None

    def with_limits(self, limits: Sequence[Limit]) -> Intruder:
        """Return an intruder who knows more: of feasible tables, as much as still is."""
        more = Intruder(self.counts, self.equalities, [*self.limits, *limits])
        scale = np.ones(len(self.feasible))
        for form, slack in _slack(limits, self.counts):
            scale = np.minimum(scale, slack / np.maximum(self.feasible @ form, max(slack, TOLERANCE)))
        more.feasible = (scale[:, None] * self.feasible)[scale > TOLERANCE]
        return more

    def min_loss_suppression(
        self, cell: SensitiveCell, known: Sequence[np.ndarray], parts: Sequence[np.ndarray], costs: Sequence[float]
    ) -> list[int] | None:
        """Return the secondary suppression that protects a cell at little information loss; None if there is none.

        The linear relaxation of the problem selects some parts. Of those, the costliest first, each is published
        after all where the cell stays protected without it. ``known`` sums cannot be suppressed; those of one of the
        ``parts``, of shape (sums, cells x 4), are suppressed together.
        """
        chosen = self._relaxation(cell, known, parts, costs)
        if chosen is None or not self._protect(cell, known, parts, chosen):
            return None
        for part in sorted(chosen, key=lambda i: -costs[i]):
            rest = [other for other in chosen if other != part]
            if self._protect(cell, known, parts, rest):
                chosen = rest
        return chosen

    def _protect(
        self, cell: SensitiveCell, known: Sequence[np.ndarray], parts: Sequence[np.ndarray], suppressed: Sequence[int]
    ) -> bool:
        """Return whether a cell is protected where these parts are suppressed and all others published."""
        published = [form for i, part in enumerate(parts) if i not in suppressed for form in part]
        return cell.feasible_width(self._feasibility_interval(cell, [*known, *published])) >= MIN_WIDTH - TOLERANCE

    def _feasibility_interval(self, cell: SensitiveCell, known: Sequence[np.ndarray]) -> np.ndarray:
        """Return the feasible tables, less the true one, at the ends of the feasibility interval of a cell.

        Where one end shows that the interval is wide enough, the other is not looked for.
        """
        upper, slack = self._limits()
        fixed, bounds = self._known_sums(known), self._cell_bounds()
        found = np.zeros((0, len(self.counts)))
        for sign in (-1.0, 1.0):
            end = linprog(sign * cell.form, csr_array(upper), slack, fixed, np.zeros(fixed.shape[0]), bounds)
            if end.x is not None:
                found = np.vstack([found, end.x])
            if cell.feasible_width(found) >= MIN_WIDTH - TOLERANCE:
                break
        return found

    def _relaxation(
        self, cell: SensitiveCell, known: Sequence[np.ndarray], parts: Sequence[np.ndarray], costs: Sequence[float]
    ) -> list[int] | None:
        """Return the parts that differ between two feasible tables, far enough apart in the cell, at the least loss."""
        if not parts:
            return []
        upper, slack = self._limits()
        soft, part_of = np.vstack(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        moves = -np.eye(len(parts))[part_of]
        low, high = cell.bounds
        # in differences from the true counts: limits hold, the cell stays in bounds, and the sums of a part differ by
        # no more than the variable of that part
        counts = np.vstack([upper, cell.form, -cell.form, soft, -soft])
        part_variables = np.vstack([np.zeros((len(upper) + 2, len(parts))), moves, moves])
        most = np.concatenate([slack, [high - cell.value, cell.value - low], np.zeros(2 * len(soft))])
        # twice: once with the cell low, once with it high, and both far enough apart
        nothing, fixed = np.zeros_like(counts), self._known_sums(known).toarray()
        apart = np.concatenate([cell.form, -cell.form, np.zeros(len(parts))])
        most_of = np.vstack([np.block([[counts, nothing, part_variables], [nothing, counts, part_variables]]), apart])
        no_part = np.zeros((len(fixed), len(parts)))
        same = np.block([[fixed, np.zeros_like(fixed), no_part], [np.zeros_like(fixed), fixed, no_part]])
        bounds = self._cell_bounds()
        found = linprog(
            np.concatenate([np.zeros(2 * len(self.counts)), costs]),
            csr_array(most_of),
            np.concatenate([most, most, [-MIN_WIDTH]]),
            csr_array(same),
            np.zeros(len(same)),
            np.vstack([bounds, bounds, np.tile([0.0, FARTHEST], (len(parts), 1))]),
            method="highs",
        )
        if found.x is None:
            return None
        return [int(i) for i in np.flatnonzero(found.x[2 * len(self.counts) :] > TOLERANCE)]

    def _known_sums(self, known: Sequence[np.ndarray]) -> csr_array:
        """Return the sums that cannot differ from the true ones."""
        return csr_array(np.array([*self.equalities, *known]))

    def _limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the sums that are limited, and by how much each can rise."""
        forms = np.reshape([form for form, _ in self.limits], (-1, len(self.counts)))
        return forms, np.array([slack for _, slack in _slack(self.limits, self.counts)])

    def _cell_bounds(self) -> np.ndarray:
        """Return the bounds of each cell, less its true count."""
        return np.column_stack([-np.minimum(self.counts, FARTHEST), np.full(len(self.counts), FARTHEST)])


def _undecided_union(inside: np.ndarray, apart: np.ndarray) -> np.ndarray | None:
    """Return a set of cells, as 0 or 1 of each, that no row of ``apart`` moves by five; None if there is none."""
    if not len(inside):
        return None
    enough = MIN_WIDTH - 50 * TOLERANCE  # a set that is moved by five is chosen no more, whatever the solver rounds
    found = milp(
        np.zeros(len(inside)),
        constraints=[
            LinearConstraint(inside[None], SMALLEST, MINIMUM_CHILDREN - SMALLEST),
            *([LinearConstraint(csr_array(apart), -enough, enough)] if len(apart) else []),
        ],
        integrality=np.ones(len(inside)),
        bounds=(0.0, 1.0),
    )
    if found.status == _INFEASIBLE:
        return None
    if found.x is None:
        raise DataError(
            f"It could not be worked out whether small groups are protected ({found.message}).",
            remedy="Cross fewer groups in the spec.",
        )
    chosen: np.ndarray = (found.x > 0.5).astype(np.float64)
    return chosen


def _slack(limits: Sequence[Limit], counts: np.ndarray) -> list[Limit]:
    """Return limits of counts less the true ones; what rounding of sums puts beyond a limit is at it."""
    return [(form, max(most - float(form @ counts), 0.0)) for form, most in limits]
