"""Fetch a registered version's files, to be verified before they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from send_screen.errors import UsageError
from send_screen.tracking._store import SQLITE, absolute, connect

_MODEL = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")


@dataclass(frozen=True)
class Fetched:
    """A version's files, not verified yet.

    Attributes
    ----------
    folder : pathlib.Path
    manifest_sha256 : str
        What the registry says the manifest's hash is.
    registered_version : str
    """

    folder: Path
    manifest_sha256: str
    registered_version: str


def fetch_bundle(model: str, *, uri: str, target: Path) -> Fetched:
    """Download the files of ``models:/name@alias`` or ``models:/name/3``. Nothing of it is loaded or run.

    Parameters
    ----------
    model : str
        The version.
    uri : str
        Tracking URI.
    target : pathlib.Path
        An existing folder to download into.

    Raises
    ------
    UsageError
        If ``model`` has neither form, or names no version.
    """
    match = _MODEL.fullmatch(model)
    if match is None:
        raise UsageError(
            f"{model} names no model.",
            remedy="Give models:/name@alias, models:/name/3, or the folder that send-screen export wrote.",
        )
    local = absolute(uri).removeprefix(SQLITE)
    if uri.startswith(SQLITE) and not Path(local).exists():
        raise UsageError(
            f"There is no MLflow store at {local}.",
            remedy="Name one with --tracking-uri, or give the folder that send-screen export wrote.",
        )
    client = connect(uri)
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        if match["alias"]:
            version = client.get_model_version_by_alias(match["name"], match["alias"])
        else:
            version = client.get_model_version(match["name"], match["version"])
    except MlflowException:
        known = sorted(found.name for found in client.search_registered_models())
        raise UsageError(
            f"The registry has no {model}.",
            remedy=f"It has {', '.join(known) if known else 'no model yet: train one with send-screen train'}. "
            "Check the name and --tracking-uri.",
        ) from None
    folder = mlflow.artifacts.download_artifacts(
        run_id=version.run_id, artifact_path="bundle", dst_path=str(target), tracking_uri=uri
    )
    return Fetched(Path(folder), version.tags.get("manifest_sha256", ""), str(version.version))
