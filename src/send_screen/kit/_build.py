"""Building the zip: a verified version, the packages for the laptop, the two files that run there, and the guide."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from send_screen.errors import MissingExtraError, UsageError
from send_screen.kit._contents import laptop_files, write_zip
from send_screen.kit._embedded import EmbeddedPython, look_into
from send_screen.kit._own_wheel import pack_own_wheel
from send_screen.kit._target import PYTHONS, WINDOWS, Target
from send_screen.kit._wheels import wheels_for
from send_screen.workflows import load_model


@dataclass(frozen=True)
class Kit:
    """A kit that was built.

    Attributes
    ----------
    path : pathlib.Path
    sha256 : str
    version : str
        Id of the version in it.
    title : str
    trained_on_synthetic : bool
        Whether that version can screen invented children only.
    pythons : tuple of str
        The Pythons that it has packages for, newest first.
    left_out : dict of str to str
        The Pythons that it has none for, each with the package that is missing.
    python : EmbeddedPython or None
        The one that it brings.
    """

    path: Path
    sha256: str
    version: str
    title: str
    trained_on_synthetic: bool
    pythons: tuple[str, ...]
    left_out: dict[str, str]
    python: EmbeddedPython | None


def build_kit(
    model: str | Path,
    out: str | Path,
    *,
    python: str | Path | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Kit:
    """Build a zip with which a school screens, on a Windows laptop without administrator rights or network.

    Parameters
    ----------
    model : str or pathlib.Path
        ``models:/name@alias``, ``models:/name/3``, or a folder that ``send-screen export`` wrote.
    out : str or pathlib.Path
        The zip, not there yet.
    python : str or pathlib.Path, optional
        An embeddable Python for Windows, to go into it. Without one the laptop's own Python is used.
    tracking_uri : str, optional
        Where the registry is, for ``models:/...``.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    Kit

    Raises
    ------
    UsageError
        If ``out`` is there already or no zip, or ``python`` or ``model`` is not what it should be.
    TablesError
        If a file of the version was changed.
    MissingExtraError
        If the package index cannot be reached, or has no wheels for any Python, or ``out`` cannot be written.
    """
    tell = progress or (lambda _: None)
    out = Path(out)
    if out.suffix.lower() != ".zip" or out.exists():
        fault = "is there already" if out.exists() else "is no name for a zip"
        raise UsageError(f"{out} {fault}.", remedy="Give another name that ends in .zip with --out.")
    embedded = look_into(Path(python)) if python else None
    with tempfile.TemporaryDirectory() as scratch:
        bundle = load_model(model, tracking_uri=tracking_uri)
        published = bundle.published
        wheels, left_out = collect(WINDOWS, (embedded.version,) if embedded else PYTHONS, Path(scratch), progress=tell)
        if not wheels:
            missing = ", ".join(f"{name} for Python {version}" for version, name in left_out.items())
            raise MissingExtraError(
                f"The package index has no Windows wheel of {missing}, or it cannot be reached from here.",
                remedy="Check the network; else try newer versions of these packages here, and build again.",
            )
        tell("Writing the zip")
        contents = laptop_files(published["version"], wheels, WINDOWS, with_python=embedded is not None)
        contents |= {f"model/{name}": content for name, content in bundle.files.items()}
        sha256 = write_zip(out, contents, embedded)
    version = published["version"]
    return Kit(
        path=out,
        sha256=sha256,
        version=version["id"],
        title=version["title"],
        trained_on_synthetic=version["trained_on"] == "synthetic",
        pythons=tuple(wheels),
        left_out=left_out,
        python=embedded,
    )


def collect(
    target: Target, pythons: Sequence[str], scratch: Path, *, progress: Callable[[str], None]
) -> tuple[dict[str, list[Path]], dict[str, str]]:
    """Return the wheels of each Python that has all, and of each other Python the package that is missing."""
    fetched, own_folder = scratch / "wheels", scratch / "own"
    for folder in (fetched, own_folder):
        folder.mkdir()
    own = pack_own_wheel(own_folder)
    wheels: dict[str, list[Path]] = {}
    left_out: dict[str, str] = {}
    for python in pythons:
        progress(f"Fetching the packages for Python {python}")
        found, missing = wheels_for(target, python, own=own, folder=fetched)
        if missing:
            left_out[python] = missing
        else:
            wheels[python] = found
    return wheels, left_out
