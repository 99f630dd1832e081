"""One publication at a time per store: who waits is told for whom, and who is killed lets go."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from send_screen.errors import DataError, MachineError
from send_screen.specs import load_spec
from send_screen.tracking import end_killed_runs, format_hashes, log_version, prior_runs, publishing
from send_screen.tracking._connect import connect, experiment_id
from send_screen.tracking._publication_lock import HOLDER

HOLD = (
    "import sys, time; from send_screen.tracking import publishing\n"
    "with publishing(sys.argv[1], progress=print): print('held', flush=True); time.sleep(600)"
)


def uri_in(folder: Path) -> str:
    return f"sqlite:///{(folder / 'mlflow.db').as_posix()}"


def test_who_waits_is_told_for_whom_and_a_killed_run_lets_go(tmp_path: Path) -> None:
    uri, said, waiting = uri_in(tmp_path / "new"), [], threading.Event()

    def progress(words: str) -> None:
        said.append(words)
        waiting.set()

    def publish() -> None:
        with publishing(uri, progress=progress) as held:
            said.append(str(held))

    with subprocess.Popen([sys.executable, "-c", HOLD, uri], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        later = threading.Thread(target=publish)
        later.start()
        waiting.wait(30)
        other.kill()
        later.join(30)
    words, held = said
    assert words.startswith("Waiting: another version is being published in this store, by ")
    assert f"(process {other.pid}) since 2" in words
    assert words.endswith(" UTC")
    assert held == "True"
    assert not (tmp_path / "new" / HOLDER).exists()


@pytest.mark.parametrize("fault", [TimeoutError(), OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_goes_wrong_while_it_is_held_is_nothing_of_the_locks(tmp_path: Path, fault: BaseException) -> None:
    def fail() -> None:
        assert f"(process {os.getpid()})" in (tmp_path / HOLDER).read_text("utf-8")
        raise fault

    with pytest.raises(type(fault)) as caught, publishing(uri_in(tmp_path), progress=print):
        fail()
    assert caught.value is fault
    assert not (tmp_path / HOLDER).exists()
    with publishing(uri_in(tmp_path), progress=print) as held:
        assert held


def test_a_server_cannot_be_held_and_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    with publishing("http://127.0.0.1:1", progress=print) as held:
        assert not held
    (tmp_path / "file").touch()
    with (
        pytest.raises(MachineError, match=r"file cannot be written .*--tracking-uri"),
        publishing(uri_in(tmp_path / "file"), progress=print),
    ):
        pass


def test_a_run_that_was_killed_does_not_seem_to_run_for_ever(tmp_path: Path) -> None:
    uri = uri_in(tmp_path)
    client = connect(uri)
    experiment = experiment_id(client, uri)
    killed = client.create_run(experiment, tags={"version_id": "0123456789abcdef"}).info.run_id
    somebodys = client.create_run(experiment).info.run_id
    end_killed_runs(uri)
    assert [client.get_run(run).info.status for run in (killed, somebodys)] == ["KILLED", "RUNNING"]


@pytest.mark.parametrize("killed_at", ["log_batch", "log_text", "rename"])
def test_a_killed_run_is_accounted_for_as_soon_as_it_shows_a_figure(
    tmp_path: Path, trained: Any, small_spec: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    made, uri = trained.made, uri_in(tmp_path)

    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    where = "os.replace" if killed_at == "rename" else f"mlflow.MlflowClient.{killed_at}"
    with monkeypatch.context() as patch:
        patch.setattr(where, kill)
        with pytest.raises(KeyboardInterrupt):
            log_version(
                load_spec(small_spec), made.tables, None, made.published, uri=uri, evidence=made.evidence,
                evidence_sha256={"evidence.parquet": made.evidence_sha256}, key=None, passed=True, register=True,
            )  # fmt: skip
    known = [run.published.decode() for run in prior_runs(uri=uri, data_sha256=made.published.version.data_sha256)]
    (run,) = connect(uri).search_runs([experiment_id(connect(uri), uri)])
    shown = {entry.path for entry in connect(uri).list_artifacts(run.info.run_id)}
    assert known == ([] if killed_at == "rename" else [made.published.to_json()])
    assert shown == (set() if killed_at == "rename" else {"published.json"})
    assert killed_at == "log_text" or "mlflow.note.content" not in run.data.tags


def test_a_page_without_its_published_report_stops_a_training_until_the_run_is_gone(tmp_path: Path) -> None:
    uri = uri_in(tmp_path)
    client, data = connect(uri), "d" * 64
    run = client.create_run(experiment_id(client, uri), tags=format_hashes({"data_sha256": data})).info.run_id
    assert prior_runs(uri=uri, data_sha256=data) == []
    client.log_text(run, "Of 100 girls, 4.", "report.html")
    with pytest.raises(DataError, match=f"What run {run}, on these data, has published cannot be read") as caught:
        prior_runs(uri=uri, data_sha256=data)
    *_, delete, purge, _ = str(caught.value).replace(", and then ", ": ").replace(", with", ": with").split(": ")
    for command in (delete, purge):
        assert command.startswith("mlflow ")
        command = [sys.executable, "-m", *command.split()]
        subprocess.run(command, env={**os.environ, "MLFLOW_TRACKING_URI": uri}, check=True, capture_output=True)
    assert prior_runs(uri=uri, data_sha256=data) == []
