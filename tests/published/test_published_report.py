"""The typed document: what it holds is what is written, its schema says the same, and nothing else is read."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from send_screen.errors import TablesError
from send_screen.published import PublishedReport


@pytest.fixture(scope="module")
def document(trained: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((trained.exported / "published.json").read_bytes())
    return document


def test_what_is_read_is_written_again_to_the_last_byte(trained: Any) -> None:
    text = (trained.exported / "published.json").read_text("utf-8")
    assert PublishedReport.from_json(text).to_json() == text


def test_the_schema_that_is_generated_accepts_a_report_and_refuses_another(document: dict[str, Any]) -> None:
    schema = PublishedReport.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(document)
    for section, name in ((document["version"], "id"), (document["groups"][0], "n"), (document["gaps"][0], "verdict")):
        kept = section.pop(name)
        assert not validator.is_valid(document), name
        section[name] = kept
    assert not validator.is_valid(document | {"school": "Hogwarts"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cohort", "n"), "many"),
        (("cohort", "n"), 10**400),
        (("groups", 0, "n"), -1),
        (("cohort", "school"), "S1"),
        (("groups", 0, "value"), math.nan),
        (("gaps", 0, "verdict"), "fair"),
        (("version", "trained_on"), "neither"),
        (("format",), "send_screen.published/0"),
    ],
)
def test_what_is_not_a_report_is_not_read_as_one(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    changed = copy.deepcopy(document)
    place: Any = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(TablesError) as caught:
        PublishedReport.from_json(json.dumps(changed))
    assert caught.value.file == "published.json"
    assert value is math.nan or str(path[-1]) in caught.value.message


def test_a_report_cannot_be_changed(document: dict[str, Any]) -> None:
    report = PublishedReport.from_json(json.dumps(document))
    with pytest.raises(ValidationError, match="frozen"):
        report.cohort.n = 0  # type: ignore[misc]


def test_a_metric_is_found_by_its_name_and_its_model(document: dict[str, Any]) -> None:
    report = PublishedReport.from_json(json.dumps(document))
    ours, theirs, gain = (
        report.metric("roc_auc"),
        report.metric("roc_auc", model="baseline"),
        report.difference("roc_auc", "baseline"),
    )
    assert ours is not None
    assert theirs is not None
    assert gain is not None
    assert gain.value is not None
    assert gain.value == pytest.approx((ours.value or 0) - (theirs.value or 0), abs=1e-12)
    assert report.metric("charm") is None
    assert report.difference("roc_auc", "nobody") is None


def test_reading_a_report_needs_no_machine_learning() -> None:
    heavy = ("sklearn", "scipy", "mlflow", "fairlearn", "lightgbm", "numba", "pandas")
    code = f"import sys, send_screen.published; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
