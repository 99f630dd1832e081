"""Parse dates as England's systems and Excel write them, day first."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Literal

_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}")
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? )?"
_NAMED = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th)?[-/. ]?([a-z]{{3,9}})[-/., ]{{0,2}}(\d{{4}}|\d{{2}}){_TIME}", re.IGNORECASE
)
_MONTH_NAMED_FIRST = re.compile(
    rf"{_WEEKDAY}([a-z]{{3,9}})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}}){_TIME}", re.IGNORECASE
)
_YEAR_THEN_NAME = re.compile(rf"(\d{{4}})-([a-z]{{3,9}})-(\d{{1,2}}){_TIME}", re.IGNORECASE)
_SERIAL = re.compile(r"(\d{5})(?:\.0+)?")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
# Excel counts days from here, since it has a 29 February 1900 that did not exist.
_EXCEL_ZERO = dt.date(1899, 12, 30)
_PLAUSIBLE_SERIALS = range(20_000, 60_000)
# Of a year's dates three in five are past the twelfth of a month, and fit one order only.
_MIN_MONTH_FIRST, _MONTH_FIRST_SHARE = 10, 0.3
_MIN_MIXED, _MIXED_SHARE = 3, 0.05  # of dates month first among dates day first: not a slip, but another system

DateOrder = Literal["day first", "month first", "doubtful"]


def read_date(text: str, order: DateOrder = "day first") -> dt.date | None:
    """Parse a date; None where the text is no date, or its two numbers are in doubtful order.

    Accepted: 2018-03-25 (also with / or .), 25/03/2018 and 25/03/18 (day first; also with -, . or a space), 25 March
    2018, 25-Mar-18, 2018-Mar-25, March 25, 2018, Sunday 25th March 2018, 20180325, and the serial numbers of Excel. A
    time of day after it is ignored. Two-digit years are 20xx.

    Examples
    --------
    >>> read_date("25/03/2018"), read_date("43184"), read_date("31/02/2018")
    (datetime.date(2018, 3, 25), datetime.date(2018, 3, 25), None)
    """
    if match := _YEAR_FIRST.fullmatch(text):
        return _date(match[1], match[3], match[4])
    if match := _DAY_FIRST.fullmatch(text):
        if order == "doubtful":
            return None
        day, month = (match[1], match[3]) if order == "day first" else (match[3], match[1])
        return _date(match[4], month, day)
    if match := _NAMED.fullmatch(text):
        return _date(match[3], _month(match[2]), match[1])
    if match := _MONTH_NAMED_FIRST.fullmatch(text):
        return _date(match[3], _month(match[1]), match[2])
    if match := _YEAR_THEN_NAME.fullmatch(text):
        return _date(match[1], _month(match[2]), match[3])
    if match := _COMPACT.fullmatch(text):
        return _date(*match.groups())
    if (match := _SERIAL.fullmatch(text)) and int(match[1]) in _PLAUSIBLE_SERIALS:
        return _EXCEL_ZERO + dt.timedelta(days=int(match[1]))
    return None


def date_order(texts: Iterable[str]) -> DateOrder:
    """Return in which order the distinct dates of a column are written.

    Month first where many dates fit only that order, and none only the other. Where only a few do, or each order has
    dates that fit it alone, the dates of the column are doubtful: those up to the twelfth of a month may be misread
    without an error.

    Examples
    --------
    >>> date_order(["25/03/2018", "03/25/2018"]), date_order(["03/25/2018", "03/04/2018"])
    ('day first', 'doubtful')
    >>> date_order([f"03/{day}/2018" for day in range(1, 29)])
    'month first'
    """
    pairs = [(int(match[1]), int(match[3])) for text in texts if (match := _DAY_FIRST.fullmatch(text))]
    only_month_first, only_day_first = sum(a <= 12 < b for a, b in pairs), sum(b <= 12 < a for a, b in pairs)
    if only_day_first:
        mixed = only_month_first >= _MIN_MIXED and only_month_first >= _MIXED_SHARE * only_day_first
        return "doubtful" if mixed else "day first"
    if not only_month_first:
        return "day first"
    many = only_month_first >= _MIN_MONTH_FIRST and only_month_first >= _MONTH_FIRST_SHARE * len(pairs)
    return "month first" if many else "doubtful"


def _month(name: str) -> str:
    """Return the number of a month from its name or abbreviation; "0" where it is none."""
    return str(next((n for n, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower())), 0))


def _date(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None
