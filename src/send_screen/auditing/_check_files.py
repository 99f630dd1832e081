"""The version's files against the manifest, and the manifest against the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping

from send_screen.auditing._audited_version import UNREADABLE, AuditedVersion
from send_screen.auditing._results import CheckResult, Mismatch, check_result, not_checked
from send_screen.governance import MANIFEST, SIGNATURE, sha256_of


def hash_or_missing(files: Mapping[str, bytes], name: str) -> str:
    """Return the hash of a file, or that there is none."""
    return sha256_of(files[name]) if name in files else "no such file"


def check_manifest(audited: AuditedVersion) -> CheckResult:
    """Hold the manifest's hash against the registry's."""
    if audited.snapshot is None:
        return not_checked("A folder knows of no registry. Audit models:/name/number for that.")
    found = hash_or_missing(audited.files, MANIFEST)
    differences = [
        Mismatch(f"{MANIFEST}, as the {whose} has it", claimed, found)
        for whose, claimed in (
            ("registered version", audited.snapshot.tags.get("manifest_sha256", "no tag")),
            ("run", audited.snapshot.run_tags.get("manifest_sha256", "no tag")),
        )
        if claimed != found
    ]
    return check_result(differences, f"Its SHA-256 is {found}, as {audited.snapshot.holders}.")


def check_files(audited: AuditedVersion) -> CheckResult:
    """Hold every file's hash against the manifest, and look for files that it does not name."""
    claimed = json.loads(audited.files[MANIFEST])["files"]
    found = {name: sha256_of(content) for name, content in audited.files.items()}
    differences = [
        Mismatch(name, "a plain file, or none", "a link, or no file of a version's") for name in audited.no_files
    ]
    for name in sorted({*claimed, *found} - {MANIFEST, SIGNATURE}):
        if name not in found:
            differences.append(Mismatch(name, "no such file", f"a file with the SHA-256 {claimed[name]}"))
        elif claimed.get(name) != found[name]:
            differences.append(Mismatch(name, found[name], claimed.get(name, "no such file in the manifest")))
    made = f"{len(differences)} files are not those of the manifest."
    return check_result(differences, f"{len(claimed)} files have the hashes of the manifest.", made=made)


def check_consistency(audited: AuditedVersion) -> CheckResult:
    """Say whether the files can be read as one version."""
    if audited.bundle is None:
        return check_result([Mismatch("the version's files", audited.why, "a version")], "", made=UNREADABLE)
    bundle = audited.bundle
    claimed = json.loads(audited.files[MANIFEST])["version"]
    differences = []
    if claimed != bundle.published.version.id:
        differences.append(Mismatch(f"{MANIFEST}: version", str(claimed), bundle.published.version.id))
    words = f"{bundle.spec.title}: {len(bundle.tables.features)} features, {len(bundle.contracts)} contracts."
    return check_result(differences, words)
