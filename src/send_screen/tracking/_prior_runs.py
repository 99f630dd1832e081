"""Prior runs on the same children, or nearly: disclosure control takes their published reports into account."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from send_screen.errors import DataError
from send_screen.tables import MINIMUM_CHILDREN
from send_screen.tracking._connect import connect
from send_screen.tracking._registry import HASHES
from send_screen.tracking._store import all_experiments, every
from send_screen.tracking._store_faults import translate_store_errors

PUBLISHED = "published.json"


@dataclass(frozen=True)
class PriorRun:
    """A run on the same children, or nearly, registered or not, with the bytes of its ``published.json``."""

    run_id: str
    version_id: str
    published: bytes
    other_children: bool = False
    """Of other data: whether a few children are in one of the two cohorts only. Of the same data, numbers tell that."""


@translate_store_errors
def prior_runs(
    *, uri: str, data_sha256: str, children_apart: Callable[[str], int | None] | None = None
) -> list[PriorRun]:
    """Return every run of a store on these data, or nearly the same children, that published something, oldest first.

    A run that was deleted, or is in an experiment that was renamed, is one too: its figures have been seen. Of a run on
    other data, ``children_apart`` tells by its evidence's location how many children one of the cohorts has and the
    other has not; None where that is not known. Fewer than ten are few enough to be told from the two by subtraction.
    """
    client = connect(uri)
    import mlflow
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    everywhere = [experiment.experiment_id for experiment in all_experiments(client)]
    found = every(
        client.search_runs,
        everywhere,
        f"tags.{HASHES} LIKE '%data_sha256%'",
        run_view_type=ViewType.ALL,
        order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
    )
    runs = []
    for run in found:
        run_id, apart = run.info.run_id, None
        if data_sha256 not in run.data.tags[HASHES]:
            apart = children_apart(run.data.tags.get("evidence_location", "")) if children_apart else None
            if apart is None or apart >= MINIMUM_CHILDREN:
                continue
        try:
            paths = [entry.path for folder in (None, "bundle") for entry in client.list_artifacts(run_id, folder)]
            path = next((path for path in paths if Path(path).name == PUBLISHED), None)
            if path is None:
                continue  # it was interrupted before it published anything
            with tempfile.TemporaryDirectory() as folder:
                file = mlflow.artifacts.download_artifacts(
                    run_id=run_id, artifact_path=path, dst_path=folder, tracking_uri=uri
                )
                version_id = run.data.tags.get("version_id", "")
                runs.append(PriorRun(run_id, version_id, Path(file).read_bytes(), other_children=bool(apart)))
        except (MlflowException, OSError):
            raise DataError(
                f"What run {run_id}, on these data, has published cannot be fetched from MLflow.",
                remedy="Without it, new figures could give away single children. Put its published.json back.",
            ) from None
    return runs
