"""The version that is audited: its files and its evidence as they are, and its entry in an MLflow store."""

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
    """What a check needs is not there, or cannot be read: it is not made, and its result says why."""


class CheckSkipped(CannotCheck):
    """What a check needs was not given: nobody asked for it."""


def _report_nothing(text: str) -> None:
    """Keep what is being done to oneself."""


@dataclass(frozen=True)
class Evidence:
    """An evidence table as it was found; ``table`` is None where it cannot be read as one, and ``why`` says why."""

    path: Path
    sha256: str
    table: pd.DataFrame | None
    excluded: pd.DataFrame
    why: str = ""


@dataclass(frozen=True)
class AuditedVersion:
    """What is audited."""

    files: Mapping[str, bytes]
    """The version's files by name, as they were found. Each was read once."""
    irregular_files: tuple[str, ...]
    """What lies among them and is no file of a version."""
    snapshot: RegistrySnapshot | None
    """Its metadata in an MLflow store; None of an exported folder."""
    bundle: Bundle | None
    """The files read as a version, whatever the manifest says of their hashes; where they cannot be, ``why`` not."""
    why: str
    metadata: VersionMetadata | None
    """What ``published.json`` says of the version; None where it cannot be read."""
    key: Ed25519PublicKey | None = None
    ledger: str | Path | None = None
    uri: str | None = None
    inconclusive_reason: str = ""
    """Why a difference in a number says nothing: other code or packages made the version."""
    inconclusive_pages: str = ""
    """Likewise of pages and plots, which another release may write otherwise."""
    data: object = None
    """What it was trained on, as the auditor has it; None where the auditor gave none."""
    report_progress: Callable[[str], None] = _report_nothing
    evidence: Evidence | None = None
    """None where it may not be read from here; ``no_evidence`` says why."""
    no_evidence: str = ""

    def require_bundle(self) -> Bundle:
        """Return the version; raise CannotCheck where its files cannot be read as one."""
        if self.bundle is None:
            raise CannotCheck(self.why)
        return self.bundle

    def require_report(self) -> PublishedReport:
        """Return what the version publishes; raise CannotCheck where its files cannot be read as one."""
        return self.require_bundle().published

    def require_evidence(self) -> Evidence:
        """Return the evidence; raise CannotCheck where it may not be read, and CheckSkipped where none was named."""
        if self.evidence is None:
            raise CheckSkipped(self.no_evidence) if self.snapshot is None else CannotCheck(self.no_evidence)
        return self.evidence

    def require_snapshot(self) -> RegistrySnapshot:
        """Return the metadata in the MLflow store; raise CheckSkipped of an exported folder."""
        if self.snapshot is None:
            raise CheckSkipped("A folder knows of no registry. Audit models:/name/number for that.")
        return self.snapshot

    def hash_mismatches(self, name: str, found: str, what: str) -> list[Mismatch]:
        """Return who, of registered version and run, has another hash than was found."""
        snapshot = self.require_snapshot()
        holders = {"registered version": snapshot.tags, "run": snapshot.run_tags}
        return mismatches(
            {
                f"{what}, as the {who} has it": (parse_hashes(tags).get(name, NO_TAG), found)
                for who, tags in holders.items()
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
        """Return which version it is, where it was found, and what it is checked with."""
        known = self.metadata
        said = {"version": "unknown", "title": "", "trained_on": "unknown", "code_at_training": "unknown"}
        if known is not None:
            said = {"version": known.id, "title": known.title, "trained_on": known.trained_on}
            said |= {"code_at_training": f"{known.release}, {known.code_version}"}
        if self.snapshot is not None:
            version = self.snapshot.version
            said |= {"registered": self.registered_name, "run": version.run_id}
        here = {"checked_on": dt.datetime.now(dt.UTC).date().isoformat(), "code_here": f"{release()}, {code_version()}"}
        return {name: truncate(value) for name, value in said.items()} | here


def open_version(
    files: Mapping[str, bytes], irregular_files: tuple[str, ...], snapshot: RegistrySnapshot | None
) -> AuditedVersion:
    """Read a version's files as they are. Their hashes are not verified here: a check does that."""
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
    """Return why numbers, and why pages, made here may differ from those made then; empty where they may not."""
    parts = []
    if metadata.code_version != code_version():
        parts.append(f"Other code made it: {metadata.code_version}, and here is {code_version()}.")
    theirs, ours = metadata.packages, package_versions()
    if theirs != ours:
        names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
        said = (f"{name} {theirs.get(name, 'absent')} there and {ours.get(name, 'absent')} here" for name in names)
        parts.append(f"Other packages made it: {', '.join(said)}.")
    numbers = " ".join(parts)
    if metadata.release != release():
        parts.append(f"Another release made it: {metadata.release}, and here is {release()}.")
    return numbers, " ".join(parts)


def with_evidence(audited: AuditedVersion, given: Path | None) -> AuditedVersion:
    """Return the version with its evidence, where that may be read from here; raise where it was named and is not."""
    place = given or _registered_place(audited.snapshot)
    if place is None:
        return replace(audited, no_evidence="No evidence store was named. Name it with --evidence.")
    path = next((path for path in _candidates(audited.metadata, place) if path.is_file()), None)
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
        return replace(audited, no_evidence=why)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError("The evidence is far larger than any of ours.", file=path.name)
        content = path.read_bytes()
    except OSError as error:
        return replace(audited, no_evidence=f"The evidence may not be read from here ({error.strerror}).")
    try:
        evidence = Evidence(path, sha256_of(content), *read_evidence(content))
    except DataError as error:
        evidence = Evidence(path, sha256_of(content), None, pd.DataFrame({"reason": []}), error.message)
    return replace(audited, evidence=evidence)


def _candidates(metadata: VersionMetadata | None, place: Path) -> list[Path]:
    parts = (metadata.name, metadata.id) if metadata else ()
    # a name out of a file that nobody has verified must not lead out of the evidence store
    safe = parts and all(part.replace("_", "").replace("-", "").isalnum() for part in parts)
    return [place / EVIDENCE, *([place.joinpath(*parts, EVIDENCE)] if safe else [])]


def _registered_place(snapshot: RegistrySnapshot | None) -> Path | None:
    """Return the folder that the run's tag names; only a folder of this machine."""
    return local_path("" if snapshot is None else snapshot.run_tags.get("evidence_location", ""))
