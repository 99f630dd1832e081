"""What is published of the same children is accounted for, when trainings overlap and when a run was purged."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import mlflow
import pytest

from send_screen.auditing import audit
from send_screen.simulation import simulate_england, write_england
from send_screen.tracking import PriorRun
from send_screen.workflows import _train, generate_keys, train


@pytest.mark.slow
def test_overlapping_trainings_and_a_purged_run_leave_no_version_that_does_not_know_of_another(
    light_spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, uri = tmp_path / "data", f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    write_england(simulate_england(children=4_000, seed=3), data)
    keys = tmp_path / "keys"
    generate_keys(keys)
    made: dict[str, Any] = {}
    said: list[str] = []
    both = threading.Barrier(2, timeout=300)

    def publish(capacity: str, *, meet: bool) -> None:
        def progress(words: str) -> None:
            said.append(words)
            if meet and words.startswith("Fitting the version"):
                both.wait()

        spec = tmp_path / f"spec{capacity}.yaml"
        text = light_spec.read_text("utf-8").replace("capacity: 0.10", f"capacity: {capacity}")
        spec.write_text(text, encoding="utf-8")
        made[capacity] = train(
            spec, data, tracking_uri=uri, evidence=tmp_path / "evidence", sign=keys / "private.pem", progress=progress
        )

    prior_runs = _train.prior_runs
    # Both have read the data and fitted their models before either publishes.
    trainings = [
        threading.Thread(target=publish, args=(capacity,), kwargs={"meet": True}) for capacity in ["0.10", "0.12"]
    ]
    for training in trainings:
        training.start()
    for training in trainings:
        training.join()
    first, second = sorted(made.values(), key=lambda one: int(one.registered_version))
    assert first.published.disclosure.prior_releases == ()
    (known,) = second.published.disclosure.prior_releases
    assert known.version == first.version
    assert any(words.startswith("Waiting: another version is being published") for words in said)
    assert audit(second.model_uri, tracking_uri=uri).result == "green"

    # Under another name an experiment's figures have been seen all the same.
    client = mlflow.MlflowClient(tracking_uri=uri)
    (experiment,) = client.search_experiments(filter_string="name = 'send_screen'")
    client.rename_experiment(experiment.experiment_id, "archive")
    assert {run.run_id for run in prior_runs(uri=uri, data_sha256=first.published.version.data_sha256)} == {
        first.run_id,
        second.run_id,
    }
    client.rename_experiment(experiment.experiment_id, "send_screen")

    # The older run is purged: what the newer one knew of it is inside it.
    artefacts = Path(client.get_run(first.run_id).info.artifact_uri.removeprefix("file://"))
    client.delete_run(first.run_id)
    mlflow.tracking._tracking_service.utils._get_store(uri)._hard_delete_run(first.run_id)
    shutil.rmtree(artefacts)
    for key, result, status in ((None, "incomplete", "not checked"), (keys / "public.pem", "green", "passed")):
        found = audit(second.model_uri, tracking_uri=uri, key=key)
        assert found.result == result
        (gone,) = [check.result for check in found.checks if check.id == "prior-releases"]
        assert gone.status == status
        assert f"no longer has version {first.version}" in gone.summary

    # On a server, which nothing holds: another version was published after this one had looked.
    looks: list[list[PriorRun]] = []

    def looks_too_early(*arguments: Any, **options: Any) -> list[PriorRun]:
        looks.append([] if not looks else prior_runs(*arguments, **options))
        return looks[-1]

    monkeypatch.setattr("send_screen.tracking._publication_lock.folder_of", lambda _: None)
    monkeypatch.setattr(_train, "prior_runs", looks_too_early)
    publish("0.14", meet=False)
    third = made["0.14"]
    assert len(looks) == 3
    assert [one.version for one in third.published.disclosure.prior_releases] == [second.version, first.version]
    assert known.exposed is not None
    assert third.published.disclosure.prior_releases[1] == known.model_copy(update={"exposed": None})
    # What the first and the second reveal together, nobody can tell any more without the first one's evidence.
    for version, key, result in (
        (second, None, "incomplete"),
        (second, keys / "public.pem", "green"),
        (third, None, "green"),
    ):
        found = audit(version.model_uri, tracking_uri=uri, key=key)
        assert found.result == result, found.to_text()
    document = json.loads(third.published.to_json())
    assert [row["n"] for row in document["disclosure"]["prior_releases"]] == [third.n, third.n]
