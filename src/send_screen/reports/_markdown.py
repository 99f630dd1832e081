"""The model card as Markdown, for MLflow and for ``models/<name>/card.md``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from send_screen.reports._card import CardContent, card_content
from send_screen.reports._published import Figure
from send_screen.reports._words import COST_LIMITS, LABEL_LIMITS, date_words, owner_words, said, sentence
from send_screen.screening import NOT_THIS


def escape(text: object) -> str:
    r"""Escape what Markdown or HTML would take for markup, and keep the text on one line.

    Examples
    --------
    >>> print(escape("*Year* <b>1</b> | a_b"))
    \*Year\* &lt;b&gt;1&lt;/b&gt; \| a\_b
    """
    line = " ".join(str(text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", line)
    line = re.sub(r"^([-+=])", r"\\\1", line)
    # a name must not turn into a link by itself: autolinks need "://" or "www."
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line).replace("://", ":&#47;/").replace("www.", "www&#46;")


def _bullets(items: Iterable[object]) -> list[str]:
    return [f"- {escape(item)}" for item in items]


def _table(head: Iterable[object], body: Iterable[Iterable[object]]) -> list[str]:
    def line(cells: Iterable[object]) -> str:
        return f"| {' | '.join(escape(cell) for cell in cells)} |"

    head = list(head)
    return [line(head), f"| {' | '.join('---' for _ in head)} |", *(line(row) for row in body)]


def _share(found: Figure, rest: bool) -> str:
    words, between = (found.not_percent, found.not_between) if rest else (found.percent, found.between)
    return f"{words} ({between})" if between else words


def _cost(card: CardContent) -> Iterator[str]:
    if not card.costs:
        yield "That is not known: it was not compared with another model."
        return
    yield from _bullets(cost.words for cost in card.costs)
    yield ""
    yield from _table(
        ["This version minus the other model", "Difference", "Children", "This version"],
        (
            [f"{cost.challenger}: {row.words}", row.difference.in_brackets, row.n, row.verdict]
            for cost in card.costs
            for row in cost.rows
        ),
    )
    yield ""
    yield COST_LIMITS


def _sections(card: CardContent) -> Iterator[tuple[str, list[str]]]:
    yield "What it is not", _bullets(NOT_THIS)
    yield (
        "What it is for",
        [
            escape(f"{sentence(said(card.version, 'intended_use'))} It tries to foresee who later {card.outcome}."),
            "",
            escape(f"It lists {card.places} whom an adult should look at first. {card.trained_on}"),
        ],
    )
    yield "It must not be used", _bullets(card.prohibited or ["Not recorded."])
    looks_at = [f"{agency}: {'; '.join(labels)}" for agency, labels in card.looks_at]
    yield "What it looks at", _bullets(looks_at or ["Not published."])
    yield "What it never looks at", _bullets(card.never_looks_at or ["Not recorded."])
    yield (
        "How often it is right and wrong",
        [
            *_table(
                ["In children out of a hundred", "This version", "The one-line rule, as long a list"],
                (
                    [f"{asked.of}, {words}", _share(asked.version, rest), _share(asked.rule, rest)]
                    for asked in card.hundred
                    for words, rest in ((asked.right, False), (asked.wrong, True))
                ),
            ),
            "",
            escape(f"The one-line rule: “{said(card.version, 'baseline_words')}”."),
        ],
    )
    named = card.named or ("No group was shown to be missed more than the tolerance. That is not proof of fairness.",)
    verdicts = escape(f"{card.verdicts} “Not enough evidence” is not “fair”.")
    yield "Whose needs it misses more", [*_bullets(named), "", verdicts]
    yield "What it costs that people can read it", list(_cost(card))
    yield "What these figures cannot say", _bullets(LABEL_LIMITS)
    yield (
        "How the points add up",
        [
            "Every answer adds points or takes some away. The sum decides the order of the list.",
            "",
            *_table(
                ["What it looks at", "Points"],
                ([shape.label, shape.words] for shape in card.shapes),
            ),
            "",
            "The page scorecard.html of the same version has the points of every value, to add up by hand.",
        ],
    )
    if card.interactions:
        yield (
            "Two things together",
            [
                "These points are added to the points that both things have of their own.",
                "",
                *_table(["What it looks at", "Points"], ([drawn.title, drawn.words] for drawn in card.interactions)),
            ],
        )
    if card.example:
        yield (
            "A child who does not exist, step by step",
            [
                escape(card.example.words),
                "",
                escape(f"Of 100 children with such a sum, about {card.example.percent} later {card.outcome}."),
            ],
        )
    yield (
        "Who answers for it, and how to object",
        _bullets(
            [
                owner_words(card.owner),
                "A parent, a carer or a young person may ask why a child is or is not listed, have wrong information "
                "put right, be heard, and have a person look again.",
                f"Version {said(card.version, 'id')}",
                f"To be reviewed by {date_words(said(card.version, 'review_date'))}",
            ]
        ),
    )


def render_card_markdown(published: Mapping[str, Any]) -> str:
    """Render the model card as Markdown, with the content of :func:`render_card` and no pictures.

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
    parts = [f"# {escape(card.title)}", *(f"**{mark}.**" for mark in card.marks)]
    for heading, lines in _sections(card):
        parts += [f"## {heading}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"
