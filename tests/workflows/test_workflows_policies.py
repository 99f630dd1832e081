"""From a spec to its estimators: each policy is what the spec says, and MLflow is told what the model has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from send_screen.estimators import AdditiveRiskClassifier, BaselineClassifier, BoostedTreesClassifier, EBMClassifier
from send_screen.specs import load_spec
from send_screen.workflows._enter import run_params
from send_screen.workflows._policies import describe_challenger, policies


def test_a_spec_names_its_challengers(repository: Path) -> None:
    spec = replace(
        load_spec(repository / "models" / "reception_sen" / "spec.yaml"),
        model="additive",
        challengers=("ebm", "lightgbm"),
    )
    cohort = SimpleNamespace(categorical_features={"home": ["x", "y"]})
    made = {name: make() for name, make in policies(spec, cohort, threads=2).items()}  # type: ignore[arg-type]
    kinds = {"version": AdditiveRiskClassifier, "rule": BaselineClassifier}
    kinds |= {"ebm": EBMClassifier, "lightgbm": BoostedTreesClassifier}
    assert {name: type(policy) for name, policy in made.items()} == kinds
    assert made["lightgbm"].monotonic_cst == spec.monotonic_cst
    assert made["lightgbm"].categorical_features == made["ebm"].categorical_features == cohort.categorical_features
    assert (made["lightgbm"].n_jobs, made["version"].n_jobs) == (2, 2)


def test_a_challenger_says_what_it_is() -> None:
    assert describe_challenger("ebm").startswith("EBM, also readable, as it comes (interpret-core 0.")


@pytest.mark.parametrize(("model", "logged"), [("logistic", {"C": "0.1"}), ("additive", {}), ("rule", {})])
def test_only_parameters_that_the_model_has_are_logged(repository: Path, model: str, logged: dict[str, str]) -> None:
    spec = replace(load_spec(repository / "models" / "reception_sen" / "spec.yaml"), model=model)  # type: ignore[arg-type]
    parameters = run_params(spec, 0)
    assert {key: value for key, value in parameters.items() if key == "C"} == logged
    assert parameters["model"] == model
