"""The model card: one page for a parent or a councillor, as HTML and as Markdown, from the same content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from send_screen.reports._cost import Cost, costs
from send_screen.reports._published import InAHundred, in_a_hundred, rows
from send_screen.reports._render import render
from send_screen.reports._shapes import direction_words, is_scale, moves, reach, shape_svg, shape_words
from send_screen.reports._surfaces import range_words, surface_moves, surface_reach, surface_svg, surface_title
from send_screen.reports._verdicts import verdicts_in_words
from send_screen.reports._waterfall import waterfall_svg, waterfall_words
from send_screen.reports._words import percent, said, version_marks, whole


@dataclass(frozen=True)
class DrawnShape:
    """One feature: its name, its points in words and as a picture, and whether it has any.

    ``below`` is what a page says under the picture: of a scale, whose picture does not write every number.
    """

    label: str
    words: str
    below: str
    picture: Markup
    moves: bool


@dataclass(frozen=True)
class DrawnSurface:
    """What two features add together: their names, in one or two sentences, and as a map."""

    title: str
    labels: tuple[str, str]
    words: str
    picture: Markup
    moves: bool


@dataclass(frozen=True)
class WorkedExample:
    """An invented child, step by step."""

    percent: int
    words: str
    picture: Markup


@dataclass(frozen=True)
class CardContent:
    """What the card says, whatever it is written in."""

    title: str
    marks: tuple[str, ...]
    version: Mapping[str, Any]
    owner: Mapping[str, Any]
    outcome: str
    places: str
    trained_on: str
    looks_at: tuple[tuple[str, tuple[str, ...]], ...]
    never_looks_at: tuple[str, ...]
    shapes: tuple[DrawnShape, ...]
    interactions: tuple[DrawnSurface, ...]
    sure: bool
    example: WorkedExample | None
    prohibited: tuple[str, ...]
    hundred: tuple[InAHundred, ...]
    named: tuple[str, ...]
    verdicts: str
    costs: tuple[Cost, ...]


def card_content(published: Mapping[str, Any]) -> CardContent:
    """Gather what the card says from what a version publishes."""
    version: Mapping[str, Any] = published.get("version") or {}
    shapes = rows(published, "shapes")
    outcome = said(version, "outcome_words", "had the outcome")
    capacity = version.get("capacity")
    interactions = rows(published, "interactions")
    scale, together = reach(shapes), surface_reach(interactions)
    by_agency: dict[str, list[str]] = {}
    for shape in shapes:
        by_agency.setdefault(said(shape, "agency", "agency not recorded"), []).append(said(shape, "label"))
    return CardContent(
        title=said(version, "title", "A screening model"),
        marks=version_marks(version.get("trained_on")),
        version=version,
        owner=version.get("owner") or {},
        outcome=outcome,
        places="as many children as adults have time for"
        if capacity is None
        else f"{percent(capacity)} of 100 children",
        trained_on=_trained_on(published),
        looks_at=tuple((agency, tuple(labels)) for agency, labels in by_agency.items()),
        never_looks_at=tuple(version.get("never_looks_at") or ()),
        shapes=tuple(
            DrawnShape(
                said(shape, "label"),
                " ".join(filter(None, (shape_words(shape), direction_words(shape)))),
                f"{shape_words(shape)} {direction_words(shape)}".strip() if is_scale(shape) else "",
                Markup(shape_svg(shape, scale=scale)),
                moves(shape),
            )
            for shape in shapes
        ),
        interactions=tuple(
            DrawnSurface(
                surface_title(interaction),
                (interaction["labels"][0], interaction["labels"][1]),
                range_words(interaction),
                surface_svg(interaction, scale=together),
                surface_moves(interaction),
            )
            for interaction in interactions
        ),
        sure=any(point.get("margin_of_error") is not None for shape in shapes for point in shape.get("points") or []),
        example=_example(published.get("example")),
        prohibited=tuple(version.get("prohibited_uses") or ()),
        hundred=in_a_hundred(rows(published, "performance"), outcome),
        named=tuple(published.get("named") or ()),
        verdicts=verdicts_in_words(published),
        costs=costs(published),
    )


def _example(example: Mapping[str, Any] | None) -> WorkedExample | None:
    if not example:
        return None
    return WorkedExample(example["percent"], waterfall_words(example), waterfall_svg(example))


def _trained_on(published: Mapping[str, Any]) -> str:
    cohort: Mapping[str, Any] = published.get("cohort") or {}
    if cohort.get("n") is None:
        return "How many children it learned from is not published."
    whose = "real" if (published.get("version") or {}).get("trained_on") == "real" else "invented"
    schools = f" in {whole(cohort['n_schools'])} schools" if cohort.get("n_schools") is not None else ""
    return f"It learned from {whole(cohort['n'])} {whose} children{schools}."


def render_card(published: Mapping[str, Any]) -> str:
    """Render the model card for a parent or a councillor.

    Parameters
    ----------
    published : mapping
        What a version publishes (``published.json``): aggregates only. Missing sections are said to be missing.

    Returns
    -------
    str
        One HTML page that needs nothing else.
    """
    card = card_content(published)
    return render("card.html.j2", card=card, marks=card.marks)
