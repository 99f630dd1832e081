"""The page of a screening run for the SENCO: the list, those to look at by hand, those just below, and each child."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW
from send_screen.documents import SCHOOLS, Noun, count, keep_wording
from send_screen.reports import svg
from send_screen.reports._figures import natural_frequencies
from send_screen.reports._last_time import describe_last_time
from send_screen.reports._measured_view import headlines
from send_screen.reports._render import render_html
from send_screen.reports._text import (
    format_capacity,
    format_date,
    format_owner,
    points,
    run_watermarks,
    sentence,
    signed,
)
from send_screen.screening import DECISION_COLUMNS, Decision, RowKind, ties_at_threshold
from send_screen.screening._result import ExcludedChild, FeatureValue, Reason, ScreenedChild, ScreeningResult
from send_screen.tables._display import NOT_KNOWN

MAX_MAIN_REASONS, MAX_OTHER_FACTS = 3, 2  # in the list; the others are on the card


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


def describe_tie(child: ScreenedChild) -> str:
    """Return how many others have the same score; empty where nobody has."""
    return f"Same score as {count(child.n_same_score, 'other', 'others')}" if child.n_same_score else ""


def _main_reasons(child: ScreenedChild) -> str:
    return sentence("; ".join(reason.text.rstrip(".") for reason in child.reasons_for[:MAX_MAIN_REASONS]))


def _other_facts(child: ScreenedChild) -> str:
    """Return what else is known, of features outside families: for children whose main reasons are the same words."""
    said = {name for reason in child.reasons_for[:MAX_MAIN_REASONS] for name in reason.features}
    others = [one for one in child.values if not one.family and one.feature not in said and one.value != NOT_KNOWN]
    strongest_first = sorted(others, key=lambda one: -abs(one.contribution or 0.0))
    facts = "; ".join(f"{one.label}: {one.value}" for one in strongest_first[:MAX_OTHER_FACTS])
    return f"Also known: {facts}." if facts else ""


class Tally(NamedTuple):
    """How many children, in what way, and the heading of those children on the page."""

    n: int
    words: str
    heading: str


def _tally(result: ScreeningResult, n_by_hand: int) -> tuple[Tally, ...]:
    """Return the counts at the top of the page, without those that are zero."""
    others = Counter(
        child.counted_as or EXCLUSIONS[child.kind] for child in result.excluded if child.kind != MANUAL_REVIEW
    )
    counts = (
        Tally(len(result.listed), "to discuss", "h-list"),
        Tally(n_by_hand, "to look at by hand", "h-by-hand"),
        Tally(len(result.margin), "just below the line", "h-margin"),
        Tally(len(result.review_sample), "drawn at random", "h-drawn"),
        Tally(_n_due(result), "due for review", "h-since"),
        *(Tally(n, words, "h-not-asked") for words, n in others.most_common()),
    )
    return tuple(tally for tally in counts if tally.n)


def _n_due(result: ScreeningResult) -> int:
    """Return how many children of the last list are due for review."""
    shown = [child.last_time for child in (*result.listed, *result.margin)]
    left = [child.last_time for child in result.since.left] if result.since else []
    return sum(last is not None and last.due for last in (*shown, *left))


class Card(NamedTuple):
    """A child of the page, who has one card."""

    number: int
    kind: RowKind
    child: ScreenedChild | ExcludedChild


def _cards(result: ScreeningResult, by_hand: Sequence[ExcludedChild]) -> Iterator[Card]:
    """Yield each child to decide about once: one who was drawn at random may be just below the threshold too."""
    kinds: tuple[tuple[RowKind, Sequence[ScreenedChild | ExcludedChild]], ...] = (
        (RowKind.LISTED, result.listed),
        (RowKind.BY_HAND, by_hand),
        (RowKind.JUST_BELOW, result.margin),
        (RowKind.DRAWN, result.review_sample),
    )
    seen: set[tuple[int, str]] = set()
    for kind, children in kinds:
        for child in children:
            key = child.row, child.child_id
            if key not in seen:
                seen.add(key)
                yield Card(len(seen), kind, child)


class KnownValues(NamedTuple):
    """Values that were known of a child under one heading: all of a family with one value, or one feature's."""

    heading: str
    text: str


def _known(child: ScreenedChild, *, with_points: bool) -> Iterator[KnownValues]:
    """Yield everything that the model looked at, the members of a family together."""
    groups: dict[tuple[str, str], list[FeatureValue]] = {}
    for one in child.values:
        groups.setdefault((one.family or one.feature, one.value), []).append(one)
    for (_, value), members in groups.items():
        family = members[0].family
        if not family:
            yield KnownValues(members[0].label, value + _in_points(members[0].contribution, with_points))
            continue
        each = [member.label + _in_points(member.contribution, with_points) for member in members]
        together = math.fsum(member.contribution or 0 for member in members)
        total = f". Together {points(together)}" if with_points and len(members) > 1 else ""
        yield KnownValues(f"{family.capitalize()} {value}: {len(members)}", "; ".join(each) + total)


def _in_points(contribution: float | None, shown: bool) -> str:
    text = signed(contribution or 0.0, 2)
    return f" ({text})" if shown and text != "0.00" else ""


def _as_of(result: ScreeningResult) -> str:
    """Return the day, or the first and last day, as of which the children of the file are known."""
    days = [format_date(day) for day in dict.fromkeys(result.as_of or ())]
    return " to ".join(days) or "no child of this file was screened"


def render_screening(result: ScreeningResult) -> str:
    """Render the page of one screening run for the SENCO: it holds children's data.

    Its first line says how many could not be screened, beside the length of the list. The page works without script;
    with it, the list can be sorted and filtered by class, and what was typed can be downloaded.
    """
    run_id, children = result.run_id, result.published.version.children
    result = keep_wording(result, children)
    version = result.published.version
    everyone = [*result.listed, *result.margin, *result.review_sample]
    largest = max((abs(r.contribution) for c in everyone for r in (*c.reasons_for, *c.reasons_against)), default=1.0)
    by_hand = [child for child in result.excluded if child.kind == MANUAL_REVIEW]
    several = len({c.school for c in everyone} | {c.school for c in result.excluded}) > 1
    others = Counter((EXCLUSIONS[c.kind], c.reason) for c in result.excluded if c.kind != MANUAL_REVIEW)
    cards = tuple(_cards(result, by_hand))
    numbers = {(card.child.row, card.child.child_id): card.number for card in cards}
    has_percent = any(child.percent is not None for child in everyone)
    ties = ties_at_threshold(result)
    alike = Counter(map(_main_reasons, everyone))
    return render_html(
        "screening.html.j2",
        children=children,
        script="screening.js",
        result=result,
        run_id=run_id,
        version=version,
        owner=format_owner(version.owner),
        clusters=(version.clusters or children).plural,
        watermarks=run_watermarks(version.trained_on, result.banners),
        capacity=format_capacity(result.capacity, version.clusters or SCHOOLS if result.per_school else None),
        as_of=_as_of(result),
        tally=_tally(result, len(by_hand)),
        ties=ties,
        at_line=lambda child: any(
            child.score == tie.score and tie.school in ("", child.school) for tie in ties if child.n_same_score
        ),
        manual_review=by_hand,
        by_group=result.manual_review_by_group,
        not_asked=sorted(others.items()),
        since=result.since,
        seen_before=[*result.listed, *result.margin] if result.since else [],
        last_time=describe_last_time,
        cards=cards,
        card_number=lambda child: numbers[child.row, child.child_id],
        decisions=tuple(Decision),
        decision_columns=DECISION_COLUMNS,
        BY_HAND=RowKind.BY_HAND,
        LISTED=RowKind.LISTED,
        has_percent=has_percent,
        has_selection=any(child.selections_of_10 is not None for child in everyone),
        headlines=headlines,
        frequencies=natural_frequencies(result.published),
        name=child_name,
        class_and_school=lambda child: _class_and_school(child, several),
        class_label=_class_label([*everyone, *result.excluded], several, version.clusters),
        main_reasons=_main_reasons,
        other_facts=lambda child: _other_facts(child) if alike[_main_reasons(child)] > 1 else "",
        known=lambda child: tuple(_known(child, with_points=has_percent)),
        same_score=describe_tie,
        areas=areas_of_need,
        selection=describe_selection,
        hundred=svg.frequency_svg,
        weight=lambda contribution: svg.weight_svg(contribution, largest),
    )
