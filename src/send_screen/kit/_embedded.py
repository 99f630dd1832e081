"""A Windows Python to carry along: python.org's embeddable package, which the user has fetched."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from send_screen.errors import MissingExtraError, UsageError
from send_screen.governance import sha256_of

_PATH_FILE = re.compile(r"python(?P<major>3)(?P<minor>\d+)\._pth")
_AMD64 = 0x8664
MANUAL_DOWNLOAD = (
    "Fetch the 'Windows embeddable package (64-bit)' of Python 3.11 or later from python.org, and give it: "
    "--python python-3.X.Y-embed-amd64.zip."
)


@dataclass(frozen=True)
class EmbeddedPython:
    """An embeddable Python, looked into and found fit.

    Attributes
    ----------
    content : bytes
        The zip, as it was looked into.
    version : str
        Such as ``"3.12"``.
    """

    content: bytes = field(repr=False)
    version: str

    @property
    def sha256(self) -> str:
        """To be held against what python.org publishes for the file."""
        return sha256_of(self.content)


def no_python_to_add() -> MissingExtraError:
    """Return the error for ``--python`` without a file: the package index has no Windows Python that is looked after.

    Looked for in November 2026: two packages there were uploaded once, early in 2025, by one person, and have had no
    security release since. Others download at run time. A school must not be handed either.
    """
    return MissingExtraError(
        "The package index has no Windows Python that is kept up to date, so none was added.", remedy=MANUAL_DOWNLOAD
    )


def look_into(path: Path) -> EmbeddedPython:
    """Check that a file is a 64-bit embeddable Python for Windows, and say which.

    Raises
    ------
    UsageError
        If it is not.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            found = next((match for name in names if (match := _PATH_FILE.fullmatch(name))), None)
            program = archive.read("python.exe") if found else b""
    except (OSError, zipfile.BadZipFile, KeyError):
        raise UsageError("This is not a zip with a Python in it.", file=path.name, remedy=MANUAL_DOWNLOAD) from None
    if found is None or int(found["minor"]) < 11:
        raise UsageError("This is not an embeddable Python 3.11 or later.", file=path.name, remedy=MANUAL_DOWNLOAD)
    if _machine(program) != _AMD64:
        raise UsageError(
            "This Python is not for 64-bit Windows on Intel or AMD.", file=path.name, remedy=MANUAL_DOWNLOAD
        )
    if any(PureWindowsPath(name).anchor or ".." in PureWindowsPath(name).parts for name in names):
        raise UsageError("It names files outside its folder.", file=path.name, remedy="Do not use it.")
    return EmbeddedPython(content, f"3.{found['minor']}")


def _machine(program: bytes) -> int:
    """Return the kind of processor of a Windows program (PE header), 0 where it is none."""
    at = int.from_bytes(program[0x3C:0x40], "little")
    return int.from_bytes(program[at + 4 : at + 6], "little") if program[at : at + 4] == b"PE\0\0" else 0
