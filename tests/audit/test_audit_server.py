"""Against a real ``mlflow server``: train, export, screen and audit over HTTP, where only the server has the files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from send_screen.cli._app import app
from send_screen.governance import generate_key_pair

pytestmark = pytest.mark.slow
MODEL = "models:/reception_sen@candidate"


@pytest.fixture(scope="module")
def remote(run_mlflow: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server with a database of its own, which hands out the artefacts itself."""
    folder = tmp_path_factory.mktemp("remote")
    store = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
    command = ["server", "--backend-store-uri", store, "--artifacts-destination", str(folder / "artifacts")]
    command += ["--serve-artifacts", "--workers", "1"]
    with run_mlflow(command, ready="/health", tracking_uri=store, folder=folder) as server:
        yield server


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_train_export_screen_promote_and_audit(
    remote: Any, trained: Any, small_spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("--tracking-uri", remote.address)
    generate_key_pair(tmp_path / "keys")
    sign = ("--sign", tmp_path / "keys" / "private.pem")
    evidence = ("--evidence", tmp_path / "evidence")
    code, out, err = run(
        "train", small_spec, "--data", trained.data, *evidence, "--threads", 1, *sign, "--json", *where
    )
    assert code == 0, err
    made = json.loads(out)
    assert made["tables_sha256"] == trained.made.tables_sha256
    assert run("export", MODEL, "--out", tmp_path / "model", *where)[0] == 0
    assert run("screen", tmp_path / "model", trained.school_file, "--out", tmp_path / "lists")[0] == 0
    ledger = tmp_path / "ledger.db"
    who = ("--by", "A. Board", "--reason", "Agreed", "--ledger", ledger)
    assert run("promote", MODEL, *who, *where)[0] == 0

    def audited(*more: object) -> dict[str, str]:
        code, out, err = run("audit", MODEL, *where, "--key", tmp_path / "keys" / "public.pem", "--json", *more)
        found = json.loads(out)
        assert code == {"green": 0, "red": 1, "incomplete": 4}[found["result"]], err
        return {check["id"]: check["status"] for check in found["checks"]}

    found = audited()
    assert {id: status for id, status in found.items() if status != "passed"} == {"refit": "not asked for"}
    # seen from another machine, neither evidence nor ledger are where the registry says
    (tmp_path / "evidence").rename(tmp_path / "elsewhere")
    aside = ledger.rename(tmp_path / "ledger elsewhere.db")
    found = audited()
    assert {id for id, status in found.items() if status == "not checked"} == {
        "evidence", "evidence-integrity", "figures", "ledger", "aliases", "decisions",
    }  # fmt: skip
    assert "FAILED" not in found.values()
    found = audited("--evidence", tmp_path / "elsewhere", "--ledger", aside)
    assert found["figures"] == found["aliases"] == "passed"

    from mlflow import MlflowClient

    client = MlflowClient(remote.address, remote.address)
    client.log_text(made["run_id"], "It is fair.", "report.html")
    client.delete_registered_model_alias("reception_sen", "champion")
    client.set_registered_model_alias("reception_sen", "trusted", "1")
    found = audited("--evidence", tmp_path / "elsewhere", "--ledger", aside)
    assert {id for id, status in found.items() if status == "FAILED"} == {"copies", "aliases"}
