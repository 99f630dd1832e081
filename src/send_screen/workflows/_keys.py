"""Generate signing keys, and repair a ledger whose last write was stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.errors import UsageError
from send_screen.governance import (
    PRIVATE_KEY_FILE,
    PUBLIC_KEY_FILE,
    RepairEntry,
    generate_key_pair,
    repair_last_line,
    validate_free_text,
)
from send_screen.results import Result, Section


@dataclass(frozen=True, repr=False)
class KeyPair(Result):
    """A pair of Ed25519 keys as files: the private one signs a version, the public one verifies the signature."""

    private: Path
    public: Path
    id: str
    """SHA-256 of the public key."""

    @property
    def headline(self) -> str:
        """The private key, and the command to sign with it."""
        return f"{self.private} signs: send-screen train SPEC --data PATH --sign {self.private}"

    def sections(self) -> Iterable[Section]:
        """Yield who should keep each key."""
        yield Section(
            [
                "Whoever has it can sign as you. Keep it, and a copy, where no keeper of the MLflow store can read it.",
                f"{self.public} goes to the auditors. They can ask you whether its id is {self.id}",
            ]
        )


@dataclass(frozen=True, repr=False)
class LedgerRepair(Result):
    """A ledger that was repaired."""

    ledger: Path
    entry: RepairEntry
    """The new entry, which holds what was truncated."""

    @property
    def headline(self) -> str:
        """The entry that holds the truncated line."""
        return f"What was truncated is now inside entry {self.entry.number} of {self.ledger}."

    def to_dict(self) -> dict[str, Any]:
        """Return the new entry."""
        return self.entry.model_dump(mode="json")


def generate_keys(out: str | Path) -> KeyPair:
    """Generate the keys with which training signs a version and an auditor verifies it.

    Parameters
    ----------
    out : str or pathlib.Path
        A folder outside the MLflow and evidence stores, for ``private.pem`` and ``public.pem``.

    Returns
    -------
    KeyPair

    Raises
    ------
    UsageError
        If the folder holds a key already, which is never overwritten.
    MachineError
        If the folder cannot be written.
    MissingExtraError
        If the package ``cryptography`` is not installed.

    Notes
    -----
    Ed25519: RFC 8032.

    Examples
    --------
    >>> import tempfile
    >>> from send_screen import generate_keys
    >>> keys = generate_keys(tempfile.mkdtemp() + "/keys")
    >>> keys.private.name, keys.public.name, len(keys.id)
    ('private.pem', 'public.pem', 64)
    """
    out = Path(out)
    return KeyPair(out / PRIVATE_KEY_FILE, out / PUBLIC_KEY_FILE, generate_key_pair(out))


def repair_ledger(ledger: str | Path, *, by: str, reason: str) -> LedgerRepair:
    """Repair a ledger whose last line was truncated by a stopped write; the line is kept in a new entry.

    Parameters
    ----------
    ledger : str or pathlib.Path
        A ledger of decisions or of screening runs.
    by, reason : str
        Who repairs it and why; both are written into the ledger.

    Returns
    -------
    LedgerRepair

    Raises
    ------
    UsageError
        If the last line is whole, or ``by`` or ``reason`` is empty.
    LedgerError
        If an earlier entry was altered.

    Examples
    --------
    >>> from send_screen import repair_ledger
    >>> repair_ledger("screenings.jsonl", by="A. Reader", reason="power cut")  # doctest: +SKIP
    <LedgerRepair: What was truncated is now inside entry 4 of screenings.jsonl.>
    """
    who = {"by": validate_free_text("--by", by), "reason": validate_free_text("--reason", reason)}
    entry = repair_last_line(Path(ledger), **who)
    if entry is None:
        raise UsageError(f"The last line of {ledger} is whole.", remedy="There is nothing to repair.")
    return LedgerRepair(Path(ledger), entry)
