"""Assign each column of an unknown table a role in the model, or leave it out with a reason."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

from send_screen.contracts import ETHNIC_GROUPS
from send_screen.contracts._headers import header_key
from send_screen.drafting._headers import contains_outcome_name, letters, post_outcome_reason, timing_question
from send_screen.drafting._profile import ColumnProfile
from send_screen.errors import UsageError
from send_screen.specs._columns import as_code
from send_screen.tables import MINIMUM_CHILDREN

Derive = Literal["season", "ethnic_group", "eal"]
_YES = frozenset({"1", "yes", "y", "true", "t", "k", "e", "s", "ehcp"})
_NO = frozenset({"0", "no", "n", "false", "f", "none"})
_MAX_OUTCOMES = 12
#: Outcomes about special needs: a child whose need is already recorded is not eligible for them.
_NEED = re.compile("^sen|need|support|spec|ehcp|^iep|refer")
#: From this many rows, a column of whole numbers of which half are unique may be an identifier.
_MIN_ROWS_FOR_IDS = 500
_MIN_SHARE_OF_CODES = 0.8  # of values that are census codes of ethnicity, for a column to be of ethnic groups
# With the outcome, and without: a model cannot be fitted to fewer, nor a number published.
_MIN_CHILDREN = 2 * MINIMUM_CHILDREN
_YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")
OPTIONS = {"outcome": "--outcome", "school": "--school", "child_id": "--child-id"}
_DESCRIPTIONS = {
    "outcome": "what happened later",
    "school": "the school, course or setting",
    "child_id": "the identifier",
}
_POSITIVE = "--positive"


@dataclass(frozen=True)
class ProjectDraft:
    """The role of each column in a drafted model."""

    outcome: ColumnProfile
    school: ColumnProfile | None  # None where each child is a cluster of one
    child_id: ColumnProfile
    guessed: frozenset[str]  # which of these three were guessed
    positive: tuple[str, ...]  # codes of the outcome
    negative: tuple[str, ...]
    features: tuple[ColumnProfile, ...] = ()
    # attributes to compare, each with how its groups are derived
    groups: tuple[tuple[ColumnProfile, Derive | None], ...] = ()
    # SEN status columns, each with the codes that mean a recorded need
    status: tuple[tuple[ColumnProfile, tuple[str, ...]], ...] = ()
    shown: dict[str, ColumnProfile] = field(default_factory=dict)  # the "forename", "surname" and "class"
    birth: ColumnProfile | None = None  # the date of birth
    year: ColumnProfile | None = None  # the academic year
    open_questions: tuple[tuple[ColumnProfile, str], ...] = ()  # candidate features, each with a question to the user
    left_out: dict[str, str] = field(default_factory=dict)  # headers of unused columns, each with the reason

    def without(self, feature: str, reason: str, *, as_question: bool) -> ProjectDraft:
        """Return the draft with one feature left out, or put as a question to the user."""
        removed = next(found for found in self.features if found.name == feature)
        rest = replace(self, features=tuple(found for found in self.features if found is not removed))
        return _with_question(rest, removed, reason) if as_question else _leave_out(rest, removed, reason)


def draft_project(
    columns: tuple[ColumnProfile, ...],
    file: str,
    *,
    outcome: str | None,
    school: str | None,
    child_id: str | None,
    positive: Collection[str] = (),
) -> ProjectDraft:
    """Assign each column its role. ``outcome``, ``school`` and ``child_id`` are headers, where they are given.

    Raises one UsageError that names every option that is needed, because a column is not given and cannot be inferred.
    """
    given = {"child_id": child_id, "school": school, "outcome": outcome}
    guesses = {
        "child_id": _id_candidates(columns),
        "school": _school_candidates(columns),
        "outcome": _outcome_candidates(columns),
    }
    chosen: dict[str, ColumnProfile | None] = {}
    missing = []
    for part, header in given.items():
        likely, possible = guesses[part]
        if header is not None:
            chosen[part] = _named(columns, file, part, header)
        elif len(likely) == 1:
            chosen[part] = likely[0]
        elif part == "school" and not likely:
            chosen[part] = None
        else:
            missing.append(_missing_option(part, likely or possible))
    outcome_column = chosen.get("outcome")
    codes = None if outcome_column is None else _outcome_codes(outcome_column, file, positive)
    if outcome_column is not None and codes is None:
        names = ", ".join(map(repr, outcome_column.codes))
        missing.append(f"{_POSITIVE} with each of {names} that says that it happened (the others say that it did not)")
    if missing:
        raise UsageError(
            "Not all that is needed can be told from the file.",
            file=file,
            remedy=f"Run send-screen init again with {'; and '.join(missing)}.",
        )
    child, school_column = chosen["child_id"], chosen["school"]
    assert child is not None
    assert outcome_column is not None
    assert codes is not None
    for first, second in combinations(chosen, 2):
        if chosen[first] is chosen[second]:
            raise UsageError(
                f"One column cannot be both {_DESCRIPTIONS[first]} and {_DESCRIPTIONS[second]}.",
                file=file,
                column=child.header if "child_id" in (first, second) else outcome_column.header,
                remedy=f"Give another with {OPTIONS[first]} or {OPTIONS[second]}.",
            )
    _check_counts(outcome_column, codes, file)
    if not child.unique:
        raise UsageError(
            "Many rows have the same identifier, or none: send-screen init needs one row per person.",
            file=file,
            column=child.header,
            remedy="Give a file with one row per person, or another column with --child-id.",
        )
    if school_column is not None and school_column.n_distinct < 2:
        raise UsageError(
            "All rows are in one group, so it cannot be told how a model does in groups that it has not seen.",
            file=file,
            column=school_column.header,
            remedy="Give a file of several schools or courses, or leave --school out: each row then stands alone.",
        )
    if school_column is not None and school_column.unique:
        raise UsageError(
            "Nearly every row has a value of its own here: these are no schools, courses or settings.",
            file=file,
            column=school_column.header,
            remedy="Give another column with --school, or leave it out: each row then stands alone.",
        )
    guessed = frozenset(part for part, header in given.items() if header is None and chosen[part] is not None)
    draft = ProjectDraft(outcome_column, school_column, child, guessed, *codes)
    headers = tuple(column.header for column in columns)
    for column in columns:
        if column not in chosen.values():
            draft = _assign_role(draft, column, headers)
    return draft


def _named(columns: tuple[ColumnProfile, ...], file: str, part: str, header: str) -> ColumnProfile:
    """Return the column with a header that the user gave, or raise."""
    for column in columns:
        if header_key(column.header) == header_key(header):
            return column
    option = OPTIONS[part]
    close = difflib.get_close_matches(header, [column.header for column in columns], n=1)
    raise UsageError(
        f"There is no column {header!r}.",
        file=file,
        remedy=f"Give {option} {close[0]!r}." if close else f"Give {option} one of the file's headers.",
    )


def _missing_option(part: str, possible: list[ColumnProfile]) -> str:
    """Return an option that the user must give, with the columns that it could name."""
    option, what = OPTIONS[part], _DESCRIPTIONS[part]
    names = ", ".join(repr(column.header) for column in possible[:12])
    if names:
        return f"{option} and one of: {names} ({what})"
    if part == "child_id":
        return f"{option} COLUMN ({what}: no column has a value of its own for each row; number the rows in a new one)"
    return f"{option} COLUMN ({what}; no column of the file looks like it)"


def _id_candidates(columns: tuple[ColumnProfile, ...]) -> tuple[list[ColumnProfile], list[ColumnProfile]]:
    """Return the likely identifiers, and all possible ones."""
    ids = [c for c in columns if c.kind in ("upn", "text", "number") and c.n_known == c.n_distinct == c.n]
    return [c for c in ids if c.kind == "upn"] or [c for c in ids if c.role == "id"], ids


def _school_candidates(columns: tuple[ColumnProfile, ...]) -> tuple[list[ColumnProfile], list[ColumnProfile]]:
    likely = [c for c in columns if 2 <= c.n_distinct <= c.n_known / 2 and c.role == "school"]
    return likely, likely


def _outcome_candidates(columns: tuple[ColumnProfile, ...]) -> tuple[list[ColumnProfile], list[ColumnProfile]]:
    possible = [c for c in columns if c.kind == "codes" and c.role in (None, "status")]
    likely = [c for c in possible if re.search("outcome|label|target|later", header_key(c.header))]
    return likely, [c for c in possible if len(c.codes) == 2] or possible


def _outcome_codes(
    outcome: ColumnProfile, file: str, given: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the codes that mean yes and those that mean no; None where they cannot be recognised."""
    if not outcome.codes or len(outcome.codes) > _MAX_OUTCOMES or outcome.kind == "constant":
        raise UsageError(
            "What happened later must be a few codes, such as yes and no; this column holds "
            + ("one value only." if outcome.kind == "constant" else "something else."),
            file=file,
            column=outcome.header,
            remedy="Make a column that says yes or no, or give another with --outcome.",
        )
    if given:
        expected = {code.strip().casefold() for code in given}
        positive = tuple(code for code in outcome.codes if code.casefold() in expected)
        negative = tuple(code for code in outcome.codes if code not in positive)
        if len(positive) == len(expected) and negative:
            return positive, negative
        raise UsageError(
            f"{_POSITIVE} must name some codes of the outcome, and not all.",
            file=file,
            column=outcome.header,
            remedy=f"The column has {', '.join(map(repr, outcome.codes))}.",
        )
    positive, negative = _matching_codes(outcome.codes, _YES), _matching_codes(outcome.codes, _NO)
    both = positive and negative and len(positive) + len(negative) == len(outcome.codes)
    return (positive, negative) if both else None


def _matching_codes(codes: tuple[str, ...], texts: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if code.casefold() in texts)


def _check_counts(outcome: ColumnProfile, codes: tuple[tuple[str, ...], tuple[str, ...]], file: str) -> None:
    counts = outcome.values.map(as_code, na_action="ignore").value_counts()
    for group, whom in zip(codes, ("with", "without"), strict=True):
        if int(counts.reindex(group).sum()) < _MIN_CHILDREN:
            raise UsageError(
                f"Fewer than {_MIN_CHILDREN} rows are {whom} the outcome, which is too few to train on.",
                file=file,
                column=outcome.header,
                remedy="Give a file with more rows, or another column with --outcome.",
            )


def _recorded_codes(column: ColumnProfile) -> tuple[str, ...]:
    """Return the codes that mean a recorded need: of 1 and 2, 1; else all codes but those that mean no."""
    yes, no = _matching_codes(column.codes, _YES), _matching_codes(column.codes, _NO)
    if len(yes) == 1 and len(column.codes) == 2 and not no:
        return column.codes if yes[0].isalpha() else yes
    return tuple(code for code in column.codes if code not in no)


def _assign_role(draft: ProjectDraft, column: ColumnProfile, headers: tuple[str, ...]) -> ProjectDraft:
    """Return the draft with one more column in its role, among the open questions, or left out."""
    role, outcome = column.role, draft.outcome.header
    # Where the column has one code only, a recorded need, blank means no need.
    flag = role == "status" and column.kind == "constant" and column.codes and column.n_known < column.n
    if column.kind == "constant" and not flag:
        return _leave_out(draft, column, "blank, or the same in all or nearly all rows")
    if column.kind == "year":
        return _leave_out(draft, column, "an academic year") if draft.year else replace(draft, year=column)
    if role in ("forename", "surname", "class") and role not in draft.shown:
        return replace(draft, shown={**draft.shown, role: column})
    if role == "birth" and column.kind == "date" and draft.birth is None:
        return replace(draft, birth=column, groups=(*draft.groups, (column, "season")))
    if role in ("forename", "surname", "class", "private", "school", "id"):
        return _leave_out(draft, column, "by its name it says who somebody is, or where: nothing to learn from")
    if column.kind == "upn" or (column.unique and (column.kind != "number" or column.whole)):
        return _leave_out(draft, column, "nearly every row has a value of its own: it would name people")
    if role in ("protected", "proxy"):
        return _with_group(draft, column)
    if why := post_outcome_reason(column.header, outcome):
        return _leave_out(draft, column, f"target leakage: {why}")
    if role == "status":
        if not 1 <= len(column.codes) <= _MAX_OUTCOMES:
            return _leave_out(draft, column, "by its name it says whose needs are recorded: use it under `eligible`")
        if flag or _NEED.search(letters(outcome)):
            return replace(draft, status=(*draft.status, (column, _recorded_codes(column))))
        return _with_group(draft, column)
    if contains_outcome_name(column.header, outcome):
        return _leave_out(draft, column, "target leakage: the outcome's name is in its name")
    if column.kind == "date":
        return _leave_out(
            draft, column, "a date: only an age can be worked out of one, with `derive: {age_in_months: ...}`"
        )
    if column.kind == "text":
        return _leave_out(draft, column, "free text, or more codes than can be told apart")
    if column.kind == "number" and column.bounds is None:
        return _leave_out(draft, column, f"fewer than {_MIN_CHILDREN} rows have a value")
    if column.kind == "codes" and all(map(_YEAR.search, column.codes)):
        return _with_question(draft, column, "its codes are years, and those of a new year are none of them")
    if why := timing_question(column.header, outcome, headers):
        return _with_question(draft, column, why)
    if column.whole and column.n_known >= _MIN_ROWS_FOR_IDS and column.n_distinct >= column.n_known / 2:
        return _with_question(draft, column, "nearly every row has a whole number of its own: is it an identifier?")
    return replace(draft, features=(*draft.features, column))


def _with_question(draft: ProjectDraft, column: ColumnProfile, question: str) -> ProjectDraft:
    return replace(draft, open_questions=(*draft.open_questions, (column, question)))


def _leave_out(draft: ProjectDraft, column: ColumnProfile, reason: str) -> ProjectDraft:
    return replace(draft, left_out={**draft.left_out, column.header: reason})


def _with_group(draft: ProjectDraft, column: ColumnProfile) -> ProjectDraft:
    """Return the draft with a column as an attribute to compare: by its codes, or by ethnic group or first language."""
    known = column.values.dropna().astype(str).str.upper()
    derive: Derive | None = None
    if float(known.isin(list(ETHNIC_GROUPS)).mean()) >= _MIN_SHARE_OF_CODES:
        derive = "ethnic_group"
    elif column.header.casefold().find("lang") >= 0 and float(known.isin(["ENG", "ENB"]).mean()) > 0:
        derive = "eal"
    if derive is None and not column.codes:
        near = {"proxy": "close to a protected characteristic", "status": "a status"}
        why = near.get(column.role or "", "a protected characteristic")
        return _leave_out(draft, column, f"{why}, so no feature; to compare by it, put it into a few bands in the file")
    return replace(draft, groups=(*draft.groups, (column, derive)))
