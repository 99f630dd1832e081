"""What promoting, withdrawing and reading back share: the ledger's place, and one entry the registry is told of."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from send_screen.errors import LedgerError, UsageError
from send_screen.governance import Entry, Ledger, OpenLedger, entries_after
from send_screen.reports import render_decisions
from send_screen.tracking import Registered, find_model, folder_of, tag_decisions

LEDGER = "decisions.jsonl"


def ledger_of(uri: str) -> Path:
    """Return where decisions are entered unless told: beside a local database.

    Raises
    ------
    UsageError
        If the registry is a server's.
    """
    folder = folder_of(uri)
    if folder is None:
        raise UsageError(
            "The registry is on a server, so the ledger of decisions has no place of its own.",
            remedy="Name it with --ledger FILE, the same each time, where all who decide can write.",
        )
    return folder / LEDGER


def named(version: Registered) -> Entry:
    """Return which version a decision is about."""
    return {
        "model": version.name,
        "registered": version.number,
        "version": version.version_id,
        "manifest_sha256": version.manifest_sha256,
    }


def enter_decision(book: OpenLedger, kind: str, content: Entry, found: Entry, *, uri: str) -> Entry:
    """Enter a decision, or take up the same one where it was entered and the registry was not told.

    Parameters
    ----------
    book : OpenLedger
    kind : str
    content : dict
        What was decided, by whom and why.
    found : dict
        What was so at that moment.
    uri : str
        Tracking URI.

    Raises
    ------
    LedgerError
        If the ledger and the registry do not know the same decisions, or the clock stands wrong.
    """
    unfinished = entries_after(book.entries, content["model"], find_model(content["model"], uri=uri).head)
    if not unfinished:
        if book.entries and dt.datetime.now(dt.UTC) < dt.datetime.fromisoformat(book.entries[-1]["when"]):
            raise LedgerError("The clock of this machine is behind the last entry.", remedy="Set it right first.")
        return book.append(kind, {**content, **found})
    last = unfinished[-1]
    if len(unfinished) > 1 or last["kind"] != kind or any(last.get(key) != content[key] for key in content):
        raise LedgerError(
            f"The registry was not told of {in_words(unfinished)}.",
            remedy="If a command was interrupted, give the very same again. If nobody knows of it, it was added by "
            "hand: tell whoever answers for the ledger.",
        )
    return last


def in_words(entries: list[Entry]) -> str:
    """Return which decisions these are."""
    return "; ".join(
        f"entry {entry['number']} (models:/{entry['model']}/{entry['registered']} {entry['kind']} by {entry['by']})"
        for entry in entries
    )


def tell_of(book: OpenLedger, version: Registered, entry: Entry, *, uri: str) -> None:
    """Have the registry show what was decided about a version, and remember this entry as the last."""
    note = render_decisions([entry for entry in book.entries if entry.get("version") == version.version_id])
    tag_decisions(version, note, head=entry["sha256"], place=book.path.resolve().as_uri(), uri=uri)


def withdrawn_words(entry: Entry) -> str:
    """Return when a version was withdrawn, by whom and why."""
    return f"on {entry['when'][:10]} by {entry['by']}: {entry['reason']}"


def model_uri(entry: Entry) -> str:
    """Return the registered name of the version that an entry is about, with its id."""
    return f"models:/{entry['model']}/{entry['registered']} ({entry['version']})"


def moment(entry: Entry) -> str:
    """Return when an entry was made, to the minute."""
    return f"{entry['when'][:16].replace('T', ' ')} UTC"


def ledger_faults(book: Ledger) -> list[str]:
    """Return what is wrong with a ledger, in words."""
    return [*book.faults, *(["The last line is truncated: a write was stopped."] if book.truncated else [])]
