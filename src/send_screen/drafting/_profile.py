"""Profile the columns of an unknown table: kind, frequent codes and a wide range, but no single child's value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml

from send_screen.contracts import valid_upns
from send_screen.contracts._dates import date_order, read_date
from send_screen.contracts._headers import header_key
from send_screen.contracts._parse_cells import code_key, plain_number, uses_decimal_comma
from send_screen.contracts._quote import quotable
from send_screen.drafting._headers import ColumnRole, infer_role, tokens
from send_screen.errors import UsageError
from send_screen.specs._columns import as_code
from send_screen.tables import MINIMUM_CHILDREN, published_range

Kind = Literal["number", "codes", "date", "year", "upn", "text", "constant"]

# A column is of a kind if this share of its values is: a few may be mistakes.
_KIND_SHARE = 0.95
_MAX_CODES = 30
_FEW_NUMBERS = 12
_BLANKS = frozenset({"", "null", "#n/a", "n/a", "na", "nan", "nat"})
_MISSING_NUMBERS = (-1.0, -2.0, -7.0, -8.0, -9.0, -88.0, -99.0, -999.0, 8.0, 9.0, 99.0, 999.0, 9999.0)
_MISSING_TEXTS = frozenset(
    re.split(
        r"\|",
        "unknown|unk|u|not known|notknown|not recorded|missing|refused|ref|refu|nobt|not obtained|not stated|dk|nk|n/k|"
        "?|-|.|information not obtained|prefer not to say|dont know|don't know|-1|-7|-8|-9|-99|-999|99|999|9999",
    )
)
_CODES_BELOW = 10  # a code such as 99 means "not known" only where the others are below this
# Where this share of a column's values are numbers, a few short texts (A for absent) are marks among them.
_MIN_SHARE_OF_NUMBERS, _MAX_MARKS, _MAX_MARK_LENGTH = 0.75, 8, 12
_ACADEMIC_YEAR = r"20\d{2}/\d{2}"
_PERCENT = re.compile(r"[+-]?[\d.,]+\s*%")


@dataclass(frozen=True)
class ColumnProfile:
    """Profile of one column. Only ``values`` holds values of single children, and is never written."""

    header: str  # as in the file
    name: str  # an identifier of letters, digits and underscores
    kind: Kind  # a "year" is an academic year, such as 2022/23
    role: ColumnRole | None  # what the header suggests
    n: int  # rows
    n_known: int  # rows that are not blank
    n_distinct: int
    codes: tuple[str, ...]  # values that at least ten children have, where there are few different ones
    has_rare_values: bool  # whether fewer than ten children have some other value
    whole: bool  # whether all numbers are whole
    bounds: tuple[float, float] | None  # of a number: a range wider than the observed one
    missing_codes: tuple[str, ...]  # frequent values that mean "not known", such as -9, Unknown, or A among scores
    has_exceptions: bool  # whether a few values of a numeric column are not numbers
    percent: bool  # whether numbers are written with a per cent sign
    values: pd.Series = field(repr=False)  # float64, or str with None

    @property
    def label(self) -> str:
        """The header as people can read it."""
        return "".join(c for c in self.header if c.isprintable()).strip() or self.name

    @property
    def numeric(self) -> bool:
        """Whether the values, or the codes, are numbers."""
        return self.kind == "number" or (self.kind == "codes" and all(code.isdigit() for code in self.codes))

    @property
    def unique(self) -> bool:
        """Whether (nearly) all values are distinct, as those of an identifier are."""
        return self.n_known > 0 and self.n_distinct >= _KIND_SHARE * self.n_known


def profile_columns(frame: pd.DataFrame, file: str) -> tuple[ColumnProfile, ...]:
    """Profile each column of a table, or raise UsageError for ambiguous headers."""
    headers = [str(header) for header in frame.columns]
    _check_headers(headers, file)
    names: list[str] = []
    for number, header in enumerate(headers, start=1):
        name = re.sub(r"\W+", "_", header, flags=re.ASCII).strip("_")[:60]
        as_text = name[:1].isalpha() and isinstance(yaml.safe_load(name), str)  # in YAML "yes" and "null" are none
        name = name if as_text else f"column_{number}_{name}".rstrip("_")
        names.append(name if header_key(name) not in map(header_key, names) else f"{name[:50]}_column_{number}")
    return tuple(
        _profile_column(frame.iloc[:, number], headers[number], names[number]) for number in range(len(headers))
    )


def _check_headers(headers: list[str], file: str) -> None:
    first: dict[str, str] = {}
    for number, header in enumerate(headers, start=1):
        if not header_key(header):
            raise UsageError(
                f"The header of column {number} has neither letters nor digits.",
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


def _profile_column(series: pd.Series, header: str, name: str) -> ColumnProfile:
    """Profile a column: determine its kind, missing codes and codes, then its statistics."""
    texts = series.map(_text, na_action="ignore").astype(object)
    words = texts.where(texts.notna(), None)
    texts = words.where(words.str.casefold() != "none", None)  # among numbers a blank, among codes a code
    known = texts.dropna()
    suggested = infer_role(header)
    distinct = known.value_counts()
    comma = uses_decimal_comma(distinct.index)
    plain = {text: plain_number(text.removesuffix("%").rstrip(), comma=comma) for text in distinct.index}
    numbers = pd.to_numeric(known.map(plain), errors="coerce").astype("float64")
    numbers = numbers[np.isfinite(numbers)]
    marks = known[~known.index.isin(numbers.index)].value_counts()
    order = date_order(distinct.index)
    dates = _share_of_rows(distinct, distinct.index.map(lambda text: read_date(text, order)).notna())
    upns = _share_of_rows(distinct, valid_upns(distinct.index.to_series().str.upper()))
    kind: Kind
    values = texts
    if upns >= _KIND_SHARE:
        kind = "upn"
    elif _share_of_rows(distinct, distinct.index.str.fullmatch(_ACADEMIC_YEAR)) >= _KIND_SHARE:
        kind = "year"
    elif dates >= _KIND_SHARE and (suggested == "birth" or len(numbers) < _KIND_SHARE * len(known)):
        kind = "date"
    elif len(numbers) and (len(numbers) >= _KIND_SHARE * len(known) or _are_exceptions(numbers, marks, len(known))):
        kind, values = "number", numbers.reindex(texts.index)
    else:
        known = words.dropna()
        kind = "codes" if 0 < _normalise_case(known).nunique() <= _MAX_CODES else "text"
        values = words.map(dict(zip(known, _normalise_case(known), strict=True)))
    missing_codes = _missing_codes(kind, values, marks, sex=bool({"sex", "gender"}.intersection(tokens(header))))
    missing = {float(code) for code in missing_codes if _is_number(code)} if kind == "number" else set(missing_codes)
    values = values.mask(values.isin(missing))
    counts = values.value_counts()
    frequent = [as_code(value) for value in counts[counts >= MINIMUM_CHILDREN].index]
    whole = kind == "number" and bool((values.dropna() % 1 == 0).all())
    few = kind == "codes" or (whole and len(counts) <= _FEW_NUMBERS)
    codes = tuple(sorted(frequent, key=_numbers_first)) if few else ()
    if few and len(codes) == 2 and kind == "number" and all(code.isdigit() for code in codes):
        kind, values = "codes", values.map(as_code, na_action="ignore").astype(object)
    n_known = int(values.notna().sum())
    if kind in ("number", "codes") and (len(counts) < 2 or n_known - int(counts.max()) < MINIMUM_CHILDREN):
        kind = "constant"
    elif kind == "codes" and len({code_key(code) for code in codes}) < max(len(codes), 2):
        kind, codes = "text", ()  # fewer than two codes, or some that the parser could not distinguish
    return ColumnProfile(
        header=header,
        name=name,
        kind=kind if n_known else "constant",
        role=suggested,
        n=len(series),
        n_known=n_known,
        n_distinct=len(counts),
        codes=codes,
        has_rare_values=few and len(codes) < len(counts),
        whole=whole,
        bounds=_bounds(values, whole, codes) if kind == "number" else None,
        missing_codes=missing_codes,
        has_exceptions=kind == "number" and bool((~marks.index.isin(missing_codes)).any()),
        percent=kind == "number" and bool(known.str.fullmatch(_PERCENT).any()),
        values=values,
    )


def _share_of_rows(distinct: pd.Series, found: Any) -> float:
    """Return the share of rows whose value has a property, from the counts of the distinct values."""
    return float(distinct.to_numpy()[np.asarray(found, dtype=bool)].sum() / max(int(distinct.sum()), 1))


def _text(value: object) -> str | None:
    text = as_code(value).strip(" \t\r\n\u00a0\u200b\ufeff")
    return None if text.casefold() in _BLANKS else text


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+", text))


def _are_exceptions(numbers: pd.Series, marks: pd.Series, n: int) -> bool:
    """Return whether the texts of a column of numbers are only a few short marks, such as A for absent."""
    return (
        len(numbers) >= _MIN_SHARE_OF_NUMBERS * n
        and numbers.nunique() > _FEW_NUMBERS
        and len(marks) <= _MAX_MARKS
        and all(len(str(mark)) <= _MAX_MARK_LENGTH or str(mark).casefold() in _MISSING_TEXTS for mark in marks.index)
    )


def _normalise_case(known: pd.Series) -> pd.Series:
    """Return codes with the commonest spelling of those that differ in case only."""
    spelling: dict[str, str] = {}
    for text in known.value_counts().index:
        spelling.setdefault(text.casefold(), text)
    return known.map(lambda text: spelling[text.casefold()])


def _numbers_first(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return math.inf, text


def _missing_codes(kind: Kind, values: pd.Series, marks: pd.Series, *, sex: bool) -> tuple[str, ...]:
    """Return frequent values that mean "not known": words, numbers such as 999, and marks among numbers."""
    counts = values.value_counts()
    many = counts[counts >= MINIMUM_CHILDREN].index
    if kind == "codes":
        found = [text for text in many if text.casefold() in _MISSING_TEXTS]
        rest = [text for text in counts.index if text not in found]
        if all(len(text) > 1 for text in rest):  # "u" means unknown only where another code is one letter too
            found = [text for text in found if text.casefold() != "u"]
        large = any(_is_number(text) and abs(int(text)) >= _CODES_BELOW for text in rest)
        found = [text for text in found if not (_is_number(text) and large)]
        return _distinguishable(found) if rest else ()
    if kind != "number":
        return ()
    rest = [value for value in counts.index if value not in _MISSING_NUMBERS]
    low, high = (min(rest), max(rest)) if rest else (0.0, math.inf)
    apart = [v for v in _MISSING_NUMBERS if v in many and ((v < 0 <= low) or (v > 0 and v > 2 * high))]
    if sex and sorted(rest) == [0, 1, 2]:  # ISO/IEC 5218
        apart.append(0.0)
    return _distinguishable([*map(as_code, apart), *marks[marks >= MINIMUM_CHILDREN].index])


def _distinguishable(codes: list[str]) -> tuple[str, ...]:
    """Return codes without those that the parser cannot distinguish from an earlier one."""
    keys: dict[str, str] = {}
    for code in sorted(codes, key=_numbers_first):
        keys.setdefault(code_key(code), code)
    return tuple(keys.values())


def _bounds(values: pd.Series, whole: bool, codes: tuple[str, ...]) -> tuple[float, float] | None:
    """Return a range that holds all values and that no single child determines.

    For a few whole numbers that ten children each have, their lowest and highest. Otherwise the published range (see
    :func:`send_screen.tables.published_range`), extended by its width on either side (ten or a hundred times its width
    where values lie outside), rounded, and from 0 where no value is negative.
    """
    known = values.dropna().to_numpy(dtype=np.float64)
    published = published_range(known)
    if published is None:
        return None
    if codes and len(codes) == len(np.unique(known)):
        numbers = [float(code) for code in codes]
        return min(numbers), max(numbers)
    low, high = published
    lowest, highest = known.min(), known.max()
    for times in (1, 10, 100):
        span = (high - low or 1.0) * times
        step = 10.0 ** math.floor(math.log10(span))
        step = max(step, 1.0) if whole else step
        wide = (math.floor((low - span) / step) * step, math.ceil((high + span) / step) * step)
        if wide[0] <= lowest and highest <= wide[1]:
            break
    return round(0.0 if lowest >= 0 else wide[0], 10), round(wide[1], 10)
