"""The interface to MLflow: one run for each version, its metrics, and a model that can be served.

MLflow's telemetry is switched off before mlflow is imported, here and in every process that inherits this one's
environment. Nothing speaks to the network unless the user names an address as tracking URI.
"""

import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
# Of a server's run it would print an address into the output, where a script reads JSON.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# Downloads of a few small files need no bar of progress.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

from send_screen.tracking._log import (
    PAGES,
    WATERFALL,
    LoggedRun,
    end_killed_runs,
    log_version,
    mlflow_metrics,
    run_params,
    run_tags,
    version_files,
)
from send_screen.tracking._prior_runs import Overlap, PriorRun, prior_runs
from send_screen.tracking._publication_lock import publishing
from send_screen.tracking._registry import (
    ALIAS,
    RUN_NOTE,
    TRAINED_AGAIN,
    Registered,
    RegisteredModel,
    described,
    evidence_files,
    find_model,
    find_version,
    format_hashes,
    open_registered,
    parse_hashes,
    set_alias,
    tag_decisions,
    tag_withdrawn,
    withdrawn_error,
)
from send_screen.tracking._related_entities import MAX_FETCHED, OtherRun
from send_screen.tracking._snapshot import REGISTERED_META, RegistrySnapshot, fetch_snapshot
from send_screen.tracking._store import EXPERIMENT, default_uri, folder_of, path_of
from send_screen.tracking._store_faults import require_writable

__all__ = [
    "end_killed_runs",
    "log_version",
    "LoggedRun",
    "version_files",
    "mlflow_metrics",
    "run_tags",
    "run_params",
    "PAGES",
    "WATERFALL",
    "find_version",
    "open_registered",
    "withdrawn_error",
    "TRAINED_AGAIN",
    "format_hashes",
    "parse_hashes",
    "evidence_files",
    "Registered",
    "find_model",
    "RegisteredModel",
    "set_alias",
    "tag_withdrawn",
    "tag_decisions",
    "fetch_snapshot",
    "RegistrySnapshot",
    "publishing",
    "OtherRun",
    "REGISTERED_META",
    "prior_runs",
    "Overlap",
    "PriorRun",
    "require_writable",
    "default_uri",
    "EXPERIMENT",
    "MAX_FETCHED",
    "folder_of",
    "path_of",
    "ALIAS",
    "RUN_NOTE",
    "described",
]
