"""The model's terms as text: shape functions, interactions and the contributions of a synthetic child.

Computed once for all pages and pictures; nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from send_screen.published import Example, InteractionGrid, Shape
from send_screen.reports._text import count, give_or_take, in_brackets, points, signed, whole

_SMALLEST = 0.005  # smallest value that two decimals show
_MAX_STEPS = 9  # contributions with a step of their own; the others share one step
_DIRECTIONS = {
    "increasing": "A higher value never takes points away.",
    "decreasing": "A higher value never adds points.",
}


class Level(NamedTuple):
    """One value of a feature: its label, its log-odds, their margin of error (two standard errors) and its n."""

    label: str
    log_odds: float
    margin_of_error: float | None
    n: int | None

    @property
    def children(self) -> str:
        """The number of children, as text."""
        return "" if self.n is None else count(self.n, "child", "children")

    @property
    def give_or_take(self) -> str:
        """The margin of error, as text."""
        return give_or_take(self.margin_of_error)


@dataclass(frozen=True)
class FeatureView:
    """A published shape function, as text."""

    shape: Shape

    @property
    def label(self) -> str:
        """The feature's name."""
        return self.shape.label

    @property
    def is_numeric(self) -> bool:
        """Whether it is numeric: drawn along an axis, not as a bar for each level."""
        return self.shape.kind != "levels" and bool(self.shape.points)

    @property
    def missing(self) -> Level:
        """The log-odds of a missing value."""
        return Level("Not known", self.shape.missing_log_odds, self.shape.missing_margin_of_error, self.shape.n_missing)

    @property
    def levels(self) -> list[Level]:
        """Every published value, the missing one last."""
        return [*(Level(p.label, p.log_odds, p.margin_of_error, p.n) for p in self.shape.points), self.missing]

    @property
    def _ends(self) -> list[Level]:
        """The log-odds at both ends of each piece, and of a missing value."""
        ends = (Level(p.label, p.log_odds_to, p.margin_of_error_to, p.n) for p in self.shape.points)
        return [*self.levels, *ends]

    @cached_property
    def extent(self) -> float:
        """Largest absolute log-odds, with the margin of error: how far the picture's axis must reach."""
        return max(abs(end.log_odds) + (end.margin_of_error or 0.0) for end in self._ends)

    @cached_property
    def is_visible(self) -> bool:
        """Whether any log-odds are not 0.00 when printed."""
        return max(abs(end.log_odds) for end in self._ends) >= _SMALLEST

    @cached_property
    def description(self) -> str:
        """Its log-odds by value, for example ``"Emerging: +0.81 points. Expected: −0.32 points."``.

        Of a numeric feature, only the two ends, and the highest and the lowest value where those lie between.
        """
        shown = self.levels[:-1]
        if self.is_numeric:
            last = self.shape.points[-1]
            end = Level(last.label, last.log_odds_to, last.margin_of_error_to, None)
            along = [*shown[:-1], end] if len(shown) > 1 else [*shown, end]
            heights = [level.log_odds for level in along]
            ends = {0, len(along) - 1, heights.index(max(heights)), heights.index(min(heights))}
            shown = [along[i] for i in sorted(ends)]
        return " ".join(
            f"{level.label.rstrip('.')}: {points(level.log_odds)}{in_brackets(level.give_or_take)}."
            for level in [*shown, self.missing]
        )

    @property
    def caption(self) -> str:
        """The description, with the direction of a monotonic numeric feature."""
        direction = _DIRECTIONS.get(self.shape.monotonic, "") if self.is_numeric else ""
        return f"{self.description} {direction}".strip()


@dataclass(frozen=True)
class InteractionView:
    """A published interaction, as text."""

    interaction: InteractionGrid

    @property
    def title(self) -> str:
        """The two features, for example ``"Reading score and age, together"``."""
        return f"{' and '.join(self.interaction.labels)}, together"

    @cached_property
    def extent(self) -> float:
        """Largest absolute log-odds of a cell."""
        return max((abs(cell.log_odds) for row in self.interaction.cells for cell in row), default=0.0)

    @property
    def is_visible(self) -> bool:
        """Whether any log-odds are not 0.00 when printed."""
        return self.extent >= _SMALLEST

    @cached_property
    def cell_description(self) -> str:
        """Every cell: its row, its column, its log-odds with their margin of error, and its n."""
        levels = [
            Level(f"{row}, {column}", cell.log_odds, cell.margin_of_error, cell.n)
            for row, cells in zip(self.interaction.rows, self.interaction.cells, strict=True)
            for column, cell in zip(self.interaction.columns, cells, strict=True)
        ]
        return " ".join(
            f"{level.label}: {points(level.log_odds)}{in_brackets(level.give_or_take, level.children)}."
            for level in levels
        )

    @cached_property
    def description(self) -> str:
        """Range, margins of error and counts of the interaction, as sentences."""
        cells = [cell for row in self.interaction.cells for cell in row]
        if not cells:
            return "Its points are not published."
        within = [cell.margin_of_error for cell in cells if cell.margin_of_error is not None]
        counts = [cell.n for cell in cells if cell.n is not None]
        values = [cell.log_odds for cell in cells]
        sentences = [f"It adds from {signed(min(values), 2)} to {signed(max(values), 2)} points."]
        if within:
            sentences.append(f"How sure: from {give_or_take(min(within))} to {give_or_take(max(within))}.")
        if not self.interaction.counted or not counts:
            sentences.append("How many children are in each square is not published.")
        else:
            sentences.append(f"Children in a square: {whole(min(counts))} to {whole(max(counts))}.")
            if len(counts) < len(cells):
                sentences.append("Hatched: no children.")
        return " ".join(sentences)


def common_axis_limit(terms: Iterable[FeatureView] | Iterable[InteractionView]) -> float:
    """Return the largest extent of these terms, so that all pictures of a page share one axis."""
    return max((term.extent for term in terms), default=0.0) or 1.0


class Step(NamedTuple):
    """One contribution: its label, and the log-odds before and after it."""

    label: str
    before: float
    after: float

    @property
    def contribution(self) -> float:
        """The log-odds that it adds."""
        return self.after - self.before


@dataclass(frozen=True)
class WorkedExample:
    """A synthetic child's contributions, largest first, with the small ones in one step."""

    base_value: float
    """Mean log-odds of the training children."""
    score: float
    """Log-odds of this child."""
    percent: int
    """The probability that is predicted from the score, in percent."""
    steps: tuple[Step, ...]

    @property
    def description(self) -> str:
        """The steps, for example ``"The average child: −2.40 points. Speaking: emerging: +0.81. ..."``."""
        steps = [f"{step.label}: {signed(step.contribution, 2)}." for step in self.steps]
        start, end = signed(self.base_value, 2), signed(self.score, 2)
        return " ".join([f"The average child: {start} points.", *steps, f"The sum: {end} points."])


def worked_example(example: Example) -> WorkedExample:
    """Return the synthetic child's contributions in order."""
    reasons = sorted(example.reasons, key=lambda reason: -abs(reason.contribution))
    moving = [reason for reason in reasons if abs(reason.contribution) >= _SMALLEST]
    shown = moving if len(moving) <= _MAX_STEPS + 1 else moving[:_MAX_STEPS]
    parts = [(f"{reason.label}: {reason.value}", reason.contribution) for reason in shown]
    if rest := reasons[len(shown) :]:
        label = f"{count(len(rest), 'other thing', 'other things')} together"
        parts.append((label, sum(reason.contribution for reason in rest)))
    ends = pairwise(accumulate((contribution for _, contribution in parts), initial=example.base_value))
    steps = tuple(Step(label, before, after) for (label, _), (before, after) in zip(parts, ends, strict=True))
    return WorkedExample(example.base_value, example.score, example.percent, steps)
