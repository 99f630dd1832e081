"""The pages of a version: report for auditors, card for parents and councillors, scorecard, forms, MLflow summary.

Each is rendered from the published report alone, so that anybody can reproduce it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from send_screen.documents import reword
from send_screen.governance import DecisionEntry, PromotionEntry
from send_screen.published import PublishedReport, failed_gates
from send_screen.reports import svg
from send_screen.reports._evaluation_page import measured_parts
from send_screen.reports._forms import atrs_json, atrs_markdown, impact_assessment
from send_screen.reports._render import escape_markdown, render_html, render_markdown
from send_screen.reports._report_view import ReportView
from send_screen.reports._terms import common_axis_limit
from send_screen.reports._text import signed
from send_screen.screening import NOTICE


def render_pages(report: PublishedReport) -> dict[str, str]:
    """Render every page of a version, by file name."""
    view = ReportView(report)
    return {name: page(view) for name, page in _PAGES.items()}


def render_plots(report: PublishedReport) -> dict[str, str]:
    """Draw each term of the model on its own scale; return SVGs by the path of the run's artefact."""
    view = ReportView(report)
    plots = {
        **{f"plots/{term.shape.feature}.svg": svg.standalone(svg.shape_svg(term)) for term in view.features},
        **{
            f"plots/{'_x_'.join(term.interaction.features)}.svg": svg.standalone(svg.interaction_svg(term))
            for term in view.interactions
        },
    }
    return {path: reword(plot, view.children) for path, plot in plots.items()}


def render_page(name: str, report: PublishedReport) -> str:
    """Render one of :data:`PAGES`; values that are None appear as their reason, and texts are escaped."""
    return _PAGES[name](ReportView(report))


def render_summary(report: PublishedReport) -> str:
    """Render the summary as Markdown, for the pages of MLflow."""
    return _markdown("summary.md.j2", ReportView(report))


def render_decisions(entries: Iterable[DecisionEntry]) -> str:
    """Render the promotions and withdrawals of a version, with overridden gates, from its ledger entries.

    It names those who decided, and no child.
    """
    parts = ["# Decisions about this version"]
    for entry in entries:
        who = f"on {entry.when.date().isoformat()} by {escape_markdown(entry.by)}: {escape_markdown(entry.reason)}"
        if not isinstance(entry, PromotionEntry):
            parts.append(f"**WITHDRAWN** {who}")
            continue
        parts.append(f"Promoted to {escape_markdown(entry.alias)} {who}")
        if entry.override is not None:
            parts.append(f"**LET IN AGAINST ITS GATES**, because: {escape_markdown(entry.override)}")
            parts.append("\n".join(f"- {escape_markdown(sentence)}" for sentence in failed_gates(entry.gates)))
    return "\n\n".join([*filter(None, parts), NOTICE]) + "\n"


def _fairness(view: ReportView) -> str:
    return _page(
        "fairness.html.j2",
        view,
        script="report.js",
        **measured_parts(view),
        gap_svg=svg.gap_svg,
        measured=lambda gate: gate.reason if gate.measured is None else f"{gate.measured:.3f}".replace("-", "−"),
    )


def _card(view: ReportView) -> str:
    return _page(
        "card.html.j2",
        view,
        shape=lambda term: svg.shape_svg(term, scale=common_axis_limit(view.features)),
        interaction=lambda term: svg.interaction_svg(term, scale=common_axis_limit(view.interactions)),
        waterfall=svg.waterfall_svg,
    )


#: A sum that is so near the score, in log-odds, moves a chance of 50 of 100 by 12 at most.
_NEAR = 0.5


def _scorecard(view: ReportView) -> str:
    card = view.report.scorecard
    features = zip(card.features, card.example.values, card.example.points, strict=False)
    interactions = zip(card.interactions, card.example.points[len(card.features) :], strict=True)
    adds = {each.feature: any(row.points for row in each.rows) or bool(each.missing) for each in card.features}
    return _page(
        "scorecard.html.j2",
        view,
        points=card,
        near=card.largest_error <= _NEAR,
        cost=view.report.points,
        write=lambda number: signed(number, card.digits),
        in_points=lambda log_odds, decimals=2: f"{log_odds / card.log_odds_per_point:.{decimals}f}",
        features=[line for line in features if adds[line[0].feature]],
        unused=[each.label for each in card.features if not adds[each.feature]],
        together=[(grid, points) for grid, points in interactions if any(map(any, grid.points))],
        calibration=[row for row in view.report.calibration if row.observed_percent is not None],
    )


def _page(template: str, view: ReportView, **names: Any) -> str:
    return render_html(
        template, children=view.children, view=view, version=view.version, watermarks=view.watermarks, **names
    )


def _markdown(template: str, view: ReportView) -> str:
    return render_markdown(template, children=view.children, view=view, version=view.version)


_PAGES: Mapping[str, Callable[[ReportView], str]] = {
    "report.html": _fairness,
    "card.html": _card,
    "card.md": partial(_markdown, "card.md.j2"),
    "scorecard.html": _scorecard,
    "atrs.json": atrs_json,
    "atrs.md": atrs_markdown,
    "impact_assessment.md": impact_assessment,
}
PAGES = tuple(_PAGES)
"""Names of the files that :func:`render_pages` renders."""
