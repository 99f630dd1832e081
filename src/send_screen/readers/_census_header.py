"""The header of a census of the Department: what its term, year and reference date say of the rows below."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from send_screen.contracts._dates import read_date
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
