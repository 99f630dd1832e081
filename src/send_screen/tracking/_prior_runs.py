"""Prior runs on the same data or an overlapping cohort, whose published reports disclosure control accounts for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from send_screen.errors import DataError
from send_screen.published import ExposedFigure
from send_screen.tracking._connect import connect
from send_screen.tracking._registry import HASHES_TAG, RUN_DESCRIPTION_TAG
from send_screen.tracking._store import all_experiments, all_pages
from send_screen.tracking._store_faults import translate_store_errors

PUBLISHED = "published.json"


@dataclass(frozen=True)
class Overlap:
    """Overlap of the cohorts of an earlier run and a version, from the evidence (out-of-fold predictions) of both."""

    n_not_shared: int
    """Number of children in one cohort and not in the other, whichever of the two is larger."""
    exposed: tuple[ExposedFigure, ...]
    """Figures that the version may not publish, since subtracting those of the run would give small counts."""


@dataclass(frozen=True)
class PriorRun:
    """A prior run, registered or not, with the bytes of its ``published.json``."""

    run_id: str
    version_id: str
    published: bytes
    same_data: bool = True
    """Whether it was trained on the same file."""
    overlap: Overlap | None = None
    """None where its evidence cannot be read."""


def unreadable_release(run_id: str) -> DataError:
    """Return the error of a run that published figures which cannot be accounted for."""
    return DataError(
        f"What run {run_id}, on these data, has published cannot be read.",
        file=PUBLISHED,
        remedy="Without it, new figures could give away single people. Put its published.json back. If nobody has seen "
        f"its figures, delete the run for good: mlflow runs delete --run-id {run_id}, and then mlflow gc --run-ids "
        f"{run_id}, with MLFLOW_TRACKING_URI set to this MLflow store.",
    )


@translate_store_errors
def prior_runs(
    *, uri: str, data_sha256: str, compare_evidence: Callable[[str], Overlap | None] | None = None
) -> list[PriorRun]:
    """Return the runs with a published report on the same data or an overlapping cohort, oldest first.

    Deleted runs, and those of renamed experiments, count too, since their figures were published. For a run on other
    data, ``compare_evidence`` takes the location of its evidence and returns the overlap; None where there is none, or
    it cannot be known.
    """
    client = connect(uri)
    import mlflow
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    everywhere = [experiment.experiment_id for experiment in all_experiments(client)]
    found = all_pages(
        client.search_runs,
        everywhere,
        f"tags.{HASHES_TAG} LIKE '%data_sha256%'",
        run_view_type=ViewType.ALL,
        order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
    )
    runs = []
    for run in found:
        run_id, same_data = run.info.run_id, data_sha256 in run.data.tags[HASHES_TAG]
        overlap = compare_evidence(run.data.tags.get("evidence_location", "")) if compare_evidence else None
        if not same_data and overlap is None:
            continue
        try:
            paths = [entry.path for folder in (None, "bundle") for entry in client.list_artifacts(run_id, folder)]
            path = next((path for path in paths if Path(path).name == PUBLISHED), None)
            if path is None and not paths and RUN_DESCRIPTION_TAG not in run.data.tags:
                continue  # it was interrupted before it published anything
            if path is None:
                raise unreadable_release(run_id)
            with tempfile.TemporaryDirectory() as folder:
                file = mlflow.artifacts.download_artifacts(
                    run_id=run_id, artifact_path=path, dst_path=folder, tracking_uri=uri
                )
                version_id = run.data.tags.get("version_id", "")
                runs.append(PriorRun(run_id, version_id, Path(file).read_bytes(), same_data, overlap))
        except (MlflowException, OSError):
            raise unreadable_release(run_id) from None
    return runs
