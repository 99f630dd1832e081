"""The only part that speaks to MLflow: one run a version, what it measured, and the model that can be served.

MLflow's telemetry is switched off before mlflow is imported, here and in every process that inherits this one's
environment. Nothing speaks to the network unless the user names an address as tracking URI.
"""

import os

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
# Downloads of a few small files need no bar of progress.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

from send_screen.tracking._fetch import fetch_bundle
from send_screen.tracking._log import EXPERIMENT, LoggedVersion, log_version
from send_screen.tracking._serving import take_over
from send_screen.tracking._store import default_uri

__all__ = ["log_version", "LoggedVersion", "fetch_bundle", "take_over", "default_uri", "EXPERIMENT"]
