"""A version with a limit on its terms and with whole points: their cost is published, and its own audit is green."""

from __future__ import annotations

from pathlib import Path

import pytest

from send_screen import audit
from send_screen.simulation import simulate_england, write_england
from send_screen.tables import RiskTables
from send_screen.workflows import train


@pytest.mark.slow
def test_the_cost_of_both_is_published_and_the_audit_fits_it_again(small_spec: Path, tmp_path: Path) -> None:
    text = small_spec.read_text("utf-8")
    asked = "model_parameters: {max_terms: 6}\nscorecard_points: 10\ncapacity:"
    assert "\ncapacity:" in text
    spec = small_spec.parent / "limited.yaml"
    spec.write_text(text.replace("\ncapacity:", f"\n{asked}", 1), encoding="utf-8")
    data = tmp_path / "data"
    write_england(simulate_england(children=3_000, seed=3), data)
    uri = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    made = train(spec, data, tracking_uri=uri, evidence=tmp_path / "evidence", threads=1)
    published = made.published
    moved = [term.feature for term in made.tables.terms if term.max_abs]
    assert len(moved) == 6 < len(made.tables.terms) == len(published.shapes)
    for cost in ("all_terms", "whole_points"):
        assert cost in published.version.challengers
        for metric in ("roc_auc", "average_precision", "neg_log_loss", "recall"):
            difference = published.difference(metric, cost)
            assert difference is not None
            assert difference.low < difference.value < difference.high
    assert published.points is not None
    card = published.scorecard
    numbers = [row.points for feature in card.features for row in feature.rows]
    assert card.digits == 0
    assert max(map(abs, numbers)) == 10
    assert all(number == int(number) for number in numbers)
    assert 0 < published.points.mean_error < card.largest_error
    assert isinstance(made.tables, RiskTables)
    found = audit(made.model_uri, data=data, tracking_uri=uri, evidence=made.evidence)
    assert found.ok, found.to_text()
