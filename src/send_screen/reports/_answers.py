"""Answers to a form: what the run knows, what only a person can say, and never one in the place of the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from send_screen.reports._card import card_content
from send_screen.reports._cost import beside_the_rule
from send_screen.reports._markdown import escape
from send_screen.reports._published import find, in_words, rows
from send_screen.reports._verdicts import OTHERS, QUESTIONS, verdicts_in_words
from send_screen.reports._words import count, percent, said, sentence, whole

OPEN = "TO BE ANSWERED BY"
SRO = "the senior responsible owner"
DPO = "the data protection officer"
PROCUREMENT = "whoever procured the tool"
SERVICE = "whoever runs the service"
EQUALITY = "whoever leads on equality"
SPEC_OWNER = "the owner of the spec, which does not say"


@dataclass(frozen=True)
class Answer:
    """What the run knows, as paragraphs, and what is still open.

    Attributes
    ----------
    known : tuple of str
        Empty where the run knows nothing.
    who : str
        Who must answer what is open; empty where nothing is.
    question : str
        What they must answer.
    """

    known: tuple[str, ...] = ()
    who: str = ""
    question: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person has still to answer."""
        return bool(self.who)

    @property
    def value(self) -> str | None:
        """What is known as one text; None where nothing is."""
        return "\n".join(self.known) or None

    def in_markdown(self) -> str:
        """Return the answer as Markdown, its open part visible."""
        lines = [escape(line) for line in self.known]
        parts = ["\n".join(f"- {line}" for line in lines) if len(lines) > 1 else "".join(lines)]
        if self.is_open:
            parts.append(f"**{OPEN} {escape(self.who)}:** {escape(self.question)}")
        return "\n\n".join(filter(None, parts))


def known(*texts: str) -> Answer:
    """Return an answer that the run gives whole; open where it has no text."""
    found = tuple(filter(None, texts))
    return Answer(found) if found else Answer((), SPEC_OWNER, "This is not published.")


def left_open(who: str, question: str, *texts: str) -> Answer:
    """Return an answer that a person must give, or finish."""
    return Answer(tuple(filter(None, texts)), who, question)


def stated(mapping: Mapping[str, Any], key: str) -> Answer:
    """Return what a version states, as it is; open where it does not."""
    return known(said(mapping, key, ""))


def open_words(n: int) -> str:
    """Return how many answers are still open, for the top of a form."""
    return f"{count(n, 'answer is', 'answers are')} still open; each is marked {OPEN}." if n else "No answer is open."


def performance_words(published: Mapping[str, Any]) -> list[str]:
    """Return how often a version is right and wrong, beside the rule and its challengers."""
    if not rows(published, "performance"):
        return []
    card = card_content(published)
    said_of = [
        f"This version: {in_words(asked)} The one-line rule, as long a list: {in_words(asked, 'rule')}"
        for asked in card.hundred
    ]
    ranked = find(rows(published, "performance"), model="candidate", metric="roc_auc")
    if ranked is not None and ranked.get("value") is not None:
        between = "" if ranked.get("low") is None else f" ({ranked['low']:.3f} to {ranked['high']:.3f})"
        said_of.append(f"Order of the list (ROC AUC, out of school): {ranked['value']:.3f}{between}.")
    return [*said_of, *filter(None, [beside_the_rule(published)]), *(cost.words for cost in card.costs)]


def group_findings(published: Mapping[str, Any], attributes: Iterable[str] | None = None) -> list[str]:
    """Return what was found about groups: those that are missed more, then each gap that was shown, as published.

    Parameters
    ----------
    published : mapping
    attributes : iterable of str, optional
        Only gaps of these.
    """
    kept = None if attributes is None else set(attributes)
    found = [
        said(gap, "words", "")
        for metric in QUESTIONS
        for gap in rows(published, "gaps")
        if gap.get("metric") == metric
        and gap.get("against") == OTHERS
        and (kept is None or gap.get("attribute") in kept)
        and ((gap.get("low") or 0) > 0 or gap.get("verdict") == "outside tolerance")
    ]
    return list(filter(None, found))


def verdict_counts(published: Mapping[str, Any]) -> list[str]:
    """Return how many comparisons ended in which verdict; nothing where there was none."""
    return [f"{verdicts_in_words(published)} “Not enough evidence” is not “fair”."] if rows(published, "gaps") else []


def compared_attributes(published: Mapping[str, Any]) -> list[str]:
    """Return the attributes whose groups were compared, in the published order."""
    return list(dict.fromkeys(said(row, "attribute") for row in rows(published, "gaps")))


def quantities(published: Mapping[str, Any]) -> list[str]:
    """Return how many children and schools there were, and how many were set aside."""
    cohort: Mapping[str, Any] = published.get("cohort") or {}
    if cohort.get("n") is None:
        return []
    schools = "" if cohort.get("n_schools") is None else f" in {whole(cohort['n_schools'])} schools"
    found = [f"{whole(cohort['n'])} children{schools}, one row a child."]
    if cohort.get("n_outcome") is not None and cohort.get("prevalence") is not None:
        found.append(
            f"{whole(cohort['n_outcome'])} of them ({percent(cohort['prevalence'])} of 100) "
            "are recorded with the outcome."
        )
    return found


def excluded(published: Mapping[str, Any]) -> list[str]:
    """Return the rows that were set aside before training, by reason."""
    excluded_rows = (published.get("cohort") or {}).get("excluded") or []
    return [
        f"Set aside: {sentence(said(row, 'reason'))} "
        f"{'Fewer than 10' if row.get('n') is None else whole(row['n'])} rows."
        for row in excluded_rows
    ]


def mitigations(published: Mapping[str, Any]) -> list[str]:
    """Return what the tool itself does against a risk, for this version."""
    version: Mapping[str, Any] = published.get("version") or {}
    # without a justification as a research comparison, a spec with such a feature does not load
    none_is_a_feature = "research_comparison" in version and not version["research_comparison"]
    return [
        *(
            ["Mitigation in the tool: no column that a contract marks as a protected characteristic is a feature."]
            if none_is_a_feature
            else []
        ),
        "Mitigation in the tool: a worse value of a feature with a sign cannot lower the score, nor can a missing one.",
        "Mitigation in the tool: it refuses children outside its population, and after its review date.",
        "Mitigation in the tool: a flag decides nothing, and every list says so; children who could not be screened "
        "come first.",
    ]
