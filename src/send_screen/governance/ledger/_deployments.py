"""Deployment periods of versions, from the ledger of decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from send_screen.errors import LedgerError
from send_screen.governance.ledger._entries import DecisionEntry, Entry, PromotionEntry, WithdrawalEntry

CHAMPION = "champion"


@dataclass(frozen=True)
class DeploymentPeriod:
    """A version under an alias, from the entry that promoted it to the one that replaced or withdrew it, if any."""

    began: PromotionEntry
    ended: DecisionEntry | None = None

    def covers(self, day: dt.date) -> bool:
        """Return whether the version was in use at any time of a day, in UTC."""
        return self.began.when.date() <= day and (self.ended is None or day <= self.ended.when.date())


def decisions_about(entries: Iterable[Entry], model: str) -> list[DecisionEntry]:
    """Return the decisions about a registered model, oldest first."""
    return [entry for entry in entries if isinstance(entry, DecisionEntry) and entry.model == model]


def deployment_periods(entries: Iterable[Entry], model: str, *, alias: str = CHAMPION) -> list[DeploymentPeriod]:
    """Return every version that a model had under an alias, oldest first, from verified entries."""
    found: list[DeploymentPeriod] = []
    for entry in decisions_about(entries, model):
        current = found[-1] if found and found[-1].ended is None else None
        promoted = isinstance(entry, PromotionEntry) and entry.alias == alias
        withdrawn = isinstance(entry, WithdrawalEntry) and current and current.began.version == entry.version
        if current and (promoted or withdrawn):
            found[-1] = DeploymentPeriod(current.began, ended=entry)
        if isinstance(entry, PromotionEntry) and promoted:
            found.append(DeploymentPeriod(entry))
    return found


def withdrawal(entries: Iterable[Entry], version: str, *, manifest_sha256: str = "") -> WithdrawalEntry | None:
    """Return the entry that withdrew a version, which is final; None where it was not withdrawn.

    A version is matched by its id, or by the hash of its manifest where that is given.
    """
    withdrawals = (entry for entry in entries if isinstance(entry, WithdrawalEntry))
    return next(
        (
            entry
            for entry in withdrawals
            if entry.version == version or (manifest_sha256 and entry.manifest_sha256 == manifest_sha256)
        ),
        None,
    )


def entries_after(entries: Iterable[Entry], model: str, head: str | None) -> list[DecisionEntry]:
    """Return the decisions about a model after the last one that its registry has recorded.

    ``head`` is the hash of that last decision, None where the registry has recorded none.

    Raises
    ------
    LedgerError
        If the ledger does not hold that decision: entries were cut off its end, or it is another ledger.
    """
    decisions = decisions_about(entries, model)
    if head is None:
        return decisions
    index = next((index for index, entry in enumerate(decisions) if entry.sha256 == head), None)
    if index is None:
        raise LedgerError(
            f"The last decision on {model} that the registry knows of ({head[:12]}) is not in the ledger: entries were "
            "cut off its end, or this is another ledger.",
            remedy="The tag ledger_location of the registered model says where it was. Name that ledger with --ledger.",
        )
    return decisions[index + 1 :]
