"""Attribution of a group's gap in mean score to agencies and features, rounded so that parts add up as printed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from send_screen.published import Attribution, AttributionTerm, Gap, PublishedReport, Shape
from send_screen.reports._figures import Estimate, EstimateText
from send_screen.reports._groups import Groups, is_worse, largest_first
from send_screen.reports._text import count, sentence, signed

_WITH_OUTCOME = "children with the outcome"
_FOLDS = "How the groups are spread over the models of the folds"
_MAX_GROUPS = 6
_MAX_FEATURES = 6  # bars of features per agency; the others share one bar
_HUNDREDTH = 100


@dataclass(frozen=True)
class Part:
    """One part of a gap: label, size in hundredths of a point as printed, interval, and whether it is a subtotal."""

    label: str
    hundredths: int
    interval: str
    is_sum: bool

    @property
    def points(self) -> str:
        """The part in points, with its sign."""
        return signed(self.hundredths / _HUNDREDTH, 2)

    @property
    def cell(self) -> EstimateText:
        """The part with its interval."""
        return EstimateText(self.points, self.interval)


@dataclass(frozen=True)
class GapSource:
    """A group with a significantly higher false negative rate, and the parts of its gap in mean score."""

    who: str
    description: str
    missed: EstimateText
    total: Part
    parts: tuple[Part, ...]


def gap_sources(report: PublishedReport, groups: Groups) -> tuple[tuple[GapSource, ...], int]:
    """Return the gaps to attribute, the largest first, and how many more there are.

    Only groups that are significantly missed more than all others: otherwise the parts would explain chance.
    """
    shown = largest_first(filter(is_worse, groups.gaps["false_negative_rate"]))
    rows = {(row.attribute, row.group): row for row in report.attribution if row.among == _WITH_OUTCOME}
    shapes = {shape.feature: shape for shape in report.shapes}
    found = [
        source
        for gap in shown
        if (row := rows.get((gap.attribute, gap.group)))
        and (source := _source(row, gap, groups.name(gap), report.version.outcome_description, shapes))
    ][:_MAX_GROUPS]
    return tuple(found), len(shown) - len(found)


def _source(row: Attribution, gap: Gap, who: str, outcome: str, shapes: Mapping[str, Shape]) -> GapSource | None:
    """Return one group's gap in parts; None where a part is suppressed, since the others would not add up."""
    values = [row.value, row.folds, *(part.value for part in (*row.features, *row.agencies))]
    if row.value is None or None in values or not row.features:
        return None
    total = Part("All together", round(row.value * _HUNDREDTH), _interval_text(row), is_sum=True)
    parts = tuple(_parts(row, shapes, total.hundredths))
    largest = sorted((part for part in parts if not part.is_sum), key=lambda part: -abs(part.hundredths))[:2]
    description = (
        f"Among children who later {outcome}, {who} are scored {'lower' if row.value < 0 else 'higher'} than others by "
        f"{abs(total.hundredths) / _HUNDREDTH:.2f} points on average; the largest parts are "
        f"{' and '.join(f'{part.label} ({part.points})' for part in largest)}."
    )
    return GapSource(sentence(who)[:-1], description, Estimate.of(gap).share, total, parts)


def _parts(row: Attribution, shapes: Mapping[str, Shape], total: int) -> list[Part]:
    """Return each agency with its largest features, the rest of them as one, and the folds."""
    folds = row.folds or 0.0
    agencies = [
        (agency, [part for part in row.features if part.term in shapes and shapes[part.term].agency == agency.term])
        for agency in row.agencies
    ]
    if sum(len(members) for _, members in agencies) != len(row.features):
        everything = AttributionTerm(term="all features", value=(row.value or 0.0) - folds, low=None, high=None)
        agencies = [(everything, list(row.features))]
    printed = round_to_total([*(_size(agency) for agency, _ in agencies), folds], total)
    parts = []
    for (agency, members), hundredths in zip(agencies, printed, strict=False):
        parts.append(Part(f"From {agency.term.replace('_', ' ')}", hundredths, _interval_text(agency), is_sum=True))
        members.sort(key=lambda part: -abs(_size(part)))
        shown = members if len(members) <= _MAX_FEATURES + 1 else members[:_MAX_FEATURES]
        if rest := members[len(shown) :]:
            others = f"{count(len(rest), 'other', 'others')} together"
            shown = [*shown, AttributionTerm(term=others, value=sum(map(_size, rest)), low=None, high=None)]
        for part, number in zip(shown, round_to_total(list(map(_size, shown)), hundredths), strict=True):
            label = shapes[part.term].label if part.term in shapes else part.term
            parts.append(Part(label, number, _interval_text(part), is_sum=False))
    return [*parts, Part(_FOLDS, printed[-1], "", is_sum=True)]


def _size(part: AttributionTerm) -> float:
    return part.value or 0.0  # none is suppressed here


def _interval_text(part: AttributionTerm | Attribution) -> str:
    """Return an interval as text."""
    if part.low is None or part.high is None:
        return ""
    return f"{signed(part.low, 2)} to {signed(part.high, 2)}"


def round_to_total(values: Sequence[float], total: int) -> list[int]:
    """Round values to hundredths that add up to ``total`` hundredths, each by less than one: largest remainders first.

    Examples
    --------
    >>> round_to_total([0.333, 0.333, 0.334], 100), round_to_total([-0.014, -0.014, 0.0], -3)
    ([33, 33, 34], [-1, -2, 0])
    """
    # removes errors of 1e-9, which could change a floor
    exact = [round(value * _HUNDREDTH, 6) for value in values]
    printed = [math.floor(number) for number in exact]
    order = sorted(range(len(values)), key=lambda i: (printed[i] - exact[i], i))
    for i in order[: total - sum(printed)]:
        printed[i] += 1
    return printed
