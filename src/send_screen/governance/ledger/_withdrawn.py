"""Ask ledgers whether a version was withdrawn, whatever the registry or a folder says of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from send_screen.errors import GateError
from send_screen.governance.ledger._deployments import withdrawal
from send_screen.governance.ledger._entries import WithdrawalEntry
from send_screen.governance.ledger._ledger import read_ledger
from send_screen.governance.ledger._location import LedgerLocation

LEDGER_VARIABLE = "SEND_SCREEN_LEDGER"


def named_ledger(ledger: str | Path | None = None) -> LedgerLocation | None:
    """Return the ledger that is given, or else the one that ``SEND_SCREEN_LEDGER`` names, if any."""
    named = ledger or os.environ.get(LEDGER_VARIABLE)
    return LedgerLocation.parse(named) if named else None


def find_withdrawal(
    ledgers: Iterable[LedgerLocation | None], *, version: str, manifest_sha256: str
) -> WithdrawalEntry | None:
    """Return the entry in any of these ledgers that withdrew a version, matched by its id or its manifest's hash.

    Raises
    ------
    LedgerError
        If one was altered: then it cannot be known.
    """
    for location in dict.fromkeys(ledgers):
        if location is None:
            continue
        ledger = read_ledger(location, records=False)
        if (gone := withdrawal(ledger.entries, version, manifest_sha256=manifest_sha256)) is not None:
            return gone
        ledger.require_unaltered()
    return None


def withdrawn_error(model: str, *, remedy: str = "") -> GateError:
    """Return the error for a withdrawn version; it quotes nothing from the registry."""
    return GateError(
        f"{model} was withdrawn for good.",
        remedy=remedy
        or "Use another version: send-screen history says, from the ledger, which one is in use, and when, by whom and "
        "why this one was withdrawn.",
    )
