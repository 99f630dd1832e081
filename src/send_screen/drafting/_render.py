"""Render the drafted contract and spec as commented YAML."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from send_screen.documents import CHILDREN, SCHOOLS, Noun
from send_screen.drafting._headers import children_are, outcome_kind, schools_are
from send_screen.drafting._profile import ColumnProfile
from send_screen.drafting._roles import OPTIONS, ProjectDraft

VERSION = "1.0.0"
_FOLDS = 5
_GROUP_WORDS = (
    {"m": "boys", "f": "girls"},
    {"male": "boys", "female": "girls"},
    {"boy": "boys", "girl": "girls"},
)
_OF_ANY_AGE = {"boys": "male {people}", "girls": "female {people}"}
_YES_OR_NO = ({"yes", "no"}, {"y", "n"}, {"true", "false"})


@dataclass(frozen=True)
class _Entry:
    """One column of the contract: what it is used for, and the data type that is declared."""

    column: ColumnProfile
    description: str
    use: Literal["key", "text", "outcome", "status", "other"] = "other"
    optional: bool = False

    @property
    def kind(self) -> str:
        """The data type: numbers that stand for groups, outcomes or a status are codes."""
        if self.use == "key":
            return "upn" if self.column.kind == "upn" else "text"
        if self.use == "text":
            return "text"
        as_codes = self.column.role in ("protected", "proxy", "status") or self.use in ("outcome", "status")
        return "codes" if self.column.kind == "number" and as_codes and self.column.codes else self.column.kind

    @property
    def bounds(self) -> tuple[float, float] | None:
        return self.column.bounds if self.kind == "number" else None


def render_contract(draft: ProjectDraft, contract: str, file: str, n: int) -> str:
    """Render the data contract with this id, such as ``"local/pupils"``, as YAML; the file has n rows."""
    agency, _, table = contract.partition("/")
    names: dict[str, Any] = {"contract": contract, "agency": agency, "table": table, "file": file, "n": n}
    names |= {"version": VERSION, "child": _people(draft).singular, "entries": list(_entries(draft))}
    return _template("contract.yaml.j2").render(names)


def render_spec(
    draft: ProjectDraft, contract: str, name: str, file: str, *, baseline: ColumnProfile, today: dt.date
) -> str:
    """Render the spec of a model as YAML; ``baseline`` is the feature that its baseline ranks by."""
    names = (column for column in ("forename", "surname") if column in draft.shown)
    return _template("spec.yaml.j2").render(
        draft=draft,
        contract=contract,
        version=VERSION,
        name=name,
        file=file,
        baseline=baseline,
        options=OPTIONS,
        schools_are=schools_are(draft.school.header) if draft.school else SCHOOLS,
        children_are=_people(draft),
        group_descriptions=_group_descriptions,
        outcome_kind=outcome_kind(draft.outcome.header),
        shown_names=[f"{contract}.{draft.shown[column].name}" for column in names],
        known_need=next(
            (c.label for c, _ in draft.groups if c.role == "status" or "disab" in c.label.casefold()), None
        ),
        as_of=dt.date(today.year - (today < dt.date(today.year, 7, 31)), 7, 31).isoformat(),
        review_date=dt.date(today.year + 1, 7, 31).isoformat(),
        folds=_FOLDS if draft.school is None else min(_FOLDS, draft.school.n_distinct),
    )


def _entries(draft: ProjectDraft) -> Iterator[_Entry]:
    """Yield the columns of the contract in their order, by use."""
    yield _Entry(draft.child_id, "The identifier. No model sees it.", "key")
    if draft.school:
        yield _Entry(draft.school, "Those who share one stay on one side of every split.", "text")
    yield _Entry(draft.outcome, "What happened later: the outcome.", "outcome", optional=True)
    for column in draft.shown.values():
        yield _Entry(column, "So that people can be found.", "text", optional=True)
    for column, derive in draft.groups:
        comment = "Compared as groups, never a feature." if derive != "season" else "For age, and the season of birth."
        yield _Entry(column, comment, "text" if derive in ("ethnic_group", "eal") else "other", optional=True)
    if draft.year:
        yield _Entry(draft.year, "The academic year that the row is of.")
    for column, _ in draft.status:
        yield _Entry(column, "Says whose needs are recorded already.", "status")
    for column in draft.features:
        yield _Entry(column, "A feature of the model.")
    for column, _ in draft.open_questions:
        yield _Entry(column, "No feature until it is known when it was recorded.", optional=True)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("send_screen.drafting"),
        autoescape=False,  # YAML: every text goes through `quoted` or, in a comment, `plain`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "quoted": _quoted,
        "code_words": code_words,
        "plain": _plain,
        "number": "{:.10g}".format,
        "rule_id": lambda text: text.upper().replace("_", "-"),
    }
    return environment.get_template(name)


def code_words(code: str) -> str:
    """Return a code as words to be replaced; signs have their names, since words are compared without signs.

    Examples
    --------
    >>> code_words("B"), code_words("+")
    ('code B', 'code + (plus sign)')
    """
    if re.search(r"[^\W_]", code):
        return f"code {code}"
    names = " ".join(unicodedata.name(sign, f"U+{ord(sign):04X}").lower() for sign in code)
    return f"code {code} ({names})"


def _quoted(text: str) -> str:
    """Return a text as a YAML scalar, on one line and without what YAML cannot hold."""
    return json.dumps("".join(c for c in text if c.isprintable()), ensure_ascii=False)


def _plain(text: str) -> str:
    """Return a text for a comment, on one line."""
    return "".join(c if c.isprintable() else " " for c in text)


def _people(draft: ProjectDraft) -> Noun:
    """Return the noun for the people of the file, by the headers of its identifiers."""
    return children_are([draft.child_id.header, *draft.left_out])


def _group_descriptions(column: ColumnProfile, people: str) -> list[tuple[str, str]]:
    """Return each code of a column with a description of its group, such as boys, or children without X."""
    keys = {code.casefold() for code in column.codes}
    if keys in _YES_OR_NO:
        how = {True: "with", False: "without"}
        return [(code, f"{people} {how[code[:1].casefold() in 'yt']} {column.label}") for code in column.codes]
    for labels in _GROUP_WORDS:
        if keys == set(labels):
            words = (
                labels if people == CHILDREN.plural else {code: _OF_ANY_AGE[label] for code, label in labels.items()}
            )
            return [(code, words[code.casefold()].format(people=people)) for code in column.codes]
    return [(code, f"{people} with {column.label} {code}") for code in column.codes]
