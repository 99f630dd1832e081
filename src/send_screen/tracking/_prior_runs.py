"""Prior runs on the same data: disclosure control takes their published reports into account."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from send_screen.errors import DataError
from send_screen.tracking._connect import connect
from send_screen.tracking._registry import HASHES
from send_screen.tracking._store import all_experiments, every
from send_screen.tracking._store_faults import translate_store_errors

PUBLISHED = "published.json"


@dataclass(frozen=True)
class PriorRun:
    """A run on the same data, registered or not, with the bytes of its ``published.json``."""

    run_id: str
    version_id: str
    published: bytes


@translate_store_errors
def prior_runs(*, uri: str, data_sha256: str) -> list[PriorRun]:
    """Return every run of a store on these data that published something, oldest first.

    A run that was deleted, or is in an experiment that was renamed, is one too: its figures have been seen.
    """
    client = connect(uri)
    import mlflow
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    everywhere = [experiment.experiment_id for experiment in all_experiments(client)]
    found = every(
        client.search_runs,
        everywhere,
        f"tags.{HASHES} LIKE '%{data_sha256}%'",
        run_view_type=ViewType.ALL,
        order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
    )
    runs = []
    for run in found:
        run_id = run.info.run_id
        try:
            paths = [entry.path for folder in (None, "bundle") for entry in client.list_artifacts(run_id, folder)]
            path = next((path for path in paths if Path(path).name == PUBLISHED), None)
            if path is None:
                continue  # it was interrupted before it published anything
            with tempfile.TemporaryDirectory() as folder:
                file = mlflow.artifacts.download_artifacts(
                    run_id=run_id, artifact_path=path, dst_path=folder, tracking_uri=uri
                )
                runs.append(PriorRun(run_id, run.data.tags.get("version_id", ""), Path(file).read_bytes()))
        except (MlflowException, OSError):
            raise DataError(
                f"What run {run_id}, on these data, has published cannot be fetched from MLflow.",
                remedy="Without it, new figures could give away single children. Put its published.json back.",
            ) from None
    return runs
