"""Pack the installed library as a wheel, so that the school runs the same code."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib import metadata
from pathlib import Path

from send_screen.contracts import shipped
from send_screen.errors import MachineError

NAME = "send_screen"
# The earliest date of a zip entry: the same files give the same bytes.
_DAY = (1980, 1, 1, 0, 0, 0)
_WHEEL = "Wheel-Version: 1.0\nGenerator: send_screen\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def pack_own_wheel(folder: Path) -> Path:
    """Write the wheel of this library into a folder and return its path.

    It works from an installed wheel and from a checkout: contracts and models go to ``_shipped`` in the wheel.
    """
    try:
        installed = metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        raise MachineError(
            "send_screen is not installed here, only on the path.", remedy="Install it, then build the kit."
        ) from None
    info = f"{NAME}-{installed.version}.dist-info"
    path = folder / f"{NAME}-{installed.version}-py3-none-any.whl"
    files = _package_files()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    for name in ("METADATA", "entry_points.txt", "licenses/LICENSE", "LICENSE"):
        if text := installed.read_text(name):
            files[f"{info}/{name}"] = text.encode()
    digests = {
        name: base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=") for name in sorted(files)
    }
    record = "".join(f"{name},sha256={digest.decode()},{len(files[name])}\n" for name, digest in digests.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _DAY), files[name], zipfile.ZIP_DEFLATED)
    return path


def _package_files() -> dict[str, bytes]:
    folders = {
        NAME: Path(__file__).resolve().parent.parent,
        f"{NAME}/_shipped/data_contracts": shipped("data_contracts"),
        f"{NAME}/_shipped/models": shipped("models"),
    }
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for name, folder in folders.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
