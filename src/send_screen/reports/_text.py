"""Texts that all pages share: limits of the figures, watermarks, and formats of numbers and dates."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence

from send_screen.documents import Noun
from send_screen.documents import count as count
from send_screen.published import Owner, VersionMetadata

_LABEL_LIMITS = {
    "recorded_status": "It learned from what adults recorded, not from what each child needed. "
    "Needs that nobody noticed count as “no need” in every figure here.",
    "test": "It learned from what a test said, not from all that a child can do. "
    "A test measures some children less well than others, and so does every figure here.",
    "event": "It learned from what happened, not from why. "
    "What others did, or did not do, has a part in it, and so in every figure here.",
}

COST_LIMITS = (
    "“No difference was shown” is not “equal”: the brackets say how large a difference these children leave possible."
)
"""Why an interval that includes 0 proves no equality."""


def label_limits(version: VersionMetadata) -> tuple[str, ...]:
    """Return the limits of the outcome as a label: its kind, and what it does not show."""
    return (_LABEL_LIMITS[version.outcome_kind], *version.outcome_limits)


SYNTHETIC = "Invented children"
RESEARCH = "Research only"


def version_watermarks(trained_on: object) -> tuple[str, ...]:
    """Return the watermark of a version's pages: none if it was trained on real children."""
    return () if trained_on == "real" else (SYNTHETIC,)


def run_watermarks(trained_on: object, banners: Iterable[str]) -> tuple[str, ...]:
    """Return the watermarks of a screening run, for every printed sheet and every row of a list.

    A run of a version trained on synthetic children is watermarked even without a banner.

    Examples
    --------
    >>> run_watermarks("synthetic", ["RESEARCH ONLY: this model learnt from invented children."])
    ('Research only',)
    >>> run_watermarks("real", ["The children in this file are invented."])
    ('Invented children',)
    >>> run_watermarks("synthetic", []), run_watermarks("real", [])
    (('Research only',), ())
    """
    watermarks = []
    for banner in map(str.casefold, banners):
        if banner.startswith(RESEARCH.casefold()):
            watermarks.append(RESEARCH)
        elif "invented" in banner:
            watermarks.append(SYNTHETIC)
    if not watermarks and trained_on != "real":
        watermarks.append(RESEARCH)
    return tuple(dict.fromkeys(watermarks))


def whole(number: float) -> str:
    """Return a whole number with commas, for example ``"20,000"``."""
    return f"{number:,.0f}"


def stated_percent(share: float) -> str:
    """Return a share that was set by a person, as a percentage with all its digits.

    Examples
    --------
    >>> stated_percent(0.1), stated_percent(0.102)
    ('10', '10.2')
    """
    return f"{100 * share:.10g}"


def percent(share: float) -> str:
    """Return a share as a whole percentage; 0 and 100 are printed only for exactly none and all.

    Examples
    --------
    >>> percent(0.384), percent(0.001), percent(0.999), percent(1.0)
    ('38', 'fewer than 1', 'more than 99', '100')
    """
    rounded = math.floor(share * 100 + 0.5)
    if rounded == 0 and share > 0:
        return "fewer than 1"
    if rounded == 100 and share < 1:
        return "more than 99"
    return str(rounded)


def signed(number: float, decimals: int = 1) -> str:
    """Return a number with its sign, and a typographic minus.

    Examples
    --------
    >>> signed(0.84), signed(-0.84), signed(-0.04)
    ('+0.8', '−0.8', '0.0')
    """
    text = f"{number:+.{decimals}f}"
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def points(log_odds: float) -> str:
    """Return a log-odds value as points for people, for example ``"+0.81 points"``."""
    return f"{signed(log_odds, 2)} points"


def give_or_take(margin_of_error: float | None) -> str:
    """Return a margin of error (two standard errors) as text, such as ``"± 0.12"``; empty where it is unknown."""
    return "" if margin_of_error is None else f"±\N{NO-BREAK SPACE}{margin_of_error:.2f}"


def in_brackets(*parts: str) -> str:
    """Return the non-empty parts in brackets, after a blank.

    Examples
    --------
    >>> in_brackets("3 children", ""), in_brackets("")
    (' (3 children)', '')
    """
    found = "; ".join(filter(None, parts))
    return f" ({found})" if found else ""


def join_list(texts: Sequence[str], last: str = "and") -> str:
    """Return texts as a list in a sentence, for example ``"one, two and three"``."""
    return f" {last} ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def format_date(date: object) -> str:
    """Return an ISO date as people write it, for example ``"31 July 2024"``, and anything else as it is."""
    try:
        day = dt.date.fromisoformat(str(date))
    except ValueError:
        return str(date)
    return f"{day.day} {day:%B %Y}"


def format_capacity(capacity: str, each: Noun | None) -> str:
    """Return a capacity as a phrase: of all, or of each school (or course) by itself.

    Examples
    --------
    >>> format_capacity("10%", Noun(singular="course", plural="courses")), format_capacity("30", None)
    ('10 of every 100 children, in each course', '30 children')
    """
    share = capacity.strip()
    text = f"{share[:-1].strip()} of every 100 children" if share.endswith("%") else f"{share} children"
    text = "1 child" if share == "1" else text
    return f"{text}, in each {each.singular}" if each else text


def format_owner(owner: Owner) -> str:
    """Return who answers for a model and how to reach them, as one line."""
    return f"{owner.role}, {owner.team}, {owner.organisation}: {owner.contact}"


def sentence(text: str) -> str:
    """Return a text as a sentence: a capital first and one full stop last."""
    text = text.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…" else f"{text}."
