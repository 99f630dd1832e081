"""Find what only the whole table tells: headers, how columns are written, academic year, children with several rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from send_screen.batches._plain_columns import as_series
from send_screen.cohorts._drop_rows import current_year
from send_screen.contracts import Column, Contract
from send_screen.contracts._check import WholeTable, header_match
from send_screen.contracts._parse_cells import column_style, distinct_texts, parse_column
from send_screen.contracts._upn import upn_numbers
from send_screen.readers._parquet import frame_of

_MAX_TEXTS = 1_000_000  # distinct texts of a column that are looked at to see how it is written
_NO_UPN = np.uint64(1 << 63)  # a bit that no number of a UPN has
_MAX_NUMBERS = 20  # of a column of numbers


@dataclass(frozen=True)
class TableColumns:
    """The columns of a table that a contract uses."""

    names: tuple[str, ...]
    """In the order in which a batch has them."""
    unused: tuple[str, ...]
    whole: dict[str, WholeTable]
    """By contract, as far as the headers tell it."""


def used_columns(contracts: Mapping[str, Contract], first: pa.RecordBatch) -> TableColumns:
    """Return which columns of a table its contracts use, from its headers and first rows."""
    frame, _ = frame_of(pa.Table.from_batches([first]))

    def others(name: str) -> list[Contract]:
        return [contract for other, contract in contracts.items() if other != name]

    matches = {name: header_match(contract, frame, others(name)) for name, contract in contracts.items()}
    used = sorted({position for match in matches.values() for position in match.position.values()})
    kept = frame.iloc[:, used]
    whole = {
        name: WholeTable(header_match(contract, kept, others(name)), {}, frozenset())
        for name, contract in contracts.items()
    }
    unused = [str(header) for index, header in enumerate(frame.columns) if index not in used]
    return TableColumns(tuple(map(str, kept.columns)), tuple(unused), whole)


class TableScan:
    """Adds up what batches tell; :meth:`whole` is what was found."""

    def __init__(self, contracts: Mapping[str, Contract], columns: TableColumns, child_id: tuple[str, str]) -> None:
        self._contracts, self._columns, self._child_id = contracts, columns, child_id
        self._texts: dict[tuple[str, str], set[str]] = {}
        self._filled: set[tuple[str, str]] = set()
        self._years: dict[str, Counter[str]] = {}
        self._hashes: list[np.ndarray] = []

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that a batch must have, in order."""
        return self._columns.names

    def of_nothing(self) -> TableScan:
        """Return one of the same table that has seen no batch."""
        return TableScan(self._contracts, self._columns, self._child_id)

    def merge(self, other: TableScan) -> None:
        """Add what other batches told."""
        for key, texts in other._texts.items():
            self._texts.setdefault(key, set()).update(texts)
        self._filled |= other._filled
        for contract, years in other._years.items():
            self._years.setdefault(contract, Counter()).update(years)
        self._hashes += other._hashes

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at a batch that has the columns of the table."""
        for name, contract in self._contracts.items():
            for column_name, position in self._columns.whole[name].headers.position.items():
                self._add_column(name, contract.columns[column_name], batch.column(position))
        contract_name, child_id = self._child_id
        at = self._columns.whole[contract_name].headers.position.get(child_id)
        if at is not None:
            self._hashes.append(id_hashes(batch.column(at), self._contracts[contract_name].columns[child_id]))

    def _add_column(self, contract: str, column: Column, cells: pa.Array) -> None:
        key = contract, column.name
        is_text = _is_text(cells.type)
        styled = column.logical_type in ("integer", "number", "date") and is_text
        if styled or column.unit == "%":
            texts = self._texts.setdefault(key, set())
            if len(texts) < _MAX_TEXTS:
                texts.update(_texts_of(cells) if is_text else _some_numbers(cells))
        if column.rule("academicYear"):
            counts = pc.value_counts(cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells)
            years, _ = parse_column(counts.field("values").to_pandas(), column)
            found = self._years.setdefault(contract, Counter())
            for year, n in zip(years, counts.field("counts").to_pylist(), strict=True):
                if isinstance(year, str):
                    found[year] += n
                    self._filled.add(key)
        if key not in self._filled and cells.null_count < len(cells):
            for part in (cells.drop_null().slice(0, 100), cells):  # most often the first are enough
                parsed, _ = parse_column(pd.Series(pc.unique(part).to_pylist(), dtype=object), column)
                if parsed.notna().any():
                    self._filled.add(key)
                    break

    def whole(self) -> dict[str, WholeTable]:
        """Return what was found of the table, for each contract."""
        found = {}
        for name, contract in self._contracts.items():
            styles = {
                column: column_style(contract.columns[column], self._texts[name, column])
                for column in contract.columns
                if (name, column) in self._texts
            }
            filled = frozenset(column for of_contract, column in self._filled if of_contract == name)
            years = pd.Series(self._years.get(name, {}), dtype=np.float64)
            headers = self._columns.whole[name].headers
            found[name] = WholeTable(headers, styles, filled, current_year(years) if len(years) else None)
        return found

    def repeated(self) -> np.ndarray:
        """Return the hashes of the identifiers that stand in more than one row, in order."""
        hashes = np.sort(np.concatenate([np.zeros(0, dtype=np.uint64), *self._hashes]))
        return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def id_hashes(ids: pa.Array, column: Column) -> np.ndarray:
    """Return a hash of each identifier as its contract writes it: uint64, shape (n,); blanks have one each."""
    texts = as_series(pc.cast(ids, pa.large_string()))
    hashes = np.empty(len(texts), dtype=np.uint64)
    odd = np.ones(len(texts), dtype=bool)
    if column.rule("upn"):
        valid, numbers = upn_numbers(texts)
        hashes[valid], odd = numbers, ~valid
    if odd.any():
        repaired = parse_column(texts[odd].astype(object), column)[0].astype(object).to_numpy()
        blank = pd.isna(repaired)
        valid, numbers = upn_numbers(pd.Series(repaired))
        of_odd = pd.util.hash_array(np.where(blank, "", repaired), categorize=False) | _NO_UPN
        if column.rule("upn"):
            of_odd[valid] = numbers
        of_odd[blank] = np.arange(blank.sum(), dtype=np.uint64) | _NO_UPN
        hashes[odd] = of_odd
    return hashes


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _texts_of(cells: pa.Array) -> Iterable[str]:
    distinct = cells.dictionary if pa.types.is_dictionary(cells.type) else pc.unique(cells)
    _, texts = distinct_texts(pd.Series(distinct.to_pylist(), dtype=object))
    return (text for text in texts if text is not None)


def _some_numbers(cells: pa.Array) -> Iterable[str]:
    """Return a few numbers of a column, the largest among them, and one that is not whole if there is one."""
    numbers = pc.cast(cells, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    distinct = np.unique(numbers[~np.isnan(numbers)])
    broken = distinct[distinct != np.rint(distinct)]
    _, texts = distinct_texts(pd.Series([*distinct[:_MAX_NUMBERS], *distinct[-1:], *broken[:1]], dtype=object))
    return (text for text in texts if text is not None)
