"""The SENCO's page: who could not be screened, whom to talk about first and why, who is on the margin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW
from send_screen.reports._charts import hundred_svg, strength_svg
from send_screen.reports._published import in_a_hundred, in_words
from send_screen.reports._render import render
from send_screen.reports._words import capacity_words, run_marks, said, sentence, signed
from send_screen.screening._result import ExcludedChild, Reason, ScreenedChild, ScreeningResult


def shown_name(child: ScreenedChild | ExcludedChild) -> str:
    """Return what a child is called on the page: the name, else the identifier, else the row of the file."""
    return child.name or child.child_id or f"Child in row {child.row}"


def _place(child: ScreenedChild | ExcludedChild, several_schools: bool) -> str:
    """Return the class, with the school where the file holds more than one."""
    return ", ".join(part for part in (child.class_name, child.school if several_schools else "") if part)


def reasons_text(reasons: Iterable[Reason]) -> str:
    """Return reasons as one text, strongest first, with the agency whose data they are."""
    return "; ".join(f"{reason.text.rstrip('.')} ({reason.agency})" for reason in reasons)


def areas(child: ScreenedChild) -> tuple[str, ...]:
    """Return the areas of need that the reasons for a look point to, each once, in the order of the reasons."""
    return tuple(dict.fromkeys(reason.area for reason in child.reasons_for if reason.area))


def how_firm(child: ScreenedChild) -> str:
    """Say of how many of ten such models the child would be listed by, and where that is close, what to do."""
    if child.listed_by_10 is None:
        return ""
    return f"{child.listed_by_10} of 10{': close, discuss' if child.close else ''}"


@dataclass(frozen=True)
class WeighedReason:
    """A reason with its weight drawn and written."""

    text: str
    agency: str
    points: str
    bar: Markup


@dataclass(frozen=True)
class Card:
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
        WeighedReason(r.text, r.agency, signed(r.contribution), strength_svg(r.contribution, largest)) for r in reasons
    )


def _card(child: ScreenedChild, largest: float, several_schools: bool) -> Card:
    return Card(
        child=child,
        name=shown_name(child),
        place=_place(child, several_schools),
        main_reasons=sentence("; ".join(reason.text.rstrip(".") for reason in child.reasons_for[:2])),
        reasons_for=_weighed(child.reasons_for, largest),
        reasons_against=_weighed(child.reasons_against, largest),
        areas=areas(child),
        hundred=hundred_svg(max(0, min(100, child.percent))),
        firm=how_firm(child),
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
    model: Mapping[str, Any] = result.model
    outcome = said(model, "outcome_words", "had the outcome")
    everyone = [*result.listed, *result.margin]
    largest = max((abs(r.contribution) for c in everyone for r in (*c.reasons_for, *c.reasons_against)), default=1.0)
    several = len({c.school for c in everyone} | {c.school for c in result.excluded}) > 1
    return render(
        "screening.html.j2",
        script="screening.js",
        result=result,
        model=model,
        owner=model.get("owner") or {},
        outcome=outcome,
        marks=run_marks(model.get("trained_on"), result.banners),
        capacity=capacity_words(result.capacity, result.per_school),
        manual_review=[
            (shown_name(child), _place(child, several), child)
            for child in result.excluded
            if child.kind == MANUAL_REVIEW
        ],
        by_group=[row for row in result.manual_review_by_group if row["n_manual_review"]],
        not_asked=sorted(
            Counter((EXCLUSIONS[c.kind], c.reason) for c in result.excluded if c.kind != MANUAL_REVIEW).items()
        ),
        cards=[_card(child, largest, several) for child in result.listed],
        margin=[_card(child, largest, several) for child in result.margin],
        tells_how_firm=any(child.listed_by_10 is not None for child in everyone),
        hundred=in_a_hundred(list(model.get("performance") or []), outcome),
        in_words=in_words,
        less_well=list(model.get("works_less_well_for") or []),
        prohibited=list(model.get("prohibited_uses") or []),
    )
