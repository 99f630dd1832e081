"""Screen a batch of rows: one pure function, Arrow in and Arrow out, that every engine runs.

Rows whose cells are all plainly valid, which most are, are read column by column. The others are read by
the reader of whole files, which says what is wrong with each. What becomes of either is decided by one function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from send_screen.batches._facts import BatchFacts
from send_screen.batches._plain_columns import ColumnReader, cross_column_rules, other_columns
from send_screen.cohorts import Cohort
from send_screen.cohorts._as_of import date_columns
from send_screen.cohorts._build import cohort_of, synthetic_and_real
from send_screen.cohorts._known_records import PROBLEM_COLUMNS
from send_screen.cohorts._link import LinkedTables, link, needed_columns
from send_screen.cohorts._source import SourceData
from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import Column, Contract
from send_screen.contracts._check import WholeTable
from send_screen.contracts._derive import derivation_of
from send_screen.contracts._predicates import satisfies
from send_screen.governance import Bundle
from send_screen.readers._parquet import frame_of
from send_screen.specs import ColumnRef
from send_screen.tables import RiskTables

#: Column that an engine adds to those of the table: the number of the row in its file, as a spreadsheet counts.
ROW = "__row__"
_TEXTS = pa.dictionary(pa.int32(), pa.string())
# What a batch becomes; the columns from ``contract`` on are of excluded rows only.
_COLUMNS = {
    "row": pa.int64(),
    "child_id": pa.string(),
    "school": _TEXTS,
    "score": pa.float64(),
    "kind": _TEXTS,
    "rule": _TEXTS,
    "contract": _TEXTS,
    "name": pa.string(),
    "class_name": _TEXTS,
    "cluster": _TEXTS,
    "reason": _TEXTS,
    "remedy": _TEXTS,
    "columns": _TEXTS,
}


@dataclass(frozen=True)
class Step:
    """What a batch is screened with: the version, and what was found of the table as a whole."""

    bundle: Bundle
    whole: Mapping[str, WholeTable]
    """By contract; the positions of columns are those in a batch."""
    sample_every: int = 1
    """Of how many rows one is in the sample of values."""

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contracts that are asked for in screening, by id."""
        uses = self.bundle.spec.data
        return {use.contract: self.bundle.contracts[use.contract] for use in uses if not use.training_only}

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of what a batch becomes."""
        groups = {f"group.{group.name}": _TEXTS for group in self.bundle.spec.groups}
        bags = {name: pa.float64() for name in self.bag_columns}
        return pa.schema({**_COLUMNS, **groups, **bags, "facts": pa.string()})

    @property
    def bag_columns(self) -> tuple[str, ...]:
        """The columns with the scores of the bags, of a version with a bagged ensemble."""
        bags = self.bundle.bags
        return tuple(f"bag.{number}" for number in range(len(bags.tables))) if bags else ()

    def screen(self, batch: pa.RecordBatch, *, file: str, whole_children: bool = False) -> pa.RecordBatch:
        """Return what becomes of each row of a batch: a score, or why it is excluded.

        Parameters
        ----------
        batch : pyarrow.RecordBatch
            The columns of the table, and ``ROW``, of children who have one row in the table.
        file : str
            Name of the file, for messages.
        whole_children : bool, default False
            Whether they may have several, which are all in this batch.

        Returns
        -------
        pyarrow.RecordBatch
            A row for each, of ``schema``; ``facts`` of the first is what the batch tells of the table as a whole.
        """
        facts = BatchFacts(n_rows=batch.num_rows)
        frame, plain = self._read_columns(batch, facts)
        if whole_children or not self.reads_columns:
            plain[:] = False
        cohorts = [self._plain_cohort(batch, frame, plain, file=file)] if plain.any() else []
        if not plain.all():
            cohorts.append(self.cohort(batch.filter(pa.array(~plain)), file=file))
        for cohort in cohorts:
            facts.add_as_of(cohort.as_of)
            facts.add_groups(cohort.sensitive)
            facts.add_ids(*synthetic_and_real(self.id_column, pd.concat([cohort.ids, cohort.excluded["child_id"]])))
        parts = [*map(_screened, cohorts), *map(_excluded, cohorts)]
        X = _one_block([cohort.X[list(self.bundle.tables.features)] for cohort in cohorts])
        table = pa.concat_tables([self._table(part) for part in parts])
        rows = table.column("row").to_numpy()
        facts.n_repeats = batch.num_rows - len(rows)
        facts.add_values(self.bundle, X, sampled=rows[: len(X)] % self.sample_every == 0)
        versions = {"score": self.bundle.tables}
        if self.bundle.bags is not None:
            versions |= dict(zip(self.bag_columns, self.bundle.bags.tables, strict=True))
        added = {name: self._scores(tables, X, len(rows)) for name, tables in versions.items()}
        added["facts"] = pa.nulls(len(rows), pa.string())
        for name, column in added.items():
            table = table.set_column(table.column_names.index(name), name, column)
        in_order = table.take(pa.array(np.argsort(rows, kind="stable"))).combine_chunks()
        told = pa.array([facts.to_json(), *[None] * (len(rows) - 1)], pa.string())
        return in_order.set_column(in_order.column_names.index("facts"), "facts", told).to_batches()[0]

    @staticmethod
    def _scores(tables: RiskTables, X: pd.DataFrame, n: int) -> pa.Array:
        """Return the scores of children, and nothing of the rows after them that are excluded."""
        score = np.full(n, np.nan)
        for batch in tables.explain_in_batches(X, threads=1):
            score[batch.children] = batch.score
        return pa.array(score, from_pandas=True)

    def cohort(self, batch: pa.RecordBatch, *, file: str) -> Cohort:
        """Return rows of the table as a cohort, read one by one."""
        frame, _ = frame_of(pa.Table.from_batches([batch]).drop_columns([ROW]))
        frame.index = pd.Index(batch.column(ROW).to_numpy(), name="row")
        source = SourceData(dict.fromkeys(self.contracts, SourceTable(frame, file)))
        spec, contracts = self.bundle.spec, self.bundle.contracts
        linked = link(spec, source, training=False, contracts=contracts, whole=self.whole)
        return cohort_of(spec, linked, training=False, whole_file=False)

    def _plain_cohort(self, batch: pa.RecordBatch, frame: pd.DataFrame, plain: np.ndarray, *, file: str) -> Cohort:
        """Return the rows in which no cell is wrong as a cohort, read column by column."""
        spec = self.bundle.spec
        frame = frame[plain].reset_index(drop=True)
        origin = pd.DataFrame(
            {
                "contract": self._id.contract,
                "file": file,
                "row": batch.column(ROW).to_numpy()[plain],
                "child_id": frame[str(self._id)].astype(object),
            }
        )
        nothing = pd.DataFrame(index=frame.index, columns=PROBLEM_COLUMNS, dtype=object)
        linked = LinkedTables(self.contracts, frame, origin, nothing, None, None, pd.DataFrame(), ())
        return cohort_of(spec, linked, training=False, whole_file=False)

    @cached_property
    def reads_columns(self) -> bool:
        """Whether rows are read column by column: no table has dates of its own, and nothing is to be derived."""
        return not any(
            date_columns(contract)
            or tuple(contract.key) not in ((), (self.bundle.spec.child_id,))
            or any(self._is_derived(contract, name) for name in self._read_of(contract))
            for contract in self.contracts.values()
        )

    @property
    def _id(self) -> ColumnRef:
        return ColumnRef(self.bundle.spec.data[0].contract, self.bundle.spec.child_id)

    @property
    def position_of_id(self) -> int:
        """The position of the child's identifier in a batch."""
        return self.whole[self._id.contract].headers.position[self._id.column]

    @property
    def id_column(self) -> Column:
        """The contract's column of the child's identifier."""
        return self._column(self._id)

    def _is_derived(self, contract: Contract, name: str) -> bool:
        derivation = derivation_of(contract.columns[name], self.whole[contract.id].filled)
        missing = self.whole[contract.id].headers.report.missing
        return derivation is not None and (derivation.kind == "codes" or name in missing)

    def _read_of(self, contract: Contract) -> set[str]:
        """Return the columns of a contract that are read: those that decide about a row, are shown, or make groups."""
        spec = self.bundle.spec
        refs = [*spec.show.name, spec.show.class_name, *(group.column for group in spec.groups)]
        return self._decisive_of(contract) | _with_compared(contract, _columns_of(contract, refs))

    def _decisive_of(self, contract: Contract) -> set[str]:
        """Return the columns of a contract that decide about a row: where one breaks a rule, the row is read by itself.

        So are schools, of which the child's identifier tells how to read a short number.
        """
        spec = self.bundle.spec
        names = {spec.child_id} & contract.columns.keys() | self._needed[contract.id]
        names |= _columns_of(contract, [spec.school, spec.shown_school])
        names |= {name for name, column in contract.columns.items() if column.rule("academicYear")}
        return _with_compared(contract, names)

    @cached_property
    def _needed(self) -> dict[str, set[str]]:
        return needed_columns(self.bundle.spec, training=False)

    @cached_property
    def _readers(self) -> dict[ColumnRef, ColumnReader]:
        return {
            ColumnRef(contract.id, name): ColumnReader(column, self.whole[contract.id])
            for contract in self.contracts.values()
            for name, column in contract.columns.items()
            if name in self._read_of(contract)
        }

    def _read_columns(self, batch: pa.RecordBatch, facts: BatchFacts) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the columns that are read, and in which rows it is plain that none that decides breaks a rule."""
        n = batch.num_rows
        columns: dict[str, pd.Series] = {}
        decisive = {name: self._decisive_of(contract) for name, contract in self.contracts.items()}
        plain, not_known = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
        for ref, reader in self._readers.items():
            position = self.whole[ref.contract].headers.position.get(ref.column)
            if position is None:
                columns[str(ref)] = pd.Series([None] * n, dtype=object)
                continue
            column = reader.read(batch.column(position))
            facts.add_column(ref, column)
            columns[str(ref)] = column.values
            if ref.column in decisive[ref.contract]:
                plain &= column.plain
            if ref.column in self._needed[ref.contract]:
                not_known |= column.not_known
                facts.not_known[str(ref)] += int(column.not_known.sum())
        facts.n_with_not_known += int(not_known.sum())
        frame = pd.DataFrame(columns)
        for ref in self._readers:
            of_ref = self._column(ref)
            if ref.column not in self.whole[ref.contract].headers.position:
                continue
            of_contract = {other.column: frame[str(other)] for other in self._readers if other.contract == ref.contract}
            for rule in cross_column_rules(of_ref):
                passed = satisfies(rule, of_ref, pd.DataFrame(of_contract)).to_numpy(dtype=bool)
                facts.broken.setdefault(rule.id, Counter())[""] += int((~passed).sum())
                if ref.column in decisive[ref.contract]:
                    plain &= passed
                else:
                    frame[str(ref)] = frame[str(ref)].where(passed)
            if of_ref.rule("academicYear"):
                year, current = frame[str(ref)], self.whole[ref.contract].academic_year
                plain &= (year.isna() | (year == current)).to_numpy()
        return frame, plain & frame[str(self._id)].notna().to_numpy()

    def _column(self, ref: ColumnRef) -> Column:
        return self.contracts[ref.contract].columns[ref.column]

    def _table(self, part: Mapping[str, Any]) -> pa.Table:
        """Return columns as a table of the schema; those that are not given are missing."""
        n = len(part["row"])
        return pa.table(
            {
                field.name: pa.array(part[field.name], _value_type(field.type), from_pandas=True).cast(field.type)
                if field.name in part
                else pa.nulls(n, field.type)
                for field in self.schema
            }
        )


def _one_block(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames as one whose numbers lie in one array, which is explained without copying it."""
    if any(dtype != np.float64 for frame in frames for dtype in frame.dtypes):
        return pd.concat(frames, ignore_index=True)
    names, ends = frames[0].columns, np.cumsum([0, *map(len, frames)])
    block = np.empty((len(names), ends[-1]))
    for frame, start, end in zip(frames, ends[:-1], ends[1:], strict=True):
        for row, name in zip(block, names, strict=True):
            row[start:end] = frame[name].to_numpy()
    return pd.DataFrame(block.T, columns=names, copy=False)


def _columns_of(contract: Contract, refs: Iterable[ColumnRef | None]) -> set[str]:
    return {ref.column for ref in refs if ref is not None and ref.contract == contract.id}


def _with_compared(contract: Contract, names: set[str]) -> set[str]:
    """Return columns of a contract, and those that its rules compare them with."""
    rules = [rule for name in names for rule in cross_column_rules(contract.columns[name])]
    return names | {other for rule in rules for other in other_columns(rule, contract)}


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _screened(cohort: Cohort) -> dict[str, Any]:
    return {
        "row": cohort.show["row"].to_numpy(dtype=np.int64),
        "child_id": cohort.ids.astype(str).to_numpy(),
        "school": cohort.show["school"].astype(str).to_numpy(),
    }


def _excluded(cohort: Cohort) -> dict[str, Any]:
    excluded = cohort.excluded
    texts = ("child_id", "name", "class_name", "school", "cluster", "contract", "kind", "rule", "reason", "remedy")
    found: dict[str, Any] = {name: excluded[name].astype(object).to_numpy() for name in texts}
    found["row"] = excluded["row"].to_numpy(dtype=np.int64)
    found["columns"] = [" ".join(sorted(map(str, columns))) for columns in excluded["columns"]]
    return found | {name: excluded[name].to_numpy() for name in map(str, excluded) if name.startswith("group.")}
