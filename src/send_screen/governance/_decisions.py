"""Which version was in use from when to when, by whom and why: the ledger of decisions about versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from send_screen.contracts._quote import upn_shaped
from send_screen.documents import encodable
from send_screen.errors import LedgerError, UsageError
from send_screen.governance._ledger import Entry

PROMOTED, WITHDRAWN = "promoted", "withdrawn"
CHAMPION = "champion"
_LONGEST = 1000  # characters; MLflow's tags hold a few thousand


@dataclass(frozen=True)
class DeploymentPeriod:
    """A version under an alias.

    Attributes
    ----------
    began : dict
        The entry by which it was promoted.
    ended : dict or None
        The entry that put another in its place or withdrew it; None where it is in use.
    """

    began: Entry
    ended: Entry | None = None

    def covers(self, day: dt.date) -> bool:
        """Tell whether the version was in use at any time of a day, in UTC."""
        return _day(self.began) <= day and (self.ended is None or day <= _day(self.ended))


def _day(entry: Entry) -> dt.date:
    return dt.datetime.fromisoformat(entry["when"]).date()


def deployment_periods(entries: Iterable[Entry], model: str, *, alias: str = CHAMPION) -> list[DeploymentPeriod]:
    """Return every version that a model had under an alias, oldest first.

    Parameters
    ----------
    entries : iterable of dict
        Of a ledger of decisions, verified.
    model : str
        The registered model's name.
    alias : str, default "champion"
    """
    found: list[DeploymentPeriod] = []
    for entry in entries:
        if entry.get("model") != model:
            continue
        promoted = entry["kind"] == PROMOTED and entry["alias"] == alias
        present = found[-1] if found and found[-1].ended is None else None
        withdrawn = entry["kind"] == WITHDRAWN and present and present.began["version"] == entry["version"]
        if present and (promoted or withdrawn):
            found[-1] = DeploymentPeriod(present.began, ended=entry)
        if promoted:
            found.append(DeploymentPeriod(entry))
    return found


def withdrawal(entries: Iterable[Entry], version: str) -> Entry | None:
    """Return the entry by which a version was withdrawn, for good; None where it was not."""
    return next((e for e in entries if e["kind"] == WITHDRAWN and e["version"] == version), None)


def entries_after(entries: Sequence[Entry], model: str, head: str | None) -> list[Entry]:
    """Return the decisions about a model that came after the last one that its registry knows of.

    Parameters
    ----------
    entries : sequence of dict
        Of a ledger of decisions, verified.
    model : str
    head : str or None
        Hash of the last decision, as the registry has it; None where it has none.

    Raises
    ------
    LedgerError
        If the ledger does not hold that decision: entries were cut off its end, or it is another ledger.
    """
    about = [entry for entry in entries if entry.get("model") == model]
    if head is None:
        return about
    place = next((place for place, entry in enumerate(about) if entry["sha256"] == head), None)
    if place is None:
        raise LedgerError(
            f"The last decision on {model} that the registry knows of ({head[:12]}) is not in the ledger: entries were "
            "cut off its end, or this is another ledger.",
            remedy="The tag ledger_place of the registered model says where it was. Name that ledger with --ledger.",
        )
    return about[place + 1 :]


def validate_free_text(option: str, text: str) -> str:
    """Return what somebody states for the record, without blanks around it.

    Raises
    ------
    UsageError
        If it is empty or too long, or holds what looks like a child's identifier.
    """
    text = " ".join(encodable(text).split())
    if not text:
        raise UsageError(f"{option} is empty.", remedy="Every decision has a name and a reason. Give both in words.")
    if len(text) > _LONGEST:
        raise UsageError(f"{option} is longer than {_LONGEST} characters.", remedy="Say it in fewer words.")
    if any(upn_shaped(word.strip(".,;:()'\"")) for word in text.split()):
        raise UsageError(
            f"{option} holds what looks like a child's identifier.",
            remedy="All who can open the registry can read it: leave children out.",
        )
    return text
