"""Hard rule 1: no count of 1 to 9 in anything published. Every whole number is 10 or more, or named here as no count.

An allow-list: what is published anew, under whatever key, is suspected until somebody writes here what it is.
"""

from __future__ import annotations

import copy
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Found = tuple[str, float]

#: Whole numbers that count neither children nor schools, by file: choices made beforehand, places, values of features.
NO_COUNTS = {
    "published.json": {
        "$.calibration[].bin": "which bin",
        "$.calibration[].min_risk_percent": "a score",
        "$.example.percent": "the score of a child who does not exist",
        "$.scorecard.digits": "decimals shown",
        "$.scorecard.log_odds_per_point": "log-odds",
        "$.scorecard.percent[].percent": "a score",
        "$.scorecard.percent[].points": "points of the scorecard",
        "$.shapes[].points[].to": "a value of a feature",
        "$.shapes[].points[].x": "a value of a feature",
        **dict.fromkeys(
            (f"$.{part}[].{figure}" for part in ("calibration", "groups") for figure in ("high", "low")),
            "an end of the interval of a share or of a metric of scores",
        ),
        "$.groups[].value": "a share, or a metric of scores",
        "$.performance[].value": "a share, or a metric of scores",
        "$.version.fold_seeds[]": "chosen in the spec",
        "$.version.folds": "chosen in the spec",
        "$.version.held_out_schools": "chosen by who trains",
        "$.version.horizon_months": "chosen in the spec",
    },
    "tables.json": {
        "$.terms[].bins[].below": "a value of a feature",
        "$.terms[].high": "a value of a feature",
        "$.terms[].low": "a value of a feature",
    },
    "bags.json": {
        "$.bags[].terms[].bins[].below": "a value of a feature",
        "$.bags[].terms[].high": "a value of a feature",
        "$.bags[].terms[].low": "a value of a feature",
        "$.repeats[]": "which repeat a bag is of",
    },
    "tables.schema.json": {
        f"$.$defs.{term}.{ends}": "how long a list must be, in every version's file"
        for term, ends in (
            ("InteractionFields.properties.edges", "maxItems"),
            ("InteractionFields.properties.edges", "minItems"),
            ("InteractionFields.properties.features", "maxItems"),
            ("InteractionFields.properties.features", "minItems"),
            ("ShapeFields.properties.bins", "minItems"),
        )
    },
    "atrs.json": {"$.fields[].tier": "tier of the standard"},
    "manifest.json": {},
    "input_example.json": {"$.data[][]": "a child who does not exist"},
    "serving_input_example.json": {"$.dataframe_split.data[][]": "a child who does not exist"},
    "metrics": {},
    "params": {
        "folds": "chosen in the spec",
        "fold_seeds": "chosen in the spec",
        "held_out_schools": "chosen by who trains",
    },
}


def numbers_of(part: Any, place: str = "$") -> Iterator[Found]:
    """Yield every number of a document, with its path."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from numbers_of(value, f"{place}.{key}")
    elif isinstance(part, list):
        for value in part:
            yield from numbers_of(value, f"{place}[]")
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield place, part


def whole_numbers(part: Any) -> Iterator[Found]:
    """Yield every whole number of a document, also one that is written as 3.0, with its path."""
    return ((place, number) for place, number in numbers_of(part) if number == int(number))


def small(numbers: Iterator[Found], name: str) -> set[Found]:
    """Return the numbers that could be a small count. None of something is no small count."""
    return {(place, n) for place, n in numbers if 1 <= abs(n) <= 9 and place not in NO_COUNTS[name]}


def in_files(folder: Path) -> dict[str, set[Found]]:
    """Return what is small in each JSON document below a folder."""
    files = sorted(folder.rglob("*.json"))
    assert {"published.json", "tables.json", "input_example.json"} <= {file.name for file in files}
    return {str(file): small(whole_numbers(json.loads(file.read_text("utf-8"))), file.name) for file in files}


def in_database(file: Path) -> set[Found]:
    """Return what is small in the metrics and parameters that MLflow holds."""
    found: set[Found] = set()
    with closing(sqlite3.connect(file)) as connection:
        for kind, table, key, value in (
            ("metrics", "metrics", "key", "value"),
            ("metrics", "latest_metrics", "key", "value"),
            ("metrics", "logged_model_metrics", "metric_name", "metric_value"),
            ("params", "params", "key", "value"),
            ("params", "logged_model_params", "param_key", "param_value"),
        ):
            rows = connection.execute(f"select {key}, {value} from {table}").fetchall()
            assert rows, table
            numbers = ((name, float(n)) for name, n in rows if re.fullmatch(r"-?\d+(\.0*)?", str(n)))
            found |= small(numbers, kind)
        assert connection.execute("select count(*) from datasets").fetchone() == (0,), "a profile of the data"
    return found


@pytest.fixture(scope="module")
def few(once: Callable[..., Any], light_spec: Path) -> Path:
    """A store of a version trained where much is few: schools, unknown values, rows that are left out."""
    from send_screen.simulation import simulate_england, write_england
    from send_screen.workflows import train

    def make(folder: Path) -> Path:
        write_england(simulate_england(children=900, seed=3), folder / "data")
        file = folder / "data" / "pupil_census.csv"
        census = pd.read_csv(file, dtype=str)
        assert census["School"].nunique() == 9
        census.loc[5:7, "SessionsAbsent"] = None
        census.loc[40:42, "NCyearActual"] = "7"
        pd.concat([census, census.iloc[20:22]]).to_csv(file, index=False)
        uri = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
        train(light_spec, folder / "data", tracking_uri=uri, evidence=folder / "evidence", threads=1)
        return folder

    made: Path = once("few", make)
    return made


@pytest.fixture(params=["trained", "few"])
def store(request: pytest.FixtureRequest) -> Path:
    made = request.getfixturevalue(request.param)
    return made if isinstance(made, Path) else made.folder


def test_rule_1_no_small_count_in_any_document(store: Path) -> None:
    found = in_files(store / "mlartifacts")
    assert not {file: numbers for file, numbers in found.items() if numbers}


def test_rule_1_no_small_count_in_the_database(store: Path) -> None:
    assert in_database(store / "mlflow.db") == set()


def test_rule_1_no_page_tells_a_small_count(store: Path) -> None:
    pages = [file for file in (store / "mlartifacts").rglob("*") if file.suffix in (".html", ".md", ".svg")]
    assert len(pages) > 10
    small_count = re.compile(r"(?<![\d.,])[1-9] (?:child|children|pupils?|schools?|rows?)\b")
    assert small_count.findall("19 schools, 9 schools and 2.5 children") == ["9 schools"]
    found = {file.name: small_count.findall(file.read_text("utf-8")) for file in pages}
    assert not {name: counts for name, counts in found.items() if counts}


def test_nothing_is_named_that_is_not_published(trained: Any, few: Path) -> None:
    """A name that stands for nothing would let a count through that takes it later."""
    seen: dict[str, set[str]] = defaultdict(set)
    for folder in (trained.folder, few):
        for file in (folder / "mlartifacts").rglob("*.json"):
            seen[file.name] |= {place for place, _ in numbers_of(json.loads(file.read_text("utf-8")))}
    for name in NO_COUNTS.keys() - {"metrics", "params"}:
        assert NO_COUNTS[name].keys() <= seen[name], name


@pytest.mark.parametrize(
    "plant",
    [
        lambda document: document["cohort"].update(n_schools=9),
        lambda document: document["cohort"].update(n=1),
        lambda document: document["shapes"][0].update(n_missing=3),
        lambda document: document["groups"][0].update(schools=7),
        lambda document: document["groups"][0].update(never_seen_before=2),
        lambda document: document["gaps"][0].update(n=4.0),
        lambda document: document.update(a_new_section=[{"counts": [12, [5]]}]),
        lambda document: document["version"].update(folds_with_few=3),
    ],
)
def test_a_planted_small_count_is_found(trained: Any, plant: Callable[[dict[str, Any]], object]) -> None:
    document = copy.deepcopy(json.loads((trained.exported / "published.json").read_text("utf-8")))
    assert not small(whole_numbers(document), "published.json")
    plant(document)
    assert len(small(whole_numbers(document), "published.json")) == 1


@pytest.mark.parametrize(("table", "key", "value"), [("metrics", "key", "value"), ("params", "key", "value")])
def test_a_planted_small_count_in_the_database_is_found(
    trained: Any, tmp_path: Path, table: str, key: str, value: str
) -> None:
    file = tmp_path / "mlflow.db"
    file.write_bytes((trained.folder / "mlflow.db").read_bytes())
    with closing(sqlite3.connect(file)) as connection:
        some = connection.execute(f"select min({key}) from {table}").fetchone()
        connection.execute(f"update {table} set {value} = 3, {key} = 'n_of_something' where {key} = ?", some)
        connection.commit()
    assert in_database(file) == {("n_of_something", 3.0)}
