"""Read back which version was in use when, by whom and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from send_screen.errors import UsageError
from send_screen.governance import CHAMPION, DeploymentPeriod, Ledger, deployment_periods, entries_after, read_ledger
from send_screen.tracking import default_uri, find_model
from send_screen.workflows._decisions import in_words, ledger_of


@dataclass(frozen=True)
class History:
    """Which version was in use when.

    Attributes
    ----------
    ledger : Ledger
    deployment_periods : list of DeploymentPeriod
        Those asked for, oldest first.
    faults : tuple of str
        What does not fit, in words.
    """

    ledger: Ledger
    deployment_periods: list[DeploymentPeriod]
    faults: tuple[str, ...]


def history(
    name: str,
    *,
    on: str | None = None,
    alias: str = CHAMPION,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> History:
    """Read back which version of a model was in use, after the ledger was verified and held against the registry.

    Parameters
    ----------
    name : str
        The registered model's name.
    on : str, optional
        An ISO date (UTC): only what was in use at any time of that day.
    alias : str, default "champion"
    ledger : str or pathlib.Path, optional
        See :func:`promote`.
    tracking_uri : str, optional

    Raises
    ------
    UsageError
        If there is no such model, or no such date.
    LedgerError
        If the ledger was altered, or entries were cut off its end.
    """
    uri = tracking_uri or default_uri()
    day = _day(on)
    model = find_model(name, uri=uri)
    book = read_ledger(ledger or ledger_of(uri))
    book.require_unaltered()
    unfinished = entries_after(book.entries, name, model.head)
    all_of_them = deployment_periods(book.entries, name, alias=alias)
    present = next((reign.began["registered"] for reign in all_of_them if reign.ended is None), None)
    faults = []
    if book.torn:
        faults.append(f"The last line is torn: a write was stopped after entry {len(book.entries)}.")
    if unfinished:
        faults.append(f"The registry was not told of {in_words(unfinished)}: interrupted, or added by hand.")
    if model.aliases.get(alias) != present:
        faults.append(
            f"The registry has {_number(model.aliases.get(alias))} under {alias}, and the ledger {_number(present)}: "
            "the alias was moved without send-screen."
        )
    for earlier, later in zip([None, *all_of_them], all_of_them, strict=False):
        before = None if earlier is None or earlier.ended is not later.began else earlier.began["registered"]
        if later.began["replaces"] != before:
            faults.append(
                f"When entry {later.began['number']} was made, the registry had "
                f"{_number(later.began['replaces'])} under {alias}, and the ledger {_number(before)}."
            )
    asked = [reign for reign in all_of_them if day is None or reign.covers(day)]
    return History(book, asked, tuple(faults))


def _number(number: str | None) -> str:
    return "no version" if number is None else f"version {number}"


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date.", remedy="Give one as 2027-01-31.") from None
