"""The header of a census of the Department: what its term, year and reference date say of the rows below."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from send_screen.contracts import load_contract
from send_screen.contracts._dates import read_date
from send_screen.contracts._headers import match_headers
from send_screen.contracts._quote import date_shaped, identifier_shaped
from send_screen.errors import ReadError
from send_screen.readers._formats import HeaderRecord, header_records
from send_screen.readers._header import Layout, header_share
from send_screen.readers._record_values import CALENDAR_YEAR, academic_year

FIRST_MONTH = 8  # of an academic year
#: Term of a census -> the term before, whose attendance it collects.
_TERM_BEFORE = {"AUT": "SUM", "SPR": "AUT", "SUM": "SPR"}


def census_times(header: Mapping[str, str]) -> dict[str, str]:
    """Return the academic year of a census, and the year and term of the attendance in it.

    ``header`` has ``term``, ``year`` (of the calendar) and ``referencedate`` as far as they are known. A census
    collects the attendance of the term before.

    >>> census_times({"term": "AUT", "year": "2025"})
    {'academicyear': '2025/26', 'attendanceyear': '2024/25', 'attendanceterm': 'SUM', 'attendancestart': '2024'}
    >>> census_times({"referencedate": "2026-01-22"})
    {'academicyear': '2025/26'}
    """
    term, year = header.get("term", "").strip().upper(), header.get("year", "").strip()
    date = read_date(header.get("referencedate", "").strip())
    found = {}
    if date:
        found["academicyear"] = year_of(date)
    elif term in _TERM_BEFORE and CALENDAR_YEAR.fullmatch(year):
        found["academicyear"] = academic_year(int(year) - (term != "AUT"))
    if term in _TERM_BEFORE and "academicyear" in found:
        start = int(found["academicyear"][:4]) - (term == "AUT")
        found |= {"attendanceyear": academic_year(start), "attendanceterm": _TERM_BEFORE[term]}
        found["attendancestart"] = str(start)
    return found


def year_of(day: dt.date) -> str:
    """Return the academic year of a day."""
    return academic_year(day.year - (day.month < FIRST_MONTH))


@dataclass(frozen=True)
class CensusRecord:
    """The header record of a file: its format, and what its fields say."""

    mapping: HeaderRecord
    fields: dict[str, str]

    def require_names(self, layout: Layout, file: str) -> None:
        """Raise if the lines below have no names of columns."""
        values = any(identifier_shaped(header) or date_shaped(header) for header in layout.header)
        if layout.header and (values or 2 * header_share(layout) < 1):
            raise ReadError(
                f"The file begins with the {self.mapping.name}, and the lines below have no names of columns.",
                file=file,
                row=layout.row,
                remedy="Put the names of the columns (such as UPN) above those lines: their order is not known here.",
            )

    def added_to(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
        """Return a table with the columns that the record gives and it lacks, and a note on them."""
        headers = list(map(str, frame.columns))
        columns = [load_contract(contract).columns for contract in self.mapping.contracts]
        there = {name for each in columns for name in match_headers(headers, each).position}
        values = {
            name: self.fields[field]
            for name, field in self.mapping.columns.items()
            if name not in there and field in self.fields
        }
        given = ", ".join(f"{name} {value}" for name, value in values.items()) or "nothing that the table lacks"
        return frame.assign(**values), f"The file begins with the {self.mapping.name}, which gives {given}."


def census_record(cells: Sequence[str]) -> CensusRecord | None:
    """Return what the first cells of a file say, if they are the header record of a census."""
    for mapping in header_records():
        fields = {
            name: text
            for name, cell in zip(mapping.fields, cells, strict=False)
            if (text := cell.strip()) and text.isprintable()
        }
        if cells and cells[0].strip() == mapping.first and fields.get("term", "").upper() in _TERM_BEFORE:
            return CensusRecord(mapping, fields | census_times(fields))
    return None
