"""Whether somebody who does not control the store vouches for the version and its evidence."""

from __future__ import annotations

from send_screen.errors import TablesError
from send_screen.governance import (
    EVIDENCE,
    MANIFEST,
    SIGNATURE,
    Difference,
    Finding,
    judge,
    not_checked,
    read_statement,
    sha256_of,
)
from send_screen.workflows._audit._subject import Subject


def check_signature(subject: Subject) -> Finding:
    """Verify the signed statement with a key that the auditor got elsewhere, and hold the files against it."""
    path = subject.folder / SIGNATURE
    signed = path.is_file() and not path.is_symlink()
    if subject.recorded is not None:
        by = subject.recorded.run_tags.get("signed_by", "no tag")
        if (by == "nobody") is signed:
            found = Difference("tag signed_by", by, "a key" if signed else f"nobody: there is no {SIGNATURE}")
            return judge([found], "", made="A signature was taken away or added.")
    if subject.key is None:
        state = "The version is signed, but no key was given." if signed else "The version is not signed."
        return not_checked(
            f"{state} So nobody outside the store vouches for the evidence's hash, or for any other: whoever controls "
            "the store could have changed everything alike. Get the public key from who answers for training, and "
            "give it with --key.",
        )
    if not signed:
        found = Difference(SIGNATURE, "no such file", f"a signature by the key {subject.key.id[:12]}")
        return judge([found], "", made="The version is not signed with the key that was given.")
    try:
        statement = read_statement(path.read_bytes(), subject.key)
    except TablesError as error:
        found = Difference(SIGNATURE, error.message, f"a signature by the key {subject.key.id[:12]}")
        return judge([found], "", made="The version is not signed with the key that was given.")
    here = {
        name: sha256_of((subject.folder / name).read_bytes())
        for name in (MANIFEST, "spec.yaml")
        if (subject.folder / name).is_file()
    }
    words = f"Signed on {statement.signed_at[:10]} with the key {subject.key.id}."
    if subject.evidence is not None:
        here[EVIDENCE] = subject.evidence.sha256
    elif subject.recorded is not None:
        here[EVIDENCE] = subject.recorded.run_tags.get("evidence_sha256", "no tag")
        words += " The evidence's hash in the registry is the signed one; the evidence itself was not read."
    else:
        here[EVIDENCE] = statement.digests.get(EVIDENCE, "not signed")
        words += " The evidence was not read."
    differences = [
        Difference(f"{name}, as signed", statement.digests.get(name, "not signed"), here.get(name, "no such file"))
        for name in sorted({*here, *statement.digests})
        if statement.digests.get(name) != here.get(name)
    ]
    told = {"model": statement.model, "version": statement.version}
    claimed = {"model": str(subject.claims.get("name")), "version": str(subject.claims.get("id"))}
    differences += [
        Difference(f"{what}, as signed", told[what], claimed[what]) for what in told if told[what] != claimed[what]
    ]
    return judge(differences, words, made="What was signed is not what is here.")
