"""Take a version away, and find every child that it listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from send_screen.documents import count
from send_screen.errors import SendScreenError, UsageError
from send_screen.governance import (
    DecisionEntry,
    Ledger,
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
from send_screen.results import Result, Section
from send_screen.tracking import RegisteredVersion, default_uri, find_model, find_version, set_alias, tag_withdrawn
from send_screen.workflows._decision_ledger import (
    default_ledger,
    ledger_faults,
    model_uri,
    record_decision,
    sync_registry,
    to_minute,
)
from send_screen.workflows._list_folder import describe_stop

_OUT_OF_REACH = (
    "A folder that was exported earlier still screens, and a model that is served already still answers: tell who has "
    "one."
)


@dataclass(frozen=True, repr=False)
class Withdrawal(Result):
    """A version that was withdrawn, and whom it had listed."""

    entry: WithdrawalEntry
    """In the ledger of decisions."""
    withdrawn_before: bool
    """Whether nothing was recorded, and lists were only searched."""
    batches: list[tuple[Path, ScreeningEntry, ScreeningEndEntry | None]]
    """Ledger, entry and end of every screening run with it."""
    looked_in: tuple[Ledger, ...]
    """With what is wrong with them: their other entries are read all the same."""

    @property
    def ok(self) -> bool:
        """Whether every ledger that was searched is whole."""
        return not any(ledger_faults(book) for book in self.looked_in)

    @property
    def headline(self) -> str:
        """Which version is withdrawn, by whom and why."""
        when = "had been withdrawn before" if self.withdrawn_before else "is withdrawn"
        return f"{model_uri(self.entry)} {when}, by {self.entry.by}: {self.entry.reason}"

    def sections(self) -> Iterable[Section]:
        """Give every child that the version had listed, by rank and pseudonym."""
        if not self.looked_in:
            yield Section(
                [
                    "Whom it had listed was not looked for. Ask the schools for their screenings.jsonl, and give this "
                    "command again with --screenings.",
                    _OUT_OF_REACH,
                ]
            )
            return
        children = {listed.child for _, entry, _ in self.batches for listed in entry.listed}
        lines = []
        for path, entry, end in self.batches:
            lines.append(f"{entry.file}, {to_minute(entry)}, by {entry.by}: entry {entry.number} of {path}")
            if words := describe_stop(end):
                lines.append(f"  THE RUN WAS STOPPED: {words} Its folder: {entry.folder}")
            lines += [f"  {listed.rank:>5}  {listed.child}" for listed in entry.listed]
        found = f"{count(len(children), 'person', 'people')} in {count(len(self.batches), 'batch', 'batches')}"
        yield Section(lines, title=f"It had listed {found}; rank and pseudonym")
        faults = [f"NOT WHOLE: {book.path}: {fault}" for book in self.looked_in for fault in ledger_faults(book)]
        caution = "Being listed by it was no reason to act, and not being listed none to wait: look at them again."
        yield Section([*faults, caution, _OUT_OF_REACH])

    def to_dict(self) -> dict[str, Any]:
        """Return the entry, and every batch of children that the version had listed."""
        return {
            "withdrawal": self.entry.model_dump(mode="json"),
            "withdrawn_before": self.withdrawn_before,
            "batches": [
                {"ledger": str(path), **entry.model_dump(mode="json"), "files": end and list(end.files)}
                for path, entry, end in self.batches
            ],
            "looked_in": [{"ledger": str(book.path), "faults": ledger_faults(book)} for book in self.looked_in],
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
        Ledgers of screening runs, as schools hold them; of a folder, every ``screenings*.jsonl`` below it.
    ledger : str or pathlib.Path, optional
        Of decisions; see :func:`promote`.
    tracking_uri : str, optional
        Where the registry is; by default ``mlflow.db`` in the working directory.

    Returns
    -------
    Withdrawal
        With the entry in the ledger and, for each screening run of the version, the children listed, by pseudonym.

    Raises
    ------
    UsageError
        If there is no such version or ledger, or the call's words do not fit.
    LedgerError
        If the ledger of decisions was altered, or is not the one that the registry knows; the version is withdrawn
        from the registry all the same.

    Examples
    --------
    >>> from send_screen import withdraw
    >>> gone = withdraw("models:/reception_sen/3", by="A. Head", reason="wrong codes")  # doctest: +SKIP
    >>> gone.batches  # doctest: +SKIP
    []
    """
    uri = tracking_uri or default_uri()
    by, reason = validate_free_text("--by", by), validate_free_text("--reason", reason)
    looked_in = tuple(read_ledger(path) for path in _found(screenings))
    version = find_version(model, uri=uri)
    # First of all: whatever is wrong with the ledger, nobody else screens with it from the registry.
    tag_withdrawn(version, version.withdrawn or _decision(version, by, reason).description, uri=uri)
    try:
        entry, before = _record(version, by, reason, ledger or default_ledger(uri), uri=uri)
    except SendScreenError as error:
        error.message = f"The version is withdrawn from the registry, but that could not be recorded: {error.message}"
        raise
    batches = [
        (book.path, entry, end)
        for book in looked_in
        for entry, end in book.screening_runs(version=version.version_id, manifest_sha256=version.manifest_sha256)
    ]
    return Withdrawal(entry, before, batches, looked_in)


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
    version: RegisteredVersion, by: str, reason: str, ledger: str | Path, *, uri: str
) -> tuple[WithdrawalEntry, bool]:
    """Record a withdrawal; return its entry, and whether it had been recorded before."""
    with open_for_append(ledger) as book:
        gone = withdrawal(book.entries, version.version_id)
        unfinished = entries_after(book.entries, version.name, find_model(version.name, uri=uri).head)
        if gone is not None and gone not in unfinished:
            return gone, True
        _finish_promotion(book, version, unfinished, uri=uri)
        entry = record_decision(book, _decision(version, by, reason), uri=uri)
        tag_withdrawn(version, entry.description, uri=uri)  # the day is the entry's from now on
        sync_registry(book, version, entry, uri=uri)
    return entry, False


def _finish_promotion(
    book: OpenLedger, version: RegisteredVersion, unfinished: list[DecisionEntry], *, uri: str
) -> None:
    """Have the registry show the promotion of a version that is to be withdrawn, where that was interrupted.

    Nobody could give that command again: the version is tagged as withdrawn.
    """
    if (
        len(unfinished) == 1
        and isinstance(entry := unfinished[0], PromotionEntry)
        and entry.version == version.version_id
    ):
        set_alias(replace(version, number=entry.registered), entry.alias, tags=entry.tags, uri=uri)
        sync_registry(book, version, entry, uri=uri)


def _found(screenings: Iterable[str | Path]) -> list[Path]:
    files: list[Path] = []
    for path in map(Path, screenings):
        below = sorted(path.rglob("screenings*.jsonl")) if path.is_dir() else [path]
        if not below or not below[0].is_file():
            raise UsageError(
                f"There is no ledger of screening runs at {path}.",
                remedy="Nothing was withdrawn. Name the file or its folder with --screenings, or leave it out for now.",
            )
        files += [file for file in below if file not in files]
    return files
