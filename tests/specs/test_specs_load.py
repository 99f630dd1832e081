"""A spec with a mistake in it does not load, and says which and where; a good one says everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from send_screen.contracts import available_contracts, load_contract
from send_screen.errors import SpecError
from send_screen.specs import (
    AcademicYearEnd,
    AgeInMonths,
    ColumnRef,
    Equals,
    GoalsNotMet,
    LowScore,
    SpecDocument,
    load_spec,
)
from send_screen.specs._load import parse_spec

Edit = Callable[[dict[str, Any]], object]


def spec_with(repository: Path, edit: Edit, model: str = "reception_sen") -> bytes:
    loaded = yaml.safe_load((repository / "models" / model / "spec.yaml").read_text("utf-8"))
    loaded["review_date"] = str(loaded["review_date"])
    if not isinstance(loaded["as_of"], dict):
        loaded["as_of"] = str(loaded["as_of"])
    edit(loaded)
    return yaml.safe_dump(loaded, sort_keys=False).encode()


def mistake(repository: Path, edit: Edit, model: str = "reception_sen") -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec(spec_with(repository, edit, model), file="spec.yaml")
    return str(caught.value)


@pytest.mark.parametrize("model", ["reception_sen", "reception_sen_agencies", "star_special_instruction"])
def test_shipped_specs_load(repository: Path, model: str) -> None:
    spec = load_spec(repository / "models" / model / "spec.yaml")
    assert spec.name == model
    assert spec.review_date > dt.date(2026, 1, 1)
    assert len(spec.sha256) == 64


def test_a_spec_is_typed(repository: Path) -> None:
    spec = load_spec(repository / "models" / "reception_sen" / "spec.yaml")
    assert spec.feature("E02").source == ColumnRef("education/eyfsp", "E02")
    assert isinstance(spec.feature("age_months").source, AgeInMonths)
    assert isinstance(spec.baseline, GoalsNotMet)
    assert spec.monotonic_cst["E01"] == "decreasing"
    assert "age_months" not in spec.monotonic_cst
    assert spec.as_of == AcademicYearEnd(academic_year="education/eyfsp.AcademicYear", month_day="07-31")
    star = load_spec(repository / "models" / "star_special_instruction" / "spec.yaml")
    assert isinstance(star.baseline, LowScore)
    assert star.as_of == dt.date(1986, 6, 30)
    assert isinstance(star.feature("free_lunch").source, Equals)


def test_the_hash_is_that_of_the_bytes(repository: Path) -> None:
    import hashlib

    path = repository / "models" / "reception_sen" / "spec.yaml"
    assert load_spec(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


CASES: dict[str, tuple[Edit, str]] = {
    "a misspelt key": (lambda d: d.update(capcity=d.pop("capacity")), "did you mean 'capacity'"),
    "a limit on the terms of another model": (
        lambda d: d.update(model="logistic", model_parameters={"max_terms": 5}),
        "$.model_parameters.max_terms: is of `model: additive`, not of `model: logistic`: take it out",
    ),
    "no points": (lambda d: d.update(scorecard_points=1), "$.scorecard_points"),
    "people without a word": (
        lambda d: d.update(children_are={"singular": "", "plural": "students"}),
        "$.children_are.singular",
    ),
    "people who are markup": (
        lambda d: d.update(children_are={"singular": "student", "plural": "<b>students</b>"}),
        "$.children_are.plural",
    ),
    "schools that are a line too many": (
        lambda d: d.update(schools_are={"singular": "course", "plural": "courses\nand more"}),
        "$.schools_are.plural",
    ),
    "a key missing": (lambda d: d.pop("outcome"), "$.outcome: is missing"),
    "a constraint that is none": (
        lambda d: d["features"][0].update(monotonic="descending"),
        "did you mean 'decreasing'",
    ),
    "a column that is not there": (
        lambda d: d["features"][0].update(column="education/eyfsp.G1"),
        "education/eyfsp has no column 'G1'",
    ),
    "a contract that is not used": (
        lambda d: d["features"][0].update(column="education/eyfs.E01"),
        "did you mean 'education/eyfsp'",
    ),
    "a contract that does not exist": (
        lambda d: d["data"][1].update(contract="education/eyfsp@9.0.0"),
        "$.data[1].contract",
    ),
    "a family of a number without levels": (
        lambda d: next(f for f in d["features"] if f["name"] == "absence").update(family="goals"),
        "family: a feature of a family needs a column with levels",
    ),
    "a family of other levels": (
        lambda d: d["features"].append(
            {
                "name": "year_group",
                "column": "education/pupil_census.NCyearActual",
                "kind": "category",
                "label": "Year group",
                "family": "goals",
            }
        ),
        "all goals must be columns of one contract with the same levels",
    ),
    "a protected characteristic": (
        lambda d: d["features"].append(
            {"name": "sex", "column": "education/pupil_census.Sex", "kind": "category", "label": "Sex"}
        ),
        "protected characteristic",
    ),
    "a proxy without a justification": (
        lambda d: d["features"].append(
            {
                "name": "fsm",
                "derive": {"equals": {"column": "education/pupil_census.FSMeligible", "value": True}},
                "kind": "number",
                "monotonic": "increasing",
                "label": "Free school meals",
            }
        ),
        "written `justification`",
    ),
    "a proxy that could lower the risk": (
        lambda d: d["features"].append(
            {
                "name": "language",
                "column": "education/pupil_census.Language",
                "kind": "category",
                "justification": "because",
                "label": "Language",
            }
        ),
        "must never lower the risk",
    ),
    "the outcome as a feature": (
        lambda d: d["features"][0].update(column="outcomes/sen_status.SENprovision"),
        "is the outcome",
    ),
    "a feature from the future": (
        lambda d: d["features"][0].update(column="outcomes/sen_status.SENtype"),
        "for training only",
    ),
    "a feature twice": (lambda d: d["features"].append(dict(d["features"][0])), "'E01' stands twice"),
    "a baseline about no feature": (lambda d: d["baseline"]["features"].append("G18"), "no feature is called 'G18'"),
    "an intersection of no group": (lambda d: d["intersections"].append(["sex", "fms"]), "did you mean 'fsm'"),
    "a value on both sides": (lambda d: d["outcome"]["negative"].append("K"), "both positive and negative"),
    "no such day": (lambda d: d.update(review_date="2027-02-30"), "$.review_date: must be a date"),
    "a gate that cannot be passed": (
        lambda d: d["gates"].append({"metric": "roc_auc", "at_least": 0.9, "at_most": 0.8}),
        "no version could pass",
    ),
    "a gate without a bound": (lambda d: d["gates"].append({"metric": "roc_auc"}), "at_least or at_most"),
    "a gate against itself without a limit that it has not": (
        lambda d: d["gates"][0].update(metric="roc_auc", against="all_terms"),
        "against: 'all_terms' is compared with where there are `model_parameters.max_terms`",
    ),
    "a gate against points that it has not": (
        lambda d: d["gates"][0].update(metric="roc_auc", against="whole_points"),
        "against: 'whole_points' is compared with where there are `scorecard_points`",
    ),
    "a gate against nobody": (
        lambda d: (d.pop("challengers"), d["gates"][0].update(against="lightgbm")),
        "not under `challengers`",
    ),
    "an outcome code that nobody has": (lambda d: d["outcome"]["positive"].append("EHCP"), "has no code 'EHCP'"),
    "a year group that is none": (
        lambda d: d["population"]["where"][0].update({"in": ["Reception"]}),
        "has no code 'Reception'",
    ),
    "two groups of one column": (
        lambda d: d["groups"].append(dict(d["groups"][0], name="again", label="Again")),
        "is compared as 'sex' already: counts of both together could give away",
    ),
    "two groups of one label": (
        lambda d: d["groups"].append(dict(d["groups"][0], name="again")),
        "label: 'sex' has the same",
    ),
    "a group called as crossed ones are": (
        lambda d: d["groups"][0].update(label="Sex × age"),
        "'Sex × age' holds ×",
    ),
    "a group of a code that nobody has": (lambda d: d["groups"][0]["levels"].update({"3": "x"}), "has no code '3'"),
    "no such day of the year": (lambda d: d["as_of"].update(month_day="13-45"), "not a day of the calendar"),
    "no gate": (lambda d: d.update(gates=[]), "$.gates"),
    "nobody left out": (lambda d: d["eligible"].update(where=[]), "$.eligible.where"),
    "a gate that is never measured": (
        lambda d: d["gates"].append({"metric": "calibration_slope", "against": "baseline", "at_least": 0}),
        "is not compared",
    ),
    "the identifier as a feature": (
        lambda d: d["features"][0].update(column="education/pupil_census.UPN", kind="category"),
        "names somebody",
    ),
    "a name as a feature": (
        lambda d: d["features"][0].update(column="education/pupil_census.Forename", kind="category"),
        "could name somebody",
    ),
    "a school as a feature": (
        lambda d: d["features"][0].update(column="education/pupil_census.School"),
        "does not hold numbers",
    ),
    "absence that lowers the risk": (
        lambda d: d["features"][-1].update(monotonic="decreasing"),
        "needs `monotonic: increasing`",
    ),
    "absence without a constraint": (lambda d: d["features"][-1].pop("monotonic"), "needs `monotonic: increasing`"),
    "an outcome that loses who moves away": (lambda d: d["outcome"].pop("followed_months"), "followed_months"),
    "a follow-up beyond the horizon": (lambda d: d["outcome"].update(followed_months=19), "beyond the horizon"),
    "a constraint on a category": (lambda d: d["features"][0].update(kind="category"), "a category has no order"),
    "column and derive": (
        lambda d: d["features"][0].update(derive={"share": {"of": "a/b.c", "out_of": "a/b.d"}}),
        "give column or derive, and only one of them",
    ),
    "a parameter of another model": (
        lambda d: d.update(model_parameters={"C": 0.1}),
        "$.model_parameters.C: is of `model: logistic`, not of `model: additive`: take it out",
    ),
    "a parameter of a baseline": (
        lambda d: d.update(model="baseline", model_parameters={"C": 0.1}),
        "$.model_parameters.C: is of `model: logistic`, not of `model: baseline`",
    ),
    "a challenger that is none": (lambda d: d.update(challengers=["emb"]), "did you mean 'ebm'"),
    "a review sample without a size": (lambda d: d.update(review_sample={}), "give n, a number of children"),
    "a review sample of nobody": (lambda d: d.update(review_sample={"n": 0}), "$.review_sample.n"),
    "a capacity above half": (lambda d: d.update(capacity=0.8), "$.capacity"),
}


IDENTIFIERS = [
    f"{contract.id}.{column.name}"
    for contract in map(load_contract, available_contracts())
    for column in contract.columns.values()
    if column.classification == "identifier"
]


@pytest.mark.parametrize("ref", IDENTIFIERS)
def test_an_identifier_is_no_feature_whatever_is_derived_from_it(repository: Path, ref: str) -> None:
    contract = ref.partition(".")[0]

    def edit(spec: dict[str, Any]) -> None:
        if not any(use["contract"].startswith(f"{contract}@") for use in spec["data"]):
            spec["data"].append({"contract": f"{contract}@1.0.0", "purpose": "a test"})
        spec["features"][0].pop("column")
        spec["features"][0] |= {"derive": {"equals": {"column": ref, "value": "x"}}, "monotonic": "increasing"}

    assert f"{ref} names somebody, and cannot be a feature" in mistake(repository, edit)


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_named(repository: Path, case: str) -> None:
    edit, words = CASES[case]
    assert words in mistake(repository, edit)


def test_all_mistakes_at_once(repository: Path) -> None:
    def edit(d: dict[str, Any]) -> None:
        d["baseline"]["features"].append("G18")
        d["features"][1]["column"] = "education/eyfsp.Gx"

    text = mistake(repository, edit)
    assert "2 mistakes" in text
    assert "G18" in text
    assert "Gx" in text


def test_a_model_without_parameters_has_its_challengers_and_gates_against_them(repository: Path) -> None:
    def edit(d: dict[str, Any]) -> None:
        d.update(challengers=["lightgbm", "ebm"])
        d["gates"].append({"metric": "average_precision", "against": "ebm", "end": "low", "at_least": -0.01})

    spec = parse_spec(spec_with(repository, edit), file="x")
    assert (spec.model, spec.challengers, spec.gates[-1].against) == ("additive", ("lightgbm", "ebm"), "ebm")


@pytest.mark.parametrize("model", ["additive", "logistic", "baseline"])
def test_gates_bound_what_whole_points_cost_and_a_limit_on_terms(repository: Path, model: str) -> None:
    def edit(d: dict[str, Any]) -> None:
        d.update(model=model, scorecard_points=10)
        d["gates"] = [{"metric": "roc_auc", "against": "whole_points", "at_most": 0.01}]
        if model == "additive":
            d["model_parameters"] = {"max_terms": 5}
            d["gates"].append({"metric": "recall", "against": "all_terms", "at_least": -0.02})

    spec = parse_spec(spec_with(repository, edit), file="x")
    assert [gate.against for gate in spec.gates] == ["whole_points", "all_terms"][: len(spec.gates)]


def test_a_research_comparison_may_name_a_protected_characteristic(repository: Path) -> None:
    def edit(d: dict[str, Any]) -> None:
        d["research_comparison"] = "what it costs to leave sex out"
        d["features"].append(
            {"name": "sex", "column": "education/pupil_census.Sex", "kind": "category", "label": "Sex"}
        )

    assert parse_spec(spec_with(repository, edit), file="x").research_comparison


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "must be an object with keys"),
        (b"- a\n- b\n", "must be an object with keys"),
        (b"name: a\nname: b\n", "given twice"),
        (b"name: [1, 2\n", "not valid YAML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_what_is_no_spec(raw: bytes, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        parse_spec(raw, file="spec.yaml")


def test_a_spec_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be opened"):
        load_spec(tmp_path / "none.yaml")


def test_the_schema_is_generated_and_knows_every_key_of_a_shipped_spec(repository: Path) -> None:
    import jsonschema

    schema = SpecDocument.model_json_schema()
    for model in ("reception_sen", "star_special_instruction"):
        document = yaml.safe_load(spec_with(repository, lambda _: None, model))
        jsonschema.Draft202012Validator(schema).validate(document)
    document["capcity"] = document.pop("capacity")
    messages = {error.validator for error in jsonschema.Draft202012Validator(schema).iter_errors(document)}
    assert messages == {"additionalProperties", "required"}
