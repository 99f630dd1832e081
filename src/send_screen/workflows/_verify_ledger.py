"""Verify a ledger: its chain, the records and keys of children, and that nothing was cut off its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.documents import count, read_regular_file
from send_screen.errors import ReadError, UsageError
from send_screen.governance import LEDGER, AnyEntry, LedgerLocation, read_ledger
from send_screen.results import Result, Section
from send_screen.workflows._list_folder import SUMMARY

_MAX_SUMMARY = 10_000_000  # bytes


@dataclass(frozen=True, repr=False)
class VerifiedLedger(Result):
    """What is wrong with a ledger, if anything, and the hash of its last entry."""

    ledger: str
    n_entries: int
    last_hash: str
    """Of the last entry; empty where there is none."""
    n_lists: int
    """Lists that were compared with their entries."""
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.faults

    @property
    def headline(self) -> str:
        """Whether the ledger is whole."""
        entries = count(self.n_entries, "entry", "entries")
        return f"{self.ledger}: {entries}, {count(len(self.faults), 'fault', 'faults') if self.faults else 'no fault'}."

    def sections(self) -> Iterable[Section]:
        """Yield the faults, and the hash to note elsewhere."""
        if self.faults:
            yield Section(self.faults, title="FAULTS")
        if self.n_lists:
            yield Section([f"{count(self.n_lists, 'list', 'lists')} compared with the entries."])
        if self.last_hash:
            yield Section(
                [f"Last hash: {self.last_hash}", "Note it where nobody who writes to the ledger can change it."]
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, the hash and the faults."""
        return {**vars(self), "faults": list(self.faults)}


def verify_ledger(
    ledger: str | Path | None = None, *, last_hash: str | None = None, lists: Iterable[str | Path] = ()
) -> VerifiedLedger:
    """Verify a ledger: every entry, the records and keys of children, and with what is known elsewhere, its end.

    An entry that was altered, removed, added or moved is found from the ledger alone. Entries that were cut off the
    end, or an older copy that was put back, are found only from elsewhere: from the hash of an entry that was noted
    before, or from the lists, each of which knows its own entry.

    Parameters
    ----------
    ledger : str or pathlib.Path, optional
        A file, or the address of a PostgreSQL database; by default ``ledger.db`` in the working directory.
    last_hash : str, optional
        The hash of an entry, as this printed it before.
    lists : iterable of str or pathlib.Path
        Folders with lists, or with folders of lists, of runs in this ledger.

    Returns
    -------
    VerifiedLedger
        ``ok`` is whether no fault was found.

    Raises
    ------
    UsageError
        If there is no ledger, or no list below one of the folders.
    ReadError
        If the summary of a list cannot be read.
    LedgerError, MachineError
        If the ledger is none, or cannot be read.

    Examples
    --------
    >>> from send_screen import verify_ledger
    >>> verify_ledger("ledger.db", lists=["lists"])  # doctest: +SKIP
    <VerifiedLedger: ledger.db: 12 entries, no fault.>
    """
    location = LedgerLocation.parse(ledger or LEDGER)
    if not location.exists():
        raise UsageError(f"There is no ledger at {location}.", remedy="Name it with --ledger.")
    read = read_ledger(location)
    faults = [*read.faults]
    hashes = {entry.sha256 for entry in read.entries}
    if last_hash is not None and last_hash.strip() not in hashes:
        faults.append(
            "No entry has the hash that was noted: entries were cut off the end, or this is an older copy or another "
            "ledger."
        )
    summaries = [path for folder in lists for path in _summaries(Path(folder))]
    faults += [fault for path in summaries if (fault := _missing(path, read.entries))]
    last = read.entries[-1].sha256 if read.entries else ""
    return VerifiedLedger(location.name, len(read.entries), last, len(summaries), tuple(faults))


def _summaries(folder: Path) -> Iterator[Path]:
    found = sorted(folder.rglob(SUMMARY))
    if not found:
        raise UsageError(
            f"There is no {SUMMARY} below {folder}.", remedy="Name a folder that holds lists, with --lists."
        )
    yield from found


def _missing(path: Path, entries: tuple[AnyEntry, ...]) -> str | None:
    """Return that the entry of a list is not in the ledger, None where it is."""
    try:
        entered = json.loads(read_regular_file(path, max_bytes=_MAX_SUMMARY))["ledger"]
        number, sha256 = int(entered["entry"]), str(entered["sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        raise ReadError(
            "It is not the summary of a list.", file=path.name, remedy=f"Look at {path.parent}, or leave it out."
        ) from None
    if any(entry.sha256 == sha256 for entry in entries[number - 1 : number]):
        return None
    return (
        f"The list in {path.parent} was entered as {number}, and that entry is not there: entries were cut off the "
        "end, or this is an older copy or another ledger."
    )
