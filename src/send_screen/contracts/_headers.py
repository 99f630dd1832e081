"""Match the headers of a file to the columns of a contract: by name, by alias, or not at all."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from send_screen.contracts._contract import Column
from send_screen.contracts._result import ColumnsReport
from send_screen.documents import replace_surrogates

_MIN_SIMILARITY = 0.6  # of a header that is suggested for a column
_MAX_COMPARED = 1_000  # headers for which a column is suggested: each is compared with every name
# Headers that begin with a code, such as G03, are suggested only for columns with the same code.
_CODE = re.compile(r"[a-z]{1,8}\d{2,}")
# Separates the parts of headers such as "EYFSP: Speaking", "Speaking (E02)" and "ELG02 Speaking".
_PART_SEPARATOR = re.compile(r"[:()\[\]]|\s[-\u2013\u2014]\s|(?<=\d)[\s.]+(?=[^\W\d_])")


@dataclass(frozen=True)
class HeaderMatch:
    """The position of each column of a contract in a file, and a report on the headers."""

    position: dict[str, int]  # contract column to its position in the file
    duplicates: dict[str, list[str]]  # contract column to the headers that all match it
    report: ColumnsReport

    def without_missing(self, column: str) -> HeaderMatch:
        """Return the match with a column that is not missing after all."""
        missing = {name: closest for name, closest in self.report.missing.items() if name != column}
        return replace(self, report=replace(self.report, missing=missing))


def header_key(header: str) -> str:
    """Return a header without case, spaces and punctuation, so that ``"NC year"`` and ``"NC_Year"`` are one.

    Examples
    --------
    >>> header_key("NC year") == header_key("NC_Year")
    True
    """
    return re.sub(r"[^\w%]|_", "", header.casefold())


def match_headers(
    headers: Sequence[str],
    columns: dict[str, Column],
    *,
    marks: Sequence[str] = (),
    elsewhere: frozenset[str] = frozenset(),
    fits: Callable[[Column, int], bool] = lambda column, position: True,
) -> HeaderMatch:
    """Find the contract's columns among the headers of a file, in any order.

    A column's own name, in whatever spelling, comes before its aliases (but for preferred ones), and those before
    headers of several parts. Of several headers for one column, the only one whose cells fit it (by ``fits``) is taken.
    A header that only looks like a column is suggested and never used; one with another code, or that another contract
    uses (``elsewhere``), is not even suggested. ``marks`` are prefixes and suffixes to ignore.
    """
    headers = [replace_surrogates(str(header)).strip() for header in headers]
    keys = [header_key(header) for header in headers]
    known = {header_key(alias): column.name for column in columns.values() for alias in (column.name, *column.aliases)}
    mark_keys = [header_key(mark) for mark in marks]
    by_parts = [
        None if key in known else _by_parts(header, known, mark_keys) for header, key in zip(headers, keys, strict=True)
    ]
    position: dict[str, int] = {}
    duplicates: dict[str, list[str]] = {}
    for column in columns.values():
        preferred, aliases = (set(map(header_key, names)) for names in (column.preferred_aliases, column.aliases))
        by_name = [index for index, key in enumerate(keys) if key == header_key(column.name)]
        exact_first = sorted(by_name, key=lambda index: headers[index] != column.name)
        positions = (
            [index for index, key in enumerate(keys) if key in preferred]
            or exact_first
            or [index for index, key in enumerate(keys) if key in aliases]
            or [index for index, name in enumerate(by_parts) if name == column.name]
        )
        if len(positions) > 1 and len(fitting := [index for index in positions if fits(column, index)]) == 1:
            positions = fitting
        if positions:
            position[column.name] = positions[0]
        if len(positions) > 1:
            duplicates[column.name] = [headers[index] for index in positions]
    used = set(position.values())
    unused = [header for index, header in enumerate(headers) if index not in used]
    missing = [column for column in columns.values() if column.name not in position]
    compared = [header for header in unused if header not in elsewhere][:_MAX_COMPARED]
    suggested = dict.fromkeys(unused) | {header: _closest_column(header, missing) for header in compared}
    return HeaderMatch(
        position=position,
        duplicates=duplicates,
        report=ColumnsReport(
            matched=tuple(name for name, index in position.items() if headers[index] == name),
            aliased={headers[index]: name for name, index in position.items() if headers[index] != name},
            guessed={header: name for header, name in suggested.items() if name},
            unknown=tuple(header for header in unused if not suggested[header]),
            missing={column.name: _closest_header(column, compared) for column in missing},
        ),
    )


def _by_parts(header: str, known: dict[str, str], marks: Sequence[str]) -> str | None:
    """Return the column that every part of a header names, except the contract's marks; None where parts disagree."""
    parts = [key for part in _PART_SEPARATOR.split(header) if (key := header_key(part)) and key not in marks]
    return names.pop() if len(names := {_column_of_part(part, known, marks) for part in parts}) == 1 else None


def _column_of_part(part: str, known: dict[str, str], marks: Sequence[str]) -> str | None:
    """Return the column that a part of a header names, with or without a mark before it."""
    unmarked = (part.removeprefix(mark) for mark in ("", *marks))
    return next((known[key] for key in unmarked if key in known), None)


def _names(column: Column) -> list[str]:
    return [header_key(name) for name in (column.name, column.label, *column.aliases)]


def _codes_agree(header: str, column: Column) -> bool:
    """Return whether a header has no code, such as G03, or has that of the column."""
    code = _CODE.match(header_key(header))
    return code is None or any(name.startswith(code[0]) for name in _names(column))


def _closest_column(header: str, columns: list[Column]) -> str | None:
    """Return the missing column that a header resembles most, if any does enough."""
    names = {name: column.name for column in columns if _codes_agree(header, column) for name in _names(column)}
    found = difflib.get_close_matches(header_key(header), names, n=1, cutoff=_MIN_SIMILARITY)
    return names[found[0]] if found else None


def _closest_header(column: Column, headers: list[str]) -> str | None:
    """Return the unused header that resembles a column most, if any does enough."""
    keys = {header_key(header): header for header in headers if _codes_agree(header, column)}
    found = [
        (difflib.SequenceMatcher(None, name, match[0]).ratio(), match[0])
        for name in _names(column)
        if (match := difflib.get_close_matches(name, keys, n=1, cutoff=_MIN_SIMILARITY))
    ]
    return keys[max(found)[1]] if found else None
