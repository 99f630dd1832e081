"""The columns of an unknown table: what each holds, without any one child's value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import yaml

from send_screen.contracts import valid_upns
from send_screen.contracts._dates import month_first, read_date
from send_screen.contracts._headers import header_key
from send_screen.contracts._parse_cells import code_key
from send_screen.contracts._quote import quotable
from send_screen.drafting._headers import ColumnRole, infer_role
from send_screen.errors import UsageError
from send_screen.specs._columns import code
from send_screen.tables import MINIMUM_CHILDREN, published_range

Kind = Literal["number", "codes", "date", "year", "upn", "text", "constant"]

# With so many of its values understood, a column is a number, a date or a set of codes with a few mistakes in it.
_MOST = 0.95
_MOST_CODES = 30
_FEW_NUMBERS = 12
_BLANKS = frozenset({"", "null", "#n/a", "n/a", "na", "nan", "nat", "none"})
_NEVER_REAL = (-1.0, -2.0, -7.0, -8.0, -9.0, -88.0, -99.0, -999.0, 99.0, 999.0, 9999.0)
_ACADEMIC_YEAR = r"20\d{2}/\d{2}"
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds, without any one child's value but in ``values``."""

    header: str  # as in the file
    name: str  # an identifier of letters, digits and underscores
    kind: Kind  # a "year" is an academic year, such as 2022/23
    role: ColumnRole | None  # what the header suggests
    n: int  # rows
    n_known: int  # rows that are not blank
    n_distinct: int
    codes: tuple[str, ...]  # values that at least ten children have, where there are few different ones
    rarer: bool  # whether there are others, which fewer than ten children have
    whole: bool  # whether a number is always whole
    bounds: tuple[float, float] | None  # a range wider than that of the children, for a number
    not_known: tuple[float, ...]  # such as -9: at least ten children have it, and it looks like "not known"
    stray: bool  # whether a few values are not what the others are
    values: pd.Series = field(repr=False)  # float64, or str with None: for deciding, never for writing

    @property
    def label(self) -> str:
        """The header as people can read it."""
        return "".join(c for c in self.header if c.isprintable()).strip() or self.name

    @property
    def numeric(self) -> bool:
        """Whether the values, or the codes, are numbers."""
        return self.kind == "number" or (self.kind == "codes" and all(one.isdigit() for one in self.codes))

    @property
    def unique(self) -> bool:
        """Whether (nearly) every child has a value of its own."""
        return self.n_known > 0 and self.n_distinct >= _MOST * self.n_known


def profile_columns(frame: pd.DataFrame, file: str) -> tuple[ColumnProfile, ...]:
    """Profile each column of a table, or raise UsageError for headers that cannot be told apart."""
    headers = [str(header) for header in frame.columns]
    _refuse_names(headers, file)
    names: list[str] = []
    for place, header in enumerate(headers, start=1):
        name = re.sub(r"\W+", "_", header, flags=re.ASCII).strip("_")[:60]
        as_text = name[:1].isalpha() and isinstance(yaml.safe_load(name), str)  # in YAML "yes" and "null" are none
        name = name if as_text else f"column_{place}_{name}".rstrip("_")
        names.append(name if header_key(name) not in map(header_key, names) else f"{name[:50]}_column_{place}")
    return tuple(_look(frame.iloc[:, place], headers[place], names[place]) for place in range(len(headers)))


def _refuse_names(headers: list[str], file: str) -> None:
    first: dict[str, str] = {}
    for place, header in enumerate(headers, start=1):
        if not header_key(header):
            raise UsageError(
                f"The header of column {place} has neither letters nor digits.",
                file=file,
                row=1,
                remedy="Rename the column and run send-screen init again.",
            )
        other = first.setdefault(header_key(header), header)
        if other != header:
            raise UsageError(
                f"The headers {quotable(other)} and {quotable(header)} differ only in case, spaces or punctuation.",
                file=file,
                row=1,
                remedy="Rename or delete one of them and run send-screen init again.",
            )


def _look(series: pd.Series, header: str, name: str) -> ColumnProfile:
    texts = series.map(_text, na_action="ignore").astype(object)
    texts = texts.where(texts.notna(), None)
    known = texts.dropna()
    suggested = infer_role(header)
    numbers = pd.to_numeric(known.map(_plain_number), errors="coerce").astype("float64")
    numbers = numbers[np.isfinite(numbers)]
    dates = 0.0 if known.empty or month_first(known.unique()) else float(known.map(read_date).notna().mean())
    upns = 0.0 if known.empty else float(valid_upns(known.str.upper()).mean())
    kind: Kind
    values = texts
    if upns >= _MOST:
        kind = "upn"
    elif not known.empty and float(known.str.fullmatch(_ACADEMIC_YEAR).mean()) >= _MOST:
        kind = "year"
    elif dates >= _MOST and (suggested == "birth" or len(numbers) < _MOST * len(known)):
        kind = "date"
    elif len(numbers) >= _MOST * len(known) and len(numbers):
        kind, values = "number", numbers.reindex(texts.index)
    else:
        kind = "codes" if 0 < _same_words(known).nunique() <= _MOST_CODES else "text"
        values = texts.map(dict(zip(known, _same_words(known), strict=True)))
    counts = values.value_counts()
    shares = [code(value) for value in counts[counts >= MINIMUM_CHILDREN].index]
    whole = kind == "number" and bool((values.dropna() % 1 == 0).all())
    few = kind == "codes" or (whole and len(counts) <= _FEW_NUMBERS)
    codes = tuple(sorted(shares, key=_in_order)) if few else ()
    if few and len(codes) == 2 and kind == "number" and all(one.isdigit() for one in codes):
        kind, values = "codes", values.map(code, na_action="ignore").astype(object)
    not_known = _not_known(values, counts) if kind == "number" else ()
    if kind in ("number", "codes") and (len(counts) < 2 or len(known) - int(counts.max()) < MINIMUM_CHILDREN):
        kind = "constant"
    elif kind == "codes" and len({code_key(one) for one in codes} - {""}) < max(len(codes), 2):
        kind, codes = "text", ()  # fewer than two codes, or some that a file's reader could not tell apart
    return ColumnProfile(
        header=header,
        name=name,
        kind="constant" if known.empty else kind,
        role=suggested,
        n=len(series),
        n_known=len(known),
        n_distinct=len(counts),
        codes=codes,
        rarer=few and len(codes) < len(counts),
        whole=whole,
        bounds=_bounds(values, whole, not_known, codes) if kind == "number" else None,
        not_known=not_known,
        stray=kind == "number" and len(numbers) < len(known),
        values=values,
    )


def _text(value: object) -> str | None:
    text = code(value).strip(" \t\r\n\u00a0\u200b\ufeff")
    return None if text.casefold() in _BLANKS else text


def _plain_number(text: str) -> str:
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def _same_words(known: pd.Series) -> pd.Series:
    """Return codes that differ in case alone under the spelling that most children have."""
    spelling: dict[str, str] = {}
    for text in known.value_counts().index:
        spelling.setdefault(text.casefold(), text)
    return known.map(lambda text: spelling[text.casefold()])


def _in_order(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return math.inf, text


def _not_known(values: pd.Series, counts: pd.Series) -> tuple[float, ...]:
    """Return numbers that lie apart from all others and that systems write for "not known"."""
    rest = [value for value in counts.index if value not in _NEVER_REAL]
    if not rest:
        return ()
    low, high = min(rest), max(rest)
    apart = [
        value
        for value in _NEVER_REAL
        if counts.get(value, 0) >= MINIMUM_CHILDREN and ((value < 0 <= low) or (value > 0 and value > 2 * high))
    ]
    return tuple(sorted(apart))


def _bounds(
    values: pd.Series, whole: bool, not_known: tuple[float, ...], codes: tuple[str, ...]
) -> tuple[float, float] | None:
    """Return a range that no single child decides.

    Of a few whole numbers, the lowest and highest that ten children have. Otherwise the published range (see
    :func:`send_screen.tables.published_range`), as wide again on either side, in round numbers, and not below 0 where
    nothing is.
    """
    known = values[values.notna() & ~values.isin(not_known)].to_numpy(dtype=np.float64)
    published = published_range(known)
    if published is None:
        return None
    if codes:
        numbers = [float(one) for one in codes if float(one) not in not_known]
        if len(numbers) == len(np.unique(known)):
            return min(numbers), max(numbers)
    low, high = published
    span = high - low or 1.0
    step = 10.0 ** math.floor(math.log10(span))
    step = max(step, 1.0) if whole else step
    wide = (math.floor((low - span) / step) * step, math.ceil((high + span) / step) * step)
    lowest = 0.0 if low >= 0 and not (known < 0).any() else wide[0]
    return round(lowest, 10), round(wide[1], 10)
