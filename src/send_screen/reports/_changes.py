"""What changed between two versions: the decision, the model, the data, the code, and the spec line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from send_screen.reports._published import rows
from send_screen.reports._verdicts import QUESTIONS, answers
from send_screen.reports._words import date_words, percent, said, whole

ABSENT = "not there"


@dataclass(frozen=True)
class Change:
    """One thing that differs: what it is, and how it is in the first version and in the second."""

    what: str
    first: str
    second: str


@dataclass(frozen=True)
class Changes:
    """One part of a version: what differs in it, and the names of what is the same."""

    part: str
    changed: tuple[Change, ...]
    same: tuple[str, ...]


Facts = Mapping[str, str]


def changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Changes, ...]:
    """Return what differs between what two versions publish, part by part."""
    parts = {"The decision": _decision, "The model": _model, "Data and contracts": _data, "Code and packages": _code}
    return tuple(_beside(part, facts(first), facts(second)) for part, facts in parts.items())


def spec_changes(first: Any, second: Any) -> tuple[Change, ...]:
    """Return every line in which two parsed specs differ, under the path to it."""
    return _beside("", dict(_lines(first)), dict(_lines(second))).changed


def _beside(part: str, first: Facts, second: Facts) -> Changes:
    names = list(dict.fromkeys([*first, *second]))
    both = [(name, first.get(name, ABSENT), second.get(name, ABSENT)) for name in names]
    return Changes(
        part,
        tuple(Change(name, one, other) for name, one, other in both if one != other),
        tuple(name for name, one, other in both if one == other != ABSENT),
    )


def _lines(value: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[str, str]]:
    """Yield each line of a parsed YAML under its path; items of a list go by their name where they have one."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _lines(item, (*path, str(key)))
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value, start=1):
            name = next((item[key] for key in ("name", "contract", "metric", "rule") if item.get(key)), number)
            yield from _lines(item, (*path, str(name)))
    else:
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield " › ".join(path), text


def _version(published: Mapping[str, Any]) -> Mapping[str, Any]:
    return published.get("version") or {}


def _decision(published: Mapping[str, Any]) -> dict[str, str]:
    version = _version(published)
    owner: Mapping[str, Any] = version.get("owner") or {}
    asked = {answer.question: f"{answer.tolerance} of 100" for answer in answers(published) if answer.tolerance}
    capacity = version.get("capacity")
    return {
        **{
            words: said(version, key, ABSENT)
            for words, key in (
                ("Title", "title"),
                ("Intended use", "intended_use"),
                ("Population", "population"),
                ("It may be asked about", "eligible_words"),
                ("The one-line rule", "baseline_words"),
            )
        },
        "Places (capacity)": ABSENT if capacity is None else f"{percent(capacity)} of 100 children",
        **{f"Must not be used {use}": "said" for use in version.get("prohibited_uses") or ()},
        **{f"Owner: {part}": said(owner, part, ABSENT) for part in ("organisation", "team", "role", "contact")},
        **{f"Tolerance: {question}": asked.get(question, ABSENT) for question in QUESTIONS.values()},
        **{f"Gate: {said(gate, 'gate')}": said(gate, "required") for gate in version.get("gates") or ()},
        "To be reviewed by": date_words(said(version, "review_date", ABSENT)),
        "Groups compared": "; ".join(dict.fromkeys(said(row, "attribute") for row in rows(published, "groups"))),
    }


def _model(published: Mapping[str, Any]) -> dict[str, str]:
    version = _version(published)
    return {
        "Kind": said(version, "model", ABSENT),
        "Tables (SHA-256)": said(version, "tables_sha256", ABSENT),
        **{
            f"Looks at: {said(shape, 'label')}": f"from {said(shape, 'agency')}, sign {said(shape, 'sign', 'none')}"
            for shape in rows(published, "shapes")
        },
        **{
            f"Together: {' and '.join(interaction['labels'])}": "looked at"
            for interaction in rows(published, "interactions")
        },
        **{f"Challenger: {name}": words for name, words in (version.get("challengers") or {}).items()},
    }


def _data(published: Mapping[str, Any]) -> dict[str, str]:
    version = _version(published)
    cohort: Mapping[str, Any] = published.get("cohort") or {}
    counts = {"Children": "n", "With the outcome": "n_outcome", "Schools": "n_schools"}
    return {
        "Data (SHA-256)": said(version, "data_sha256", ABSENT),
        **{words: ABSENT if cohort.get(key) is None else whole(cohort[key]) for words, key in counts.items()},
        "Known as of": date_words(said(version, "as_of", ABSENT)),
        "Whole schools kept aside": said(version, "held_out_schools", ABSENT),
        "Folds, by school": said(version, "folds", ABSENT),
        "Seeds of the folds": ", ".join(map(str, version.get("fold_seeds") or ())) or ABSENT,
        **{f"Contract {name}": sha256 for name, sha256 in (version.get("contracts") or {}).items()},
        **{
            f"{what} of {said(use, 'contract')}": said(use, key, ABSENT)
            for use in version.get("data") or ()
            for what, key in (("Purpose", "purpose"), ("Lawful basis", "lawful_basis"))
        },
    }


def _code(published: Mapping[str, Any]) -> dict[str, str]:
    version = _version(published)
    packages = (version.get("packages") or {}).items()
    return {
        "Spec (SHA-256)": said(version, "spec_sha256", ABSENT),
        "send_screen": said(version, "release", ABSENT),
        "Code that makes numbers (SHA-256)": said(version, "code_version", ABSENT),
        **{str(name): str(number) for name, number in packages},
    }
