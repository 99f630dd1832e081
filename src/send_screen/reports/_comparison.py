"""Compare two versions of a model: what changed, and for whom, from published figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from send_screen.documents import Noun, keep_wording, reword
from send_screen.errors import UsageError
from send_screen.published import PublishedReport
from send_screen.reports._changes import Change, Changes, report_changes, spec_changes
from send_screen.reports._figures import METRICS, PERCENT, Estimate, EstimateText
from send_screen.reports._groups import QUESTIONS, SYMBOLS, Groups, describe_verdict, plain_verdict
from send_screen.reports._interval_change import (
    IntervalChange,
    ToLoss,
    closer_is_better,
    compare_intervals,
    higher_is_better,
    lower_is_better,
)
from send_screen.reports._render import render_html
from send_screen.reports._text import count, sentence, version_watermarks

# Of a group, lower error rates are better, and calibration in the large nearer to 0.
_GROUP_LOSS: dict[str, ToLoss] = {
    "false_negative_rate": lower_is_better,
    "false_positive_rate": lower_is_better,
    "calibration_in_the_large": closer_is_better(0.0),
}
# For all other metrics, higher is better.
_LOSS: dict[str, ToLoss] = {
    "number_needed_to_screen": lower_is_better,
    "calibration_slope": closer_is_better(1.0),
    "calibration_intercept": closer_is_better(0.0),
}

CAUTION = (
    "“Better” and “worse” are said only where the two intervals have nothing in common. That holds however closely the "
    "two figures move together: at least 90 times in 100 for one figure by itself, and for all gaps of a question "
    "together. “Cannot be told” is not “no change”: whoever may read the evidence of both can know more."
)
SAME_DATA = (
    "Both versions were measured on the same data, so their figures move together: two intervals that overlap can "
    "still hide a difference."
)
OTHER_DATA = "The two versions were measured on different data: what changed can be the children, and not the model."


@dataclass(frozen=True)
class FigureChange:
    """One metric of both versions, and the verdict on its change (``shift``)."""

    description: str
    first: EstimateText
    second: EstimateText
    shift: IntervalChange


@dataclass(frozen=True)
class GroupChange:
    """One group and one metric of both versions: figures, gaps from all others, verdicts, and how both changed."""

    question: str
    attribute: str
    group: str
    figures: tuple[EstimateText, EstimateText]
    gaps: tuple[EstimateText, EstimateText]
    verdicts: tuple[str, str]
    shift: IntervalChange
    gap_shift: IntervalChange

    def shown(self, wanted: IntervalChange) -> Iterator[str]:
        """Yield a sentence for each change of the wanted kind, of the group's figure and of its gap from all others."""
        who = f"{self.question} {sentence(self.group)[:-1]}:"
        if self.shift == wanted:
            yield f"{who} {self.figures[0].in_brackets}, then {self.figures[1].in_brackets}."
        if self.gap_shift == wanted:
            size = "smaller" if wanted == "better" else "larger"
            yield (f"{who} a {size} gap from all others, {self.gaps[0].in_brackets}, then {self.gaps[1].in_brackets}.")


@dataclass(frozen=True)
class Comparison:
    """The comparison of two versions."""

    names: tuple[str, str]
    """The names under which the user gave them."""
    ids: tuple[str, str]
    title: str
    children: Noun
    notes: tuple[str, ...]
    """Caveats that readers need before the figures."""
    parts: tuple[Changes, ...]
    spec: tuple[Change, ...] | None
    """Differences between the specs; None where a spec is not available."""
    metrics: tuple[FigureChange, ...]
    groups: tuple[GroupChange, ...]
    better: tuple[str, ...]
    """For whom it became better, one sentence each."""
    worse: tuple[str, ...]
    n_compared: int
    """Number of group figures and gaps with a published interval in both versions."""
    n_not_compared: int
    """Number of those without, in either version."""
    verdicts: tuple[str, ...]
    """Verdicts that differ, one sentence each. That alone does not show that the gap changed."""
    watermarks: tuple[str, ...]

    @property
    def no_change_text(self) -> str:
        """The sentence for no change shown, with how many figures and gaps were compared, and how many were not."""
        if not self.n_compared:
            return "It was not compared for any group: not both versions publish a figure of one."
        of = f"For no group, of {count(self.n_compared, 'figure or gap', 'figures and gaps')} that were compared."
        if not self.n_not_compared:
            return of
        return f"{of} {self.n_not_compared} could not be: not both versions publish them."

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the page as a dict for scripts."""
        children = self.children.model_dump()
        return {"format": "send_screen.comparison/1", "caution": CAUTION, **asdict(self), "children": children}


def compare_versions(
    first: PublishedReport,
    second: PublishedReport,
    *,
    names: tuple[str, str],
    specs: tuple[Any, Any] = (None, None),
    notes: Sequence[str] = (),
) -> Comparison:
    """Compare the published reports of two versions.

    ``names`` are their names on the page, ``specs`` their specs as parsed YAML where available, and ``notes`` further
    caveats.

    Raises
    ------
    UsageError
        If they predict different outcomes, or only one was trained on synthetic children.
    """
    _check_comparable(first, second, names)
    children = second.version.children
    first, second = keep_wording((first, second), children)
    both = Groups(first), Groups(second)
    groups = tuple(_group_changes(*both))
    shifts = [change for row in groups for change in (row.shift, row.gap_shift)]
    found = Comparison(
        children=children,
        names=keep_wording(names, children),
        ids=(first.version.id, second.version.id),
        title=second.version.title,
        notes=(*notes, *_notes(first, second)),
        parts=report_changes(first, second),
        spec=None if None in specs else keep_wording(spec_changes(*specs), children),
        metrics=tuple(_metric_changes(first, second)),
        groups=groups,
        better=tuple(text for row in groups for text in row.shown("better")),
        worse=tuple(text for row in groups for text in row.shown("worse")),
        n_compared=len(shifts) - shifts.count("no interval"),
        n_not_compared=shifts.count("no interval"),
        verdicts=tuple(_changed_verdicts(*both)),
        watermarks=version_watermarks(second.version.trained_on),
    )
    return reword(found, children)


def _check_comparable(first: PublishedReport, second: PublishedReport, names: tuple[str, str]) -> None:
    for key, what in (
        ("outcome_description", "predict different outcomes"),
        ("horizon_months", "look ahead over different times (months)"),
        ("trained_on", "were trained on different kinds of children"),
    ):
        one, other = getattr(first.version, key), getattr(second.version, key)
        if one != other:
            raise UsageError(
                f"{names[0]} and {names[1]} cannot be compared: they {what}, “{one}” and “{other}”. A figure of one "
                "says nothing about the other.",
                remedy="Give two versions of one model.",
            )


def _notes(first: PublishedReport, second: PublishedReport) -> Iterator[str]:
    one, other = first.version, second.version
    if one.id == other.id:
        yield "Both are the same version."
    if one.name != other.name:
        yield f"They are versions of two models: {one.name} and {other.name}."
    if (one.population, one.eligible_description) != (other.population, other.eligible_description):
        yield (
            "They may be asked about different children: what looks like a change of the model can be one of whom it "
            "is asked about."
        )
    if one.capacity != other.capacity:
        yield "They list different shares of children: a longer list misses fewer, whatever the model."
    tolerances = [{gap.metric: gap.tolerance for gap in report.gaps} for report in (first, second)]
    if tolerances[0] != tolerances[1]:
        yield "They hold gaps against different tolerances: a verdict can change although the gap did not."
    yield SAME_DATA if one.data_sha256 == other.data_sha256 else OTHER_DATA


def _metric_changes(first: PublishedReport, second: PublishedReport) -> Iterator[FigureChange]:
    for name, metric in METRICS.items():
        rows = [report.metric(name) for report in (first, second)]
        if rows == [None, None]:
            continue
        one, other = map(Estimate.of, rows)
        change = compare_intervals(one, other, _LOSS.get(name, higher_is_better))
        if name == "net_benefit" and first.version.capacity != second.version.capacity:
            change = "not comparable"  # the weight of a false positive depends on the length of the list
        words = metric.description.format(outcome=second.version.outcome_description)
        yield FigureChange(words, metric.write(one), metric.write(other), change)


def _group_changes(first: Groups, second: Groups) -> Iterator[GroupChange]:
    """Yield every group that either version compares with all others, question by question."""
    for metric, question in QUESTIONS.items():
        write = PERCENT.difference if metric == "calibration_in_the_large" else PERCENT.write
        gaps = [*first.gaps[metric], *second.gaps[metric]]
        for attribute, group in dict.fromkeys((gap.attribute, gap.group) for gap in gaps):
            rows = [each.find(attribute, group) for each in (first, second)]
            pair = [row.gaps.get(metric) for row in rows]
            one, other = (row.figure(metric) for row in rows)
            before, after = map(Estimate.of, pair)
            yield GroupChange(
                question=question,
                attribute=attribute,
                group=(rows[1] if pair[1] else rows[0]).name,
                figures=(write(one), write(other)),
                gaps=(PERCENT.difference(before), PERCENT.difference(after)),
                verdicts=(describe_verdict(pair[0]), describe_verdict(pair[1])),
                shift=compare_intervals(one, other, _GROUP_LOSS[metric]),
                gap_shift=compare_intervals(before, after, closer_is_better(0.0)),
            )


def _changed_verdicts(first: Groups, second: Groups) -> Iterator[str]:
    """Yield each verdict on a gap from all others that differs, of groups that both versions compare."""
    for metric, question in QUESTIONS.items():
        for gap in second.gaps[metric]:
            was = first.find(gap.attribute, gap.group).gaps.get(metric)
            # suppression is no verdict, and no change of the gap
            if was is not None and was.verdict != gap.verdict and {was.verdict, gap.verdict} <= set(SYMBOLS):
                who = sentence(second.name(gap))[:-1]
                yield f"{question} {who}: “{plain_verdict(was.verdict)}”, then “{plain_verdict(gap.verdict)}”."


def render_comparison(comparison: Comparison) -> str:
    """Render the comparison of two versions as one self-contained HTML page."""
    questions: dict[str, dict[str, list[GroupChange]]] = {question: {} for question in QUESTIONS.values()}
    for row in comparison.groups:
        questions[row.question].setdefault(row.attribute, []).append(row)
    return render_html(
        "comparison.html.j2",
        children=comparison.children,
        watermarks=comparison.watermarks,
        found=keep_wording(comparison, comparison.children),
        questions=questions.items(),
        caution=CAUTION,
    )
