"""What MLflow itself and people add to a version leaves it green, and is named as not audited."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from audit_store import Store

from send_screen.auditing import FAILED, NOT_CHECKED, Addition
from send_screen.documents import is_confusable
from send_screen.governance import PromotionEntry, open_for_append
from send_screen.reports import render_summary
from send_screen.tracking import format_hashes
from send_screen.tracking._registry import SUMMARY_END
from send_screen.workflows import promote

READ = "Read by Ann on 3 May."


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow remembers in a process where a run's artefacts are: this run has two places, here and in ``original``."""
    from mlflow.tracking._tracking_service import utils

    monkeypatch.setattr(utils, "_artifact_repos_cache", OrderedDict())


def use_as_mlflow_offers(store: Store) -> None:
    """Do to a version what MLflow's own clients do."""
    import mlflow

    mlflow.set_tracking_uri(store.uri)
    mlflow.set_registry_uri(store.uri)
    client = mlflow.MlflowClient(store.uri, store.uri)
    model, run, served = "reception_sen", store.run_id, store.model_id
    mlflow.pyfunc.load_model(f"models:/{model}/1")
    client.copy_model_version(f"models:/{model}/1", "reception_sen_prod")
    client.copy_model_version(f"models:/{model}/1", model)
    mlflow.pyfunc.load_model("models:/reception_sen_prod/1")
    mlflow.artifacts.download_artifacts(f"models:/{model}/1", dst_path=str(store.folder / "downloaded"))
    with pytest.warns(FutureWarning):  # it is deprecated, and still a button of MLflow's pages
        client.transition_model_version_stage(model, "1", "Production", archive_existing_versions=True)
    client.set_registered_model_alias(model, "reviewed", "1")
    client.set_model_version_tag(model, "1", "reviewed", "by Ann")
    client.set_registered_model_tag(model, "team", "SEND")
    client.set_tag(run, "reviewed", "by Ann")
    client.set_tag(run, "mlflow.parentRunId", "0" * 32)
    client.set_tag(run, "mlflow.source.name", "AUC .99")
    client.set_logged_model_tags(served, {"reviewed": "by Ann"})
    experiment = client.get_run(run).info.experiment_id
    client.set_experiment_tag(experiment, "mlflow.note.content", READ)
    client.set_experiment_tag(experiment, "withdrawn.note", READ)
    client.set_experiment_tag(experiment, "mlflow.sharedViewState.approved", READ)
    client.update_registered_model(model, READ)
    shown = client.get_model_version(model, "1").description
    client.update_model_version(model, "1", f"{shown.rstrip()}\n\n{READ}")
    client.set_tag(run, "mlflow.note.content", client.get_run(run).data.tags["mlflow.note.content"] + READ)
    colleague = client.create_experiment("colleague", artifact_location=(store.folder / "colleague").as_uri())
    evaluation = client.create_run(colleague, run_name="evaluation").info.run_id
    client.log_metric(evaluation, "seconds_per_child", 0.01, model_id=served)
    client.log_metric(client.create_run(colleague, run_name=model).info.run_id, "roc_auc", 0.5)
    with mlflow.start_run(run_id=run):
        mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"a": [1]}), name="next term"))
    client.log_metric(run, "system/cpu_utilization_percentage", 12.0)
    client.create_registered_model("Reception-SEN")
    for find in (client.search_registered_models, client.search_model_versions):
        assert find()
    assert client.search_runs([experiment])
    # a client asks the network where the address leads
    columns = "webhook_id, name, url, creation_timestamp, last_updated_timestamp"
    store.execute(f"insert into webhooks ({columns}) values ('w', 'chat', 'https://chat.example/hook', 1, 1)")
    store.execute("insert into webhook_events values ('w', 'model_version', 'created')")


def enter_about_another_model(store: Store) -> None:
    with open_for_append(store.ledger) as book:
        last = next(entry for entry in book.entries if isinstance(entry, PromotionEntry))
        book.append(last.model_copy(update={"model": "year_1_sen", "version": "f" * 16}))


@pytest.mark.slow
def test_all_that_mlflow_offers_leaves_a_version_green_and_is_named(store: Store, tmp_path: Path) -> None:
    use_as_mlflow_offers(store)
    enter_about_another_model(store)
    (store.evidence.parent / "evidence of another year.parquet").write_bytes(b"-")
    if os.name == "posix":
        store.bundle.chmod(0o777)
    found = store.audit(key=store.keys / "public.pem", out=tmp_path / "audit")
    assert found.ok, found.having(FAILED)
    named = {(each.where, each.what) for each in found.additions}
    assert named >= {
        ("registered_model_meta, beside the served model", "asked for as models:/reception_sen_prod/1"),
        ("registered again", "models:/reception_sen/3"),
        ("registered again", "models:/reception_sen_prod/1"),
        ("stage of the registered version", "Production"),
        ("alias reviewed", "version 1; no promotion in the ledger gave it"),
        ("tag of the registered version", "reviewed: by Ann"),
        ("tag of the registered model", "team: SEND"),
        ("tag of the run", "reviewed: by Ann"),
        ("tag of the run", f"mlflow.parentRunId: {'0' * 32}"),
        ("tag of the served model", "reviewed: by Ann"),
        ("tag of the run", "mlflow.source.name: AUC .99"),
        ("tag of the experiment", f"mlflow.note.content: {READ}"),
        ("tag of the experiment", f"withdrawn.note: {READ}"),
        ("tag of the experiment", f"mlflow.sharedViewState.approved: {READ}"),
        ("dataset of the run, named after training", "next term"),
        ("description of the registered model", READ),
        ("description of the registered version", READ),
        ("description of the run", READ),
        ("figures of the machine, in the run", "system/cpu_utilization_percentage"),
        ("registered model Reception-SEN", "its name could be read as this one's"),
        ("file in the evidence's folder", "evidence of another year.parquet"),
    }
    wheres = " ".join(each.where + each.what for each in found.additions)
    for words in (
        "named reception_sen: other figures",
        "seconds_per_child: 0.01",
        "https://chat.example/hook",
        "about the model year_1_sen",
    ):
        assert words in wheres
    assert ("everyone on the machine" in wheres) == (os.name == "posix")
    title = "Added by MLflow or people, and not audited"
    page = (tmp_path / "audit" / "audit.html").read_text("utf-8")
    assert title in page
    assert f"{title}:\n" in found.to_text()
    assert READ in page
    assert {"where": "tag of the registered model", "what": "team: SEND"} in found.to_dict()["additions"]
    json.dumps(found.to_dict())


def test_a_decision_keeps_what_a_colleague_wrote_below_the_words_of_a_version(store: Store) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(store.uri, store.uri)
    shown = client.get_model_version("reception_sen", "1").description
    client.update_model_version("reception_sen", "1", f"{shown.rstrip()}\n\n{READ}")
    client.set_tag(
        store.run_id, "mlflow.note.content", client.get_run(store.run_id).data.tags["mlflow.note.content"] + READ
    )
    promote("models:/reception_sen/1", alias="trial", tracking_uri=store.uri, by="A. Board", reason="A trial")
    shown = client.get_model_version("reception_sen", "1").description
    assert "Promoted to trial" in shown
    assert shown.endswith(f"{SUMMARY_END}\n{READ}\n")
    found = store.audit(key=store.keys / "public.pem")
    assert found.ok, found.having(FAILED)
    assert Addition("description of the registered version", READ) in found.additions


def test_another_run_on_the_data_that_cannot_be_read_is_no_fault_of_a_version(store: Store) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(store.uri, store.uri)
    experiment = client.get_run(store.run_id).info.experiment_id
    tags = format_hashes({"data_sha256": store.hashes["data_sha256"]})
    client.log_text(client.create_run(experiment, tags=tags).info.run_id, "Of 100 girls, 4.", "report.html")
    found = store.audit()
    assert not found.having(FAILED)
    assert [check.id for check in found.having(NOT_CHECKED)] == ["prior-releases"]


def test_words_about_a_version_end_as_its_description_is_read(trained: Any) -> None:
    assert render_summary(trained.made.published).endswith(SUMMARY_END)


@pytest.mark.slow
@pytest.mark.posix
def test_a_version_that_was_served_is_green(store: Store, run_mlflow: Callable[..., Any]) -> None:
    command = ["models", "serve", "--env-manager", "local", "-m", "models:/reception_sen/1"]
    with run_mlflow(command, ready="/ping", tracking_uri=store.uri, folder=store.folder):
        pass
    found = store.audit(key=store.keys / "public.pem")
    assert found.ok, found.having(FAILED)
    assert [each.where for each in found.additions] == ["registered_model_meta, beside the served model"]


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("recepti\u043en_sen", True),
        ("reception\u200b_sen", True),
        ("r\u00e9ception_sen", True),
        ("\uff52eception_sen", True),
        ("Reception SEN", True),
        ("recepti0n_sen", True),
        ("reception_sen", False),
        ("reception_sen_2", False),
        ("year_1_sen", False),
        ("\u043f\u0440\u0438\u0451\u043c\u043d\u0430\u044f_\u043a\u043b\u0430\u0441", False),
    ],
)
def test_names_that_read_like_another(name: str, alike: bool) -> None:
    assert is_confusable(name, "reception_sen") is alike
