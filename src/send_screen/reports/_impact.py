"""A draft of an impact assessment, data protection and equality, filled from a run as far as a run can fill it in.

The first part follows the headings of the Information Commissioner's sample template of a data protection impact
assessment (UK GDPR Article 35); the second the protected characteristics of the Equality Act 2010, section 4, and the
duty of its section 149. It produces evidence and claims no compliance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from send_screen.reports._answers import (
    DPO,
    EQUALITY,
    SERVICE,
    SRO,
    Answer,
    compared_attributes,
    group_findings,
    known,
    left_open,
    mitigations,
    open_words,
    performance_words,
    quantities,
    verdict_counts,
)
from send_screen.reports._card import card_content
from send_screen.reports._markdown import escape
from send_screen.reports._words import LABEL_LIMITS, date_words, owner_words, said, sentence, version_marks
from send_screen.screening import NOTICE


class Question(NamedTuple):
    """One question of the form, and its answer."""

    words: str
    answer: Answer


# Characteristic -> words of an attribute's label by which its groups are taken to be of that characteristic.
_CHARACTERISTICS = {
    "Age": ("age",),
    "Disability": ("disability", "disabled"),
    "Gender reassignment": (),
    "Marriage and civil partnership": (),
    "Pregnancy and maternity": (),
    "Race": ("race", "ethnic", "ethnicity"),
    "Religion or belief": ("religion", "belief"),
    "Sex": ("sex", "gender"),
    "Sexual orientation": (),
}


def render_impact_assessment(published: Mapping[str, Any]) -> str:
    """Render the draft as Markdown, open answers marked and counted at the top.

    Parameters
    ----------
    published : mapping
        What a version publishes (``published.json``).

    Returns
    -------
    str
        Markdown that ends in a newline. Texts of the version are escaped: they cannot become markup.
    """
    version: Mapping[str, Any] = published.get("version") or {}
    parts = {
        "Part A: data protection (UK GDPR Article 35)": _data_protection(published),
        "Part B: equality (Equality Act 2010)": _equality(published),
    }
    n = sum(question.answer.is_open for part in parts.values() for asked in part.values() for question in asked)
    lines = [
        f"# Impact assessment, a draft: {escape(said(version, 'title', 'a screening model'))}",
        *(
            f"**{mark}: its figures say nothing about real children.**"
            for mark in version_marks(version.get("trained_on"))
        ),
        f"**{open_words(n)}** What a run can know is filled in from version {escape(said(version, 'id'))}. This is "
        "evidence for an assessment. It is not an assessment, and it claims no compliance with any law.",
        escape(NOTICE),
    ]
    for part, headings in parts.items():
        lines.append(f"## {part}")
        for heading, asked in headings.items():
            lines.append(f"### {heading}")
            for question in asked:
                lines += [f"#### {question.words}", question.answer.in_markdown()]
    return "\n\n".join(lines) + "\n"


def _data_protection(published: Mapping[str, Any]) -> dict[str, list[Question]]:
    version: Mapping[str, Any] = published.get("version") or {}
    owner: Mapping[str, Any] = version.get("owner") or {}
    risks = [f"Risk: {words}" for words in (*group_findings(published), *LABEL_LIMITS)]
    return {
        "Submitting controller details": [
            Question("Name of controller", left_open(DPO, "Who is the controller?", said(owner, "organisation", ""))),
            Question("Subject and title of the data protection officer", left_open(DPO, "Who is it?")),
            Question("Contact of the controller", left_open(DPO, "Who is it?", owner_words(owner) if owner else "")),
        ],
        "Step 1: Identify the need for a DPIA": [
            Question("What does the project aim to achieve?", known(sentence(said(version, "intended_use", "")))),
            Question(
                "Why was the need for a DPIA identified?",
                left_open(
                    DPO,
                    "Does your own screening say the same?",
                    "It profiles children, uses personal data of vulnerable people, and helps to decide who is looked "
                    "at first.",
                ),
            ),
        ],
        "Step 2: Describe the processing": _processing(published),
        "Step 3: Consultation process": [
            Question(
                "When and how are children, young people, parents and staff asked for their views?",
                left_open(SRO, "Whom did you ask, what did they say, and what changed? If nobody, why not?"),
            ),
        ],
        "Step 4: Assess necessity and proportionality": [
            Question("What is the lawful basis?", _lawful_basis(version)),
            Question(
                "Does the processing achieve its purpose?",
                left_open(SRO, "Is that enough for the purpose?", *performance_words(published)),
            ),
            Question(
                "Is there another way?",
                left_open(SRO, "Would talking about every child, without a list, do as well?"),
            ),
            Question(
                "How are accuracy, minimisation and rights looked after?",
                left_open(
                    DPO,
                    "How are families told, and how do they object?",
                    "Each feature is named in the spec with its contract and purpose; names never reach the model; the "
                    "reasons of every flag can be shown; a parent may have wrong information put right.",
                ),
            ),
        ],
        "Step 5: Identify and assess risks": [
            Question(
                "Sources of risk, and what they could do to a child",
                left_open(
                    DPO, "For each risk: likelihood, severity, overall risk; and which risks are missing?", *risks
                ),
            ),
        ],
        "Step 6: Identify measures to reduce risk": [
            Question(
                "Measures, their effect, and what risk is left",
                left_open(
                    DPO, "For each risk: the measure, what is left, and who approved it.", *mitigations(published)
                ),
            ),
        ],
        "Step 7: Sign off and record outcomes": [
            Question("Measures approved by", left_open(SRO, "Name, position, date.")),
            Question(
                "Residual risks approved by", left_open(SRO, "Name, position, date. A high one: ask the ICO first.")
            ),
            Question("Advice of the data protection officer", left_open(DPO, "The advice, and the date.")),
            Question("Advice accepted or overruled by", left_open(SRO, "Name, date, and if overruled, why.")),
            Question("Kept under review by", _review(version)),
        ],
    }


def _review(version: Mapping[str, Any]) -> Answer:
    date = said(version, "review_date", "")
    return left_open(SRO, "Who reviews it?", f"The version is to be reviewed by {date_words(date)}." if date else "")


def _lawful_basis(version: Mapping[str, Any]) -> Answer:
    bases = [
        f"The contract of {said(use, 'contract')} states: {said(use, 'lawful_basis').rstrip('.')}."
        for use in version.get("data") or ()
        if use.get("lawful_basis")
    ]
    return left_open(DPO, "Is that the basis here, and which condition holds for special category data?", *bases)


def _processing(published: Mapping[str, Any]) -> list[Question]:
    version: Mapping[str, Any] = published.get("version") or {}
    card = card_content(published)
    sources = [
        f"{said(use, 'title')} ({said(use, 'contract')}), from {said(use, 'agency')}: {said(use, 'purpose')}"
        + (" (to learn and to measure only)." if use.get("training_only") else ".")
        for use in version.get("data") or ()
    ]
    looks_at = [f"It looks at, from {agency}: {'; '.join(labels)}." for agency, labels in card.looks_at]
    never = [f"It never looks at: {'; '.join(card.never_looks_at)}."] if card.never_looks_at else []
    return [
        Question(
            "Nature: the source of the data, and how they are collected, used, stored and deleted",
            left_open(DPO, "How are the data collected, how long are they kept, and who deletes them?", *sources),
        ),
        Question("Nature: with whom are data shared?", left_open(DPO, "With whom, and under which agreement?")),
        Question(
            "Scope: which data, special category data among them",
            left_open(DPO, "Which of these are special category data here?", *looks_at, *never),
        ),
        Question(
            "Scope: how many individuals, how often, and where",
            left_open(SERVICE, "How many children a year, in which area, how often?", *quantities(published)),
        ),
        Question(
            "Context: the relationship with the individuals; would they expect this use?",
            left_open(SERVICE, "What do families know, and have concerns been raised?", "They are children."),
        ),
        Question(
            "Purposes: what is to be achieved, for whom",
            left_open(
                SRO,
                "Which benefit is expected, and for whom?",
                *(f"It must not be used {use}." for use in card.prohibited),
            ),
        ),
    ]


def _equality(published: Mapping[str, Any]) -> dict[str, list[Question]]:
    return {
        "What the run found, over all groups": [
            Question("Three questions, each in one of three verdicts", known(*verdict_counts(published)))
        ],
        "The protected characteristics": [
            Question(characteristic, _characteristic(published, characteristic)) for characteristic in _CHARACTERISTICS
        ],
        "Other groups that were compared": [
            Question(attribute, _compared(published, [attribute])) for attribute in _others(published)
        ]
        or [Question("No other", left_open(EQUALITY, "Which other groups of children should be compared?"))],
        "The duty to have due regard (section 149)": [
            Question(aim, left_open(SRO, "What does the tool do for it or against it, and what follows?"))
            for aim in (
                "Eliminate discrimination, harassment and victimisation",
                "Advance equality of opportunity",
                "Foster good relations",
            )
        ],
        "Reasonable adjustments and disability": [
            Question(
                "Children whose disability changes what is recorded of them",
                left_open(EQUALITY, "Special educational needs are not the same as disability: who is missed by that?"),
            )
        ],
    }


def _of_characteristic(attribute: str, characteristic: str) -> bool:
    words = attribute.casefold().replace("-", " ").split()
    return any(word in words for word in _CHARACTERISTICS[characteristic])


def _others(published: Mapping[str, Any]) -> list[str]:
    return [
        attribute
        for attribute in compared_attributes(published)
        if not any(_of_characteristic(attribute, characteristic) for characteristic in _CHARACTERISTICS)
    ]


def _characteristic(published: Mapping[str, Any], characteristic: str) -> Answer:
    attributes = [each for each in compared_attributes(published) if _of_characteristic(each, characteristic)]
    if not attributes:
        return left_open(EQUALITY, "What is known of it from elsewhere?", "The run compared no group under that name.")
    return _compared(published, attributes)


def _compared(published: Mapping[str, Any], attributes: list[str]) -> Answer:
    found = group_findings(published, attributes) or [
        "No group was shown to be worse off in any of the three questions. That is not proof that none is."
    ]
    return left_open(
        EQUALITY,
        "What does this mean for these children, and what is done about it?",
        f"Compared as: {'; '.join(attributes)}.",
        *found,
    )
