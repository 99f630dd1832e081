"""Decide which texts of a file a message may quote: headers, but no cell that may hold a child's data."""

from __future__ import annotations

import re

from send_screen.contracts._dates import read_date

_MAX_LENGTH = 48  # characters: the longest header of an early learning goal has 45
_MAX_DIGITS = 6  # a header may say 2022/23
_UPN_SHAPED = re.compile(r"[A-Za-z]?\d{11}[A-Za-z\d]")
_NHS_SHAPED = re.compile(r"\d{10}")
_SPACED_NHS_NUMBER = re.compile(r"(?<!\d)\d{3}[ -]\d{3}[ -]\d{4}(?!\d)")
_GAPS = re.compile(r"[\W_]+")
_SCIENTIFIC_NUMBER = re.compile(r"[+-]?[.,]?\d[\d.,]*e[+-]?\d+", re.IGNORECASE)  # 8E11, unlike the header E11
_VALUES = frozenset({"true", "false", "yes", "no", "null", "nan", "none", "n/a", "#n/a"})
_NOT_IN_HEADERS = re.compile(r"[;|<>{}\[\]\"@\\]")


def upn_shaped(text: str) -> bool:
    """Return whether a text has the form of a UPN, whether or not its check letter fits or is there.

    Examples
    --------
    >>> upn_shaped("B801200005001"), upn_shaped("Reading")
    (True, False)
    """
    return _UPN_SHAPED.fullmatch(_GAPS.sub("", text)) is not None


def identifier_shaped(text: str) -> bool:
    """Return whether a text has the form of a UPN or of an NHS number, whether or not it is one.

    Examples
    --------
    >>> identifier_shaped("B801200005001"), identifier_shaped("943 476 5919"), identifier_shaped("0001001")
    (True, True, False)
    """
    return upn_shaped(text) or _NHS_SHAPED.fullmatch(_GAPS.sub("", text)) is not None


def holds_identifier(text: str) -> bool:
    """Return whether a word of a text, or three numbers in it, have the form of a UPN or of an NHS number.

    Examples
    --------
    >>> holds_identifier("Ask about 943 476 5919."), holds_identifier("Ask about 12 of 1,000 children.")
    (True, False)
    """
    words = (word.strip(".,;:()'\"") for word in text.split())
    return any(map(identifier_shaped, words)) or _SPACED_NHS_NUMBER.search(text) is not None


def date_shaped(text: str) -> bool:
    """Return whether a text is a date.

    Examples
    --------
    >>> date_shaped("25 March 2018"), date_shaped("Reading")
    (True, False)
    """
    return not text.strip().isdecimal() and read_date(text.strip()) is not None


def header_like(text: str) -> bool:
    """Return whether a text looks like the name of a column: short, with letters, no UPN, date, number or value.

    Examples
    --------
    >>> header_like("Ever 6 FSM"), header_like("B801200005001"), header_like("25 March 2018"), header_like("380")
    (True, False, False, False)
    """
    text = text.strip()
    return (
        0 < len(text) <= _MAX_LENGTH
        and text.isprintable()
        and any(map(str.isalpha, text))
        and sum(map(str.isdecimal, text)) <= _MAX_DIGITS
        and not _NOT_IN_HEADERS.search(text)
        and not _SCIENTIFIC_NUMBER.fullmatch(text)
        and text.casefold() not in _VALUES
        and not date_shaped(text)
    )


def quotable(header: str) -> str:
    """Return a header as a message may show it: in quotation marks, or that it is not shown.

    In a file without headers the first row holds a child's data, which no message may quote.

    Examples
    --------
    >>> quotable("Speking"), quotable("B801200005001")
    ("'Speking'", '(not shown)')
    """
    return repr(header.strip()) if header_like(header) else "(not shown)"
