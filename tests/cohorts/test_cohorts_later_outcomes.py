"""What became of a child: within the horizon, or not known; a plan apart from support."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from send_screen.cohorts import later_outcomes, load_cohort
from send_screen.simulation import SyntheticEngland, simulate_england
from send_screen.specs import ModelSpec, load_spec

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    return load_spec(ROOT / "models/reception_sen/spec.yaml")


@pytest.fixture(scope="module")
def england() -> SyntheticEngland:
    return simulate_england(400, 10, seed=2)


def states(england: SyntheticEngland, spec: ModelSpec, register: pd.DataFrame) -> pd.Series:
    return later_outcomes(spec, {**england.tables, "outcomes/sen_status": register})


def test_it_is_the_label_that_training_uses(england: SyntheticEngland, spec: ModelSpec) -> None:
    found, cohort = later_outcomes(spec, england.tables), load_cohort(spec, england.tables)
    assert (found[cohort.ids].isin(["plan", "supported"]).to_numpy() == (cohort.y == 1).to_numpy()).all()
    assert not found[cohort.ids].eq("not_known").any()
    assert len(found) == 400, "children who are not labelled too"


@pytest.mark.parametrize(
    ("code", "date", "state"),
    [
        ("E", None, "plan"),
        ("K", None, "supported"),
        ("N", None, "none_recorded"),
        ("K", "2030-01-17", "not_known"),
        ("N", "2023-10-02", "not_known"),
    ],
)
def test_a_record_counts_within_the_horizon(
    england: SyntheticEngland, spec: ModelSpec, code: str, date: str | None, state: str
) -> None:
    register = england.sen_status.copy()
    child = register.iloc[0]["UPN"]
    register.loc[register.index[0], "SENprovision"] = code
    if date:
        register["StatusDate"] = register["StatusDate"].astype(object)
        register.loc[register.index[0], "StatusDate"] = date
    assert states(england, spec, register)[child] == state


def test_a_child_without_a_record_is_not_known(england: SyntheticEngland, spec: ModelSpec) -> None:
    gone = england.sen_status.iloc[0]["UPN"]
    assert states(england, spec, england.sen_status.iloc[1:])[gone] == "not_known"
