"""Where a gap comes from: a group's gap in mean score, drawn by agency and feature, in parts that add up as printed."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from send_screen.reports._metrics import Cell
from send_screen.reports._published import Figure, Row, find, rows
from send_screen.reports._verdicts import against_others, group_words
from send_screen.reports._words import count, said, sentence, signed

_WITH_OUTCOME = "children with the outcome"
_FOLDS = "How the groups are spread over the models of the folds"
_MOST_GROUPS = 6
_MOST_FEATURES = 6  # of an agency, bars of their own; the rest are one bar together
_WIDTH, _LINE, _LETTERS = 340, 20, 32
_HUNDREDTH = 100


@dataclass(frozen=True)
class Part:
    """One part of a gap: what it is, in hundredths of a point as printed, its interval, and whether it is a sum."""

    label: str
    hundredths: int
    interval: str
    is_sum: bool

    @property
    def points(self) -> str:
        """The part in points, with its sign."""
        return signed(self.hundredths / _HUNDREDTH, 2)


@dataclass(frozen=True)
class GapSource:
    """A group whose needs were shown to be missed more, and what its gap in mean score is made of."""

    who: str
    words: str
    missed: Cell
    total: Part
    parts: tuple[Part, ...]

    @property
    def picture(self) -> Markup:
        """The parts as bars about a line that is nought."""
        return gap_svg(self)


def gap_sources(published: Mapping[str, Any]) -> tuple[tuple[GapSource, ...], int]:
    """Return the groups to take apart, the largest gap in missed need first, and how many there are beyond them.

    Only groups whose needs were shown to be missed more than those of all others: the parts of a gap that nobody has
    shown would explain chance.
    """
    shown = [gap for gap in against_others(published, "false_negative_rate") if (gap.get("low") or 0) > 0]
    shown.sort(key=lambda gap: -gap["value"])
    found = [source for gap in shown if (source := _source(published, gap)) is not None]
    return tuple(found[:_MOST_GROUPS]), len(shown) - len(found[:_MOST_GROUPS])


def _source(published: Mapping[str, Any], gap: Row) -> GapSource | None:
    """Return one group's gap in parts; None where a part is withheld: what is left would not add up."""
    row = find(
        rows(published, "attribution"),
        attribute=said(gap, "attribute"),
        group=said(gap, "group"),
        among=_WITH_OUTCOME,
    )
    if row is None or row.get("value") is None or row.get("folds") is None:
        return None
    features = list(row.get("features") or [])
    if not features or any(part.get("value") is None for part in (*features, *(row.get("agencies") or ()))):
        return None
    who = group_words(published, gap)
    total = Part("All together", round(row["value"] * _HUNDREDTH), _between(row), is_sum=True)
    lower = "lower" if row["value"] < 0 else "higher"
    outcome = said(published.get("version") or {}, "outcome_words", "had the outcome")
    parts = tuple(_parts(row, features, published, total.hundredths))
    largest = sorted((part for part in parts if not part.is_sum), key=lambda part: -abs(part.hundredths))[:2]
    words = (
        f"Among children who later {outcome}, {who} are scored {lower} than others by "
        f"{abs(total.hundredths) / _HUNDREDTH:.2f} points on average; the largest parts are "
        f"{' and '.join(f'{part.label} ({part.points})' for part in largest)}."
    )
    value, between = Figure.of(gap).percent, Figure.of(gap).between
    return GapSource(sentence(who)[:-1], words, Cell(f"+{value}", between), total, parts)


def _parts(row: Row, features: Sequence[Row], published: Mapping[str, Any], total: int) -> list[Part]:
    """Return each agency with its largest features, the rest of them as one, and the folds."""
    shapes = {said(shape, "feature"): shape for shape in rows(published, "shapes")}
    agencies = [(agency, _members(said(agency, "term"), features, shapes)) for agency in row.get("agencies") or ()]
    if sum(len(members) for _, members in agencies) != len(features):
        agencies = [({"term": "all features", "value": row["value"] - row["folds"]}, list(features))]
    printed = adding_up([*(agency["value"] for agency, _ in agencies), row["folds"]], total)
    parts = []
    for (agency, members), hundredths in zip(agencies, printed, strict=False):
        parts.append(Part(f"From {said(agency, 'term')}", hundredths, _between(agency), is_sum=True))
        members.sort(key=lambda part: -abs(part["value"]))
        shown = members if len(members) <= _MOST_FEATURES + 1 else members[:_MOST_FEATURES]
        rest = members[len(shown) :]
        values = [part["value"] for part in shown] + ([sum(part["value"] for part in rest)] if rest else [])
        labels = [said(shapes.get(said(part, "term"), part), "label", said(part, "term")) for part in shown]
        intervals = [_between(part) for part in shown]
        if rest:
            labels.append(f"{count(len(rest), 'other', 'others')} together")
            intervals.append("")
        parts += [
            Part(label, number, interval, is_sum=False)
            for label, number, interval in zip(labels, adding_up(values, hundredths), intervals, strict=True)
        ]
    return [*parts, Part(_FOLDS, printed[-1], "", is_sum=True)]


def _members(agency: str, features: Sequence[Row], shapes: Mapping[str, Row]) -> list[Row]:
    return [part for part in features if said(shapes.get(said(part, "term"), {}), "agency", "") == agency]


def _between(part: Row) -> str:
    if part.get("low") is None or part.get("high") is None:
        return ""
    return f"{signed(part['low'], 2)} to {signed(part['high'], 2)}"


def adding_up(values: Sequence[float], total: int) -> list[int]:
    """Round values to hundredths that add up to ``total`` hundredths, each by less than one: largest remainders first.

    Examples
    --------
    >>> adding_up([0.333, 0.333, 0.334], 100), adding_up([-0.014, -0.014, 0.0], -3)
    ([33, 33, 34], [-1, -2, 0])
    """
    # parts that sum to a whole only to 1e-9 must not fall on two sides of a hundredth
    exact = [round(value * _HUNDREDTH, 6) for value in values]
    printed = [math.floor(number) for number in exact]
    missing = total - sum(printed)
    order = sorted(range(len(values)), key=lambda i: (printed[i] - exact[i], i))
    for i in order[:missing]:
        printed[i] += 1
    return printed


def gap_svg(source: GapSource) -> Markup:
    """Draw the parts of a gap: to the right what makes the group's scores higher, to the left what makes them lower.

    Sums are filled, single features hollow; every number is written at its bar.
    """
    largest = max(1, *(abs(part.hundredths) for part in (*source.parts, source.total)))
    middle = _WIDTH / 2
    body, top = Markup(""), 0
    for part in (*source.parts, source.total):
        for line in textwrap.wrap(part.label, _LETTERS) or [""]:
            top += _LINE
            body += Markup('<text x="{}" y="{}"{}>{}</text>').format(
                0 if part.is_sum else 14, top - 5, Markup(' class="number"' if part.is_sum else ""), line
            )
        width = part.hundredths / largest * (middle - 6)
        body += Markup(
            '<text x="{}" y="{}" text-anchor="end" class="number">{}</text>'
            '<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="12"/><path class="whisker" d="M{:.1f} {}v16"/>'
        ).format(
            _WIDTH,
            top - 5,
            part.points,
            "ink" if part.is_sum else "hollow",
            middle + min(width, 0),
            top + 1,
            max(abs(width), 1.5) if part.hundredths else 0.0,
            middle,
            top - 1,
        )
        top += 22
    spoken = " ".join(f"{part.label}: {part.points}." for part in (*source.parts, source.total))
    return Markup(
        '<svg class="picture" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">{3}</svg>'
    ).format(_WIDTH, top + 4, f"{source.words} {spoken}", body)
