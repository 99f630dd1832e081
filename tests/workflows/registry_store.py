"""A registry of a test's own, and the command line against it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from folder_hashes import write_manifest
from typer.testing import CliRunner

from send_screen.cli._app import app
from send_screen.tracking import format_hashes

WHO = ("--by", "Sarah Łęcka", "--reason", "Agreed by the board")


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@dataclass(frozen=True)
class Store:
    """A registry of this test's own, as training left it."""

    folder: Path
    exported: Path
    school_file: Path

    @property
    def uri(self) -> str:
        return f"sqlite:///{(self.folder / 'mlflow.db').as_posix()}"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def client(self) -> Any:
        from mlflow import MlflowClient

        return MlflowClient(self.uri, self.uri)

    def run(self, command: str, *arguments: object) -> tuple[int, str, str]:
        return run(command, *arguments, "--tracking-uri", self.uri)

    def history(self, *arguments: object) -> dict[str, Any]:
        code, out, err = self.run("history", "reception_sen", "--json", *arguments)
        assert code == 0, out + err
        return dict(json.loads(out))

    def another(self, change: Callable[[dict[str, Any]], object] = lambda _: None, *, version: str = "f" * 16) -> str:
        """Register another version and return its number."""
        folder = self.folder / f"bundle-{version}"
        shutil.copytree(self.exported, folder)
        published = json.loads((folder / "published.json").read_text("utf-8"))
        published["version"]["id"] = version
        change(published)
        (folder / "published.json").write_text(json.dumps(published), encoding="utf-8")
        manifest = write_manifest(folder, version=version)
        first = self.client.get_model_version("reception_sen", "1")
        made = self.client.create_run(self.client.get_run(first.run_id).info.experiment_id)
        self.client.log_artifacts(made.info.run_id, str(folder), "bundle")
        tags = {"version_id": version, **format_hashes({"manifest_sha256": manifest})}
        new = self.client.create_model_version("reception_sen", first.source, made.info.run_id, tags=tags)
        return str(new.version)
