"""A version as a folder of plain files, each with its hash in a manifest: what is exported, and what is served."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from send_screen.contracts import Contract
from send_screen.contracts._load import parse_contract
from send_screen.errors import SendScreenError, TablesError
from send_screen.governance._identity import sha256_of
from send_screen.published import PublishedReport
from send_screen.specs import Feature, ModelSpec
from send_screen.specs._load import parse_spec
from send_screen.tables import BaggedTables, RiskTables

MANIFEST = "manifest.json"
BAGS = "bags.json"
EVIDENCE = "evidence.parquet"  # not in the folder: it is personal data, and lies in the evidence store
SIGNATURE = "signature.json"  # of the manifest, so beside it
MODEL, PLOTS = "model", "plots"  # folders that are signed with it: what MLflow serves, and the run's pictures
FORMAT = "send_screen.bundle/1"
SIZE_LIMIT = 64 * 1024 * 1024  # bytes of one file; a version's largest has less than one megabyte
TOTAL_LIMIT = 4 * SIZE_LIMIT  # of all files of a folder
MOST_FILES = 2_000
_BESIDE = (MANIFEST, SIGNATURE)


@dataclass(frozen=True)
class Bundle:
    """A verified version, ready to screen with.

    Attributes
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
        Those that the version was made under, by id.
    tables : RiskTables
    bags : BaggedTables or None
        How sure its scores are, where the version is a bagged ensemble.
    published : PublishedReport
        ``published.json``: everything that was measured and may be shown.
    manifest_sha256 : str
        The hash that stands for the whole folder.
    files : mapping of str to bytes
        Every file that was read, by its name inside the folder.
    """

    spec: ModelSpec
    contracts: dict[str, Contract]
    tables: RiskTables
    bags: BaggedTables | None
    published: PublishedReport
    manifest_sha256: str
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the model that is registered, in the order of its tables."""
        return tuple(self.spec.feature(name) for name in self.tables.features)

    @property
    def trained_on_synthetic(self) -> bool:
        """Whether the version was trained on synthetic children only."""
        return self.published.version.trained_on == "synthetic"


def make_manifest(files: Mapping[str, bytes], *, version: str) -> bytes:
    """Return the manifest of a version: the SHA-256 of each of its files.

    Parameters
    ----------
    files : mapping of str to bytes
        Every file of the version by its name inside the folder; manifest and signature are not named in it.
    version : str
        The version's id.
    """
    hashes = {name: sha256_of(content) for name, content in files.items() if name not in _BESIDE}
    manifest = {"format": FORMAT, "version": version, "files": hashes}
    return (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()


def read_plain_files(folder: Path) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Read every plain file below a folder once; never through a link.

    Returns
    -------
    files : dict of str to bytes
        By name inside the folder.
    others : tuple of str
        The names of what is no plain file, cannot be read, or is more than any version has.
    """
    files: dict[str, bytes] = {}
    others: list[str] = []
    left = TOTAL_LIMIT
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in (*names, *links):
            path = Path(parent) / name
            inside = path.relative_to(folder).as_posix()
            try:
                plain = not path.is_symlink() and path.is_file()
                if not plain or path.stat().st_size > min(SIZE_LIMIT, left) or len(files) >= MOST_FILES:
                    others.append(inside)
                    continue
                files[inside] = path.read_bytes()
                left -= len(files[inside])
            except OSError:
                others.append(inside)
    return dict(sorted(files.items())), tuple(sorted(others))


def files_below(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of one folder, by name inside it."""
    return {name.removeprefix(f"{folder}/"): files[name] for name in files if name.startswith(f"{folder}/")}


def open_bundle(folder: str | Path, *, manifest_sha256: str | None = None) -> Bundle:
    """Verify an exported version and read it. Nothing in it is ever run.

    Each file is read once: the bytes that are parsed are those that were verified.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder that ``send-screen export`` wrote.
    manifest_sha256 : str, optional
        The manifest's hash as known from elsewhere (the model registry).

    Raises
    ------
    TablesError
        If a file is missing, was changed, or is not named in the manifest.
    """
    folder = Path(folder)
    content = _bytes(folder, MANIFEST)
    if manifest_sha256 is not None and sha256_of(content) != manifest_sha256:
        raise TablesError(
            "The manifest is not the one that was registered: the model was changed after registration.",
            file=MANIFEST,
            remedy="Do not use it. Export the version again, and tell whoever answers for it.",
        )
    version, hashes = _read_manifest(content)
    files = {name: _verified(folder, name, sha256) for name, sha256 in hashes.items()}
    _refuse_strays(folder, files)
    beside = {SIGNATURE: _bytes(folder, SIGNATURE)} if (folder / SIGNATURE).is_file() else {}
    return parse_bundle({**files, MANIFEST: content, **beside}, version=version)


def parse_bundle(files: Mapping[str, bytes], *, version: str | None = None) -> Bundle:
    """Return the version that files make, whose hashes are another question.

    Parameters
    ----------
    files : mapping of str to bytes
        Every file of the version by its name inside the folder.
    version : str, optional
        The id that the version is to have; by default what ``published.json`` says.

    Raises
    ------
    TablesError
        If a file is missing, cannot be read, or does not belong to the others.
    """
    for name in ("spec.yaml", "tables.json", "published.json"):
        if name not in files:
            raise TablesError("The file is missing.", file=name, remedy="Export the version again.")
    try:
        read = [parse_contract(files[name], Path(name)) for name in files if name.startswith("contracts/")]
        contracts = {contract.id: contract for contract in read}
        spec = parse_spec(files["spec.yaml"], file="spec.yaml", contracts=contracts)
        tables = RiskTables.from_json(files["tables.json"].decode("utf-8"))
        bags = BaggedTables.from_json(files[BAGS].decode("utf-8")) if BAGS in files else None
        published = PublishedReport.from_json(files["published.json"])
        _refuse_mismatch(spec, contracts, tables, bags, published, version)
    except TablesError:
        raise
    except SendScreenError as error:
        raise TablesError(f"The version cannot be read: {error}", remedy="Export the version again.") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # Hashes agree, so somebody made these files anew: whatever is wrong with them, they are not ours.
        raise TablesError(
            f"The version's files are not what send-screen export writes ({type(error).__name__}).",
            remedy="Do not use it. Export the version again, and tell whoever answers for it.",
        ) from None
    return Bundle(spec, contracts, tables, bags, published, sha256_of(files.get(MANIFEST, b"")), files)


def _refuse_strays(folder: Path, verified: dict[str, bytes]) -> None:
    """Raise where the folder holds anything that the manifest does not name, or that is no plain file or folder."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise TablesError("It is no plain file.", file=name, remedy="Export the version again.")
        if path.is_file() and name not in _BESIDE and name not in verified:
            raise TablesError("The file is not part of the version.", file=name, remedy="Export the version again.")


def _refuse_mismatch(
    spec: ModelSpec,
    contracts: dict[str, Contract],
    tables: RiskTables,
    bags: BaggedTables | None,
    published: PublishedReport,
    version: str | None,
) -> None:
    """Raise where the parts of a version do not belong together."""
    metadata = published.version
    features = {feature.name for feature in spec.features}
    problems = {
        "published.json is of another version": version not in (None, metadata.id),
        "published.json is of another spec": metadata.spec_sha256 != spec.sha256,
        "the tables are of other features than the spec": not tables.features or not set(tables.features) <= features,
        "the bags are of other features than the tables": bags is not None and bags.features != tables.features,
        "a contract is missing": {use.contract for use in spec.data} != set(contracts),
        "the figures are missing": not published.performance,
    }
    wrong = [words for words, is_wrong in problems.items() if is_wrong]
    if wrong:
        raise TablesError(
            "The version does not hold together: " + "; ".join(wrong) + ".",
            remedy="Do not use it. Export the version again, and tell whoever answers for it.",
        )


def _read_manifest(content: bytes) -> tuple[str, dict[str, str]]:
    """Return the version and the hash of each file."""
    try:
        manifest = json.loads(content)
        files = manifest["files"]
        texts = (manifest["version"], *files, *files.values())
        if manifest["format"] != FORMAT or not all(isinstance(text, str) for text in texts):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise TablesError(
            f"This is not the manifest of an exported version ({FORMAT}).",
            file=MANIFEST,
            remedy="Export the version again with send-screen export.",
        ) from None
    return manifest["version"], dict(files)


def _bytes(folder: Path, name: str) -> bytes:
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise TablesError("It is a file outside the folder.", file=name, remedy="Do not use this model.")
        if path.stat().st_size > SIZE_LIMIT:
            raise TablesError("The file is far larger than a model can be.", file=name, remedy="Do not use this model.")
        return path.read_bytes()
    except (OSError, ValueError, RuntimeError):  # no such file; a name that can be none; a loop of links
        raise TablesError(
            "The file is missing or cannot be read.",
            file=name,
            remedy="Give a folder that send-screen export wrote.",
        ) from None


def _verified(folder: Path, name: str, sha256: str) -> bytes:
    content = _bytes(folder, name)
    if sha256_of(content) != sha256:
        raise TablesError(
            "The file was changed after the version was made (its hash differs).",
            file=name,
            remedy="Do not use it. Export the version again, and tell whoever answers for it.",
        )
    return content
