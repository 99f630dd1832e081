"""A model file is read with suspicion: whatever is wrong with it is a typed error that says where."""

import hashlib
import json
import time
from dataclasses import replace

import pandas as pd
import pytest
from tables_factory import TABLES, TEXT

from send_screen.errors import TablesError
from send_screen.tables import RiskTables
from send_screen.tables._document import MAX_BYTES


def changed(path, value):
    """The document with one place changed; a path such as ("terms", 0, "slope")."""
    document = json.loads(TEXT)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document)


def test_a_round_trip_is_equal_to_the_last_bit():
    again = RiskTables.from_json(TEXT)
    assert again == TABLES
    assert again.to_json() == TEXT
    assert str(again.terms[1].levels["2"]) == "-0.0"


def test_counts_of_levels_are_read_as_written_and_are_in_every_entry():
    reading, levels, *rest = TABLES.terms
    counted = replace(TABLES, terms=(reading, replace(levels, counts=(40, None)), *rest))
    text = counted.to_json()
    assert '{"level": "2", "log_odds": -0.0, "n": 40' in text
    assert RiskTables.from_json(text) == counted
    with pytest.raises(TablesError, match=r"terms\[1\]\.levels\[0\]\.n: is missing"):
        RiskTables.from_json(text.replace(', "n": 40', "", 1))
    with pytest.raises(TablesError, match="'counts' must be as many as 'levels'"):
        replace(levels, counts=(40,))


def test_the_order_of_levels_is_kept_because_interactions_count_by_it():
    assert list(RiskTables.from_json(TEXT).terms[1].levels) == ["2", "1"]


def test_the_file_is_for_people():
    lines = TEXT.splitlines()
    assert '      "slope": -0.3333333333333333' in lines
    assert '      "kind": "linear",' in lines
    assert '  "name": "synthetic – für ein Beispiel",' in lines
    assert '        {"below": 12.0, "log_odds": 0.0, "n": 30, "standard_error": 0.0},' in lines
    assert '        {"level": "1", "log_odds": 0.1, "n": null}' in lines
    assert "        [-0.3, 0.3, 0.0]," in lines
    keys = [line.split('"')[1] for line in lines if line.startswith('  "')]
    assert keys == sorted(keys)
    assert TEXT.endswith("}\n")


def test_a_small_difference_in_a_model_is_a_small_difference_in_its_file():
    other = RiskTables.from_json(changed(("terms", 0, "slope"), -0.25)).to_json()
    assert sum(a != b for a, b in zip(TEXT.splitlines(), other.splitlines(), strict=True)) == 1


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("terms", 0, "slope"), "0.5", "$.terms[0].slope: must be a number"),
        (("terms", 0, "slope"), True, "$.terms[0].slope: must be a number"),
        (("terms", 0, "slope"), None, "$.terms[0].slope: must be a number"),
        (("terms", 0, "slope"), [1], "$.terms[0].slope: must be a number"),
        (("terms", 0, "low"), 10**400, "$.terms[0].low: must be a finite number"),
        (("terms", 0, "low"), 100.0, "$.terms[0]: 'low' must not be above 'high'"),
        (("terms", 0, "n"), 1.5, "$.terms[0].n: must be a whole number"),
        (("terms", 0, "n"), -1, "$.terms[0].n: must be at least 0"),
        (("terms", 0, "n"), False, "$.terms[0].n: must be a whole number"),
        (("terms", 0, "kind"), "forest", "$.terms[0]: 'kind' must be one of"),
        (("terms", 0, "kind"), "shape", "$.terms[0].n: is not a key here"),
        (("terms", 0, "kind"), ["linear"], "$.terms[0]: 'kind' must be one of"),
        (("terms", 0, "feature"), 3, "$.terms[0].feature: must be text"),
        (("terms", 0, "feature"), "", "$.terms[0]: 'feature' must be a name"),
        (("terms", 0, "feature"), "\ud800", "Invalid JSON"),
        (("terms", 0, "feature"), "read\u202eing", "$.terms[0].feature: holds a control character, or one that turns"),
        (("terms", 1, "levels", 1, "level"), "\x1b[2J", "$.terms[1].levels[1].level: holds a control character"),
        (("name",), "a\x00b", "$.name: holds a control character"),
        (("terms", 0, "__class__"), "os.system", "$.terms[0].__class__: is not a key here"),
        (("terms", 1, "feature"), "reading", "$: feature 'reading' has two terms"),
        (("terms", 1, "levels"), {}, "$.terms[1].levels: must be a list"),
        (("terms", 1, "levels"), [1], "$.terms[1].levels[0]: must be an object"),
        (("terms", 1, "levels", 0, "log_odds"), "a", "$.terms[1].levels[0].log_odds: must be a number"),
        (("terms", 1, "levels", 1, "level"), "2", "$.terms[1]: 'levels' names a level twice"),
        (("terms", 2, "bins"), [], "$.terms[2].bins: needs at least 1 entry"),
        (("terms", 2, "bins", 0, "below"), 12.0, "$.terms[2]: 'edges' must be in ascending order"),
        (("terms", 2, "bins", 0, "below"), 13.0, "$.terms[2]: 'edges' must be in ascending order"),
        (("terms", 2, "bins", 1, "below"), None, "$.terms[2]: 'below' must be a number in every bin but the last"),
        (("terms", 2, "bins", 2, "below"), 14.0, "$.terms[2]: 'below' must be a number in every bin but the last"),
        (("terms", 2, "bins", 1, "n"), -1, "$.terms[2].bins[1].n: must be at least 0"),
        (("terms", 2, "bins", 1, "standard_error"), -0.1, "$.terms[2].bins[1].standard_error: must be at least 0"),
        (
            ("terms", 2, "bins", 1),
            {"below": 12.0, "log_odds": 0.0, "n": 30},
            "$.terms[2]: standard errors must be given in every entry",
        ),
        (("terms", 2, "bins"), [{}] * 5000, "$.terms[2].bins: has more than 4096 entries"),
        (
            ("terms", 0, "missing_standard_error"),
            0.1,
            "$.terms[0].missing_standard_error: is not a key here",
        ),
        (("terms", 2, "unit"), 3, "$.terms[2].unit: must be text"),
        (("interactions",), {}, "$.interactions: must be a list"),
        (("interactions", 0, "features"), ["absence"], "$.interactions[0].features[1]: is missing"),
        (
            ("interactions", 0, "features"),
            ["absence", "absence"],
            "$.interactions[0]: 'features' must be the names of two",
        ),
        (("interactions", 0, "features"), ["absence", "sex"], "$: an interaction is of a feature that has no term"),
        (("interactions", 0, "edges", 0), [1.0, 1.0], "$.interactions[0]: 'edges' must be in ascending order"),
        (("interactions", 0, "edges", 1, 0), 10**400, "$.interactions[0].edges[1][0]: must be a finite number"),
        (("interactions", 0, "edges"), [[], []], "$.interactions[0]: 'values' must be 2 rows of 2"),
        (("interactions", 0, "values", 1), [0.0, 0.0], "$.interactions[0]: 'values' must be 3 rows of 3"),
        (("interactions", 0, "values", 1, 2), None, "$.interactions[0].values[1][2]: must be a number"),
        (("interactions", 0, "n", 1, 2), 0.5, "$.interactions[0].n[1][2]: must be a whole number"),
        (("interactions", 0, "n", 1), [1], "$.interactions[0]: 'n' must be 3 rows of 3"),
        (("interactions", 0, "standard_error"), [], "$.interactions[0]: 'standard_error' must be 3 rows of 3"),
        (("interactions", 0, "mean"), True, "$.interactions[0].mean: must be a number"),
        (("interactions",), [json.loads(TEXT)["interactions"][0]] * 2, "$: two interactions are of the same features"),
        (("terms", 1), 7, "$.terms[1]: must be an object"),
        (("terms",), {}, "$.terms: must be a list"),
        (("intercept",), None, "$.intercept: must be a number"),
        (("n_training",), -5, "$.n_training: must be at least 0"),
        (("name",), 1, "$.name: must be text"),
        (("format",), "send_screen.risk_tables/9", "$.format: 'send_screen.risk_tables/9' is not one of"),
        (("format",), ["x"], "$.format: must be 'send_screen.risk_tables/3'"),
        (("pickle",), "x", "$.pickle: is not a key here"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(path, value, where):
    with pytest.raises(TablesError) as caught:
        RiskTables.from_json(changed(path, value))
    assert where in str(caught.value)


@pytest.mark.parametrize("key", ["slope", "kind", "n", "mean"])
def test_a_missing_key_is_told_with_its_place(key):
    document = json.loads(TEXT)
    del document["terms"][0][key]
    with pytest.raises(TablesError, match=rf"\$\.terms\[0\].*{key}"):
        RiskTables.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "damaged or cut off"),
        ("[]", r"\$: must be an object"),
        ("null", r"\$: must be an object"),
        (TEXT.replace("-2.1", "NaN"), "holds NaN"),
        (TEXT.replace("-2.1", "-Infinity"), "holds -Infinity"),
        (TEXT.replace("-2.1", "1e999"), r"\$\.intercept: must be a finite number"),
        (TEXT.replace("-2.1", "9" * 5000), "too long to read"),
        (
            TEXT.replace('"slope": -0.3333333333333333', '"slope": 1, "slope": 2'),
            r"\$\.terms\[0\]: .*'slope' is given twice",
        ),
        (
            TEXT.replace('"level": "1"', '"level": "1", "level": "3"'),
            r"terms\[1\]\.levels\[1\]: .*'level' is given twice",
        ),
        (
            TEXT.replace('"intercept": -2.1', '"intercept": -2.1, "intercept": 9'),
            r"\$: the key 'intercept' is given twice",
        ),
        ("[" * 200_000, "nested too deeply"),
        ('{"a":' * 200_000, "nested too deeply"),
        (TEXT + "{}", "damaged or cut off"),
        (" " * (MAX_BYTES + 1), "larger than"),
    ],
    ids=range(14),
)
def test_hostile_texts_are_typed_errors(text, words):
    with pytest.raises(TablesError, match=words):
        RiskTables.from_json(text)


def test_every_truncation_is_a_typed_error():
    for length in range(len(TEXT.rstrip())):
        with pytest.raises(TablesError):
            RiskTables.from_json(TEXT[:length])


def test_an_error_shows_no_more_than_the_start_of_a_hostile_key():
    with pytest.raises(TablesError) as caught:
        RiskTables.from_json(changed(("\x1b[2J" + "k" * 10_000,), 1))
    assert len(str(caught.value)) < 400
    assert "\x1b" not in str(caught.value)


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "tables.json"
    path.write_bytes(TEXT.encode())
    return path


def test_a_file_loads_when_its_hash_is_right(model_file):
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    assert RiskTables.load(model_file) == TABLES
    assert RiskTables.load(str(model_file), sha256=digest.upper()) == TABLES


def test_the_hash_is_verified_before_anything_is_parsed(model_file):
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    model_file.write_bytes(b"\xff not even text")
    with pytest.raises(TablesError, match="SHA-256 differs") as caught:
        RiskTables.load(model_file, sha256=digest)
    assert caught.value.file == "tables.json"
    with pytest.raises(TablesError, match="not UTF-8"):
        RiskTables.load(model_file)


def test_a_tampered_number_is_caught_by_the_hash(model_file):
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    model_file.write_bytes(TEXT.replace("-2.1", "-2.2").encode())
    with pytest.raises(TablesError, match="SHA-256 differs"):
        RiskTables.load(model_file, sha256=digest)


def test_a_large_or_absent_file_is_a_typed_error(tmp_path):
    with pytest.raises(TablesError, match="cannot be opened"):
        RiskTables.load(tmp_path / "absent.json")
    with pytest.raises(TablesError, match="cannot be opened"):
        RiskTables.load(tmp_path)
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(TablesError, match="more than 8 MB"):
        RiskTables.load(large)


def test_whole_numbers_are_read_as_numbers():
    tables = RiskTables.from_json(changed(("terms", 0, "slope"), 1))
    assert isinstance(tables.terms[0].slope, float)
    children = pd.DataFrame({"reading": [5.0], "E02": ["1"], "absence": [20.0]})
    assert tables.score(children)[0] == pytest.approx(-2.1 + 5.0 + 0.1 + (0.05 * 20 + 0.4) + 0.3)


def test_a_file_of_as_many_terms_and_interactions_as_may_be_is_read_in_seconds():
    line = {"kind": "linear", "slope": 0, "low": 0, "high": 0, "missing": 0, "mean": 0, "n": None, "n_missing": None}
    document = json.loads(TEXT)
    document["terms"] = [{**line, "feature": f"f{j}"} for j in range(9_999)]
    flat = {"edges": [[], []], "values": [[0, 0], [0, 0]], "mean": 0}
    document["interactions"] = [{**flat, "features": ["f0", f"f{j}"]} for j in range(1, 9_999)]
    start = time.process_time()
    tables = RiskTables.from_json(json.dumps(document))
    assert time.process_time() - start < 20  # a check that looks at every other one for each takes a minute
    assert len(tables.interactions) == 9_998


def test_a_name_that_would_be_shown_as_another_is_refused_where_it_is_made():
    reading, levels, *_ = TABLES.terms
    with pytest.raises(TablesError, match="'feature' holds a control character"):
        replace(reading, feature="read\u2066ing")
    with pytest.raises(TablesError, match="a level holds a control character"):
        replace(levels, levels={"\x1b[2J": 0.0, "1": 0.1})
    assert replace(levels, levels={"a\nb": 0.0, "Zo\u00eb": 0.1}).levels
