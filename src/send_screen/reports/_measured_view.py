"""Texts and estimates of every page about measurements, prepared for the templates.

A *question* about groups is a metric by which they are compared: "Who is missed?" is the false negative rate.
The *candidate* is the model that a report is about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from send_screen.documents import keep_wording
from send_screen.published import MeasuredReport, MeasuredSections
from send_screen.reports._challengers import DifferenceRow, challengers_of, compare_baseline, compare_challengers
from send_screen.reports._curves import (
    calibration_marks,
    decision_points,
    describe_calibration,
    describe_decision_curve,
)
from send_screen.reports._figures import METRICS, Estimate, EstimateText, natural_frequencies
from send_screen.reports._group_tables import AttributeTable, attribute_tables, gap_lines
from send_screen.reports._groups import QUESTIONS, Groups, describe_verdict, excludes_zero, gap_cell
from send_screen.reports._text import join_list, stated_percent


@dataclass(frozen=True)
class SummaryItem:
    """A question and its answer."""

    question: str
    answer: str


_NOT_COMPARED = SummaryItem("For whom it works less well", "No groups were compared.")
_NO_PROOF = "That nobody is named is not proof of fairness."


def headlines(report: MeasuredSections) -> list[str]:
    """Return a sentence or two for each question about groups: for whom the model works less well."""
    return [f"{item.question} {item.answer}" for item in _by_question(Groups(report))]


def _by_question(groups: Groups) -> tuple[SummaryItem, ...]:
    """Return each question and its answer; where one names no group, the last adds that this proves nothing.

    First come the attributes that compare nobody: no answer below is about them.
    """
    questions = groups.summaries()
    items = [SummaryItem(question.question, question.headline) for question in questions] or [_NOT_COMPARED]
    if not all(question.material_gaps for question in questions):
        items[-1] = replace(items[-1], answer=f"{items[-1].answer} {_NO_PROOF}")
    if groups.uncompared:
        of = join_list(groups.uncompared)
        answer = f"Nobody by {of}: fewer than two groups are known. Whether it works less well for one is not known."
        items.insert(0, SummaryItem("Who is not compared?", answer))
    return tuple(items)


class Wording(NamedTuple):
    """What a page calls the candidate, the baseline and each challenger."""

    candidate: str
    baseline: str
    challenger: str


OF_VERSION = Wording("This version", "the one-line rule", "{name}, not in use")


class MeasuredView:
    """The measurements of a model, prepared for pages."""

    wording = OF_VERSION

    def __init__(self, report: MeasuredReport) -> None:
        self.children = report.version.children
        report = keep_wording(report, self.children)
        self.title = report.version.title
        self.outcome = report.version.outcome_description
        self.clusters = report.version.clusters and report.version.clusters.plural
        self.list_length = f"{stated_percent(report.version.capacity)} of 100 children"
        self.frequencies = natural_frequencies(report)
        self.challengers = compare_challengers(report)
        self.baseline = compare_baseline(report)
        self.groups = Groups(report, report.version.children.plural)
        self.questions = self.groups.summaries()
        self.gap_lines, self.groups_without_gap = gap_lines(self.groups, "false_negative_rate")
        self.calibration = calibration_marks(report)
        self.calibration_description = describe_calibration(report, self.calibration)
        self.decisions = decision_points(report)
        self.decision_description = describe_decision_curve(self.decisions)
        self.measured = report

    @property
    def others(self) -> str:
        """Noun for the units that are split into folds: schools, or children where no schools are known."""
        return self.clusters or "children"

    @property
    def interval(self) -> str:
        """Clause that says whether the intervals account for clustering by school."""
        if self.clusters:
            return f"which knows that children sit in {self.clusters}"
        return "which takes each child by itself, as no schools are known"

    @property
    def verdicts(self) -> str:
        """How many groups ended in which verdict, by question."""
        return " ".join(question.description for question in self.questions) or "No groups were compared."

    @property
    def tolerances(self) -> dict[str, str]:
        """The tolerance of each question as a percentage; empty where no groups were compared by it."""
        return {metric: stated_percent(gaps[0].tolerance) if gaps else "" for metric, gaps in self.groups.gaps.items()}

    def tables(self, metric: str) -> tuple[AttributeTable, ...]:
        """Return a table of each attribute's groups for one question."""
        return attribute_tables(self.groups, metric)

    @property
    def how_measured(self) -> tuple[str, ...]:
        """Sentences on how the figures were measured, and which are means over folds."""
        about = f"The interval of a figure is one {self.interval}. It is about other children, not about another year."
        return (*self._how_scored, *self._how_counted, about)

    @property
    def _how_scored(self) -> tuple[str, ...]:
        """A sentence on cross-validation."""
        version = self.measured.version
        splits = len(version.fold_seeds)
        again = "" if splits == 1 else f" This was done with {splits} splits, and their figures are averaged."
        return (
            f"The {self.others} were split into {version.folds} parts, and the children of each part were scored by a "
            f"model that had learned from the others.{again} So no child is scored by a model that has seen it"
            + (f", or its {self.others}." if self.clusters else "."),
        )

    @property
    def _how_counted(self) -> tuple[str, ...]:
        """Sentences on which metrics are pooled over folds, and which are averaged."""
        pooled = [self.figure(f"{name}_pooled").number(3) for name in ("roc_auc", "average_precision")]
        return (
            "What is counted of the list is pooled over the parts, and each part has its own list.",
            "ROC AUC and average precision are means over the parts: a list is made in the order of one model. "
            f"With the scores of {self.measured.version.folds} models put into one order they are "
            f"{pooled[0].in_brackets} and {pooled[1].in_brackets}.",
        )

    @property
    def challenger_tables(self) -> list[tuple[str, tuple[DifferenceRow, ...]]]:
        """The differences from each challenger."""
        return [(f"Minus {challenger.model}", challenger.rows) for challenger in self.challengers]

    @property
    def pairs(self) -> tuple[list[tuple[str, str, EstimateText, str]], int]:
        """Pairs of groups with a significant gap (question, names, gap, verdict), and how many were compared."""
        compared = [gap for gap in self.groups.pairs if gap.low is not None]
        rows = [
            (
                QUESTIONS[gap.metric],
                f"{self.groups.name(gap)}, beside {self.groups.find(gap.attribute, gap.against).name}",
                gap_cell(gap),
                describe_verdict(gap),
            )
            for gap in compared
            if excludes_zero(gap)
        ]
        return rows, len(compared)

    @property
    def comparison(self) -> tuple[list[str], list[tuple[str, str, list[EstimateText]]]]:
        """Heads and rows (metric, how to read it, cells) of the model, baseline and challengers."""
        models = {"candidate": self.wording.candidate}
        if has_rule := any(row.model == "baseline" for row in self.measured.performance):
            models["baseline"] = "The rule"
        # "whole_points" is the scorecard of the candidate itself
        models |= {
            model: name if model == "whole_points" else self.wording.challenger.format(name=name)
            for model, name in challengers_of(self.measured).items()
        }
        rows = []
        for name, metric in METRICS.items():
            if all(row.metric != name for row in self.measured.performance):
                continue
            cells = [metric.write(self.figure(name, model)) for model in models]
            if has_rule:
                difference = self.measured.difference(name, "baseline")
                cells.append(
                    EstimateText("not compared") if difference is None else metric.difference(Estimate.of(difference))
                )
            rows.append((metric.description.format(outcome=self.outcome), metric.interpretation, cells))
        return ["Measured", *models.values(), *([f"{self.wording.candidate} minus the rule"] if has_rule else [])], rows

    def figure(self, metric: str, model: str = "candidate") -> Estimate:
        """Return a metric of a model."""
        return Estimate.of(self.measured.metric(metric, model=model))

    @property
    def by_question(self) -> tuple[SummaryItem, ...]:
        """For whom it works less well: each question about groups, and its answer."""
        return _by_question(self.groups)

    def how_sure(self) -> str:
        """Return precision and recall in a sentence, beside the baseline."""
        precision, recall = self.frequencies[:2]
        if precision.candidate.value is None or recall.candidate.value is None:
            return f"{precision.sentence()} {recall.sentence()}"
        right, found = precision.candidate.share.in_brackets, recall.candidate.share.in_brackets
        rule = recall.baseline.share
        beside = "" if recall.baseline.value is None else f", and {self.wording.baseline} {rule.in_brackets}"
        return f"Of 100 children it lists, {right} later did; of 100 who did, it had listed {found}{beside}."
