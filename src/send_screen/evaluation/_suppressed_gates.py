"""Gates on suppressed figures: checked on exact counts; a result is published only if it reveals no small count."""

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
    """Return whether each gate on a suppressed figure passes; None for other gates and where the result is suppressed.

    A gate bounds a count. Its result is published where it is the same for every value, 0 to 10, of each small count,
    since it then reveals nothing. So is which of two models finds more, where the same counts are small for both, since
    that excludes at most one value of each. Any other result could narrow a small count to fewer than five children.
    """
    predictions = OutOfFoldPredictions(evidence)
    return tuple(_check(predictions, gate) if is_suppressed(find_figure(gate, measured)) else None for gate in gates)


def _check(predictions: OutOfFoldPredictions, gate: Gate) -> bool | None:
    if gate.end != "value" or gate.metric not in ("recall", "precision"):
        return None
    if is_small(predictions.n_outcome) or is_small(predictions.n - predictions.n_outcome):
        return None
    ours = _true_positives(predictions, CANDIDATE)
    theirs = _true_positives(predictions, gate.against) if gate.against else 0.0
    n_listed = float(predictions.flag(CANDIDATE).sum()) / predictions.n_seeds
    n = predictions.n_outcome if gate.metric == "recall" else n_listed
    small = _small_counts(predictions, ours, n_listed)
    small_theirs = _small_counts(predictions, theirs, n_listed) if gate.against else {}
    results = {
        _result(gate, (mine - other) / n)
        for low, high in small.values() or [(ours, ours)]
        for least, most in small_theirs.values() or [(theirs, theirs)]
        for mine, other in ((low, most), (high, least))
    }
    who_finds_more = small.keys() == small_theirs.keys() and (gate.at_least, gate.at_most) in ((0.0, None), (None, 0.0))
    return _result(gate, (ours - theirs) / n) == 0 if len(results) == 1 or who_finds_more else None


def _result(gate: Gate, value: float) -> int:
    """Return -1 where a value is below the gate's bounds, 1 where it is above, and 0 where it passes."""
    value = round(value, 12)  # beyond rounding error
    if gate.at_least is not None and value < gate.at_least:
        return -1
    return int(gate.at_most is not None and value > gate.at_most)


def _true_positives(predictions: OutOfFoldPredictions, model: str) -> float:
    return float(np.sum(predictions.outcome * predictions.flag(model))) / predictions.n_seeds


def _small_counts(predictions: OutOfFoldPredictions, true_positives: float, n_listed: float) -> dict[str, _Interval]:
    """Return, for each small count of the confusion matrix, the range of true positives in which it is 0 to 10."""
    without, most = predictions.n - predictions.n_outcome, float(MINIMUM_CHILDREN)
    possible = {
        "true positives": (true_positives, (0.0, most)),
        "false positives": (n_listed - true_positives, (n_listed - most, n_listed)),
        "false negatives": (
            predictions.n_outcome - true_positives,
            (predictions.n_outcome - most, predictions.n_outcome),
        ),
        "true negatives": (without - n_listed + true_positives, (n_listed - without, n_listed - without + most)),
    }
    return {name: interval for name, (count, interval) in possible.items() if is_small(count)}
