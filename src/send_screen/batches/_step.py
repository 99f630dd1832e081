"""Screen a batch of rows: one pure function, Arrow in and Arrow out, that every engine runs.

Rows whose cells are all plainly valid, which most are, are read column by column. All others are read by
:func:`send_screen.cohorts.load_cohort`, which says what is wrong with each. Both give the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from send_screen.batches._plain_columns import ColumnReader, PlainColumn, cross_column_rules, other_columns
from send_screen.cohorts import Cohort, load_cohort
from send_screen.cohorts._build import synthetic_ids
from send_screen.cohorts._as_of import date_columns
from send_screen.cohorts._features import as_of_dates, evaluate_condition, feature_values
from send_screen.cohorts._link import LinkedTables, needed_columns
from send_screen.cohorts._source import SourceData
from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import Column, Contract
from send_screen.contracts._check import WholeTable
from send_screen.contracts._predicates import satisfies
from send_screen.governance import Bundle
from send_screen.specs import ColumnRef

ROW, FILE = "__row__", "__file__"  # columns that an engine adds to those of the file
#: Of what an engine gets for each row.
SCREENED = pa.schema(
    [
        (ROW, pa.int64()),
        (FILE, pa.int32()),
        ("child_id", pa.string()),
        ("school", pa.dictionary(pa.int32(), pa.string())),
        ("score", pa.float64()),
        ("kind", pa.dictionary(pa.int8(), pa.string())),
        ("rule", pa.dictionary(pa.int16(), pa.string())),
    ]
)


@dataclass(frozen=True)
class Step:
    """What a batch is screened with: the version, and what was found of the table as a whole."""

    bundle: Bundle
    whole: Mapping[str, WholeTable]
    """By contract."""
    files: tuple[str, ...]
    """Names of the files, by their number in the column ``FILE``."""

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contracts that are asked for in screening, by id."""
        spec = self.bundle.spec
        return {use.contract: self.bundle.contracts[use.contract] for use in spec.data if not use.training_only}

    @cached_property
    def _needed(self) -> dict[str, set[str]]:
        return needed_columns(self.bundle.spec, training=False)

    @cached_property
    def reads_plain_rows(self) -> bool:
        """Whether rows can be read column by column: no table has dates of its own, or columns to be derived."""
        spec = self.bundle.spec
        return not any(
            date_columns(contract)
            or (contract.key and contract.key != (spec.child_id,))
            or any(column.derived and name in self._read_of(contract) for name, column in contract.columns.items())
            for contract in self.contracts.values()
        )

    def _read_of(self, contract: Contract) -> set[str]:
        """Return the columns of a contract that are read: those that are needed, and those that these are compared with."""
        school = self.bundle.spec.shown_school
        names = {self.bundle.spec.child_id} & contract.columns.keys() | self._needed[contract.id]
        names |= {school.column} if school and school.contract == contract.id else set()
        names |= {name for name, column in contract.columns.items() if column.rule("academicYear")}
        return names | {
            other for name in names for rule in cross_column_rules(contract.columns[name]) for other in other_columns(rule)
        }

    @cached_property
    def _readers(self) -> dict[ColumnRef, ColumnReader]:
        return {
            ColumnRef(id_, name): ColumnReader(contract.columns[name], self.whole[id_])
            for id_, contract in self.contracts.items()
            for name in contract.columns
            if name in self._read_of(contract)
        }

    def screen(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return what becomes of each row of a batch."""
        ...
