"""The acceptance of the fairness report on synthetic children; all 20 seeds are run by the experiment itself."""

import importlib.util
from pathlib import Path

import pytest

from send_screen.specs import load_spec

ROOT = Path(__file__).parents[2]
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def experiment():
    place = importlib.util.spec_from_file_location("planted_and_quiet", ROOT / "experiments/planted_and_quiet/run.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def spec():
    return load_spec(ROOT / "models/reception_sen/spec.yaml")


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_planted_harm_is_named_in_words(experiment, spec, seed):
    found = experiment.planted(seed, spec, share=experiment.CONFIG["share"], children=experiment.CONFIG["children"])
    assert found["named"], found
    assert len(found["sentences"]) == 1
    assert found["low"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_groups_that_have_nothing_to_do_with_anything_are_not_named(experiment, spec, seed):
    cohort = experiment.cohort_of(experiment.simulate_england(experiment.CONFIG["children"], seed=seed), spec)
    assert experiment.quiet(cohort, seed, spec)["named"] == []
