"""List the deployment periods of a model's versions, from the ledger of decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.documents import count
from send_screen.errors import UsageError
from send_screen.governance import (
    CHAMPION,
    DeploymentPeriod,
    ExportEntry,
    Ledger,
    WithdrawalEntry,
    decisions_about,
    deployment_periods,
    entries_after,
    read_ledger,
)
from send_screen.results import Result, Section
from send_screen.tracking import default_uri, find_model
from send_screen.workflows._decision_ledger import (
    default_ledger,
    describe_entries,
    describe_export,
    describe_number,
    model_uri,
    to_minute,
)


@dataclass(frozen=True, repr=False)
class History(Result):
    """The deployment periods of a model's versions, and its withdrawals."""

    name: str
    alias: str
    on: str | None
    """The requested day (ISO), or None."""
    ledger: Ledger
    deployment_periods: list[DeploymentPeriod]
    """Those of the requested day, or all, oldest first."""
    withdrawals: list[WithdrawalEntry]
    """Those of all versions of the model, oldest first."""
    exports: list[ExportEntry]
    """Exports and kits of all versions of the model, oldest first."""
    faults: tuple[str, ...]
    """Faults of the ledger or registry, as sentences."""

    @property
    def ok(self) -> bool:
        """Whether ledger and registry agree."""
        return not self.faults

    @property
    def headline(self) -> str:
        """The number of versions that were in use."""
        on = f" on {self.on}" if self.on else ""
        if not self.deployment_periods:
            return f"No version of {self.name} was {self.alias}{on or ' so far'}."
        return f"{count(len(self.deployment_periods), 'version', 'versions')} of {self.name} as {self.alias}{on}."

    def sections(self) -> Iterable[Section]:
        """Yield deployment periods with who decided and why, withdrawals, exports, and the state of the ledger."""
        if self.deployment_periods:
            yield Section([line for period in self.deployment_periods for line in _lines(period)])
        if self.withdrawals:
            yield Section([f"{model_uri(entry)} was withdrawn {entry.description}" for entry in self.withdrawals])
        if self.exports:
            yield Section([describe_export(entry) for entry in self.exports], title="Exported")
        if self.faults:
            yield Section([f"FAULT: {fault}" for fault in self.faults])
        elif self.ledger.entries:
            last = self.ledger.entries[-1]
            yield Section(
                [
                    f"The ledger is whole: {last.number} entr{'y' if last.number == 1 else 'ies'}, each with its "
                    f"hash and in its place, and the registry knows the last about {self.name}. "
                    f"Last hash: {last.sha256}"
                ]
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the deployment periods, with the entries that began and ended them."""
        return {
            "ledger": str(self.ledger.location),
            "n_entries": len(self.ledger.entries),
            "head": self.ledger.entries[-1].sha256 if self.ledger.entries else None,
            "faults": list(self.faults),
            "deployment_periods": [
                {
                    "registered": period.began.registered,
                    "version": period.began.version,
                    "from": period.began.when.isoformat(),
                    "to": period.ended and period.ended.when.isoformat(),
                    "began": period.began.model_dump(mode="json"),
                    "ended": period.ended and period.ended.model_dump(mode="json"),
                }
                for period in self.deployment_periods
            ],
            "withdrawals": [entry.model_dump(mode="json") for entry in self.withdrawals],
            "exports": [entry.model_dump(mode="json") for entry in self.exports],
        }


def _lines(period: DeploymentPeriod) -> list[str]:
    began, ended = period.began, period.ended
    until = "now" if ended is None else to_minute(ended)
    lines = [
        f"{model_uri(began)}: {began.alias} from {to_minute(began)} to {until}",
        f"  let in by {began.by}: {began.reason}",
    ]
    if began.override is not None:
        lines.append(f"  AGAINST ITS GATES, because: {began.override}")
    if ended is not None:
        how = f"replaced by version {ended.registered}" if ended.kind == "promoted" else "withdrawn"
        lines.append(f"  {how} by {ended.by}: {ended.reason}")
    return lines


def history(
    name: str,
    *,
    on: str | None = None,
    alias: str = CHAMPION,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> History:
    """List the deployment periods of a model's versions, and compare the ledger with the registry.

    Parameters
    ----------
    name : str
        The registered model's name.
    on : str, optional
        An ISO date (UTC): only versions in use at any time of that day.
    alias : str, default "champion"
        The alias of the version in use.
    ledger : str or pathlib.Path, optional
        See :func:`promote`.
    tracking_uri : str, optional
        Where the registry is; by default ``mlflow.db`` in the working directory.

    Returns
    -------
    History
        ``ok`` is whether ledger and registry agree.

    Raises
    ------
    UsageError
        If there is no such model, or no such date.
    LedgerError
        If the ledger was altered, or entries were cut off its end.

    Examples
    --------
    >>> from send_screen import history
    >>> history("reception_sen", on="2027-01-31")  # doctest: +SKIP
    <History: 1 version of reception_sen as champion on 2027-01-31.>
    """
    uri = tracking_uri or default_uri()
    day = _day(on)
    model = find_model(name, uri=uri)
    decision_ledger = read_ledger(ledger or default_ledger(uri))
    decision_ledger.require_unaltered()
    unfinished = entries_after(decision_ledger.entries, name, model.head)
    periods = deployment_periods(decision_ledger.entries, name, alias=alias)
    current = next((period.began.registered for period in periods if period.ended is None), None)
    faults = []
    if unfinished:
        faults.append(f"The registry does not record {describe_entries(unfinished)}: interrupted, or added by hand.")
    if model.aliases.get(alias) != current:
        faults.append(
            f"The registry has {describe_number(model.aliases.get(alias))} under {alias}, and the ledger "
            f"{describe_number(current)}: the alias was moved without send-screen."
        )
    for earlier, later in zip([None, *periods], periods, strict=False):
        before = None if earlier is None or earlier.ended is not later.began else earlier.began.registered
        if later.began.replaces != before:
            faults.append(
                f"When entry {later.began.number} was made, the registry had "
                f"{describe_number(later.began.replaces)} under {alias}, and the ledger {describe_number(before)}."
            )
    selected = [period for period in periods if day is None or period.covers(day)]
    withdrawals = [
        entry for entry in decisions_about(decision_ledger.entries, name) if isinstance(entry, WithdrawalEntry)
    ]
    exports = [e for e in decision_ledger.entries if isinstance(e, ExportEntry) and e.model == name]
    return History(name, alias, on, decision_ledger, selected, withdrawals, exports, tuple(faults))


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date.", remedy="Give one as 2027-01-31.") from None
