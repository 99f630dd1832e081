"""What an auditor finds in MLflow: a run a version, a model that loads without a pickle, and answers over HTTP."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from send_screen.cohorts import load_cohort
from send_screen.errors import MissingExtraError, UsageError
from send_screen.governance import open_bundle
from send_screen.reports import PAGES
from send_screen.tracking import default_uri, open_registered, parse_hashes


@pytest.fixture
def client(trained: Any) -> Any:
    import mlflow

    mlflow.set_tracking_uri(trained.uri)
    mlflow.set_registry_uri(trained.uri)
    return mlflow.MlflowClient(trained.uri)


def rows_of(trained: Any) -> pd.DataFrame:
    """The school's file as a client of the served model sends it: numbers as numbers."""
    rows = pd.read_csv(trained.school_file, dtype=str)
    for column in ("SessionsPossible", "SessionsAbsent"):
        rows[column] = pd.to_numeric(rows[column], errors="coerce").astype("float64")
    return rows


def test_one_run_holds_everything_about_a_version(client: Any, trained: Any) -> None:
    run = client.get_run(trained.made.run_id)
    metadata = trained.made.published.version
    assert run.info.status == "FINISHED"
    ours = {name for name in run.data.tags if not name.startswith("mlflow.")}
    # MLflow shows them above the description: few, with every hash in one
    assert ours == {"version_id", "trained_on", "gates", "hashes", "evidence_location"}
    hashes = parse_hashes(run.data.tags)
    assert hashes["data_sha256"] == metadata.data_sha256
    things = {"data_sha256", "manifest_sha256", "evidence_sha256", "model_sha256", "signed_by"}
    assert set(hashes) == {*things, "children.parquet", "schools.parquet"}
    assert run.data.tags["version_id"] == trained.made.version
    assert run.data.tags["trained_on"] == "synthetic"
    assert run.data.tags["gates"] == "passed"
    assert run.data.params["fold_seeds"] == "0"
    for metric in ("roc_auc", "average_precision", "recall", "precision"):
        for model in ("", "baseline."):
            low, value, high = (run.data.metrics[f"{model}{metric}{end}"] for end in ("_low", "", "_high"))
            assert low <= value <= high
    artefacts = {item.path for item in client.list_artifacts(trained.made.run_id)}
    assert {"bundle", "plots", "published.json", *PAGES} <= artefacts
    assert {"report.html", "card.html", "scorecard.html", "atrs.json", "atrs.md", "impact_assessment.md"} <= set(PAGES)
    plots = {item.path for item in client.list_artifacts(trained.made.run_id, "plots")}
    assert {"plots/E01.svg", "plots/synthetic_child.svg"} <= plots


def test_the_registered_version_has_an_alias_and_its_hash(client: Any, trained: Any) -> None:
    version = client.get_model_version_by_alias("reception_sen", "candidate")
    assert str(version.version) == trained.made.registered_version
    assert parse_hashes(version.tags)["manifest_sha256"] == open_bundle(trained.exported).manifest_sha256
    assert version.run_id == trained.made.run_id
    assert version.current_stage in (None, "None")


def test_it_loads_without_a_pickle_and_says_what_the_tables_say(client: Any, trained: Any) -> None:
    import mlflow

    model = mlflow.pyfunc.load_model(f"models:/reception_sen/{trained.made.registered_version}")
    rows = rows_of(trained)
    predictions = model.predict(rows)
    bundle = open_bundle(trained.exported)
    cohort = load_cohort(bundle.spec, trained.school_file, training=False, contracts=bundle.contracts)
    assert len(predictions) == len(rows)
    assert predictions["row"].tolist() == list(range(1, len(rows) + 1))
    screened = predictions[predictions["status"] == "screened"]
    assert np.array_equal(screened["score"], bundle.tables.score(cohort.X))
    assert len(screened) == len(cohort)
    assert predictions.loc[predictions["status"] != "screened", "score"].isna().all()
    assert predictions.loc[predictions["status"] != "screened", "reason"].str.len().min() > 0


def test_mlmodel_names_no_folder_of_this_machine(trained: Any) -> None:
    for file in trained.folder.glob("mlartifacts/**/MLmodel"):
        text = file.read_text("utf-8")
        assert "/tmp/" not in text.replace(trained.folder.as_uri(), "")
        assert "model_code_path: served.py" in text


def test_the_example_is_of_synthetic_children(trained: Any) -> None:
    (file,) = trained.folder.glob("mlartifacts/**/input_example.json")
    example = json.loads(file.read_text("utf-8"))
    frame = pd.DataFrame(example["data"], columns=example["columns"])
    assert frame["UPN"].str.slice(1, 4).eq("000").all()
    assert not set(frame["UPN"]) & set(pd.read_csv(trained.data / "pupil_census.csv", dtype=str)["UPN"])


def test_opening_says_what_there_is(trained: Any) -> None:
    version, bundle = open_registered("models:/reception_sen/1", uri=trained.uri)
    assert (bundle.spec.name, bundle.manifest_sha256) == ("reception_sen", version.manifest_sha256)
    for wrong, words in (
        ("models:/reception", "names no model"),
        ("models:/reception_sen/99", "has no"),
        ("models:/receptions@candidate", "It has reception_sen"),
    ):
        with pytest.raises(UsageError, match=words):
            open_registered(wrong, uri=trained.uri)


def test_the_store_is_where_one_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert default_uri(tmp_path) == f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert default_uri(tmp_path) == "http://127.0.0.1:1"


def test_without_mlflow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    (tmp_path / "mlflow.db").touch()
    with pytest.raises(MissingExtraError, match=r"send-screen\[train\]"):
        open_registered("models:/x/1", uri=f"sqlite:///{tmp_path}/mlflow.db")


def ask(server: Any, body: bytes) -> tuple[int, str]:
    request = urllib.request.Request(
        f"{server.address}/invocations", data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_served_model_answers_with_scores_and_reasons(server: Any, trained: Any) -> None:
    rows = rows_of(trained)
    body = json.dumps({"dataframe_split": json.loads(rows.to_json(orient="split", index=False))}).encode()
    status, text = ask(server, body)
    assert status == 200, text
    predictions = pd.DataFrame(json.loads(text)["predictions"])
    bundle = open_bundle(trained.exported)
    cohort = load_cohort(bundle.spec, trained.school_file, training=False, contracts=bundle.contracts)
    screened = predictions[predictions["status"] == "screened"]
    assert np.allclose(screened["score"].astype(float), bundle.tables.score(cohort.X), rtol=0, atol=1e-12)
    assert (screened["reasons_for"].str.len() > 0).any()
    assert predictions["notice"].str.contains("refuse, delay or ration").all()
    assert not any(upn in text for upn in rows["UPN"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.drop(columns="E09"), "E09"),
        (lambda rows: rows.assign(NCyearActual="X"), "not in reception"),
        (lambda rows: rows.assign(UPN="B801200005001").iloc[:1], "invented"),
        (lambda rows: rows.drop(columns="UPN"), "UPN"),
    ],
)
def test_a_bad_request_gets_a_reason_and_no_trace(server: Any, trained: Any, change: Any, words: str) -> None:
    rows = change(rows_of(trained))
    body = json.dumps({"dataframe_split": json.loads(rows.to_json(orient="split", index=False))}).encode()
    status, text = ask(server, body)
    assert status == 400
    assert words in text


def test_what_is_no_json_gets_a_reason(server: Any) -> None:
    status, text = ask(server, b"{not json")
    assert 400 <= status < 500
    assert text


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.assign(SessionsAbsent="many"),
        lambda rows: rows.assign(E01=1),
        lambda rows: rows.assign(SessionsAbsent=[["a"]] * len(rows)),
    ],
)
def test_a_request_of_wrong_types_is_refused_without_quoting_it(server: Any, trained: Any, change: Any) -> None:
    rows = change(rows_of(trained))
    body = json.dumps({"dataframe_split": json.loads(rows.to_json(orient="split", index=False))}).encode()
    status, text = ask(server, body)
    assert status in (200, 400)
    assert not any(upn in text for upn in rows["UPN"])
    assert "Traceback" not in text
