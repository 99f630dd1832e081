"""The interface to MLflow: one run for each version, its metrics, and a model that can be served.

MLflow's telemetry is switched off before mlflow is imported, here and in every process that inherits this one's
environment. Nothing speaks to the network unless the user names an address as tracking URI.
"""

import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
# MLflow would print the run's address to stdout, which scripts parse as JSON.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# No progress bar for a few small files.
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
from send_screen.tracking._prior_runs import Overlap, PriorRun, prior_runs, unreadable_release
from send_screen.tracking._publication_lock import publishing
from send_screen.tracking._registry import (
    CANDIDATE_ALIAS,
    RETRAIN_REMEDY,
    RUN_DESCRIPTION_TAG,
    RUN_USER_TAG,
    RegisteredModel,
    RegisteredVersion,
    describe_version,
    evidence_files,
    find_model,
    find_version,
    format_hashes,
    ledger_addresses,
    open_registered,
    parse_hashes,
    set_alias,
    tag_decisions,
    tag_withdrawn,
)
from send_screen.tracking._related_entities import MAX_FETCHED, OtherRun
from send_screen.tracking._snapshot import REGISTERED_META, RegistrySnapshot, fetch_snapshot
from send_screen.tracking._store import EXPERIMENT, default_uri, folder_of, local_path
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
    "ledger_addresses",
    "RETRAIN_REMEDY",
    "format_hashes",
    "parse_hashes",
    "evidence_files",
    "RegisteredVersion",
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
    "unreadable_release",
    "Overlap",
    "PriorRun",
    "require_writable",
    "default_uri",
    "EXPERIMENT",
    "MAX_FETCHED",
    "folder_of",
    "local_path",
    "CANDIDATE_ALIAS",
    "RUN_DESCRIPTION_TAG",
    "RUN_USER_TAG",
    "describe_version",
]
