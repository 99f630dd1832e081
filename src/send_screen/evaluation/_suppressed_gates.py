"""Gates on withheld figures: checked on exact counts; the result is published only where it reveals no small count."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.evaluation.disclosure import is_small
from send_screen.published import MeasuredSections
from send_screen.published._gates import find_figure, is_suppressed
from send_screen.specs import Gate
from send_screen.tables import MINIMUM_CHILDREN

#: An interval of the number of true positives.
_Interval = tuple[float, float]


def check_suppressed_gates(
    evidence: pd.DataFrame, gates: Iterable[Gate], measured: MeasuredSections
) -> tuple[bool | None, ...]:
    """Return whether each gate passes whose figure is withheld; None where it is not, or where that may not be said.

    A gate bounds a count. Its result may be said where it is the same whatever each small count is, from none to 10:
    it reveals nothing. Which of two lists finds more may be said too, where the same counts are small in both: it
    takes away one possible number of each at most. Anything else could leave a small count fewer than five children.
    """
    view = OutOfFoldPredictions(evidence)
    return tuple(_judge(view, gate) if is_suppressed(find_figure(gate, measured)) else None for gate in gates)


def _judge(view: OutOfFoldPredictions, gate: Gate) -> bool | None:
    if gate.end != "value" or gate.metric not in ("recall", "precision"):
        return None
    if is_small(view.n_outcome) or is_small(view.n - view.n_outcome):
        return None
    ours = _true_positives(view, CANDIDATE)
    theirs = _true_positives(view, gate.against) if gate.against else 0.0
    n_listed = float(view.flag(CANDIDATE).sum()) / view.n_seeds
    n = view.n_outcome if gate.metric == "recall" else n_listed
    small = _small_counts(view, ours, n_listed)
    small_theirs = _small_counts(view, theirs, n_listed) if gate.against else {}
    sides = {
        _side(gate, (mine - other) / n)
        for low, high in small.values() or [(ours, ours)]
        for least, most in small_theirs.values() or [(theirs, theirs)]
        for mine, other in ((low, most), (high, least))
    }
    who_finds_more = small.keys() == small_theirs.keys() and (gate.at_least, gate.at_most) in ((0.0, None), (None, 0.0))
    return _side(gate, (ours - theirs) / n) == 0 if len(sides) == 1 or who_finds_more else None


def _side(gate: Gate, value: float) -> int:
    """Return -1 where a value is below the gate's bounds, 1 where it is above, and 0 where it passes."""
    value = round(value, 12)  # what is counted twice is the same number
    if gate.at_least is not None and value < gate.at_least:
        return -1
    return int(gate.at_most is not None and value > gate.at_most)


def _true_positives(view: OutOfFoldPredictions, model: str) -> float:
    return float(np.sum(view.outcome * view.flag(model))) / view.n_seeds


def _small_counts(view: OutOfFoldPredictions, found: float, n_listed: float) -> dict[str, _Interval]:
    """Return, for each small count of a list, the numbers of true positives for which it is from none to 10."""
    without, most = view.n - view.n_outcome, float(MINIMUM_CHILDREN)
    possible = {
        "true positives": (found, (0.0, most)),
        "false positives": (n_listed - found, (n_listed - most, n_listed)),
        "false negatives": (view.n_outcome - found, (view.n_outcome - most, view.n_outcome)),
        "true negatives": (without - n_listed + found, (n_listed - without, n_listed - without + most)),
    }
    return {name: interval for name, (count, interval) in possible.items() if is_small(count)}
