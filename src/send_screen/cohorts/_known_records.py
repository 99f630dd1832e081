"""What was known of each child by the as-of date: agencies' rows linked to the children, and the newest of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from send_screen.cohorts._as_of import CONFLICT, LEFT_OUT, USED, RecordsAsOf, records_as_of, without_doubles
from send_screen.contracts import CheckedTable, Contract
from send_screen.contracts._note import Note, notes_of
from send_screen.contracts._predicates import key_of, year_end
from send_screen.documents import count
from send_screen.linkage import FILE, LINKED, LinkageResult, link_records
from send_screen.specs import AcademicYearEnd, ColumnRef, ModelSpec
from send_screen.specs._columns import as_code

PROBLEM_COLUMNS = ["rule", "reason", "remedy", "columns"]


@dataclass(frozen=True)
class KnownRecords:
    """The records of the children as they were known on the as-of date."""

    tables: dict[str, CheckedTable]  # those to be joined; of another agency, the rows of the children alone
    ids: dict[str, pd.Series]  # the child of each row of every table, or None
    dated: dict[str, RecordsAsOf]
    linkage: LinkageResult | None  # of the rows of other agencies; None where there are none
    conflicts: pd.DataFrame  # rows of one date that differ in what is asked for
    notes: tuple[str, ...]


def known_records(
    spec: ModelSpec,
    used: Mapping[str, Contract],
    checks: Mapping[str, CheckedTable],
    names: Iterable[str],
    files: Mapping[str, str],
    needed: Mapping[str, set[str]],
    *,
    essential: set[str],
    one_table: bool,
    further_files: Mapping[str, Sequence[int]],
) -> KnownRecords:
    """Return the records of the tables that are joined (``names``), as they were known on the as-of date.

    Rows of other agencies than the first contract's are linked to its children, unless all read ``one_table``.
    ``further_files`` are the rows at which a further file begins, of tables that were stacked. A row of a contract
    that is not essential is left out where it breaks that contract.
    """
    first = spec.data[0].contract
    notes: list[str] = []
    joined = {name: checks[name] for name in names}
    linkage = None
    ids = {name: check.frame[spec.child_id] for name, check in checks.items() if not is_other_agency(spec, name)}
    if others := {name: check.frame for name, check in checks.items() if name not in ids}:
        if one_table:
            ids |= dict.fromkeys(others, ids[first])
        else:
            linkage = link_records(
                checks[first].frame,
                {name: _with_file(frame, further_files[name]) for name, frame in others.items()},
                child_id=spec.child_id,
                linkage=spec.linkage,
                files=files,
            )
            notes += linkage.notes
            ids |= {name: _linked_to(linkage, name, frame) for name, frame in others.items()}
    as_of = _as_of(spec, joined, ids)
    dated: dict[str, RecordsAsOf] = {}
    left_out: dict[str, pd.Index] = {}
    for name in joined:
        if linkage and name in others:
            theirs = ids[name].notna()
            joined[name] = _only(joined[name], theirs)
            not_linked = _not_linked(linkage, name, theirs.index)
            notes += belong_to_nobody_note(~theirs & ~not_linked, files[name])
            notes += [Note(note, needed[name], name) for note in _not_linked_note(not_linked, files[name])]
        child = ids[name].reindex(joined[name].frame.index)
        records = records_as_of(
            used[name],
            joined[name],
            child,
            as_of.reindex(child).set_axis(child.index),
            file=files[name],
            id_column=spec.child_id,
            exempt={spec.outcome.column.column} if name == spec.outcome.column.contract else set(),
            asked=needed[name],
            decisive=_refused_codes(spec, name),
            broken=None
            if name in essential
            else _broken(used[name], without_doubles(used[name], joined[name]), needed[name]),
        )
        if records is not None:
            dated[name], joined[name] = records, records.check
            notes += notes_of(name, [records.note])
        if name not in essential:
            bad = _broken(used[name], joined[name], needed[name])
            left_out[name] = bad.index[bad]
            joined[name] = _only(joined[name], ~bad)
            counted = bad if records is None else pd.concat([bad, records.use == LEFT_OUT])
            notes += notes_of(name, left_out_note(counted, files[name], needed[name]))
    return KnownRecords(
        tables=joined,
        ids=ids,
        dated=dated,
        linkage=linkage and replace(linkage, crosswalk=_with_use(linkage.crosswalk, dated, left_out)),
        conflicts=_conflicts(dated, ids, files),
        notes=tuple(notes),
    )


def is_other_agency(spec: ModelSpec, contract: str) -> bool:
    """Return whether a contract is of another agency than the first, which says who the children are."""
    return contract.partition("/")[0] != spec.data[0].contract.partition("/")[0]


def _linked_to(linkage: LinkageResult, contract: str, frame: pd.DataFrame) -> pd.Series:
    """Return the child that each row of an agency's table is linked to, or None."""
    links = linkage.links
    of_table = links[links["contract"] == contract].set_index("row")["child_id"]
    return of_table.reindex(frame.index).astype(object).where(lambda child: child.notna(), None)


def _not_linked(linkage: LinkageResult, contract: str, rows: pd.Index) -> pd.Series:
    """Return which rows of an agency's table may be a child's, and are not linked: in doubt, or in conflict."""
    crosswalk = linkage.crosswalk
    of_table = crosswalk[(crosswalk["contract"] == contract) & (crosswalk["status"] != LINKED)]
    return pd.Series(rows.isin(of_table["row"]), index=rows)


def _not_linked_note(rows: pd.Series, file: str) -> list[str]:
    n = int(rows.sum())
    may_be = count(n, "row may be a child's and was", "rows may be children's and were")
    return [f"{file}: {may_be} not used, being in doubt or in conflict with what is known of the child."] if n else []


def _with_file(frame: pd.DataFrame, further_files: Sequence[int]) -> pd.DataFrame:
    """Return a table in which rows of different files are told apart."""
    return frame.assign(**{FILE: np.searchsorted(further_files, frame.index, side="right")}) if further_files else frame


def _with_use(
    crosswalk: pd.DataFrame, dated: Mapping[str, RecordsAsOf], left_out: Mapping[str, pd.Index]
) -> pd.DataFrame:
    """Add what became of each linked row: a row of a table without dates is used."""
    use = pd.Series(USED, index=crosswalk.index, dtype=object).where(crosswalk["status"] == LINKED, None)
    for name, records in dated.items():
        of_table = (crosswalk["contract"] == name) & (crosswalk["status"] == LINKED)
        use[of_table] = records.use.reindex(crosswalk.loc[of_table, "row"]).to_numpy()
    for name, rows in left_out.items():
        use[(crosswalk["contract"] == name) & crosswalk["row"].isin(rows) & (use == USED)] = LEFT_OUT
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


def belong_to_nobody_note(rows: pd.Series, file: str) -> list[str]:
    n = int(rows.sum())
    return [f"{file}: {count(n, 'row belongs', 'rows belong')} to nobody in the other files."] if n else []


def _refused_codes(spec: ModelSpec, contract: str) -> dict[str, set[str]]:
    """Return the codes that a child must not have by a condition of the spec, by column of a contract."""
    refused: dict[str, set[str]] = {}
    for condition in (*spec.population.where, *spec.eligible.where):
        if condition.negated and condition.column.contract == contract:
            refused.setdefault(condition.column.column, set()).update(map(as_code, condition.values))
    return refused


def _broken(contract: Contract, check: CheckedTable, needed: set[str]) -> pd.Series:
    """Return which rows break their contract in a needed column."""
    return row_problems(contract, check, needed)["rule"].notna()


def left_out_note(bad: pd.Series, file: str, columns: set[str]) -> list[str]:
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
    """Return the rows of one date that differ in what is asked for."""
    parts = [
        pd.DataFrame({"contract": name, "file": files[name], "row": rows, "child_id": ids[name].loc[rows].array})
        for name, records in dated.items()
        if len(rows := records.use.index[records.use == CONFLICT])
    ]
    columns = ["contract", "file", "row", "child_id", "reason"]
    return pd.concat(parts, ignore_index=True).assign(reason=CONFLICT) if parts else pd.DataFrame(columns=columns)


def row_problems(contract: Contract, check: CheckedTable, columns: set[str]) -> pd.DataFrame:
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
    found = pd.DataFrame(errors, columns=["row", *PROBLEM_COLUMNS], dtype=object).drop_duplicates("row")
    return found.set_index("row").reindex(check.frame.index)
