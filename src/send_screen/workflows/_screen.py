"""Screen a school's file with a version: a list with reasons, in files that are whole or not there."""

from __future__ import annotations

import errno
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW, load_cohort
from send_screen.documents import file_name, write_whole
from send_screen.errors import MissingExtraError, UsageError
from send_screen.governance import (
    ListedChild,
    OpenLedger,
    Pseudonyms,
    ScreeningEntry,
    current_user,
    open_for_append,
)
from send_screen.reports import (
    render_screening,
    write_excluded_csv,
    write_list_csv,
    write_list_xlsx,
)
from send_screen.results import Result, Section
from send_screen.screening import NOTICE, Capacity, ScreeningResult, screen_cohort
from send_screen.workflows._export import load_model

SUMMARY = "summary.json"
LEDGER = "screenings.jsonl"
FILES = ("list.csv", "list.xlsx", "excluded.csv", "report.html")


@dataclass(frozen=True, repr=False)
class ScreenedFile(Result):
    """A file that was screened.

    A notebook shows the counts and never a child: the list is in the files, for those who may read it.
    """

    result: ScreeningResult
    """Who is listed and why, who is just below the threshold, who could not be screened."""
    summary: dict[str, Any]
    """The counts, as in ``summary.json``."""
    out: Path
    """Folder of the files."""

    @property
    def headline(self) -> str:
        """How many rows the file has, and what became of them."""
        found = self.result
        return f"{found.n_rows} rows = {found.n_screened} screened + {len(found.excluded)} set aside."

    def sections(self) -> Iterable[Section]:
        """Give the counts and the notes; the children who could not be screened come first."""
        found = self.result
        kinds = Counter(child.kind for child in found.excluded)
        by_hand_first = sorted(kinds.items(), key=lambda item: item[0] != MANUAL_REVIEW)
        yield Section(
            [
                *found.banners,
                *(f"{n} child(ren): {EXCLUSIONS[kind]}." for kind, n in by_hand_first),
                f"{len(found.listed)} of {found.n_screened} screened children are listed, {len(found.margin)} are just "
                "below the line. Not being listed is never 'no need'.",
                *(f"Note: {note}" for note in found.notes),
                f"Open {(self.out / 'report.html').resolve()}",
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return self.summary


def screen(
    model: str | Path,
    file: str | Path,
    *,
    out: str | Path,
    capacity: str | None = None,
    per_school: bool = False,
    role: str | None = None,
    allow_synthetic_model: bool = False,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> ScreenedFile:
    """List the children of a file whom it would be worth talking about first, with reasons.

    Writes ``list.csv``, ``list.xlsx``, ``excluded.csv``, ``report.html`` and ``summary.json``.

    Parameters
    ----------
    model : str or pathlib.Path
        See :func:`load_model`.
    file : str or pathlib.Path
        A school's file, or a folder with one file a contract.
    out : str or pathlib.Path
        Folder for the results. The summary is written last: where it is missing, the run did not end.
    capacity : str, optional
        ``"30"`` or ``"10%"``; by default the spec's.
    per_school : bool, default False
        Whether the capacity is that of each school rather than of the whole file.
    role : str, optional
        The role that will read the list: of what it may not see, only the agency to ask is named.
    allow_synthetic_model : bool, default False
        Show real children to a model that was trained on synthetic ones; every page then says so.
    ledger : str or pathlib.Path, optional
        Where the run is entered, with those it listed under pseudonyms; by default ``screenings.jsonl`` beside
        ``out``.
    tracking_uri : str, optional
        Where the registry is, for ``models:/...``.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    ScreenedFile
        Rows of the file = rows screened + rows excluded.

    Raises
    ------
    UsageError
        If there is no such version, or the capacity is none.
    PopulationError
        If the children are outside the model's population, or it was trained on synthetic children.
    GateError
        If the version was withdrawn.
    LedgerError
        If the ledger was altered or is truncated. Nothing is written then: nobody is listed unseen.
    MissingExtraError
        If the ledger, the folder or one of its files cannot be written.

    Notes
    -----
    A flag is a prompt to assess, never a diagnosis and never a decision.

    Examples
    --------
    >>> from send_screen import screen
    >>> found = screen("model", "pupils.xlsx", out="lists", capacity="10%")  # doctest: +SKIP
    >>> found.summary["n_listed"]  # doctest: +SKIP
    9
    """
    if progress is not None:
        progress("Screening")
    asked = Capacity.parse(capacity) if capacity else None
    if not str(out).strip():
        raise UsageError("No folder is given for the lists.", remedy="Give one with --out.")
    bundle = load_model(model, tracking_uri=tracking_uri)
    cohort = load_cohort(bundle.spec, file, training=False, contracts=bundle.contracts)
    result = screen_cohort(
        bundle,
        cohort,
        file=Path(file).name,
        capacity=asked,
        per_school=per_school,
        role=role,
        allow_synthetic_model=allow_synthetic_model,
    )
    out = Path(out)
    with open_for_append(ledger or out.resolve().parent / LEDGER) as book:
        summary = write_results(result, out, manifest_sha256=bundle.manifest_sha256, book=book)
    return ScreenedFile(result, summary, out)


def write_results(result: ScreeningResult, out: Path, *, manifest_sha256: str, book: OpenLedger) -> dict[str, Any]:
    """Write the files of a screening run, enter it in the ledger, write the summary last, and return it.

    A run that ends before the summary may stand in the ledger; one with a summary always does.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        # A summary stands for a whole run. That of an earlier run goes first, then its files: no old page may stand
        # beside a new list.
        for name in (SUMMARY, *FILES):
            (out / name).unlink(missing_ok=True)
        hashes = {
            "list.csv": write_list_csv(result, out / "list.csv"),
            "list.xlsx": write_list_xlsx(result, out / "list.xlsx"),
            "excluded.csv": write_excluded_csv(result, out / "excluded.csv"),
            "report.html": write_whole(render_screening(result), out / "report.html"),
        }
        entry = record_screening(result, hashes["list.csv"], manifest_sha256, book)
        summary = summarise(result, hashes, manifest_sha256)
        summary["ledger"] = {"file": file_name(book.path), "entry": entry.number, "sha256": entry.sha256}
        write_whole(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", out / SUMMARY)
    except OSError as error:
        name = Path(str(error.filename)).name if error.filename else str(out)
        full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
        raise MissingExtraError(
            f"{name} cannot be written ({error.strerror}).",
            remedy="Make room on the disk, or give another folder with --out."
            if full
            else "Close it where it is open (in Excel, for example), or give another folder with --out.",
        ) from None
    return summary


def record_screening(
    result: ScreeningResult, list_sha256: str, manifest_sha256: str, book: OpenLedger
) -> ScreeningEntry:
    """Enter whom a run listed, by which version: no identifier, no name, and nothing else of a child but its rank."""
    pseudonyms = Pseudonyms(book.path)
    return book.append(
        ScreeningEntry(
            by=current_user(),
            model=result.published.version.name,
            version=result.published.version.id,
            manifest_sha256=manifest_sha256,
            file=file_name(result.file),
            list_sha256=list_sha256,
            capacity=result.capacity,
            per_school=result.per_school,
            n_rows=result.n_rows,
            excluded=len(result.excluded),
            key=pseudonyms.key_id,
            listed=tuple(ListedChild(rank=c.rank, child=pseudonyms.of(c.child_id)) for c in result.listed),
        )
    )


def summarise(result: ScreeningResult, hashes: dict[str, str], manifest_sha256: str) -> dict[str, Any]:
    """Return the run in figures: no identifier and no child's data."""
    version = result.published.version
    return {
        "format": "send_screen.screening/1",
        "notice": NOTICE,
        "banners": list(result.banners),
        "model": {
            "name": version.name,
            "version": version.id,
            "trained_on": version.trained_on,
            "review_date": version.review_date,
        },
        "manifest_sha256": manifest_sha256,
        "file": result.file,
        "date": result.date,
        "capacity": result.capacity,
        "per_school": result.per_school,
        "role": result.role,
        "n_rows": result.n_rows,
        "n_screened": result.n_screened,
        "n_listed": len(result.listed),
        "n_near_threshold": len(result.margin),
        "excluded": dict(sorted(Counter(child.kind for child in result.excluded).items())),
        "excluded_by_rule": dict(sorted(Counter(child.rule for child in result.excluded).items())),
        "notes": list(result.notes),
        "files": hashes,
    }
