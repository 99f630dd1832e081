"""What tests of workflows share."""

from __future__ import annotations

import shutil
import sqlite3
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from registry_store import Store


@pytest.fixture
def store(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    from mlflow.tracking._tracking_service import utils

    # mlflow remembers in a process where a run's artefacts are: this run has two places, here and in `trained`
    monkeypatch.setattr(utils, "_artifact_repos_cache", OrderedDict())
    folder = tmp_path / "store"
    shutil.copytree(trained.folder / "mlartifacts", folder / "mlartifacts")
    shutil.copy(trained.folder / "mlflow.db", folder)
    with sqlite3.connect(folder / "mlflow.db") as connection:
        old, new = trained.folder.as_uri(), folder.as_uri()
        connection.execute("update runs set artifact_uri = replace(artifact_uri, ?, ?)", (old, new))
        connection.execute("update experiments set artifact_location = replace(artifact_location, ?, ?)", (old, new))
    connection.close()
    found = Store(folder, trained.exported, trained.school_file)
    # where MLflow looks for the model behind a version that a test registers
    monkeypatch.setattr(utils, "_tracking_uri", found.uri)
    return found
