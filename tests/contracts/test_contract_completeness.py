"""Every shipped contract of England's children says who answers for it, for how long, how it links, and who is who."""

from pathlib import Path

import pytest
import yaml

from send_screen.contracts import available_contracts, load_contract, shipped

FOLDER = shipped("data_contracts")
HUB = "education/pupil_census"  # the contract that the others' identifiers refer to
OF_CHILDREN = [ref for ref in available_contracts() if not ref.startswith("research/")]
#: Columns that say who or where a child is have one name in all contracts.
IDENTIFIERS = {
    "UPN": "upn",
    "FormerUPN": "upn",
    "NHSNumber": "nhsNumber",
    "Surname": None,
    "Forename": None,
    "Postcode": None,
    "PersonID": None,
}


def what_is_missing(document: dict, path: Path) -> list[str]:
    """Return what a contract of children lacks, one sentence each."""
    missing = []
    members = document.get("team", {}).get("members", [])
    missing += [
        f"team: nobody is {role}" for role in ("owner", "data steward") if role not in {m.get("role") for m in members}
    ]
    terms = {term["property"] for term in document.get("slaProperties", [])}
    missing += [f"slaProperties: no {term}" for term in ("retention", "frequency") if term not in terms]
    description = document.get("description", {})
    missing += [f"description: no {part}" for part in ("purpose", "usage", "limitations") if not description.get(part)]
    if not description.get("authoritativeDefinitions"):
        missing.append("description: no authoritativeDefinitions")
    if "lawfulBasis" not in {custom["property"] for custom in document.get("customProperties", [])}:
        missing.append("customProperties: no lawfulBasis")
    columns = {column["name"]: column for column in document["schema"][0]["properties"]}
    if "NHSNumber" not in columns:
        missing.append("NHSNumber: no such column")
    for name, column in columns.items():
        missing += missing_of_column(name, column, path, is_hub=document["id"] == HUB)
    return missing


def missing_of_column(name: str, column: dict, path: Path, *, is_hub: bool) -> list[str]:
    missing = []
    custom = {entry["property"]: entry["value"] for entry in column.get("customProperties", [])}
    if not column.get("classification"):
        missing.append(f"{name}: no classification")
    if not custom.get("visibleTo"):
        missing.append(f"{name}: no visibleTo")
    for relationship in column.get("relationships", []):
        if not target_exists(path, relationship["to"]):
            missing.append(f"{name}: its relationship to {relationship['to']} leads nowhere")
    if name not in IDENTIFIERS:
        return missing
    if column.get("classification") != "identifier":
        missing.append(f"{name}: its classification is not identifier")
    kind = IDENTIFIERS[name]
    if kind and kind not in [entry.get("implementation") for entry in column.get("quality", [])]:
        missing.append(f"{name}: no rule of kind {kind}")
    if name in ("UPN", "NHSNumber") and not is_hub and not column.get("relationships"):
        missing.append(f"{name}: no relationship to {HUB}")
    return missing


def target_exists(path: Path, target: str) -> bool:
    """Return whether a relationship leads to a column of a contract that is there, by their ids in the standard."""
    file, _, place = target.partition("#")
    other = (path.parent / file).resolve()
    if not other.is_file():
        return False
    _, table, _, column = place.split("/")
    (schema,) = yaml.safe_load(other.read_text("utf-8"))["schema"]
    return schema.get("id") == table and column in [item.get("id") for item in schema["properties"]]


@pytest.mark.parametrize("ref", OF_CHILDREN)
def test_a_contract_of_children_is_complete(ref):
    path = load_contract(ref).path
    missing = what_is_missing(yaml.safe_load(path.read_text("utf-8")), path)
    assert not missing, f"{ref} lacks: " + "; ".join(missing)


@pytest.mark.parametrize("ref", OF_CHILDREN)
def test_only_contracts_of_health_require_an_nhs_number(ref):
    contract = load_contract(ref)
    number = contract.columns["NHSNumber"]
    assert number.required == ref.startswith("health/")
    assert number.personal
    assert number.classification == "identifier"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("role: owner", "role: adviser", "team: nobody is owner"),
        ("property: retention", "property: latency", "slaProperties: no retention"),
        ("property: lawfulBasis", "property: law", "customProperties: no lawfulBasis"),
        ("  - name: NHSNumber", "  - name: Number", "NHSNumber: no such column"),
        ("implementation: nhsNumber", "implementation: type", "NHSNumber: no rule of kind nhsNumber"),
        ("classification: identifier", "classification: personal", "UPN: its classification is not identifier"),
        ("pupil_census/properties/UPN", "pupil_census/properties/UNP", "leads nowhere"),
        ("pupil_census-1.0.0.odcs", "pupil_census-9.0.0.odcs", "leads nowhere"),
        ("property: visibleTo", "property: seenBy", "UPN: no visibleTo"),
        ("relationships:", "tags:", "UPN: no relationship to education/pupil_census"),
    ],
)
def test_what_a_contract_lacks_is_named(old, new, words):
    path = FOLDER / "education" / "eyfsp-1.0.0.odcs.yaml"
    text = path.read_text("utf-8")
    assert old in text
    assert any(words in sentence for sentence in what_is_missing(yaml.safe_load(text.replace(old, new, 1)), path))
