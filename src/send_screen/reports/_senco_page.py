"""The SENCO's page: who could not be screened, whom to talk about first and why, who is on the margin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW
from send_screen.reports import svg
from send_screen.reports._figures import natural_frequencies
from send_screen.reports._render import render_html
from send_screen.reports._text import capacity_words, owner_words, run_marks, sentence, signed
from send_screen.screening._result import ExcludedChild, Reason, ScreenedChild, ScreeningResult


def child_name(child: ScreenedChild | ExcludedChild) -> str:
    """Return what a child is called on the page: the name, else the identifier, else the row of the file."""
    return child.name or child.child_id or f"Child in row {child.row}"


def _place(child: ScreenedChild | ExcludedChild, several_schools: bool) -> str:
    """Return the class, with the school where the file holds more than one."""
    return ", ".join(part for part in (child.class_name, child.school if several_schools else "") if part)


def reasons_text(reasons: Iterable[Reason]) -> str:
    """Return reasons as one text, strongest first, with the agency whose data they are."""
    return "; ".join(f"{reason.text.rstrip('.')} ({reason.agency})" for reason in reasons)


def areas_of_need(child: ScreenedChild) -> tuple[str, ...]:
    """Return the areas of need that the reasons for a look point to, each once, in the order of the reasons."""
    return tuple(dict.fromkeys(reason.area for reason in child.reasons_for if reason.area))


def selection_words(child: ScreenedChild) -> str:
    """Return of how many of ten such models the child would be listed by, and where that is close, what to do."""
    if child.selections_of_10 is None:
        return ""
    return f"{child.selections_of_10} of 10{': close, discuss' if child.close else ''}"


@dataclass(frozen=True)
class WeighedReason:
    """A reason with its weight drawn and written."""

    text: str
    agency: str
    points: str
    bar: Markup


@dataclass(frozen=True)
class ChildCard:
    """One child, as the page shows it."""

    child: ScreenedChild
    name: str
    place: str
    main_reasons: str
    reasons_for: tuple[WeighedReason, ...]
    reasons_against: tuple[WeighedReason, ...]
    areas: tuple[str, ...]
    hundred: Markup
    firm: str


def _weighed(reasons: Iterable[Reason], largest: float) -> tuple[WeighedReason, ...]:
    return tuple(
        WeighedReason(r.text, r.agency, signed(r.contribution), svg.weight_svg(r.contribution, largest))
        for r in reasons
    )


def _card(child: ScreenedChild, largest: float, several_schools: bool) -> ChildCard:
    return ChildCard(
        child=child,
        name=child_name(child),
        place=_place(child, several_schools),
        main_reasons=sentence("; ".join(reason.text.rstrip(".") for reason in child.reasons_for[:2])),
        reasons_for=_weighed(child.reasons_for, largest),
        reasons_against=_weighed(child.reasons_against, largest),
        areas=areas_of_need(child),
        hundred=svg.frequency_svg(max(0, min(100, child.percent))),
        firm=selection_words(child),
    )


def render_screening(result: ScreeningResult) -> str:
    """Render the page of one screening run for the SENCO.

    Children who could not be screened come first. The page works without script; with it, the list can be sorted and
    filtered by class.

    Parameters
    ----------
    result : ScreeningResult
        The run, as :mod:`send_screen.screening` found it. Nothing is computed here.

    Returns
    -------
    str
        One HTML page that needs nothing else. It holds children's data: it is for the people who work with them.
    """
    version = result.published.version
    everyone = [*result.listed, *result.margin]
    largest = max((abs(r.contribution) for c in everyone for r in (*c.reasons_for, *c.reasons_against)), default=1.0)
    several = len({c.school for c in everyone} | {c.school for c in result.excluded}) > 1
    by_hand = [child for child in result.excluded if child.kind == MANUAL_REVIEW]
    others = Counter((EXCLUSIONS[c.kind], c.reason) for c in result.excluded if c.kind != MANUAL_REVIEW)
    return render_html(
        "screening.html.j2",
        script="screening.js",
        result=result,
        version=version,
        owner=owner_words(version.owner),
        outcome=version.outcome_words,
        marks=run_marks(version.trained_on, result.banners),
        capacity=capacity_words(result.capacity, result.per_school),
        manual_review=[(child_name(child), _place(child, several), child) for child in by_hand],
        by_group=[row for row in result.manual_review_by_group if row["n_manual_review"]],
        not_asked=sorted(others.items()),
        cards=[_card(child, largest, several) for child in result.listed],
        margin=[_card(child, largest, several) for child in result.margin],
        has_selection=any(child.selections_of_10 is not None for child in everyone),
        frequencies=natural_frequencies(result.published),
        worst_groups=result.published.material_gaps,
        prohibited=version.prohibited_uses,
    )
