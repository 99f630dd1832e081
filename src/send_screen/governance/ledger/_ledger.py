"""A ledger: an append-only table of entries, each with the hash of the entry before it.

The hash of entry i is h_i = SHA-256(canonical JSON of its content, its number i and h_(i-1)), with h_0 = 64 zeros
(Haber & Stornetta, *How to time-stamp a digital document*, Journal of Cryptology 3, 1991). To alter, remove, add or
reorder an entry, all later ones must be rewritten. Who knows the last hash from elsewhere detects that, and missing
entries at the end. The content of an entry includes the hash of the sealed records of children that belong to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from send_screen.errors import LedgerError
from send_screen.governance.ledger._entries import (
    NO_PREVIOUS_HASH,
    AnyEntry,
    DecisionsEntry,
    DisclosureEntry,
    ErasureEntry,
    ExpiryEntry,
    ExportEntry,
    PromotionEntry,
    ScreeningEndEntry,
    ScreeningEntry,
    ServedEntry,
    WithdrawalEntry,
)
from send_screen.governance.ledger._location import LedgerLocation
from send_screen.governance.ledger._verify import (
    hash_records,
    verify_children,
    verify_entries,
    verify_keys,
    verify_records,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from send_screen.governance.ledger._children import Child, Children

_Appended = TypeVar(
    "_Appended",
    PromotionEntry,
    WithdrawalEntry,
    ExportEntry,
    ServedEntry,
    ScreeningEntry,
    ScreeningEndEntry,
    DecisionsEntry,
    DisclosureEntry,
    ExpiryEntry,
    ErasureEntry,
)


@dataclass(frozen=True)
class Ledger:
    """The entries of a ledger, and its faults.

    Attributes
    ----------
    location : LedgerLocation
    entries : tuple of Entry
        Every row that is an entry, oldest first. Rely on them only where there are no faults.
    faults : tuple of str
        Sentences that say which entry is wrong, and how.
    """

    location: LedgerLocation
    entries: tuple[AnyEntry, ...] = ()
    faults: tuple[str, ...] = ()

    def require_unaltered(self) -> None:
        """Raise LedgerError where an entry was altered, removed, added or moved."""
        if self.faults:
            raise LedgerError(
                "The ledger was altered: " + " ".join(self.faults),
                file=self.location.name,
                remedy="Keep it as it is, look for a copy from before, and tell whoever answers for it.",
            )

    def screening_runs(
        self, *, version: str, manifest_sha256: str
    ) -> list[tuple[ScreeningEntry, ScreeningEndEntry | None]]:
        """Return the screening runs of a version, matched by its id or by the hash of its files."""
        runs = screening_runs(self.entries)
        return [(run, end) for run, end in runs if run.version == version or run.manifest_sha256 == manifest_sha256]

    def exports(self, *, version: str, manifest_sha256: str) -> list[ExportEntry]:
        """Return the exports and kits of a version, matched by its id or by the hash of its files."""
        exports = (entry for entry in self.entries if isinstance(entry, ExportEntry))
        return [entry for entry in exports if entry.version == version or entry.manifest_sha256 == manifest_sha256]


@dataclass
class OpenLedger:
    """A verified and locked ledger; its entries grow with :meth:`append`."""

    location: LedgerLocation
    entries: list[AnyEntry]
    _connection: Connection = field(repr=False)
    _children: Children | None = field(default=None, repr=False)

    def pseudonyms(self, child_ids: Iterable[str]) -> dict[str, str]:
        """Return the pseudonyms of children by identifier; a new child gets one with the next entry."""
        from send_screen.governance.ledger._database import translate_errors

        child_ids = list(child_ids)
        if not child_ids:
            return {}
        with translate_errors(self.location, "read"), self._connection.begin():
            found = self._open_children().find_or_add(child_ids)
        return {child_id: child.pseudonym for child_id, child in found.items()}

    def append(self, entry: _Appended, *, records: Mapping[str, Mapping[str, Any]] | None = None) -> _Appended:
        """Append an entry with records of children in one transaction; return it with its number and hashes.

        Parameters
        ----------
        entry : Entry
        records : mapping, optional
            Child's identifier -> what is recorded of the child, as JSON can hold it. It is sealed under a key of that
            child alone.

        Raises
        ------
        MachineError
            If it cannot be written, on a full disk for example. Then nothing of it is in the ledger.
        """
        return self._append(entry, records or {})

    def erase(self, child_id: str, *, by: str, reason: str) -> ErasureEntry:
        """Delete the row of a child, and append that; see :func:`erase_child`."""
        from send_screen.governance.ledger._children import existing_children
        from send_screen.governance.ledger._database import translate_errors

        with translate_errors(self.location, "read"), self._connection.begin():
            children = existing_children(self.location, self._connection)
            child = None if children is None else children.find([child_id]).get(child_id)
        if child is None:
            raise LedgerError(
                "Nothing in the ledger leads to this child: it was never in there, or it was erased before.",
                file=self.location.name,
                remedy="Check the identifier. Nothing was changed.",
            )
        return self._append(ErasureEntry(by=by, reason=reason, child=child.pseudonym), {}, erased=child)

    def expire(self, numbers: tuple[int, ...], *, by: str, reason: str) -> ExpiryEntry:
        """Delete the keys of entries, and append that: nobody can read their records any more."""
        return self._append(ExpiryEntry(by=by, reason=reason, entries=numbers), {}, expired=numbers)

    def _append(
        self,
        entry: _Appended,
        records: Mapping[str, Mapping[str, Any]],
        *,
        erased: Child | None = None,
        expired: tuple[int, ...] = (),
    ) -> _Appended:
        from send_screen.governance.ledger._database import translate_errors

        number = len(self.entries) + 1
        try:
            with translate_errors(self.location, "written"), self._connection.begin():
                sealed = self._seal(number, records)
                entry = entry.model_copy(
                    update={
                        "number": number,
                        "previous": self.entries[-1].sha256 if self.entries else NO_PREVIOUS_HASH,
                        "n_records": len(sealed),
                        "records_sha256": hash_records(sealed),
                    }
                )
                entry = entry.model_copy(update={"sha256": entry.compute_sha256()})
                self._insert(entry, sealed)
                if erased is not None:
                    self._open_children().delete(erased)
                if expired:
                    self._open_children().delete_entry_keys(expired)
        finally:
            if self._children is not None:  # with an entry that could not be written, its new children are forgotten
                self._children.added.clear()
        self.entries.append(entry)
        return entry

    def _insert(self, entry: AnyEntry, sealed: list[tuple[str, bytes]]) -> None:
        from send_screen.governance.ledger._schema import child_records, entries, insert_rows

        if self._children is not None:
            self._children.insert_added()
        insert_rows(self._connection, entries, [(entry.number, entry.canonical().decode())])
        insert_rows(self._connection, child_records, [(entry.number, name, content) for name, content in sealed])

    def _seal(self, number: int, records: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, bytes]]:
        """Return pseudonym and sealed record of each child, by pseudonym."""
        if not records:
            return []
        children = self._open_children()
        found = children.find_or_add(records)
        children.add_entry_key(number)
        return sorted(
            (found[child_id].pseudonym, children.seal_record(found[child_id], number, record))
            for child_id, record in records.items()
        )

    def _open_children(self) -> Children:
        from send_screen.governance.ledger._children import Children

        if self._children is None:
            self._children = Children.under_key(self.location, self._connection)
        return self._children


def screening_runs(entries: Iterable[AnyEntry]) -> list[tuple[ScreeningEntry, ScreeningEndEntry | None]]:
    """Return every screening run with its end, None where it was stopped and no end is recorded yet."""
    entries = list(entries)
    ends = {entry.screening: entry for entry in entries if isinstance(entry, ScreeningEndEntry)}
    return [(entry, ends.get(entry.number)) for entry in entries if isinstance(entry, ScreeningEntry)]


def read_ledger(ledger: str | Path | LedgerLocation, *, records: bool = True) -> Ledger:
    """Read a ledger and verify its chain, and with ``records`` the records of children; a missing file is an empty one.

    Raises
    ------
    LedgerError
        If it is no ledger, is damaged, or was written by a newer release.
    MachineError
        If it cannot be read.
    """
    from send_screen.governance.ledger._database import open_to_read

    location = LedgerLocation.parse(ledger)
    with open_to_read(location) as connection:
        if connection is None:
            return Ledger(location)
        entries, faults = verify_entries(location, connection)
        if records:
            faults += verify_records(connection, entries) + verify_children(connection, entries)
            faults += verify_keys(location, connection, entries)
    return Ledger(location, tuple(entries), tuple(faults))


@contextmanager
def open_for_append(
    ledger: str | Path | LedgerLocation, *, verified: list[AnyEntry] | None = None
) -> Iterator[OpenLedger]:
    """Verify the chain of a ledger and lock it, and yield it for appending; a missing file is created.

    Parameters
    ----------
    ledger : str, pathlib.Path or LedgerLocation
    verified : list of Entry, optional
        For a process that opens a ledger many times: the same list each time, empty at first. It has the entries that
        were verified, and only those that follow are verified then. That the last of it is still there is verified
        each time, so that no older copy can take the place of the ledger.

    Raises
    ------
    LedgerError
        If it was altered, was written by a newer release, or another run holds it for long.
    MachineError
        If it cannot be written.
    """
    from send_screen.governance.ledger._database import open_to_write, translate_errors

    location = LedgerLocation.parse(ledger)
    with open_to_write(location) as connection:
        with translate_errors(location, "read"), connection.begin():
            entries = [] if verified is None else verified
            new, faults = verify_entries(location, connection, after=entries[-1] if entries else None)
        Ledger(location, faults=tuple(faults)).require_unaltered()
        entries += new
        yield OpenLedger(location, entries, connection)
