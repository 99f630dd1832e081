"""The page of a screening run for the SENCO: excluded children, the list with reasons, and the margin below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW
from send_screen.documents import SCHOOLS, Noun, keep_wording
from send_screen.reports import svg
from send_screen.reports._figures import natural_frequencies
from send_screen.reports._measured_view import headlines
from send_screen.reports._render import render_html
from send_screen.reports._text import format_capacity, format_owner, run_watermarks, sentence
from send_screen.screening._result import ExcludedChild, Reason, ScreenedChild, ScreeningResult


def child_name(child: ScreenedChild | ExcludedChild) -> str:
    """Return the display name of a child: the name, else the identifier, else the row of the file."""
    return child.name or child.child_id or f"Child in row {child.row}"


def _class_and_school(child: ScreenedChild | ExcludedChild, several_schools: bool) -> str:
    """Return the class, with the school where the file holds more than one."""
    return ", ".join(part for part in (child.class_name, child.school if several_schools else "") if part)


def _class_label(rows: Sequence[ScreenedChild | ExcludedChild], several_schools: bool, clusters: Noun | None) -> str:
    """Return the column heading for classes, schools (or other clusters), or both."""
    parts = ["Class"] if any(child.class_name for child in rows) else []
    if several_schools and any(child.school for child in rows):
        parts.append((clusters or SCHOOLS).singular.capitalize())
    return " and ".join([parts[0], *(part.lower() for part in parts[1:])]) if parts else ""


def reasons_text(reasons: Iterable[Reason]) -> str:
    """Return reasons as one text, strongest first, with the agency whose data they are."""
    return "; ".join(f"{reason.text.rstrip('.')} ({reason.agency})" for reason in reasons)


def areas_of_need(child: ScreenedChild) -> tuple[str, ...]:
    """Return the areas of need that the reasons for a look point to, each once, in the order of the reasons."""
    return tuple(dict.fromkeys(area for reason in child.reasons_for for area in reason.areas))


def describe_selection(child: ScreenedChild) -> str:
    """Return how many of ten models would list the child, with advice where the selection is uncertain."""
    if child.selections_of_10 is None:
        return ""
    return f"{child.selections_of_10} of 10{': close, discuss' if child.is_uncertain else ''}"


def _main_reasons(child: ScreenedChild) -> str:
    return sentence("; ".join(reason.text.rstrip(".") for reason in child.reasons_for[:2]))


def render_screening(result: ScreeningResult) -> str:
    """Render the page of one screening run for the SENCO: it holds children's data.

    Children who could not be screened come first. The page works without script; with it, the list can be sorted and
    filtered by class.
    """
    children = result.published.version.children
    result = keep_wording(result, children)
    version = result.published.version
    everyone = [*result.listed, *result.margin]
    largest = max((abs(r.contribution) for c in everyone for r in (*c.reasons_for, *c.reasons_against)), default=1.0)
    several = len({c.school for c in everyone} | {c.school for c in result.excluded}) > 1
    others = Counter((EXCLUSIONS[c.kind], c.reason) for c in result.excluded if c.kind != MANUAL_REVIEW)
    return render_html(
        "screening.html.j2",
        children=children,
        script="screening.js",
        result=result,
        version=version,
        owner=format_owner(version.owner),
        clusters=(version.clusters or children).plural,
        watermarks=run_watermarks(version.trained_on, result.banners),
        capacity=format_capacity(result.capacity, version.clusters or SCHOOLS if result.per_school else None),
        manual_review=[child for child in result.excluded if child.kind == MANUAL_REVIEW],
        by_group=[row for row in result.manual_review_by_group if row["n_manual_review"]],
        not_asked=sorted(others.items()),
        has_percent=any(child.percent is not None for child in everyone),
        has_selection=any(child.selections_of_10 is not None for child in everyone),
        headlines=headlines,
        frequencies=natural_frequencies(result.published),
        name=child_name,
        class_and_school=lambda child: _class_and_school(child, several),
        class_label=_class_label([*everyone, *result.excluded], several, version.clusters),
        main_reasons=_main_reasons,
        areas=areas_of_need,
        selection=describe_selection,
        hundred=svg.frequency_svg,
        weight=lambda contribution: svg.weight_svg(contribution, largest),
    )
