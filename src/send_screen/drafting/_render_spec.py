"""A commented model spec for a table that has none yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from send_screen.drafting._profile import ColumnProfile
from send_screen.drafting._render_contract import VERSION, plain, quoted
from send_screen.drafting._roles import OPTIONS, ProjectDraft

_FOLDS = 5
AGE = "age_in_months"
_WORDS = {
    ("m", "f"): {"m": "boys", "f": "girls"},
    ("male", "female"): {"male": "boys", "female": "girls"},
    ("boy", "girl"): {"boy": "boys", "girl": "girls"},
}


def render_spec(
    made: ProjectDraft, contract: str, name: str, file: str, *, baseline: ColumnProfile, today: dt.date
) -> str:
    """Return the spec as YAML.

    Parameters
    ----------
    made : ProjectDraft
    contract : str
        The contract's id, ``"local/pupils"``.
    name : str
        The model's name.
    file : str
        Name of the file that it was written from.
    baseline : ColumnProfile
        The feature that the baseline ranks by.
    today : datetime.date
    """
    lines = [
        f"# The decision behind a model, as send-screen init drafted it from {plain(file)}. It loads as it stands.",
        "# GUESS marks what was concluded from the file: check it. DECIDE marks what only you can say: say it, and",
        "# take the mark away. The file's hash is part of every version that is trained from it.",
        "format: send_screen.spec/1",
        f"name: {name}",
        f"title: {quoted(f'Children of {file} who may need support later')}  # DECIDE: in a parent's words",
        "owner:  # DECIDE: who answers for this model",
        "  organisation: To be decided",
        "  team: To be decided",
        "  role: To be decided",
        "  contact: To be decided",
        "# DECIDE: who may use it for what, and when.",
        "intended_use: To give a school a list of children whom it would be worth talking about first, with reasons.",
        "prohibited_uses:  # the format asks for one; these should stay",
        "  - to refuse, delay or ration an assessment, or to answer a parent's or a teacher's concern",
        "  - as a diagnosis",
        "  - to set or compare the performance of schools or teachers",
        "",
        "data:",
        f"  - contract: {contract}@{VERSION}  # the file contracts/{contract}-{VERSION}.odcs.yaml beside this one",
        "    essential: true",
        "",
        *_identity(made, contract),
        "",
        "# DECIDE: the last day on which everything that the model looks at was known. What is later is not for it.",
        _as_of(made, contract, today),
        "",
        "population:",
        "  description: children of the age and the schools of this file  # DECIDE: which year group, where, when",
        "  where: []  # DECIDE: conditions that tell a wrong file, as under `eligible`",
        "",
        *_eligible(made, contract),
        "",
        *_outcome(made, contract),
        "",
        *_features(made, contract),
        "",
        "# GUESS: the feature whose low values alone find the outcome best. A model must beat this baseline.",
        "baseline:",
        "  kind: low_score",
        f"  feature: {baseline.name}",
        f"  description: {quoted(f'the lower {baseline.label}, the earlier on the list')}",
        "  operating_point:",
        "    lowest_share: 0.2",
        f"    description: {quoted(f'are in the lowest fifth for {baseline.label}')}",
        "",
        "model: additive  # or logistic, or the baseline itself; any of them can be read",
        "challengers: [lightgbm]  # trained beside it, to say what it costs that people can read the model",
        "capacity: 0.10  # DECIDE: of all children, the share that can be looked at",
        "",
        *_groups(made, contract),
        "# DECIDE: by how much more one group's need may be missed than another's; by how much more it may be listed",
        "# without need; by how much a score may say more or less than happens. 0.10 is 10 of 100 children.",
        "tolerance: {false_negative_rate: 0.10, false_positive_rate: 0.05, calibration_in_the_large: 0.05}",
        "",
        "# DECIDE: what a version must keep before it may be used. Say it before you see how well it does.",
        "gates:",
        "  - {metric: roc_auc, at_least: 0.65}",
        "  - {metric: calibration_slope, at_least: 0.8, at_most: 1.25}",
        "  - {metric: recall, against: baseline, at_least: 0.0}",
        "",
        f"validation: {{folds: {min(_FOLDS, made.school.n_distinct)}, seeds: [0]}}  # folds keep schools together",
        f"review_date: {dt.date(today.year + 1, 7, 31).isoformat()}  # DECIDE: no version may be used after this day",
    ]
    return "\n".join(lines) + "\n"


def _guess(made: ProjectDraft, part: str) -> str:
    return f"  # GUESS: if not, run init again with {OPTIONS[part]}" if part in made.guessed else ""


def _as_of(made: ProjectDraft, contract: str, today: dt.date) -> str:
    if made.year:
        return (
            f'as_of: {{academic_year: {contract}.{made.year.name}, month_day: "07-31"}}  # GUESS: the end of that year'
        )
    return f"as_of: {dt.date(today.year - (today < dt.date(today.year, 7, 31)), 7, 31).isoformat()}"


def _identity(made: ProjectDraft, contract: str) -> Iterator[str]:
    yield f"child_id: {made.child_id.name}{_guess(made, 'child_id')}"
    yield f"school: {contract}.{made.school.name}{_guess(made, 'school')}"
    names = [made.shown[part].name for part in ("forename", "surname") if part in made.shown]
    if made.shown:
        yield "show:  # what a list shows beside the identifier, to who may see it; no model sees it"
        if names:
            yield f"  name: [{', '.join(f'{contract}.{one}' for one in names)}]"
        if "class" in made.shown:
            yield f"  class: {contract}.{made.shown['class'].name}"


def _eligible(made: ProjectDraft, contract: str) -> Iterator[str]:
    yield "# Children whose needs are already on the SEN register are not asked about: finding them is not early."
    yield "eligible:"
    if made.status:
        names = ", ".join(column.label for column, _ in made.status)
        yield f"  description: children with no need on the SEN register in {plain(names)}  # DECIDE: in words"
        yield "  where:  # GUESS, by the column's name and codes"
        for column, codes in made.status:
            yield f"    - column: {contract}.{column.name}"
            yield f"      not_in: [{', '.join(map(quoted, codes))}]"
            yield f"      rule: ELIGIBLE-{column.name.upper().replace('_', '-')}"
            yield f"      description: {quoted(f'a need is already on the SEN register ({column.label})')}"
        return
    hints = [c.label for c, _ in made.groups if "disab" in c.label.casefold()]
    yield "  # DECIDE: no column was found that says whose needs are on the SEN register. If one does, name it with"
    yield "  # the codes that say so. The condition below leaves nobody out; it is here as the format asks for one."
    if hints:
        yield f"  # Does {plain(hints[0])} say so?"
    yield "  description: all children of the file, for it does not say whose needs are on the SEN register"
    yield "  where:"
    yield f"    - column: {contract}.{made.school.name}"
    yield '      not_in: ["(nobody is left out)"]'
    yield "      rule: ELIGIBLE-NOT-ON-SEN-REGISTER"
    yield "      description: a need is already on the SEN register"


def _outcome(made: ProjectDraft, contract: str) -> Iterator[str]:
    yield "outcome:"
    yield f"  column: {contract}.{made.label.name}{_guess(made, 'label')}"
    yield f"  positive: [{', '.join(map(quoted, made.positive))}]  # GUESS: codes that say that it happened"
    yield f"  negative: [{', '.join(map(quoted, made.negative))}]"
    yield "  horizon_months: 24  # DECIDE: within how many months after `as_of`"
    yield f"  description: {quoted(f'had {made.label.label}')}  # DECIDE: 'of 100 children on the list, 38 ...'"


def _features(made: ProjectDraft, contract: str) -> Iterator[str]:
    yield "# DECIDE for each: was it known by `as_of`? Say its label in words, as it should stand in a child's reasons."
    yield "# `monotonic: decreasing` promises that a higher value never raises the risk (a test score), `increasing`"
    yield "# that it never lowers it; without it the data decide. `area` gives the area of need."
    yield "features:"
    if made.birth and AGE not in {column.name for column in made.features}:
        yield f"  - name: {AGE}"
        yield f"    derive: {{age_in_months: {{born: {contract}.{made.birth.name}, at: as_of}}}}"
        yield "    kind: number"
        yield "    label: Age"
        yield "    unit: months"
    for column in made.features:
        yield f"  - name: {column.name}"
        yield f"    column: {contract}.{column.name}"
        yield f"    kind: {'number' if column.numeric else 'category'}"
        if column.role in ("absence", "attendance"):
            sign = "increasing" if column.role == "absence" else "decreasing"
            yield f"    monotonic: {sign}  # missing school may never lower a child's risk"
        yield f"    label: {quoted(column.label)}"
    for column, _ in made.groups:
        if column.role == "proxy" and len(column.codes) == 2:
            yield from _proxy(column, contract)
    if made.left_out:
        yield "  # Left out, with the reason. A column that you take in must be in the contract too."
        for header, reason in made.left_out.items():
            yield f"  # - {plain(header)}: {plain(reason)}"


def _proxy(column: ColumnProfile, contract: str) -> Iterator[str]:
    name, value = column.name, quoted(column.codes[-1])
    yield f"  # {plain(column.label)} is compared as groups. To look at it too (it can then only ever raise a risk):"
    yield f"  # - name: {name}"
    yield f"  #   derive: {{equals: {{column: {contract}.{name}, value: {value}}}}}"
    yield "  #   kind: number"
    yield "  #   monotonic: increasing"
    yield "  #   justification: why it is needed, and at whose cost"
    yield f"  #   label: {quoted(column.label)}"


def _groups(made: ProjectDraft, contract: str) -> Iterator[str]:
    yield "# GUESS: groups whose missed need is compared. DECIDE: say each in words, as in 'of 100 girls who ...'."
    yield "groups:"
    for column, derive in made.groups:
        yield f"  - name: {'birth_season' if derive == 'season' else column.name}"
        yield f"    column: {contract}.{column.name}"
        yield f"    label: {quoted('Season of birth' if derive == 'season' else column.label)}"
        if derive:
            yield f"    derive: {derive}"
        else:
            levels = ", ".join(f"{quoted(code)}: {quoted(words)}" for code, words in _group_words(column))
            yield f"    levels: {{{levels}}}"


def _group_words(column: ColumnProfile) -> list[tuple[str, str]]:
    keys = {one.casefold() for one in column.codes}
    if keys in ({"yes", "no"}, {"y", "n"}, {"true", "false"}):
        how = {True: "with", False: "without"}
        return [(one, f"children {how[one[:1].casefold() in 'yt']} {column.label}") for one in column.codes]
    for codes, words in _WORDS.items():
        if keys == set(codes):
            return [(one, words[one.casefold()]) for one in column.codes]
    return [(one, f"children with {column.label} {one}") for one in column.codes]
