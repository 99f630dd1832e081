"""A suspicion of target leakage, as data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

DATED = "dated after the as-of date"
COPY = "near-copy of the label"
LEVEL = "a level that nearly determines the outcome"
MISSING = "a missingness pattern that nearly determines the outcome"
PAST = "a past status of the outcome"
SUM = "components whose sum determines the outcome"

RULES = {
    DATED: "LEAK-DATE",
    COPY: "LEAK-COPY",
    LEVEL: "LEAK-LEVEL",
    MISSING: "LEAK-MISSING",
    PAST: "LEAK-PAST",
    SUM: "LEAK-SUM",
}


@dataclass(frozen=True)
class TargetLeakage:
    """A suspicion of target leakage.

    Attributes
    ----------
    rule : str
        Stable id: ``LEAK-DATE``, ``LEAK-COPY``, ``LEAK-LEVEL``, ``LEAK-MISSING``, ``LEAK-PAST``, ``LEAK-SUM``.
    kind : str
        The same in words, for example ``"near-copy of the label"``.
    features : tuple of str
        The culprits.
    n : int
        Children that the evidence rests on.
    evidence : float
        For a date or a declared status the share of children concerned, for a level its share with the outcome (or
        without it, whichever is larger), otherwise a ROC AUC.
    words, remedy : str
        What was found, without any child's data, and what to do.
    """

    rule: str
    kind: str
    features: tuple[str, ...]
    n: int
    evidence: float
    words: str
    remedy: str


def target_leakage(
    kind: str, features: Collection[str], n: int, evidence: float, words: str, remedy: str
) -> TargetLeakage:
    """Make a suspicion, with the rule that goes with its kind."""
    return TargetLeakage(RULES[kind], kind, tuple(features), int(n), float(evidence), words, remedy)


def quote(features: Collection[str]) -> str:
    """Return names for a sentence, at most eight."""
    names = list(features)
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:8])} and {len(names) - 8} more"
