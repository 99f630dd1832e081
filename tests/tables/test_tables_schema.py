"""The JSON schema is generated from what reads a model file: neither lets pass what the other refuses."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables_factory import TEXT

from send_screen.errors import TablesError
from send_screen.tables import RiskTables

SCHEMA = RiskTables.json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# what the reader alone can see; everything else that it refuses, the schema must refuse too
BEYOND_A_SCHEMA = (
    "ascending order",
    "'low' must not be above 'high'",
    "beyond what can be computed",
    "more than can be computed",
    "must be a finite number",  # an integer of hundreds of digits is a number to a schema
    "must be a whole number",  # so is 3.0 an integer
    "'below' must be a number in every bin but the last",
    "two terms",
    "a level twice",
    "two interactions are of the same features",
    "has no term",
    "names of two features",
    "rows of",  # a grid of another shape than its edges
    "standard errors must be given in every entry",
    "Invalid JSON",  # half a character
    "holds a control character",
    "must be a name",
)


def paths(value, path=()):
    """The path of every value in a document, the document itself left out."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key)
        yield from paths(entry, (*path, key))


def at(document, path):
    for step in path:
        document = document[step]
    return document


PATHS = list(paths(json.loads(TEXT)))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-3, 10**400)
    | st.text(max_size=5)
    | st.sampled_from([at(json.loads(TEXT), path) for path in PATHS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def compare(document):
    """Read with both and raise where one lets pass what the other should not."""
    by_schema = VALIDATOR.is_valid(document)
    try:
        RiskTables.from_json(json.dumps(document))
        refusal = ""
    except TablesError as error:
        refusal = error.message
    if refusal:
        assert not by_schema or any(words in refusal for words in BEYOND_A_SCHEMA), refusal
    else:
        assert by_schema, next(VALIDATOR.iter_errors(document)).message
    return not refusal


def test_a_control_character_is_beyond_the_schema():
    document = json.loads(TEXT)
    document["terms"][1]["feature"] = "\x1f"
    assert not compare(document)


def test_the_schema_is_one_and_knows_what_is_written():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert compare(json.loads(TEXT))


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_any_place_without_its_value(path):
    document = json.loads(TEXT)
    del at(document, path[:-1])[path[-1]]
    compare(document)


@pytest.mark.parametrize("path", [(), *(p for p in PATHS if isinstance(at(json.loads(TEXT), p), dict))], ids=str)
def test_an_unknown_key_is_refused_by_both_everywhere(path):
    document = json.loads(TEXT)
    at(document, path)["pickle"] = 1
    assert not VALIDATOR.is_valid(document)
    assert not compare(document)


@settings(max_examples=settings().max_examples * 3)
@given(st.sampled_from(PATHS), values)
def test_any_value_in_any_place(path, value):
    document = json.loads(TEXT)
    at(document, path[:-1])[path[-1]] = copy.deepcopy(value)
    compare(document)


def test_the_page_on_scoring_elsewhere_names_every_key_of_the_file(repository: Path) -> None:
    page = (repository / "docs" / "howto" / "score_elsewhere.md").read_text("utf-8")
    table = page[page.index("| key |") : page.index("tables.schema.json")]
    named = set(re.findall(r"`(\w+)`", table))
    keys = {name for part in (SCHEMA, *SCHEMA["$defs"].values()) for name in part["properties"]}
    assert keys == named - {"linear", "shape"}, "the two kinds that are no key"
