"""Read what people wrote in a list: the workbook or the CSV of a screening run, as it came back."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from send_screen.contracts._dates import DateOrder, date_order, read_date
from send_screen.contracts._headers import header_key
from send_screen.documents import is_formula
from send_screen.errors import ReadError
from send_screen.readers import Reading, read_tables
from send_screen.screening._decision_columns import DECISION_COLUMNS, Decision
from send_screen.screening._decision_record import DecisionRecord

# What is needed of a table -> its name in a CSV, and its heading in a workbook.
_WHOSE = {
    "run": ("run", "Run"),
    "child_id": ("child_id", "ID"),
    "name": ("name", "Child"),
    "row_in_file": ("row_in_file", "Row in file"),
}
_NEEDED = {**_WHOSE, **{column.name: (column.name, column.heading) for column in DECISION_COLUMNS}}
_IN_CSV = frozenset({"listed", "review_sample"})
_IN_WORKBOOK = _IN_CSV | {"near", "manual_review"}
_MAX_NOTE = 5_000  # characters
_HEADINGS = {name: either[1] for name, either in _NEEDED.items()}


@dataclass(frozen=True, repr=False)
class DecidedRow:
    """A row of a list that came back: whose it is, and what was written in it."""

    row: int
    """Row of the file, as a spreadsheet counts; of a workbook's later sheets with an offset."""
    run: str
    child_id: str
    name: str
    """As the row shows it: the name, or what stands for it."""
    row_in_file: str
    """Row of the child in the file that was screened, as the list has it."""
    record: DecisionRecord
    problems: tuple[str, ...] = ()
    """What cannot be read, each with what to do; then nothing of the row is entered."""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written in it."""
        return not self.problems and self.record == DecisionRecord()

    @property
    def where(self) -> str:
        """Whose row it is, or its place, for a message."""
        return self.name or f"row {self.row}"


@dataclass(frozen=True, repr=False)
class ReturnedList:
    """A list that came back. A notebook shows no child of it."""

    file: str
    """Name of the file, without its folder."""
    sha256: str
    rows: tuple[DecidedRow, ...]
    whole: frozenset[str]
    """Kinds of records of which every child of the run should have a row; empty for a file of some rows alone."""

    @property
    def runs(self) -> dict[str, int]:
        """Id of each run -> the number of its rows."""
        return dict(Counter(row.run for row in self.rows))


def read_decisions(path: str | Path, *, today: dt.date | None = None) -> ReturnedList:
    """Read the decisions in ``list.xlsx`` or ``list.csv``.

    Parameters
    ----------
    path : str or pathlib.Path
        The workbook or CSV of a screening run, with what people wrote in it.
    today : datetime.date, optional
        A decision that is dated later cannot be right.

    Returns
    -------
    ReturnedList
        Every row of a child, with what was written and what cannot be read.

    Raises
    ------
    ReadError
        If the file cannot be read, or is not the list of a screening run.
    """
    readings = [reading for reading in read_tables(path) if _is_of_list(_headers(reading))]
    for reading in readings:
        if lacking := [_HEADINGS[name] for name in _NEEDED if name not in _headers(reading)]:
            raise ReadError(
                f"The list lacks {', '.join(map(repr, lacking))}"
                + (f" on the sheet {reading.shown_sheet}." if reading.shown_sheet else "."),
                file=reading.file,
                remedy="Give the columns the headings that the list had, and all of them. Nothing was entered.",
            )
    if not readings:
        raise ReadError(
            f"This is not the list of a screening run: it has no columns {', '.join(map(repr, _HEADINGS.values()))}.",
            file=Path(path).name,
            remedy="Name list.xlsx or list.csv of the run, with all its columns.",
        )
    rows = [row for reading in readings for row in _rows(reading, today or dt.date.today())]
    headers = {header_key(str(header)) for reading in readings for header in reading.frame.columns}
    whole = _IN_WORKBOOK if "place" in headers else _IN_CSV if "rank" in headers else frozenset[str]()
    return ReturnedList(readings[0].file, readings[0].sha256, tuple(_contradictions(_each_once(rows))), whole)


def _headers(reading: Reading) -> dict[str, Any]:
    """Return what is needed of a table -> its header in it."""
    headers = {header_key(str(header)): header for header in reading.frame.columns}
    return {name: headers[key] for name in _NEEDED for key in map(header_key, _NEEDED[name]) if key in headers}


def _is_of_list(names: Collection[str]) -> bool:
    """Return whether a table is of the list, although it may have lost columns: people add sheets of their own."""
    return "what_we_decided" in names or {"run", "child_id"} <= {*names}


def _rows(reading: Reading, today: dt.date) -> Iterator[DecidedRow]:
    headers = _headers(reading)
    order = {
        name: date_order(map(_text, reading.frame[headers[name]].dropna())) for name in ("decided_on", "review_on")
    }
    for number, cells in zip(reading.frame.index, reading.frame.to_dict("records"), strict=True):
        text = {name: _text(cells[header]) for name, header in headers.items()}
        if not any(text.values()):
            continue
        problems: list[str] = []
        record = DecisionRecord(
            decision=_decision(text["what_we_decided"], problems),
            decided_by=text["decided_by"],
            decided_on=_date("decided_on", text["decided_on"], order, problems),
            review_on=_date("review_on", text["review_on"], order, problems),
            note=text["note"],
        )
        if record.decided_on and record.decided_on > today:
            problems.append(f"{_HEADINGS['decided_on']!r} has not come yet. Write the day on which it was decided.")
        if len(record.note) > _MAX_NOTE:
            problems.append(f"The note is longer than {_MAX_NOTE:,} characters. Keep it elsewhere, and say where.")
        yield DecidedRow(
            row=int(number),
            run=text["run"],
            child_id=text["child_id"],
            name=text["name"],
            row_in_file=text["row_in_file"],
            record=record,
            problems=tuple(problems),
        )


def _text(cell: Any) -> str:
    text = "" if pd.isna(cell) else str(cell).strip()
    # list.csv has an apostrophe before what a spreadsheet would take for a formula
    return text[1:] if text.startswith("'") and is_formula(text[1:]) else text


def _decision(text: str, problems: list[str]) -> Decision | None:
    if not text:
        return None
    for decision in Decision:
        if header_key(text) in (header_key(decision.value), header_key(decision.label)):
            return decision
    choices = ", ".join(decision.label for decision in Decision)
    problems.append(f"{_HEADINGS['what_we_decided']!r} is none of the choices. Choose one of: {choices}.")
    return None


def _date(name: str, text: str, order: Mapping[str, DateOrder], problems: list[str]) -> dt.date | None:
    date = read_date(text, order[name]) if text else None
    if text and date is None:
        problems.append(f"{_HEADINGS[name]!r} is no date. Write it as 31/10/2026.")
    return date


def _each_once(rows: Iterable[DecidedRow]) -> list[DecidedRow]:
    """Return the rows without repeated ones, as of a sheet that was copied: blank, or with the same in them."""
    kept: dict[tuple[str, str, str, str], list[DecidedRow]] = {}
    for row in rows:
        of_child = kept.setdefault((row.run, row.child_id, row.name, row.row_in_file), [])
        said = [(other.record, other.problems) for other in of_child]
        if (row.is_blank and of_child) or (row.record, row.problems) in said:
            continue
        of_child[:] = [*(other for other in of_child if not other.is_blank), row]
    return [row for of_child in kept.values() for row in of_child]


def _contradictions(rows: Iterable[DecidedRow]) -> Iterator[DecidedRow]:
    """Yield the rows; where several of one child differ, that is a problem of each."""
    rows = list(rows)
    records: dict[tuple[str, str], set[DecisionRecord]] = {}
    for row in rows:
        if not row.is_blank and row.child_id:
            records.setdefault((row.run, row.child_id), set()).add(row.record)
    for row in rows:
        if len(records.get((row.run, row.child_id), ())) > 1 and not row.is_blank:
            problem = "Another row of this child says something else. Leave one of them."
            yield replace(row, problems=(*row.problems, problem))
        else:
            yield row
