"""Headers that are a session of a day, such as "01/09/2025 AM"."""

from __future__ import annotations

import datetime as dt
import re

from send_screen.contracts._dates import read_date

_MAX_LENGTH = 40
_HALF = re.compile(r"[\s:_(\[-]*\b(AM|PM)\b[\s:_)\]-]*", re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[\s,]+", re.IGNORECASE)


def session_of(header: str) -> tuple[dt.date, str] | None:
    """Return the day and the half of it that a header is; None of any other header.

    >>> session_of("Mon 01/09/2025 (AM)"), session_of("PM 2025-09-01"), session_of("AM")
    ((datetime.date(2025, 9, 1), 'AM'), (datetime.date(2025, 9, 1), 'PM'), None)
    """
    halves = _HALF.findall(header) if len(header) <= _MAX_LENGTH else []
    if len(halves) != 1:
        return None
    day = read_date(_WEEKDAY.sub("", _HALF.sub(" ", header).strip()))
    return (day, halves[0].upper()) if day else None
