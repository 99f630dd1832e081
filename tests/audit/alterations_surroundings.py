"""Alterations of what else a store holds, and names that read like the version's own."""

from __future__ import annotations

from random import Random

from alterations import kind
from audit_store import Store


def client_of(store: Store):
    from mlflow import MlflowClient

    return MlflowClient(store.uri, store.uri)


@kind("surroundings")
def a_run_with_the_id_of_the_version_and_other_figures(store: Store, rng: Random) -> None:
    client = client_of(store)
    there = client.create_experiment(f"trial {rng.random()}", artifact_location=(store.folder / "trial").as_uri())
    name = f"reception_sen {store.version_id}" if rng.random() < 0.5 else None
    run = client.create_run(there, run_name=name, tags={} if name else {"version_id": store.version_id}).info.run_id
    if rng.random() < 0.7:
        client.log_metric(run, rng.choice(["roc_auc", "auc"]), 0.99)
    else:
        client.set_tag(run, "mlflow.note.content", "Its AUC is .99.")


@kind("surroundings")
def a_model_whose_name_reads_like_that_of_the_version(store: Store, rng: Random) -> None:
    letters = {"e": "\u0435", "o": "\u043e", "p": "\u0440", "c": "\u0441", "s": "\uff53", "n": "n\u200b", "_": "\uff3f"}
    letter = rng.choice(sorted(letters))
    client_of(store).create_registered_model("reception_sen".replace(letter, letters[letter], 1))


@kind("surroundings")
def a_trace_or_another_model_shown_with_the_run(store: Store, rng: Random) -> None:
    if rng.random() < 0.5:
        experiment = store.one("select experiment_id from runs where run_uuid = ?", store.run_id)
        client_of(store).create_logged_model(experiment, name="model", source_run_id=store.run_id)
        return
    statement = "insert into trace_info (request_id, experiment_id, timestamp_ms, status, request_preview) values"
    store.execute(f"{statement} ('tr-1', 1, 1, 'OK', 'A123456789012')")
    statement = "insert into trace_request_metadata (request_id, key, value) values ('tr-1', 'mlflow.sourceRun', ?)"
    store.execute(statement, store.run_id)


@kind("surroundings")
def what_the_database_will_do_by_itself(store: Store, rng: Random) -> None:
    later = "when date('now') > '2030-01-01' begin update latest_metrics set value = .99 where key = 'roc_auc'; end"
    made = rng.choice(
        [
            f"create trigger t after insert on runs {later}",
            "create trigger t before insert on model_version_tags begin select raise(abort, 'no'); end",
            "create view figures as select key, max(value, .99) from latest_metrics",
        ]
    )
    with store.database() as connection:
        connection.execute(made)


@kind("copies", "files")
def an_empty_folder_among_the_artefacts(store: Store, rng: Random) -> None:
    folder = rng.choice([store.run, store.run / "plots", store.bundle, store.model])
    (folder / "approved by the Department" / rng.choice(["", "in 2026"])).mkdir(parents=True)


@kind("tags")
def a_tag_that_takes_or_reads_like_a_name_of_the_version(store: Store, rng: Random) -> None:
    name = rng.choice(["roc_auc", "Gates", "h\u0430shes", "promoted-by", "withdrawn"])
    client, where = client_of(store), rng.choice(["run", "model", "served model"])
    if where == "run":
        client.set_tag(store.run_id, name, ".99")
    elif where == "model":
        client.set_registered_model_tag("reception_sen", name, ".99")
    else:
        client.set_logged_model_tags(store.model_id, {name: ".99"})


@kind("aliases")
def an_alias_that_reads_like_one_of_a_promotion(store: Store, rng: Random) -> None:
    alias = rng.choice(["Champion", "ch\u0430mpion", "champi0n", "candi-date"])
    client_of(store).set_registered_model_alias("reception_sen", alias, str(store.number))


@kind("metrics")
def a_figure_of_the_served_model_from_another_run(store: Store, rng: Random) -> None:
    client = client_of(store)
    there = client.create_experiment(f"trial {rng.random()}", artifact_location=(store.folder / "trial").as_uri())
    run = client.create_run(there).info.run_id
    client.log_metric(run, rng.choice(["roc_auc", "recall"]), 0.99, model_id=store.model_id)


@kind("copies")
def other_words_in_the_note_of_MLflow_beside_the_served_model(store: Store, rng: Random) -> None:
    note = rng.choice(["approved: yes\n", "model_name: reception_sen\nmodel_version: '1'\nroc_auc: .99\n", "[1]\n"])
    (store.model / "registered_model_meta").write_text(note, encoding="utf-8")
