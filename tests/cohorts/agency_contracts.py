"""Small contracts of agencies beside the school, and a spec that uses them."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import yaml

from send_screen.specs import ModelSpec, load_spec

REVIEW = "health/review"
INVOLVEMENT = "social_care/status"
IDENTIFIERS = ("UPN", "FormerUPN", "NHSNumber", "Surname", "Forename", "Sex", "Postcode", "PersonID")


def _text(name: str, *, optional: bool = True, key: int = 0, codes: tuple[str, ...] = (), recorded: str = "") -> dict:
    properties = [{"property": "visibleTo", "value": ["senco", "health_visitor"]}]
    quality = []
    if optional:
        properties.append({"property": "optional", "value": True})
    if recorded:
        properties.append({"property": "recordedOn", "value": f"column:{recorded}"})
    if codes:
        properties.append({"property": "levels", "value": [{"code": code, "words": f"level {code}"} for code in codes]})
        properties.append({"property": "codeSet", "value": {"source": "invented", "from": None, "until": None}})
        arguments = {"validValues": list(codes)}
        quality.append(
            {
                "id": f"{name}-CODE",
                "metric": "invalidValues",
                "arguments": arguments,
                "mustBe": 0,
                "description": "Code.",
            }
        )
    if name == "UPN":
        quality.append(_rule("UPN-CHECK", "upn"))
    column = {
        "name": name,
        "businessName": name,
        "description": f"{name} of the row.",
        "logicalType": "string",
        "classification": "personal",
        "customProperties": properties,
        "quality": quality,
    }
    return column | ({"primaryKey": True, "primaryKeyPosition": key} if key else {})


def _rule(name: str, implementation: object) -> dict:
    return {
        "id": name,
        "type": "custom",
        "engine": "send_screen",
        "implementation": implementation,
        "description": f"Checks {implementation}.",
    }


def _date(name: str, *, key: int = 0, recorded: str = "") -> dict:
    column = _text(name, key=key, recorded=recorded, optional=not key)
    return column | {"logicalType": "date", "quality": [_rule(f"{name}-DATE", "type")]}


def contract_text(contract: str, columns: list[dict]) -> str:
    """Return the YAML of a contract; rule ids begin with its name."""
    agency, _, name = contract.partition("/")
    for column in columns:
        column["quality"] = [rule | {"id": f"{name.upper()}-{rule['id'].upper()}"} for rule in column["quality"]]
    key = [column["name"] for column in columns if column.get("primaryKey")]
    duplicates = {
        "id": f"{name.upper()}-DOUBLE",
        "metric": "duplicateValues",
        "mustBe": 0,
        "description": "No row twice.",
    }
    table = {
        "name": name,
        "logicalType": "object",
        "physicalType": "table",
        "quality": [
            *(_rule(f"{name.upper()}-{kind.upper()}", kind) for kind in ("columns", "headers")),
            {"id": f"{name.upper()}-ROWS", "metric": "rowCount", "mustBeGreaterThan": 0, "description": "Has rows."},
            duplicates | {"arguments": {"properties": key}},
        ],
        "properties": columns,
    }
    return yaml.safe_dump(
        {
            "apiVersion": "v3.1.0",
            "kind": "DataContract",
            "id": contract,
            "name": f"Invented {name}",
            "version": "1.0.0",
            "status": "active",
            "domain": agency,
            "description": {"purpose": "To test."},
            "customProperties": [{"property": "lawfulBasis", "value": "invented"}],
            "roles": [{"role": "senco"}, {"role": "health_visitor"}],
            "schema": [table],
        },
        sort_keys=False,
    )


def agency_contracts() -> dict[str, str]:
    """Return a contract of a dated review, and of a status that begins on one date and ends on another."""
    return {
        REVIEW: contract_text(
            REVIEW,
            [
                *(_text(name, key=1 if name == "UPN" else 0) for name in IDENTIFIERS),
                _date("DOB"),
                _date("ReviewDate", key=2, recorded="ReviewDate"),
                _text("Speech", codes=("1", "2", "3"), recorded="ReviewDate"),
                _text("Concern", codes=("Y", "N"), recorded="ReviewDate"),
            ],
        ),
        INVOLVEMENT: contract_text(
            INVOLVEMENT,
            [
                *(_text(name, key=1 if name == "UPN" else 0) for name in IDENTIFIERS),
                _date("DOB"),
                _date("StartDate", recorded="StartDate"),
                _text("Plan", codes=("CIN", "CPP"), recorded="StartDate"),
                _date("EndDate", recorded="EndDate"),
                _text("EndReason", codes=("A", "B"), recorded="EndDate"),
            ],
        ),
    }


FEATURES = """\
  - name: speech
    column: health/review.Speech
    kind: number
    label: Speech at two
  - name: concern
    derive: {equals: {column: health/review.Concern, value: "Y"}}
    kind: number
    label: Concern at two
  - name: plan
    derive: {equals: {column: social_care/status.Plan, value: CPP}}
    kind: number
    label: Child protection plan
  - name: ended
    derive: {equals: {column: social_care/status.EndReason, value: A}}
    kind: number
    label: Plan ended
"""


def agency_spec(
    repository: Path, folder: Path, *, essential: bool = False, condition: bool = False, linkage: str = ""
) -> ModelSpec:
    """Return ``reception_sen`` with the agencies' data, from a folder with their contracts."""
    for contract, text in agency_contracts().items():
        agency, _, name = contract.partition("/")
        path = folder / "contracts" / agency / f"{name}-1.0.0.odcs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    text = (repository / "models" / "reception_sen" / "spec.yaml").read_text("utf-8")
    uses = f"  - contract: {REVIEW}@1.0.0\n    essential: {str(essential).lower()}\n  - contract: {INVOLVEMENT}@1.0.0\n"
    text = text.replace("  - contract: outcomes/sen_status", uses + "  - contract: outcomes/sen_status")
    text = text.replace("  - name: age_months", FEATURES + "  - name: age_months")
    if condition:
        entry = "{column: health/review.Concern, not_in: [N], rule: ELIGIBLE-CONCERN, description: nobody is concerned}"
        text = text.replace("\noutcome:\n", indent(f"\n- {entry}", "    ") + "\n\noutcome:\n", 1)
    path = folder / "spec.yaml"
    path.write_text(text + linkage, encoding="utf-8")
    return load_spec(path)


def quick_to_train(text: str) -> str:
    """Return a spec for a model that is trained in seconds, and passes its gates on few children."""
    for old, new in {
        "model: additive": "model: logistic",
        "challengers: [lightgbm]": "challengers: []",
        "folds: 5, seeds: [0]": "folds: 3, seeds: [0]",
        "at_least: 0.8, at_most: 1.25": "at_least: 0.2, at_most: 5",
        "against: baseline, at_least: 0.0": "against: baseline, at_least: -0.5",
        "metric: roc_auc, at_least: 0.65": "metric: roc_auc, at_least: 0.5",
    }.items():
        assert old in text
        text = text.replace(old, new)
    return text
