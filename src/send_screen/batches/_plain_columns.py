"""Read the columns of a batch as the contract does, each distinct cell once, and say which cells are plainly valid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from send_screen.contracts import Column, Contract, valid_upns
from send_screen.contracts._check import WholeTable
from send_screen.contracts._contract import Rule
from send_screen.contracts._parse_cells import parse_column
from send_screen.contracts._predicates import satisfies
from send_screen.readers._text import InvisibleCharacters

_CROSS_COLUMN = ("notAbove", "notBelow", "onlyWhere", "yearGroupAge")
_MAX_KNOWN = 1_000_000  # distinct cells of a column that are remembered


@dataclass(frozen=True)
class PlainColumn:
    """The parsed cells of a column, and which of them break no rule by themselves."""

    values: pd.Series
    """As in a checked table: float64, datetime64, or codes and texts, which are categorical."""
    plain: np.ndarray
    """Shape (n,): False where a rule is broken; the value then means nothing."""
    not_known: np.ndarray
    """Shape (n,): True where a cell breaks a rule that only warns, so that it is taken as not known."""
    n_filled: int
    broken: Counter[tuple[str, str]]
    """Number of cells by the rule that they break and their text."""


@dataclass
class ColumnReader:
    """Reads the cells of one column, batch by batch; a distinct cell is parsed once."""

    column: Column
    whole: WholeTable
    _known: dict[object, int] = field(default_factory=dict)  # cell -> position in the lists below
    _values: list[Any] = field(default_factory=list)
    _broken: list[str] = field(default_factory=list)  # id of the rule that a cell breaks, or ""

    @property
    def _own_rules(self) -> list[Rule]:
        skipped = (*_CROSS_COLUMN, "null", "duplicate")
        return [rule for rule in self.column.rules if rule.kind not in skipped]

    def read(self, cells: pa.Array) -> PlainColumn:
        """Return the parsed cells of a batch."""
        if self.column.logical_type in ("integer", "number") and _is_number(cells.type) and not self._has_style:
            return self._read_numbers(cells)
        if self.column.rule("upn") and (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            return self._read_upns(cells)
        return self._read_distinct(cells)

    @property
    def _has_style(self) -> bool:
        """Whether numbers mean something else than they say, such as shares of 1."""
        style = self.whole.styles.get(self.column.name)
        return style is not None and (style.shares or style.percent_signs)

    def _read_numbers(self, cells: pa.Array) -> PlainColumn:
        """Return numbers that the file holds as numbers."""
        values = pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False)
        filled = ~np.isnan(values)
        if missing := [float(code) for code in self.column.missing_codes if _as_float(code) is not None]:
            filled &= ~np.isin(values, missing)
            values = np.where(filled, values, np.nan)
        series = pd.Series(values)
        frame = pd.DataFrame({self.column.name: series})
        plain, only_warned = np.ones(len(values), dtype=bool), np.zeros(len(values), dtype=bool)
        broken: Counter[tuple[str, str]] = Counter()
        whole = self.column.logical_type != "integer" or values == np.rint(values)
        is_typed = ~filled | (np.isfinite(values) & whole)
        for rule in self._own_rules:
            passed = is_typed if rule.kind == "type" else satisfies(rule, self.column, frame).to_numpy(dtype=bool)
            if not passed.all():
                broken[rule.id, ""] = int((plain & ~passed).sum())
                only_warned |= plain & ~passed & (rule.severity == "warning")
                plain &= passed
        plain &= is_typed
        return self._column(series, plain, only_warned, filled, broken)

    def _read_upns(self, cells: pa.Array) -> PlainColumn:
        """Return unique pupil numbers; one in small letters or with gaps is not plain."""
        texts = as_series(cells)
        valid = valid_upns(texts).to_numpy()
        filled = texts.notna().to_numpy()
        return self._column(texts, valid, np.zeros(len(valid), dtype=bool), filled, Counter())

    def _read_distinct(self, cells: pa.Array) -> PlainColumn:
        if not pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_encode()
        distinct = cells.dictionary.to_pylist()
        try:
            positions = np.array([*self._positions(distinct), -1], dtype=np.int64)
        except TypeError:  # lists and records, which no column of a contract holds
            nothing = np.zeros(len(cells), dtype=bool)
            return PlainColumn(pd.Series([None] * len(cells), dtype=object), nothing, nothing, len(cells), Counter())
        at = pc.fill_null(cells.indices, len(distinct)).to_numpy(zero_copy_only=False)
        of_distinct = [None if position < 0 else self._values[position] for position in positions]
        rules = ["" if position < 0 else self._broken[position] for position in positions]
        plain = np.array([not rule for rule in rules])[at]
        is_blank = np.array([value is None or value != value for value in of_distinct])
        filled = ~is_blank[at]
        broken: Counter[tuple[str, str]] = Counter()
        if any(rules):
            n_of = np.bincount(at, minlength=len(positions))
            for position, rule in enumerate(rules):
                if rule and n_of[position]:
                    broken[rule, str(of_distinct[position])] += int(n_of[position])
        warnings = {rule.id for rule in self.column.rules if rule.severity == "warning"}
        only_warned = np.array([rule in warnings for rule in rules])[at]
        return self._column(self._series(of_distinct, rules, at), plain, only_warned, filled, broken)

    def _column(
        self,
        values: pd.Series,
        plain: np.ndarray,
        only_warned: np.ndarray,
        filled: np.ndarray,
        broken: Counter[tuple[str, str]],
    ) -> PlainColumn:
        """Return a column, with what its contract says of blanks: that they are errors, or taken as not known."""
        rule = self.column.rule("null")
        if rule is not None and rule.severity == "error":
            plain = plain & filled
        elif rule is not None:
            only_warned = only_warned | ~filled
        return PlainColumn(values, plain, only_warned, int(filled.sum()), broken)

    def _series(self, of_distinct: list[Any], rules: list[str], at: np.ndarray) -> pd.Series:
        """Return the values of the cells, of the type that a checked table has; codes and texts are categorical."""
        usable = [None if rule else value for value, rule in zip(of_distinct, rules, strict=True)]
        if self.column.logical_type in ("integer", "number"):
            return pd.Series(np.array(usable, dtype=np.float64)[at])
        if self.column.logical_type == "date":
            return pd.Series(pd.to_datetime(pd.Series(usable, dtype=object)).to_numpy(dtype="datetime64[s]")[at])
        codes, categories = pd.factorize(pd.Series(usable, dtype=object))
        return pd.Series(pd.Categorical.from_codes(codes[at], categories=categories))

    def _positions(self, distinct: list[Any]) -> list[int]:
        """Return the position of each distinct cell among the known ones; parse those that are new."""
        new = [cell for cell in distinct if (type(cell), cell) not in self._known]
        if len(self._known) + len(new) > _MAX_KNOWN:
            self._known, self._values, self._broken = {}, [], []
            new = distinct
        if new:
            clean = InvisibleCharacters().clean
            cells = [clean(cell) if isinstance(cell, str) else cell for cell in new]
            parsed, _ = parse_column(
                pd.Series(cells, dtype=object), self.column, self.whole.styles.get(self.column.name)
            )
            frame = pd.DataFrame({self.column.name: parsed})
            broken = np.full(len(new), "", dtype=object)
            for rule in reversed(self._own_rules):
                broken[~satisfies(rule, self.column, frame).to_numpy(dtype=bool)] = rule.id
            for cell, value, rule in zip(new, parsed.astype(object), broken, strict=True):
                self._known[type(cell), cell] = len(self._values)
                self._values.append(None if value is pd.NaT else value)
                self._broken.append(rule)
        return [self._known[type(cell), cell] for cell in distinct]


def as_series(cells: pa.Array) -> pd.Series:
    """Return cells as a series that holds the same memory."""
    return pd.Series(pd.arrays.ArrowExtensionArray(cells))


def cross_column_rules(column: Column) -> list[Rule]:
    """Return the rules of a column that compare its cells with those of another one."""
    return [
        rule for rule in column.rules if rule.kind in _CROSS_COLUMN or (rule.kind == "levels" and column.level_dates)
    ]


def other_columns(rule: Rule, contract: Contract) -> list[str]:
    """Return the columns with which a rule of a contract compares."""
    if rule.kind == "levels":  # a code may be in force on some days only
        columns = [column for column in contract.columns.values() if rule in column.rules]
        return [str(column.recorded_on).partition(":")[2] for column in columns if ":" in str(column.recorded_on)]
    return [str(rule.arguments[name]) for name in ("column", "academicYear") if name in rule.arguments]


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _as_float(code: str) -> float | None:
    try:
        return float(code)
    except ValueError:
        return None
