"""An embedded Python for Windows: python.org's embeddable package, which the user has downloaded."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from send_screen.errors import UsageError
from send_screen.governance import sha256_of

#: Each embeddable Python for Windows has one such file, whose name holds the version.
_PATH_FILE = re.compile(r"python(?P<major>3)(?P<minor>\d+)\._pth")
_AMD64 = 0x8664
MANUAL_DOWNLOAD = (
    "Fetch the 'Windows embeddable package (64-bit)' of Python 3.11 or later from python.org, and give it: "
    "--python python-3.X.Y-embed-amd64.zip."
)


@dataclass(frozen=True)
class EmbeddedPython:
    """An embeddable Python for 64-bit Windows: its zip and its version, such as ``"3.12"``."""

    content: bytes = field(repr=False)
    version: str

    @property
    def sha256(self) -> str:
        """The hash of the zip, to compare with the one that python.org publishes."""
        return sha256_of(self.content)


def read_embedded_python(path: Path) -> EmbeddedPython:
    """Read and check an embeddable package of Python for 64-bit Windows.

    The package index has none that is maintained (as of November 2026), so the file comes from python.org.

    Raises
    ------
    UsageError
        If the file is no such package.
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
    """Return the machine type of a Windows program (PE header); 0 if it is no such program."""
    at = int.from_bytes(program[0x3C:0x40], "little")
    return int.from_bytes(program[at + 4 : at + 6], "little") if program[at : at + 4] == b"PE\0\0" else 0
