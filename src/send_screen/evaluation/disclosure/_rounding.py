"""Controlled rounding: rates under secondary suppression are published rounded, where that reveals no small count."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from send_screen.evaluation.disclosure._contingency_table import ALL, RATE_COUNTS, ContingencyTable, Key, Part, Unit
from send_screen.evaluation.disclosure._intruder import Intruder, SensitiveCell
from send_screen.evaluation.disclosure._prior_releases import RoundedRate, rounded_from

#: Steps that a rate may be rounded to, finest first.
STEPS = (0.01, 0.02, 0.05)
#: Rates of smaller groups are not tried: even rounded to 5 %, they would determine a count.
MIN_CHILDREN_ROUNDED = 100
#: Rates, the most useful first, and the parts of a group's figures that each rests on.
_RESTS_ON: dict[str, tuple[Part, ...]] = {
    "recall": ("recall",),
    "specificity": ("specificity",),
    "prevalence": ("prevalence",),
    "precision": ("recall", "specificity"),
    "selection_rate": ("recall", "specificity"),
}


def rounded(
    table: ContingencyTable,
    intruder: Intruder,
    sensitive: Sequence[SensitiveCell],
    cross_tabulations: Sequence[np.ndarray],
    known: Sequence[np.ndarray],
    secondary: set[Unit],
    revealed: Collection[RoundedRate] | None = None,
    multiples: Sequence[float] = STEPS,
) -> dict[tuple[Key, str], float]:
    """Return the rounding step of each rate under ``secondary`` suppression that may be published rounded.

    A rounded rate bounds sums of cells from both sides. It is published, with the finest step that allows it, if every
    sensitive cell stays protected from an intruder who knows these bounds and the ``known`` sums. ``cross_tabulations``
    are checked for exposed sets of cells. After a prior release only the rates that it ``revealed`` rounded are
    published rounded: several lists together are not accounted for.
    """
    steps: dict[tuple[Key, str], float] = {}
    groups = sorted({key for key, _ in secondary if key != ALL}, key=lambda key: (key in table.crossed, key))
    groups = [key for key in groups if table.count(key, "n") >= MIN_CHILDREN_ROUNDED]
    cells, informed = list(sensitive), intruder
    for rate, parts in _RESTS_ON.items():
        numerator, denominator = RATE_COUNTS[rate]
        for key in groups:
            value = table.count(key, numerator) / max(table.count(key, denominator), 1.0)
            if not all((key, part) in secondary for part in parts):
                continue
            for step in multiples:
                shown = nearest(value, step)
                low, high = rounded_from(shown, step)
                if not 0 < shown < 1 or (revealed is not None and (key, rate, low, high) not in revealed):
                    continue  # a rate is not rounded to 0 or 1
                candidate = informed.with_limits(table.rate_inequalities(key, rate, low, high))
                exposed_cell = next((cell for cell in cells if not candidate.is_protected(cell, known)), None)
                if exposed_cell is None:
                    steps[key, rate] = step
                    informed = candidate
                    break
                cells.insert(
                    0, cells.pop(cells.index(exposed_cell))
                )  # check it first: it is likely to be exposed again
    checked = {cell.form.tobytes() for cell in sensitive}
    exposed = [cell for each in cross_tabulations if steps and (cell := informed.exposed_cells(each, known))]
    exposed = [cell for cell in exposed if cell.form.tobytes() not in checked and intruder.is_protected(cell, known)]
    if exposed:
        more_sensitive = [*sensitive, *exposed]
        return rounded(table, intruder, more_sensitive, cross_tabulations, known, secondary, revealed, multiples)
    return steps


def outward(low: float, high: float) -> tuple[float, float]:
    """Return the ends of an interval, rounded outward to three significant digits of its width.

    An end with all its digits tells the standard error, and that the sum of squares over schools: with few schools,
    the count in each.

    >>> outward(0.2171828, 0.3314159), outward(0.8377157, 0.8411111)
    ((0.217, 0.332), (0.83771, 0.84112))
    """
    if not high > low:
        return low, high
    step = 10.0 ** (math.floor(math.log10(high - low)) - 2)
    return nearest(low, step, up=-1), nearest(high, step, up=1)


def nearest(value: float, step: float, *, up: int = 0) -> float:
    """Return a multiple of ``step``: the nearest one, or the next below (``up`` -1) or above (1).

    >>> nearest(0.347, 0.05), nearest(0.347, 0.01, up=-1), nearest(0.347, 0.01, up=1)
    (0.35, 0.34, 0.35)
    """
    steps = value / step
    whole = (math.floor(steps + 0.5), math.ceil(steps - 1e-9), math.floor(steps + 1e-9))[up]
    return round(whole * step, 6)
