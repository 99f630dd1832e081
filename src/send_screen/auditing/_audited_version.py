"""The version that is audited: its files as they are, what a store says of them, and what may excuse a difference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from send_screen.auditing._results import truncate
from send_screen.errors import SendScreenError, TablesError
from send_screen.governance import Bundle, PublicKey, code_version, package_versions, parse_bundle, release
from send_screen.published import PublishedReport, VersionMetadata
from send_screen.tracking import RegistrySnapshot


class Unreadable(TablesError):
    """The version's files cannot be read as a version: one check says so, and the others cannot be made."""


UNREADABLE = "The version's files cannot be read as a version, so nothing can be derived from them."


@dataclass(frozen=True)
class Evidence:
    """An evidence table as it was found.

    Attributes
    ----------
    path : pathlib.Path
    sha256 : str
    table : pandas.DataFrame or None
        None where it cannot be read as one; ``why`` says why.
    excluded : pandas.DataFrame
        ``reason`` of each row that was set aside.
    """

    path: Path
    sha256: str
    table: pd.DataFrame | None
    excluded: pd.DataFrame
    why: str = ""


@dataclass(frozen=True)
class AuditedVersion:
    """What is audited.

    Attributes
    ----------
    files : mapping of str to bytes
        The version's files by name, as they were found. Each was read once.
    no_files : tuple of str
        What lies among them and is no file of a version.
    recorded : Recorded or None
        What a store says; None of an exported folder.
    bundle : Bundle or None
        The files read as a version, whatever the manifest says of their hashes; None where they cannot be.
    why : str
        Why not.
    claimed : VersionMetadata or None
        What ``published.json`` says of the version; None where it cannot be read.
    key : PublicKey or None
    ledger : str, pathlib.Path or None
    uri : str or None
    excuse : str
        Why a difference in a number says nothing: other code or packages made the version. Empty where they are the
        same.
    excuse_pages : str
        Likewise of pages, pictures and words, which another release may write otherwise.
    evidence : Evidence or None
        None where it may not be read from here; ``no_evidence`` says why.
    """

    files: Mapping[str, bytes]
    no_files: tuple[str, ...]
    snapshot: RegistrySnapshot | None
    bundle: Bundle | None
    why: str
    claimed: VersionMetadata | None
    key: PublicKey | None
    ledger: str | Path | None
    uri: str | None
    inconclusive_reason: str
    inconclusive_pages: str
    evidence: Evidence | None = None
    no_evidence: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    def require_bundle(self) -> Bundle:
        """Return the version, where its files can be read as one.

        Raises
        ------
        Unreadable
        """
        if self.bundle is None:
            raise Unreadable(self.why)
        return self.bundle

    def require_report(self) -> PublishedReport:
        """Return what the version publishes, where its files can be read as one."""
        return self.require_bundle().published

    def require_claimed(self) -> VersionMetadata:
        """Return what the version says that it is, where its ``published.json`` can be read."""
        if self.claimed is None:
            raise Unreadable(self.why)
        return self.claimed

    def require_snapshot(self) -> RegistrySnapshot:
        """Return what the store says, of which only checks of a store ask."""
        assert self.snapshot is not None
        return self.snapshot


def open_version(
    files: Mapping[str, bytes],
    no_files: tuple[str, ...],
    snapshot: RegistrySnapshot | None,
    *,
    key: PublicKey | None,
    ledger: str | Path | None,
    uri: str | None,
) -> AuditedVersion:
    """Read a version's files as they are. Their hashes are another question: what was changed is still to be found."""
    bundle, why, claimed = None, "", _claimed(files.get("published.json", b""))
    inconclusive_reason = inconclusive_pages = ""
    try:
        bundle = parse_bundle(files)
        # in the order of the spec, as in training: a folder has them by name
        bundle = replace(bundle, contracts={use.contract: bundle.contracts[use.contract] for use in bundle.spec.data})
        # files that nobody can read have no excuse: whoever destroys them must not be told that all is well
        inconclusive_reason, inconclusive_pages = _inconclusive_reasons(bundle.published.version)
    except SendScreenError as error:
        why = f"{UNREADABLE} {error}"
    audited = AuditedVersion(
        files, no_files, snapshot, bundle, why, claimed, key, ledger, uri, inconclusive_reason, inconclusive_pages
    )
    return replace(audited, metadata=_metadata(audited))


def _claimed(published: bytes) -> VersionMetadata | None:
    try:
        return PublishedReport.from_json(published).version
    except TablesError:
        return None


def _inconclusive_reasons(claimed: VersionMetadata) -> tuple[str, str]:
    """Return why numbers, and why pages, made here may differ from those made then; empty where they may not."""
    parts = []
    if claimed.code_version != code_version():
        parts.append(f"Other code made it: {claimed.code_version}, and here is {code_version()}.")
    theirs, ours = claimed.packages, package_versions()
    if theirs != ours:
        names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
        told = (f"{name} {theirs.get(name, 'absent')} there and {ours.get(name, 'absent')} here" for name in names)
        parts.append(f"Other packages made it: {', '.join(told)}.")
    numbers = " ".join(parts)
    if claimed.release != release():
        parts.append(f"Another release made it: {claimed.release}, and here is {release()}.")
    return numbers, " ".join(parts)


def _metadata(audited: AuditedVersion) -> dict[str, str]:
    claimed = audited.claimed
    metadata = {"version": claimed.id if claimed else "unknown", "title": claimed.title if claimed else ""}
    metadata["trained_on"] = claimed.trained_on if claimed else "unknown"
    if audited.snapshot is not None:
        version = audited.snapshot.version
        number = f"models:/{version.name}/{version.number}" if version.number else "not registered"
        metadata |= {"registered": number, "run": version.run_id}
        metadata |= {"withdrawn": version.withdrawn} if version.withdrawn else {}
    here = {"checked_on": dt.datetime.now(dt.UTC).date().isoformat(), "code_here": f"{release()}, {code_version()}"}
    return {name: truncate(value) for name, value in metadata.items()} | here
