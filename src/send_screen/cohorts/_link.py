"""Record linkage: join the tables of several agencies into one row per child, without losing a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from send_screen.cohorts._academic_year import with_academic_year
from send_screen.cohorts._as_of import CONFLICT, USED, RecordsAsOf, records_as_of
from send_screen.cohorts._column_errors import ambiguous_years, missing_columns, unreadable_columns
from send_screen.cohorts._drop_rows import OTHER_YEAR, drop_repeats_and_other_years
from send_screen.cohorts._notes import missing_display_columns, unreadable_values, unused_headers
from send_screen.cohorts._source import SourceData, read_source
from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import CheckedTable, Contract, check_table
from send_screen.contracts._note import Note
from send_screen.contracts._predicates import key_of, year_end
from send_screen.documents import count
from send_screen.errors import DataError
from send_screen.linkage import LINKED, LinkageResult, link_records
from send_screen.specs import AcademicYearEnd, ColumnRef, ModelSpec

NO_RECORD = "DATA-NO-RECORD"
RECORDS_DIFFER = "DATA-RECORDS-DIFFER"
_PROBLEM_COLUMNS = ["rule", "reason", "remedy", "columns"]


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
) -> LinkedTables:
    """Read, check and join the tables that a spec names; see :func:`~send_screen.cohorts.load_cohort`.

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
            used[name], table.frame, file=table.file, other_contracts=[used[other] for other in _sharing(name, tables)]
        )
        for name, table in tables.items()
    }
    notes: list[str] = []
    other_years: list[pd.DataFrame] = []
    for name, table in {id(table): (name, table) for name, table in tables.items()}.values():
        if table.file_sha256:  # a frame, such as the records of a request, is kept as it is
            checks_of_table = {each: checks[each] for each in tables if each in (name, *_sharing(name, tables))}
            kept, of_other_years, dropped = drop_repeats_and_other_years(
                used, checks_of_table, table.frame, table.file, one_year=not training
            )
            checks |= kept
            other_years.append(of_other_years)
            notes += dropped
    failures: list[DataError] = []
    for name, table in tables.items():
        columns = needed[name] | {column.name for column in [used[name].id_column] if column and column.required}
        failures += _file_errors(name, used[name], tables, checks, columns, training=training)
        notes += [*table.notes, *checks[name].notes, *unreadable_values(checks[name], needed[name], table.file)]
    notes += [*unused_headers(checks, tables), *missing_display_columns(spec, checks, tables)]
    first = spec.data[0].contract
    essential = {first, *(use.contract for use in uses if use.essential)}
    essential |= {spec.outcome.column.contract} if training else set()
    failures += [_missing_table(name, source.name) for name in used if name in essential - set(checks)]
    if failures:
        lines = list(dict.fromkeys(f"  {failure}" for failure in failures))
        reasons = "this reason" if len(lines) == 1 else f"{len(lines)} reasons"
        raise DataError(f"The data cannot be used, for {reasons}:\n" + "\n".join(lines))
    files = {name: table.file for name, table in tables.items()}
    joined = {use.contract: checks[use.contract] for use in uses if not use.training_only and use.contract in checks}
    one_table = len({id(table) for table in tables.values()}) == 1
    linkage = None
    ids = {name: check.frame[spec.child_id] for name, check in checks.items() if not _is_other_agency(spec, name)}
    if others := {name: check.frame for name, check in checks.items() if name not in ids}:
        if one_table:
            ids |= dict.fromkeys(others, ids[first])
        else:
            linkage = link_records(
                checks[first].frame, others, child_id=spec.child_id, linkage=spec.linkage, files=files
            )
            ids |= {name: _linked_to(linkage, name, frame) for name, frame in others.items()}
    as_of = _as_of(spec, joined, ids)
    dated: dict[str, RecordsAsOf] = {}
    for name in joined:
        if linkage and name in others:
            theirs = ids[name].notna()
            joined[name] = _only(joined[name], theirs)
            notes += _belong_to_nobody(~theirs, files[name])
        child = ids[name].reindex(joined[name].frame.index)
        records = records_as_of(
            used[name],
            joined[name],
            child,
            child.map(as_of),
            file=files[name],
            id_column=spec.child_id,
            exempt={spec.outcome.column.column} if name == spec.outcome.column.contract else set(),
        )
        if records is not None:
            dated[name], joined[name] = records, records.check
            notes.append(records.note)
        if name not in essential:
            joined[name], left_out = _usable_rows(used[name], joined[name], needed[name], files[name])
            notes += left_out
    frame, origin, problem = _with_other_years(
        *_join(spec, used, joined, ids, dated, files, needed, essential=essential, one_table=one_table),
        pd.concat(other_years) if other_years else pd.DataFrame(),
    )
    outcome = None
    name = spec.outcome.column.contract
    if name in checks and name not in joined:
        bad = _row_problems(used[name], checks[name], needed[name])["rule"].notna()
        rows = checks[name].frame.assign(**{spec.child_id: ids[name]})
        outcome, outcome_notes = _usable_outcomes(rows, spec.child_id, bad, origin["child_id"], files[name])
        notes += outcome_notes
    return LinkedTables(
        contracts=used,
        frame=frame,
        origin=origin,
        problem=problem,
        outcome=outcome,
        linkage=linkage and replace(linkage, crosswalk=_with_use(linkage.crosswalk, dated)),
        conflicts=_conflicts(dated, ids, files),
        notes=tuple(dict.fromkeys(notes)),
    )


def _is_other_agency(spec: ModelSpec, contract: str) -> bool:
    """Return whether a contract is of another agency than the first, which says who the children are."""
    return contract.partition("/")[0] != spec.data[0].contract.partition("/")[0]


def _linked_to(linkage: LinkageResult, contract: str, frame: pd.DataFrame) -> pd.Series:
    """Return the child that each row of an agency's table is linked to, or None."""
    links = linkage.links
    of_table = links[links["contract"] == contract].set_index("row")["child_id"]
    return of_table.reindex(frame.index).astype(object).where(lambda child: child.notna(), None)


def _with_use(crosswalk: pd.DataFrame, dated: Mapping[str, RecordsAsOf]) -> pd.DataFrame:
    """Add what became of each linked row: a row of a table without dates is used."""
    use = pd.Series(USED, index=crosswalk.index, dtype=object).where(crosswalk["status"] == LINKED, None)
    for name, records in dated.items():
        of_table = (crosswalk["contract"] == name) & (crosswalk["status"] == LINKED)
        use[of_table] = records.use.reindex(crosswalk.loc[of_table, "row"]).to_numpy()
    return crosswalk.assign(use=use)


def _as_of(spec: ModelSpec, checks: Mapping[str, CheckedTable], ids: Mapping[str, pd.Series]) -> pd.Series:
    """Return the as-of date of each child, by identifier; the first where the records of a child differ."""
    everyone = pd.concat([ids[name] for name in checks]).dropna().unique()
    if not isinstance(spec.as_of, AcademicYearEnd):
        return pd.Series(pd.Timestamp(spec.as_of), index=everyone)
    name, column = spec.as_of.academic_year
    if name not in checks:
        return pd.Series(pd.NaT, index=everyone)
    return year_end(checks[name].frame[column], spec.as_of.month_day).groupby(ids[name]).min()


def _belong_to_nobody(rows: pd.Series, file: str) -> list[str]:
    n = int(rows.sum())
    return [f"{file}: {count(n, 'row belongs', 'rows belong')} to nobody in the other files."] if n else []


def _usable_rows(
    contract: Contract, check: CheckedTable, needed: set[str], file: str
) -> tuple[CheckedTable, list[str]]:
    """Return the rows of a contract that is not essential which keep it, and a note on the others."""
    bad = _row_problems(contract, check, needed)["rule"].notna()
    return _only(check, ~bad), _left_out(bad, file, needed)


def _left_out(bad: pd.Series, file: str, columns: set[str]) -> list[str]:
    if not bad.any():
        return []
    rows = count(bad.sum(), "row breaks its contract and is", "rows break their contract and are")
    return [Note(f"{file}: {rows} left out.", columns)]


def _only(check: CheckedTable, keep: pd.Series) -> CheckedTable:
    """Return a checked table with some of its rows."""
    if keep.all():
        return check
    rows = set(check.frame.index[keep])
    violations = tuple(v for v in check.violations if v.level == "file" or v.row in rows)
    return replace(check, frame=check.frame[keep], violations=violations)


def _conflicts(
    dated: Mapping[str, RecordsAsOf], ids: Mapping[str, pd.Series], files: Mapping[str, str]
) -> pd.DataFrame:
    """Return the rows of one date that contradict each other."""
    parts = [
        pd.DataFrame({"contract": name, "file": files[name], "row": rows, "child_id": ids[name].loc[rows].array})
        for name, records in dated.items()
        if len(rows := records.use.index[records.use == CONFLICT])
    ]
    columns = ["contract", "file", "row", "child_id", "reason"]
    return pd.concat(parts, ignore_index=True).assign(reason=CONFLICT) if parts else pd.DataFrame(columns=columns)


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
        errors += unreadable_columns(contract, check, needed, table.file)
        errors += [] if training else ambiguous_years(contract, check, needed, table.file)
    return errors


def _usable_outcomes(
    outcomes: pd.DataFrame, id_column: str, bad: pd.Series, children: pd.Series, file: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return the valid rows of a training-only outcome that belong to one of the children, and notes on the others."""
    unknown = ~bad & ~outcomes[id_column].isin(children.dropna())
    return outcomes[~bad & ~unknown], [*_left_out(bad, file, {id_column}), *_belong_to_nobody(unknown, file)]


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
        use.contract: set() if _is_other_agency(spec, use.contract) else {spec.child_id} for use in spec.data
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


def _row_problems(contract: Contract, check: CheckedTable, columns: set[str]) -> pd.DataFrame:
    """Return rule, reason, remedy and columns of the first error in a needed column, row by row."""
    compared = {
        rule.id: {rule.arguments["column"]} if "column" in rule.arguments else set(key_of(rule, contract))
        for rule in (*contract.rules, *(rule for column in contract.columns.values() for rule in column.rules))
        if rule.kind == "duplicate" or "column" in rule.arguments
    }

    def decided_by(rule: str, column: str | None) -> frozenset[ColumnRef]:
        return frozenset(ColumnRef(contract.id, name) for name in {column, *compared.get(rule, ())} if name)

    errors = [
        (v.row, v.rule, f"{v.column}: {v.message}" if v.column else v.message, v.remedy, decided_by(v.rule, v.column))
        for v in check.violations
        if v.level == "row" and v.severity == "error" and v.column in {None, *columns}
    ]
    found = pd.DataFrame(errors, columns=["row", *_PROBLEM_COLUMNS], dtype=object).drop_duplicates("row")
    return found.set_index("row").reindex(check.frame.index)


def _decisive_columns(spec: ModelSpec, contract: str) -> set[str]:
    """Return the columns of a contract that decide whether a child is in the population and eligible."""
    conditions = (*spec.population.where, *spec.eligible.where)
    return {ref.column for condition in conditions for ref in condition.columns if ref.contract == contract}


def _dated_problems(
    spec: ModelSpec,
    problems: pd.DataFrame,
    records: RecordsAsOf | None,
    contract: str,
    file: str,
    *,
    decisive: set[str],
    essential: bool,
) -> pd.DataFrame:
    """Return the problems of rows, with those of children without a record by the as-of date, or with several."""
    if records is None:
        return problems
    child = spec.children_are.singular
    found = {
        row: [
            RECORDS_DIFFER,
            f"{file} has rows of one date that contradict each other in {', '.join(sorted(names))}.",
            f"Look at the {child} by hand, and ask which row is right.",
            frozenset(ColumnRef(contract, name) for name in names),
        ]
        for row, columns in records.conflicts.items()
        if (names := columns & decisive)
    }
    if essential:
        found |= {
            row: [
                NO_RECORD,
                f"{file} has no row for this identifier that was recorded by the as-of date.",
                f"Look at the {child} by hand, and ask for the missing record.",
                frozenset([ColumnRef(contract, spec.child_id)]),
            ]
            for row in records.without_record
        }
    dated = pd.DataFrame.from_dict(found, orient="index", columns=_PROBLEM_COLUMNS).reindex(problems.index)
    return problems.where(problems["rule"].notna(), dated)


def _with_other_years(
    frame: pd.DataFrame, origin: pd.DataFrame, problem: pd.DataFrame, others: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Append the records of other academic years, one per child and year, each with that as its problem."""
    if others.empty:
        return frame, origin, problem
    records = others[~(others.duplicated(["child_id", "year"]) & others["child_id"].notna())].reset_index(drop=True)
    reasons = [
        f"The record is of {year}: the newest in the file are screened, and no others with them."
        for year in records["year"]
    ]
    problems = pd.DataFrame(
        {
            "rule": OTHER_YEAR,
            "reason": reasons,
            "remedy": "To screen another year, give a file of that year alone.",
            "columns": records["columns"],
        }
    )
    return (
        pd.concat([frame, records.reindex(columns=frame.columns)], ignore_index=True),
        pd.concat([origin, records[list(origin.columns)]], ignore_index=True),
        pd.concat([problem, problems], ignore_index=True),
    )


def _join(
    spec: ModelSpec,
    contracts: Mapping[str, Contract],
    checks: dict[str, CheckedTable],
    ids: Mapping[str, pd.Series],
    dated: Mapping[str, RecordsAsOf],
    files: dict[str, str],
    needed: dict[str, set[str]],
    *,
    essential: set[str],
    one_table: bool,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the joined columns, and the origin and the problem of each row; see :class:`LinkedTables`.

    Tables are joined by the child's identifier, or row by row where all contracts read the same one. A row whose
    identifier is missing or duplicate stays a row of its own. That a table has no row of a child is a problem only
    where the table is essential: otherwise what it would say is not known.
    """
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "contract": name,
                    "file": files[name],
                    "row": check.frame.index,
                    "child_id": ids[name].reindex(check.frame.index).array,
                }
            )
            for name, check in checks.items()
        ],
        keys=range(len(checks)),
    )
    table = rows.index.get_level_values(0).to_numpy()  # number of the table that a row is from
    usable = (rows["child_id"].notna() & ~rows.assign(table=table).duplicated(["table", "child_id"])).to_numpy()
    if one_table:
        child, _ = pd.factorize(rows["row"])
    else:
        by_id = rows["child_id"].astype(object)
        child, _ = pd.factorize(by_id.where(usable, pd.Series(list(rows.index), index=rows.index)))
    first = ~pd.Series(child).duplicated().to_numpy()  # the first row of each child
    origin = rows[first].reset_index(drop=True)
    origin["child_id"] = rows["child_id"].groupby(child).first()

    problems = [
        _dated_problems(
            spec,
            _row_problems(contracts[name], check, needed[name]),
            dated.get(name),
            name,
            files[name],
            decisive=needed[name] if name in essential else _decisive_columns(spec, name),
            essential=name in essential,
        )
        for name, check in checks.items()
    ]
    problem = pd.concat(problems)[first].reset_index(drop=True)
    parts = []
    for number, (name, check) in enumerate(checks.items()):
        children = child[table == number]
        parts.append(check.frame.add_prefix(f"{name}.").set_axis(children).reindex(origin.index))
        if name not in essential:
            problem = problem.where(problem["rule"].notna(), problems[number].set_axis(children).reindex(origin.index))
            continue
        problems_here = problems[number].set_axis(children).reindex(origin.index)
        lacking = ~origin.index.isin(children) & (usable | (table > 0))[first]
        problems_here.loc[lacking, ["rule", "reason", "remedy"]] = [
            NO_RECORD,
            f"{files[name]} has no row for this identifier.",
            f"Look at the {spec.children_are.singular} by hand, and ask for the missing record.",
        ]
        problems_here.loc[lacking, "columns"] = origin["contract"][lacking].map(
            lambda there, name=name: frozenset(ColumnRef(contract, spec.child_id) for contract in (name, there))
        )
        problem = problem.where(problem["rule"].notna(), problems_here)
    return pd.concat(parts, axis=1), origin, problem
