"""Controlled rounding of the shares of a group under secondary suppression, so that its findings are not lost."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from send_screen.evaluation.disclosure._contingency_table import ALL, SHARES, ContingencyTable, Key, Part, Unit
from send_screen.evaluation.disclosure._intruder import Intruder, SensitiveCell
from send_screen.evaluation.disclosure._prior_releases import RoundedShare, rounded_from

#: What a share may be rounded to a multiple of, finest first.
STEPS = (0.01, 0.02, 0.05)
#: Of fewer children than this no share is worth the trial: rounded to 5 of 100 it would be a count still.
FEWEST = 100
#: Shares in the order of their use to a user, and the parts that each of them rests on.
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
    unions: Sequence[np.ndarray],
    known: Sequence[np.ndarray],
    secondary: set[Unit],
    revealed: Collection[RoundedShare] | None = None,
    multiples: Sequence[float] = STEPS,
) -> dict[tuple[Key, str], float]:
    """Return which shares of groups under secondary suppression may be published rounded, and to a multiple of what.

    A rounded share bounds the cells between two numbers. It is published where every cell stays protected from an
    intruder who knows that as well as the ``known`` sums, rounded no more than that takes. After a prior release only
    what it revealed rounded is: its list is another, and rounded shares of several lists together are not
    accounted for.
    """
    steps: dict[tuple[Key, str], float] = {}
    groups = sorted({key for key, _ in secondary if key != ALL}, key=lambda key: (key in table.crossed, key))
    groups = [key for key in groups if table.count(key, "n") >= FEWEST]
    in_order, knows = list(sensitive), intruder
    for share, parts in _RESTS_ON.items():
        numerator, denominator = SHARES[share]
        for key in groups:
            value = table.count(key, numerator) / max(table.count(key, denominator), 1.0)
            if not all((key, part) in secondary for part in parts):
                continue
            for step in multiples:
                shown = nearest(value, step)
                low, high = rounded_from(shown, step)
                if not 0 < shown < 1 or (revealed is not None and (key, share, low, high) not in revealed):
                    continue  # a share that is not none is not rounded to none
                more = knows.with_limits(table.between(key, share, low, high))
                given_away = next((cell for cell in in_order if not more.is_protected(cell, known)), None)
                if given_away is None:
                    steps[key, share] = step
                    knows = more
                    break
                in_order.insert(0, in_order.pop(in_order.index(given_away)))  # the likeliest to be so again
    guarded = {cell.form.tobytes() for cell in sensitive}
    exposed = [cell for cells in unions if steps and (cell := knows.exposed_union(cells, known))]
    exposed = [cell for cell in exposed if cell.form.tobytes() not in guarded and intruder.is_protected(cell, known)]
    if exposed:
        more_sensitive = [*sensitive, *exposed]
        return rounded(table, intruder, more_sensitive, unions, known, secondary, revealed, multiples)
    return steps


def nearest(value: float, step: float, *, up: int = 0) -> float:
    """Return a multiple of ``step``: the nearest one, or the next below (``up`` -1) or above (1).

    >>> nearest(0.347, 0.05), nearest(0.347, 0.01, up=-1), nearest(0.347, 0.01, up=1)
    (0.35, 0.34, 0.35)
    """
    steps = value / step
    whole = (math.floor(steps + 0.5), math.ceil(steps - 1e-9), math.floor(steps + 1e-9))[up]
    return round(whole * step, 6)
