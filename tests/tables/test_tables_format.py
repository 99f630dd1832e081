"""A model file is read with suspicion: whatever is wrong with it is a typed error that says where."""

import hashlib
import json

import pandas as pd
import pytest

from send_screen.errors import TablesError
from send_screen.tables import LevelsTerm, LinearTerm, RiskTables
from send_screen.tables._format import MAX_BYTES

TABLES = RiskTables(
    intercept=-2.1,
    terms=(
        LinearTerm(feature="reading", slope=-1 / 3, low=1.0, high=9.0, missing=-1.0, mean=-2.0, n=90, n_missing=10),
        LevelsTerm(feature="G02", levels={"1": 0.1, "2": -0.0}, missing=0.05, mean=0.02, n=None, n_missing=None),
    ),
    n_background=100,
    name="invented – für ein Beispiel",
)
TEXT = TABLES.to_json()


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


def test_the_file_is_for_people():
    lines = TEXT.splitlines()
    assert '      "slope": -0.3333333333333333' in lines
    assert '      "kind": "linear",' in lines
    assert '  "name": "invented – für ein Beispiel",' in lines
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
        (("terms", 0, "n"), 1.5, "$.terms[0].n: must be a count"),
        (("terms", 0, "n"), -1, "$.terms[0].n: must be a count"),
        (("terms", 0, "n"), False, "$.terms[0].n: must be a count"),
        (("terms", 0, "kind"), "shape", "$.terms[0].kind: must be one of levels, linear"),
        (("terms", 0, "kind"), ["linear"], "$.terms[0].kind: must be one of levels, linear"),
        (("terms", 0, "feature"), 3, "$.terms[0].feature: must be a text"),
        (("terms", 0, "feature"), "", "$.terms[0]: 'feature' must be a name"),
        (("terms", 0, "feature"), "\ud800", "$.terms[0].feature: holds half a character"),
        (("terms", 0, "__class__"), "os.system", "$.terms[0]: has a key that is not known: '__class__'"),
        (("terms", 1, "feature"), "reading", "$.terms[1].feature: names a feature that already has a term"),
        (("terms", 1, "levels"), [1], "$.terms[1].levels: must be an object"),
        (("terms", 1, "levels"), {"1": "a"}, "$.terms[1].levels['1']: must be a number"),
        (("terms", 1), 7, "$.terms[1]: must be an object"),
        (("terms",), {}, "$.terms: must be a list"),
        (("intercept",), None, "$.intercept: must be a number"),
        (("n_background",), -5, "$.n_background: must be a count"),
        (("name",), 1, "$.name: must be a text"),
        (("format",), "send_screen.risk_tables/9", "$.format: must be 'send_screen.risk_tables/1'"),
        (("pickle",), "x", "$: has a key that is not known: 'pickle'"),
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
    with pytest.raises(TablesError, match=rf"\$\.terms\[0\]\.{key}"):
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
        (TEXT.replace('"slope": -0.3333333333333333', '"slope": 1, "slope": 2'), r"\$\.terms\[0\]: .*'slope' twice"),
        (TEXT.replace('"1": 0.1', '"1": 0.1, "1": 0.2'), r"\$\.terms\[1\]\.levels: has the key '1' twice"),
        (TEXT.replace('"intercept": -2.1', '"intercept": -2.1, "intercept": 9'), r"\$: has the key 'intercept' twice"),
        ("[" * 200_000, "nested deeper"),
        ('{"a":' * 200_000, "nested deeper"),
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
    assert len(str(caught.value)) < 200
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
    with pytest.raises(TablesError, match="larger than"):
        RiskTables.load(large)


def test_whole_numbers_are_read_as_numbers():
    tables = RiskTables.from_json(changed(("terms", 0, "slope"), 1))
    assert isinstance(tables.terms[0].slope, float)
    assert tables.score(pd.DataFrame({"reading": [5.0], "G02": ["1"]}))[0] == pytest.approx(3.0)
