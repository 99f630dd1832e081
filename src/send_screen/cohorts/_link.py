"""Record linkage: join the tables of several agencies, one row a child, without losing a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from send_screen.cohorts._notes import missing_display_columns, unreadable_values, unused_headers
from send_screen.cohorts._source import SourceData, read_source
from send_screen.contracts import CheckedTable, Contract, Violation, check_table
from send_screen.errors import DataError
from send_screen.specs import AcademicYearEnd, ColumnRef, ModelSpec

NO_RECORD = "DATA-NO-RECORD"


@dataclass
class Linked:
    """Children with their columns from every contract.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a child or unusable row, columns named ``agency/contract.column``.
    origin : pandas.DataFrame
        ``file`` and ``row`` of each row of ``frame``, and ``child_id``.
    problem : pandas.DataFrame
        ``rule``, ``reason``, ``remedy`` of the first thing wrong with a row, None where nothing is.
    outcome : pandas.DataFrame or None
        The checked table of the outcome when it comes from a training-only contract; several rows a child are allowed.
    contracts : dict of str to Contract
        The contracts that were used.
    absent : tuple of str
        Contracts without data.
    notes : list of str
        What was understood, repaired or left.
    """

    frame: pd.DataFrame
    origin: pd.DataFrame
    problem: pd.DataFrame
    outcome: pd.DataFrame | None
    contracts: dict[str, Contract]
    absent: tuple[str, ...]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Checked:
    """Checked tables by contract, the names of their files, and whether one table stands behind all of them."""

    checks: dict[str, CheckedTable]
    files: dict[str, str]
    one_table: bool


def needed_columns(spec: ModelSpec, *, training: bool) -> set[ColumnRef]:
    """Return the columns without which the spec's question cannot be asked."""
    needed = {ref for feature in spec.features for ref in feature.sources}
    needed |= {condition.column for condition in (*spec.population.where, *spec.eligible.where)}
    if spec.population.series:
        needed.add(spec.population.series.column)
    if isinstance(spec.as_of, AcademicYearEnd):
        needed.add(spec.as_of.academic_year)
    if training:
        needed |= {spec.outcome.column, spec.school}
    return needed


def link(spec: ModelSpec, data: object, *, training: bool, contracts: Mapping[str, Contract] | None = None) -> Linked:
    """Read, check and join the tables that a spec names.

    Parameters
    ----------
    spec : ModelSpec
    data : SourceData, str, pathlib.Path, pandas.DataFrame, pyarrow.Table or mapping of contract id to one of them
        See :func:`~send_screen.cohorts.load_cohort`.
    training : bool
        Whether the contracts that are there for training only are read too.
    contracts : mapping of contract id to Contract, optional
        By default those that the spec was read with.

    Raises
    ------
    DataError
        If a file as a whole cannot be used; every reason is named.
    """
    uses = [use for use in spec.data if training or not use.training_only]
    given = contracts or spec.contracts
    used = {use.contract: given[use.contract] for use in uses}
    source = data if isinstance(data, SourceData) else read_source(data, used)
    raw = source.tables
    needed = needed_columns(spec, training=training)
    notes: list[str] = []
    checks: dict[str, CheckedTable] = {}
    failures: list[Violation] = []
    for use in uses:
        if use.contract not in raw:
            continue
        table = raw[use.contract]
        check = check_table(used[use.contract], table.frame, file=table.file)
        columns = {ref.column for ref in needed if ref.contract == use.contract} | {spec.child_id}
        failures += [v for v in check.violations if v.level == "file" and (v.column is None or v.column in columns)]
        notes += [note for note in (*table.notes, *check.notes) if note not in notes]
        notes += unreadable_values(check, columns, table.file)
        checks[use.contract] = check
    notes += unused_headers(checks, raw)
    notes += missing_display_columns(spec, checks, raw)
    absent = tuple(use.contract for use in uses if use.contract not in checks)
    failures += [_absence(use.contract, source) for use in uses if use.contract in absent and use.essential]
    if training and spec.outcome.column.contract in absent:
        failures.append(_absence(spec.outcome.column.contract, source))
    if failures:
        raise _refusal(failures)
    tables = _Checked(checks, {name: raw[name].file for name in checks}, len({id(raw[name]) for name in checks}) == 1)
    return _join(spec, used, tables, needed, absent, notes)


def _absence(contract: str, source: SourceData) -> Violation:
    stem = contract.rpartition("/")[2]
    return Violation(
        rule="DATA-ESSENTIAL",
        column=None,
        row=None,
        value=None,
        message=f"There is nothing for {contract}, without which this model cannot be used.",
        remedy=f"Put {stem}.csv (or .xlsx, .parquet) into the folder.",
        file=source.name,
        level="file",
    )


def _refusal(failures: list[Violation]) -> DataError:
    lines = [
        f"  {v.file}" + (f", column {v.column}" if v.column else "") + f", rule {v.rule}: {v.message} {v.remedy}"
        for v in failures
    ]
    return DataError(
        f"The data cannot be used, for {'this reason' if len(lines) == 1 else f'{len(lines)} reasons'}:\n"
        + "\n".join(dict.fromkeys(lines))
    )


def _join(
    spec: ModelSpec,
    contracts: dict[str, Contract],
    tables: _Checked,
    needed: set[ColumnRef],
    absent: tuple[str, ...],
    notes: list[str],
) -> Linked:
    checks, files = tables.checks, tables.files
    outcome_contract = spec.outcome.column.contract
    training_only = {use.contract for use in spec.data if use.training_only}
    spine = [name for name in checks if name not in training_only]
    parts, origins, problems = [], [], []
    for name in spine:
        check = checks[name]
        columns = {ref.column for ref in needed if ref.contract == name} | {spec.child_id}
        parts.append(check.frame.add_prefix(f"{name}."))
        problems.append(_row_problems(check, columns))
        origins.append(
            pd.DataFrame(
                {"file": files[name], "row": check.frame.index, "child_id": check.frame[spec.child_id].to_numpy()},
                index=check.frame.index,
            )
        )
    if tables.one_table:
        # The same rows stand behind every contract: put the columns side by side, row by row.
        frame = pd.concat(parts, axis=1)
        problem = problems[0]
        for other in problems[1:]:
            problem = problem.where(problem["rule"].notna(), other)
        origin = origins[0]
        for other in origins[1:]:
            origin["child_id"] = origin["child_id"].where(origin["child_id"].notna(), other["child_id"])
    else:
        frame, origin, problem = _join_by_child(parts, origins, problems, files, spine)
    outcome = None
    if outcome_contract in training_only and outcome_contract in checks:
        check = checks[outcome_contract]
        columns = {ref.column for ref in needed if ref.contract == outcome_contract} | {spec.child_id}
        bad = _row_problems(check, columns)["rule"].notna()
        if bad.any():
            notes.append(f"{files[outcome_contract]}: {int(bad.sum())} row(s) break their contract and were left out.")
        outcome = check.frame[~bad.to_numpy()]
        known = outcome[spec.child_id].isin(origin["child_id"].dropna())
        if (~known).any():
            notes.append(
                f"{files[outcome_contract]}: {int((~known).sum())} row(s) belong to no child in the other files."
            )
        outcome = outcome[known]
    frame, origin, problem = (part.reset_index(drop=True) for part in (frame, origin, problem))
    return Linked(frame, origin, problem, outcome, contracts, absent, notes)


def _row_problems(check: CheckedTable, columns: set[str]) -> pd.DataFrame:
    """Return rule, reason and remedy of the first error in a needed column, row by row."""
    problem = pd.DataFrame(index=check.frame.index, columns=["rule", "reason", "remedy"], dtype=object)
    problem[:] = None
    first: dict[int, tuple[str, str, str]] = {}
    for v in check.violations:
        if v.level == "row" and v.severity == "error" and v.row is not None and v.column in columns | {None}:
            label = f"{v.column}: " if v.column else ""
            first.setdefault(v.row, (v.rule, label + v.message, v.remedy))
    if first:
        problem.loc[list(first)] = pd.DataFrame.from_dict(first, orient="index").to_numpy(dtype=object)
    return problem


def _join_by_child(
    parts: list[pd.DataFrame],
    origins: list[pd.DataFrame],
    problems: list[pd.DataFrame],
    files: dict[str, str],
    spine: list[str],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Join tables by the child's identifier; a row without a usable identifier stays as a row of its own."""
    frame, origin, problem = parts[0], origins[0], problems[0]
    keyed = origin["child_id"].notna() & ~origin["child_id"].duplicated(keep="first")
    for name, part, other_origin, other_problem in zip(spine[1:], parts[1:], origins[1:], problems[1:], strict=True):
        usable = other_origin["child_id"].notna() & ~other_origin["child_id"].duplicated(keep="first")
        place = pd.Series(origin.index[keyed], index=pd.Index(origin.loc[keyed, "child_id"], dtype=object))
        target = other_origin["child_id"].where(usable).map(place)
        matched = target.notna()
        joined = part[matched].set_axis(pd.Index(target[matched].astype(origin.index.dtype)))
        frame = frame.join(joined)
        moved = other_problem[matched].set_axis(joined.index).reindex(frame.index)
        problem = problem.where(problem["rule"].notna(), moved)
        lacking = keyed & ~frame.index.isin(joined.index) & problem["rule"].isna()
        problem.loc[lacking, ["rule", "reason", "remedy"]] = [
            NO_RECORD,
            f"{files[name]} has no row for this child.",
            "Look at the child by hand, and ask for the missing record.",
        ]
        extra = part[~matched]
        extra_problem = other_problem[~matched].copy()
        lonely = extra_problem["rule"].isna()
        extra_problem.loc[lonely, ["rule", "reason", "remedy"]] = [
            NO_RECORD,
            f"{files[spine[0]]} has no row for this child.",
            "Look at the child by hand, and ask for the missing record.",
        ]
        frame = pd.concat([frame, extra.reindex(columns=frame.columns)], ignore_index=True)
        problem = pd.concat([problem, extra_problem], ignore_index=True)
        origin = pd.concat([origin, other_origin[~matched]], ignore_index=True)
        keyed = origin["child_id"].notna() & ~origin["child_id"].duplicated(keep="first")
    return frame, origin, problem
