"""Group fairness as text: tables of groups, and for each metric (a question on pages) verdicts and summaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from send_screen.cohorts import NOT_RECORDED
from send_screen.documents import CHILDREN
from send_screen.published import Gap, MeasuredSections
from send_screen.reports._figures import PERCENT, Estimate, EstimateText
from send_screen.reports._text import count, join_list, percent, stated_percent

OTHERS = "all others"
OUTSIDE, WITHIN, INCONCLUSIVE = "outside tolerance", "within tolerance", "inconclusive"
QUESTIONS = {
    "false_negative_rate": "Who is missed?",
    "false_positive_rate": "Who is listed without the outcome?",
    "calibration_in_the_large": "Does a score mean the same for everyone?",
}
# Metric -> the words for a group whose figure is larger, and smaller, than that of the others.
_DIRECTIONS = {
    "false_negative_rate": ("missed more", "missed less"),
    "false_positive_rate": ("listed more", "listed less"),
    "calibration_in_the_large": ("scored too low", "scored too high"),
}
SYMBOLS = {OUTSIDE: ("▲", "▼"), WITHIN: ("●", "●"), INCONCLUSIVE: ("○", "○")}
"""Verdict -> a symbol that does not need colour: larger, and smaller."""
_SIGNIFICANT_ONLY = ("△", "▽")  # a significant gap that is neither inside nor beyond the tolerance
# Metric -> the words of a headline for a material gap: larger, smaller, and either.
_HEADLINE_WORDS = {
    "false_negative_rate": ("Missed more", "", "missed more"),
    "false_positive_rate": ("Listed more without the outcome", "", "listed more without the outcome"),
    "calibration_in_the_large": ("Scored too low", "Scored too high", "scored too low or too high"),
}
_COMPLEMENT_OF = {"false_negative_rate": "recall", "false_positive_rate": "specificity"}
_MAX_NAMED = 3  # groups in a headline


def excludes_zero(gap: Gap) -> bool:
    """Return whether the interval of a gap excludes zero."""
    return (gap.low or 0) > 0 or (gap.high or 0) < 0


def is_worse(gap: Gap) -> bool:
    """Return whether a gap is significantly to the group's disadvantage."""
    return (gap.low or 0) > 0


def largest_first(gaps: Iterable[Gap]) -> list[Gap]:
    """Return gaps in the order of their size."""
    return sorted(gaps, key=lambda gap: -(gap.value or 0.0))


def plain_verdict(verdict: str) -> str:
    """Return a verdict in plain English, as on pages."""
    return "not enough evidence" if verdict == INCONCLUSIVE else verdict


def verdict_symbol(gap: Gap) -> str:
    """Return the symbol of a gap's verdict; empty where the verdict is suppressed."""
    side = 0 if gap.value is None or gap.value > 0 else 1
    if gap.verdict == INCONCLUSIVE and gap.value is not None and excludes_zero(gap):
        return _SIGNIFICANT_ONLY[side]
    return SYMBOLS.get(gap.verdict, ("", ""))[side]


def describe_verdict(gap: Gap | None) -> str:
    """Return a verdict with its symbol, and the direction of a significant gap."""
    if gap is None:
        return "not compared"
    found = f"{verdict_symbol(gap)} {plain_verdict(gap.verdict)}".strip()
    if gap.value is None or not excludes_zero(gap):
        return found
    return f"{found}: {_DIRECTIONS[gap.metric][0 if gap.value > 0 else 1]}"


def gap_cell(gap: Gap | None) -> EstimateText:
    """Return a gap as a percentage with its sign, and its interval."""
    return EstimateText("not compared") if gap is None else PERCENT.difference(Estimate.of(gap))


@dataclass(frozen=True)
class GroupRow:
    """Everything published about one group: its name, its figures and its gaps from all others, by metric."""

    name: str
    short_name: str
    """The name for use next to the attribute's name."""
    figures: dict[str, Estimate] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)

    def figure(self, metric: str) -> Estimate:
        """Return one of the group's figures; error rates are derived from the published recall and specificity."""
        if metric in _COMPLEMENT_OF:
            return self.figure(_COMPLEMENT_OF[metric]).complement
        return self.figures.get(metric, Estimate.of(None))


class Groups:
    """The groups of a version: every group's figures and gaps, by attribute and group."""

    def __init__(self, report: MeasuredSections, children: str = CHILDREN.plural) -> None:
        self._children = children
        self.tables: dict[str, dict[str, GroupRow]] = {}
        """Attribute -> group -> row, in the order in which they were published."""
        self.gaps: dict[str, list[Gap]] = {metric: [] for metric in QUESTIONS}
        """Metric -> the gaps between each group and all other children."""
        self.pairs: list[Gap] = []
        """Between two groups of an attribute."""
        self._material_gaps = report.material_gaps
        for row in report.groups:
            self._row(row.attribute, row.group, row.group_description).figures[row.metric] = Estimate.of(row)
        self.uncompared = [
            attribute
            for attribute, rows in self.tables.items()
            if "×" not in attribute and len(rows.keys() - {NOT_RECORDED}) < 2
        ]
        """Attributes of which fewer than two groups are known, so that nobody is compared by them."""
        for gap in report.gaps:
            if gap.attribute in self.uncompared:
                continue
            if gap.against == OTHERS:
                self._row(gap.attribute, gap.group).gaps[gap.metric] = gap
                self.gaps[gap.metric].append(gap)
            else:
                self.pairs.append(gap)

    def _row(self, attribute: str, group: str, noun: str = "") -> GroupRow:
        return self.tables.setdefault(attribute, {}).setdefault(group, self._empty_row(noun or group))

    def _empty_row(self, name: str) -> GroupRow:
        if name.startswith(f"{self._children} ("):  # no noun of its own in the spec
            return GroupRow(name, name.removeprefix(f"{self._children} (").removesuffix(")"))
        return GroupRow(name, name.removeprefix(f"{self._children} recorded as "))

    def find(self, attribute: str, group: str) -> GroupRow:
        """Return the row of a group; one without figures where nothing is published of it."""
        return self.tables.get(attribute, {}).get(group, self._empty_row(group))

    def name(self, gap: Gap) -> str:
        """Return the group of a gap as a noun for many children."""
        return self.find(gap.attribute, gap.group).name

    def compared(self) -> list[str]:
        """Return the attributes whose groups were compared."""
        return list(dict.fromkeys(gap.attribute for gaps in self.gaps.values() for gap in gaps))

    def findings(self, attributes: Iterable[str] | None = None) -> list[str]:
        """Return each gap (of some attributes) that is outside tolerance or significantly to a group's disadvantage."""
        kept = set(self.tables if attributes is None else attributes)
        return [
            gap.description
            for gaps in self.gaps.values()
            for gap in gaps
            if gap.attribute in kept and (is_worse(gap) or gap.verdict == OUTSIDE) and gap.description
        ]

    def summaries(self) -> tuple[QuestionSummary, ...]:
        """Return a summary over all groups for each metric that groups were compared by."""
        return tuple(self._summary(metric, gaps) for metric, gaps in self.gaps.items() if gaps)

    def _summary(self, metric: str, gaps: Sequence[Gap]) -> QuestionSummary:
        verdicts: Counter[str] = Counter(gap.verdict for gap in gaps)
        return QuestionSummary(
            metric,
            stated_percent(gaps[0].tolerance),
            tuple(f"{self.name(gap)} (+{percent(gap.value or 0.0)})" for gap in largest_first(filter(is_worse, gaps))),
            {verdict: verdicts[verdict] for verdict in SYMBOLS},
            sum(n for verdict, n in verdicts.items() if verdict not in SYMBOLS),
            self._headline(metric, gaps),
        )

    def _headline(self, metric: str, gaps: Sequence[Gap]) -> str:
        """Return a headline on the material gaps, the largest first; empty where there are none."""
        material = sorted(
            (gap for gap in gaps if gap.description in self._material_gaps), key=lambda gap: -abs(gap.value or 0.0)
        )
        if not material:
            return ""
        shown, found = material[:_MAX_NAMED], []
        for side, way in enumerate(_HEADLINE_WORDS[metric][:2]):
            of_side = [gap for gap in shown if gap.value is not None and (gap.value < 0) == bool(side)]
            if of_side:
                found.append(f"{way}: {join_list([self._group_with_figures(gap) for gap in of_side])}.")
        found += [gap.description for gap in shown if gap.value is None]
        if len(material) > _MAX_NAMED:
            more = len(material) - _MAX_NAMED
            found.append(f"So {'is' if more == 1 else 'are'} {count(more, 'group', 'groups')} more.")
        outside = [self.name(gap) for gap in material if gap.verdict == OUTSIDE]
        tolerance = f"the tolerance of {stated_percent(material[0].tolerance)}"
        if len(outside) == len(material):
            found.append(f"That is outside {tolerance}.")
        elif outside:
            found.append(f"Shown to be outside {tolerance}: {join_list(outside)}.")
        else:
            found.append(f"Whether that is outside {tolerance} is not settled.")
        return " ".join([*found, *self._missed_less(material)])

    def _group_with_figures(self, gap: Gap) -> str:
        """Return a group with the figures of both sides, or with its gap in calibration."""
        name, figure = self.name(gap), self.find(gap.attribute, gap.group).figure(gap.metric).value
        if gap.value is None:
            return name
        if gap.metric not in _COMPLEMENT_OF:
            return f"{name} (by {percent(abs(gap.value))} of 100, beside others)"
        return name if figure is None else f"{name} ({percent(figure)} of 100; of others {percent(figure - gap.value)})"

    def _missed_less(self, material: Iterable[Gap]) -> list[str]:
        """Return a sentence on groups that are scored too low and still missed less, if any."""
        low = {
            (gap.attribute, gap.group) for gap in material if gap.metric not in _COMPLEMENT_OF and (gap.value or 0) > 0
        }
        less = [
            self.name(gap)
            for gap in self.gaps["false_negative_rate"]
            if (gap.attribute, gap.group) in low and (gap.high or 0) < 0
        ]
        return [f"Missed less all the same, as all share one list: {join_list(less)}."] if less else []


@dataclass(frozen=True)
class QuestionSummary:
    """Summary of a metric over all groups."""

    metric: str
    tolerance: str
    """Percentage."""
    worse: tuple[str, ...]
    """Groups with a significant disadvantage, the largest gap first."""
    verdicts: dict[str, int]
    """Verdict -> number of groups, each against all others."""
    suppressed: int
    """Number of groups whose verdict is suppressed."""
    material_gaps: str
    """Headline on the groups with a material gap; empty where there are none."""

    @property
    def question(self) -> str:
        """The question as text."""
        return QUESTIONS[self.metric]

    @property
    def n(self) -> int:
        """How many groups were compared."""
        return sum(self.verdicts.values()) + self.suppressed

    @property
    def headline(self) -> str:
        """The material gaps; else that there are none, with the number of groups that were compared."""
        if self.suppressed == self.n:
            return f"Nothing may be said of {count(self.n, 'group', 'groups')}, to protect small groups."
        if self.material_gaps:
            hidden = f" Of {count(self.suppressed, 'group', 'groups')} nothing may be said, to protect small groups."
            return self.material_gaps + (hidden if self.suppressed else "")
        how = f"{_HEADLINE_WORDS[self.metric][2]} by {self.tolerance} of 100 or more"
        return f"Nobody was shown to be {how} ({count(self.n, 'group', 'groups')}: {self._counted})."

    @property
    def description(self) -> str:
        """The number of groups by verdict, as a sentence."""
        return f"{self.question} Of {count(self.n, 'group', 'groups')}, each against all others: {self._counted}."

    @property
    def _counted(self) -> str:
        parts = [f"{n} “{plain_verdict(verdict)}”" for verdict, n in self.verdicts.items() if n]
        if self.suppressed:
            parts.append(f"{self.suppressed} withheld, to protect small groups")
        return ", ".join(parts)
