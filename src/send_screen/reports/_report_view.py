"""Texts and figures of the pages of a version, prepared for the templates."""

from __future__ import annotations

from send_screen.documents import keep_wording
from send_screen.published import PublishedReport
from send_screen.reports._gap_sources import gap_sources
from send_screen.reports._measured_view import MeasuredView, SummaryItem
from send_screen.reports._terms import FeatureView, InteractionView, worked_example
from send_screen.reports._text import count, sentence, version_watermarks, whole

_DISCLAIMER = "A parent's or a teacher's concern always counts; not being listed never means “no need”."
_MAX_USES = 2  # named on a first screen


class ReportView(MeasuredView):
    """A published report, prepared for its pages."""

    def __init__(self, report: PublishedReport) -> None:
        super().__init__(report)
        self.report = report = keep_wording(report, self.children)
        self.version = report.version
        self.owner = report.version.owner
        self.watermarks = version_watermarks(report.version.trained_on)
        self.features = tuple(map(FeatureView, report.shapes))
        self.interactions = tuple(map(InteractionView, report.interactions))
        self.example = worked_example(report.example)
        self.gap_sources, self.n_more_gaps = gap_sources(report, self.groups)

    @property
    def task(self) -> str:
        """What the model does, in a sentence."""
        first = f"It lists {self.list_length} whom an adult should look at first"
        return f"{first}, by trying to predict who later {self.outcome}."

    @property
    def trained_on(self) -> str:
        """How many children it was fitted on, and of how many schools."""
        cohort = self.report.cohort
        if cohort.n is None:
            return "How many children it learned from is not published."
        where = "" if cohort.n_schools is None else f" in {whole(cohort.n_schools)} {self.clusters}"
        whose = "real" if self.version.trained_on == "real" else "invented"
        alone = "" if self.clusters else " Which schools they go to is not known: each stands alone."
        return f"It learned from {count(cohort.n, f'{whose} child', f'{whose} children')}{where}.{alone}"

    @property
    def features_by_agency(self) -> dict[str, list[str]]:
        """Agency -> labels of the features from its data."""
        found: dict[str, list[str]] = {}
        for shape in self.report.shapes:
            found.setdefault(shape.agency.replace("_", " "), []).append(shape.label)
        return found

    @property
    def has_standard_errors(self) -> bool:
        """Whether standard errors are published."""
        return any(piece.margin_of_error is not None for shape in self.report.shapes for piece in shape.points)

    @property
    def how_measured(self) -> tuple[str, ...]:
        """Sentences on how the figures were measured, and on selection stability."""
        stability = self.figure("selection_probability")
        others = (
            f"Of 100 it lists, a model learnt from other {self.others} would list {stability.share.in_brackets} too."
        )
        return (*super().how_measured, *([] if stability.value is None else [others]))

    @property
    def summary(self) -> tuple[SummaryItem, ...]:
        """The summary at the top: task, for whom it works less well, precision and recall, and prohibited uses."""
        uses = [*self.version.prohibited_uses[:_MAX_USES]]
        if more := self.version.prohibited_uses[_MAX_USES:]:
            uses.append(f"nor for {count(len(more), 'other use', 'other uses')} named in the report")
        return (
            SummaryItem("What it does", self.task),
            *self.by_question,
            SummaryItem("How sure we are", self.how_sure()),
            SummaryItem(
                "What nobody should use it for", f"{sentence('; '.join(uses)) or 'Not recorded.'} {_DISCLAIMER}"
            ),
        )
