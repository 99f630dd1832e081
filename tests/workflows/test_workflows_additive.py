"""The flagship through the door of the spec: ``model: additive`` is trained, registered and gives exact reasons."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from folder_hashes import write_manifest

from send_screen.errors import TablesError
from send_screen.governance import open_bundle
from send_screen.specs import load_spec
from send_screen.tables import BaggedTables
from send_screen.workflows import export, screen, train


@pytest.fixture
def additive(trained: Any) -> tuple[Any, Path]:
    return trained.made, trained.exported


@pytest.fixture(scope="module")
def logistic(trained: Any, light_spec: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logistic")
    uri = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
    made = train(light_spec, trained.data, tracking_uri=uri, evidence=folder / "evidence", threads=1)
    made.require_passed()
    return export(made.model_uri, folder / "exported", tracking_uri=uri).out


def test_a_spec_that_names_no_model_is_of_the_additive_one(small_spec: Path, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(small_spec.read_text("utf-8").replace("model: additive\n", ""), encoding="utf-8")
    assert load_spec(spec).model == "additive"


def test_a_model_without_bags_says_nothing_of_how_sure_it_is(trained: Any, logistic: Path, tmp_path: Path) -> None:
    assert open_bundle(logistic).bags is None
    result = screen(logistic, trained.school_file, out=tmp_path / "list").result
    assert {child.selections_of_10 for child in result.listed} == {None}
    assert "How firm" not in (tmp_path / "list" / "report.html").read_text("utf-8")
    heads = pd.read_excel(tmp_path / "list" / "list.xlsx", sheet_name="List", engine="calamine")
    assert heads.filter(like="How firm").empty
    assert "learnt from other schools" not in (logistic / "report.html").read_text("utf-8")


def test_what_is_registered_are_tables_of_shapes_that_keep_the_signs(additive: tuple[Any, Path]) -> None:
    made, exported = additive
    bundle = open_bundle(exported)
    assert bundle.published.version.model == "additive"
    assert any(hasattr(term, "edges") for term in bundle.tables.terms)
    evidence = pd.read_parquet(made.evidence / "evidence.parquet")
    reasons = evidence.filter(like="contribution.").sum(axis=1)
    # each fold has a base value of its own, and one only
    base = (evidence["score.candidate"] - reasons).groupby([evidence["fold_seed"], evidence["fold"]])
    assert base.std().max() < 1e-9


def test_its_pages_say_how_sure_it_is_and_publish_no_small_count(additive: tuple[Any, Path]) -> None:
    _, exported = additive
    bundle = open_bundle(exported)
    bags = BaggedTables.from_json((exported / "bags.json").read_text("utf-8"))
    assert bags.features == bundle.tables.features
    points = [point for shape in bundle.published.shapes for point in shape.points]
    assert all(point.margin_of_error >= 0 for point in points)
    assert max(point.margin_of_error for point in points) > 0.05
    cells = [cell for interaction in bundle.published.interactions for row in interaction.cells for cell in row]
    assert all(thing.n is None or thing.n >= 10 for thing in (*points, *cells))
    for name in ("card.html", "card.md"):
        assert "±" in (exported / name).read_text("utf-8")
    card = bundle.published.scorecard
    assert f"{card.example.total:+.{card.digits}f}".replace("-", "−") in (exported / "scorecard.html").read_text(
        "utf-8"
    )


def test_a_school_is_screened_with_reasons(trained: Any, additive: tuple[Any, Path], tmp_path: Path) -> None:
    _, exported = additive
    result = screen(exported, trained.school_file, out=tmp_path / "list").result
    assert result.listed
    for child in result.listed:
        assert child.reasons_for
        assert all(reason.contribution > 0 for reason in child.reasons_for)
        assert all(reason.contribution < 0 for reason in child.reasons_against)
    for child in (*result.listed, *result.margin):
        low, high = child.percent_interval
        assert low <= child.percent <= high
        assert low < high
    firm = [child.selections_of_10 for child in (*result.listed, *result.margin)]
    assert firm[0] > firm[-1], "the first on the list is firmer than the last below it"


def test_how_sure_is_said_wherever_the_list_is_shown(trained: Any, additive: tuple[Any, Path], tmp_path: Path) -> None:
    _, exported = additive
    result = screen(exported, trained.school_file, out=tmp_path / "list").result
    first = result.listed[0]
    page = (tmp_path / "list" / "report.html").read_text("utf-8")
    assert f"{first.selections_of_10} of 10" in page
    assert f"({first.percent_interval[0]} to {first.percent_interval[1]})" in page
    rows = pd.read_csv(tmp_path / "list" / "list.csv")
    assert rows.loc[0, "listed_by_of_10_models"] == first.selections_of_10
    assert (rows.loc[0, "percent_low"], rows.loc[0, "percent_high"]) == first.percent_interval
    heads = pd.read_excel(tmp_path / "list" / "list.xlsx", sheet_name="List", engine="calamine")
    assert heads.filter(like="How firm").iloc[0, 0].startswith(f"{first.selections_of_10} of 10")


def test_the_evidence_holds_how_stable_each_child_is_and_the_page_says_it(additive: tuple[Any, Path]) -> None:
    made, exported = additive
    evidence = pd.read_parquet(made.evidence / "evidence.parquet")
    flagged = evidence["flag.candidate"] == 1
    assert evidence["selection_probability.candidate"].between(0, 1).all()
    assert (evidence.loc[flagged, "selection_probability.candidate"] > 0.5).all()
    assert (evidence.loc[~flagged, "selection_probability.candidate"] < 0.5).all()
    row = made.published.metric("selection_probability")
    assert row.value == pytest.approx(evidence.loc[flagged, "selection_probability.candidate"].mean(), abs=5e-4)
    assert row.low < row.value < row.high
    assert "learnt from other schools would list" in (exported / "report.html").read_text("utf-8")


def test_bags_of_another_model_are_refused(additive: tuple[Any, Path], tmp_path: Path) -> None:
    _, exported = additive
    bags = open_bundle(exported).bags
    other = [replace(t, terms=t.terms[1:], interactions=()) for t in bags.tables]
    folder = shutil.copytree(exported, tmp_path / "other")
    (folder / "bags.json").write_text(replace(bags, tables=tuple(other)).to_json(), encoding="utf-8")
    write_manifest(folder, version=open_bundle(exported).published.version.id)
    with pytest.raises(TablesError, match="bags are of other features"):
        open_bundle(folder)
