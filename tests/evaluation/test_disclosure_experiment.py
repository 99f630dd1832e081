"""The attack on random cohorts: a sample of them; all 500 are run by the experiment itself."""

import importlib.util
from pathlib import Path

import pytest

from send_screen.evaluation import _measured_sections
from send_screen.evaluation.disclosure import Suppression
from send_screen.evaluation.disclosure._suppress import _primary_suppression

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def experiment():
    place = importlib.util.spec_from_file_location("disclosure_experiment", ROOT / "experiments/disclosure/run.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_of_random_cohorts_no_small_count_and_no_union_can_be_narrowed_down(experiment):
    found = experiment.summary(list(experiment.run(range(500, 515))))
    assert found["cells exposed"] + found["unions exposed"] == 0, found["found"]
    assert found["withheld"] < 0.75 * found["figures"]


def test_the_attack_finds_what_primary_suppression_alone_gives_away(experiment, monkeypatch):
    def primary_only(table, **_):
        return Suppression(frozenset(_primary_suppression(table)), {})

    monkeypatch.setattr(_measured_sections, "suppress", primary_only)
    found = experiment.summary(list(experiment.run(range(3))))
    assert found["cells exposed"] > 0
    assert found["unions exposed"] > 0
