"""The only part that speaks to MLflow: one run a version, what it measured, and the model that can be served.

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

from send_screen.tracking._earlier import PriorRun, prior_runs
from send_screen.tracking._fetch import Registered, fetch_bundle, find_version
from send_screen.tracking._log import ALIAS, EXPERIMENT, LoggedRun, log_run
from send_screen.tracking._registry import (
    RUN_NOTE,
    RegisteredModel,
    described,
    find_model,
    set_alias,
    tag_decisions,
    tag_withdrawn,
)
from send_screen.tracking._snapshot import RegistrySnapshot, fetch_snapshot
from send_screen.tracking._store import default_uri, folder_of

__all__ = [
    "log_run",
    "LoggedRun",
    "fetch_bundle",
    "find_version",
    "Registered",
    "find_model",
    "RegisteredModel",
    "set_alias",
    "tag_withdrawn",
    "tag_decisions",
    "fetch_snapshot",
    "RegistrySnapshot",
    "prior_runs",
    "PriorRun",
    "default_uri",
    "folder_of",
    "EXPERIMENT",
    "ALIAS",
    "RUN_NOTE",
    "described",
]
