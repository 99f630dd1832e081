"""Hard rule 1, at the end: from all that a store shows of two versions, no count of 1 to 9 can be worked out.

Everything is read as a stranger reads it: ``published.json``, the metrics in MLflow, the counts in ``tables.json``, and
the numbers printed on the auditor's page.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "evaluation"))

from disclosure_attack import Attack, numbers_of_tables

from send_screen.cohorts import load_cohort
from send_screen.evaluation.disclosure import Intruder
from send_screen.published import PublishedReport
from send_screen.reports import PAGES, render_pages
from send_screen.specs import load_spec
from send_screen.workflows import train

#: Column of the page's tables -> metric.
COMPLEMENTS = {"recall": "false_negative_rate", "specificity": "false_positive_rate"}  # derived on the page
MISSED, LISTED, MEANING = "t-missed-", "t-flagged", "t-meaning"


@pytest.fixture(scope="module")
def england(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from send_screen.simulation import simulate_england, write_england

    folder = tmp_path_factory.mktemp("england")
    write_england(simulate_england(children=2_000, seed=5), folder)
    return folder


def trained_versions(england: Path, folder: Path, repository: Path) -> list[dict[str, Any]]:
    """Two versions on the same data, one after the other in one store: another capacity, and more crossed."""
    text = (repository / "models" / "reception_sen" / "spec.yaml").read_text("utf-8")
    for old, new in (
        ("model: additive", "model: logistic"),
        ("challengers: [lightgbm]", "challengers: []"),
        ("folds: 5, seeds: [0]", "folds: 3, seeds: [0]"),
        ("at_least: 0.8, at_most: 1.25", "at_least: 0.1, at_most: 9"),
        ("against: baseline, at_least: 0.0", "against: baseline, at_least: -0.9"),
        ("  - [sex, eal]\n", ""),
    ):
        assert old in text, old
        text = text.replace(old, new)
    later = text.replace("capacity: 0.10", "capacity: 0.20").replace(
        "  - [sex, fsm]\n", "  - [sex, fsm]\n  - [sex, eal]\n"
    )
    versions = []
    for number, words in enumerate((text, later)):
        spec = folder / f"spec{number}.yaml"
        spec.write_text(words, encoding="utf-8")
        uri = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
        made = train(spec, england, tracking_uri=uri, evidence=folder / "evidence", threads=1)
        versions.append(as_a_stranger_sees_it(made, load_spec(spec), england, uri))
    return versions


def as_a_stranger_sees_it(made: Any, spec: Any, england: Path, uri: str) -> dict[str, Any]:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=uri)
    folder = Path(mlflow.artifacts.download_artifacts(run_id=made.run_id, artifact_path="bundle", tracking_uri=uri))
    published = json.loads((folder / "published.json").read_text("utf-8"))
    made_of_nothing_else(folder, published)
    names = {group.label: group.name for group in spec.groups}
    for row in (row for part in ("groups", "gaps", "attribution", "combined") for row in published[part]):
        row["attribute"] = " × ".join(names[label] for label in row["attribute"].split(" × "))
    evidence = pd.read_parquet(made.evidence / "evidence.parquet")
    tables = json.loads((folder / "tables.json").read_text("utf-8"))
    cohort = load_cohort(spec, england)
    # the evidence is in the order of its serial numbers
    keys = pd.read_parquet(made.evidence / "children.parquet").sort_values("row")
    X = cohort.X.set_index(cohort.ids.to_numpy()).loc[keys["child_id"]]
    return {
        "published": published,
        "evidence": evidence,
        "metrics": client.get_run(made.run_id).data.metrics,
        "tables": numbers_of_tables(bins_of(tables), X, evidence),
        "pages": list(shares_on_the_page((folder / "report.html").read_text("utf-8"), published, names)),
    }


def made_of_nothing_else(folder: Path, published: dict[str, Any]) -> None:
    """Card, report, scorecard, ATRS record and draft assessment, byte by byte: one document tells all of it."""
    assert {"card.html", "card.md", "report.html", "scorecard.html", "atrs.json", "atrs.md"} <= set(PAGES)
    for name, page in render_pages(PublishedReport.model_validate(published, strict=False)).items():
        assert (folder / name).read_bytes() == page.encode(), name


def bins_of(tables: dict[str, Any]) -> list[tuple[Any, dict[int, int]]]:
    """The counts of each term and interaction: where each child is, and how many are told to be there."""
    terms = {term["feature"]: term for term in tables["terms"]}
    found = [(partial(place, term, None), counts_of(term)) for term in terms.values()]
    for interaction in tables["interactions"]:
        of = [terms[feature] for feature in interaction["features"]]
        columns = len(interaction["edges"][1]) + 2

        def cell(X: pd.DataFrame, of: Any = of, edges: Any = interaction["edges"], columns: int = columns) -> Any:
            first, second = (place(term, cuts, X) for term, cuts in zip(of, edges, strict=True))
            return np.where(first < 0, len(edges[0]) + 1, first) * columns + np.where(second < 0, columns - 1, second)

        counts = enumerate(n for row in interaction["n"] or [] for n in row)
        found.append((cell, {i: n for i, n in counts if n is not None}))
    return found


def place(term: dict[str, Any], edges: Any, X: pd.DataFrame) -> np.ndarray:
    """The bin of a term's own, or between other edges, that each child is in; -1 where its value is missing."""
    values = X[term["feature"]]
    if "levels" in term:
        known = [row["level"] for row in term["levels"]]
        numbers = values.map(lambda value: known.index(value) if value in known else np.nan).to_numpy(float)
        edges = np.arange(1, len(known)) if edges is None else edges
    else:
        numbers = values.to_numpy(float)
        edges = [row["below"] for row in term.get("bins", [])[:-1]] if edges is None else edges
    return np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers, side="right"))


def counts_of(term: dict[str, Any]) -> dict[int, int]:
    """How many children are told to be in each bin of a term."""
    rows = term.get("bins") or term.get("levels") or [term]
    told = {**{i: row["n"] for i, row in enumerate(rows)}, -1: term["n_missing"]}
    return {i: n for i, n in told.items() if n is not None}


def shares_on_the_page(page: str, published: dict[str, Any], names: dict[str, str]) -> Any:
    """Every share of 100 in the page's tables of groups: attribute, group, metric, and what it is rounded from."""
    columns = {
        MISSED: {1: "false_negative_rate"},
        LISTED: {0: "selection_rate", 1: "precision", 2: "false_positive_rate"},
        MEANING: {0: "prevalence"},
    }
    known = {
        (row["attribute"], row["group_description"].removeprefix("children recorded as ")): row["group"]
        for row in published["groups"]
    }
    rounded = {
        (row["attribute"], row["group"], metric): 100 * (row["rounded_to"] or 0)
        for row in published["groups"]
        for metric in (row["metric"], COMPLEMENTS.get(row["metric"]))
    }
    for table in re.findall(r"<table.*?</table>", page, re.S):
        name = next((name for name in columns if f'id="{name}' in table), None)
        if name is None:
            continue
        caption = html.unescape(re.search(r"<caption[^>]*><span>(.*?)</span>", table)[1])  # type: ignore[index]  # every table and row has one
        attribute = " × ".join(names[label] for label in caption.rpartition(": ")[2].split(" × "))
        for body in re.findall(r"<tbody>(.*?)</tbody>", table, re.S):
            for row in re.findall(r"<tr[^>]*>(<th scope=\"row\">.*?)</tr>", body, re.S):
                words = html.unescape(re.search(r"<th[^>]*>(.*?)</th>", row, re.S)[1])  # type: ignore[index]  # every table and row has one
                cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
                for place, metric in columns[name].items():
                    if number := re.match(r"([\d.]+)(?: <|$)", cells[place].strip()):
                        key = attribute, known[attribute, words], metric
                        half = 0.5 * max(10.0 ** -len(number[1].partition(".")[2]), rounded[key]) + 1e-6
                        yield *key, (float(number[1]) - half) / 100, (float(number[1]) + half) / 100


def test_rule_1_no_small_count_can_be_worked_out_from_two_versions(
    england: Path, tmp_path: Path, repository: Path
) -> None:
    versions = trained_versions(england, tmp_path, repository)
    attack = Attack(versions[0]["evidence"], versions)
    assert len(list(attack.targets())) > 50
    assert all(len(version["pages"]) > 40 and version["metrics"] for version in versions)
    assert attack.narrowed_down() == []
    earlier = versions[1]["published"]["disclosure"]["prior_releases"]
    assert [one["version"] for one in earlier] == [versions[0]["published"]["version"]["id"]]


def test_the_attack_reads_every_count_of_the_tables(trained: Any) -> None:
    tables = json.loads((trained.exported / "tables.json").read_text("utf-8"))
    X = load_cohort(load_spec(trained.exported / "spec.yaml"), trained.data).X
    terms = bins_of(tables)
    assert len(terms) == len(tables["terms"]) + len(tables["interactions"])
    for place_of, counts in terms:
        found = Counter(place_of(X).tolist())
        assert counts
        assert {i: n for i, n in counts.items() if n} == {i: found[i] for i, n in counts.items() if n}


def test_rule_1_the_attack_works_where_only_small_counts_are_withheld(
    england: Path, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Intruder, "is_protected", lambda *_: True)
    monkeypatch.setattr(Intruder, "exposed_cells", lambda *_: None)
    versions = trained_versions(england, tmp_path, repository)
    assert len(Attack(versions[0]["evidence"], versions).narrowed_down()) > 3
