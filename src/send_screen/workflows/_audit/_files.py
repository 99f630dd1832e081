"""The version's files against the manifest, and the manifest against the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping

from send_screen.governance import MANIFEST, SIGNATURE, Difference, Finding, judge, not_checked, sha256_of
from send_screen.workflows._audit._subject import UNREADABLE, Subject


def hash_or_missing(files: Mapping[str, bytes], name: str) -> str:
    """Return the hash of a file, or that there is none."""
    return sha256_of(files[name]) if name in files else "no such file"


def check_manifest(subject: Subject) -> Finding:
    """Hold the manifest's hash against the registry's."""
    if subject.recorded is None:
        return not_checked("A folder knows of no registry. Audit models:/name/number for that.")
    found = hash_or_missing(subject.files, MANIFEST)
    differences = [
        Difference(f"{MANIFEST}, as the {whose} has it", claimed, found)
        for whose, claimed in (
            ("registered version", subject.recorded.tags.get("manifest_sha256", "no tag")),
            ("run", subject.recorded.run_tags.get("manifest_sha256", "no tag")),
        )
        if claimed != found
    ]
    return judge(differences, f"Its SHA-256 is {found}, as {subject.recorded.holders}.")


def check_files(subject: Subject) -> Finding:
    """Hold every file's hash against the manifest, and look for files that it does not name."""
    claimed = json.loads(subject.files[MANIFEST])["files"]
    found = {name: sha256_of(content) for name, content in subject.files.items()}
    differences = [
        Difference(name, "a plain file, or none", "a link, or no file of a version's") for name in subject.no_files
    ]
    for name in sorted({*claimed, *found} - {MANIFEST, SIGNATURE}):
        if name not in found:
            differences.append(Difference(name, "no such file", f"a file with the SHA-256 {claimed[name]}"))
        elif claimed.get(name) != found[name]:
            differences.append(Difference(name, found[name], claimed.get(name, "no such file in the manifest")))
    made = f"{len(differences)} files are not those of the manifest."
    return judge(differences, f"{len(claimed)} files have the hashes of the manifest.", made=made)


def check_together(subject: Subject) -> Finding:
    """Say whether the files can be read as one version."""
    if subject.bundle is None:
        return judge([Difference("the version's files", subject.why, "a version")], "", made=UNREADABLE)
    bundle = subject.bundle
    claimed = json.loads(subject.files[MANIFEST])["version"]
    differences = []
    if claimed != subject.claims.get("id"):
        differences.append(Difference(f"{MANIFEST}: version", str(claimed), str(subject.claims.get("id"))))
    words = f"{bundle.spec.title}: {len(bundle.tables.features)} features, {len(bundle.contracts)} contracts."
    return judge(differences, words)
