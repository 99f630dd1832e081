"""What other processes run: a module that they can import, whatever pytest calls the tests' own."""

from __future__ import annotations

import os
from typing import Any

from send_screen.governance import WithdrawalEntry, open_for_append


def withdrawal_entry(reason: str = "x") -> WithdrawalEntry:
    return WithdrawalEntry(model="m", registered="1", version="v", manifest_sha256="0", by="A", reason=reason)


def append_some(ledger_place: Any, key: str | None, start: Any, name: str, n: int) -> None:
    """Append entries with records of a child whom all write of, and of another one."""
    if key is not None:
        os.environ["SEND_SCREEN_LEDGER_KEY"] = key
    start.wait(30)
    for number in range(n):
        with open_for_append(ledger_place) as book:
            book.append(withdrawal_entry(f"{name} {number}"), records={"all": {"by": name}, f"{name} {number}": {}})
