"""Count the sessions of each code in a register that is one text, two codes a day."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from functools import cache

import pandas as pd

from send_screen.contracts._dates import read_date
from send_screen.readers._census_header import FIRST_MONTH, year_of
from send_screen.readers._formats import Marks
from send_screen.readers._record_values import YEAR
from send_screen.readers._xml import Element

_CODE = re.compile(r"C[12]|J1|Y[1-7]|.")  # a digit alone is no code
_LINE_ENDS = re.compile(r"[\t\r\n]+")
_CLOSED = "#"
_YEARS = range(1990, 2100)  # of a date that can be one of a register
_SATURDAY = 5


def sessions_by_code(element: Element, marks: Marks, counts: Counter[str]) -> list[dict[str, str]]:
    """Return for each code of a term of an academic year its number of sessions, in the order of the register.

    A session that two texts mark is one session. Codes whose day is not known have no term and no year.
    """
    codes: dict[tuple[dt.date, int], list[str]] = defaultdict(list)
    found: Counter[tuple[str | None, str | None, str]] = Counter()  # year, term and code
    for part in element.find_all(marks.path):
        text = _CODE.findall(_LINE_ENDS.sub("", part.find(marks.text) or ""))
        days = _days(part.find(marks.start), text, marks, counts)
        for number, code in enumerate(text):
            if days is None:
                found[None, None, code] += 1
            elif code not in (of_session := codes[days[number // 2], number % 2]):
                of_session.append(code)
    for (day, _), of_session in sorted(codes.items()):
        taken = [code for code in of_session if code != _CLOSED] or of_session
        if len(taken) > 1:
            counts[f"Sessions of {marks.path} with more than one code, counted under each"] += 1
        for code in taken:
            found[year_of(day), term_of(day), code] += 1
    return [
        {marks.code: code, marks.sessions: str(n)} | ({YEAR: year, marks.term: term} if year and term else {})
        for (year, term, code), n in found.items()
    ]


def _days(start: str | None, codes: list[str], marks: Marks, counts: Counter[str]) -> list[dt.date] | None:
    """Return the days of a register; None where they are not known."""
    first = read_date(start) if start else None
    if not codes:
        return None
    if first is None or first.year not in _YEARS:
        counts[f"{marks.path} with a date that could not be read: their codes have no term"] += 1
        return None
    days = [first + dt.timedelta(days=number) for number in range((len(codes) + 1) // 2)]
    if any(day.weekday() >= _SATURDAY and set(codes[2 * n : 2 * n + 2]) - {_CLOSED} for n, day in enumerate(days)):
        counts[f"{marks.path} with marks on a Saturday or Sunday: their codes have no term"] += 1
        return None
    return days


def term_of(day: dt.date) -> str:
    """Return the term in which the census counts a day: autumn until December, spring until Easter Sunday, or summer.

    >>> term_of(dt.date(2026, 4, 5)), term_of(dt.date(2026, 4, 6)), term_of(dt.date(2026, 9, 1))
    ('SPR', 'SUM', 'AUT')
    """
    if day.month >= FIRST_MONTH:
        return "AUT"
    return "SPR" if day <= _easter(day.year) else "SUM"


@cache
def _easter(year: int) -> dt.date:
    return pd.offsets.Easter().rollforward(pd.Timestamp(year, 1, 1)).date()
