"""The identity of a version: the hash of spec, data, contracts and code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

# Packages whose version can change a number.
PACKAGES = (
    "numpy", "pandas", "scipy", "scikit-learn", "lightgbm", "interpret-core", "shap", "fairlearn", "mlflow", "pyarrow",
)  # fmt: skip
#: Beginnings of the paths of this library's source files that can change a number.
NUMERIC = (
    "documents/", "contracts/", "specs/", "readers/", "cohorts/", "linkage/", "simulation/", "tables/", "estimators/",
    "evaluation/", "published/", "governance/_", "screening/",
    "workflows/_train", "workflows/_revealed", "workflows/_evidence_store",
)  # fmt: skip
_PACKAGE = Path(__file__).resolve().parent.parent
_SOURCE = (".py", ".json", ".j2", ".css", ".js")


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def files_sha256(files: Mapping[str, bytes]) -> str:
    """Return one hash of several files: the hash of their list of hashes and names, as ``sha256sum`` prints it."""
    return sha256_of("".join(f"{sha256_of(files[name])}  {name}\n" for name in sorted(files)).encode())


def code_version(package: Path | None = None) -> str:
    """Return the hash of the code that can change a number of a version: 12 hexadecimal digits.

    Covered are the Python and JSON files of :data:`NUMERIC`, from reading a table to checking a gate. Pages, templates,
    style sheets, the command line, MLflow, auditing and error messages are not: they change no number. Line ends are
    normalised.
    """
    return _source_sha256(
        package or _PACKAGE, lambda name: name.startswith(NUMERIC) and name.endswith((".py", ".json"))
    )


def release(package: Path | None = None) -> str:
    """Return the release and the hash of all of its source, for example ``"0.1.0+3f2a..."``.

    It is published beside :func:`code_version`, and is no part of a version's identity.
    """
    return f"{metadata.version('send-screen')}+{_source_sha256(package or _PACKAGE, lambda name: True)}"


def _source_sha256(package: Path, covers: Callable[[str], bool]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in _SOURCE and path.is_file()):
        name = path.relative_to(package).as_posix()
        if covers(name):
            digest.update(name.encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that can change a number, where they are installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def version_id(
    spec: str, data: str, contracts: dict[str, str], code: str, packages: dict[str, str], hold_out: int
) -> str:
    """Return the identity of a version: the first 16 digits of a hash of everything that determines it.

    That is the hashes of spec, data, contracts and code, the versions of packages, and the number of held-out schools.
    """
    parts: dict[str, object] = {"spec": spec, "data": data, "contracts": contracts, "code": code}
    parts |= {"packages": packages, "hold_out": hold_out}
    return sha256_of(json.dumps(parts, sort_keys=True).encode())[:16]
