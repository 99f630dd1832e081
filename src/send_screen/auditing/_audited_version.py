"""The audited version: its files and evidence (out-of-fold predictions) as found, and its entry in an MLflow store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from send_screen.auditing._compare import Mismatch, mismatches, truncate
from send_screen.errors import DataError, SendScreenError, TablesError, UsageError
from send_screen.governance import (
    EVIDENCE,
    Bundle,
    code_version,
    package_versions,
    parse_bundle,
    release,
    sha256_of,
)
from send_screen.published import PublishedReport, VersionMetadata
from send_screen.tracking import RegistrySnapshot, default_uri, local_path, parse_hashes
from send_screen.workflows._evidence_store import MAX_FILE_BYTES, read_evidence

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NO_TAG = "no tag"


class CannotCheck(TablesError):
    """A check cannot be made, since something that it needs is missing or unreadable."""


class NotAskedFor(CannotCheck):
    """A check was not asked for, since something that it needs was not given."""


def _report_nothing(text: str) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Evidence:
    """The evidence file as found; ``table`` is None where it cannot be read, for the ``unreadable_reason``."""

    path: Path
    sha256: str
    table: pd.DataFrame | None
    excluded: pd.DataFrame
    """Excluded rows, with their ``reason``."""
    unreadable_reason: str = ""


@dataclass(frozen=True)
class AuditedVersion:
    """The version that is audited, and what it is audited with."""

    files: Mapping[str, bytes]
    """The version's files by name, as found. Each was read once."""
    irregular_files: tuple[str, ...]
    """Paths among them that are no regular file, or too large."""
    snapshot: RegistrySnapshot | None
    """Its metadata in an MLflow store; None for an exported folder."""
    bundle: Bundle | None
    """The parsed files, without verifying hashes; None where they cannot be read, for the ``unreadable_reason``."""
    unreadable_reason: str
    metadata: VersionMetadata | None
    """Section ``version`` of ``published.json``; None where it cannot be read."""
    key: Ed25519PublicKey | None = None
    """Public key to verify the signature with."""
    ledger: str | Path | None = None
    """The ledger of decisions that the auditor gave."""
    uri: str | None = None
    """Tracking URI that the auditor gave."""
    inconclusive_reason: str = ""
    """Why a difference in a figure is inconclusive, such as other packages at training; empty where it is not."""
    inconclusive_pages: str = ""
    """The same for pages and plots, which another release may render in another way."""
    data: object = None
    """The training data that the auditor gave, or None."""
    report_progress: Callable[[str], None] = _report_nothing
    evidence: Evidence | None = None
    """None where it cannot be read, for the ``no_evidence_reason``."""
    no_evidence_reason: str = ""

    def require_bundle(self) -> Bundle:
        """Return the parsed files; raise CannotCheck where they cannot be read."""
        if self.bundle is None:
            raise CannotCheck(self.unreadable_reason)
        return self.bundle

    def require_report(self) -> PublishedReport:
        """Return the published report; raise CannotCheck where the files cannot be read."""
        return self.require_bundle().published

    def require_evidence(self) -> Evidence:
        """Return the evidence; raise CannotCheck where it cannot be read, and NotAskedFor where none was given."""
        if self.evidence is None:
            raise (NotAskedFor if self.snapshot is None else CannotCheck)(self.no_evidence_reason)
        return self.evidence

    def require_snapshot(self) -> RegistrySnapshot:
        """Return the metadata in the MLflow store; raise NotAskedFor for an exported folder."""
        if self.snapshot is None:
            raise NotAskedFor("An exported folder has no registry entry. Audit models:/name/number for that.")
        return self.snapshot

    def hash_mismatches(self, name: str, found: str, what: str) -> list[Mismatch]:
        """Return the tags of registered version and run with another hash than was found."""
        snapshot = self.require_snapshot()
        holders = {"registered version": snapshot.tags, "run": snapshot.run_tags}
        return mismatches(
            {
                f"{what}, as the {holder} has it": (parse_hashes(tags).get(name, NO_TAG), found)
                for holder, tags in holders.items()
            }
        )

    @property
    def tracking_uri(self) -> str:
        """Address of the MLflow store."""
        return self.uri or default_uri()

    @property
    def registered_name(self) -> str:
        """The version's name and number in the registry."""
        version = self.require_snapshot().version
        return f"models:/{version.name}/{version.number}" if version.number else "not registered"

    def describe(self) -> dict[str, str]:
        """Return id, title and location of the version, and the code at training and here."""
        metadata = self.metadata
        described = {"version": "unknown", "title": "", "trained_on": "unknown", "code_at_training": "unknown"}
        if metadata is not None:
            described = {"version": metadata.id, "title": metadata.title, "trained_on": metadata.trained_on}
            described |= {"code_at_training": f"{metadata.release}, {metadata.code_version}"}
        if self.snapshot is not None:
            version = self.snapshot.version
            described |= {"registered": self.registered_name, "run": version.run_id}
        here = {"checked_on": dt.datetime.now(dt.UTC).date().isoformat(), "code_here": f"{release()}, {code_version()}"}
        return {name: truncate(value) for name, value in described.items()} | here


def open_version(
    files: Mapping[str, bytes], irregular_files: tuple[str, ...], snapshot: RegistrySnapshot | None
) -> AuditedVersion:
    """Parse a version's files. A check, not this function, verifies their hashes."""
    try:
        metadata = PublishedReport.from_json(files.get("published.json", b"")).version
    except TablesError:
        metadata = None
    try:
        bundle = parse_bundle(files)
    except SendScreenError as error:
        # unreadable files fail the audit: destroying a file must not turn it green
        why = f"The version's files cannot be read as a version, so nothing can be derived from them. {error}"
        return AuditedVersion(files, irregular_files, snapshot, None, why, metadata)
    audited = AuditedVersion(files, irregular_files, snapshot, bundle, "", metadata)
    numbers, pages = _inconclusive_reasons(bundle.published.version)
    return replace(audited, inconclusive_reason=numbers, inconclusive_pages=pages)


def _inconclusive_reasons(metadata: VersionMetadata) -> tuple[str, str]:
    """Return why figures, and why pages, may differ from those at training; empty where they may not."""
    parts = []
    if metadata.code_version != code_version():
        parts.append(f"Other code made it: {metadata.code_version}, and here is {code_version()}.")
    theirs, ours = metadata.packages, package_versions()
    if theirs != ours:
        names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
        changes = (f"{name} {theirs.get(name, 'absent')} there and {ours.get(name, 'absent')} here" for name in names)
        parts.append(f"Other packages made it: {', '.join(changes)}.")
    numbers = " ".join(parts)
    if metadata.release != release():
        parts.append(f"Another release made it: {metadata.release}, and here is {release()}.")
    return numbers, " ".join(parts)


def with_evidence(audited: AuditedVersion, given: Path | None) -> AuditedVersion:
    """Return the version with its evidence where it can be read; raise where it is not at a ``given`` path."""
    folder = given or _registered_folder(audited.snapshot)
    if folder is None:
        return replace(audited, no_evidence_reason="No evidence store was named. Name it with --evidence.")
    path = next((path for path in _candidates(audited.metadata, folder) if path.is_file()), None)
    if path is None:
        if given is not None:
            raise UsageError(
                f"There is no evidence of this version at {given}.",
                remedy=f"Give the evidence store, or the folder in it that holds {EVIDENCE}.",
            )
        why = (
            "The evidence is not where the run's tag evidence_location says. Ask who keeps it, or name the evidence "
            "store with --evidence."
        )
        return replace(audited, no_evidence_reason=why)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError("The evidence is far larger than any that send_screen writes.", file=path.name)
        content = path.read_bytes()
    except OSError as error:
        return replace(audited, no_evidence_reason=f"The evidence may not be read from here ({error.strerror}).")
    try:
        evidence = Evidence(path, sha256_of(content), *read_evidence(content))
    except DataError as error:
        evidence = Evidence(path, sha256_of(content), None, pd.DataFrame({"reason": []}), error.message)
    return replace(audited, evidence=evidence)


def _candidates(metadata: VersionMetadata | None, folder: Path) -> list[Path]:
    parts = (metadata.name, metadata.id) if metadata else ()
    # these names come from an unverified file, and must not lead out of the evidence store
    safe = parts and all(part.replace("_", "").replace("-", "").isalnum() for part in parts)
    return [folder / EVIDENCE, *([folder.joinpath(*parts, EVIDENCE)] if safe else [])]


def _registered_folder(snapshot: RegistrySnapshot | None) -> Path | None:
    """Return the local folder in the run's tag ``evidence_location``; None where there is none."""
    return local_path("" if snapshot is None else snapshot.run_tags.get("evidence_location", ""))
