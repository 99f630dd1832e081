"""From a spec to its estimators: each model is what the spec says, and MLflow is told what the model has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from send_screen.estimators import (
    AdditiveRiskClassifier,
    BaselineClassifier,
    BoostedTreesClassifier,
    EBMClassifier,
)
from send_screen.estimators._compared_models import compared_models, describe_challenger
from send_screen.specs import load_spec
from send_screen.tracking import run_params


def test_a_spec_names_its_challengers(repository: Path) -> None:
    spec = load_spec(repository / "models" / "reception_sen" / "spec.yaml")
    spec = spec.model_copy(update={"challengers": ("ebm", "lightgbm")})
    cohort = SimpleNamespace(categorical_features={"home": ["x", "y"]})
    models = compared_models(spec, cohort, threads=2)  # type: ignore[arg-type]  # of a cohort it looks at this only
    made = {name: make() for name, make in models.items()}
    kinds = {"candidate": AdditiveRiskClassifier, "baseline": BaselineClassifier}
    kinds |= {"ebm": EBMClassifier, "lightgbm": BoostedTreesClassifier}
    assert {name: type(model) for name, model in made.items()} == kinds
    assert made["lightgbm"].monotonic_cst == spec.monotonic_cst
    assert made["lightgbm"].categorical_features == made["ebm"].categorical_features == cohort.categorical_features
    assert (made["lightgbm"].n_jobs, made["candidate"].n_jobs) == (2, 2)


def test_a_challenger_says_what_it_is() -> None:
    words = "LightGBM, with the same monotonic constraints, tuned inside the training schools (12 settings)"
    assert describe_challenger("lightgbm") == words
    assert describe_challenger("ebm").startswith("EBM, also readable, as it comes (interpret-core 0.")


@pytest.mark.parametrize(("model", "logged"), [("logistic", {"C": "0.1"}), ("additive", {}), ("baseline", {})])
def test_only_parameters_that_the_model_has_are_logged(repository: Path, model: str, logged: dict[str, str]) -> None:
    spec = load_spec(repository / "models" / "reception_sen" / "spec.yaml").model_copy(update={"model": model})
    parameters = run_params(spec, 0)
    assert {key: value for key, value in parameters.items() if key == "C"} == logged
    assert parameters["model"] == model
