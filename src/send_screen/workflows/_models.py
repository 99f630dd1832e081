"""Find a version by its name in the registry or by its folder, and verify it before anything is read from it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from send_screen.errors import GateError, UsageError
from send_screen.governance import Bundle, open_bundle
from send_screen.workflows._folders import new_folder


def load_model(model: str | Path, *, tracking_uri: str | None = None, even_withdrawn: bool = False) -> Bundle:
    """Return a verified version.

    Parameters
    ----------
    model : str or pathlib.Path
        ``models:/name@alias``, ``models:/name/3``, or a folder that ``send-screen export`` wrote.
    tracking_uri : str, optional
        Where the registry is; only for the first two.
    even_withdrawn : bool, default False
        Whether to open a version that was withdrawn: to look into it, not to screen with it. A folder cannot know.

    Raises
    ------
    UsageError
        If there is no such version.
    GateError
        If it was withdrawn.
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
    from send_screen.tracking import default_uri, fetch_bundle

    with tempfile.TemporaryDirectory() as target:
        fetched = fetch_bundle(str(model), uri=tracking_uri or default_uri(), target=Path(target))
        if fetched.version.withdrawn and not even_withdrawn:
            raise withdrawn_error(str(model), fetched.version.withdrawn)
        return open_bundle(fetched.folder, manifest_sha256=fetched.version.manifest_sha256)


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
    bundle = load_model(model, tracking_uri=tracking_uri)
    with new_folder(out) as part:
        for name, content in bundle.files.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).write_bytes(content)
    return out


def withdrawn_error(model: str, words: str) -> GateError:
    """Return the refusal of a version that was withdrawn."""
    return GateError(
        f"{model} was withdrawn for good {words}.",
        remedy="Use another version: send-screen history says which one is in use.",
    )
