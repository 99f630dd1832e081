"""Whether somebody who does not control the store vouches for the version and its evidence."""

from __future__ import annotations

from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._results import CheckResult, Mismatch, check_result, not_checked
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
    read_statement,
    sha256_of,
    signer,
)


def check_signature(audited: AuditedVersion) -> CheckResult:
    """Verify the signed statement with a key that the auditor got elsewhere, and hold the files against it."""
    signed = audited.files.get(SIGNATURE)
    if audited.snapshot is not None:
        by = audited.snapshot.run_tags.get("signed_by", "no tag")
        named = signer(signed) if signed else "nobody"
        if by != named:
            found = Mismatch("tag signed_by", by, named if signed else f"nobody: there is no {SIGNATURE}")
            return check_result([found], "", made="A signature was taken away or added, or the tag names another key.")
    if audited.key is None:
        state = "The version is signed, but no key was given." if signed else "The version is not signed."
        return not_checked(
            f"{state} So nobody outside the store vouches for the evidence's hash, or for any other: whoever controls "
            "the store could have changed everything alike. Get the public key from who answers for training, and "
            "give it with --key.",
        )
    if signed is None:
        found = Mismatch(SIGNATURE, "no such file", f"a signature by the key {audited.key.id[:12]}")
        return check_result([found], "", made="The version is not signed with the key that was given.")
    try:
        statement = read_statement(signed, audited.key)
    except TablesError as error:
        found = Mismatch(SIGNATURE, error.message, f"a signature by the key {audited.key.id[:12]}")
        return check_result([found], "", made="The version is not signed with the key that was given.")
    here, words = _here(audited, statement)
    differences = [
        Mismatch(f"{name}, as signed", statement.digests.get(name, "not signed"), here.get(name, "no such file"))
        for name in sorted({*here, *statement.digests})
        if statement.digests.get(name) != here.get(name)
    ]
    metadata = audited.claimed
    told = {"model": statement.model, "version": statement.version}
    claimed = {"model": metadata.name, "version": metadata.id} if metadata else dict.fromkeys(told, "unknown")
    differences += [
        Mismatch(f"{what}, as signed", told[what], claimed[what]) for what in told if told[what] != claimed[what]
    ]
    words = f"Signed on {statement.signed_at[:10]} with the key {audited.key.id}.{words}"
    return check_result(differences, words, made="What was signed is not what is here.")


def _here(audited: AuditedVersion, statement: Statement) -> tuple[dict[str, str], str]:
    """Return the hash of everything that should be signed; the signed one of what cannot be read, with words on it."""
    here = {name: sha256_of(audited.files[name]) for name in (MANIFEST, "spec.yaml") if name in audited.files}
    unread = {EVIDENCE, *statement.digests} - {MANIFEST, "spec.yaml", MODEL, PLOTS}
    if audited.snapshot is not None:
        here[MODEL] = files_sha256(audited.snapshot.model_files)
        here[PLOTS] = files_sha256(files_below(PLOTS, audited.snapshot.run_files))
        here[EVIDENCE] = audited.snapshot.run_tags.get("evidence_sha256", "no tag")
    else:
        unread |= {MODEL, PLOTS}
    if audited.evidence is not None:
        here[EVIDENCE] = audited.evidence.sha256
        place = audited.evidence.path.parent
        found = {name for name in unread if (place / name).is_file()}
        here |= {name: sha256_of((place / name).read_bytes()) for name in found - {EVIDENCE}}
        unread -= found
    if not unread:
        return here, ""
    here = {name: statement.digests.get(name, "not signed") for name in unread} | here
    known = " The evidence's hash in the registry is the signed one." if audited.snapshot and EVIDENCE in unread else ""
    return here, f"{known} Signed, and not to be read from here: {', '.join(sorted(unread))}."
