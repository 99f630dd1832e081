"""Check a table against its data contract and collect every violation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.contracts._contract import Column, Contract
from send_screen.contracts._derive import derivation_of, derive
from send_screen.contracts._headers import HeaderMatch, match_headers
from send_screen.contracts._load import available_contracts, load_contract
from send_screen.contracts._note import Note
from send_screen.contracts._parse_cells import ColumnStyle, Repair, parse_column, repair_notes
from send_screen.contracts._predicates import is_parsed, is_unique_key, key_of, satisfies, with_leading_zeros
from send_screen.contracts._quote import quotable
from send_screen.contracts._result import CheckedTable
from send_screen.contracts._violations import file_violations, other_coding, row_violations

FIRST_ROW = 2  # the header is row 1
MAX_HEADERS = 5  # reported one by one; more are reported together
_MIN_MISSING = 4  # required columns that a file must lack to be taken for a table of another contract


@dataclass(frozen=True)
class WholeTable:
    """What only a whole table tells, for checking some of its rows by themselves."""

    headers: HeaderMatch
    styles: Mapping[str, ColumnStyle]
    """How the columns of numbers and dates are written, by name in the contract."""
    filled: frozenset[str]
    """Columns of the contract that hold anything."""
    academic_year: str | None = None
    """The one that is screened, of a table that says it."""


def check_table(
    contract: Contract,
    frame: pd.DataFrame,
    *,
    file: str,
    other_contracts: Collection[Contract] = (),
    whole: WholeTable | None = None,
) -> CheckedTable:
    """Check a table against its contract and collect every violation.

    Parameters
    ----------
    contract : Contract
    frame : pandas.DataFrame, shape (n, any)
        As read: text cells, or the types of a Parquet file. Its integer index is taken as the row numbers of
        the file; an index that counts from 0 is renumbered from 2, as if below a header.
    file : str
        The file's name, for the messages.
    other_contracts : collection of Contract, optional
        Contracts that the same table is also checked against: a header of theirs is not suggested for a column.
    whole : WholeTable, optional
        Of the table that the rows are a part of: then nothing is concluded from the part's columns as a whole.

    Returns
    -------
    CheckedTable
        The table under the contract's names and types, and what is wrong with it.

    Examples
    --------
    >>> import pandas as pd
    >>> from send_screen.contracts import load_contract
    >>> frame = pd.DataFrame({"UPN": ["A000100122001"], "CensusDate": ["2022-01-20"], "SENprovision": ["Z"]})
    >>> result = check_table(load_contract("outcomes/sen_status"), frame, file="status.csv")
    >>> [(violation.row, violation.rule) for violation in result.violations]
    [(2, 'SEN-UPN-CHECK'), (2, 'SEN-PROVISION-CODE')]
    """
    headers = whole.headers if whole else header_match(contract, frame, other_contracts)
    rows = _row_numbers(frame)
    columns: dict[str, pd.Series] = {}
    repairs: dict[str, Repair] = {}
    blank = pd.Series(None, index=frame.index, dtype=object)
    for column in contract.columns.values():
        index = headers.position.get(column.name)
        cells = blank if index is None else frame.iloc[:, index]
        columns[column.name], repair = parse_column(cells, column, whole.styles.get(column.name) if whole else None)
        if repair:
            repairs[column.name] = repair
    notes = [*header_notes(headers), *repair_notes(repairs)]
    filled = whole.filled if whole else {name for name in headers.position if columns[name].notna().any()}
    from_codes: dict[str, pd.Series] = {}
    for name, column in contract.columns.items():
        derivation = derivation_of(column, filled)
        if derivation and derivation.kind == "codes":  # of a more detailed column, preferred where the file has both
            derived = derive(derivation, columns)
            from_codes[name] = derived.notna().set_axis(rows)
            columns[name] = derived.combine_first(columns[name])
        elif derivation and name in headers.report.missing:
            columns[name] = derive(derivation, columns)
        if derivation and (derivation.kind == "codes" or name in headers.report.missing):
            headers = headers.without_missing(name)
            made = f"Column {name} was made from {' and '.join(derivation.columns)}."
            notes.append(Note(made, [name, *derivation.columns]))
        if rule := column.rule("establishment"):
            columns[name] = with_leading_zeros(columns[name], columns[rule.arguments["child"]])
    prepared = pd.DataFrame(columns).set_axis(rows, axis=0)
    absent = set(headers.report.missing)
    failures = _failures(contract, prepared, absent, from_codes)
    other_table = _other_table(contract, headers, other_contracts) if _lacks_required(contract, headers) else None
    violations = [
        *file_violations(
            contract, headers, file, other_table=other_table, has_rows=whole is not None or len(frame) > 0
        ),
        *(() if whole else other_coding(contract, prepared, failures, file)),
        *row_violations(contract, prepared, failures, file=file),
    ]
    bad = {violation.row for violation in violations if violation.level == "row" and violation.severity == "error"}
    return CheckedTable(
        frame=_without_failures(contract, prepared, failures),
        violations=tuple(violations),
        columns=headers.report,
        bad_rows=prepared.index[prepared.index.isin(list(bad))],
        notes=tuple(notes),
    )


def header_match(contract: Contract, frame: pd.DataFrame, other_contracts: Collection[Contract] = ()) -> HeaderMatch:
    """Return which columns of a frame are the contract's."""
    return match_headers(
        [str(header) for header in frame.columns],
        contract.columns,
        marks=contract.header_marks,
        elsewhere=_headers_of(other_contracts, frame),
        fits=lambda column, index: _fits(column, frame.iloc[:, index]),
    )


def _headers_of(contracts: Collection[Contract], frame: pd.DataFrame) -> frozenset[str]:
    """Return the headers of a frame that other contracts use."""
    headers = [str(header) for header in frame.columns]
    matches = (match_headers(headers, other.columns, marks=other.header_marks).position for other in contracts)
    return frozenset(headers[index].strip() for position in matches for index in position.values())


def _lacks_required(contract: Contract, headers: HeaderMatch) -> bool:
    return any(contract.columns[name].required for name in headers.report.missing)


def _other_table(contract: Contract, headers: HeaderMatch, other_contracts: Collection[Contract]) -> Contract | None:
    """Return the contract that comes with the library and explains most unused headers, if one explains enough."""
    missing = sum(contract.columns[name].required for name in headers.report.missing)
    refs = {contract.ref, *(other.ref for other in other_contracts)}
    unused = [*headers.report.unknown, *headers.report.guessed]
    others = [load_contract(ref) for ref in available_contracts() if ref not in refs]
    explained = [len(match_headers(unused, other.columns, marks=other.header_marks).position) for other in others]
    most = max(explained, default=0)
    return others[explained.index(most)] if missing >= _MIN_MISSING and 2 * most >= missing else None


def _fits(column: Column, cells: pd.Series) -> bool:
    """Return whether a column of a file holds values, and each satisfies the contract's rules on single values."""
    values, _ = parse_column(cells, column)
    cross_column_arguments = {"column", "child"}  # arguments of rules that compare a cell with another column
    rules = [
        rule
        for rule in column.rules
        if rule.kind not in ("null", "duplicate") and not cross_column_arguments & rule.arguments.keys()
    ]
    frame = pd.DataFrame({column.name: values})
    return bool(values.notna().any()) and all(satisfies(rule, column, frame).all() for rule in rules)


def _row_numbers(frame: pd.DataFrame) -> pd.Index:
    """Return the row numbers of the file: the reader's, or counted from below a header."""
    index = frame.index
    counted_from_0 = isinstance(index, pd.RangeIndex) and index.start == 0
    if counted_from_0 or not index.is_unique or not pd.api.types.is_integer_dtype(index.dtype):
        return pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame), name="row")
    return index.rename("row")


def header_notes(headers: HeaderMatch) -> list[Note]:
    """Return notes on headers that were read by another name."""
    aliased = headers.report.aliased
    if len(aliased) > MAX_HEADERS:
        header, name = next(iter(aliased.items()))
        text = f"{len(aliased)} headers were read by another name or spelling, such as {quotable(header)} as {name}."
        return [Note(text, [name])]
    return [Note(f"Header {quotable(header)} was read as {name}.", [name]) for header, name in aliased.items()]


def _failures(
    contract: Contract, prepared: pd.DataFrame, absent: set[str], from_codes: dict[str, pd.Series]
) -> dict[str, np.ndarray]:
    """Return the rows that break each rule, by its id (bool, shape (n,)); rules that no row breaks are left out.

    A column that the file lacks is not checked: that it is missing is reported once, not for each row. Codes that
    were derived from another column are valid whatever the date.
    """
    passes = {
        rule.id: satisfies(rule, column, prepared) | (rule.kind == "levels" and from_codes.get(column.name, False))
        for column in contract.columns.values()
        if column.name not in absent
        for rule in column.rules
    }
    duplicates = contract.rule("duplicate")
    if duplicates and contract.key and contract.key[0] not in absent:
        passes[duplicates.id] = is_unique_key(prepared, key_of(duplicates, contract))
    return {rule: ~passed.to_numpy(dtype=bool) for rule, passed in passes.items() if not passed.all()}


def _without_failures(contract: Contract, prepared: pd.DataFrame, failures: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the frame with the values that broke a rule taken as missing, and the contract's types.

    Identifiers stay: they say which child to look at by hand. So do valid values that are duplicates.
    """
    columns = {}
    for name, column in contract.columns.items():
        values = prepared[name]
        broken = [rule.id for rule in column.rules if rule.kind not in ("null", "duplicate") and rule.id in failures]
        if broken and not column.primary_key:
            is_broken = np.any([failures[rule] for rule in broken], axis=0)
            values = values.mask(is_broken, None if values.dtype == object else np.nan)
        if column.logical_type in ("integer", "number", "date"):
            values = values.where(is_parsed(values))  # pandas would parse texts that the contract does not accept
        if column.logical_type in ("integer", "number"):
            values = pd.to_numeric(values, errors="coerce").astype(np.float64)
        elif column.logical_type == "date":
            values = pd.to_datetime(values, errors="coerce").astype("datetime64[s]")
        columns[name] = values
    return pd.DataFrame(columns, index=prepared.index)
