"""What this library does in MLflow leaves the user's own stores, run, experiment and environment as they were."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from send_screen import audit, export, history, promote, screen, train, withdraw
from send_screen.simulation import simulate_england, write_england


@pytest.fixture
def users_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An active run of the user's, in a store of the user's, and an environment that names other things still."""
    mlflow = pytest.importorskip("mlflow")
    before = mlflow.get_tracking_uri() if mlflow.tracking._tracking_service.utils._tracking_uri else None
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'theirs.db'}")
    mlflow.set_experiment("theirs")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:1")
    with mlflow.start_run() as run:
        monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
        monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "12345")
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "of_nobody")
        monkeypatch.setenv("MLFLOW_RUN_CONTEXT", '{"mlflow.source.name": "theirs", "their_tag": "x"}')
        monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true")
        monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "true")
        yield run
    mlflow.set_tracking_uri(before)
    mlflow.tracking.fluent._active_experiment_id = None


def test_stores_run_experiment_and_environment_of_the_user_stay_as_they_are(
    users_run: Any, light_spec: Path, tmp_path: Path
) -> None:
    import mlflow

    def theirs() -> dict[str, Any]:
        run = mlflow.get_run(users_run.info.run_id)
        return {
            "environment": dict(os.environ),
            "folder": Path.cwd(),
            "stores": (mlflow.get_tracking_uri(), mlflow.get_registry_uri()),
            "run": mlflow.active_run().info.run_id,
            "of the run": (run.data.to_dictionary(), run.info.status, run.outputs and run.outputs.to_dictionary()),
            "last model": mlflow.last_logged_model(),
            "runs": len(mlflow.search_runs(search_all_experiments=True)),
        }

    ours = tmp_path / "ours"
    uri = f"sqlite:///{ours / 'mlflow.db'}"
    write_england(simulate_england(children=2_000, seed=3), tmp_path / "data")
    before = theirs()
    made = train(light_spec, tmp_path / "data", tracking_uri=uri, evidence=ours / "evidence")
    made.require_passed()
    assert theirs() == before, "train"
    promote(made.model_uri, by="A. Head", reason="tried", tracking_uri=uri)
    assert theirs() == before, "promote"
    assert history(made.name, tracking_uri=uri).ok
    assert audit(made.model_uri, tracking_uri=uri).result != "red"
    assert theirs() == before, "audit"
    export(made.model_uri, ours / "exported", tracking_uri=uri)
    school = tmp_path / "data" / "schools" / "school_file.csv"
    screen(made.model_uri, school, out=ours / "lists", tracking_uri=uri)
    assert theirs() == before, "screen"
    withdraw(made.model_uri, by="A. Head", reason="tried", tracking_uri=uri)
    assert theirs() == before, "withdraw"
    found = mlflow.MlflowClient(uri, uri).search_experiments()
    runs = mlflow.MlflowClient(uri, uri).search_runs([one.experiment_id for one in found])
    assert [run.info.run_id for run in runs] == [made.run_id]


def test_the_users_autologging_logs_no_fit_of_ours_and_goes_on_with_theirs(
    tmp_path: Path, light_spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kind of model that training fits, with input examples on: children's rows would be among them."""
    import mlflow
    from mlflow.utils import autologging_utils
    from sklearn.linear_model import LogisticRegression

    from send_screen.cohorts import load_cohort
    from send_screen.estimators._compared_models import compared_models
    from send_screen.evaluation import out_of_fold
    from send_screen.specs import load_spec

    write_england(simulate_england(children=2_000, seed=3), tmp_path / "data")
    spec = load_spec(light_spec)
    cohort = load_cohort(spec, tmp_path / "data")
    specs = [spec.model_copy(update={"model": kind, "challengers": ("lightgbm",)}) for kind in ("logistic", "additive")]
    kinds = [compared_models(each, cohort, threads=1) for each in specs]
    store = f"sqlite:///{tmp_path / 'theirs.db'}"
    monkeypatch.setattr(mlflow.tracking._tracking_service.utils, "_tracking_uri", store)
    monkeypatch.chdir(tmp_path)
    # MLflow asks pyspark, where it is installed, and that takes a process without a file for a doctest, and ends it
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    try:
        mlflow.set_experiment("theirs")
        for flavour in (mlflow.sklearn, mlflow.lightgbm):
            flavour.autolog(log_input_examples=True, silent=True)
        for models in kinds:
            out_of_fold(cohort, models, folds=2, seeds=(0,))
        assert mlflow.search_runs(search_all_experiments=True).empty
        assert not list(tmp_path.rglob("*input_example*"))
        with autologging_utils.disable_autologging():
            out_of_fold(cohort, {"candidate": kinds[0]["candidate"]}, folds=2, seeds=(0,))
            assert autologging_utils._AUTOLOGGING_GLOBALLY_DISABLED, "what the user has switched off stays off"
        LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        assert len(mlflow.search_runs(search_all_experiments=True)) == 1
    finally:
        for flavour in (mlflow.sklearn, mlflow.lightgbm):
            flavour.autolog(disable=True, silent=True)
        mlflow.tracking.fluent._active_experiment_id = None
        os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
