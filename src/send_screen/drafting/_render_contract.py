"""A commented data contract for a table that has none yet."""

from __future__ import annotations

import json
from collections.abc import Iterator

from send_screen.drafting._profile import ColumnProfile
from send_screen.drafting._roles import ProjectDraft

VERSION = "1.0.0"


def quoted(text: str) -> str:
    """Return a text as a YAML scalar, on one line and without what YAML cannot hold."""
    return json.dumps("".join(c for c in text if c.isprintable()), ensure_ascii=False)


def plain(text: str) -> str:
    """Return a text for a comment, on one line."""
    return "".join(c if c.isprintable() else " " for c in text)


def render_contract(made: ProjectDraft, contract: str, file: str, n: int) -> str:
    """Return the contract as YAML.

    Parameters
    ----------
    made : ProjectDraft
    contract : str
        Its id, ``"local/pupils"``.
    file : str
        Name of the file that it was written from.
    n : int
        Rows of that file.
    """
    agency, _, name = contract.partition("/")
    rule = name.upper().replace("_", "-")
    lines = [
        f"# What {plain(file)} holds, as send-screen init understood it from {n:,} rows: one entry a column that may",
        "# be used. It is a draft: GUESS marks what was concluded from the file, DECIDE what only you can say.",
        "# Nothing in it is one child's: codes are given that 10 children or more have; ranges are wider than theirs.",
        "# Once a model was trained under it, change nothing here: copy it as version 1.1.0 and name that in the spec.",
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {contract}",
        f"name: {quoted('The table ' + file)}  # DECIDE: what it is, in words",
        f"version: {VERSION}",
        "status: draft",
        f"domain: {agency}  # the agency whose data it is; it is also the name of this file's folder",
        "description:",
        "  # DECIDE: what the data were collected for, and what they may be used for.",
        "  purpose: To be decided.",
        "customProperties:",
        "  # DECIDE: why you may process these data, with the law. Ask your data protection officer.",
        "  - {property: lawfulBasis, value: To be decided.}",
        "roles:",
        "  # DECIDE: who reads lists made from this. A column whose `visibleTo` lack a role is not shown to it.",
        "  - {role: senco, description: The school's special educational needs co-ordinator}",
        "schema:",
        f"  - name: {name}",
        f"    businessName: {quoted(file)}",
        "    logicalType: object",
        "    physicalType: table",
        "    dataGranularityDescription: One row a child",
        "    quality:",
        *_own(
            f"{rule}-COLUMNS", "columns", "The file has every column of the contract that is not optional.", "      "
        ),
        *_own(f"{rule}-HEADERS", "headers", "No column is there twice.", "      "),
        f"      - {{id: {rule}-ROWS, metric: rowCount, mustBeGreaterThan: 0, description: There is a child in it.}}",
        "    properties:",
        "      # DECIDE for each column below: what are its codes, in words? What can its lowest and highest value be?",
        "      # When was it known? With this under customProperties, training refuses what is later than `as_of`:",
        '      #   - {property: recordedOn, value: "2026-07-31"}',
        "      # (or `column:NAME`: on the date that another column holds).",
    ]
    return "\n".join([*lines, *_columns(made)]) + "\n"


def _columns(made: ProjectDraft) -> Iterator[str]:
    yield from _column(made.child_id, "The child's identifier. No model sees it.", key=True)
    yield from _column(made.school, "The school. Children of one school stay on one side of every split.", text=True)
    yield from _column(made.label, "What happened later: the outcome.", optional=True)
    for column in made.shown.values():
        yield from _column(column, "So that people can find the child.", text=True, optional=True)
    for column, derive in made.groups:
        words = "Compared as groups, never a feature." if derive != "season" else "For age, and the season of birth."
        yield from _column(column, words, text=derive in ("ethnic_group", "eal"), optional=True)
    if made.year:
        yield from _column(made.year, "The academic year that the row is of.")
    for column, _ in made.status:
        yield from _column(column, "Says whose needs are already on the SEN register.")
    compared = {column.header for column, _ in made.groups}
    for column in made.features:
        if column.header not in compared:
            yield from _column(column, "A feature of the model.")


def _column(
    column: ColumnProfile, words: str, *, key: bool = False, text: bool = False, optional: bool = False
) -> Iterator[str]:
    kind = "upn" if key and column.kind == "upn" else "text" if key or text else column.kind
    as_codes = column.role in ("protected", "proxy") or words.startswith(("What happened", "Says whose"))
    coded = kind == "codes" or (kind == "number" and as_codes and bool(column.codes))
    rule = column.name.upper().replace("_", "-")
    yield ""
    yield from (f"      # {line}" for line in _comments(column, coded=coded, key=key, text=text))
    yield f"      - name: {column.name}"
    yield f"        businessName: {quoted(column.label)}"
    yield f"        description: {quoted(words)}"
    logical = "string" if coded or kind in ("upn", "text", "codes", "year") else kind
    yield f"        logicalType: {'integer' if logical == 'number' and column.whole else logical}"
    if column.bounds and not coded and kind == "number":
        low, high = (f"{bound:.10g}" for bound in column.bounds)
        yield f"        logicalTypeOptions: {{minimum: {low}, maximum: {high}}}"
    if key:
        yield "        primaryKey: true"
        yield "        primaryKeyPosition: 1"
        yield "        required: true"
        yield "        unique: true"
    special = column.role in ("protected", "proxy", "status") or words.startswith("What happened")
    yield f"        classification: {'special' if special else 'personal'}"
    yield "        customProperties:"
    yield "          - {property: visibleTo, value: [senco]}"
    if optional:
        yield "          - {property: optional, value: true}"
    if column.header != column.name:
        yield f"          - {{property: aliases, value: [{quoted(column.header)}]}}"
    if column.role in ("protected", "proxy", "absence", "attendance"):
        yield f"          - {{property: characteristic, value: {column.role}}}"
    if words.startswith(("What happened", "Says whose")):
        yield "          - {property: outcomeStatus, value: true}"
    if coded:
        yield "          - property: levels"
        yield "            value:  # say each code in words"
        for one in column.codes:
            yield f"              - {{code: {quoted(one)}, words: {quoted('code ' + one)}}}"
        yield "          - {property: codeSet, value: {source: the file itself}}"
    quality = [*_quality(column, kind, rule, coded=coded, key=key)]
    if quality:
        yield "        quality:"
        yield from quality


def _quality(column: ColumnProfile, kind: str, rule: str, *, coded: bool, key: bool) -> Iterator[str]:
    place = "          "
    if key:
        yield f"{place}- {{id: {rule}-BLANK, metric: nullValues, mustBe: 0, description: Every child has one.}}"
        yield f"{place}- {{id: {rule}-DOUBLE, metric: duplicateValues, mustBe: 0, description: No child is twice.}}"
        if kind == "upn":
            yield from _own(f"{rule}-CHECK", "upn", "A UPN keeps its form, and its check letter fits.", place)
        return
    if coded:
        yield f"{place}- id: {rule}-CODE"
        yield f"{place}  metric: invalidValues"
        yield f"{place}  arguments: {{validValues: [{', '.join(map(quoted, column.codes))}]}}"
        yield f"{place}  mustBe: 0"
        yield f"{place}  severity: warning"
        yield f"{place}  description: The value is one of the codes."
        return
    if kind == "year":
        yield from _own(f"{rule}-YEAR", "academicYear", "An academic year is written as 2022/23.", place)
    if kind in ("number", "date"):
        words = "date" if kind == "date" else "whole number" if column.whole else "number"
        yield from _own(f"{rule}-TYPE", "type", f"The value is a {words}.", place, warning=True)
    if kind == "number" and column.bounds:
        low, high = (f"{bound:.10g}" for bound in column.bounds)
        yield from _own(f"{rule}-RANGE", "range", f"The value is between {low} and {high}.", place, warning=True)


def _own(rule: str, kind: str, words: str, place: str, *, warning: bool = False) -> Iterator[str]:
    yield f"{place}- id: {rule}"
    yield f"{place}  type: custom"
    yield f"{place}  engine: send_screen"
    yield f"{place}  implementation: {kind}"
    if warning:
        yield f"{place}  severity: warning  # the value counts as not known, and the child is kept"
    yield f"{place}  description: {words}"


def _comments(column: ColumnProfile, *, coded: bool, key: bool, text: bool) -> Iterator[str]:
    """Yield what was guessed of a column, and what is to be decided."""
    if key:
        yield "GUESS: UPNs, by their check letters." if column.kind == "upn" else "GUESS: text of any form."
        return
    if text:
        return
    if column.role in ("protected", "proxy"):
        yield (
            "GUESS, by its name: a protected characteristic. Groups are compared; it is never a feature."
            if column.role == "protected"
            else "GUESS, by its name: close to a protected characteristic. Groups are compared; a feature may only"
        )
        if column.role == "proxy":
            yield "be made of it that can never lower a child's risk, with a written justification."
    if column.role in ("absence", "attendance"):
        yield f"GUESS, by its name: {column.role}. A feature only so that missing school never lowers the risk."
    if coded:
        yield "GUESS: codes." + (
            " Rarer ones, which fewer than 10 children have, are not listed: add those that are real."
            if column.rarer
            else ""
        )
    elif column.kind == "number":
        yield f"GUESS: {'whole numbers' if column.whole else 'numbers'}, in a range wider than the file's."
        if column.codes:
            yield "If they are codes without an order, give them `levels` as above, and make the feature a category."
        if column.not_known:
            yield (
                f"DECIDE: many children have {', '.join(f'{value:g}' for value in column.not_known)}. It was taken for "
                "'not known', and lies outside the range."
            )
        if column.stray:
            yield "A few values are not numbers. They count as not known."
    elif column.kind == "date":
        yield "GUESS: dates, day first where they are not written as 2018-03-25."
