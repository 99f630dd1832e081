"""Alterations of what else a store holds, and names that read like the version's own."""

from __future__ import annotations

from random import Random

from alterations import kind
from audit_store import Store


def client_of(store: Store):
    from mlflow import MlflowClient

    return MlflowClient(store.uri, store.uri)


@kind("related-entities")
def a_run_with_the_id_of_the_version_and_other_figures(store: Store, rng: Random) -> None:
    client = client_of(store)
    there = client.create_experiment(f"trial {rng.random()}", artifact_location=(store.folder / "trial").as_uri())
    name = f"reception_sen {store.version_id}" if rng.random() < 0.5 else None
    run = client.create_run(there, run_name=name, tags={} if name else {"version_id": store.version_id}).info.run_id
    told = rng.randrange(4)
    if told == 0:
        client.set_tag(run, "mlflow.note.content", "Its AUC is .99.")
    elif told == 1:
        client.set_tag(run, *rng.choice([("gates", "failed"), ("trained_on", "real"), ("Auc", ".99")]))
    elif told == 2:
        client.set_tag(run, "version_id", store.version_id)
        client.log_param(run, *rng.choice([("capacity", "0.5"), ("held_out_schools", "40"), ("roc_auc", ".99")]))
    else:
        client.log_metric(run, rng.choice(["roc_auc", "auc"]), 0.99)


@kind("related-entities")
def a_run_that_reads_like_that_of_the_version(store: Store, rng: Random) -> None:
    client, id = client_of(store), store.version_id
    letters = id.translate({ord("a"): "\u0430", ord("c"): "\u0441", ord("e"): "\u0435"})
    names = [
        f"reception_sen {letters}",
        f"reception_sen {id[:8]}\u200b{id[8:]}",
        "reception_sen",
        "recepti\u043en_sen",
        "",
    ]
    name = rng.choice(names)
    there = client.get_run(store.run_id).info.experiment_id
    run = client.create_run(there, run_name=name, tags={} if name else {"version_id": id.upper()}).info.run_id
    client.set_tag(run, "mlflow.note.content", "Validated")
    for param, value in client.get_run(store.run_id).data.params.items():
        client.log_param(run, param, value)
    client.log_metric(run, "roc_auc", 0.99)


@kind("related-entities")
def a_run_with_other_figures_behind_a_thousand_that_say_nothing(store: Store, rng: Random) -> None:
    client = client_of(store)
    there = client.create_experiment("decoys", artifact_location=(store.folder / "decoys").as_uri())
    run = client.create_run(there, tags={"version_id": store.version_id}, start_time=1).info.run_id
    client.log_metric(run, "roc_auc", 0.99)
    user = rng.choice(["somebody", None])  # without one, MLflow cannot read the row
    ids = [f"{number:032x}" for number in range(1_001 + rng.randrange(99))]
    with store.database() as connection:
        columns = "(run_uuid, name, experiment_id, status, start_time, lifecycle_stage, source_type, user_id)"
        connection.executemany(
            f"insert into runs {columns} values (?, 'decoy', ?, 'FINISHED', 2, 'active', 'LOCAL', ?)",
            [(id, there, user) for id in ids],
        )
        connection.executemany(
            "insert into tags (key, value, run_uuid) values ('version_id', ?, ?)",
            [(store.version_id, id) for id in ids],
        )


@kind("related-entities")
def a_model_whose_name_reads_like_that_of_the_version(store: Store, rng: Random) -> None:
    letters = {"e": "\u0435", "o": "\u043e", "p": "\u0440", "c": "\u0441", "s": "\uff53", "n": "n\u200b", "_": "\uff3f"}
    letter = rng.choice(sorted(letters))
    client_of(store).create_registered_model("reception_sen".replace(letter, letters[letter], 1))


@kind("related-entities")
def a_trace_or_another_model_shown_with_the_run(store: Store, rng: Random) -> None:
    if rng.random() < 0.5:
        experiment = store.one("select experiment_id from runs where run_uuid = ?", store.run_id)
        client_of(store).create_logged_model(experiment, name="model", source_run_id=store.run_id)
        return
    statement = "insert into trace_info (request_id, experiment_id, timestamp_ms, status, request_preview) values"
    store.execute(f"{statement} ('tr-1', 1, 1, 'OK', 'A123456789012')")
    statement = "insert into trace_request_metadata (request_id, key, value) values ('tr-1', 'mlflow.sourceRun', ?)"
    store.execute(statement, store.run_id)


@kind("related-entities")
def what_the_database_will_do_by_itself(store: Store, rng: Random) -> None:
    later = "when date('now') > '2030-01-01' begin update latest_metrics set value = .99 where key = 'roc_auc'; end"
    made = rng.choice(
        [
            f"create trigger t after insert on runs {later}",
            "create trigger t before insert on model_version_tags begin select raise(abort, 'no'); end",
            "create view figures as select key, max(value, .99) from latest_metrics",
            f"create trigger t after insert on secrets {later}",
            f"create trigger t after delete on secrets {later}",
        ]
    )
    with store.database() as connection:
        if rng.random() < 0.3:  # under the name of the one that MLflow makes
            connection.execute("drop trigger prevent_secrets_aad_mutation")
            made = f"create trigger prevent_secrets_aad_mutation before update on secrets for each row {later}"
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


@kind("decisions")
def a_withdrawal_that_an_experiment_keeps_and_the_ledger_does_not(store: Store, rng: Random) -> None:
    client = client_of(store)
    there = store.one("select experiment_id from runs where run_uuid = ?", store.run_id)
    if rng.random() < 0.5:
        there = client.create_experiment("archive", artifact_location=(store.folder / "archive").as_uri())
    client.set_experiment_tag(there, f"withdrawn.{store.version_id}", "on 2026-11-01 by A. Board: wrong codes")


@kind("run")
def the_experiment_deleted(store: Store, rng: Random) -> None:
    there = store.one("select experiment_id from runs where run_uuid = ?", store.run_id)
    if rng.random() < 0.5:
        store.execute("update experiments set lifecycle_stage = 'deleted' where experiment_id = ?", there)
    else:
        client_of(store).delete_experiment(there)


@kind("metrics")
def a_step_at_which_training_logs_nothing(store: Store, rng: Random) -> None:
    metric = rng.choice(["roc_auc", "recall", "baseline.roc_auc"])
    step = rng.choice([-1, 1, 2026])
    for table in ("metrics", "latest_metrics"):
        store.execute(f"update {table} set step = ? where key = ? and run_uuid = ?", step, metric, store.run_id)


@kind("evidence")
def a_file_beside_the_evidence_table(store: Store, rng: Random) -> None:
    path = store.evidence.parent / rng.choice(["children.parquet", "schools.parquet"])
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1
    path.write_bytes(content)
