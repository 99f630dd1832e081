"""Typed documents: what is wrong is said with its path, whatever the file holds."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import pytest
from pydantic import Field

from send_screen.documents import Count, Document, Text, read_document, write_document
from send_screen.errors import SpecError, TablesError


class Line(Document):
    kind: Literal["linear"]
    slope: float


class Steps(Document):
    kind: Literal["steps"]
    edges: tuple[float, ...]
    n: Count | None = None


class Model(Document):
    name: Text
    review: dt.date | None = None
    terms: tuple[Annotated[Line | Steps, Field(discriminator="kind")], ...] = ()
    levels: dict[str, float] = Field(default_factory=dict)


GOOD = """{"name": "Né", "review": "2027-01-31", "terms": [{"kind": "steps", "edges": [1, 2.5], "n": 12},
{"kind": "linear", "slope": 0.1}], "levels": {"a": 0.30000000000000004}}"""


def mistakes(text: str, *, yaml: bool = False) -> str:
    with pytest.raises(SpecError) as caught:
        read_document(Model, text, error=SpecError, file="model.json", yaml=yaml)
    assert caught.value.file == "model.json"
    assert caught.value.remedy
    return str(caught.value)


def test_what_is_written_is_read_again_to_the_last_bit() -> None:
    model = read_document(Model, GOOD, error=SpecError)
    assert model.terms[0] == Steps(kind="steps", edges=(1.0, 2.5), n=12)
    assert read_document(Model, write_document(model), error=SpecError) == model
    assert "0.30000000000000004" in write_document(model)


def test_yaml_and_json_are_the_same_format() -> None:
    text = "name: Né\nreview: 2027-01-31\nterms:\n- {kind: steps, edges: [1, 2.5], n: 12}\n- {kind: linear, slope: 0.1}"
    assert read_document(Model, text, error=SpecError, file="a", yaml=True).terms == (
        read_document(Model, GOOD, error=SpecError).terms
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"slope": 0.1', '"slop": 0.1', "$.terms[1].slop: is not a key here (did you mean 'slope'?)"),
        ('"slope": 0.1', '"slop": 0.1', "$.terms[1].slope: is missing"),
        ('"slope": 0.1', '"slope": "0.1"', "$.terms[1].slope: must be a number"),
        ('"slope": 0.1', '"slope": true', "$.terms[1].slope: must be a number"),
        ('"slope": 0.1', '"slope": 1e999', "$.terms[1].slope: must be a finite number"),
        ('"slope": 0.1', '"slope": NaN', "holds NaN"),
        ('"slope": 0.1', '"slope": 0.1, "slope": 2', "$.terms[1]: the key 'slope' is given twice"),
        ('"slope": 0.1', '"slope": 0.1, "edge": 1', "$.terms[1].edge: is not a key here\n"),
        ('"kind": "linear"', '"kind": "liner"', "$.terms[1]: 'kind' must be one of 'linear', 'steps'"),
        ('"n": 12', '"n": -1', "$.terms[0].n: must be at least 0"),
        ('"n": 12', '"n": 1.5', "$.terms[0].n: must be a whole number"),
        ('"n": 12', '"n": ' + "9" * 30, "$.terms[0].n: must be less than"),
        ('"n": 12', '"n": ' + "9" * 9999, "too long to read"),
        ("[1, 2.5]", "7", "$.terms[0].edges: must be a list"),
        ('"Né"', '"Né\\u202e"', "$.name: holds a control character"),
        ('"Né"', '"N\\ud800"', "model.json: The file has one mistake"),
        ("2027-01-31", "2027-02-31", "$.review: must be a date"),
        ('"a": 0.3', '"a b": "x", "a": 0.3', "$.levels['a b']: must be a number"),
    ],
)
def test_a_mistake_is_said_with_its_path(old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert said in mistakes(GOOD.replace(old, new))


def test_every_mistake_is_said_at_once() -> None:
    said = mistakes("terms: [{kind: linear}, {kind: steps, edges: [x]}]\nnane: a", yaml=True)
    for path in ("$.name:", "$.nane:", "$.terms[0].slope:", "$.terms[1].edges[0]:"):
        assert path in said
    assert "4 mistakes" in said


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000, "[" * 300, '{"name": "a"} x', "\ufeff{}"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(TablesError):
        read_document(Model, text, error=TablesError)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(TablesError, match="UTF-8"):
        read_document(Model, b"\xff\xfe{", error=TablesError)


def test_a_key_given_twice_inside_what_a_later_key_replaces_is_found() -> None:
    with pytest.raises(TablesError, match="'a' is given twice"):
        read_document(Model, '{"a": {"b": 1, "b": 2}, "a": 1}', error=TablesError)
