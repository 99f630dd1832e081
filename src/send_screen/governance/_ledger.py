"""A ledger: an append-only file of JSON lines, each with the hash of the entry before it.

The hash of entry i is h_i = SHA-256(canonical JSON of its content, its number i and h_(i-1)), with h_0 = 64 zeros
(Haber & Stornetta, *How to time-stamp a digital document*, Journal of Cryptology 3, 1991). To alter, remove, add or
reorder an entry, all later ones must be rewritten. Who knows the last hash from elsewhere detects that, and missing
entries at the end.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from send_screen.documents import file_name, locked, read_regular_file
from send_screen.errors import LedgerError, MachineError
from send_screen.governance._entries import (
    NO_PREVIOUS_HASH,
    AnyEntry,
    PromotionEntry,
    RepairEntry,
    ScreeningEndEntry,
    ScreeningEntry,
    WithdrawalEntry,
    parse_entry,
)

MAX_BYTES = 250_000_000  # some three million listed children
_MAX_FAULTS = 100
LOCK_TIMEOUT = 60.0  # seconds for which a run waits while another one writes
_Appended = TypeVar("_Appended", PromotionEntry, WithdrawalEntry, RepairEntry, ScreeningEntry, ScreeningEndEntry)


@dataclass(frozen=True)
class Ledger:
    """The entries of a ledger, and its faults.

    Attributes
    ----------
    path : pathlib.Path
    entries : tuple of Entry
        Every line that is an entry, oldest first. Rely on them only where there are no faults.
    faults : tuple of str
        Sentences that say which entry is wrong, and how.
    truncated : bytes
        The incomplete last line of a write that was stopped; empty where there is none.
    """

    path: Path
    entries: tuple[AnyEntry, ...] = ()
    faults: tuple[str, ...] = ()
    truncated: bytes = b""

    def require_unaltered(self) -> None:
        """Raise LedgerError where an entry was altered, removed, added or moved."""
        if self.faults:
            raise LedgerError(
                "The ledger was altered: " + " ".join(self.faults),
                file=file_name(self.path),
                remedy="Keep it as it is, look for a copy from before, and tell whoever answers for it.",
            )

    def require_complete(self) -> None:
        """Raise LedgerError where the last line is truncated."""
        if self.truncated:
            raise LedgerError(
                f"The last line is truncated: a write was stopped after entry {len(self.entries)}.",
                file=file_name(self.path),
                remedy="Set it right, for all to see, with: send-screen repair-ledger FILE --by NAME --reason TEXT",
            )

    def screening_runs(
        self, *, version: str, manifest_sha256: str
    ) -> list[tuple[ScreeningEntry, ScreeningEndEntry | None]]:
        """Return the screening runs of a version, matched by its id or by the hash of its files."""
        runs = screening_runs(self.entries)
        return [(run, end) for run, end in runs if run.version == version or run.manifest_sha256 == manifest_sha256]


@dataclass
class OpenLedger:
    """A verified and locked ledger; its entries grow with :meth:`append`."""

    path: Path
    entries: list[AnyEntry]
    _stream: BinaryIO = field(repr=False)

    def append(self, entry: _Appended) -> _Appended:
        """Append an entry atomically, and return it with its number and hashes.

        Raises
        ------
        MachineError
            If it cannot be written, on a full disk for example.
        """
        previous = self.entries[-1].sha256 if self.entries else NO_PREVIOUS_HASH
        entry = entry.model_copy(update={"number": len(self.entries) + 1, "previous": previous})
        entry = entry.model_copy(update={"sha256": entry.compute_sha256()})
        size = self._stream.seek(0, os.SEEK_END)
        line = entry.canonical() + b"\n"
        if size + len(line) > MAX_BYTES:
            raise _cannot_be_written(self.path, f"it would have more than {MAX_BYTES / 1e6:,.0f} MB")
        try:
            try:
                left = memoryview(line)
                while left:  # on a full disk one write is partial, and the next one raises
                    left = left[self._stream.write(left) :]
                os.fsync(self._stream.fileno())
            except OSError:
                self._stream.truncate(size)
                raise
        except OSError as error:
            raise _cannot_be_written(self.path, error.strerror or "") from None
        self.entries.append(entry)
        return entry


def screening_runs(entries: Iterable[AnyEntry]) -> list[tuple[ScreeningEntry, ScreeningEndEntry | None]]:
    """Return every screening run with its end, None where it was stopped and no end is recorded yet."""
    entries = list(entries)
    ends = {entry.screening: entry for entry in entries if isinstance(entry, ScreeningEndEntry)}
    return [(entry, ends.get(entry.number)) for entry in entries if isinstance(entry, ScreeningEntry)]


def read_ledger(path: str | Path) -> Ledger:
    """Read a ledger and verify its chain. A missing file is an empty ledger.

    Raises
    ------
    MachineError
        If it cannot be read.
    """
    path = Path(path)
    try:
        content = read_regular_file(path, max_bytes=MAX_BYTES)
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise MachineError(
            f"The ledger {path} cannot be read ({error.strerror}).",
            remedy="Name a ledger that is a plain file, with --ledger; keep a full one, and begin another.",
        ) from None
    whole, end, truncated = content.rpartition(b"\n")
    entries: list[AnyEntry] = []
    faults: list[str] = []
    previous: str | None = NO_PREVIOUS_HASH
    number = 0
    for line_number, line in enumerate(io.BytesIO(whole + end), start=1):
        if len(faults) >= _MAX_FAULTS:
            faults.append("There are more faults, which are not listed.")
            break
        entry = parse_entry(line.removesuffix(b"\n"))
        if entry is None:
            faults.append(f"Line {line_number} is not an entry as it was written.")
            previous, number = None, number + 1
            continue
        if entry.number != number + 1:
            faults.append(f"Entry {number + 1} is not where it belongs: entry {entry.number} is in its position.")
        elif previous not in (None, entry.previous):
            faults.append(f"Entry {entry.number} does not follow from the one before it, which is another one now.")
        if entry.sha256 != entry.compute_sha256():
            faults.append(f"Entry {entry.number} was altered: its hash is of another content.")
        entries.append(entry)
        previous, number = entry.sha256, entry.number
    return Ledger(path, tuple(entries), tuple(faults), truncated)


@contextmanager
def open_for_append(path: str | Path) -> Iterator[OpenLedger]:
    """Verify and lock a ledger, and yield it for appending; a missing file is created.

    Raises
    ------
    LedgerError
        If it was altered, is truncated, or another run holds it for long.
    MachineError
        If it cannot be written.
    """
    path = Path(path)
    with _locked_ledger(path) as stream:
        ledger = read_ledger(path)
        ledger.require_unaltered()
        ledger.require_complete()
        yield OpenLedger(path, list(ledger.entries), stream)


def repair_last_line(path: str | Path, *, by: str, reason: str) -> RepairEntry | None:
    """Move a truncated last line into an entry of its own, so that nothing is lost; None where no line is truncated.

    Raises
    ------
    LedgerError
        If a whole entry was altered: that cannot be repaired.
    """
    path = Path(path)
    with _locked_ledger(path) as stream:
        ledger = read_ledger(path)
        ledger.require_unaltered()
        if not ledger.truncated:
            return None
        stream.truncate(path.stat().st_size - len(ledger.truncated))
        text = ledger.truncated.decode("utf-8", errors="replace")
        repaired = OpenLedger(path, list(ledger.entries), stream)
        return repaired.append(RepairEntry(by=by, reason=reason, truncated=text))


@contextmanager
def _locked_ledger(path: Path) -> Iterator[BinaryIO]:
    """Open a ledger and lock it against other runs."""
    if path.exists() and not path.is_file():
        raise _cannot_be_written(path, "it is a folder, a pipe or a device")
    with ExitStack() as held:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(path.with_name(f".{path.stem}.lock"), timeout=LOCK_TIMEOUT))
            stream = held.enter_context(path.open("ab", buffering=0))
        except TimeoutError:
            raise LedgerError(
                "Another run has been writing to the ledger for a minute.",
                file=file_name(path),
                remedy="Wait until it ends, and try again.",
                os_error=TimeoutError(),
            ) from None
        except OSError as error:
            raise _cannot_be_written(path, error.strerror or "") from None
        yield stream


def _cannot_be_written(path: Path, why: str) -> MachineError:
    return MachineError(
        f"The ledger {path} cannot be written ({why}).",
        remedy="Make room, or name one in a folder that you may write to, with --ledger.",
    )
