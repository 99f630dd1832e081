"""What it costs that people can read a version: its difference from each challenger, in words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from send_screen.reports._metrics import METRICS, Cell
from send_screen.reports._published import Figure, find, rows
from send_screen.reports._words import said, whole

_NAMES = {"lightgbm": "LightGBM", "ebm": "EBM"}
# What is compared: as the head of a row, and as it stands after "no difference was shown in".
_COMPARED = {
    "roc_auc": ("Order of the list (ROC AUC)", "the order of the whole list"),
    "average_precision": ("Top of the list (average precision)", "the top of the list"),
    "recall": ("Of 100 children to be found, listed", "how many children it finds with as many places"),
}
WORSE, BETTER, NOT_SHOWN, UNKNOWN = "worse", "better", "no difference was shown", "not known"


@dataclass(frozen=True)
class CostRow:
    """One figure of this version minus that of a challenger: its words, the difference, n, and what that says."""

    words: str
    difference: Cell
    n: str
    verdict: str


@dataclass(frozen=True)
class Cost:
    """A version beside one challenger: in a sentence, and in figures."""

    challenger: str
    words: str
    rows: tuple[CostRow, ...]


def challengers_of(published: Mapping[str, Any]) -> dict[str, str]:
    """Return each challenger that a version was compared with, and its short name."""
    models = (said(row, "against") for row in rows(published, "differences"))
    return {model: _NAMES.get(model, model) for model in models if model != "baseline"}


def costs(published: Mapping[str, Any]) -> tuple[Cost, ...]:
    """Return what it costs that people can read a version, beside each challenger.

    A difference is said only where its interval leaves out 0.

    Parameters
    ----------
    published : mapping
        What a version publishes (``published.json``).
    """
    return tuple(_cost(published, challenger, short) for challenger, short in challengers_of(published).items())


def beside_the_rule(published: Mapping[str, Any]) -> str:
    """Return in a sentence in what a version is better or worse than the one-line rule; empty where not compared."""
    compared = find(rows(published, "differences"), model="candidate", against="baseline")
    return "" if compared is None else _cost(published, "baseline", "the rule").words


def _cost(published: Mapping[str, Any], challenger: str, short: str) -> Cost:
    version: Mapping[str, Any] = published.get("version") or {}
    differences = rows(published, "differences")
    found = {
        metric: Figure.of(find(differences, model="candidate", against=challenger, metric=metric))
        for metric in _COMPARED
    }
    by_verdict: dict[str, list[str]] = {}
    for metric, figure in found.items():
        by_verdict.setdefault(_verdict(figure), []).append(_COMPARED[metric][1])
    who = said(version.get("challengers") or {}, challenger, short)
    said_of = "; ".join(
        f"{verdict} in {_and(by_verdict[verdict])}"
        for verdict in (WORSE, BETTER, NOT_SHOWN, UNKNOWN)
        if verdict in by_verdict
    )
    return Cost(
        short,
        f"Beside {who}: {said_of}.",
        tuple(
            CostRow(
                _COMPARED[metric][0],
                METRICS[metric].difference(figure),
                "" if figure.n is None else whole(figure.n),
                f"{UNKNOWN}: {figure.reason}" if _verdict(figure) == UNKNOWN else _verdict(figure),
            )
            for metric, figure in found.items()
        ),
    )


def _verdict(figure: Figure) -> str:
    """Return what a difference and its interval say of this version."""
    if figure.value is None or figure.low is None or figure.high is None:
        return UNKNOWN
    if figure.low <= 0 <= figure.high:
        return NOT_SHOWN
    return BETTER if figure.value > 0 else WORSE


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
