"""What interpretability costs: the difference between the candidate and each challenger, as text and figures."""

from __future__ import annotations

from dataclasses import dataclass

from send_screen.documents import keep_wording, reword
from send_screen.published import MeasuredReport
from send_screen.reports._figures import METRICS, Estimate, EstimateText
from send_screen.reports._text import join_list, whole

_NAMES = {"lightgbm": "LightGBM", "ebm": "EBM", "whole_points": "Whole points", "all_terms": "All terms"}
# Metric -> its row heading, and its name in a sentence after "no difference was shown in".
_COMPARED = {
    "roc_auc": ("Order of the list (ROC AUC)", "the order of the whole list"),
    "average_precision": ("Top of the list (average precision)", "the top of the list"),
    "neg_log_loss": ("Fit of the scores (log loss, its sign turned)", "the fit of the scores"),
    "recall": ("Of 100 children to be found, listed", "how many children it finds with as many places"),
}
WORSE, BETTER, NOT_SHOWN, UNKNOWN = "worse", "better", "no difference was shown", "not known"


@dataclass(frozen=True)
class DifferenceRow:
    """A metric of the candidate minus that of another model: its description, the difference, n, and a verdict."""

    description: str
    difference: EstimateText
    n: str
    verdict: str


@dataclass(frozen=True)
class ModelComparison:
    """The candidate compared with one other model: as a sentence, and as rows of figures."""

    model: str
    description: str
    rows: tuple[DifferenceRow, ...]


def challengers_of(report: MeasuredReport) -> dict[str, str]:
    """Return each challenger that a version was compared with, and its short name."""
    models = dict.fromkeys(row.against for row in report.differences)
    return {model: _NAMES.get(model, model) for model in models if model != "baseline"}


def compare_challengers(report: MeasuredReport) -> tuple[ModelComparison, ...]:
    """Return the comparison with each challenger: better or worse only if the interval of a difference excludes 0."""
    return tuple(_compare(report, model, short) for model, short in challengers_of(report).items())


def describe_challengers(report: MeasuredReport) -> list[str]:
    """Return the comparison with each challenger as a sentence for a console."""
    children = report.version.children
    compared = reword(compare_challengers(keep_wording(report, children)), children)
    return [challenger.description for challenger in compared]


def compare_baseline(report: MeasuredReport) -> str:
    """Return a sentence on the metrics that are better or worse than the baseline's; empty where not compared."""
    compared = any(row.against == "baseline" for row in report.differences)
    return _compare(report, "baseline", "the rule").description if compared else ""


def _compare(report: MeasuredReport, model: str, short: str) -> ModelComparison:
    """Return the comparison of the candidate with one model; ``short`` is its short name."""
    compared = {metric: report.difference(metric, model) for metric in _COMPARED}
    differences = {
        metric: Estimate.of(row) for metric, row in compared.items() if row is not None or metric != "neg_log_loss"
    }
    by_verdict: dict[str, list[str]] = {}
    for metric, figure in differences.items():
        by_verdict.setdefault(_verdict(figure), []).append(_COMPARED[metric][1])
    verdicts = (verdict for verdict in (WORSE, BETTER, NOT_SHOWN, UNKNOWN) if verdict in by_verdict)
    text = "; ".join(f"{verdict} in {join_list(by_verdict[verdict])}" for verdict in verdicts)
    rows = [
        DifferenceRow(
            _COMPARED[metric][0],
            METRICS[metric].difference(figure),
            "" if figure.n is None else whole(figure.n),
            f"{UNKNOWN}: {figure.reason}" if _verdict(figure) == UNKNOWN else _verdict(figure),
        )
        for metric, figure in differences.items()
    ]
    return ModelComparison(short, f"Beside {report.version.challengers.get(model, short)}: {text}.", tuple(rows))


def _verdict(figure: Estimate) -> str:
    """Return the verdict on a difference (this version minus the other) by its interval."""
    if figure.value is None or figure.low is None or figure.high is None:
        return UNKNOWN
    if figure.low <= 0 <= figure.high:
        return NOT_SHOWN
    return BETTER if figure.value > 0 else WORSE
