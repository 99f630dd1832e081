"""The flagship through the door of the spec: ``model: additive`` is trained, registered and gives exact reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from send_screen.governance import open_bundle
from send_screen.specs import load_spec
from send_screen.tables import BagTables
from send_screen.workflows import export_model, screen_file, train


@pytest.fixture(scope="module")
def additive(trained: Any, small_spec: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path, Path]:
    folder = tmp_path_factory.mktemp("additive")
    text = small_spec.read_text("utf-8")
    assert text.count("model: logistic") == 1
    spec = folder / "spec.yaml"
    spec.write_text(text.replace("model: logistic", "model: additive"), encoding="utf-8")
    uri = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
    made = train(spec, trained.data, tracking_uri=uri, evidence=folder / "evidence", threads=1)
    made.require_passed()
    return made, export_model(made.model_uri, folder / "exported", tracking_uri=uri), spec


def test_what_is_registered_are_tables_of_shapes_that_keep_the_signs(additive: tuple[Any, Path, Path]) -> None:
    made, exported, path = additive
    bundle = open_bundle(exported)
    assert load_spec(path).model == "additive"
    assert bundle.published["version"]["model"] == "additive"
    assert any(hasattr(term, "edges") for term in bundle.tables.terms)
    evidence = pd.read_parquet(made.evidence / "evidence.parquet")
    reasons = evidence.filter(like="contribution.").sum(axis=1)
    # each fold has a base value of its own, and one only
    base = (evidence["score.version"] - reasons).groupby([evidence["fold_seed"], evidence["fold"]])
    assert base.std().max() < 1e-9


def test_its_pages_say_how_sure_it_is_and_publish_no_small_count(additive: tuple[Any, Path, Path]) -> None:
    _, exported, _ = additive
    bundle = open_bundle(exported)
    bags = BagTables.from_json((exported / "bags.json").read_text("utf-8"))
    assert bags.features == bundle.tables.features
    points = [point for shape in bundle.published["shapes"] for point in shape["points"]]
    assert all(point["within"] >= 0 for point in points)
    assert max(point["within"] for point in points) > 0.05
    cells = [cell for surface in bundle.published["surfaces"] for row in surface["cells"] for cell in row]
    assert all(thing["n"] is None or thing["n"] >= 10 for thing in (*points, *cells))
    for name in ("card.html", "card.md"):
        assert "±" in (exported / name).read_text("utf-8")
    example = bundle.published["scorecard"]["example"]
    assert f"{example['total']:+.1f}".replace("-", "−") in (exported / "scorecard.html").read_text("utf-8")


def test_a_school_is_screened_with_reasons(trained: Any, additive: tuple[Any, Path, Path], tmp_path: Path) -> None:
    _, exported, _ = additive
    result, _ = screen_file(exported, trained.school_file, out=tmp_path / "list")
    assert result.listed
    for child in result.listed:
        assert child.reasons_for
        assert all(reason.contribution > 0 for reason in child.reasons_for)
        assert all(reason.contribution < 0 for reason in child.reasons_against)
