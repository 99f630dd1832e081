"""Record promotions and withdrawals in the ledger of decisions, and in the model registry."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from send_screen.errors import LedgerError, UsageError
from send_screen.governance import (
    LEDGER,
    DecisionEntry,
    Entry,
    ExportEntry,
    LedgerLocation,
    OpenLedger,
    PromotionEntry,
    WithdrawalEntry,
    entries_after,
    find_withdrawal,
    named_ledger,
    withdrawn_error,
)
from send_screen.reports import render_decisions
from send_screen.tracking import RegisteredVersion, find_model, folder_of, ledger_addresses, local_path, tag_decisions

Decision = TypeVar("Decision", PromotionEntry, WithdrawalEntry)


def default_ledger(uri: str) -> Path:
    """Return the default ledger of decisions: beside a local database."""
    folder = folder_of(uri)
    if folder is None:
        raise UsageError(
            "The registry is on a server, so the ledger of decisions has no place of its own.",
            remedy="Name it with --ledger, the same each time: a file, or a PostgreSQL database, that all who decide "
            "can write to.",
        )
    return folder / LEDGER


def decision_ledgers(ledger: str | Path | None, uri: str) -> list[LedgerLocation]:
    """Return the ledgers of decisions about versions of a registry that can be asked from here.

    They are the one that is named, the one beside a local database, and those that registered models name, if they are
    files on this machine. A server that only the registry names is not asked: whoever can write there could name any.
    """
    try:
        addresses = ledger_addresses(uri=uri)
    except UsageError:  # there is no registry yet
        addresses = []
    paths = [file_at(address) for address in addresses]
    if (folder := folder_of(uri)) is not None:
        paths.append((folder / LEDGER).resolve())
    named = [location for location in (named_ledger(ledger), named_ledger()) if location is not None]
    return [*dict.fromkeys(named), *(LedgerLocation(path) for path in paths if path is not None)]


def require_not_withdrawn(
    model: str,
    *,
    version: str,
    manifest_sha256: str = "",
    ledger: str | Path | None = None,
    uri: str,
    remedy: str = "",
) -> None:
    """Raise where a ledger of decisions records that a version was withdrawn, whatever the registry shows."""
    ledgers = decision_ledgers(ledger, uri)
    if find_withdrawal(ledgers, version=version, manifest_sha256=manifest_sha256) is not None:
        raise withdrawn_error(model, remedy=remedy)


def file_at(location: str | None) -> Path | None:
    """Return the existing local file that an address names; None for any other address."""
    path = local_path(location or "")
    return path if path is not None and path.is_file() else None


def record_decision(ledger: OpenLedger, entry: Decision, *, uri: str) -> Decision:
    """Append a decision; if an interrupted run appended the same one, return that entry."""
    unfinished = entries_after(ledger.entries, entry.model, find_model(entry.model, uri=uri).head)
    if not unfinished:
        if ledger.entries and entry.when < ledger.entries[-1].when:
            raise LedgerError("The clock of this machine is behind the last entry.", remedy="Set it right first.")
        return ledger.append(entry)
    last = unfinished[-1]
    if len(unfinished) > 1 or not isinstance(last, type(entry)) or not entry.is_same_decision(last):
        raise LedgerError(
            f"The registry does not record {describe_entries(unfinished)}.",
            remedy="If a command was interrupted, give the very same again. If nobody knows of it, it was added by "
            "hand: tell whoever answers for the ledger.",
        )
    return last


def describe_entries(entries: list[DecisionEntry]) -> str:
    """Describe decisions in a phrase."""
    return "; ".join(
        f"entry {entry.number} (models:/{entry.model}/{entry.registered} {entry.kind} by {entry.by})"
        for entry in entries
    )


def sync_registry(ledger: OpenLedger, version: RegisteredVersion, entry: DecisionEntry, *, uri: str) -> None:
    """Write a decision to the registry, and record the entry's hash there as the last one."""
    decisions = [each for each in ledger.entries if isinstance(each, DecisionEntry)]
    note = render_decisions([each for each in decisions if each.version == version.version_id])
    tag_decisions(version, note, head=entry.sha256, location=ledger.location.uri, uri=uri)


def model_uri(entry: DecisionEntry) -> str:
    """Return the URI and the id of the version that an entry is about."""
    return f"models:/{entry.model}/{entry.registered} ({entry.version})"


def describe_export(entry: ExportEntry) -> str:
    """Return a phrase for an export or a kit: what, of which version, when and by whom."""
    number = "" if entry.registered is None else f"/{entry.registered}"
    return (
        f"{entry.what} {entry.file_name} of {entry.model}{number} ({entry.version}), {to_minute(entry)}, by {entry.by}"
    )


def describe_number(number: str | None) -> str:
    """Return a phrase for the number of a registered version, or for none."""
    return "no version" if number is None else f"version {number}"


def to_minute(entry: Entry) -> str:
    """Return when an entry was made, to the minute."""
    return f"{entry.when:%Y-%m-%d %H:%M} UTC"
