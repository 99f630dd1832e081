"""The three questions about groups: verdicts with signs that need no colour, and what they come to together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from send_screen.reports._metrics import METRICS
from send_screen.reports._published import Figure, Row, find, rows
from send_screen.reports._words import count, percent, said, sentence, whole

OTHERS = "all others"
OUTSIDE, WITHIN, NOT_ENOUGH = "outside tolerance", "within tolerance", "not enough evidence"
QUESTIONS = {
    "false_negative_rate": "Whose needs are missed?",
    "false_positive_rate": "Who is listed without need?",
    "calibration_in_the_large": "Does a score mean the same for everyone?",
}
# Metric -> what a person reads where the group's figure is larger, and where it is smaller, than that of the others.
DIRECTIONS = {
    "false_negative_rate": ("missed more", "missed less"),
    "false_positive_rate": ("listed more", "listed less"),
    "calibration_in_the_large": ("scored too low", "scored too high"),
}
# Verdict -> a sign that does not need colour: larger, smaller, and where there is no direction.
SIGNS = {OUTSIDE: ("▲", "▼"), WITHIN: ("●", "●"), NOT_ENOUGH: ("?", "?")}
# Verdict -> the end of a sentence that shows a gap.
_SHOWN = {
    OUTSIDE: ": outside tolerance.",
    NOT_ENOUGH: ": a gap, not enough evidence to say that it is outside tolerance.",
}
_MOST_NAMED = 3  # on a first screen


def is_shown(gap: Row) -> bool:
    """Tell whether the interval of a gap excludes that there is none."""
    return (gap.get("low") or 0) > 0 or (gap.get("high") or 0) < 0


def verdict_words(gap: Row | None) -> str:
    """Return a verdict with its sign, which way a shown gap goes, and how many children would settle an open one."""
    if gap is None:
        return "not compared"
    words = said(gap, "verdict")
    value = gap.get("value")
    side = 0 if value is None or value > 0 else 1
    sign = SIGNS.get(words, ("", ""))[side]
    found = f"{sign} {words}".strip()
    if value is not None and is_shown(gap):
        direction = DIRECTIONS[said(gap, "metric")][side]
        found = (
            f"{sign} {direction}, {words} to say by more than is tolerated"
            if words == NOT_ENOUGH
            else f"{found}: {direction}"
        )
    if gap.get("required_n") is not None:
        found += f"; about {whole(gap['required_n'])} such children would settle it"
    return found


def against_others(published: Mapping[str, Any], metric: str) -> list[Row]:
    """Return the gaps of a question between each group and all other children."""
    return [gap for gap in rows(published, "gaps") if gap.get("metric") == metric and gap.get("against") == OTHERS]


def group_words(published: Mapping[str, Any], gap: Row) -> str:
    """Return the group of a row as a noun for many children, as the version publishes it."""
    attribute, group = said(gap, "attribute"), said(gap, "group")
    row = find(rows(published, "groups"), attribute=attribute, group=group)
    return group if row is None else said(row, "group_words", group)


@dataclass(frozen=True)
class Answer:
    """What a question comes to over all groups.

    Attributes
    ----------
    question : str
    tolerance : str
        Of a hundred; empty where none is published.
    worse : tuple of str
        Groups for whom it was shown to be worse, the largest gap first.
    verdicts : dict of str to int
        How many groups, each against all others, ended in which verdict.
    withheld : int
        Of how many groups the verdict is withheld, to protect small groups.
    """

    question: str
    tolerance: str
    worse: tuple[str, ...]
    verdicts: dict[str, int]
    withheld: int

    @property
    def n(self) -> int:
        """How many groups were compared."""
        return sum(self.verdicts.values()) + self.withheld

    @property
    def in_words(self) -> str:
        """The answer in a sentence or two."""
        counted = [f"{n} “{words}”" for words, n in self.verdicts.items() if n]
        if self.withheld:
            counted.append(f"{self.withheld} withheld, to protect small groups")
        return f"{self.question} Of {count(self.n, 'group', 'groups')}, each against all others: {', '.join(counted)}."


def answers(published: Mapping[str, Any]) -> tuple[Answer, ...]:
    """Return the answer to each question that was asked, in the order of :data:`QUESTIONS`."""
    found = []
    for metric, question in QUESTIONS.items():
        gaps = against_others(published, metric)
        if not gaps:
            continue
        worse = sorted((gap for gap in gaps if (gap.get("low") or 0) > 0), key=lambda gap: -gap["value"])
        counted = Counter(said(gap, "verdict") for gap in gaps)
        tolerance = next((gap["tolerance"] for gap in gaps if gap.get("tolerance") is not None), None)
        found.append(
            Answer(
                question,
                "" if tolerance is None else percent(tolerance),
                tuple(f"{group_words(published, gap)} (+{percent(gap['value'])})" for gap in worse),
                {words: counted[words] for words in SIGNS},
                sum(n for words, n in counted.items() if words not in SIGNS),
            )
        )
    return tuple(found)


def verdicts_in_words(published: Mapping[str, Any]) -> str:
    """Return how many comparisons with all others ended in which verdict, by question."""
    return " ".join(answer.in_words for answer in answers(published)) or "No groups were compared."


def less_well(published: Mapping[str, Any]) -> tuple[str, ...]:
    """Return whose needs are missed more, a short sentence a group, the largest gap first.

    They are the groups that the version names; no more than fit on a first screen, with how many there are beyond
    them. A sentence of the version stands as it is where its figures cannot be found.
    """
    named: Sequence[str] = tuple(published.get("named") or ())
    by_words = {said(gap, "words", ""): gap for gap in against_others(published, "false_negative_rate")}
    gaps = [(by_words.get(words), words) for words in named]
    gaps.sort(key=lambda pair: -((pair[0] or {}).get("value") or 0.0))
    shown = [_less_well(published, gap, words) for gap, words in gaps[:_MOST_NAMED]]
    if len(gaps) > _MOST_NAMED:
        shown.append(f"And {count(len(gaps) - _MOST_NAMED, 'group', 'groups')} more: see the tables.")
    return tuple(shown)


def _less_well(published: Mapping[str, Any], gap: Row | None, words: str) -> str:
    """Return one group that is missed more, with the figures of both sides and the verdict."""
    missed = None
    if gap is not None:
        attribute, group = said(gap, "attribute"), said(gap, "group")
        missed = find(rows(published, "groups"), attribute=attribute, group=group, metric="false_negative_rate")
    if gap is None or missed is None or missed.get("value") is None or gap.get("value") is None:
        return words
    rate, gap_cell = missed["value"], METRICS["recall"].difference(Figure.of(gap))
    who = sentence(group_words(published, gap))[:-1]
    return (
        f"{who}: {percent(rate)} of 100; of others, {percent(rate - gap['value'])} "
        f"(gap {gap_cell.value}, {gap_cell.interval})" + _SHOWN.get(said(gap, "verdict"), ".")
    )
