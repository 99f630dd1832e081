"""Withdraw a version, and find every child that it listed in the ledgers of screening runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from send_screen.documents import count
from send_screen.errors import SendScreenError, UsageError
from send_screen.governance import (
    DecisionEntry,
    ExportEntry,
    Ledger,
    LedgerLocation,
    OpenLedger,
    PromotionEntry,
    ScreeningEndEntry,
    ScreeningEntry,
    WithdrawalEntry,
    entries_after,
    open_for_append,
    read_ledger,
    validate_free_text,
    withdrawal,
)
from send_screen.reports import describe_decision
from send_screen.results import Result, Section
from send_screen.tracking import RegisteredVersion, default_uri, find_model, find_version, set_alias, tag_withdrawn
from send_screen.workflows._decision_ledger import (
    default_ledger,
    describe_export,
    model_uri,
    record_decision,
    sync_registry,
    to_minute,
)
from send_screen.workflows._list_folder import describe_stop
from send_screen.workflows._run_records import RecordedRun, read_run

_OUT_OF_REACH = (
    "A folder that was exported earlier still screens where no ledger is named. A query, a workbook or a model that is "
    "served already still answers: tell who has one."
)


@dataclass(frozen=True)
class FoundRun:
    """A screening run of a version that was withdrawn."""

    location: LedgerLocation
    entry: ScreeningEntry
    end: ScreeningEndEntry | None
    recorded: RecordedRun | None
    """Names and decisions; None where the ledger's key is not there, or the ledger has faults."""

    def lines(self) -> Iterable[str]:
        """Yield the run, and each listed child with what was decided."""
        entry = self.entry
        yield f"{entry.file}, {to_minute(entry)}, by {entry.by}: entry {entry.number} of {self.location}"
        if words := describe_stop(self.end):
            yield f"  THE RUN WAS STOPPED: {words} Its folder: {entry.folder}"
        for listed in entry.listed:
            yield f"  {listed.rank:>5}  {listed.child}{self._known(listed.child)}"

    def _known(self, pseudonym: str) -> str:
        if self.recorded is None:
            return ""
        record, decision = self.recorded.records.get(pseudonym), self.recorded.decisions.get(pseudonym)
        if record is None:
            return "  (erased)"
        said = describe_decision(decision, with_note=False) if decision else "no decision was entered"
        return f"  {record.name}: {said}"

    def to_dict(self) -> dict[str, Any]:
        """Return the entry, and the decision about each listed child by pseudonym, without names and notes."""
        decisions = self.recorded.decisions if self.recorded else {}
        return {
            "ledger": str(self.location),
            **self.entry.model_dump(mode="json"),
            "files": self.end and list(self.end.files),
            "decisions": {child: each.decision and each.decision.value for child, each in decisions.items()},
        }


@dataclass(frozen=True)
class FoundExport:
    """An export or a kit of a version that was withdrawn."""

    location: LedgerLocation
    entry: ExportEntry

    @property
    def line(self) -> str:
        """What was given out, when and by whom, and where that is recorded."""
        return f"{describe_export(self.entry)}: entry {self.entry.number} of {self.location}"

    def to_dict(self) -> dict[str, Any]:
        """Return the entry."""
        return {"ledger": str(self.location), **self.entry.model_dump(mode="json")}


@dataclass(frozen=True, repr=False)
class Withdrawal(Result):
    """A version that was withdrawn, and the children that it had listed.

    The text names children where the key of a ledger is there; a notebook and the dictionary do not.
    """

    entry: WithdrawalEntry
    """Its entry in the ledger of decisions."""
    withdrawn_before: bool
    """Whether it was withdrawn already, so that only lists were searched."""
    screening_runs: list[FoundRun]
    """Every screening run of the version."""
    exports: list[FoundExport]
    """Every export and kit of the version that the ledger of decisions and the searched ones have."""
    ledgers: tuple[Ledger, ...]
    """The ledgers of screening runs that were searched, with their faults."""

    @property
    def ok(self) -> bool:
        """Whether no searched ledger has a fault."""
        return not any(ledger.faults for ledger in self.ledgers)

    @property
    def headline(self) -> str:
        """The withdrawn version, who withdrew it and why."""
        when = "had been withdrawn before" if self.withdrawn_before else "is withdrawn"
        return f"{model_uri(self.entry)} {when}, by {self.entry.by}: {self.entry.reason}"

    def sections(self) -> Iterable[Section]:
        """Yield who exported the version, and every child that it had listed, by rank, with what was decided."""
        if self.exports:
            title = f"It was exported {count(len(self.exports), 'time', 'times')}: tell who has one"
            yield Section([each.line for each in self.exports], title=title)
        if not self.ledgers:
            yield Section(
                [
                    "Whom it had listed was not looked for. Ask the schools for their ledger.db, and give this command "
                    "again with --screenings.",
                    _OUT_OF_REACH,
                ]
            )
            return
        children = {listed.child for run in self.screening_runs for listed in run.entry.listed}
        lines = [line for run in self.screening_runs for line in run.lines()]
        runs = count(len(self.screening_runs), "screening run", "screening runs")
        found = f"{count(len(children), 'person', 'people')} in {runs}"
        yield Section(lines, title=f"It had listed {found}; rank and pseudonym")
        faults = [f"NOT WHOLE: {ledger.location}: {fault}" for ledger in self.ledgers for fault in ledger.faults]
        caution = "Being listed by it was no reason to act, and not being listed none to wait: look at them again."
        yield Section([*faults, caution, _OUT_OF_REACH])

    def to_dict(self) -> dict[str, Any]:
        """Return the entry, and every screening run of the version."""
        return {
            "withdrawal": self.entry.model_dump(mode="json"),
            "withdrawn_before": self.withdrawn_before,
            "screening_runs": [run.to_dict() for run in self.screening_runs],
            "exports": [each.to_dict() for each in self.exports],
            "ledgers": [{"ledger": str(ledger.location), "faults": list(ledger.faults)} for ledger in self.ledgers],
        }


def withdraw(
    model: str,
    *,
    by: str,
    reason: str,
    screenings: Iterable[str | Path] = (),
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> Withdrawal:
    """Withdraw a version for good, record who decided so and why, and find every child that it listed.

    Parameters
    ----------
    model : str
        ``models:/name/3`` or ``models:/name@champion``.
    by, reason : str
        Who answers for it and why, without any child's data.
    screenings : iterable of str or pathlib.Path
        Ledgers of screening runs, which schools keep: files, or addresses of PostgreSQL databases; for a folder, every
        ``ledger*.db`` below it.
    ledger : str or pathlib.Path, optional
        The ledger of decisions; see :func:`promote`.
    tracking_uri : str, optional
        Where the registry is; by default ``mlflow.db`` in the working directory.

    Returns
    -------
    Withdrawal
        The entry in the ledger, every export and kit of the version and, for each screening run of it, the listed
        children by pseudonym.

    Raises
    ------
    UsageError
        If there is no such version or ledger, or an argument is invalid.
    LedgerError
        If the ledger of decisions was altered, or is not the one that the registry records; the version is withdrawn
        in the registry nevertheless.

    Examples
    --------
    >>> from send_screen import withdraw
    >>> withdrawn = withdraw("models:/reception_sen/3", by="A. Head", reason="wrong codes")  # doctest: +SKIP
    >>> withdrawn.screening_runs  # doctest: +SKIP
    []
    """
    uri = tracking_uri or default_uri()
    by, reason = validate_free_text("--by", by), validate_free_text("--reason", reason)
    ledgers = tuple(read_ledger(path) for path in _find_ledgers(screenings))
    version = find_version(model, uri=uri)
    # the registry first, so that a damaged ledger cannot prevent the withdrawal
    tag_withdrawn(version, version.withdrawn or _decision(version, by, reason).description, uri=uri)
    try:
        decisions = LedgerLocation.parse(ledger or default_ledger(uri))
        entry, before = _record(version, by, reason, decisions, uri=uri)
    except SendScreenError as error:
        error.message = f"The version is withdrawn from the registry, but that could not be recorded: {error.message}"
        raise
    screening_runs = [
        FoundRun(searched.location, entry, end, _recorded(searched, entry))
        for searched in ledgers
        for entry, end in searched.screening_runs(version=version.version_id, manifest_sha256=version.manifest_sha256)
    ]
    # read after the entry: an export that was not entered by then is refused
    exports = _find_exports([read_ledger(decisions, records=False), *ledgers], version)
    return Withdrawal(entry, before, screening_runs, exports, ledgers)


def _find_exports(ledgers: Iterable[Ledger], version: RegisteredVersion) -> list[FoundExport]:
    """Return the exports of a version, each once, although a ledger may be named as two."""
    found = {
        entry.sha256: FoundExport(ledger.location, entry)
        for ledger in ledgers
        for entry in ledger.exports(version=version.version_id, manifest_sha256=version.manifest_sha256)
    }
    return list(found.values())


def _recorded(ledger: Ledger, entry: ScreeningEntry) -> RecordedRun | None:
    """Return what the ledger has of a run; None without its key, which stays with the school, or with faults."""
    if ledger.faults:
        return None
    try:
        return read_run(ledger.location, ledger.entries, entry)
    except SendScreenError:
        return None


def _decision(version: RegisteredVersion, by: str, reason: str) -> WithdrawalEntry:
    return WithdrawalEntry(
        model=version.name,
        registered=version.number,
        version=version.version_id,
        manifest_sha256=version.manifest_sha256,
        by=by,
        reason=reason,
    )


def _record(
    version: RegisteredVersion, by: str, reason: str, ledger: LedgerLocation, *, uri: str
) -> tuple[WithdrawalEntry, bool]:
    """Record a withdrawal; return its entry, and whether it had been recorded before."""
    with open_for_append(ledger) as open_ledger:
        gone = withdrawal(open_ledger.entries, version.version_id)
        unfinished = entries_after(open_ledger.entries, version.name, find_model(version.name, uri=uri).head)
        if gone is not None and gone not in unfinished:
            return gone, True
        _finish_promotion(open_ledger, version, unfinished, uri=uri)
        entry = record_decision(open_ledger, _decision(version, by, reason), uri=uri)
        tag_withdrawn(version, entry.description, uri=uri)  # with the date of the entry
        sync_registry(open_ledger, version, entry, uri=uri)
    return entry, False


def _finish_promotion(
    open_ledger: OpenLedger, version: RegisteredVersion, unfinished: list[DecisionEntry], *, uri: str
) -> None:
    """Write an interrupted promotion of a version to the registry, before the version is withdrawn.

    It could not be repeated, since the version is already tagged as withdrawn.
    """
    if (
        len(unfinished) == 1
        and isinstance(entry := unfinished[0], PromotionEntry)
        and entry.version == version.version_id
    ):
        set_alias(replace(version, number=entry.registered), entry.alias, tags=entry.tags, uri=uri)
        sync_registry(open_ledger, version, entry, uri=uri)


def _find_ledgers(screenings: Iterable[str | Path]) -> list[LedgerLocation]:
    found: list[LedgerLocation] = []
    for location in map(LedgerLocation.parse, screenings):
        below = [location]
        if location.path is not None and location.path.is_dir():
            below = [LedgerLocation(path) for path in sorted(location.path.rglob("ledger*.db"))]
        if not below or not below[0].exists():
            raise UsageError(
                f"There is no ledger of screening runs at {location}.",
                remedy="Nothing was withdrawn. Name the file or its folder with --screenings, or leave it out for now.",
            )
        found += [each for each in below if each not in found]
    return found
