"""Which column of an unknown table plays which part in a model: given, guessed, or left out with the reason."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

from send_screen.contracts import ETHNIC_GROUPS
from send_screen.contracts._headers import header_key
from send_screen.drafting._headers import named_after, post_outcome_reason
from send_screen.drafting._profile import ColumnProfile
from send_screen.errors import UsageError
from send_screen.specs._columns import code
from send_screen.tables import MINIMUM_CHILDREN

Derive = Literal["season", "ethnic_group", "eal"]
_YES = frozenset({"1", "yes", "y", "true", "t", "k", "e", "s", "ehcp"})
_NO = frozenset({"0", "no", "n", "false", "f", "none"})
_MOST_OUTCOMES = 12
_MOST_RECOGNISED = 0.8
# Fewer with (or without) the outcome teach nothing, and their number may not be published.
_LEAST = 2 * MINIMUM_CHILDREN
OPTIONS = {"label": "--label", "school": "--school", "child_id": "--child-id"}
_WHAT = {"label": "what happened later", "school": "the school", "child_id": "the child's identifier"}


@dataclass(frozen=True)
class ProjectDraft:
    """The parts that columns play."""

    label: ColumnProfile
    school: ColumnProfile
    child_id: ColumnProfile
    guessed: frozenset[str]  # which of these three were guessed
    positive: tuple[str, ...]  # codes of the label
    negative: tuple[str, ...]
    features: tuple[ColumnProfile, ...] = ()
    groups: tuple[tuple[ColumnProfile, Derive | None], ...] = ()  # what is compared, and how groups are made of it
    status: tuple[tuple[ColumnProfile, tuple[str, ...]], ...] = ()  # with the codes that say "on the SEN register"
    shown: dict[str, ColumnProfile] = field(default_factory=dict)  # the "forename", "surname" and "class"
    birth: ColumnProfile | None = None  # the date of birth
    year: ColumnProfile | None = None  # the academic year
    left_out: dict[str, str] = field(default_factory=dict)  # header to the reason

    def without(self, feature: str, reason: str) -> ProjectDraft:
        """Return the draft with one feature left out."""
        gone = next(found for found in self.features if found.name == feature)
        return replace(
            self,
            features=tuple(found for found in self.features if found is not gone),
            left_out={**self.left_out, gone.header: reason},
        )


def draft_project(
    columns: tuple[ColumnProfile, ...], file: str, *, label: str | None, school: str | None, child_id: str | None
) -> ProjectDraft:
    """Give each column its part. ``label``, ``school`` and ``child_id`` are headers, where they are given.

    Where one of the three is not given and cannot be guessed, or cannot play its part, UsageError names the option.
    """
    ids = [c for c in columns if c.kind in ("upn", "text", "number") and c.n_known == c.n_distinct == c.n]
    named = [c for c in ids if c.kind == "upn"] or [c for c in ids if c.role == "id"]
    parts = {
        "child_id": _one(columns, file, "child_id", child_id, named, ids),
        "school": _one(columns, file, "school", school, *_schools(columns)),
        "label": _one(columns, file, "label", label, *_labels(columns)),
    }
    for first, second in combinations(parts, 2):
        if parts[first] is parts[second]:
            raise UsageError(
                f"One column cannot be both {_WHAT[first]} and {_WHAT[second]}.",
                file=file,
                column=parts[first].header,
                remedy=f"Give another with {OPTIONS[first]} or {OPTIONS[second]}.",
            )
    positive, negative = _outcome(parts["label"], file)
    if not parts["child_id"].unique:
        raise UsageError(
            "Many rows have the same identifier, or none: send-screen init needs one row a child.",
            file=file,
            column=parts["child_id"].header,
            remedy="Give a file with one row a child, or another column with --child-id.",
        )
    if parts["school"].n_distinct < 2:
        raise UsageError(
            "All children are in one school, so it cannot be told how a model does in schools that it has not seen.",
            file=file,
            column=parts["school"].header,
            remedy="Give a file with children of several schools, or another column with --school.",
        )
    given = {"label": label, "school": school, "child_id": child_id}
    guessed = frozenset(part for part, header in given.items() if header is None)
    made = ProjectDraft(parts["label"], parts["school"], parts["child_id"], guessed, positive, negative)
    for column in columns:
        if column not in parts.values():
            made = _place(made, column)
    return made


def _one(
    columns: tuple[ColumnProfile, ...],
    file: str,
    part: str,
    given: str | None,
    likely: list[ColumnProfile],
    possible: list[ColumnProfile],
) -> ColumnProfile:
    option = OPTIONS[part]
    if given is not None:
        for column in columns:
            if header_key(column.header) == header_key(given):
                return column
        close = difflib.get_close_matches(given, [column.header for column in columns], n=1)
        raise UsageError(
            f"There is no column {given!r}.",
            file=file,
            remedy=f"Give {option} {close[0]!r}." if close else f"Give {option} one of the file's headers.",
        )
    if len(likely) == 1:
        return likely[0]
    names = [repr(column.header) for column in (likely or possible)[:12]]
    raise UsageError(
        f"It cannot be told which column is {_WHAT[part]}.",
        file=file,
        remedy=f"Run send-screen init again with {option} and one of: {', '.join(names)}."
        if names
        else f"Run send-screen init again with {option} COLUMN; no column of the file looks like it.",
    )


def _schools(columns: tuple[ColumnProfile, ...]) -> tuple[list[ColumnProfile], list[ColumnProfile]]:
    possible = [
        c for c in columns if 2 <= c.n_distinct <= c.n_known / 2 and c.role in ("school", "id", None, "private")
    ]
    likely = [c for c in possible if c.role == "school"]
    return likely, likely or [c for c in possible if c.kind == "text" or (c.whole and c.n_distinct > 12)]


def _labels(columns: tuple[ColumnProfile, ...]) -> tuple[list[ColumnProfile], list[ColumnProfile]]:
    possible = [c for c in columns if c.kind == "codes" and c.role in (None, "status")]
    likely = [c for c in possible if re.search("outcome|label|target|later", header_key(c.header))]
    return likely, [c for c in possible if len(c.codes) == 2] or possible


def _outcome(label: ColumnProfile, file: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes that mean yes and those that mean no; of others the commonest is taken for no."""
    if not label.codes or len(label.codes) > _MOST_OUTCOMES or label.kind == "constant":
        raise UsageError(
            "What happened later must be a few codes, such as yes and no; this column holds "
            + ("one value only." if label.kind == "constant" else "something else."),
            file=file,
            column=label.header,
            remedy="Make a column that says yes or no, or give another with --label.",
        )
    positive, negative = _yes_and_no(label)
    counts = label.values.map(code, na_action="ignore").value_counts()
    for group, words in ((positive, "with"), (negative, "without")):
        if int(counts.reindex(group).sum()) < _LEAST:
            raise UsageError(
                f"Fewer than {_LEAST} children are {words} the outcome, which is too few to train on.",
                file=file,
                column=label.header,
                remedy="Give a file with more children, or another column with --label.",
            )
    return positive, negative


def _yes_and_no(column: ColumnProfile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes that mean yes and those that mean no; where no words say so the commonest is taken for no."""
    positive = tuple(one for one in column.codes if one.casefold() in _YES)
    negative = tuple(one for one in column.codes if one.casefold() in _NO)
    if positive and negative and len(positive) + len(negative) == len(column.codes):
        return positive, negative
    counts = column.values.map(code, na_action="ignore").value_counts()
    commonest = max(column.codes, key=lambda one: int(counts[one]))
    return tuple(one for one in column.codes if one != commonest), (commonest,)


def _place(made: ProjectDraft, column: ColumnProfile) -> ProjectDraft:
    """Return the draft with one more column in its part."""
    role = column.role
    if column.kind == "constant":
        return _leave(made, column, "blank, or the same for all or nearly all children")
    if column.kind == "year":
        return _leave(made, column, "an academic year") if made.year else replace(made, year=column)
    if role in ("forename", "surname", "class") and role not in made.shown:
        return replace(made, shown={**made.shown, role: column})
    if role == "birth" and column.kind == "date" and made.birth is None:
        return replace(made, birth=column, groups=(*made.groups, (column, "season")))
    if role in ("forename", "surname", "class", "private", "school", "id"):
        return _leave(made, column, "by its name it says who or where a child is: nothing to learn from")
    if column.kind == "upn" or (column.unique and (column.kind != "number" or column.whole)):
        return _leave(made, column, "nearly every child has a value of its own: it would name children")
    if role in ("protected", "proxy"):
        return _group(made, column)
    if why := post_outcome_reason(column.header, made.label.header):
        return _leave(made, column, f"possible target leakage: {why}")
    if role == "status":
        if 2 <= len(column.codes) <= _MOST_OUTCOMES:
            return replace(made, status=(*made.status, (column, _yes_and_no(column)[0])))
        return _leave(made, column, "by its name it says whose needs are on the SEN register: use it under `eligible`")
    if named_after(column.header, made.label.header):
        return _leave(made, column, "possible target leakage: the outcome's name is in its name")
    if column.kind == "date":
        return _leave(made, column, "a date: only an age can be worked out of one, with `derive: {age_in_months: ...}`")
    if column.kind == "text":
        return _leave(made, column, "free text, or more codes than can be told apart")
    if column.kind == "number" and column.bounds is None:
        return _leave(made, column, f"fewer than {_LEAST} children have a value")
    return replace(made, features=(*made.features, column))


def _leave(made: ProjectDraft, column: ColumnProfile, reason: str) -> ProjectDraft:
    return replace(made, left_out={**made.left_out, column.header: reason})


def _group(made: ProjectDraft, column: ColumnProfile) -> ProjectDraft:
    """Return the draft with a column as groups to compare: by its codes, or by those of the census."""
    known = column.values.dropna().astype(str).str.upper()
    derive: Derive | None = None
    if float(known.isin(list(ETHNIC_GROUPS)).mean()) >= _MOST_RECOGNISED:
        derive = "ethnic_group"
    elif column.header.casefold().find("lang") >= 0 and float(known.isin(["ENG", "ENB"]).mean()) > 0:
        derive = "eal"
    if derive is None and not column.codes:
        why = "close to a protected characteristic" if column.role == "proxy" else "a protected characteristic"
        return _leave(made, column, f"{why}, so no feature; to compare by it, put it into a few bands in the file")
    return replace(made, groups=(*made.groups, (column, derive)))
