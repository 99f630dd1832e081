"""Find a version by its name in the registry or by its folder, and verify it before anything is read from it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from send_screen.errors import UsageError
from send_screen.governance import Bundle, open_bundle
from send_screen.workflows._folders import new_folder


def load_model(model: str | Path, *, tracking_uri: str | None = None) -> Bundle:
    """Return a verified version.

    Parameters
    ----------
    model : str or pathlib.Path
        ``models:/name@alias``, ``models:/name/3``, or a folder that ``send-screen export`` wrote.
    tracking_uri : str, optional
        Where the registry is; only for the first two.

    Raises
    ------
    UsageError
        If there is no such version.
    TablesError
        If a file was changed.
    """
    if not str(model).startswith("models:"):
        if not Path(model).is_dir():
            raise UsageError(
                f"There is no exported model at {model}.",
                remedy="Give models:/name@alias, models:/name/3, or the folder that send-screen export wrote.",
            )
        return open_bundle(model)
    with tempfile.TemporaryDirectory() as target:
        folder, manifest_sha256 = _fetch(str(model), tracking_uri, Path(target))
        return open_bundle(folder, manifest_sha256=manifest_sha256)


def export_model(model: str, out: str | Path, *, tracking_uri: str | None = None) -> Path:
    """Write a registered version into a folder that can be screened with where there is no MLflow.

    Parameters
    ----------
    model : str
        ``models:/name@alias`` or ``models:/name/3``.
    out : str or pathlib.Path
        A folder that is not there yet, or is empty.
    tracking_uri : str, optional

    Returns
    -------
    pathlib.Path
        The folder.
    """
    out = Path(out)
    with tempfile.TemporaryDirectory() as target, new_folder(out) as part:
        folder, manifest_sha256 = _fetch(model, tracking_uri, Path(target))
        open_bundle(folder, manifest_sha256=manifest_sha256)
        shutil.copytree(folder, part, dirs_exist_ok=True)
    return out


def _fetch(model: str, tracking_uri: str | None, target: Path) -> tuple[Path, str]:
    from send_screen.tracking import default_uri, fetch_bundle

    fetched = fetch_bundle(model, uri=tracking_uri or default_uri(), target=target)
    return fetched.folder, fetched.manifest_sha256
