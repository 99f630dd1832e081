"""Everything that a ledger holds on one child: the record for the parents, and a letter to them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from send_screen.contracts._upn import repair_upn
from send_screen.documents import count, file_name, read_regular_file
from send_screen.errors import UsageError
from send_screen.governance import (
    LEDGER,
    AnyEntry,
    DecisionsEntry,
    DisclosureEntry,
    LedgerLocation,
    ScreeningEntry,
    ServedEntry,
    current_user,
    find_pseudonyms,
    find_withdrawal,
    named_ledger,
    open_for_append,
    read_ledger,
    records_of_child,
)
from send_screen.reports import (
    EnteredDecision,
    HeldAnswer,
    HeldList,
    HeldRecord,
    letter_template,
    render_held_record,
    render_letter,
)
from send_screen.results import Result, Section
from send_screen.screening import ChildRecord, Decision, DecisionRecord
from send_screen.workflows._folders import write_output

_FORMAT = "send_screen.held_record/1"
_MAX_TEMPLATE = 1_000_000  # bytes


@dataclass(frozen=True, repr=False)
class WrittenRecord(Result):
    """Files about one child that were written; neither console nor notebook shows what is in them."""

    files: tuple[Path, ...]
    n_lists: int
    """Lists that were made from files with the child in them."""
    n_listed: int
    """Those on which the child stood."""

    @property
    def headline(self) -> str:
        """How many lists there were."""
        return f"{count(self.n_lists, 'list', 'lists')} with this child in the file; on {self.n_listed} of them listed."

    def sections(self) -> Iterable[Section]:
        """Yield the files."""
        yield Section([f"Open {path.resolve()}" for path in self.files])

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and files."""
        return {"n_lists": self.n_lists, "n_listed": self.n_listed, "files": [str(path) for path in self.files]}


def record(child: str, *, out: str | Path, ledger: str | Path | None = None) -> WrittenRecord:
    """Write everything that a ledger holds on a child, for a request of the child or the parents (subject access).

    Writes ``record.html``, a page in plain words, and ``record.json``. That it was written is recorded in the ledger.

    Parameters
    ----------
    child : str
        The child's identifier, as in the school's file.
    out : str or pathlib.Path
        A folder that is not there yet.
    ledger : str or pathlib.Path, optional
        A file, or the address of a PostgreSQL database; by default ``ledger.db`` in the working directory.

    Returns
    -------
    WrittenRecord

    Raises
    ------
    UsageError
        If the ledger holds nothing on the child, or ``out`` is there already.
    LedgerError
        If the ledger was altered, or its key is missing.
    MachineError
        If a file cannot be written.

    Examples
    --------
    >>> from send_screen import record
    >>> record("A000200006001", out="request of 31 July", ledger="ledger.db")  # doctest: +SKIP
    <WrittenRecord: 2 lists with this child in the file; on 1 of them listed.>
    """
    out = Path(out)
    if out.exists():
        raise UsageError(f"{out} is there already.", remedy="Give a folder that is not there yet, with --out.")
    place = ledger or LEDGER
    held = _held_record(place, child)
    content = json.dumps({"format": _FORMAT, **_as_json(held)}, indent=2, ensure_ascii=False)
    files = {out / "record.html": render_held_record(held), out / "record.json": content + "\n"}
    return _write(held, files, place, "record")


def letter(
    child: str, *, out: str | Path, template: str | Path | None = None, ledger: str | Path | None = None
) -> WrittenRecord:
    """Write a letter to the parents of a child who was listed: what, why, whom to ask, how to object; never a score.

    That it was written is recorded in the ledger.

    Parameters
    ----------
    child : str
        The child's identifier, as in the school's file.
    out : str or pathlib.Path
        The page (.html), not there yet.
    template : str or pathlib.Path, optional
        A template of your own, in Jinja; by default the library's. If the file is not there yet, the library's is
        written there, to be edited, and no letter.
    ledger : str or pathlib.Path, optional
        See :func:`record`.

    Returns
    -------
    WrittenRecord

    Raises
    ------
    ReadError
        If the template has a mistake.
    UsageError
        If the child was never listed, or ``out`` is there already.

    Examples
    --------
    >>> from send_screen import letter
    >>> letter("A000200006001", out="letter.html", ledger="ledger.db")  # doctest: +SKIP
    <WrittenRecord: 2 lists with this child in the file; on 1 of them listed.>
    """
    out = Path(out)
    if out.exists():
        raise UsageError(f"{out} is there already.", remedy="Give a file that is not there yet, with --out.")
    place = ledger or LEDGER
    held = _held_record(place, child)
    if not any(each.record.kind == "listed" for each in held.lists):
        raise UsageError(
            "This child was on no list.", remedy="Check the identifier and the ledger. Nothing was written."
        )
    if held.decision is Decision.NO_NEED:
        raise UsageError("No need was found for this child.", remedy="There is nothing to write to the parents about.")
    if template is not None and not Path(template).exists():
        return _write(held, {Path(template): letter_template()}, place, None)
    text = None if template is None else _read_template(Path(template))
    page = render_letter(held, template=text, file=file_name(template or ""))
    return _write(held, {out: page}, place, "letter")


def _as_json(held: HeldRecord) -> dict[str, Any]:
    """Return a record as JSON can hold it."""
    lists = [
        {
            **{name: value for name, value in vars(each).items() if name not in ("record", "decisions")},
            "record": each.record.model_dump(mode="json"),
            "decisions": [
                {**asdict(entered), "decision": entered.decision.model_dump(mode="json")} for entered in each.decisions
            ],
        }
        for each in held.lists
    ]
    disclosed = [dict(zip(("on", "by", "what"), each, strict=True)) for each in held.disclosed]
    served = [asdict(each) for each in held.served]
    return {
        "child_id": held.child_id,
        "made_on": held.made_on,
        "lists": lists,
        "served": served,
        "disclosed": disclosed,
    }


def find_identifier(place: str | Path, child: str) -> str:
    """Return a child's identifier as a ledger has it: as given, or, of a UPN, without its blanks and in capitals."""
    child = child.strip()
    known = find_pseudonyms(place, [child, repair_upn(child)])
    return repair_upn(child) if child not in known and known else child


def _held_record(place: str | Path, child: str) -> HeldRecord:
    ledger = read_ledger(place)
    ledger.require_unaltered()
    child = find_identifier(place, child)
    records = dict(records_of_child(place, child)) if ledger.entries else {}
    pseudonym = find_pseudonyms(place, [child]).get(child) if ledger.entries else None
    if pseudonym is None:
        raise UsageError(
            f"The ledger {ledger.location} holds nothing on this child.",
            remedy="Check the identifier, as it is in the school's file, and name the ledger with --ledger. What was "
            "erased cannot be found any more.",
        )
    if not records:
        raise UsageError(
            f"The records of this child in {ledger.location} are past their date, and cannot be read any more.",
            remedy="What is left are the places on lists, under a pseudonym. send-screen erase takes that away too.",
        )
    return HeldRecord(
        child_id=child,
        made_on=dt.date.today().isoformat(),
        lists=tuple(
            _held_list(entry, ledger.entries, records, _withdrawn_on(entry, ledger.location))
            for entry in ledger.entries
            if isinstance(entry, ScreeningEntry) and entry.number in records
        ),
        disclosed=tuple(
            (entry.when.date().isoformat(), entry.by, entry.what)
            for entry in ledger.entries
            if isinstance(entry, DisclosureEntry) and entry.child == pseudonym
        ),
        served=tuple(
            HeldAnswer(answered_on=entry.when.date().isoformat(), version=entry.version, role=entry.role, **answer)
            for entry in ledger.entries
            if isinstance(entry, ServedEntry)
            for answer in records.get(entry.number, {}).get("answers", ())
        ),
    )


def _withdrawn_on(entry: ScreeningEntry, location: LedgerLocation) -> str | None:
    """Return when the version of a run was withdrawn, as far as its ledger or the named one knows."""
    found = find_withdrawal([location, named_ledger()], version=entry.version, manifest_sha256=entry.manifest_sha256)
    return None if found is None else found.when.date().isoformat()


def _held_list(
    entry: ScreeningEntry, entries: Sequence[AnyEntry], records: dict[int, dict[str, Any]], withdrawn: str | None
) -> HeldList:
    return HeldList(
        made_on=entry.when.date().isoformat(),
        by=entry.by,
        role=entry.role,
        file=entry.file,
        title=entry.title,
        version=entry.version,
        outcome=entry.outcome,
        owner=entry.owner,
        capacity=entry.capacity,
        n_listed=len(entry.listed),
        n_rows=entry.n_rows,
        keep_until=entry.keep_until,
        withdrawn_on=withdrawn,
        watermarks=entry.watermarks,
        record=ChildRecord.model_validate(records[entry.number], strict=False),
        decisions=tuple(
            EnteredDecision(
                number=returned.number,
                entered_on=returned.when.date().isoformat(),
                entered_by=returned.by,
                decision=DecisionRecord.model_validate(records[returned.number], strict=False),
            )
            for returned in entries
            if isinstance(returned, DecisionsEntry)
            and returned.screening == entry.number
            and returned.number in records
        ),
    )


def _write(
    held: HeldRecord, files: dict[Path, str], place: str | Path, what: Literal["record", "letter"] | None
) -> WrittenRecord:
    """Write what is given out, record that in the ledger, and return where it is; ``what`` is None for a template."""
    try:
        write_output(files)
        if what is not None:
            with open_for_append(place) as ledger:
                pseudonym = ledger.pseudonyms([held.child_id])[held.child_id]
                ledger.append(DisclosureEntry(by=current_user(), what=what, child=pseudonym))
    except BaseException:  # nothing is given out that the ledger does not say
        for path in files:
            path.unlink(missing_ok=True)
        if what == "record":
            with suppress(OSError):
                next(iter(files)).parent.rmdir()
        raise
    n_listed = sum(each.record.kind == "listed" for each in held.lists)
    return WrittenRecord(tuple(files), len(held.lists), n_listed)


def _read_template(path: Path) -> str:
    try:
        return read_regular_file(path, max_bytes=_MAX_TEMPLATE).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            f"The template {path} cannot be read.", remedy="Give a text file in UTF-8, with --template."
        ) from None
