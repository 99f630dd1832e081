"""Mistakes that a schema cannot see: names that do not exist, codes that nobody has, features that must not be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from send_screen.contracts import Column, Contract
from send_screen.documents import closest
from send_screen.specs._spec import ColumnRef, code

# What the evidence can tell of a difference between two policies.
COMPARED = ("roc_auc", "average_precision", "recall", "precision")


def meaning_mistakes(document: dict[str, Any], contracts: Mapping[str, Contract]) -> Iterator[str]:
    """Yield each mistake with its place.

    Parameters
    ----------
    document : dict
        A document that keeps the schema.
    contracts : mapping of contract id to Contract
        Those under ``data`` that there are.
    """
    yield from _date_mistakes(document)
    for place, text in _column_texts(document):
        ref = ColumnRef.parse(text)
        if ref.contract not in contracts:
            yield f"{place}: the contract {ref.contract!r} is not under `data`{closest(ref.contract, contracts)}"
        elif ref.column not in contracts[ref.contract].columns:
            known = contracts[ref.contract].columns
            yield f"{place}: {ref.contract} has no column {ref.column!r}{closest(ref.column, known)}"
    yield from _code_mistakes(document, contracts)
    yield from _feature_mistakes(document, contracts)
    yield from _name_mistakes(document)
    yield from _gate_mistakes(document)
    model = document.get("model", "additive")
    if "model_parameters" in document and model != "logistic":
        yield (f"$.model_parameters: `model: {model}` has no parameters (C is of `model: logistic`): take the line out")
    yield from _outcome_mistakes(document, contracts)


def _date_mistakes(document: dict[str, Any]) -> Iterator[str]:
    for key in ("as_of", "review_date"):
        if isinstance(document[key], str):
            try:
                dt.date.fromisoformat(document[key])
            except ValueError:
                yield f"$.{key}: {document[key]!r} is not a date of the calendar"
        else:
            try:
                dt.date.fromisoformat(f"2024-{document[key]['month_day']}")
            except ValueError:
                yield f"$.{key}.month_day: {document[key]['month_day']!r} is not a day of the calendar"


def _column_texts(part: object, place: str = "$") -> Iterator[tuple[str, str]]:
    """Yield the place and text of every column reference, wherever it stands."""
    keys = {"column", "school", "class", "born", "year", "month", "of", "out_of", "academic_year"}
    if isinstance(part, dict):
        for key, value in part.items():
            here = f"{place}.{key}"
            if key in keys and isinstance(value, str):
                yield here, value
            elif key == "name" and isinstance(value, list):
                yield from ((f"{here}[{position}]", text) for position, text in enumerate(value))
            else:
                yield from _column_texts(value, here)
    elif isinstance(part, list):
        for position, value in enumerate(part):
            yield from _column_texts(value, f"{place}[{position}]")


def _coded(document: dict[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield place, column and codes of everything that names codes of a column."""
    for part in ("population", "eligible"):
        for position, condition in enumerate(document[part]["where"]):
            for key in ("in", "not_in"):
                if key in condition:
                    yield f"$.{part}.where[{position}].{key}", condition["column"], condition[key]
    for key in ("positive", "negative"):
        yield f"$.outcome.{key}", document["outcome"]["column"], document["outcome"][key]
    for position, group in enumerate(document["groups"]):
        if "derive" not in group:
            yield f"$.groups[{position}].levels", group["column"], list(group.get("levels", {}))
    for position, feature in enumerate(document["features"]):
        equals = feature.get("derive", {}).get("equals")
        if equals:
            yield f"$.features[{position}].derive.equals.value", equals["column"], [equals["value"]]


def _code_mistakes(document: dict[str, Any], contracts: Mapping[str, Contract]) -> Iterator[str]:
    for place, text, values in _coded(document):
        column = _column(contracts, text)
        known = column.levels if column else None
        for value in values:
            if known and code(value) not in known:
                yield f"{place}: {text} has no code {value!r}; it has {', '.join(known)}"


def _column(contracts: Mapping[str, Contract], text: str) -> Column | None:
    ref = ColumnRef.parse(text)
    return contracts[ref.contract].columns.get(ref.column) if ref.contract in contracts else None


def _feature_mistakes(document: dict[str, Any], contracts: Mapping[str, Contract]) -> Iterator[str]:
    training_only = {use["contract"].partition("@")[0] for use in document["data"] if use.get("training_only")}
    outcome = document["outcome"]["column"]
    research = "research_comparison" in document
    seen: set[str] = set()
    for position, feature in enumerate(document["features"]):
        place = f"$.features[{position}]"
        if feature["name"] in seen:
            yield f"{place}.name: {feature['name']!r} stands twice"
        seen.add(feature["name"])
        for _, text in _column_texts(feature, place):
            if text == outcome:
                yield f"{place}: {text} is the outcome, and cannot be a feature"
            elif ColumnRef.parse(text).contract in training_only:
                yield f"{place}: {text} is there for training only: a child to be screened has none"
            column = _column(contracts, text)
            if column is not None:
                yield from _column_mistakes(place, text, column, feature, research=research)
        if feature["kind"] == "category" and feature.get("sign", "none") != "none":
            yield f"{place}.sign: a category has no order, so it has no sign"


def _column_mistakes(
    place: str, text: str, column: Column, feature: dict[str, Any], *, research: bool
) -> Iterator[str]:
    """Yield what a feature may not make of a column."""
    sign, derive = feature.get("sign", "none"), feature.get("derive", {})
    numeric = column.logical_type in ("integer", "number") or all(map(str.isdigit, column.levels or ["x"]))
    if "column" in feature and feature["kind"] == "category" and not column.levels:
        yield f"{place}: {text} has no codes, so it cannot be a category: it could name a child"
    if "column" in feature and feature["kind"] == "number" and not numeric:
        yield f"{place}: {text} does not hold numbers"
    if column.unique or column.primary_key:
        yield f"{place}: {text} names a child, and cannot be a feature"
    if column.characteristic == "protected" and not research:
        yield (
            f"{place}: {text} is a protected characteristic: compare it under `groups`, never as a feature "
            "(only a spec marked `research_comparison`, which cannot be promoted, may)"
        )
    if column.characteristic == "proxy":
        if not feature.get("justification"):
            yield f"{place}: {text} stands close to a protected characteristic: give a written `justification`"
        if sign != "increasing" or "equals" not in derive:
            yield f"{place}: {text} must never lower the risk: write `derive: {{equals: ...}}` and `sign: increasing`"
    wanted = {"absence": "increasing", "attendance": "decreasing"}.get(column.characteristic or "")
    if wanted and sign != wanted and text != derive.get("share", {}).get("out_of"):
        yield f"{place}.sign: absence must never lower the risk, so {text} needs `sign: {wanted}`"


def _name_mistakes(document: dict[str, Any]) -> Iterator[str]:
    features = [feature["name"] for feature in document["features"]]
    rule = document["rule"]
    for key in ("features", "natural"):
        for position, name in enumerate(rule.get(key, [])):
            if name not in features:
                yield f"$.rule.{key}[{position}]: no feature is called {name!r}{closest(name, features)}"
    if "feature" in rule and rule["feature"] not in features:
        yield f"$.rule.feature: no feature is called {rule['feature']!r}{closest(rule['feature'], features)}"
    groups = [group["name"] for group in document["groups"]]
    for name in sorted({name for name in groups if groups.count(name) > 1}):
        yield f"$.groups: {name!r} stands twice"
    for position, pair in enumerate(document.get("intersections", [])):
        for name in pair:
            if name not in groups:
                yield f"$.intersections[{position}]: no group is called {name!r}{closest(name, groups)}"
    overlap = {code(v) for v in document["outcome"]["positive"]} & {code(v) for v in document["outcome"]["negative"]}
    for value in sorted(overlap):
        yield f"$.outcome: {value!r} is both positive and negative"


def _gate_mistakes(document: dict[str, Any]) -> Iterator[str]:
    challengers = document.get("challengers", [])
    for position, gate in enumerate(document["gates"]):
        against = gate.get("against")
        if against and against != "rule" and against not in challengers:
            yield f"$.gates[{position}].against: {against!r} is not under `challengers`"
        if against and gate["metric"] not in COMPARED:
            compared = ", ".join(COMPARED)
            yield f"$.gates[{position}].metric: {gate['metric']} is not compared with a policy; {compared} are"
        if "at_least" in gate and "at_most" in gate and gate["at_least"] > gate["at_most"]:
            yield f"$.gates[{position}]: at_least is above at_most, so no version could pass"


def _outcome_mistakes(document: dict[str, Any], contracts: Mapping[str, Contract]) -> Iterator[str]:
    outcome = document["outcome"]
    column = _column(contracts, outcome["column"])
    dated = column is not None and (column.recorded_on or "").startswith("column:")
    followed = outcome.get("followed_months")
    if dated and followed is None:
        yield (
            "$.outcome: 'followed_months' missing: a child without the outcome counts only with a record at least so "
            "many months after the as-of date (a child who moved away is not a child without need)"
        )
    if followed is not None and followed > outcome["horizon_months"]:
        yield "$.outcome.followed_months: it is beyond the horizon, so no child could count"
