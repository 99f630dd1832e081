"""Join the agencies' tables into one row per child, with what is wrong with each row."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from send_screen.cohorts._as_of import RecordsAsOf
from send_screen.cohorts._drop_rows import OTHER_YEAR
from send_screen.cohorts._known_records import PROBLEM_COLUMNS, KnownRecords, row_problems
from send_screen.contracts import Contract
from send_screen.specs import ColumnRef, ModelSpec

NO_RECORD = "DATA-NO-RECORD"
RECORDS_DIFFER = "DATA-RECORDS-DIFFER"


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
            f"{file} has rows of one date that differ in {', '.join(sorted(names))}.",
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
    dated = pd.DataFrame.from_dict(found, orient="index", columns=PROBLEM_COLUMNS).reindex(problems.index)
    return problems.where(problems["rule"].notna(), dated)


def with_other_years(
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


def join(
    spec: ModelSpec,
    contracts: Mapping[str, Contract],
    known: KnownRecords,
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
    checks = known.tables
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "contract": name,
                    "file": files[name],
                    "row": check.frame.index,
                    "child_id": known.ids[name].reindex(check.frame.index).array,
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
            row_problems(contracts[name], check, needed[name]),
            known.dated.get(name),
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
