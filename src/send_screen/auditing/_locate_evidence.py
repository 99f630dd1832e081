"""Find the evidence of a version, where it may be read from here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pandas as pd

from send_screen.auditing._audited_version import AuditedVersion, Evidence
from send_screen.errors import DataError, UsageError
from send_screen.governance import EVIDENCE, sha256_of
from send_screen.workflows._evidence_store import LARGEST, read_evidence


def evidence_of(audited: AuditedVersion, given: Path | None) -> AuditedVersion:
    """Return the subject with its evidence, where that may be read from here.

    Raises
    ------
    UsageError
        If evidence was named and is not there.
    """
    place = given if given is not None else _place(audited)
    if place is None:
        return replace(audited, no_evidence="Where the evidence is was not said. Name the store with --evidence.")
    path = next((path for path in _candidates(audited, place) if path.is_file()), None)
    if path is None:
        if given is not None:
            raise UsageError(
                f"There is no evidence of this version at {given}.",
                remedy=f"Give the evidence store, or the folder in it that holds {EVIDENCE}.",
            )
        why = f"The evidence is not at {place}, seen from here. Ask who keeps it, or name the store with --evidence."
        return replace(audited, no_evidence=why)
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError("The evidence is far larger than any of ours.", file=path.name)
        content = path.read_bytes()
    except OSError as error:
        return replace(audited, no_evidence=f"The evidence may not be read from here ({error.strerror}).")
    try:
        table, excluded = read_evidence(content)
    except DataError as error:
        found = Evidence(path, sha256_of(content), None, pd.DataFrame({"reason": []}), error.message)
        return replace(audited, evidence=found)
    return replace(audited, evidence=Evidence(path, sha256_of(content), table, excluded))


def _candidates(audited: AuditedVersion, place: Path) -> list[Path]:
    folders = [place]
    parts = (audited.claimed.name, audited.claimed.id) if audited.claimed else ()
    # a name out of a file that nobody vouched for must not lead out of the store
    if parts and all(part.replace("_", "").replace("-", "").isalnum() for part in parts):
        folders.append(place.joinpath(*parts))
    return [folder / EVIDENCE for folder in folders]


def _place(audited: AuditedVersion) -> Path | None:
    """Return the folder that the registry names; only a folder of this machine."""
    if audited.snapshot is None:
        return None
    parsed = urlparse(audited.snapshot.run_tags.get("evidence_place", ""))
    return Path(url2pathname(parsed.path)) if parsed.scheme == "file" and not parsed.netloc else None
