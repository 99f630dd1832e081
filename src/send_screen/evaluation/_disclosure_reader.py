"""What a reader of every published figure can work out about a count that is not published.

A reader knows some sums of the cells exactly and that no cell is below 0. The counts that this leaves possible are a
polyhedron; how far a sum ranges over it is a linear programme, and so is which further sums to withhold, so that it
ranges widely enough at little loss [Fischetti2001]_.

References
----------
.. [Fischetti2001] Fischetti, M. and Salazar, J. J. (2001). Solving the cell suppression problem on tabular data with
   linear constraints. Management Science 47.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from send_screen.tables import MINIMUM_CHILDREN

#: How wide the interval must be that a reader can derive for a withheld count, in children.
WIDTH = 5.0
#: No alternative needs a cell further from its count than this; without a bound, rounding would hide what is let go.
FARTHEST = 100.0
TOLERANCE = 1e-6


#: A sum of cells, and the most that it is known to be.
Limit = tuple[np.ndarray, float]


@dataclass(frozen=True, eq=False)
class Target:
    """A count that a reader must not be able to narrow down.

    Attributes
    ----------
    form : numpy.ndarray of float, shape (cells x 4,)
    value : float
    small : bool
        True for a count of 1 to 9: a reader is then granted to know that it is one.
    """

    form: np.ndarray
    value: float
    small: bool = True

    @property
    def bounds(self) -> tuple[float, float]:
        """What a reader is granted to know from the start (averages over fold seeds lie between whole numbers)."""
        if self.small:
            return min(1.0, self.value), max(MINIMUM_CHILDREN - 1.0, self.value)
        return self.value - FARTHEST, self.value + FARTHEST

    def width(self, seen: Sequence[np.ndarray]) -> float:
        """Return over how many children it ranges in counts that are possible, each less the true ones."""
        found = np.array([self.value, *(self.value + self.form @ less for less in seen)])
        least, most = self.bounds
        return float(min(found.max(), most) - max(found.min(), least))


@dataclass
class Reader:
    """Counts that could be the true ones, for all that is published.

    Attributes
    ----------
    counts : numpy.ndarray of float, shape (cells x 4,)
    ties : sequence of numpy.ndarray of float, each of shape (cells x 4,)
        Sums that are known to everybody.
    limits : sequence of (numpy.ndarray of float, shape (cells x 4,); float)
        Sums that are known to be no more than a number.
    seen : list of numpy.ndarray
        Counts found to be possible, less the true ones; they stay possible when more is withheld.
    """

    counts: np.ndarray
    ties: Sequence[np.ndarray]
    limits: Sequence[Limit] = ()
    seen: list[np.ndarray] = field(default_factory=list)

    def is_protected(self, target: Target, known: Sequence[np.ndarray]) -> bool:
        """Tell whether a target ranges over at least :data:`WIDTH` children, given the sums that are ``known``."""
        if target.width(self.seen) >= WIDTH - TOLERANCE:
            return True
        found = self._ends(target, known)
        self.seen += found
        return target.width(found) >= WIDTH - TOLERANCE

    def knowing(self, limits: Sequence[Limit]) -> Reader:
        """Return a reader who knows more: counts that were possible for this one are kept where they still are."""
        more = [(form, spare + 1e-9) for form, spare in _spare(limits, self.counts)]
        seen = [less for less in self.seen if all(form @ less <= spare for form, spare in more)]
        return Reader(self.counts, self.ties, [*self.limits, *limits], seen)

    def cheapest(
        self, target: Target, known: Sequence[np.ndarray], parts: Sequence[np.ndarray], costs: Sequence[float]
    ) -> list[int] | None:
        """Return which parts, withheld as well, protect a target at little loss; None where all of them do not.

        The linear relaxation of the least loss moves some parts. Of those, one after another, the dearest first, is
        published after all where the target stays protected without it.

        Parameters
        ----------
        target : Target
        known : sequence of numpy.ndarray
            Sums that cannot be withheld.
        parts : sequence of numpy.ndarray of float, each of shape (sums, cells x 4)
            Sums that can be withheld, those of a part together.
        costs : sequence of float
        """
        chosen = self._moved(target, known, parts, costs)
        if chosen is None or not self._protect(target, known, parts, chosen):
            return None
        for part in sorted(chosen, key=lambda i: -costs[i]):
            rest = [other for other in chosen if other != part]
            if self._protect(target, known, parts, rest):
                chosen = rest
        return chosen

    def _protect(
        self, target: Target, known: Sequence[np.ndarray], parts: Sequence[np.ndarray], withheld: Sequence[int]
    ) -> bool:
        """Tell whether a target is protected where these parts are withheld and all others are published."""
        published = [form for i, part in enumerate(parts) if i not in withheld for form in part]
        return target.width(self._ends(target, [*known, *published])) >= WIDTH - TOLERANCE

    def _ends(self, target: Target, known: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return possible counts, less the true ones, at which a target is least and at which it is most."""
        above, spare = self._limits()
        fixed, near = self._fixed(known), self._near()
        ends = [
            linprog(sign * target.form, csr_array(above), spare, fixed, np.zeros(fixed.shape[0]), near, method="highs")
            for sign in (1.0, -1.0)
        ]
        return [end.x for end in ends if end.x is not None]

    def _moved(
        self, target: Target, known: Sequence[np.ndarray], parts: Sequence[np.ndarray], costs: Sequence[float]
    ) -> list[int] | None:
        """Return which parts differ between two possible counts that are far enough apart, at the least loss."""
        if not parts:
            return []
        above, spare = self._limits()
        soft, part_of = np.vstack(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        moves = -np.eye(len(parts))[part_of]
        low, high = target.bounds
        # of counts less the true ones: limits are kept, the target stays in bounds, and no sum of a part moves further
        # than the part is paid for
        counts = np.vstack([above, target.form, -target.form, soft, -soft])
        paid = np.vstack([np.zeros((len(above) + 2, len(parts))), moves, moves])
        most = np.concatenate([spare, [high - target.value, target.value - low], np.zeros(2 * len(soft))])
        # twice: once with the target low, once with it high, and both far enough apart
        nothing, fixed = np.zeros_like(counts), self._fixed(known).toarray()
        apart = np.concatenate([target.form, -target.form, np.zeros(len(parts))])
        most_of = np.vstack([np.block([[counts, nothing, paid], [nothing, counts, paid]]), apart])
        no_part = np.zeros((len(fixed), len(parts)))
        same = np.block([[fixed, np.zeros_like(fixed), no_part], [np.zeros_like(fixed), fixed, no_part]])
        near = self._near()
        found = linprog(
            np.concatenate([np.zeros(2 * len(self.counts)), costs]),
            csr_array(most_of),
            np.concatenate([most, most, [-WIDTH]]),
            csr_array(same),
            np.zeros(len(same)),
            np.vstack([near, near, np.tile([0.0, FARTHEST], (len(parts), 1))]),
            method="highs",
        )
        if found.x is None:
            return None
        return [int(i) for i in np.flatnonzero(found.x[2 * len(self.counts) :] > TOLERANCE)]

    def _fixed(self, known: Sequence[np.ndarray]) -> csr_array:
        """Return the sums that cannot differ from the true ones."""
        return csr_array(np.array([*self.ties, *known]))

    def _limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the sums that are limited, and by how much each can rise."""
        forms = np.reshape([form for form, _ in self.limits], (-1, len(self.counts)))
        return forms, np.array([spare for _, spare in _spare(self.limits, self.counts)])

    def _near(self) -> np.ndarray:
        """Return the bounds of each cell, less its true count."""
        return np.column_stack([-np.minimum(self.counts, FARTHEST), np.full(len(self.counts), FARTHEST)])


def _spare(limits: Sequence[Limit], counts: np.ndarray) -> list[Limit]:
    """Return limits of counts less the true ones; what rounding of sums puts beyond a limit is at it."""
    return [(form, max(most - float(form @ counts), 0.0)) for form, most in limits]
