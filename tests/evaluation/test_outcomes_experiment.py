"""A short form of the experiment on outcomes; all 500 replications are run by the experiment itself."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_counts_are_biased_and_estimates_are_not(monkeypatch):
    place = importlib.util.spec_from_file_location("outcomes_experiment", ROOT / "experiments/outcomes/run.py")
    experiment = importlib.util.module_from_spec(place)
    monkeypatch.setitem(sys.modules, place.name, experiment)
    place.loader.exec_module(experiment)
    setting = experiment.CONFIG["settings"][0]
    figures = experiment.run(experiment.pool(30_000), setting, 60)["figures"]
    counted, estimated = figures["counted_recall"], figures["recall"]
    assert counted["mean"] > counted["if_all_were_discussed"] + 0.08
    assert abs(estimated["mean"] - estimated["truth"]) < 0.03
    for name in ("precision", "recall", "missed", "effect_of_review"):
        assert figures[name]["coverage"] >= 0.87, name
