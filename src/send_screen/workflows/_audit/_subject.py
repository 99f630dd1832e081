"""The version that is audited: its files as they are, what a store says of them, and what may excuse a difference."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import pandas as pd

from send_screen.errors import DataError, SendScreenError, TablesError, UsageError
from send_screen.governance import (
    EVIDENCE,
    MANIFEST,
    SIGNATURE,
    Bundle,
    PublicKey,
    code_version,
    open_bundle,
    package_versions,
    sha256_of,
    shown,
    write_manifest,
)
from send_screen.tracking import Recorded
from send_screen.workflows._evidence_store import read_evidence

_MOST_BYTES = 64 * 2**20  # of one file of a version


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
    set_aside : pandas.DataFrame
        ``reason`` of each row that was set aside.
    """

    path: Path
    sha256: str
    table: pd.DataFrame | None
    set_aside: pd.DataFrame
    why: str = ""


@dataclass(frozen=True)
class Subject:
    """What is audited.

    Attributes
    ----------
    folder : pathlib.Path
        The version's files, as they were found.
    recorded : Recorded or None
        What a store says; None of an exported folder.
    bundle : Bundle or None
        The files read as a version, whatever the manifest says of their hashes; None where they cannot be.
    why : str
        Why not.
    document : dict
        ``published.json``; empty where it cannot be read.
    key : PublicKey or None
    ledger : str, pathlib.Path or None
    uri : str or None
    excuse : str
        Why a difference in what this code derives says nothing: other code or packages made the version. Empty where
        they are the same.
    evidence : Evidence or None
        None where it may not be read from here; ``no_evidence`` says why.
    """

    folder: Path
    recorded: Recorded | None
    bundle: Bundle | None
    why: str
    document: dict[str, Any]
    key: PublicKey | None
    ledger: str | Path | None
    uri: str | None
    excuse: str
    evidence: Evidence | None = None
    no_evidence: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    def require_bundle(self) -> Bundle:
        """Return the version, where its files can be read as one.

        Raises
        ------
        Unreadable
        """
        if self.bundle is None:
            raise Unreadable(self.why)
        return self.bundle

    def require_recorded(self) -> Recorded:
        """Return what the store says, of which only checks of a store ask."""
        assert self.recorded is not None
        return self.recorded

    @property
    def claims(self) -> dict[str, Any]:
        """The section ``version`` of ``published.json``; empty where it is none."""
        facts = self.document.get("version")
        return facts if isinstance(facts, dict) else {}


def open_subject(
    folder: Path,
    recorded: Recorded | None,
    workspace: Path,
    *,
    key: PublicKey | None,
    ledger: str | Path | None,
    uri: str | None,
) -> Subject:
    """Read a version's files as they are. Their hashes are another question: what was changed is still to be found."""
    bundle, why = None, ""
    try:
        bundle = open_bundle(_as_they_are(folder, workspace / "opened"))
        # in the order of the spec, as in training: a folder has them by name
        contracts = {use.contract: bundle.contracts[use.contract] for use in bundle.spec.data}
        bundle, document = replace(bundle, contracts=contracts), bundle.published
    except (SendScreenError, OSError) as error:
        why = f"{UNREADABLE} {error}"
        document = _published(folder / "published.json")
    # files that nobody can read have no excuse: whoever destroys them must not be told that all is well
    excuse = "" if bundle is None else _excuse(document)
    subject = Subject(folder, recorded, bundle, why, document, key, ledger, uri, excuse)
    return replace(subject, facts=_facts(subject))


def _as_they_are(folder: Path, target: Path) -> Path:
    """Return a copy of the plain files of a version under a manifest of their own."""
    target.mkdir()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES or str(name) == SIGNATURE:
            continue
        if not path.resolve().is_relative_to(folder.resolve()):
            continue  # reached through a folder that is a link
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / name)
    (target / MANIFEST).unlink(missing_ok=True)
    claimed = _published(target / "published.json").get("version")
    version = claimed.get("id") if isinstance(claimed, dict) else None
    write_manifest(target, version=version if isinstance(version, str) else "")
    return target


def _published(path: Path) -> dict[str, Any]:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return {}
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _excuse(document: dict[str, Any]) -> str:
    """Return why what this code derives may differ from what was derived then; empty where it may not."""
    facts = document.get("version")
    claimed = facts if isinstance(facts, dict) else {}
    parts = []
    if claimed.get("code_version") != code_version():
        parts.append(f"Other code made it: {claimed.get('code_version', 'unknown')}, and here is {code_version()}.")
    theirs, ours = claimed.get("packages"), package_versions()
    if theirs != ours and isinstance(theirs, dict):
        names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
        told = (f"{name} {theirs.get(name, 'absent')} there and {ours.get(name, 'absent')} here" for name in names)
        parts.append(f"Other packages made it: {', '.join(told)}.")
    return " ".join(parts)


def _facts(subject: Subject) -> dict[str, str]:
    facts = {"version": str(subject.claims.get("id", "unknown")), "title": str(subject.claims.get("title", ""))}
    facts["trained_on"] = str(subject.claims.get("trained_on", "unknown"))
    if subject.recorded is not None:
        version = subject.recorded.version
        facts |= {"registered": f"models:/{version.name}/{version.number}", "run": version.run_id}
        facts |= {"withdrawn": version.withdrawn} if version.withdrawn else {}
    return {name: shown(value) for name, value in facts.items()} | {"code_here": code_version()}


def evidence_of(subject: Subject, given: Path | None) -> Subject:
    """Return the subject with its evidence, where that may be read from here.

    Raises
    ------
    UsageError
        If evidence was named and is not there.
    """
    place = given if given is not None else _place(subject)
    if place is None:
        return replace(subject, no_evidence="Where the evidence is was not said. Name the store with --evidence.")
    path = next((path for path in _candidates(subject, place) if path.is_file()), None)
    if path is None:
        if given is not None:
            raise UsageError(
                f"There is no evidence of this version at {given}.",
                remedy=f"Give the evidence store, or the folder in it that holds {EVIDENCE}.",
            )
        why = f"The evidence is not at {place}, seen from here. Ask who keeps it, or name the store with --evidence."
        return replace(subject, no_evidence=why)
    try:
        content = sha256_of(path.read_bytes())
    except OSError as error:
        return replace(subject, no_evidence=f"The evidence may not be read from here ({error.strerror}).")
    try:
        table, set_aside = read_evidence(path)
    except DataError as error:
        found = Evidence(path, content, None, pd.DataFrame({"reason": []}), error.message)
        return replace(subject, evidence=found)
    return replace(subject, evidence=Evidence(path, content, table, set_aside))


def _candidates(subject: Subject, place: Path) -> list[Path]:
    folders = [place]
    name, version = subject.claims.get("name"), subject.claims.get("id")
    # a name out of a file that nobody vouched for must not lead out of the store
    if all(isinstance(part, str) and part.replace("_", "").replace("-", "").isalnum() for part in (name, version)):
        folders.append(place / str(name) / str(version))
    return [folder / EVIDENCE for folder in folders]


def _place(subject: Subject) -> Path | None:
    """Return the folder that the registry names; only a folder of this machine."""
    if subject.recorded is None:
        return None
    parsed = urlparse(subject.recorded.run_tags.get("evidence_place", ""))
    return Path(url2pathname(parsed.path)) if parsed.scheme == "file" and not parsed.netloc else None
