"""All that the pages of a version say, each value worked out once and as data: nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass

from send_screen.published import PublishedReport
from send_screen.reports._challengers import DifferenceRow, challengers_of, compare_baseline, compare_challengers
from send_screen.reports._curves import calibration_marks, calibration_words, decision_points, decision_words
from send_screen.reports._figures import METRICS, Cell, Figure, natural_frequencies
from send_screen.reports._gap_sources import gap_sources
from send_screen.reports._group_tables import AttributeTable, attribute_tables, gap_lines
from send_screen.reports._groups import QUESTIONS, Groups, excludes_zero, gap_cell, verdict_words
from send_screen.reports._terms import FeatureView, InteractionView, worked_example
from send_screen.reports._text import count, percent, sentence, version_marks, whole

_NO_PROOF = "That is not proof of fairness: for small groups there are too few children to say."
_NOT = "A parent's or a teacher's concern always counts; not being listed never means “no need”."
_MOST_USES = 2  # named on a first screen


@dataclass(frozen=True)
class SummaryItem:
    """A question and its answer."""

    question: str
    answer: str


class ReportView:
    """A published report as its pages show it."""

    def __init__(self, report: PublishedReport) -> None:
        self.report = report
        self.version = report.version
        self.owner = report.version.owner
        self.title = report.version.title
        self.outcome = report.version.outcome_words
        self.marks = version_marks(report.version.trained_on)
        self.places = f"{percent(report.version.capacity)} of 100 children"
        self.features = tuple(map(FeatureView, report.shapes))
        self.interactions = tuple(map(InteractionView, report.interactions))
        self.example = worked_example(report.example)
        self.frequencies = natural_frequencies(report)
        self.challengers = compare_challengers(report)
        self.baseline = compare_baseline(report)
        self.groups = Groups(report)
        self.questions = self.groups.summaries()
        self.gap_sources, self.n_more_gaps = gap_sources(report, self.groups)
        self.gap_lines, self.without_gap = gap_lines(self.groups, "false_negative_rate")
        self.calibration = calibration_marks(report)
        self.calibration_words = calibration_words(report, self.calibration)
        self.decisions = decision_points(report)
        self.decision_words = decision_words(self.decisions)

    @property
    def task(self) -> str:
        """What the model does, in a sentence."""
        return (
            f"It lists {self.places} whom an adult should look at first, by trying to foresee who later {self.outcome}."
        )

    @property
    def trained_on(self) -> str:
        """How many children it was fitted on, and of how many schools."""
        cohort = self.report.cohort
        if cohort.n is None:
            return "How many children it learned from is not published."
        where = "" if cohort.n_schools is None else f" in {whole(cohort.n_schools)} {self.version.clusters}"
        whose = "real" if self.version.trained_on == "real" else "invented"
        alone = "" if self.version.clusters else " Which schools they go to is not known: each stands alone."
        return f"It learned from {whole(cohort.n)} {whose} children{where}.{alone}"

    @property
    def others(self) -> str:
        """What else a version could have learned from: other schools, or other children where no schools are known."""
        return self.version.clusters or "children"

    @property
    def interval(self) -> str:
        """What the intervals know of who sits together."""
        if self.version.clusters:
            return f"which knows that children sit in {self.version.clusters}"
        return "which takes each child by itself, as no schools are known"

    @property
    def looks_at(self) -> dict[str, list[str]]:
        """Agency -> labels of the features from its data."""
        found: dict[str, list[str]] = {}
        for shape in self.report.shapes:
            found.setdefault(shape.agency, []).append(shape.label)
        return found

    @property
    def has_standard_errors(self) -> bool:
        """Whether standard errors are published."""
        return any(piece.margin_of_error is not None for shape in self.report.shapes for piece in shape.points)

    @property
    def verdicts(self) -> str:
        """How many groups ended in which verdict, by question."""
        return " ".join(question.words for question in self.questions) or "No groups were compared."

    @property
    def tolerances(self) -> dict[str, str]:
        """The tolerance of each question as a percentage; empty where it was not asked."""
        return {metric: percent(gaps[0].tolerance) if gaps else "" for metric, gaps in self.groups.gaps.items()}

    def tables(self, metric: str) -> tuple[AttributeTable, ...]:
        """Return a table of each attribute's groups for one question."""
        return attribute_tables(self.groups, metric)

    @property
    def how_measured(self) -> tuple[str, ...]:
        """How the figures were measured, and why two of them are means over folds."""
        version = self.version
        splits = len(version.fold_seeds)
        again = "" if splits == 1 else f" This was done with {splits} splits, and their figures are averaged."
        pooled = [self.figure(f"{name}_pooled").number(3) for name in ("roc_auc", "average_precision")]
        stays = self.figure("selection_probability")
        return (
            f"The {self.others} were split into {version.folds} parts, and the children of each part were scored by a "
            f"model that had learned from the others.{again} So no child is scored by a model that has seen it"
            + (f", or its {self.others}." if version.clusters else "."),
            "What is counted of the list is pooled over the parts, and each part has its own list.",
            "ROC AUC and average precision are means over the parts: a list is made in the order of one model. "
            f"With the scores of {version.folds} models put into one order they are {pooled[0].in_brackets} and "
            f"{pooled[1].in_brackets}.",
            f"The interval of a figure is one {self.interval}. It is about other children, not about another year.",
            *(
                [f"Of 100 it lists, a model learnt from other {self.others} would list {stays.share.in_brackets} too."]
                if stays.value is not None
                else []
            ),
        )

    @property
    def challenger_tables(self) -> list[tuple[str, tuple[DifferenceRow, ...]]]:
        """The differences from each challenger."""
        return [(f"Minus {challenger.model}", challenger.rows) for challenger in self.challengers]

    @property
    def pairs(self) -> tuple[list[tuple[str, str, Cell, str]], int]:
        """Pairs of groups that were shown to differ (question, names, gap, verdict), and how many were compared."""
        compared = [gap for gap in self.groups.pairs if gap.low is not None]
        rows = [
            (
                QUESTIONS[gap.metric],
                f"{self.groups.name(gap)}, beside {self.groups.find(gap.attribute, gap.against).name}",
                gap_cell(gap),
                verdict_words(gap),
            )
            for gap in compared
            if excludes_zero(gap)
        ]
        return rows, len(compared)

    @property
    def comparison(self) -> tuple[list[str], list[tuple[str, str, list[Cell]]]]:
        """Heads and rows (metric, what is better, cells) of this version beside baseline and challengers."""
        models = challengers_of(self.report)
        rows = []
        for name, metric in METRICS.items():
            if all(row.metric != name for row in self.report.performance):
                continue
            difference = self.report.difference(name, "baseline")
            cells = [
                metric.write(Figure.of(self.report.metric(name, model=model)))
                for model in ("candidate", "baseline", *models)
            ]
            gain = Cell("not compared") if difference is None else metric.difference(Figure.of(difference))
            rows.append((metric.words.format(outcome=self.outcome), metric.right, [*cells, gain]))
        others = [f"{name}, not in use" for name in models.values()]
        return ["Measured", "This version", "The rule", *others, "This version minus the rule"], rows

    def figure(self, metric: str, model: str = "candidate") -> Figure:
        """Return a metric of a model."""
        return Figure.of(self.report.metric(metric, model=model))

    @property
    def summary(self) -> tuple[SummaryItem, ...]:
        """What a version does, for whom it works less well, how sure that is, and what nobody should use it for."""
        uses = [*self.version.prohibited_uses[:_MOST_USES]]
        if more := self.version.prohibited_uses[_MOST_USES:]:
            uses.append(f"nor for {count(len(more), 'other use', 'other uses')} named in the report")
        return (
            SummaryItem("What it does", self.task),
            SummaryItem("For whom it works less well", self._for_whom()),
            SummaryItem("How sure we are", self._how_sure()),
            SummaryItem("What nobody should use it for", f"{sentence('; '.join(uses)) or 'Not recorded.'} {_NOT}"),
        )

    def _for_whom(self) -> str:
        """Return for whom more is missed; where nobody is named, what can be said, since what is suppressed may be."""
        suppressed = self.questions[0].suppressed if self.questions else 0
        hidden = f" Of {count(suppressed, 'group', 'groups')} nothing may be said, to protect small groups."
        named = self.groups.worst()
        if named:
            words = f"Of children who later did, it misses more among {named}"
        else:
            words = f"No group was shown to be missed more than the tolerance allows. {_NO_PROOF}"
            if suppressed:
                words = f"Of no group that may be spoken of was it shown that it is missed more. {_NO_PROOF}"
        return words + (hidden if suppressed else "")

    def _how_sure(self) -> str:
        precision, recall = self.frequencies[:2]
        if precision.candidate.value is None or recall.candidate.value is None:
            return f"{precision.sentence()} {recall.sentence()}"
        right, found = precision.candidate.share.in_brackets, recall.candidate.share.in_brackets
        rule = recall.baseline.share
        beside = "" if recall.baseline.value is None else f", and the one-line rule {rule.in_brackets}"
        return f"Of 100 children it lists, {right} later did; of 100 who did, it had listed {found}{beside}."
