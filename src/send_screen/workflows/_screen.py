"""Screen: from a version and a school's file to a list with reasons, in files that are whole or not there."""

from __future__ import annotations

import errno
import getpass
import json
from collections import Counter
from pathlib import Path
from typing import Any

from send_screen.cohorts import load_cohort
from send_screen.contracts import file_name
from send_screen.errors import MissingExtraError, UsageError
from send_screen.governance import SCREENING, Entry, OpenLedger, Pseudonyms, open_for_append
from send_screen.reports import (
    render_screening,
    write_excluded_csv,
    write_list_csv,
    write_list_xlsx,
    write_page,
)
from send_screen.screening import NOTICE, Capacity, ScreeningResult, screen
from send_screen.workflows._models import load_model

SUMMARY = "summary.json"
LEDGER = "screenings.jsonl"
FILES = ("list.csv", "list.xlsx", "excluded.csv", "report.html")


def screen_file(
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
) -> tuple[ScreeningResult, dict[str, Any]]:
    """Screen a file and write ``list.csv``, ``list.xlsx``, ``excluded.csv``, ``report.html`` and ``summary.json``.

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
        Whether each school has its own places.
    role : str, optional
        The role that will read the list: of what it may not see, only the agency to ask is named.
    allow_synthetic_model : bool, default False
        See :func:`send_screen.screening.screen`.
    ledger : str or pathlib.Path, optional
        Where the run is entered, with those it listed under pseudonyms; by default ``screenings.jsonl`` beside
        ``out``.
    tracking_uri : str, optional
        Where the registry is, for ``models:/...``.

    Returns
    -------
    result : ScreeningResult
    summary : dict
        As written.

    Raises
    ------
    GateError
        If the version was withdrawn.
    LedgerError
        If the ledger was altered or is torn. Nothing is written then: nobody is listed unseen.
    MissingExtraError
        If the ledger, the folder or one of its files cannot be written.
    """
    asked = Capacity.parse(capacity) if capacity else None
    if not str(out).strip():
        raise UsageError("No folder is given for the lists.", remedy="Give one with --out.")
    bundle = load_model(model, tracking_uri=tracking_uri)
    cohort = load_cohort(bundle.spec, file, training=False, contracts=bundle.contracts)
    result = screen(
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
        return result, write_results(result, out, manifest_sha256=bundle.manifest_sha256, book=book)


def write_results(result: ScreeningResult, out: Path, *, manifest_sha256: str, book: OpenLedger) -> dict[str, Any]:
    """Write the files of a screening run, enter it in the ledger, write the summary last, and return it.

    A run that ends before the summary may stand in the ledger; one with a summary always does.

    Raises
    ------
    MissingExtraError
        If the folder cannot be written, or one of its files is open elsewhere.
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
            "report.html": write_page(render_screening(result), out / "report.html"),
        }
        entry = enter_batch(result, hashes["list.csv"], manifest_sha256, book)
        summary = summarise(result, hashes, manifest_sha256)
        summary["ledger"] = {"file": file_name(book.path), "entry": entry["number"], "sha256": entry["sha256"]}
        write_page(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", out / SUMMARY)
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


def enter_batch(result: ScreeningResult, list_sha256: str, manifest_sha256: str, book: OpenLedger) -> Entry:
    """Enter whom a run listed, by which version: no identifier, no name, and nothing else of a child but its rank."""
    pseudonyms = Pseudonyms(book.path)
    content = {
        "by": _user(),
        "model": result.model["name"],
        "version": result.model["version"],
        "manifest_sha256": manifest_sha256,
        "file": file_name(result.file),
        "list_sha256": list_sha256,
        "capacity": result.capacity,
        "per_school": result.per_school,
        "rows": result.n_rows,
        "excluded": len(result.excluded),
        "key": pseudonyms.key_id,
        "listed": [{"rank": child.rank, "child": pseudonyms.of(child.child_id)} for child in result.listed],
    }
    return book.append(SCREENING, content)


def _user() -> str:
    """Return who is signed in on this machine."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "not known"


def summarise(result: ScreeningResult, hashes: dict[str, str], manifest_sha256: str) -> dict[str, Any]:
    """Return the run in figures: no identifier and no child's data."""
    return {
        "format": "send_screen.screening/1",
        "notice": NOTICE,
        "banners": list(result.banners),
        "model": {key: result.model[key] for key in ("name", "version", "trained_on", "review_date")},
        "manifest_sha256": manifest_sha256,
        "file": result.file,
        "date": result.date,
        "capacity": result.capacity,
        "per_school": result.per_school,
        "role": result.role,
        "rows": result.n_rows,
        "screened": result.n_screened,
        "listed": len(result.listed),
        "on_the_margin": len(result.margin),
        "excluded": dict(sorted(Counter(child.kind for child in result.excluded).items())),
        "excluded_by_rule": dict(sorted(Counter(child.rule for child in result.excluded).items())),
        "notes": list(result.notes),
        "files": hashes,
    }
