"""The library itself as a wheel, packed from what runs here: what screens at the school is what was tried here."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Literal

from send_screen.contracts import shipped
from send_screen.errors import MissingExtraError

NAME = "send_screen"
# A zip's first day: the same files give the same bytes.
_DAY = (1980, 1, 1, 0, 0, 0)
_WHEEL = "Wheel-Version: 1.0\nGenerator: send_screen\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_FOLDERS: tuple[Literal["data_contracts", "models"], ...] = ("data_contracts", "models")


def pack_own_wheel(folder: Path) -> Path:
    """Write the wheel of this library into a folder and return its path.

    The package may be installed from a wheel or be a checkout: contracts and models go to their place in the wheel
    from wherever they are.

    Raises
    ------
    MissingExtraError
        If the library is run without being installed, so that nothing says what it needs.
    """
    try:
        installed = metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        raise MissingExtraError(
            "send_screen is not installed here, only on the path.", remedy="Install it, then build the kit."
        ) from None
    info = f"{NAME}-{installed.version}.dist-info"
    path = folder / f"{NAME}-{installed.version}-py3-none-any.whl"
    files = _package_files()
    files[f"{info}/METADATA"] = (installed.read_text("METADATA") or "").encode()
    files[f"{info}/entry_points.txt"] = (installed.read_text("entry_points.txt") or "").encode()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    for name in ("licenses/LICENSE", "LICENSE"):
        if text := installed.read_text(name):
            files[f"{info}/{name}"] = text.encode()
    record = "".join(f"{name},sha256={_record_hash(files[name])},{len(files[name])}\n" for name in sorted(files))
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _DAY), files[name], zipfile.ZIP_DEFLATED)
    return path


def _package_files() -> dict[str, bytes]:
    package = Path(__file__).resolve().parent.parent
    found = {f"{NAME}/{path.relative_to(package).as_posix()}": path for path in package.rglob("*")}
    for folder in _FOLDERS:
        place = shipped(folder)
        found |= {f"{NAME}/_shipped/{folder}/{path.relative_to(place).as_posix()}": path for path in place.rglob("*")}
    return {
        name: path.read_bytes() for name, path in found.items() if path.is_file() and "__pycache__" not in path.parts
    }


def _record_hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
