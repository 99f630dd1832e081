"""Group results of the auditor's page: one picture of all gaps, and a table per attribute and metric."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from send_screen.published import Gap
from send_screen.reports._figures import EstimateText
from send_screen.reports._groups import (
    INCONCLUSIVE,
    OUTSIDE,
    WITHIN,
    GroupRow,
    Groups,
    excludes_zero,
    gap_cell,
    is_worse,
    largest_first,
    plain_verdict,
    verdict_symbol,
)


@dataclass(frozen=True)
class GapLine:
    """A line of the picture of gaps: a group against all others, with its verdict as symbol and text."""

    name: str
    gap: Gap

    @property
    def cell(self) -> EstimateText:
        """The gap in percentage points, and its interval."""
        return gap_cell(self.gap)

    @property
    def symbol(self) -> str:
        """The symbol of the verdict."""
        return verdict_symbol(self.gap)

    @property
    def verdict(self) -> str:
        """The verdict as text, after its symbol."""
        return f"{self.symbol} {plain_verdict(self.gap.verdict)}"

    @property
    def rank(self) -> tuple[int, float]:
        """Sort key: the strongest evidence of a disadvantage first, then the larger gap."""
        gap = self.gap
        kinds = (
            gap.verdict == OUTSIDE and is_worse(gap),
            is_worse(gap),
            gap.verdict == INCONCLUSIVE and not excludes_zero(gap),
            not excludes_zero(gap),
        )
        return (*kinds, True).index(True), -(gap.value or 0.0)


def gap_lines(groups: Groups, metric: str) -> tuple[list[GapLine], dict[str, list[str]]]:
    """Return the gaps of a metric as lines, worst first, and the groups without one by reason."""
    lines, not_shown = list[GapLine](), dict[str, list[str]]()
    used = Counter(row.short_name for of_attribute in groups.tables.values() for row in of_attribute.values())
    for gap in groups.gaps[metric]:
        name = groups.find(gap.attribute, gap.group).short_name
        name = f"{gap.attribute}: {name}" if used[name] > 1 else name
        if gap.low is None or gap.high is None:
            not_shown.setdefault(gap.reason or plain_verdict(gap.verdict), []).append(name)
            continue
        lines.append(GapLine(name, gap))
    return sorted(lines, key=lambda line: line.rank), not_shown


@dataclass(frozen=True)
class AttributeTable:
    """The groups of one attribute for one metric: rows with figures, and the other groups by reason."""

    attribute: str
    rows: tuple[GroupRow, ...]
    not_shown: dict[str, list[str]]
    description: str
    """The verdicts in one line."""
    has_finding: bool
    """Whether a gap is outside tolerance, or significant to a group's disadvantage and not within tolerance."""
    is_compared: bool
    """Whether its groups are compared with all others; intersections are not."""


def attribute_tables(groups: Groups, metric: str) -> tuple[AttributeTable, ...]:
    """Return a table of each attribute for one metric, those with a finding first."""
    tables = [_attribute_table(groups, metric, attribute) for attribute in groups.tables]
    return tuple(sorted(tables, key=lambda table: not table.has_finding))


def _attribute_table(groups: Groups, metric: str, attribute: str) -> AttributeTable:
    rows, not_shown, gaps = list[GroupRow](), dict[str, list[str]](), list[Gap]()
    for row in groups.tables[attribute].values():
        figure, gap = row.figure(metric), row.gaps.get(metric)
        gaps += [] if gap is None else [gap]
        if figure.value is None and (gap is None or gap.value is None):
            not_shown.setdefault(figure.reason, []).append(row.name)
        else:
            rows.append(row)
    found = [gap for gap in largest_first(gaps) if gap.verdict != WITHIN and (is_worse(gap) or gap.verdict == OUTSIDE)]
    parts = [f"worse for {groups.name(gap)} ({gap_cell(gap).value})" for gap in found if is_worse(gap)]
    parts += [f"{n} {plain_verdict(verdict)}" for verdict, n in Counter(gap.verdict for gap in gaps).items()]
    summary = "; ".join(parts) or "not compared with all others"
    return AttributeTable(attribute, tuple(rows), not_shown, summary, bool(found), bool(gaps))
