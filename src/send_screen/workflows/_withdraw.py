"""Take a version away, and find every child that it listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from send_screen.errors import SendScreenError, UsageError
from send_screen.governance import (
    WITHDRAWN,
    Entry,
    Ledger,
    entries_after,
    open_for_append,
    read_ledger,
    runs_of_version,
    stated,
    withdrawal,
)
from send_screen.tracking import Registered, default_uri, find_model, find_version, tag_withdrawn
from send_screen.workflows._decisions import enter_decision, ledger_of, named, tell_of, withdrawn_words


@dataclass(frozen=True)
class Withdrawal:
    """A version that was taken away, and whom it had listed.

    Attributes
    ----------
    entry : dict
        Of the ledger of decisions.
    earlier : bool
        Whether it had been withdrawn before: nothing was entered, the lists only looked for.
    batches : list of (pathlib.Path, dict)
        Ledger and entry of every screening run with it.
    looked_in : tuple of Ledger
        With what is wrong with them: their other entries are read all the same.
    """

    entry: Entry
    earlier: bool
    batches: list[tuple[Path, Entry]]
    looked_in: tuple[Ledger, ...]


def withdraw(
    model: str,
    *,
    by: str,
    reason: str,
    screenings: Iterable[str | Path] = (),
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> Withdrawal:
    """Take a version away for good, enter who did so and why, and find every child that it listed.

    Parameters
    ----------
    model : str
        ``models:/name/3`` or ``models:/name@champion``.
    by, reason : str
    screenings : iterable of str or pathlib.Path
        Ledgers of screening runs, as schools hold them; of a folder, every ``screenings*.jsonl`` below it.
    ledger : str or pathlib.Path, optional
        Of decisions; see :func:`promote`.
    tracking_uri : str, optional

    Raises
    ------
    UsageError
        If there is no such version or ledger, or the call's words do not fit.
    LedgerError
        If the ledger of decisions was altered, or is not the one that the registry knows; the version is withdrawn
        from the registry all the same.
    """
    uri = tracking_uri or default_uri()
    who = {"by": stated("--by", by), "reason": stated("--reason", reason)}
    looked_in = tuple(read_ledger(path) for path in _found(screenings))
    version = find_version(model, uri=uri)
    # First of all: whatever is wrong with the ledger, nobody else screens with it from the registry.
    tag_withdrawn(version, withdrawn_words({**who, "when": dt.datetime.now(dt.UTC).isoformat()}), uri=uri)
    try:
        entry, earlier = _enter(version, who, ledger or ledger_of(uri), uri=uri)
    except SendScreenError as error:
        error.message = f"The version is withdrawn from the registry, but that could not be entered: {error.message}"
        raise
    batches = [
        (book.path, entry)
        for book in looked_in
        for entry in runs_of_version(book.entries, version=version.version_id, manifest_sha256=version.manifest_sha256)
    ]
    return Withdrawal(entry, earlier, batches, looked_in)


def _enter(version: Registered, who: Entry, ledger: str | Path, *, uri: str) -> tuple[Entry, bool]:
    """Enter a withdrawal; return its entry, and whether it had been entered before."""
    with open_for_append(ledger) as book:
        gone = withdrawal(book.entries, version.version_id)
        unfinished = entries_after(book.entries, version.name, find_model(version.name, uri=uri).head)
        if gone is not None and gone not in unfinished:
            return gone, True
        entry = enter_decision(book, WITHDRAWN, {**named(version), **who}, {}, uri=uri)
        tell_of(book, version, entry, uri=uri)
    return entry, False


def _found(screenings: Iterable[str | Path]) -> list[Path]:
    files: list[Path] = []
    for path in map(Path, screenings):
        below = sorted(path.rglob("screenings*.jsonl")) if path.is_dir() else [path]
        if not below or not below[0].is_file():
            raise UsageError(
                f"There is no ledger of screening runs at {path}.",
                remedy="Nothing was withdrawn. Name the file or its folder with --screenings, or leave it out for now.",
            )
        files += [file for file in below if file not in files]
    return files
