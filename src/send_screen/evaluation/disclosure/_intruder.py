"""Feasibility intervals: what an intruder can derive of a count that is not published.

The intruder knows some sums of cells of the contingency table exactly, and that no cell is below 0. The tables that are
consistent with this (feasible) form a polyhedron. The feasibility interval of a count is its range over the polyhedron,
found by two linear programmes. A further one finds the secondary suppression that widens the interval to ``MIN_WIDTH``
at the least loss of information [Fischetti2001]_. Sums of cells are given as linear forms: coefficients of all cells.

Results of gates on suppressed figures are not part of this: they are published only where they reveal nothing more
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
#: Bound on the difference of a feasible cell from its count; unbounded, solver rounding could hide a narrow interval.
MAX_DEVIATION = 100.0
TOLERANCE = 1e-6
#: A positive number below any positive count (an average over fold seeds) and above the solver's tolerance.
LEAST_COUNT = 0.05
_INFEASIBLE = 2  # SciPy's status of a programme without a solution


#: A sum of cells, as a linear form, and its known upper bound.
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
        """Bounds that an intruder is assumed to know (a count averaged over fold seeds may be below 1)."""
        if self.small:
            return min(1.0, self.value), max(MINIMUM_CHILDREN - 1.0, self.value)
        return self.value - MAX_DEVIATION, self.value + MAX_DEVIATION

    def feasible_width(self, feasible: np.ndarray) -> float:
        """Return the width over feasible tables minus the true one, shape (tables, cells x 4)."""
        found = self.value + np.append(feasible @ self.form, 0.0)
        least, most = self.bounds
        return float(min(found.max(), most) - max(found.min(), least))


@dataclass
class Intruder:
    """Contingency tables that are feasible given all that is published; arrays have the shape (cells x 4,)."""

    counts: np.ndarray
    equalities: Sequence[np.ndarray]
    """Linear forms that are 0 for every possible table."""
    limits: Sequence[Limit] = ()
    """Linear forms with a known upper bound."""
    feasible: np.ndarray = field(init=False)
    """Feasible tables found so far, minus the true one: (tables, cells x 4). Suppressing more keeps them feasible."""

    def __post_init__(self) -> None:
        self.feasible = np.zeros((0, len(self.counts)))

    def is_protected(self, cell: SensitiveCell, known: Sequence[np.ndarray]) -> bool:
        """Return whether the feasibility interval of a cell is wide enough, given the sums that are known."""
        if cell.feasible_width(self.feasible) >= MIN_WIDTH - TOLERANCE:
            return True
        self.feasible = np.vstack([self.feasible, self._feasibility_interval(cell, known)])
        return cell.feasible_width(self.feasible) >= MIN_WIDTH - TOLERANCE

    def exposed_cells(self, cells: np.ndarray, known: Sequence[np.ndarray]) -> SensitiveCell | None:
        """Return a set of cells with 1 to 9 children in sum whose feasibility interval is too narrow; None if none is.

        An integer programme chooses a candidate set. Linear programmes either show that it is exposed, or find two
        feasible tables in which its sum differs by five children; sets that these tables protect are chosen no more.
        ``cells`` are the linear forms of the cells of a cross-tabulation, shape (its cells, cells x 4).
        """
        cells = cells[cells @ self.counts < MINIMUM_CHILDREN - TOLERANCE]
        counts = cells @ self.counts
        differences = np.zeros((0, len(cells)))
        while (chosen := _unprotected_set(counts, differences)) is not None:
            form = chosen @ cells
            cell = SensitiveCell(form, float(form @ self.counts), small=False)
            if not self.is_protected(cell, known):
                return SensitiveCell(form, cell.value)
            moves = self.feasible @ form
            low, high = moves.argmin(), moves.argmax()
            difference = self.feasible[high] * (moves[high] > 0) - self.feasible[low] * (moves[low] < 0)
            differences = np.vstack([differences, (cells @ difference).round(6)])
        return None

    def with_limits(self, limits: Sequence[Limit]) -> Intruder:
        """Return an intruder who knows further limits; feasible tables are moved towards the true one to meet them."""
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

        The linear relaxation of the problem selects some parts. Of these, the most costly first, each is published
        after all if the cell stays protected. ``known`` sums cannot be suppressed; those of one of the
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
        """Return the feasible tables, minus the true one, at the ends of the feasibility interval of a cell.

        If one end shows that the interval is wide enough, the other is not computed.
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
        """Return the parts that differ, at the least cost, between two tables that are far apart in the cell."""
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
        # two tables: one with the cell low, one with it high, at least MIN_WIDTH apart
        nothing, fixed = np.zeros_like(counts), self._known_sums(known).toarray()
        width = np.concatenate([cell.form, -cell.form, np.zeros(len(parts))])
        most_of = np.vstack([np.block([[counts, nothing, part_variables], [nothing, counts, part_variables]]), width])
        no_part = np.zeros((len(fixed), len(parts)))
        same = np.block([[fixed, np.zeros_like(fixed), no_part], [np.zeros_like(fixed), fixed, no_part]])
        bounds = self._cell_bounds()
        found = linprog(
            np.concatenate([np.zeros(2 * len(self.counts)), costs]),
            csr_array(most_of),
            np.concatenate([most, most, [-MIN_WIDTH]]),
            csr_array(same),
            np.zeros(len(same)),
            np.vstack([bounds, bounds, np.tile([0.0, MAX_DEVIATION], (len(parts), 1))]),
            method="highs",
        )
        if found.x is None:
            return None
        return [int(i) for i in np.flatnonzero(found.x[2 * len(self.counts) :] > TOLERANCE)]

    def _known_sums(self, known: Sequence[np.ndarray]) -> csr_array:
        """Return the sums that cannot differ from the true ones."""
        return csr_array(np.array([*self.equalities, *known]))

    def _limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the limited sums, and how much each can rise above its true value."""
        forms = np.reshape([form for form, _ in self.limits], (-1, len(self.counts)))
        return forms, np.array([slack for _, slack in _slack(self.limits, self.counts)])

    def _cell_bounds(self) -> np.ndarray:
        """Return the bounds of each cell, minus its true count."""
        return np.column_stack([-np.minimum(self.counts, MAX_DEVIATION), np.full(len(self.counts), MAX_DEVIATION)])


def _unprotected_set(counts: np.ndarray, differences: np.ndarray) -> np.ndarray | None:
    """Return a set of cells with a sum of 1 to 9 that no row of ``differences`` changes by five, or None."""
    if not len(counts):
        return None
    enough = MIN_WIDTH - 50 * TOLERANCE  # so that solver rounding does not choose a protected set again
    found = milp(
        np.zeros(len(counts)),
        constraints=[
            LinearConstraint(counts[None], LEAST_COUNT, MINIMUM_CHILDREN - LEAST_COUNT),
            *([LinearConstraint(csr_array(differences), -enough, enough)] if len(differences) else []),
        ],
        integrality=np.ones(len(counts)),
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
    """Return the limits minus the true values, at least 0 (rounding can put a sum slightly beyond its limit)."""
    return [(form, max(most - float(form @ counts), 0.0)) for form, most in limits]
