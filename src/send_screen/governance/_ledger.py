"""A ledger: one JSON line an entry, each with the hash of the entry before it; added to, never changed.

The hash of entry i is h_i = SHA-256(canonical JSON of its content, its number i and h_(i-1)), with h_0 = 64 zeros
(Haber & Stornetta, *How to time-stamp a digital document*, Journal of Cryptology 3, 1991). Whoever alters, removes,
adds or reorders an entry must rewrite all that follow; whoever knows the last hash from elsewhere finds that too, and
entries that were cut off the end.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from send_screen.documents import encodable, file_name
from send_screen.errors import LedgerError, MissingExtraError
from send_screen.governance._identity import sha256_of

Entry = dict[str, Any]

FORMAT = "send_screen.ledger/1"
START = "0" * 64
PATIENCE = 60.0  # seconds for which a run waits while another one writes


@dataclass(frozen=True)
class Ledger:
    """What a ledger holds, and what is wrong with it.

    Attributes
    ----------
    path : pathlib.Path
    entries : tuple of dict
        Every line that is an entry, oldest first. Rely on them only where there are no faults.
    faults : tuple of str
        Which entry is wrong, and how, in words.
    truncated : bytes
        What a write that was stopped left behind the last whole line; empty where there was none.
    """

    path: Path
    entries: tuple[Entry, ...]
    faults: tuple[str, ...]
    truncated: bytes

    def require_unaltered(self) -> None:
        """Raise where an entry was altered, removed, added or put elsewhere.

        Raises
        ------
        LedgerError
            Naming the entries.
        """
        if self.faults:
            raise LedgerError(
                "The ledger was altered: " + " ".join(self.faults),
                file=file_name(self.path),
                remedy="Keep it as it is, look for a copy from before, and tell whoever answers for it.",
            )

    def require_complete(self) -> None:
        """Raise where the last line is only half there.

        Raises
        ------
        LedgerError
        """
        if self.truncated:
            raise LedgerError(
                f"The last line is truncated: a write was stopped after entry {len(self.entries)}.",
                file=file_name(self.path),
                remedy="Set it right, for all to see, with: send-screen repair-ledger FILE --by NAME --reason TEXT",
            )


@dataclass
class OpenLedger:
    """A whole ledger that no other run can write to meanwhile.

    Attributes
    ----------
    path : pathlib.Path
    entries : list of dict
        Grows with :meth:`append`.
    """

    path: Path
    entries: list[Entry]
    _stream: BinaryIO = field(repr=False)

    def append(self, kind: str, content: Entry, *, now: dt.datetime | None = None) -> Entry:
        """Add an entry, all of it or nothing, and return it.

        Parameters
        ----------
        kind : str
            What happened.
        content : dict
            As JSON can hold it.
        now : datetime.datetime, optional
            With a time zone.

        Raises
        ------
        MissingExtraError
            If it cannot be written, on a full disk for example.
        """
        content = json.loads(encodable(json.dumps(content, ensure_ascii=False, allow_nan=False)))
        entry = {
            **content,
            "format": FORMAT,
            "kind": kind,
            "number": len(self.entries) + 1,
            "when": (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="seconds"),
            "previous": self.entries[-1]["sha256"] if self.entries else START,
        }
        entry["sha256"] = _sha256(entry)
        size = self._stream.seek(0, os.SEEK_END)
        try:
            try:
                left = memoryview(_canonical(entry) + b"\n")
                while left:  # where the disk is full, the first write takes a part, and the second says why
                    left = left[self._stream.write(left) :]
                os.fsync(self._stream.fileno())
            except OSError:
                self._stream.truncate(size)
                raise
        except OSError as error:
            raise _cannot_be_written(self.path, error.strerror or "") from None
        self.entries.append(entry)
        return entry


def read_ledger(path: str | Path) -> Ledger:
    """Read a ledger and verify its chain. One that is not there has no entries.

    Raises
    ------
    MissingExtraError
        If it cannot be read.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise MissingExtraError(f"The ledger {path} cannot be read ({error.strerror}).") from None
    *lines, truncated = content.split(b"\n")
    entries: list[Entry] = []
    faults: list[str] = []
    previous: str | None = START
    number = 0
    for place, line in enumerate(lines, start=1):
        entry = _parse(line)
        if entry is None:
            faults.append(f"Line {place} is not an entry as it was written.")
            previous, number = None, number + 1
            continue
        if entry["number"] != number + 1:
            faults.append(f"Entry {number + 1} is not where it belongs: entry {entry['number']} stands in its place.")
        elif previous not in (None, entry["previous"]):
            faults.append(f"Entry {entry['number']} does not follow from the one before it, which is another one now.")
        if entry["sha256"] != _sha256(entry):
            faults.append(f"Entry {entry['number']} was altered: its hash is of another content.")
        entries.append(entry)
        previous, number = entry["sha256"], entry["number"]
    return Ledger(path, tuple(entries), tuple(faults), truncated)


@contextmanager
def open_for_append(path: str | Path) -> Iterator[OpenLedger]:
    """Yield a ledger to add to, verified, while no other run can; it is made where there is none.

    Raises
    ------
    LedgerError
        If it was altered, is truncated, or another run holds it for long.
    MissingExtraError
        If it cannot be written.
    """
    path = Path(path)
    with _held(path), _opened(path) as stream:
        ledger = read_ledger(path)
        ledger.require_unaltered()
        ledger.require_complete()
        yield OpenLedger(path, list(ledger.entries), stream)


def repair_last_line(path: str | Path, content: Entry) -> Entry | None:
    """Move a truncated last line into an entry of its own, so that nothing of it is lost; None where it is whole.

    Parameters
    ----------
    path : str or pathlib.Path
    content : dict
        By whom, and why.

    Raises
    ------
    LedgerError
        If a whole entry was altered: that cannot be repaired.
    """
    path = Path(path)
    with _held(path), _opened(path) as stream:
        ledger = read_ledger(path)
        ledger.require_unaltered()
        if not ledger.truncated:
            return None
        stream.truncate(path.stat().st_size - len(ledger.truncated))
        whole = OpenLedger(path, list(ledger.entries), stream)
        return whole.append("repaired", {**content, "truncated": ledger.truncated.decode("utf-8", errors="replace")})


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a ledger against other runs.

    SQLite's lock of a file is the one in Python's own library that works alike on Windows and elsewhere, and the
    system lets go of it when a run is killed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(path.with_name(f".{path.stem}.lock"), isolation_level=None, timeout=PATIENCE)
    except OSError as error:
        raise _cannot_be_written(path, error.strerror or "") from None
    except sqlite3.Error:
        raise _cannot_be_written(path, "no lock can be had beside it") from None
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise _cannot_be_written(path, "no lock can be had beside it") from None
            raise LedgerError(
                "Another run has been writing to the ledger for a minute.",
                file=file_name(path),
                remedy="Wait until it ends, and try again.",
            ) from None
        yield


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("ab", buffering=0)
    except OSError as error:
        raise _cannot_be_written(path, error.strerror or "") from None
    with stream:
        yield stream


def _cannot_be_written(path: Path, why: str) -> MissingExtraError:
    return MissingExtraError(
        f"The ledger {path} cannot be written ({why}).",
        remedy="Make room, or name one in a folder that you may write to, with --ledger.",
    )


def _parse(line: bytes) -> Entry | None:
    """Return an entry, or None where the bytes are not what :meth:`OpenLedger.append` writes."""
    try:
        entry = json.loads(line)
        fits = (
            entry["format"] == FORMAT
            and type(entry["number"]) is int
            and all(isinstance(entry[key], str) for key in ("kind", "when", "previous", "sha256"))
            and _canonical(entry) == line
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return entry if fits else None


def _canonical(entry: Entry) -> bytes:
    text = json.dumps(entry, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def _sha256(entry: Entry) -> str:
    return sha256_of(_canonical({key: value for key, value in entry.items() if key != "sha256"}))
