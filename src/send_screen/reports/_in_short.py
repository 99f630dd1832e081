"""The four answers that stand first: on the auditor's page, and on the version's pages in MLflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from send_screen.reports._card import CardContent, card_content
from send_screen.reports._markdown import escape
from send_screen.reports._published import figure, in_words, rows
from send_screen.reports._verdicts import Answer, answers, less_well
from send_screen.reports._words import count, said, sentence

_NO_PROOF = "That is not proof of fairness: for small groups there are too few children to say."
_NOT = (
    "It is not a diagnosis and decides nothing. A parent's or a teacher's concern always counts; not being listed "
    "never means “no need”."
)


@dataclass(frozen=True)
class InShort:
    """A question and its answer: a paragraph, and the points of a list that follows it."""

    question: str
    answer: str
    points: tuple[str, ...] = ()


def in_short(published: Mapping[str, Any]) -> tuple[InShort, ...]:
    """Return what a version does, for whom it works less well, how sure that is, and what nobody should use it for."""
    card = card_content(published)
    version, worse = card.version, less_well(published)
    return (
        InShort(
            "What it does",
            f"It lists {card.places} whom an adult should look at first, by trying to foresee who later "
            f"{card.outcome}. It is for {said(version, 'population', 'a population that is not recorded')}, and may be "
            f"asked about {said(version, 'eligible_words', 'children who are not described')}.",
        ),
        InShort(
            "For whom it works less well",
            f"Of children who later {card.outcome} it misses more among:" if worse else _nobody(answers(published)),
            worse,
        ),
        InShort("How sure we are", " ".join(_how_sure(published, card))),
        InShort(
            "What nobody should use it for",
            f"{sentence('; '.join(card.prohibited)) if card.prohibited else 'Not recorded.'} {_NOT}",
        ),
    )


def _nobody(questions: tuple[Answer, ...]) -> str:
    """Return what can be said where no group is named; what is withheld may hide one."""
    withheld = questions[0].withheld if questions else 0
    if not withheld:
        return f"No group was shown to be missed more than the tolerance allows. {_NO_PROOF}"
    hidden = f"of {count(withheld, 'group', 'groups')} nothing may be said, to protect small groups"
    return (
        f"Of no group that may be spoken of was it shown that it is missed more than tolerated; {hidden}. {_NO_PROOF}"
    )


def _how_sure(published: Mapping[str, Any], card: CardContent) -> Iterator[str]:
    listed, found = card.hundred[0].version, card.hundred[1].version
    if listed.value is None or found.value is None:
        yield from (in_words(card.hundred[0]), in_words(card.hundred[1]))
    else:
        yield (
            f"Of 100 children it lists, {listed.in_brackets} later {card.outcome}; of 100 who did, it had listed "
            f"{found.in_brackets}."
        )
    stays = figure(rows(published, "performance"), "candidate", "selection_probability")
    if stays.value is not None:
        yield f"Of 100 it lists, a model learnt from other schools would list {stays.in_brackets} too."
    questions = answers(published)
    if questions:
        yield questions[0].in_words
        if questions[0].tolerance:
            yield f"The tolerance is {questions[0].tolerance} of 100."
    yield "“Not enough evidence” is not “fair”."


def render_in_short(published: Mapping[str, Any]) -> str:
    """Render the four answers as Markdown, for the pages of MLflow that show words beside a version.

    Parameters
    ----------
    published : mapping
        What a version publishes (``published.json``).

    Returns
    -------
    str
        Markdown that ends in a newline. Texts of the version are escaped: they cannot become markup.
    """
    card = card_content(published)
    parts = [f"## {escape(card.title)}", *(f"**{escape(mark)}**" for mark in card.marks)]
    for each in in_short(published):
        parts.append(f"**{each.question}.** {escape(each.answer)}")
        if each.points:
            parts.append("\n".join(f"- {escape(point)}" for point in each.points))
    parts.append("All of it, with tables and pictures, is in the artefact `report.html` of its run.")
    return "\n\n".join(parts) + "\n"
