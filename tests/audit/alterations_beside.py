"""Alterations of what MLflow shows or fetches beside a version's own files, figures and tags."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pandas as pd
import yaml
from alterations import kind
from audit_store import Store
from folder_hashes import folder_sha256

from send_screen.governance import sha256_of

PRAISE = "Audited by the Department, and fair to everyone."


# Words in the place of ours.


@kind("summary")
def words_that_MLflow_shows_as_the_description_of_a_run(store: Store, rng: Random) -> None:
    new = rng.choice([f"'{PRAISE}' || value", f"'{PRAISE}'", "replace(value, 'lists', 'finds')", "''"])
    change = f"update tags set value = {new} where key = 'mlflow.note.content' and run_uuid = ?"
    store.execute(change, store.run_id)


@kind("signature")
def the_name_of_another_key(store: Store, rng: Random) -> None:
    store.rewrite_hash("signed_by", rng.choice(["The Department for Education", "0" * 64]))


# What belongs to what.


@kind("run")
def another_place_that_the_served_model_is_fetched_from(store: Store, rng: Random) -> None:
    """Where a serving worker looks, though run, source and the logged model's own place are as they were."""
    place = (store.folder / rng.choice(["elsewhere", "mlartifacts/send_screen/models"])).as_uri()
    store.execute("update model_versions set storage_location = ? where version = ?", place, store.number)


@kind("run")
def a_link_or_a_state_of_the_registered_version(store: Store, rng: Random) -> None:
    column, value = rng.choice(
        [
            ("run_link", "https://example.org/run"),
            ("status_message", PRAISE),
            ("status", "FAILED_REGISTRATION"),
        ]
    )
    store.execute(f"update model_versions set {column} = ? where version = ?", value, store.number)


@kind("run")
def the_name_kind_or_words_of_the_served_model(store: Store, rng: Random) -> None:
    column = rng.choice(["name", "model_type", "status_message"])
    store.execute(f"update logged_models set {column} = ? where model_id = ?", PRAISE, store.model_id)


@kind("run")
def a_run_that_is_shown_as_deleted(store: Store, rng: Random) -> None:
    store.execute("update runs set lifecycle_stage = 'deleted' where run_uuid = ?", store.run_id)


@kind("run")
def another_model_of_the_run(store: Store, rng: Random) -> None:
    kinds = "input_uuid, source_type, source_id, destination_type, destination_id, step"
    values = "('i', 'RUN_OUTPUT', ?, 'MODEL_OUTPUT', ?, 0)"
    store.execute(f"insert into inputs ({kinds}) values {values}", store.run_id, store.of(2).model_id)


@kind("metrics")
def a_dataset_or_a_step_of_a_figure_of_the_served_model(store: Store, rng: Random) -> None:
    said = rng.choice(["dataset_name = 'National validation sample'", "metric_step = 7"])
    store.execute(f"update logged_model_metrics set {said} where metric_name = 'roc_auc' and run_id = ?", store.run_id)


@kind("metrics")
def a_second_figure_of_one_name_beside_the_served_model(store: Store, rng: Random) -> None:
    """As of another dataset or step: MLflow shows both."""
    store.execute(
        "insert into logged_model_metrics select model_id, metric_name, metric_timestamp_ms - 1, ?, .99, experiment_id,"
        " run_id, dataset_uuid, dataset_name, dataset_digest from logged_model_metrics"
        " where metric_name = 'roc_auc' and model_id = ?",
        rng.choice([1, 7]),
        store.model_id,
    )


# What describes the served model, with its hash made anew.


@kind("served")
def how_MLmodel_describes_the_served_model(store: Store, rng: Random) -> None:
    def role(document: dict[str, Any]) -> None:
        parameters = json.loads(document["signature"]["params"])
        parameters[0]["default"] = "send_coordinator"
        document["signature"]["params"] = json.dumps(parameters)

    def config(document: dict[str, Any]) -> None:
        document["flavors"]["python_function"]["config"] = {"anything": 1}

    def environment(document: dict[str, Any]) -> None:
        document["flavors"]["python_function"]["env"]["virtualenv"] = "input_example.json"

    changes: list[Callable[[dict[str, Any]], object]] = [
        role,
        config,
        environment,
        lambda document: document.update(metadata={"certified": PRAISE}),
        lambda document: document.update(model_uuid="m-0"),
        lambda document: document.update(resources={"api_version": "1"}),
        lambda document: document["saved_input_example_info"].update(artifact_path="serving_input_example.json"),
        lambda document: document.update(mlflow_version="3.0.0"),
    ]
    path = store.model / "MLmodel"
    document = yaml.safe_load(path.read_text("utf-8"))
    rng.choice(changes)(document)
    path.write_text(yaml.safe_dump(document), encoding="utf-8", newline="\n")
    store.rewrite_hash("model_sha256", folder_sha256(store.model))


# What a signature covers.


@kind("signature")
def the_envelope_of_the_signature(store: Store, rng: Random) -> None:
    """What is beside what was signed: whose key it is said to be, and who is said to have signed as well."""
    path = store.bundle / "signature.json"
    envelope = json.loads(path.read_bytes())
    change = rng.choice(["keyid", "another", "more"])
    if change == "keyid":
        envelope["signatures"][0]["keyid"] = PRAISE
    elif change == "another":
        envelope["signatures"].append({"keyid": PRAISE, "sig": base64.b64encode(b"x" * 64).decode()})
    else:
        envelope["note"] = PRAISE
    path.write_text(json.dumps(envelope, indent=2) + "\n", encoding="utf-8", newline="\n")
    store.rehash()


@kind("signature")
def whom_the_serial_numbers_of_the_evidence_stand_for(store: Store, rng: Random) -> None:
    path = store.evidence.parent / rng.choice(["children.parquet", "schools.parquet"])
    pd.read_parquet(path).iloc[::-1].to_parquet(path, index=False)
    store.rewrite_hash(path.name, sha256_of(path.read_bytes()))
