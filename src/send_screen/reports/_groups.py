"""Fairness over groups in words: tables of groups, three questions, verdicts with symbols that need no colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from send_screen.published import Gap, MeasuredSections
from send_screen.reports._figures import PERCENT, Cell, Figure
from send_screen.reports._text import count, join_words, percent

OTHERS = "all others"
OUTSIDE, WITHIN, NOT_ENOUGH = "outside tolerance", "within tolerance", "not enough evidence"
QUESTIONS = {
    "false_negative_rate": "Who is missed?",
    "false_positive_rate": "Who is listed without the outcome?",
    "calibration_in_the_large": "Does a score mean the same for everyone?",
}
# Metric -> what a person reads where the group's figure is larger, and where it is smaller, than that of the others.
_DIRECTIONS = {
    "false_negative_rate": ("missed more", "missed less"),
    "false_positive_rate": ("listed more", "listed less"),
    "calibration_in_the_large": ("scored too low", "scored too high"),
}
SYMBOLS = {OUTSIDE: ("▲", "▼"), WITHIN: ("●", "●"), NOT_ENOUGH: ("○", "○")}
"""Verdict -> a symbol that does not need colour: larger, and smaller."""
_SHOWN_ONLY = ("△", "▽")  # a gap that was shown, and not enough evidence to say that it is outside tolerance
_COMPLEMENT_OF = {"false_negative_rate": "recall", "false_positive_rate": "specificity"}
_MAX_NAMED = 3  # on a first screen


def excludes_zero(gap: Gap) -> bool:
    """Tell whether the interval of a gap excludes zero."""
    return (gap.low or 0) > 0 or (gap.high or 0) < 0


def is_worse(gap: Gap) -> bool:
    """Tell whether a gap was shown to be to the group's disadvantage."""
    return (gap.low or 0) > 0


def largest_first(gaps: Iterable[Gap]) -> list[Gap]:
    """Return gaps in the order of their size."""
    return sorted(gaps, key=lambda gap: -(gap.value or 0.0))


def verdict_symbol(gap: Gap) -> str:
    """Return the symbol of a gap's verdict; empty where the verdict is suppressed."""
    side = 0 if gap.value is None or gap.value > 0 else 1
    if gap.verdict == NOT_ENOUGH and gap.value is not None and excludes_zero(gap):
        return _SHOWN_ONLY[side]
    return SYMBOLS.get(gap.verdict, ("", ""))[side]


def verdict_words(gap: Gap | None) -> str:
    """Return a verdict with its symbol, and which way a gap goes that was shown."""
    if gap is None:
        return "not compared"
    found = f"{verdict_symbol(gap)} {gap.verdict}".strip()
    if gap.value is None or not excludes_zero(gap):
        return found
    return f"{found}: {_DIRECTIONS[gap.metric][0 if gap.value > 0 else 1]}"


def gap_cell(gap: Gap | None) -> Cell:
    """Return a gap as a percentage with its sign, and its interval."""
    return Cell("not compared") if gap is None else PERCENT.difference(Figure.of(gap))


@dataclass(frozen=True)
class GroupRow:
    """Everything published about one group: its name, its figures and its gaps from all others, by metric."""

    name: str
    figures: dict[str, Figure] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)

    @property
    def short_name(self) -> str:
        """The name beside the attribute's."""
        if self.name.startswith("children ("):  # nobody gave it a noun
            return self.name.removeprefix("children (").removesuffix(")")
        return self.name.removeprefix("children recorded as ")

    def figure(self, metric: str) -> Figure:
        """Return one of the group's figures; the two rates of errors are the complements of what is published."""
        if metric in _COMPLEMENT_OF:
            return self.figure(_COMPLEMENT_OF[metric]).complement
        return self.figures.get(metric, Figure.of(None))


class Groups:
    """The groups of a version: every group's figures and gaps, by attribute and group."""

    def __init__(self, report: MeasuredSections) -> None:
        self.tables: dict[str, dict[str, GroupRow]] = {}
        """Attribute -> group -> row, in the order in which they were published."""
        self.gaps: dict[str, list[Gap]] = {metric: [] for metric in QUESTIONS}
        """Metric -> the gaps between each group and all other children."""
        self.pairs: list[Gap] = []
        """Between two groups of an attribute."""
        self._named = report.material_gaps
        for row in report.groups:
            self._row(row.attribute, row.group, row.group_words).figures[row.metric] = Figure.of(row)
        for gap in report.gaps:
            if gap.against == OTHERS:
                self._row(gap.attribute, gap.group).gaps[gap.metric] = gap
                self.gaps[gap.metric].append(gap)
            else:
                self.pairs.append(gap)

    def _row(self, attribute: str, group: str, words: str = "") -> GroupRow:
        return self.tables.setdefault(attribute, {}).setdefault(group, GroupRow(words or group))

    def find(self, attribute: str, group: str) -> GroupRow:
        """Return the row of a group; one without figures where nothing is published of it."""
        return self.tables.get(attribute, {}).get(group, GroupRow(group))

    def name(self, gap: Gap) -> str:
        """Return the group of a gap as a noun for many children."""
        return self.find(gap.attribute, gap.group).name

    def compared(self) -> list[str]:
        """Return the attributes whose groups were compared."""
        return list(dict.fromkeys(gap.attribute for gaps in self.gaps.values() for gap in gaps))

    def findings(self, attributes: Iterable[str] | None = None) -> list[str]:
        """Return each gap (of some attributes) that was shown to a group's disadvantage, or outside tolerance."""
        kept = set(self.tables if attributes is None else attributes)
        return [
            gap.words
            for gaps in self.gaps.values()
            for gap in gaps
            if gap.attribute in kept and (is_worse(gap) or gap.verdict == OUTSIDE) and gap.words
        ]

    def summaries(self) -> tuple[QuestionSummary, ...]:
        """Return what each question that was asked comes to over all groups."""
        return tuple(self._summary(metric, gaps) for metric, gaps in self.gaps.items() if gaps)

    def _summary(self, metric: str, gaps: Sequence[Gap]) -> QuestionSummary:
        verdicts: Counter[str] = Counter(gap.verdict for gap in gaps)
        return QuestionSummary(
            QUESTIONS[metric],
            percent(gaps[0].tolerance),
            tuple(f"{self.name(gap)} (+{percent(gap.value or 0.0)})" for gap in largest_first(filter(is_worse, gaps))),
            {verdict: verdicts[verdict] for verdict in SYMBOLS},
            sum(n for verdict, n in verdicts.items() if verdict not in SYMBOLS),
        )

    def worst(self) -> str:
        """Return who is missed more, the largest gap first, and of whom by more than is tolerated.

        They are the groups that the version names; no more than fit on a first screen, with how many there are beyond.
        It is empty where none is named.
        """
        named = largest_first(gap for gap in self.gaps["false_negative_rate"] if gap.words in self._named)
        if not named:
            return ""
        shown = [self._worst(gap) for gap in named[:_MAX_NAMED]]
        if len(named) > _MAX_NAMED:
            shown.append(f"{count(len(named) - _MAX_NAMED, 'group', 'groups')} more")
        outside = join_words([self.name(gap) for gap in named if gap.verdict == OUTSIDE] or ["none of them"])
        tolerance = percent(named[0].tolerance)
        return f"{join_words(shown)}. That it is by more than the {tolerance} tolerated was shown of {outside}."

    def _worst(self, gap: Gap) -> str:
        """Return one group that is missed more, with the figures of both sides."""
        name, missed = self.name(gap), self.find(gap.attribute, gap.group).figure("false_negative_rate").value
        if missed is None or gap.value is None:
            return name
        return f"{name} ({percent(missed)} of 100; of others {percent(missed - gap.value)})"


@dataclass(frozen=True)
class QuestionSummary:
    """What a question comes to over all groups."""

    question: str
    tolerance: str
    """Percentage."""
    worse: tuple[str, ...]
    """Groups for whom it was shown to be worse, the largest gap first."""
    verdicts: dict[str, int]
    """How many groups, each against all others, ended in which verdict."""
    suppressed: int
    """Of how many groups the verdict is suppressed, to protect small groups."""

    @property
    def n(self) -> int:
        """How many groups were compared."""
        return sum(self.verdicts.values()) + self.suppressed

    @property
    def words(self) -> str:
        """The summary in a sentence or two."""
        parts = [f"{n} “{verdict}”" for verdict, n in self.verdicts.items() if n]
        if self.suppressed:
            parts.append(f"{self.suppressed} withheld, to protect small groups")
        return f"{self.question} Of {count(self.n, 'group', 'groups')}, each against all others: {', '.join(parts)}."
