"""A record under the Algorithmic Transparency Recording Standard, as far as a run can fill it in.

What only a person can answer is None with who must answer it: a record with open answers is not ready to be published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from send_screen.reports._answers import (
    DPO,
    PROCUREMENT,
    SERVICE,
    SRO,
    Answer,
    compared_attributes,
    excluded,
    group_findings,
    known,
    left_open,
    mitigations,
    open_words,
    performance_words,
    quantities,
    stated,
    verdict_counts,
)
from send_screen.reports._atrs_fields import SECTIONS, STANDARD, STANDARD_VERSION
from send_screen.reports._card import card_content
from send_screen.reports._cost import beside_the_rule
from send_screen.reports._markdown import escape
from send_screen.reports._published import rows
from send_screen.reports._words import LABEL_LIMITS, date_words, said, sentence, version_marks
from send_screen.screening import NOT_THIS, NOTICE

_PROVIDED = (
    "A list of children in the order in which an adult should look at them, as long as adults have time for.",
    "For each child: of 100 children with such a score how many later had the outcome; the reasons for and against, in "
    "words; what was not known; which agency to ask where the reader may not see a reason's data; and, where the model "
    "was learnt in bags, how many of ten such models would list the child.",
    "Children who could not be screened, each with the reason, to be looked at by hand.",
)
_MODELS = {
    "additive": "An additive model: a sum of a penalised logistic backbone, one step-shaped curve a feature and, where "
    "they help, maps of two features, learnt by LightGBM in bags of schools and averaged into one set of tables.",
    "logistic": "Penalised logistic regression, as tables of points.",
}


def render_atrs_json(published: Mapping[str, Any]) -> str:
    """Render the ATRS v3.0 record as JSON.

    Parameters
    ----------
    published : mapping
        What a version publishes (``published.json``).

    Returns
    -------
    str
        ``standard``, ``standard_version``, ``version``, ``trained_on``, ``open`` (how many answers) and ``fields``:
        each with the standard's ``reference``, ``attribute``, ``name``, ``tier``, ``category`` and ``required``, the
        ``value`` (null where only a person can answer), ``to_be_answered_by`` and ``question`` (null where nothing is
        open). It ends in a newline.
    """
    answers = _answers(published)
    version: Mapping[str, Any] = published.get("version") or {}
    record = {
        "standard": STANDARD,
        "standard_version": STANDARD_VERSION,
        "version": version.get("id"),
        "trained_on": version.get("trained_on"),
        "open": sum(answer.is_open for answer in answers.values()),
        "fields": [
            {
                "reference": field.reference,
                "attribute": field.attribute,
                "name": field.name,
                "tier": section.tier,
                "category": section.category,
                "required": field.required,
                "value": answers[field.reference].value,
                "to_be_answered_by": answers[field.reference].who or None,
                "question": answers[field.reference].question or None,
            }
            for section in SECTIONS
            for field in section.fields
        ],
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def render_atrs_markdown(published: Mapping[str, Any]) -> str:
    """Render the ATRS v3.0 record as Markdown, open answers marked and counted at the top.

    Parameters
    ----------
    published : mapping
        What a version publishes (``published.json``).

    Returns
    -------
    str
        Markdown that ends in a newline. Texts of the version are escaped: they cannot become markup.
    """
    answers = _answers(published)
    version: Mapping[str, Any] = published.get("version") or {}
    parts = [
        f"# {STANDARD} {STANDARD_VERSION}: {escape(said(version, 'title', 'a screening model'))}",
        *(
            f"**{mark}: this record says nothing about real children.**"
            for mark in version_marks(version.get("trained_on"))
        ),
        f"**{open_words(sum(answer.is_open for answer in answers.values()))}** "
        f"The rest is filled from version {escape(said(version, 'id'))}. Until no answer is open, do not publish it.",
        escape(NOTICE),
    ]
    for section in SECTIONS:
        tier = f"Tier {section.tier}: " if section.tier and "Tier" not in section.category else ""
        parts.append(f"## {tier}{section.category}")
        for field in section.fields:
            parts += [f"### {field.reference} {field.name}", answers[field.reference].in_markdown()]
    return "\n\n".join(parts) + "\n"


def _answers(published: Mapping[str, Any]) -> dict[str, Answer]:
    """Return the answer to every field, by its reference."""
    return {**_metadata(published), **_tier_1(published), **_process(published), **_tool(published), **_data(published)}


def _metadata(published: Mapping[str, Any]) -> dict[str, Answer]:
    version: Mapping[str, Any] = published.get("version") or {}
    owner: Mapping[str, Any] = version.get("owner") or {}
    choose = "Choose from the template's list."
    return {
        "0.1": left_open("the ATRS team", "It is given when the record is published."),
        "0.2": known(STANDARD_VERSION),
        **{number: left_open(SRO, choose) for number in ("0.3", "0.4", "0.5", "0.6", "0.7")},
        "0.8": left_open(SRO, "The day on which the last open answer is given."),
        "0.9": left_open(SRO, "The days on which the record is changed after that."),
        "0.10": left_open(SRO, "The day on which the record is archived; none while the tool is in use."),
        "0.11": stated(version, "title"),
        "0.12": stated(owner, "organisation"),
        "0.13": left_open(SRO, f"In which phase is the tool? {choose}"),
        "0.14": left_open(SRO, "Over which region does it affect the public?"),
        "0.15": _in_a_sentence(published),
    }


def _in_a_sentence(published: Mapping[str, Any]) -> Answer:
    version: Mapping[str, Any] = published.get("version") or {}
    if not version.get("outcome_words") or version.get("capacity") is None:
        return known()
    card = card_content(published)
    return known(
        f"It lists {card.places} whom an adult should look at first, by trying to foresee who later {card.outcome}."
    )


def _tier_1(published: Mapping[str, Any]) -> dict[str, Answer]:
    version: Mapping[str, Any] = published.get("version") or {}
    owner: Mapping[str, Any] = version.get("owner") or {}
    contact = said(owner, "contact", "")
    email = known(contact) if "@" in contact else left_open(SRO, "A team's email address.", contact)
    supplier = {
        "2.1.4": "Have external suppliers been involved in developing or running the tool?",
        "2.1.4.1": "Their names.",
        "2.1.4.2": "Their Companies House numbers.",
        "2.1.4.3": "What they did.",
        "2.1.4.4": "How the contract was procured.",
        "2.1.4.5": "On which terms they have access to data.",
    }
    return {
        "1.1": stated(version, "title"),
        "1.2": known(sentence(said(version, "intended_use", "")), *(_in_a_sentence(published).known), *NOT_THIS)
        if version.get("intended_use")
        else known(),
        "1.3": left_open(SRO, "A page with more about the tool."),
        "1.4": email,
        "2.1.1": stated(owner, "organisation"),
        "2.1.2": stated(owner, "team"),
        "2.1.3": left_open(SRO, "The person's name.", said(owner, "role", "")),
        **{number: left_open(PROCUREMENT, question) for number, question in supplier.items()},
    }


def _process(published: Mapping[str, Any]) -> dict[str, Answer]:
    version: Mapping[str, Any] = published.get("version") or {}
    card = card_content(published)
    prohibited = [f"It must not be used {use}." for use in card.prohibited]
    measured = performance_words(published)
    return {
        "2.2.1": known(*_how_it_works(published)),
        "2.2.2": known(
            sentence(said(version, "intended_use", "")),
            _labelled("Population", said(version, "population", "")),
            _labelled("It may be asked about", said(version, "eligible_words", "")),
            *prohibited,
        ),
        "2.2.3": left_open(
            SRO, "Which benefit is expected, for whom, and how will it be measured in use?", *measured[:2]
        ),
        "2.2.4": left_open(SERVICE, "How were these children noticed before?"),
        "2.2.5": left_open(
            SRO,
            "Which alternatives without a model were considered, and why was a model chosen?",
            _labelled("The one-line rule it was held against", said(version, "baseline_words", "")),
            *filter(None, [beside_the_rule(published)]),
            *(cost.words for cost in card.costs),
        ),
        "2.3.1": left_open(
            SERVICE,
            "Where in the school's or the authority's own process does the list come in, and who acts on it?",
            "It gives a list of children to talk about first. No output decides anything.",
        ),
        "2.3.2": known(*_PROVIDED),
        "2.3.3": left_open(SERVICE, "How often is it run, in how many schools, over how many children a year?"),
        "2.3.4": left_open(
            SERVICE,
            "Who looks at each listed child, and how is what they decide recorded and reviewed?",
            "A person decides about every child; whoever is not listed may be assessed all the same. A version is let "
            "in, and withdrawn, by a named person with a reason, in a ledger.",
        ),
        "2.3.5": left_open(SERVICE, "Which training must those who read the lists have?"),
        "2.3.6": left_open(
            SERVICE,
            "To whom does a family turn, and how are they told?",
            "A parent, a carer or a young person may ask why a child is or is not listed, have wrong information put "
            "right, be heard, and have a person look again.",
        ),
    }


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text.rstrip('.')}." if text else ""


def _how_it_works(published: Mapping[str, Any]) -> list[str]:
    version: Mapping[str, Any] = published.get("version") or {}
    if not version.get("model"):
        return []
    shapes, interactions = rows(published, "shapes"), rows(published, "interactions")
    found = [_MODELS.get(version["model"], f"The model is of the kind {version['model']}.")]
    if shapes:
        signed = sum(shape.get("sign") in ("increasing", "decreasing") for shape in shapes)
        found.append(
            f"It looks at {len(shapes)} things, {signed} of them with a fixed sign (worse can never lower the score), "
            f"and at {len(interactions) or 'no'} pair{'' if len(interactions) == 1 else 's'} of them together."
        )
    return [*found, "A score is the sum of the points of what is known of a child; scorecard.html has every point."]


def _tool(published: Mapping[str, Any]) -> dict[str, Answer]:
    version: Mapping[str, Any] = published.get("version") or {}
    card = card_content(published)
    challengers = (version.get("challengers") or {}).values()
    review = said(version, "review_date", "")
    gates = [
        f"Gate {'passed' if gate.get('passed') else 'FAILED'}: {said(gate, 'gate')}, {said(gate, 'required')}."
        for gate in version.get("gates") or ()
    ]
    return {
        "2.4.1.1": known(
            f"Open-source Python library send_screen, version {version['release']}. A table in, a list out, on "
            "the user's own machine: it speaks to no network. The model is a JSON file of tables, verified by its hash "
            "before it is read."
        )
        if version.get("release")
        else known(),
        "2.4.1.2": left_open(SRO, "In which phase is the tool? Choose from the template's list."),
        "2.4.1.3": left_open(
            SRO,
            "Who reviews it in use, how often, and what makes them stop it?",
            f"To be reviewed by {date_words(review)}; after that day it refuses to screen." if review else "",
        ),
        "2.4.1.4": known(
            *_labels([("This version", said(version, "model", ""))]),
            *(f"Trained beside it, not in use: {words}." for words in challengers),
        ),
        "2.4.2.1": stated(version, "name"),
        "2.4.2.2": stated(version, "id"),
        "2.4.2.3": _in_a_sentence(published),
        "2.4.2.4": known(*(f"From {agency}: {'; '.join(labels)}." for agency, labels in card.looks_at)),
        "2.4.2.5": known(
            "A score in log-odds and its parts, one a feature, which add up to it exactly; the score as children of a "
            "hundred; a place in the list."
        ),
        "2.4.2.6": known(*_how_it_works(published)),
        "2.4.2.7": known(*performance_words(published), *verdict_counts(published), *group_findings(published), *gates),
    }


def _labels(pairs: list[tuple[str, str]]) -> list[str]:
    return [words for label, text in pairs if (words := _labelled(label, text))]


def _data(published: Mapping[str, Any]) -> dict[str, Answer]:
    version: Mapping[str, Any] = published.get("version") or {}
    card = card_content(published)
    data = list(version.get("data") or ())
    names = [f"{said(use, 'title')} ({said(use, 'contract')}), from {said(use, 'agency')}." for use in data]
    purposes = [
        f"{said(use, 'contract')}{', to learn and to measure only' if use.get('training_only') else ''}: "
        f"{said(use, 'purpose', 'no purpose is stated')}."
        for use in data
    ]
    bases = [
        _labelled(f"Lawful basis that the contract of {said(use, 'contract')} states", said(use, "lawful_basis", ""))
        for use in data
    ]
    folds = (
        f"Measured out of school in {version['folds']} folds: every child is scored by a model that has not seen the "
        "child's school."
        if version.get("folds")
        else ""
    )
    compared = compared_attributes(published)
    return {
        "2.4.2.8": known(*names),
        "2.4.2.9": known(*purposes, folds) if purposes else known(),
        "2.4.3.1": known(*names, _labelled("SHA-256", said(version, "data_sha256", ""))) if names else known(),
        "2.4.3.2": known("Tabular: one row a child."),
        "2.4.3.3": known(*purposes, _labelled("As known on", date_words(said(version, "as_of", ""))))
        if purposes
        else known(),
        "2.4.3.4": known(*quantities(published), folds),
        "2.4.3.5": known(
            "Personal data of children.",
            _labelled("Held, to compare groups, and never a feature", "; ".join(card.never_looks_at)),
            _labelled("Groups compared", "; ".join(compared)),
        ),
        "2.4.3.6": left_open(
            DPO,
            "How like the children it will be asked about are these, and who is missing from the records?",
            *excluded(published),
            *LABEL_LIMITS,
        ),
        "2.4.3.7": left_open(DPO, "A URL, if the data are open; personal data are not."),
        "2.4.3.8": left_open(
            DPO, "How and for what were the data first collected, and may they be used for this?", *bases
        ),
        "2.4.3.9": known(
            "Every row is checked against its data contract; nothing is dropped in silence.", *excluded(published)
        ),
        "2.4.3.10": left_open(DPO, "Which agreements cover the data that cross from one agency to another?"),
        "2.4.3.11": left_open(
            DPO,
            "Who has access, how long are data and lists kept, and who is responsible?",
            "What is published are aggregates under disclosure control. The evidence, one row a child without "
            "identifiers, lies in a store of its own that few may read.",
        ),
        "2.5.1": left_open(
            DPO,
            "Which assessments were completed, when, and what did they find?",
            "impact_assessment.md beside this record is a draft filled from the run. It is not a completed assessment.",
        ),
        "2.5.2": left_open(
            SRO,
            "Which other risks were identified where it is used, and what is done about them?",
            *(f"Risk: {words}" for words in group_findings(published)),
            *(f"Risk: {words}" for words in LABEL_LIMITS),
            *mitigations(published),
        ),
    }
