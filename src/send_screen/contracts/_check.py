"""Checking a table against its contract: every violation is collected, through pandera, before anything is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from send_screen.contracts._contract import Column, Contract, Rule
from send_screen.contracts._headers import HeaderMatch, match_headers
from send_screen.contracts._predicates import keeps, key_of, not_doubled
from send_screen.contracts._quote import quotable
from send_screen.contracts._result import CheckResult, Violation
from send_screen.contracts._values import prepare
from send_screen.contracts._violations import (
    doubled_header,
    empty_table,
    missing_column,
    row_violations,
)

if TYPE_CHECKING:
    import pandera.pandas as pa

FIRST_ROW = 2  # the header is row 1
MOST_HEADERS = 5  # told one by one; more are told together


def check(contract: Contract, frame: pd.DataFrame, *, file: str) -> CheckResult:
    """Check a table and collect every violation; see :meth:`Contract.check`."""
    headers = match_headers([str(header) for header in frame.columns], contract.columns)
    rows = _row_numbers(frame)
    columns: dict[str, pd.Series] = {}
    notes = _header_notes(headers)
    for column in contract.columns.values():
        place = headers.position.get(column.name)
        series = None if place is None else frame.iloc[:, place]
        columns[column.name], note = prepare(series, column, len(frame))
        notes += [note] if note else []
    prepared = pd.DataFrame(columns).set_axis(rows, axis=0)
    absent = {name for name in contract.columns if name not in headers.position}
    failures = _failures(contract, prepared, absent)
    violations = [
        *_file_violations(contract, headers, len(frame), file),
        *row_violations(contract, prepared, failures, file=file),
    ]
    bad = {violation.row for violation in violations if violation.level == "row" and violation.severity == "error"}
    return CheckResult(
        frame=_without_failures(contract, prepared, failures),
        violations=tuple(violations),
        columns=headers.report,
        bad_rows=prepared.index[prepared.index.isin(list(bad))],
        notes=tuple(notes),
    )


def _row_numbers(frame: pd.DataFrame) -> pd.Index:
    """Return the row numbers of the file: the reader's, or counted from below a header."""
    index = frame.index
    counted_from_0 = isinstance(index, pd.RangeIndex) and index.start == 0
    if counted_from_0 or not index.is_unique or not pd.api.types.is_integer_dtype(index.dtype):
        return pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame), name="row")
    return index.rename("row")


def _header_notes(headers: HeaderMatch) -> list[str]:
    aliased = headers.report.aliased
    if len(aliased) > MOST_HEADERS:
        header, name = next(iter(aliased.items()))
        return [f"{len(aliased)} headers were read by another name or spelling, such as {quotable(header)} as {name}."]
    return [f"Header {quotable(header)} was read as {name}." for header, name in aliased.items()]


def _file_violations(contract: Contract, headers: HeaderMatch, n: int, file: str) -> Iterator[Violation]:
    for name, closest in headers.report.missing.items():
        column = contract.columns[name]
        if column.required:
            yield missing_column(contract, column, closest, file)
    for name, doubles in headers.doubled.items():
        yield doubled_header(contract, name, doubles, file)
    if n == 0:
        yield empty_table(contract, file)


def _failures(contract: Contract, prepared: pd.DataFrame, absent: set[str]) -> pd.DataFrame:
    """Return pandera's failure cases: columns ``rule`` and ``row``, each broken rule once a row."""
    import pandera.pandas as pa

    schema = _schema(contract, prepared, absent)
    try:
        schema.validate(prepared, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return pd.DataFrame({"rule": cases["check"], "row": cases["index"]}).drop_duplicates(ignore_index=True)
    return pd.DataFrame({"rule": [], "row": []})


def _schema(contract: Contract, prepared: pd.DataFrame, absent: set[str]) -> pa.DataFrameSchema:
    """Return the contract as a pandera schema whose checks carry our rule ids.

    A column that the file lacks is not checked: that it is missing is said once, not once a row.
    """
    import pandera.pandas as pa

    # Worked out before pandera runs: it takes an exception inside a check for one more violation.
    def as_check(rule: Rule, kept: pd.Series) -> pa.Check:
        return pa.Check(lambda series: kept.loc[series.index], name=rule.id, error=rule.id, ignore_na=False)

    def of_column(column: Column) -> pa.Column:
        checks = [as_check(rule, keeps(rule, column, prepared)) for rule in column.rules]
        if contract.key and column.name == contract.key[0]:
            doubles = contract.rule("duplicate")
            checks += [as_check(doubles, not_doubled(prepared, key_of(doubles, contract)))] if doubles else []
        return pa.Column(None, checks=checks, nullable=True)

    return pa.DataFrameSchema(
        {name: of_column(column) for name, column in contract.columns.items() if name not in absent}
    )


def _without_failures(contract: Contract, prepared: pd.DataFrame, failures: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the values that broke a rule taken as missing, and the contract's types.

    Identifiers stay: they say which child to look at by hand. So do values that are right but doubled.
    """
    columns = {}
    for name, column in contract.columns.items():
        values = prepared[name]
        rules = {rule.id for rule in column.rules if rule.kind not in ("null", "duplicate")}
        broken = prepared.index.isin(failures.loc[failures["rule"].isin(rules), "row"])
        if broken.any() and not column.primary_key:
            values = values.mask(broken, None if values.dtype == object else np.nan)
        if column.logical_type in ("integer", "number"):
            values = pd.to_numeric(values, errors="coerce").astype(np.float64)
        elif column.logical_type == "date":
            values = pd.to_datetime(values, errors="coerce").astype("datetime64[s]")
        columns[name] = values
    return pd.DataFrame(columns, index=prepared.index)
