"""What a version is: the hash of the decision, the data, the contracts and the code that made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import pandas as pd

# Packages whose version can change a number.
PACKAGES = (
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "lightgbm",
    "interpret-core",
    "shap",
    "fairlearn",
    "mlflow",
    "pyarrow",
)


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def folder_sha256(folder: Path) -> str:
    """Return one hash of all files in a folder, as :func:`files_sha256` does."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return files_sha256({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def files_sha256(files: Mapping[str, bytes]) -> str:
    """Return one hash of files by name: that of the list of their names and hashes, as ``sha256sum`` has it."""
    return sha256_of("".join(f"{sha256_of(files[name])}  {name}\n" for name in sorted(files)).encode())


def data_sha256(data: object) -> str:
    """Return the hash of the data a version was trained on.

    Parameters
    ----------
    data : str, pathlib.Path, pandas.DataFrame, pyarrow.Table, or mapping of these
        A file: the hash of its bytes, as ``sha256sum`` gives it. A folder: the hash of a list of its table files'
        names and hashes. A frame: the hash of its rows.
    """
    if isinstance(data, str | Path):
        path = Path(data)
        if path.is_file():
            return sha256_of(path.read_bytes())
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in (".csv", ".xlsx", ".parquet"))
        return sha256_of("".join(f"{sha256_of(f.read_bytes())}  {f.name}\n" for f in files).encode())
    if hasattr(data, "to_pandas"):
        data = data.to_pandas()
    if isinstance(data, pd.DataFrame):
        digest = hashlib.sha256("\t".join(map(str, data.columns)).encode())
        digest.update(pd.util.hash_pandas_object(data, index=False).to_numpy().tobytes())
        return digest.hexdigest()
    assert isinstance(data, dict)
    return sha256_of("".join(f"{name} {data_sha256(part)}\n" for name, part in sorted(data.items())).encode())


def code_version() -> str:
    """Return the release and the hash of this library's own source, for example ``"0.1.0+3f2a..."``."""
    package = Path(__file__).resolve().parent.parent
    sources = sorted(p for p in package.rglob("*") if p.suffix in (".py", ".json", ".j2", ".css") and p.is_file())
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.relative_to(package).as_posix().encode())
        digest.update(source.read_bytes().replace(b"\r\n", b"\n"))
    return f"{metadata.version('send-screen')}+{digest.hexdigest()[:12]}"


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
    """Return the identity of a version: the first 16 digits of a hash over everything that made it.

    Parameters
    ----------
    spec, data : str
        Hashes of the spec and of the data.
    contracts : dict of str to str
        Hash of each contract by its name and version.
    code : str
        From :func:`code_version`.
    packages : dict of str to str
        From :func:`package_versions`.
    hold_out : int
        How many whole schools were kept aside.
    """
    parts: dict[str, object] = {"spec": spec, "data": data, "contracts": contracts, "code": code}
    parts |= {"packages": packages, "hold_out": hold_out}
    return sha256_of(json.dumps(parts, sort_keys=True).encode())[:16]
