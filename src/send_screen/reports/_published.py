"""What a version publishes, as the pages need it: figures in words, groups as rows. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from send_screen.reports._words import percent, said

Row = Mapping[str, Any]


def rows(published: Row, section: str) -> list[Row]:
    """Return the rows of a section; none where the section is missing."""
    return list(published.get(section) or [])


@dataclass(frozen=True)
class Figure:
    """A published value with its interval, or the reason why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str = ""

    @classmethod
    def of(cls, row: Row | None) -> Figure:
        """Read a published row; an absent row is a figure that was not published."""
        if row is None:
            return cls(None, reason="not published")
        value = row.get("value")
        reason = said(row, "reason", "" if value is not None else "no figure")
        return cls(value, row.get("low"), row.get("high"), row.get("n"), reason)

    @property
    def percent(self) -> str:
        """The share as children of a hundred, or the reason why there is none."""
        return self.reason if self.value is None else percent(self.value)

    @property
    def not_percent(self) -> str:
        """The rest of the hundred, so that both add up to a hundred as printed."""
        if self.value is None:
            return self.reason
        rounded = percent(self.value)
        return str(100 - int(rounded)) if rounded.isdigit() else percent(1 - self.value)

    @property
    def between(self) -> str:
        """The interval of a share in words; empty where there is none."""
        if self.value is None or self.low is None or self.high is None:
            return ""
        return f"{percent(self.low)} to {percent(self.high)}"

    @property
    def in_brackets(self) -> str:
        """The share with its interval, for example ``"36 (33 to 38)"``."""
        return f"{self.percent} ({self.between})" if self.between else self.percent

    @property
    def not_between(self) -> str:
        """The interval of the rest of the hundred."""
        if self.value is None or self.low is None or self.high is None:
            return ""
        return f"{percent(1 - self.high)} to {percent(1 - self.low)}"

    def number(self, decimals: int) -> str:
        """Return the plain value, or the reason why there is none."""
        return self.reason if self.value is None else f"{self.value:,.{decimals}f}".replace("-", "−")

    def range(self, decimals: int) -> str:
        """Return the plain interval; empty where there is none."""
        if self.value is None or self.low is None or self.high is None:
            return ""
        return f"{self.low:,.{decimals}f} to {self.high:,.{decimals}f}".replace("-", "−")


def find(rows: Iterable[Row], **keys: str) -> Row | None:
    """Return the first row with these values, or None."""
    return next((row for row in rows if all(row.get(key) == value for key, value in keys.items())), None)


def figure(rows: Iterable[Row], model: str, metric: str) -> Figure:
    """Return the figure of a model and a metric."""
    return Figure.of(find(rows, model=model, metric=metric))


@dataclass(frozen=True)
class InAHundred:
    """A question about a hundred children, answered for this version and for the one-line rule at the same length.

    ``words`` stand before, between and after the two numbers when the answer is said as a sentence.
    """

    of: str
    right: str
    wrong: str
    words: tuple[str, str, str]
    version: Figure
    rule: Figure


def in_a_hundred(performance: Sequence[Row], outcome: str) -> tuple[InAHundred, ...]:
    """Return how often a version is right and wrong, in children out of a hundred, beside the rule.

    Parameters
    ----------
    performance : sequence of mapping
        Published performance rows.
    outcome : str
        What is predicted, as a verb phrase after "later", for example ``"had SEN support"``.
    """

    def ask(metric: str, of: str, right: str, wrong: str, words: tuple[str, str, str]) -> InAHundred:
        return InAHundred(
            of, right, wrong, words, figure(performance, "candidate", metric), figure(performance, "baseline", metric)
        )

    return (
        ask(
            "precision",
            "Of 100 children it lists",
            f"later {outcome}",
            "did not",
            (", ", f" later {outcome} and ", " did not"),
        ),
        ask(
            "recall",
            f"Of 100 children who later {outcome}",
            "it had listed",
            "it had missed",
            (", it had listed ", " and missed ", ""),
        ),
        ask(
            "specificity",
            "Of 100 other children",
            "it had left off the list",
            "it had listed all the same",
            (", it had left off ", " and listed ", " all the same"),
        ),
    )


def in_words(asked: InAHundred, who: str = "version") -> str:
    """Say one answer as a sentence; the reason where there is no figure.

    Parameters
    ----------
    asked : InAHundred
    who : str
        ``"version"`` or ``"rule"`` (the fields of ``asked``).
    """
    found: Figure = getattr(asked, who)
    if found.value is None:
        return f"{asked.of}: {found.reason}."
    between = f" (between {found.between.replace(' to ', ' and ')})" if found.between else ""
    before, middle, after = asked.words
    return f"{asked.of}{before}{found.percent}{between}{middle}{found.not_percent}{after}."


@dataclass(frozen=True)
class GroupRow:
    """Everything published about one group."""

    group: str
    schools: int | None
    figures: Mapping[str, Figure]
    gaps: Mapping[str, Row]

    def figure(self, metric: str) -> Figure:
        """Return one of the group's figures."""
        return self.figures.get(metric, Figure.of(None))

    def gap(self, metric: str) -> Row | None:
        """Return the gap between the group and all others, where it was asked for."""
        return self.gaps.get(metric)


@dataclass(frozen=True)
class AttributeTable:
    """The groups of one attribute, in the order in which they were published."""

    attribute: str
    groups: tuple[GroupRow, ...]


def by_attribute(groups: Sequence[Row], gaps: Sequence[Row]) -> tuple[AttributeTable, ...]:
    """Gather the published rows of groups and gaps: one table an attribute, one row a group."""
    words = {(said(row, "attribute"), said(row, "group")): said(row, "group_words", "") for row in groups}
    found: dict[str, dict[str, list[Row]]] = {}
    for row in [*groups, *gaps]:
        found.setdefault(said(row, "attribute"), {}).setdefault(said(row, "group"), [])
    for row in groups:
        found[said(row, "attribute")][said(row, "group")].append(row)
    against_others: dict[tuple[str, str], dict[str, Row]] = {}
    for gap in gaps:
        if gap.get("against") == "all others":
            key = (said(gap, "attribute"), said(gap, "group"))
            against_others.setdefault(key, {})[said(gap, "metric")] = gap
    return tuple(
        AttributeTable(
            attribute,
            tuple(
                GroupRow(
                    words.get((attribute, group)) or group,
                    next((row["schools"] for row in its_rows if row.get("schools") is not None), None),
                    {said(row, "metric"): Figure.of(row) for row in its_rows},
                    against_others.get((attribute, group), {}),
                )
                for group, its_rows in its_groups.items()
            ),
        )
        for attribute, its_groups in found.items()
    )
