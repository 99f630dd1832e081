"""Shares of a group whose counts are withheld for the sake of others: rounded, so that its findings are not lost."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from send_screen.evaluation._disclosure_cells import ALL, SHARES, Cells, Key, Part, Unit
from send_screen.evaluation._disclosure_earlier import Told, rounded_from
from send_screen.evaluation._disclosure_reader import Reader, Target

#: What a share may be rounded to a multiple of, finest first.
STEPS = (0.01, 0.02, 0.05)
#: Of fewer children than this no share is worth the trial: rounded to 5 of 100 it would be a count still.
FEWEST = 100
#: Shares in the order of their use to a reader, and the parts that each of them rests on.
_RESTS_ON: dict[str, tuple[Part, ...]] = {
    "recall": ("need",),
    "false_positive_rate": ("no need",),
    "prevalence": ("outcome",),
    "precision": ("need", "no need"),
    "selection_rate": ("need", "no need"),
}


def rounded(
    cells: Cells,
    reader: Reader,
    targets: Sequence[Target],
    known: Sequence[np.ndarray],
    secondary: set[Unit],
    told: Collection[Told] | None = None,
    multiples: Sequence[float] = STEPS,
) -> dict[tuple[Key, str], float]:
    """Return which shares may be published rounded, and to a multiple of what.

    A share says of the cells that it lies between two numbers. It is published where every target stays protected from
    a reader who knows that as well, rounded no more than that takes.

    Parameters
    ----------
    cells : Cells
    reader : Reader
    targets : sequence of Target
    known : sequence of numpy.ndarray of float, each of shape (cells x 4,)
        Sums that are published.
    secondary : set of ((attribute, group), part)
        Parts that are withheld though none of their own counts is small.
    told : collection of ((attribute, group), share, low, high), optional
        What earlier versions told rounded. Where there are earlier versions, nothing else is: their lists are other
        lists, and what the rounded shares of several say together of the same children is not reckoned with.
    """
    steps: dict[tuple[Key, str], float] = {}
    groups = sorted({key for key, _ in secondary if key != ALL and key not in cells.crossed})
    groups = [key for key in groups if cells.value(cells.form(key, "n")) >= FEWEST]
    in_order = list(targets)
    for share, parts in _RESTS_ON.items():
        above, below = SHARES[share]
        for key in groups:
            value = cells.value(cells.form(key, above)) / max(cells.value(cells.form(key, below)), 1.0)
            if not all((key, part) in secondary for part in parts):
                continue
            for step in multiples:
                shown = nearest(value, step)
                low, high = rounded_from(shown, step)
                if not 0 < shown < 1 or (told is not None and (key, share, low, high) not in told):
                    continue  # a share that is not none is not rounded to none
                knows = reader.knowing(cells.between(key, share, low, high))
                given_away = next((target for target in in_order if not knows.is_protected(target, known)), None)
                if given_away is None:
                    steps[key, share] = step
                    reader = knows
                    break
                in_order.insert(0, in_order.pop(in_order.index(given_away)))  # the likeliest to be so again
    return steps


def nearest(value: float, step: float, *, up: int = 0) -> float:
    """Return a multiple of ``step``: the nearest one, or the next below (``up`` -1) or above (1).

    Examples
    --------
    >>> nearest(0.347, 0.05), nearest(0.347, 0.01, up=-1), nearest(0.347, 0.01, up=1)
    (0.35, 0.34, 0.35)
    """
    steps = value / step
    whole = (math.floor(steps + 0.5), math.ceil(steps - 1e-9), math.floor(steps + 1e-9))[up]
    return round(whole * step, 6)
