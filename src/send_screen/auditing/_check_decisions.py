"""What was decided: the ledger, the registry's aliases, and what is shown of it beside the version."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._check_pages import first_difference
from send_screen.auditing._check_registry import OF_DECISIONS
from send_screen.auditing._results import CheckResult, Mismatch, check_result, diff_documents, not_checked
from send_screen.errors import LedgerError, UsageError
from send_screen.governance import (
    PROMOTED,
    WITHDRAWN,
    Entry,
    Ledger,
    deployment_periods,
    entries_after,
    read_ledger,
    withdrawal,
)
from send_screen.published import GateResult, check_gates
from send_screen.reports import render_decisions, render_summary
from send_screen.tracking import ALIAS, default_uri, described
from send_screen.workflows._decisions import ledger_of

_ELSEWHERE = "The ledger of decisions is not where it can be read from here. Name it with --ledger."


def ledger_for(audited: AuditedVersion) -> Ledger | None:
    """Return the ledger of decisions, as it is; None where it cannot be found from here.

    Raises
    ------
    UsageError
        If one was named and is not there.
    """
    if audited.ledger is not None:
        if not Path(audited.ledger).is_file():
            raise UsageError(f"There is no ledger of decisions at {audited.ledger}.")
        return read_ledger(audited.ledger)
    uri = audited.uri or default_uri()
    if uri.startswith("sqlite:"):
        return read_ledger(ledger_of(uri))
    model = audited.require_snapshot().model
    if model.head is None and model.place is None:
        return Ledger(Path(), (), (), b"")  # the registry was told of no decision, so there should be none
    place = urlparse(model.place or "")
    path = Path(url2pathname(place.path))
    return read_ledger(path) if place.scheme == "file" and path.is_file() else None


def check_ledger(audited: AuditedVersion) -> CheckResult:
    """Verify the ledger's chain, and that it holds the last decision that the registry knows of."""
    snapshot, book = audited.require_snapshot(), ledger_for(audited)
    if book is None:
        return not_checked(_ELSEWHERE)
    name = snapshot.version.name
    differences = [Mismatch(str(book.path), fault, "entries as they were written") for fault in book.faults]
    if book.truncated:
        differences.append(
            Mismatch(str(book.path), "the last line is truncated", "whole lines (send-screen repair-ledger)")
        )
    try:
        for entry in entries_after(book.entries, name, snapshot.model.head):
            told = f"entry {entry['number']}, of which the registry was not told"
            differences.append(Mismatch(str(book.path), told, "no entry after the last that the registry knows of"))
    except LedgerError as error:
        differences.append(Mismatch(str(book.path), error.message, f"an entry {snapshot.model.head}"))
    about = sum(entry.get("model") == name for entry in book.entries)
    words = (
        f"{about} entries about {name}, each with its hash and in its place. Who writes to ledger and registry could "
        f"write all of it anew: hold the last hash against one noted elsewhere, {snapshot.model.head or 'none yet'}."
    )
    return check_result(differences, words)


def check_aliases(audited: AuditedVersion) -> CheckResult:
    """Hold every alias of the model against the ledger; ``candidate``, which training sets, against the newest."""
    snapshot, book = audited.require_snapshot(), ledger_for(audited)
    name, present = snapshot.version.name, snapshot.model.aliases
    wanted = {ALIAS: None if snapshot.newest_withdrawn else snapshot.newest}
    if book is not None:
        entries = [entry for entry in book.entries if entry.get("model") == name]
        given = {str(entry["alias"]) for entry in entries if entry["kind"] == PROMOTED}
        for alias in sorted(given | (set(present) - {ALIAS})):
            last = next(iter(reversed(deployment_periods(entries, name, alias=alias))), None)
            wanted[alias] = None if last is None or last.ended is not None else last.began["registered"]
    elif set(present) - {ALIAS}:
        return not_checked(_ELSEWHERE)
    differences = [
        Mismatch(f"alias {alias}", _number(present.get(alias)), f"{_number(number)}, as the ledger has it")
        for alias, number in wanted.items()
        if present.get(alias) != number
    ]
    return check_result(differences, f"{len(present)} aliases.", made="An alias was moved without send-screen.")


def _number(number: str | None) -> str:
    return "no version" if number is None else f"version {number}"


def check_decisions(audited: AuditedVersion) -> CheckResult:
    """Hold what the ledger says of this version against its files, its tags and the notes beside it."""
    snapshot, book = audited.require_snapshot(), ledger_for(audited)
    if book is None:
        return not_checked(_ELSEWHERE)
    version, bundle = snapshot.version, audited.require_bundle()
    gates = check_gates(bundle.spec.gates, bundle.published)
    same = [entry for entry in book.entries if entry.get("version") == bundle.published.version.id]
    here = [e for e in book.entries if (e.get("model"), e.get("registered")) == (version.name, version.number)]
    faults = [fault for entry in here for fault in _entry_faults(entry, audited)] + _tag_faults(here, audited)
    if faults:  # other code has never written otherwise
        return check_result(faults, "", made="What is shown is not what was decided.")
    differences = [fault for entry in here for fault in _gate_faults(entry, gates)]
    last = max((entry["number"] for entry in here), default=0)
    told = [entry for entry in same if entry["number"] <= last]
    decided = render_decisions(told) if told else ""
    about = render_summary(audited.require_report())
    description = described(decided, about)
    written = snapshot.run_files.get("decisions.md", b"").decode("utf-8")
    for name, text, note in (
        ("description of the registered version", snapshot.description, description),
        ("decisions.md", written, decided),
    ):
        if text != note:
            differences.append(
                first_difference(name, text.encode(), note.encode())
                if text and note
                else Mismatch(name, text[:80] or "nothing", note[:80] or "nothing: no decision is in the ledger")
            )
    words = f"{len(here)} decisions about it; the notes, tags, hashes and gates are those of the ledger."
    return check_result(
        differences,
        words,
        inconclusive_reason=audited.inconclusive_pages,
        made="What is shown is not what was decided.",
    )


def _entry_faults(entry: Entry, audited: AuditedVersion) -> list[Mismatch]:
    """Return what an entry says otherwise of the version than its hashes do."""
    manifest = audited.require_snapshot().tags.get("manifest_sha256", "no tag")
    wanted = {"version": audited.require_claimed().id, "manifest_sha256": manifest}
    where = f"ledger, entry {entry['number']}"
    return list(diff_documents({key: entry.get(key) for key in wanted}, wanted, where).differences)


def _gate_faults(entry: Entry, gates: tuple[GateResult, ...]) -> list[Mismatch]:
    """Return what a promotion says otherwise of the gates than they say themselves."""
    if entry["kind"] != PROMOTED:
        return []
    where, found = f"ledger, entry {entry['number']}", [gate.model_dump() for gate in gates]
    differences = list(diff_documents(entry.get("gates"), found, f"{where}: gates").differences)
    if not all(gate.passed for gate in gates) and entry.get("override") is None:
        differences.append(Mismatch(where, "promoted over a failed gate, and no override is named", "an override"))
    return differences


def _tag_faults(here: list[Entry], audited: AuditedVersion) -> list[Mismatch]:
    """Return the tags of the registered version that do not say what its last promotion and its withdrawal say."""
    snapshot = audited.require_snapshot()
    tags = {name: snapshot.tags[name] for name in OF_DECISIONS if name in snapshot.tags and name != "withdrawn"}
    wanted: dict[str, str] = {}
    promoted = [entry for entry in here if entry["kind"] == PROMOTED]
    if promoted:
        last = promoted[-1]
        wanted = {"promoted_by": last["by"], "promoted_on": last["when"], "promoted_because": last["reason"]}
        wanted["gates_overridden_because"] = last["override"] or ""
    differences = list(diff_documents(tags, wanted, "tag of the registered version").differences)
    book = ledger_for(audited)
    gone = withdrawal(book.entries if book else (), audited.require_claimed().id)
    told = snapshot.version.withdrawn
    # the registry is told first, so that the day may be the one before
    if bool(told) != bool(gone) or (gone and not told.endswith(f" by {gone['by']}: {gone['reason']}")):
        found = "not withdrawn" if gone is None else f"{WITHDRAWN} by {gone['by']}: {gone['reason']}"
        differences.append(Mismatch("tag withdrawn", told or "not withdrawn", found))
    return differences
