"""A model version as a folder of files, each with its hash in a manifest, as it is exported and served."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from send_screen.contracts import Contract
from send_screen.contracts._load import parse_contract
from send_screen.documents import Document, file_name, read_document
from send_screen.errors import MachineError, SendScreenError, TablesError
from send_screen.governance._identity import sha256_of
from send_screen.published import PublishedReport
from send_screen.specs import Feature, ModelSpec
from send_screen.specs._load import parse_spec
from send_screen.tables import BaggedTables, RiskTables

MANIFEST = "manifest.json"
BAGS = "bags.json"
EVIDENCE = "evidence.parquet"  # out-of-fold predictions: personal data, in the evidence store and not in the bundle
SIGNATURE = "signature.json"  # signs the manifest, which therefore does not list it
MODEL, PLOTS = "model", "plots"  # signed folders outside the bundle: the model that MLflow serves, the run's plots
SIZE_LIMIT = 64 * 1024 * 1024  # bytes of one file; the largest written has less than 1 MB
TOTAL_LIMIT = 4 * SIZE_LIMIT  # of all files of a folder
MAX_FILES = 2_000
_EXPORT_AGAIN = "Export the version again."
_DO_NOT_USE = "Do not use it. Export the version again, and tell whoever answers for it."


class Manifest(Document):
    """The files of a version and the SHA-256 of each."""

    format: Literal["send_screen.bundle/1"] = "send_screen.bundle/1"
    version: str
    files: dict[str, str]


@dataclass(frozen=True)
class Bundle:
    """The parsed files of a version: ``contracts`` by id, ``bags`` the bagged ensemble, ``files`` the bytes by name."""

    spec: ModelSpec
    contracts: dict[str, Contract]
    tables: RiskTables
    bags: BaggedTables | None
    published: PublishedReport
    manifest_sha256: str
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the fitted model, in the order of its tables."""
        return tuple(self.spec.feature(name) for name in self.tables.features)

    @property
    def trained_on_synthetic(self) -> bool:
        """Whether the version was trained on synthetic children only."""
        return self.published.version.trained_on == "synthetic"


def make_manifest(files: Mapping[str, bytes], *, version: str) -> bytes:
    """Return the manifest of a version: the SHA-256 of each of its files but the manifest and the signature."""
    hashes = {name: sha256_of(content) for name, content in files.items() if name not in (MANIFEST, SIGNATURE)}
    manifest = Manifest(version=version, files=hashes).model_dump()
    return (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest, or raise TablesError."""
    try:
        return read_document(Manifest, content, error=TablesError)
    except TablesError:
        raise TablesError(
            "This is not the manifest of an exported version (send_screen.bundle/1).",
            file=MANIFEST,
            remedy="Export the version again with send-screen export.",
        ) from None


def read_regular_files(folder: Path) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Read every regular file in a folder and its subfolders once; links are not followed.

    Return the files by their path in the folder, and the paths of what was not read: links, pipes, and whatever exceeds
    the limits.

    Raises
    ------
    MachineError
        If a file or folder exists and cannot be read, which is no fault of the version.
    """
    files: dict[str, bytes] = {}
    refused: list[str] = []
    left = TOTAL_LIMIT
    for parent, folders, names in os.walk(folder, onerror=_raise_unreadable):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in (*names, *links):
            path = Path(parent) / name
            name_inside = path.relative_to(folder).as_posix()
            try:
                regular = not path.is_symlink() and path.is_file()
                if not regular or path.stat().st_size > min(SIZE_LIMIT, left) or len(files) >= MAX_FILES:
                    refused.append(name_inside)
                    continue
                files[name_inside] = path.read_bytes()
                left -= len(files[name_inside])
            except OSError as error:
                _raise_unreadable(error)
                refused.append(name_inside)
    return dict(sorted(files.items())), tuple(sorted(refused))


def _raise_unreadable(error: OSError) -> None:
    """Raise where a file or folder exists and cannot be read."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise MachineError(
            f"{file_name(error.filename or 'A file of the version')} cannot be read ({error.strerror}).",
            remedy="Ask who keeps it for the right to read it, or look at the disk.",
        ) from None


def files_below(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of one subfolder, by their path in it."""
    return {name.removeprefix(f"{folder}/"): files[name] for name in files if name.startswith(f"{folder}/")}


def open_bundle(folder: str | Path, *, manifest_sha256: str | None = None) -> Bundle:
    """Verify the hashes of an exported version and parse it. No code in it is run.

    Each file is read once: the bytes that are parsed are those that were verified. ``manifest_sha256`` is the
    manifest's hash as known from elsewhere (the model registry).

    Raises
    ------
    TablesError
        If a file is missing, was changed, or is not named in the manifest.
    """
    files, refused = read_regular_files(Path(folder))
    if refused:
        raise TablesError(
            "It is no plain file that can be read, or far too large.", file=refused[0], remedy=_EXPORT_AGAIN
        )
    if MANIFEST not in files:
        remedy = "Give a folder that send-screen export wrote."
        raise TablesError("The file is missing.", file=MANIFEST, remedy=remedy)
    if manifest_sha256 not in (None, sha256_of(files[MANIFEST])):
        message = "The manifest is not the one that was registered: the model was changed after registration."
        raise TablesError(message, file=MANIFEST, remedy=_DO_NOT_USE)
    manifest = parse_manifest(files[MANIFEST])
    for name in sorted({*manifest.files, *files} - {MANIFEST, SIGNATURE}):
        if name not in files:
            raise TablesError("The file is missing.", file=name, remedy=_EXPORT_AGAIN)
        if name not in manifest.files:
            raise TablesError("The file is not part of the version.", file=name, remedy=_EXPORT_AGAIN)
        if sha256_of(files[name]) != manifest.files[name]:
            message = "The file was changed after the version was made (its hash differs)."
            raise TablesError(message, file=name, remedy=_DO_NOT_USE)
    return parse_bundle(files, version=manifest.version)


def parse_bundle(files: Mapping[str, bytes], *, version: str | None = None) -> Bundle:
    """Parse the files of a version; their hashes are not verified here.

    Files are named by their path in the folder. ``version`` is the expected id, by default that of ``published.json``.

    Raises
    ------
    TablesError
        If a file is missing, cannot be read, or does not belong to the others.
    """
    for name in ("spec.yaml", "tables.json", "published.json"):
        if name not in files:
            raise TablesError("The file is missing.", file=name, remedy=_EXPORT_AGAIN)
    try:
        read = [parse_contract(files[name], Path(name)) for name in files if name.startswith("contracts/")]
        contracts = {contract.id: contract for contract in read}
        spec = parse_spec(files["spec.yaml"], file="spec.yaml", contracts=contracts)
        tables = RiskTables.from_json(files["tables.json"].decode("utf-8"))
        bags = BaggedTables.from_json(files[BAGS].decode("utf-8")) if BAGS in files else None
        published = PublishedReport.from_json(files["published.json"])
        sha256 = sha256_of(files.get(MANIFEST, b""))
        bundle = Bundle(spec, contracts, tables, bags, published, sha256, files)
        _check_consistent(bundle, version)
    except TablesError:
        raise
    except SendScreenError as error:
        raise TablesError(f"The version cannot be read: {error}", remedy=_EXPORT_AGAIN) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # The hashes agree and the content is invalid, so send_screen did not write these files.
        raise TablesError(
            f"The version's files are not what send-screen export writes ({type(error).__name__}).",
            remedy=_DO_NOT_USE,
        ) from None
    return replace(bundle, contracts=bundle.spec.contracts)  # in the order of the spec


def _check_consistent(bundle: Bundle, version: str | None) -> None:
    """Raise where the files of a version are inconsistent."""
    spec, tables, bags, metadata = bundle.spec, bundle.tables, bundle.bags, bundle.published.version
    features = {feature.name for feature in spec.features}
    problems = {
        "published.json is of another version": version not in (None, metadata.id),
        "published.json is of another spec": metadata.spec_sha256 != spec.sha256,
        "the tables are of other features than the spec": not tables.features or not set(tables.features) <= features,
        "the bags are of other features than the tables": bags is not None and bags.features != tables.features,
        "a contract is missing": {use.contract for use in spec.data} != set(bundle.contracts),
        "the figures are missing": not bundle.published.performance,
    }
    if wrong := [problem for problem, is_wrong in problems.items() if is_wrong]:
        raise TablesError("The version does not hold together: " + "; ".join(wrong) + ".", remedy=_DO_NOT_USE)
