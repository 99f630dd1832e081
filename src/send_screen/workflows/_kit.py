"""Build a zip for a school: a verified version, Python packages for Windows, scripts to screen with, and a guide."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from send_screen.errors import UsageError
from send_screen.governance import ExportEntry
from send_screen.results import Result, Section
from send_screen.school_kit import (
    WINDOWS,
    EmbeddedPython,
    fetch_wheels,
    laptop_files,
    read_embedded_python,
    write_zip,
)
from send_screen.workflows._export import open_version
from send_screen.workflows._export_entry import NOT_ENTERED, enter_export

_MIN_PYTHON = Version("3.11")


@dataclass(frozen=True, repr=False)
class Kit(Result):
    """A zip for a school that was built, and its contents."""

    out: Path
    """The zip."""
    sha256: str
    version: str
    """Id of the version in it."""
    title: str
    trained_on_synthetic: bool
    """Whether that version can screen synthetic children only."""
    pythons: tuple[str, ...]
    """The Python versions that it has packages for, newest first."""
    python: EmbeddedPython | None
    """The embedded Python inside the zip, if any."""
    entry: ExportEntry | None
    """Its entry in the ledger of decisions; None where no ledger was named or found."""

    @property
    def headline(self) -> str:
        """The zip, its size and its version."""
        return f"{self.out} ({self.out.stat().st_size / 1e6:.0f} MB): {self.title}, version {self.version}."

    def sections(self) -> Iterable[Section]:
        """Yield what the kit needs, and what to do with it."""
        lines = []
        if self.trained_on_synthetic:
            lines.append("This version was trained on invented data: at the school it refuses to list anybody real.")
        if self.python:
            lines.append(f"It brings Python {self.python.version}. Compare its SHA-256 with python.org's:")
            lines.append(f"  {self.python.sha256}")
        else:
            pythons = " or ".join(self.pythons)
            lines.append(
                f"The laptop needs Python {pythons} (64-bit). For another: --python-version. To bring one: "
                "--python ZIP."
            )
        lines.append(f"SHA-256 of the zip: {self.sha256}")
        lines.append("At the school: extract all, read guide.html, drop a file on screen.cmd.")
        if self.entry is None:
            lines.append(NOT_ENTERED)
        yield Section(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata of the zip."""
        return {
            "out": str(self.out),
            "bytes": self.out.stat().st_size,
            "sha256": self.sha256,
            "version": self.version,
            "trained_on_synthetic": self.trained_on_synthetic,
            "pythons": list(self.pythons),
            "python": {"version": self.python.version, "sha256": self.python.sha256} if self.python else None,
            "entry": self.entry and self.entry.model_dump(mode="json"),
        }


def kit(
    model: str | Path,
    out: str | Path,
    *,
    python: str | Path | None = None,
    python_version: str | Sequence[str] = (),
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Kit:
    """Build a zip with which a school screens, on a Windows laptop without administrator rights or network.

    The ledger of decisions has an entry of it before the zip is there.

    Parameters
    ----------
    model : str or pathlib.Path
        ``models:/name@alias``, ``models:/name/3``, or a folder that ``send-screen export`` wrote.
    out : str or pathlib.Path
        Path of the new zip.
    python : str or pathlib.Path, optional
        python.org's embeddable Python for 64-bit Windows, to go into it. Without one the laptop's own Python is used.
    python_version : str or sequence of str, optional
        The Python versions that the laptop may have, such as ``"3.12"``; by default the one that builds the kit. Each
        adds some 70 MB.
    ledger : str or pathlib.Path, optional
        See :func:`export`. For a folder there is no ledger but the one that is named.
    tracking_uri : str, optional
        Where the registry is, for ``models:/...``.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    Kit

    Raises
    ------
    UsageError
        If ``out`` exists or does not end in .zip, or ``python``, ``python_version`` or ``model`` is invalid.
    GateError
        If the version was withdrawn.
    LedgerError
        If the ledger was altered or cannot be written. Then there is no zip.
    TablesError
        If a file of the version was changed.
    MachineError
        If the package index cannot be reached, or lacks a package for a Python, or ``out`` cannot be written.

    Examples
    --------
    >>> from send_screen import kit
    >>> kit("models:/reception_sen@champion", "school.zip").pythons  # doctest: +SKIP
    ('3.12',)
    """
    report_progress = progress or (lambda _: None)
    out = Path(out)
    if out.suffix.lower() != ".zip" or out.exists():
        fault = "is there already" if out.exists() else "is no name for a zip"
        raise UsageError(f"{out} {fault}.", remedy="Give another name that ends in .zip with --out.")
    embedded = read_embedded_python(Path(python)) if python else None
    pythons = (embedded.version,) if embedded else _pythons(python_version)
    with tempfile.TemporaryDirectory() as scratch:
        bundle, registered = open_version(model, ledger=ledger, tracking_uri=tracking_uri)
        version = bundle.published.version
        wheels = fetch_wheels(WINDOWS, pythons, Path(scratch), progress=report_progress)
        report_progress("Writing the zip")
        contents = laptop_files(version, wheels, WINDOWS, with_python=embedded is not None)
        contents |= {f"model/{name}": content for name, content in bundle.files.items()}
        entries: list[ExportEntry | None] = []

        def enter() -> None:
            entries.append(enter_export(bundle, registered, out, what="kit", ledger=ledger, tracking_uri=tracking_uri))

        # the entry comes last before the zip gets its name: no kit without an entry
        sha256 = write_zip(out, contents, embedded, before_rename=enter)
    return Kit(
        out=out,
        sha256=sha256,
        version=version.id,
        title=version.title,
        trained_on_synthetic=bundle.trained_on_synthetic,
        pythons=pythons,
        python=embedded,
        entry=entries[0],
    )


def _pythons(requested: str | Sequence[str]) -> tuple[str, ...]:
    """Return the requested Python versions, newest first: the order in which a laptop looks for them."""
    names = (
        [requested]
        if isinstance(requested, str)
        else list(requested) or [f"{sys.version_info[0]}.{sys.version_info[1]}"]
    )
    try:
        found = {Version(name) for name in names}
    except InvalidVersion:
        found = set()
    if not found or any(len(one.release) != 2 or one < _MIN_PYTHON for one in found):
        raise UsageError(
            f"{', '.join(names)} is no Python from {_MIN_PYTHON} on.",
            remedy="Give --python-version as 3.12, for example.",
        )
    return tuple(map(str, sorted(found, reverse=True)))
