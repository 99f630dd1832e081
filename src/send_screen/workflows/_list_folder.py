"""The folder of a screening run: recorded in the ledger, written, and then recorded as complete.

A list is on the disk only if the ledger has an entry for its run, even if the run was killed. A run without an end in
the ledger was stopped: the next run with the same ledger deletes its partial files, and records which files are in its
folder.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import platform
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from send_screen.documents import file_name, remove_partial_files, replace_surrogates, write_atomically
from send_screen.errors import MachineError, SendScreenError, UsageError
from send_screen.governance import (
    ListedChild,
    OpenLedger,
    ScreeningEndEntry,
    ScreeningEntry,
    current_user,
    screening_runs,
    sha256_of,
)
from send_screen.reports import (
    format_owner,
    render_excluded_csv,
    render_linkage_csv,
    render_list_csv,
    render_list_xlsx,
    render_screening,
    run_watermarks,
)
from send_screen.screening import NOTICE, ChildRecord, ScreeningResult

SUMMARY = "summary.json"
FILES = ("list.csv", "list.xlsx", "excluded.csv", "report.html", SUMMARY)
LINKAGE = "linkage.csv"
_ALL_FILES = (*FILES, LINKAGE)


def render_files(result: ScreeningResult) -> dict[str, bytes]:
    """Return name -> content of the files of a screening run, but for its summary."""
    contents = {
        "list.csv": render_list_csv(result),
        "list.xlsx": render_list_xlsx(result),
        "excluded.csv": render_excluded_csv(result),
        "report.html": render_screening(result).encode(),
    }
    if result.linked_rows:
        contents[LINKAGE] = render_linkage_csv(result)
    return contents


def files_of_list(folder: Path) -> list[str]:
    """Return which files of a list are in a folder."""
    return [name for name in _ALL_FILES if os.path.lexists(folder / name)]


def free_folder(out: Path, date: str) -> Path:
    """Return ``out``, or, where it holds a list already, a folder beside it with the date, or other words, after it."""
    out = out if out.name not in ("", "..") else out.resolve()  # a folder that has a name
    name, number = out, 1
    while files_of_list(name):
        name = out.with_name(f"{out.name} {date}" if number == 1 else f"{out.name} {date} ({number})")
        number += 1
    return name


def move_list(out: Path, aside: Path) -> None:
    """Move the files of a list into another folder, the summary first: without one a list is not complete."""
    aside.mkdir(parents=True, exist_ok=True)
    for name in reversed(files_of_list(out)):
        (out / name).rename(aside / name)


def write_list_folder(
    result: ScreeningResult,
    contents: dict[str, bytes],
    out: Path,
    *,
    records: Mapping[str, ChildRecord],
    keep_until: dt.date | None,
    manifest_sha256: str,
    ledger: OpenLedger,
) -> dict[str, Any]:
    """Record a screening run, write its files, the summary last, record its end, and return the summary.

    ``contents`` are the rendered files, and ``records`` what the run made of each child, by identifier, which may be
    kept until ``keep_until``.
    """
    hashes = {name: sha256_of(content) for name, content in contents.items()}
    summary = summarise(result, hashes, manifest_sha256)
    try:
        out.mkdir(parents=True, exist_ok=True)
        remove_partial_files(out, _ALL_FILES)
        _require_no_list(out)
        entry = ledger.append(
            _screening_entry(result, out, hashes["list.csv"], manifest_sha256, keep_until, ledger),
            records={child: record.model_dump(mode="json") for child, record in records.items()},
        )
        summary["ledger"] = {"file": ledger.location.name, "entry": entry.number, "sha256": entry.sha256}
        contents = {**contents, SUMMARY: (json.dumps(summary, indent=2, ensure_ascii=False) + "\n").encode()}
        try:
            for name, content in contents.items():
                write_atomically(content, out / name)
            ledger.append(ScreeningEndEntry(screening=entry.number, files=tuple(contents)))
        except BaseException:
            for name in contents:
                (out / name).unlink(missing_ok=True)
            with suppress(SendScreenError):  # otherwise the next run records it
                ledger.append(ScreeningEndEntry(screening=entry.number, files=()))
            raise
    except OSError as error:
        name = Path(str(error.filename)).name if error.filename else str(out)
        full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
        raise MachineError(
            f"{name} cannot be written ({error.strerror}).",
            remedy="Make room on the disk, or give another folder with --out."
            if full
            else "Close it where it is open (in Excel, for example), or give another folder with --out.",
        ) from None
    return summary


def _require_no_list(out: Path) -> None:
    if there := files_of_list(out):
        raise UsageError(
            f"{out} already holds {there[0]}, and what people wrote in a list is never overwritten.",
            remedy="Give a folder that holds no list yet, with --out.",
        )


def close_stopped_runs(ledger: OpenLedger) -> tuple[str, ...]:
    """Delete the partial files of stopped runs, record which files are in their folders, and return notes.

    Folders that are not accessible, such as on a USB stick or on another computer, are left to a later run.
    """
    notes = []
    beside = ledger.location.folder
    for entry, end in screening_runs(ledger.entries):
        if end is not None or (beside is None and entry.machine != _machine()):
            continue
        folder = (beside or Path()) / entry.folder
        if not folder.parent.exists():
            continue
        try:
            remove_partial_files(folder, _ALL_FILES)
            files = tuple(name for name in _ALL_FILES if (folder / name).exists())
        except OSError:
            continue
        end = ledger.append(ScreeningEndEntry(screening=entry.number, files=files))
        if stop := describe_stop(end):
            notes.append(f"A run of {entry.file} into {folder} was stopped: {stop}")
    return tuple(notes)


def describe_stop(end: ScreeningEndEntry | None) -> str:
    """Describe the list of a run that was stopped; empty for a complete run."""
    if end is None:
        return "whether its list was made is not known."
    if not end.files:
        return "no list of it was found."
    if SUMMARY not in end.files:
        return f"of its files, only {', '.join(end.files)} {'was' if len(end.files) == 1 else 'were'} found."
    return ""


def _screening_entry(
    result: ScreeningResult,
    out: Path,
    list_sha256: str,
    manifest_sha256: str,
    keep_until: dt.date | None,
    ledger: OpenLedger,
) -> ScreeningEntry:
    """Return the entry of a run: the version, and pseudonym and rank of each listed child."""
    pseudonyms = ledger.pseudonyms(child.child_id for child in result.listed)
    version = result.published.version
    return ScreeningEntry(
        by=current_user(),
        run=result.run_id,
        role=result.role,
        title=version.title,
        outcome=version.outcome_description,
        owner=format_owner(version.owner),
        watermarks=run_watermarks(version.trained_on, result.banners),
        keep_until=keep_until.isoformat() if keep_until else None,
        model=version.name,
        version=version.id,
        manifest_sha256=manifest_sha256,
        file=file_name(result.file),
        folder=_relative_path(ledger.location.folder, out.resolve()),
        list_sha256=list_sha256,
        capacity=result.capacity,
        per_school=result.per_school,
        n_rows=result.n_rows,
        excluded=len(result.excluded),
        machine=_machine(),
        listed=tuple(ListedChild(rank=c.rank, child=pseudonyms[c.child_id]) for c in result.listed),
    )


def _machine() -> str:
    return replace_surrogates(platform.node())


def _relative_path(start: Path | None, folder: Path) -> str:
    """Return a folder as seen from the one of the ledger; the whole path where the ledger is on a server."""
    with suppress(ValueError):  # raised for different drives on Windows
        folder = folder if start is None else Path(os.path.relpath(folder, start))
    return replace_surrogates(folder.as_posix())


def summarise(result: ScreeningResult, hashes: dict[str, str], manifest_sha256: str) -> dict[str, Any]:
    """Return the counts of a run, without identifiers or children's data."""
    version = result.published.version
    return {
        "format": "send_screen.screening/1",
        "notice": NOTICE,
        "banners": list(result.banners),
        "run": result.run_id,
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
        "n_review_sample": len(result.review_sample),
        "excluded": dict(sorted(Counter(child.kind for child in result.excluded).items())),
        "excluded_by_rule": dict(sorted(Counter(child.rule for child in result.excluded).items())),
        "linked": list(result.linked),
        "notes": list(result.notes),
        "files": hashes,
    }
