"""Checks of files: against the manifest, of the manifest against the registry, and of both against the signature.

The evidence is the table of out-of-fold predictions, whose hash is registered and signed.
"""

from __future__ import annotations

from collections.abc import Mapping

from send_screen.auditing._audited_version import NO_TAG, AuditedVersion, NotAskedFor
from send_screen.auditing._checks import Addition, CheckResult, audit_check, check_result
from send_screen.auditing._compare import Mismatch, mismatches
from send_screen.errors import TablesError
from send_screen.governance import (
    EVIDENCE,
    MANIFEST,
    MODEL,
    PLOTS,
    SIGNATURE,
    Statement,
    files_below,
    files_sha256,
    key_id,
    parse_manifest,
    read_envelope,
    read_statement,
    sha256_of,
)
from send_screen.tracking import parse_hashes

NO_FILE = "no such file"
NOT_A_VERSION_FILE = "a link, an empty folder, or no file of a version's"


@audit_check("The manifest is the one that was registered")
def check_manifest(audited: AuditedVersion) -> CheckResult:
    snapshot = audited.require_snapshot()
    found = sha256_of(audited.files[MANIFEST]) if MANIFEST in audited.files else NO_FILE
    differences = audited.hash_mismatches("manifest_sha256", found, MANIFEST)
    return check_result(differences, f"Its SHA-256 is {found}, as {snapshot.holders}.")


@audit_check("Every file is the one in the manifest, and there is no other")
def check_files(audited: AuditedVersion) -> CheckResult:
    named = parse_manifest(audited.files[MANIFEST]).files
    present = {name: sha256_of(content) for name, content in audited.files.items()}
    differences = [Mismatch(name, NOT_A_VERSION_FILE, "a plain file, or none") for name in audited.irregular_files]
    for name in sorted({*named, *present} - {MANIFEST, SIGNATURE}):
        if name not in present:
            differences.append(Mismatch(name, NO_FILE, f"a file with the SHA-256 {named[name]}"))
        elif named.get(name) != present[name]:
            differences.append(Mismatch(name, present[name], named.get(name, f"{NO_FILE} in the manifest")))
    failure = f"{len(differences)} files are not those of the manifest."
    return check_result(differences, f"{len(named)} files have the hashes of the manifest.", failure=failure)


@audit_check("Spec, contracts, tables and figures belong together")
def check_consistency(audited: AuditedVersion) -> CheckResult:
    bundle = audited.bundle
    if bundle is None:
        found = Mismatch("the version's files", audited.unreadable_reason, "a version")
        return check_result([found], "", failure="The version's files cannot be read as a version.")
    version = parse_manifest(audited.files[MANIFEST]).version
    differences = mismatches({f"{MANIFEST}: version": (version, bundle.published.version.id)})
    summary = f"{bundle.spec.title}: {len(bundle.tables.features)} features, {len(bundle.contracts)} contracts."
    return check_result(differences, summary)


@audit_check("It is signed with a key from outside the MLflow store")
def check_signature(audited: AuditedVersion) -> CheckResult:
    signed = audited.files.get(SIGNATURE)
    if audited.snapshot is not None:
        claimed = parse_hashes(audited.snapshot.run_tags).get("signed_by", NO_TAG)
        actual = read_envelope(signed).signatures[0].keyid if signed else "nobody"
        if claimed != actual:
            found = Mismatch(
                "signed_by in the tag hashes", claimed, actual if signed else f"nobody: there is no {SIGNATURE}"
            )
            return check_result(
                [found], "", failure="A signature was taken away or added, or the tag names another key."
            )
    if audited.key is None:
        state = "The version is signed, but no key was given." if signed else "The version is not signed."
        raise NotAskedFor(
            f"{state} So no key from outside the MLflow store confirms the evidence's hash, or any other: whoever "
            "controls the MLflow store could have changed everything alike. Get the public key from who answers for "
            "training, and give it with --key.",
        )
    try:
        if signed is None:
            raise TablesError(NO_FILE)
        statement = read_statement(signed, audited.key)
    except TablesError as error:
        found = Mismatch(SIGNATURE, error.message, f"a signature by the key {key_id(audited.key)[:12]}")
        return check_result([found], "", failure="The version is not signed with the key that was given.")
    digests, predicate, metadata = statement.digests, statement.predicate, audited.metadata
    here, unread = _actual_digests(audited, statement)
    differences = mismatches(
        {
            **{
                f"{name}, as signed": (here.get(name, NO_FILE), digests.get(name, "not signed"))
                for name in sorted({*here, *digests})
            },
            "model, as signed": (metadata.name if metadata else "unknown", predicate.model),
            "version, as signed": (metadata.id if metadata else "unknown", predicate.version),
        }
    )
    summary = f"Signed on {predicate.signed_at[:10]} with the key {key_id(audited.key)}.{unread}"
    failure = "What was signed is not what is here."
    return check_result(differences, summary, failure=failure, additions=_unsigned_evidence(audited, digests))


def _unsigned_evidence(audited: AuditedVersion, digests: Mapping[str, str]) -> list[Addition]:
    """Return the files in the evidence's folder that were not signed; no figure depends on them."""
    if audited.evidence is None:
        return []
    folder = audited.evidence.path.parent
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return [Addition("file in the evidence's folder", name) for name in names if name not in digests]


def _actual_digests(audited: AuditedVersion, statement: Statement) -> tuple[dict[str, str], str]:
    """Return the SHA-256, by name, of all that should be signed, and a sentence on what cannot be read."""
    here = {name: sha256_of(audited.files[name]) for name in (MANIFEST, "spec.yaml") if name in audited.files}
    unread = {EVIDENCE, *statement.digests} - {MANIFEST, "spec.yaml", MODEL, PLOTS}
    if audited.snapshot is not None:
        here[MODEL] = files_sha256(audited.snapshot.model_files)
        here[PLOTS] = files_sha256(files_below(PLOTS, audited.snapshot.run_files))
        here[EVIDENCE] = parse_hashes(audited.snapshot.run_tags).get("evidence_sha256", NO_TAG)
    else:
        unread |= {MODEL, PLOTS}
    if audited.evidence is not None:
        here[EVIDENCE] = audited.evidence.sha256
        folder = audited.evidence.path.parent
        found = {name for name in unread if (folder / name).is_file()}
        here |= {name: sha256_of((folder / name).read_bytes()) for name in found - {EVIDENCE}}
        unread -= found
    if not unread:
        return here, ""
    here = {name: statement.digests.get(name, "not signed") for name in unread} | here
    known = " The evidence's hash in the registry is the signed one." if audited.snapshot and EVIDENCE in unread else ""
    return here, f"{known} Signed, and not to be read from here: {', '.join(sorted(unread))}."
