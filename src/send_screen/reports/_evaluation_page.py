"""The evaluation page of any model, and the parts that the auditor's page of a version shares with it."""

from __future__ import annotations

from typing import Any

from send_screen.documents import count, keep_wording
from send_screen.published import EvaluationReport
from send_screen.reports import svg
from send_screen.reports._figures import PERCENT
from send_screen.reports._groups import QUESTIONS, SYMBOLS, describe_verdict, gap_cell, plain_verdict
from send_screen.reports._measured_view import MeasuredView, SummaryItem, Wording
from send_screen.reports._render import render_html
from send_screen.reports._text import percent, whole

OF_MODEL = Wording("This model", "the rule", "{name}")


def render_evaluation(report: EvaluationReport) -> str:
    """Render the evaluation of any model's scores as one page."""
    view = EvaluationView(report)
    return render_html(
        "evaluation.html.j2",
        view=view,
        children=view.children,
        watermarks=(),
        script="report.js",
        **measured_parts(view),
    )


def measured_parts(view: MeasuredView) -> dict[str, Any]:
    """Return the pictures and formatting functions of a page of measurements."""
    tolerance = view.gap_lines[0].gap.tolerance if view.gap_lines else 0.0
    steps = {row.rounded_to for row in view.measured.net_benefit if row.rounded_to is not None}
    return {
        "questions": QUESTIONS,
        "verdict_heads": [
            f"{''.join(dict.fromkeys(symbols))} {plain_verdict(verdict)}" for verdict, symbols in SYMBOLS.items()
        ],
        "verdict": describe_verdict,
        "gap_cell": gap_cell,
        "row_cell": PERCENT.difference,
        "by_chance": lambda gap: "" if gap.critical_difference is None else f"up to {percent(gap.critical_difference)}",
        "gap_axis": svg.GapAxis(view.gap_lines, tolerance),
        "calibration_picture": svg.calibration_svg(view.calibration),
        "decision_picture": svg.decision_svg(view.decisions, view.wording.candidate.lower()),
        "decision_step": ", ".join(f"{100 * step:g}" for step in sorted(steps)),
    }


class EvaluationView(MeasuredView):
    """The texts and figures of an evaluation page."""

    wording = OF_MODEL

    def __init__(self, report: EvaluationReport) -> None:
        super().__init__(report)
        self.report = keep_wording(report, self.children)

    @property
    def _how_scored(self) -> tuple[str, ...]:
        if self.report.version.fold_seeds:
            return super()._how_scored
        return (
            "The scores were given. Whether a model had seen these children before is not known here: "
            "where it had, every figure is too good.",
        )

    @property
    def _how_counted(self) -> tuple[str, ...]:
        return super()._how_counted if self.report.version.folds > 1 else ()

    @property
    def on_whom(self) -> str:
        """How many children were scored, and in how many clusters."""
        cohort = self.report.cohort
        if cohort.n is None:
            return "How many children there are is not published."
        where = "" if cohort.n_schools is None else f" in {whole(cohort.n_schools)} {self.clusters}"
        alone = "" if self.clusters else " No schools, or other groups that they sit in, were given: each stands alone."
        return f"{count(cohort.n, 'child', 'children')}{where}.{alone}"

    @property
    def summary(self) -> tuple[SummaryItem, ...]:
        """The summary at the top: what was measured, for whom it works less well, and precision and recall."""
        return (
            SummaryItem("What was measured", f"A list of {self.list_length}: those with the highest scores."),
            SummaryItem("On whom", self.on_whom),
            *self.by_question,
            SummaryItem("How sure that is", self.how_sure()),
        )
