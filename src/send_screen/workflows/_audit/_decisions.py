"""What was decided: the ledger, the registry's aliases, and what is shown of it beside the version."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from send_screen.errors import LedgerError, UsageError
from send_screen.governance import (
    PROMOTED,
    WITHDRAWN,
    Difference,
    Entry,
    Finding,
    Ledger,
    compare,
    deployment_periods,
    entries_after,
    judge,
    not_checked,
    read_ledger,
    withdrawal,
)
from send_screen.published import PublishedReport
from send_screen.reports import render_decisions, render_summary
from send_screen.tracking import ALIAS, default_uri, described
from send_screen.workflows._audit._database import OF_DECISIONS
from send_screen.workflows._audit._figures import gates_of
from send_screen.workflows._audit._pages import apart
from send_screen.workflows._audit._subject import Subject
from send_screen.workflows._decisions import ledger_of

_ELSEWHERE = "The ledger of decisions is not where it can be read from here. Name it with --ledger."


def ledger_for(subject: Subject) -> Ledger | None:
    """Return the ledger of decisions, as it is; None where it cannot be found from here.

    Raises
    ------
    UsageError
        If one was named and is not there.
    """
    if subject.ledger is not None:
        if not Path(subject.ledger).is_file():
            raise UsageError(f"There is no ledger of decisions at {subject.ledger}.")
        return read_ledger(subject.ledger)
    uri = subject.uri or default_uri()
    if uri.startswith("sqlite:"):
        return read_ledger(ledger_of(uri))
    model = subject.require_recorded().model
    if model.head is None and model.place is None:
        return Ledger(Path(), (), (), b"")  # the registry was told of no decision, so there should be none
    place = urlparse(model.place or "")
    path = Path(url2pathname(place.path))
    return read_ledger(path) if place.scheme == "file" and path.is_file() else None


def check_ledger(subject: Subject) -> Finding:
    """Verify the ledger's chain, and that it holds the last decision that the registry knows of."""
    recorded, book = subject.require_recorded(), ledger_for(subject)
    if book is None:
        return not_checked(_ELSEWHERE)
    name = recorded.version.name
    differences = [Difference(str(book.path), fault, "entries as they were written") for fault in book.faults]
    if book.torn:
        differences.append(
            Difference(str(book.path), "the last line is torn", "whole lines (send-screen repair-ledger)")
        )
    try:
        for entry in entries_after(book.entries, name, recorded.model.head):
            told = f"entry {entry['number']}, of which the registry was not told"
            differences.append(Difference(str(book.path), told, "no entry after the last that the registry knows of"))
    except LedgerError as error:
        differences.append(Difference(str(book.path), error.message, f"an entry {recorded.model.head}"))
    about = sum(entry.get("model") == name for entry in book.entries)
    words = (
        f"{about} entries about {name}, each with its hash and in its place. Who writes to ledger and registry could "
        f"write all of it anew: hold the last hash against one noted elsewhere, {recorded.model.head or 'none yet'}."
    )
    return judge(differences, words)


def check_aliases(subject: Subject) -> Finding:
    """Hold every alias of the model against the ledger; ``candidate``, which training sets, against the newest."""
    recorded, book = subject.require_recorded(), ledger_for(subject)
    name, present = recorded.version.name, recorded.model.aliases
    wanted = {ALIAS: None if recorded.newest_withdrawn else recorded.newest}
    if book is not None:
        entries = [entry for entry in book.entries if entry.get("model") == name]
        given = {str(entry["alias"]) for entry in entries if entry["kind"] == PROMOTED}
        for alias in sorted(given | (set(present) - {ALIAS})):
            last = next(iter(reversed(deployment_periods(entries, name, alias=alias))), None)
            wanted[alias] = None if last is None or last.ended is not None else last.began["registered"]
    elif set(present) - {ALIAS}:
        return not_checked(_ELSEWHERE)
    differences = [
        Difference(f"alias {alias}", _number(present.get(alias)), f"{_number(number)}, as the ledger has it")
        for alias, number in wanted.items()
        if present.get(alias) != number
    ]
    return judge(differences, f"{len(present)} aliases.", made="An alias was moved without send-screen.")


def _number(number: str | None) -> str:
    return "no version" if number is None else f"version {number}"


def check_decisions(subject: Subject) -> Finding:
    """Hold what the ledger says of this version against its files, its tags and the notes beside it."""
    recorded, book = subject.require_recorded(), ledger_for(subject)
    if book is None:
        return not_checked(_ELSEWHERE)
    version, gates = recorded.version, gates_of(subject.require_bundle().spec.gates, subject.document)
    same = [entry for entry in book.entries if entry.get("version") == subject.claims["id"]]
    here = [e for e in book.entries if (e.get("model"), e.get("registered")) == (version.name, version.number)]
    faults = [fault for entry in here for fault in _entry_faults(entry, subject)] + _tag_faults(here, subject)
    if faults:  # other code has never written otherwise
        return judge(faults, "", made="What is shown is not what was decided.")
    differences = [fault for entry in here for fault in _gate_faults(entry, gates)]
    last = max((entry["number"] for entry in here), default=0)
    told = [entry for entry in same if entry["number"] <= last]
    decided = render_decisions(told) if told else ""
    about = render_summary(PublishedReport.model_validate(subject.require_bundle().published, strict=False))
    description = described(decided, about)
    written = recorded.run_files.get("decisions.md", b"").decode("utf-8")
    for name, text, note in (
        ("description of the registered version", recorded.description, description),
        ("decisions.md", written, decided),
    ):
        if text != note:
            differences.append(
                apart(name, text.encode(), note.encode())
                if text and note
                else Difference(name, text[:80] or "nothing", note[:80] or "nothing: no decision is in the ledger")
            )
    words = f"{len(here)} decisions about it; the notes, tags, hashes and gates are those of the ledger."
    return judge(differences, words, excuse=subject.excuse_pages, made="What is shown is not what was decided.")


def _entry_faults(entry: Entry, subject: Subject) -> list[Difference]:
    """Return what an entry says otherwise of the version than its hashes do."""
    recorded = subject.require_recorded()
    wanted = {"version": subject.claims["id"], "manifest_sha256": recorded.tags.get("manifest_sha256", "no tag")}
    where = f"ledger, entry {entry['number']}"
    return list(compare({key: entry.get(key) for key in wanted}, wanted, where).differences)


def _gate_faults(entry: Entry, gates: list[dict[str, object]]) -> list[Difference]:
    """Return what a promotion says otherwise of the gates than they say themselves."""
    if entry["kind"] != PROMOTED:
        return []
    where = f"ledger, entry {entry['number']}"
    differences = list(compare(entry.get("gates"), gates, f"{where}: gates").differences)
    if not all(gate["passed"] for gate in gates) and entry.get("override") is None:
        differences.append(Difference(where, "promoted over a failed gate, and no override is named", "an override"))
    return differences


def _tag_faults(here: list[Entry], subject: Subject) -> list[Difference]:
    """Return the tags of the registered version that do not say what its last promotion and its withdrawal say."""
    recorded = subject.require_recorded()
    shown = {name: recorded.tags[name] for name in OF_DECISIONS if name in recorded.tags and name != "withdrawn"}
    wanted: dict[str, str] = {}
    promoted = [entry for entry in here if entry["kind"] == PROMOTED]
    if promoted:
        last = promoted[-1]
        wanted = {"promoted_by": last["by"], "promoted_on": last["when"], "promoted_because": last["reason"]}
        wanted["gates_overridden_because"] = last["override"] or ""
    differences = list(compare(shown, wanted, "tag of the registered version").differences)
    book = ledger_for(subject)
    gone = withdrawal(book.entries if book else (), subject.claims["id"])
    told = recorded.version.withdrawn
    # the registry is told first, so that the day may be the one before
    if bool(told) != bool(gone) or (gone and not told.endswith(f" by {gone['by']}: {gone['reason']}")):
        found = "not withdrawn" if gone is None else f"{WITHDRAWN} by {gone['by']}: {gone['reason']}"
        differences.append(Difference("tag withdrawn", told or "not withdrawn", found))
    return differences
