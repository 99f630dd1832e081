"""Turn a validated YAML document into a :class:`ModelSpec`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from send_screen.contracts import Contract
from send_screen.specs._spec import (
    TOLERANCES,
    AgeInMonths,
    ColumnRef,
    Condition,
    DataUse,
    Equals,
    Feature,
    Gate,
    GoalsNotMet,
    Group,
    LowScore,
    ModelSpec,
    Outcome,
    Series,
    Share,
)


def parse(document: dict[str, Any], *, text: str, sha256: str, contracts: dict[str, Contract]) -> ModelSpec:
    """Build the spec from a document in which no mistake was found."""
    show = document.get("show", {})
    school = ColumnRef.parse(document["school"])
    as_of = document["as_of"]
    fixed = isinstance(as_of, str)
    series = document["population"].get("series")
    return ModelSpec(
        name=document["name"],
        title=_words(document["title"]),
        owner={key: _words(value) for key, value in document["owner"].items()},
        intended_use=_words(document["intended_use"]),
        prohibited_uses=tuple(map(_words, document["prohibited_uses"])),
        research_comparison=_words(document.get("research_comparison", "")),
        data=tuple(_data_use(use) for use in document["data"]),
        child_id=document["child_id"],
        school=school,
        show_name=tuple(ColumnRef.parse(ref) for ref in show.get("name", [])),
        show_class=ColumnRef.parse(show["class"]) if "class" in show else None,
        show_school=ColumnRef.parse(show["school"]) if "school" in show else school,
        as_of=dt.date.fromisoformat(as_of) if fixed else None,
        as_of_year=None if fixed else ColumnRef.parse(as_of["academic_year"]),
        as_of_month_day="" if fixed else as_of["month_day"],
        population_words=_words(document["population"]["words"]),
        population=_conditions(document["population"]["where"]),
        series=None
        if series is None
        else Series(ColumnRef.parse(series["column"]), series["from"], _words(series["words"])),
        eligible_words=_words(document["eligible"]["words"]),
        eligible=_conditions(document["eligible"]["where"]),
        outcome=_outcome(document["outcome"]),
        features=tuple(_feature(feature) for feature in document["features"]),
        rule=_rule(document["rule"]),
        model=document.get("model", "additive"),
        penalty_c=float(document.get("model_parameters", {}).get("C", 0.1)),
        challengers=tuple(document.get("challengers", [])),
        capacity=float(document["capacity"]),
        groups=tuple(_group(group) for group in document["groups"]),
        intersections=tuple((first, second) for first, second in document.get("intersections", [])),
        tolerances={metric: float(largest) for metric, largest in (TOLERANCES | document["tolerance"]).items()},
        gates=tuple(_gate(gate) for gate in document["gates"]),
        folds=document["validation"]["folds"],
        seeds=tuple(document["validation"]["seeds"]),
        review_date=dt.date.fromisoformat(document["review_date"]),
        text=text,
        sha256=sha256,
        contracts=contracts,
    )


def _words(text: str) -> str:
    return " ".join(text.split())


def _data_use(use: dict[str, Any]) -> DataUse:
    contract, _, version = use["contract"].partition("@")
    return DataUse(
        contract, version, use.get("essential", False), use.get("training_only", False), _words(use.get("purpose", ""))
    )


def _conditions(conditions: list[dict[str, Any]]) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            column=ColumnRef.parse(condition["column"]),
            values=tuple(condition["not_in"] if "not_in" in condition else condition["in"]),
            negated="not_in" in condition,
            rule=condition["rule"],
            words=_words(condition["words"]),
        )
        for condition in conditions
    )


def _outcome(outcome: dict[str, Any]) -> Outcome:
    return Outcome(
        column=ColumnRef.parse(outcome["column"]),
        positive=tuple(outcome["positive"]),
        negative=tuple(outcome["negative"]),
        horizon_months=outcome["horizon_months"],
        words=_words(outcome["words"]),
        followed_months=outcome.get("followed_months", 0),
    )


def _feature(feature: dict[str, Any]) -> Feature:
    words = feature["words"]
    return Feature(
        name=feature["name"],
        source=ColumnRef.parse(feature["column"]) if "column" in feature else _derive(feature["derive"]),
        kind=feature["kind"],
        sign=feature.get("sign", "none"),
        label=_words(words["label"]),
        unit=_words(words.get("unit", "")),
        area=words.get("area"),
        justification=_words(feature.get("justification", "")),
        expected_strong=_words(feature.get("expected_strong", "")),
    )


def _derive(derive: dict[str, Any]) -> AgeInMonths | Share | Equals:
    if "equals" in derive:
        return Equals(ColumnRef.parse(derive["equals"]["column"]), derive["equals"]["value"])
    if "share" in derive:
        return Share(ColumnRef.parse(derive["share"]["of"]), ColumnRef.parse(derive["share"]["out_of"]))
    age = derive["age_in_months"]
    born, year, month = (ColumnRef.parse(age[key]) if key in age else None for key in ("born", "year", "month"))
    return AgeInMonths(born=born, year=year, month=month, at=age["at"])


def _rule(rule: dict[str, Any]) -> GoalsNotMet | LowScore:
    if rule["kind"] == "low_score":
        return LowScore(
            rule["feature"], float(rule["natural_quantile"]), _words(rule["words"]), _words(rule["natural_words"])
        )
    return GoalsNotMet(
        features=tuple(rule["features"]),
        not_met=float(rule["not_met"]),
        met=float(rule["met"]),
        natural=tuple(rule["natural"]),
        words=_words(rule["words"]),
        natural_words=_words(rule["natural_words"]),
    )


def _group(group: dict[str, Any]) -> Group:
    return Group(
        name=group["name"],
        column=ColumnRef.parse(group["column"]),
        derive=group.get("derive"),
        label=_words(group["label"]),
        levels={str(code): _words(words) for code, words in group.get("levels", {}).items()},
    )


def _gate(gate: dict[str, Any]) -> Gate:
    return Gate(
        metric=gate["metric"],
        against=gate.get("against"),
        end=gate.get("end", "value"),
        at_least=gate.get("at_least"),
        at_most=gate.get("at_most"),
    )
