"""Record linkage: join the tables of several agencies into one row per child, without losing a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from send_screen.cohorts._academic_year import with_academic_year
from send_screen.cohorts._column_errors import ambiguous_years, broken_cells, missing_columns, unreadable_columns
from send_screen.cohorts._drop_rows import drop_repeats_and_other_years
from send_screen.cohorts._join import join, with_other_years
from send_screen.cohorts._known_records import (
    belong_to_nobody_note,
    is_other_agency,
    known_records,
    left_out_note,
    row_problems,
)
from send_screen.cohorts._notes import missing_display_columns, unreadable_values, unused_headers
from send_screen.cohorts._source import SourceData, read_source
from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import CheckedTable, Contract, check_table
from send_screen.contracts._check import WholeTable
from send_screen.contracts._note import notes_of
from send_screen.errors import DataError
from send_screen.linkage import LinkageResult
from send_screen.specs import AcademicYearEnd, ModelSpec


@dataclass(frozen=True)
class LinkedTables:
    """The joined tables: children with their columns from every contract; the frames share one index."""

    contracts: dict[str, Contract]
    frame: pd.DataFrame  # one row per child or unusable row, columns named ``agency/contract.column``
    origin: pd.DataFrame  # ``contract``, ``file``, ``row`` and ``child_id`` of each row
    problem: pd.DataFrame  # rule, reason, remedy and columns of the first thing wrong with a row, else missing
    outcome: pd.DataFrame | None  # the table of a training-only outcome, which may have several rows per child
    linkage: LinkageResult | None  # of the rows of other agencies; None where there are none
    conflicts: pd.DataFrame  # ``contract``, ``file``, ``row``, ``child_id`` and ``reason`` of rows in contradiction
    notes: tuple[str, ...]  # on values and headers that were repaired or not used


def link(
    spec: ModelSpec,
    data: object,
    *,
    training: bool,
    contracts: Mapping[str, Contract] | None = None,
    academic_year: str | None = None,
    whole: Mapping[str, WholeTable] | None = None,
) -> LinkedTables:
    """Read, check and join the tables that a spec names; see :func:`~send_screen.cohorts.load_cohort`.

    ``whole`` says what was found of the whole table of each contract, where the data are some of its rows.

    An error names every reason why a file as a whole cannot be used.
    """
    uses = [use for use in spec.data if training or not use.training_only]
    contracts = contracts or spec.contracts
    used = {use.contract: contracts[use.contract] for use in uses}
    source = data if isinstance(data, SourceData) else read_source(data, used)
    tables = {name: source.tables[name] for name in used if name in source.tables}
    if academic_year:
        tables = with_academic_year(tables, used, academic_year)
    needed = needed_columns(spec, training=training)
    checks = {
        name: check_table(
            used[name],
            table.frame,
            file=table.file,
            other_contracts=[used[other] for other in _sharing(name, tables)],
            whole=whole[name] if whole else None,
        )
        for name, table in tables.items()
    }
    notes: list[str] = []
    other_years: list[pd.DataFrame] = []
    for name, table in {id(table): (name, table) for name, table in tables.items()}.values():
        if table.file_sha256 or whole:  # a frame, such as the records of a request, is kept as it is
            checks_of_table = {each: checks[each] for each in tables if each in (name, *_sharing(name, tables))}
            kept, of_other_years, dropped = drop_repeats_and_other_years(
                used, checks_of_table, table.frame, table.file, one_year=not training, whole=whole
            )
            checks |= kept
            other_years.append(of_other_years)
            notes += dropped
    failures: list[DataError] = []
    for name, table in tables.items():
        columns = needed[name] | {column.name for column in [used[name].id_column] if column and column.required}
        failures += _file_errors(name, used[name], tables, checks, columns, training=training)
        found = [*checks[name].notes, *unreadable_values(checks[name], needed[name], table.file)]
        notes += [*table.notes, *notes_of(name, found)]
    notes += [*unused_headers(checks, tables), *missing_display_columns(spec, checks, tables)]
    first = spec.data[0].contract
    essential = {first, *(use.contract for use in uses if use.essential)}
    essential |= {spec.outcome.column.contract} if training else set()
    failures += [_missing_table(name, source.name) for name in used if name in essential - set(checks)]
    others = [contract.title for name, contract in used.items() if name not in essential | checks.keys()]
    notes += [f"There is no file for {title}: what it says is not known of anybody." for title in others]
    if failures:
        lines = list(dict.fromkeys(f"  {failure}" for failure in failures))
        reasons = "this reason" if len(lines) == 1 else f"{len(lines)} reasons"
        raise DataError(f"The data cannot be used, for {reasons}:\n" + "\n".join(lines))
    files = {name: table.file for name, table in tables.items()}
    joined = [use.contract for use in uses if not use.training_only and use.contract in checks]
    one_table = len({id(table) for table in tables.values()}) == 1
    further = {name: table.further_files for name, table in tables.items()}
    known = known_records(
        spec, used, checks, joined, files, needed, essential=essential, one_table=one_table, further_files=further
    )
    notes += known.notes
    frame, origin, problem = with_other_years(
        *join(spec, used, known, files, needed, essential=essential, one_table=one_table),
        pd.concat(other_years) if other_years else pd.DataFrame(),
    )
    outcome = None
    name = spec.outcome.column.contract
    if name in checks and name not in joined:
        bad = row_problems(used[name], checks[name], needed[name])["rule"].notna()
        rows = checks[name].frame.assign(**{spec.child_id: known.ids[name]})
        outcome, outcome_notes = _usable_outcomes(rows, spec.child_id, bad, origin["child_id"], files[name])
        notes += outcome_notes
    return LinkedTables(
        contracts=used,
        frame=frame,
        origin=origin,
        problem=problem,
        outcome=outcome,
        linkage=known.linkage,
        conflicts=known.conflicts,
        notes=tuple(dict.fromkeys(notes)),
    )


def _sharing(name: str, tables: dict[str, SourceTable]) -> list[str]:
    """Return the other contracts that are checked against the same table as this one."""
    return [other for other, table in tables.items() if table is tables[name] and other != name]


def _file_errors(
    name: str,
    contract: Contract,
    tables: dict[str, SourceTable],
    checks: dict[str, CheckedTable],
    needed: set[str],
    *,
    training: bool,
) -> list[DataError]:
    """Return the errors of a table as a whole: violations of the file, and needed columns that cannot be used."""
    check, table = checks[name], tables[name]
    violations = [v for v in check.violations if v.level == "file" and v.column in {None, *needed}]
    reports = [checks[other].columns for other in _sharing(name, tables)]
    elsewhere = {header for report in reports for header in (*report.matched, *report.aliased)}
    errors = missing_columns(contract, check, violations, elsewhere) or [
        DataError(v.message, remedy=v.remedy, file=v.file, column=v.column, rule=v.rule) for v in violations
    ]
    if table.file_sha256 and not violations:
        broken = broken_cells(contract, check, needed)
        errors += unreadable_columns(contract, broken, table.file)
        errors += [] if training else ambiguous_years(contract, broken, needed, table.file)
    return errors


def _usable_outcomes(
    outcomes: pd.DataFrame, id_column: str, bad: pd.Series, children: pd.Series, file: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return the valid rows of a training-only outcome that belong to one of the children, and notes on the others."""
    unknown = ~bad & ~outcomes[id_column].isin(children.dropna())
    return outcomes[~bad & ~unknown], [*left_out_note(bad, file, {id_column}), *belong_to_nobody_note(unknown, file)]


def needed_columns(spec: ModelSpec, *, training: bool) -> dict[str, set[str]]:
    """Return the columns of each contract that population, eligibility, features, as-of date or training need.

    The dates on which these were recorded are needed too. Rows of other agencies may do without the identifier.
    """
    refs = [ref for feature in spec.features for ref in feature.sources]
    refs += [ref for condition in (*spec.population.where, *spec.eligible.where) for ref in condition.columns]
    if isinstance(spec.as_of, AcademicYearEnd):
        refs.append(spec.as_of.academic_year)
    if training:
        refs += [spec.outcome.column, *([spec.school] if spec.school else [])]
    needed: dict[str, set[str]] = {
        use.contract: set() if is_other_agency(spec, use.contract) else {spec.child_id} for use in spec.data
    }
    for ref in refs:
        kind, _, date = (spec.contracts[ref.contract].columns[ref.column].recorded_on or "").partition(":")
        needed[ref.contract] |= {ref.column, date} if kind == "column" else {ref.column}
    return needed


def _missing_table(contract: str, source: str) -> DataError:
    return DataError(
        f"There is nothing for {contract}, without which this model cannot be used.",
        remedy=f"Put {contract.rpartition('/')[2]}.csv (or .xlsx, .parquet) into the folder.",
        file=source,
        rule="DATA-ESSENTIAL",
    )
