"""Records as of a date: of each child the newest that was known by then, and nothing that was recorded later."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from send_screen.contracts import CheckedTable, Contract
from send_screen.contracts._note import Note
from send_screen.documents import count
from send_screen.specs._columns import as_code

#: What becomes of a row of a dated table.
USED = "used"
OLDER = "older than the record that is used"
LATER = "recorded after the as-of date"
UNDATED = "without a date"
NO_AS_OF = "of a child without an as-of date"
CONFLICT = "differs from another row of the same date"
LEFT_OUT = "breaks its contract"
#: What becomes of rows of which the child's agency knew by the as-of date.
KNOWN_BY_THEN = (USED, OLDER, CONFLICT, LEFT_OUT)


@dataclass(frozen=True)
class RecordsAsOf:
    """A dated table as it was known on the as-of date, with at most one row per child."""

    check: CheckedTable  # what was not known by then is missing
    use: pd.Series  # what became of each row of the file, by its number; None for a row without a child
    without_record: pd.Index  # rows kept, without values, of children of whom there was no record by then
    conflicts: dict[int, frozenset[str]]  # columns asked for in which rows of one date differ, by row kept
    note: Note


def date_columns(contract: Contract, exempt: Collection[str] = ()) -> list[str]:
    """Return the columns that hold the dates when others, apart from those that are exempt, were recorded."""
    rules = (column.recorded_on or "" for name, column in contract.columns.items() if name not in exempt)
    return list(dict.fromkeys(rule.partition(":")[2] for rule in rules if rule.startswith("column:")))


def records_as_of(
    contract: Contract,
    check: CheckedTable,
    child: pd.Series,
    as_of: pd.Series,
    *,
    file: str,
    id_column: str,
    exempt: Collection[str] = (),
    asked: Collection[str] | None = None,
    decisive: Mapping[str, Collection[str]] | None = None,
    broken: pd.Series | None = None,
) -> RecordsAsOf | None:
    """Return what was known of each child on or before the as-of date; None where the contract has no dates.

    ``child`` and ``as_of`` say for each row whose it is, and the last day whose records may be used. A row is of the
    date in its key, or else of the earliest of its dates; a value with a later date of its own is missing. A column has
    the value of the newest row that has one; where rows of that date differ in it, it is not known, which is a conflict
    where the column is ``asked`` for (by default each is). A code in ``decisive`` counts in whichever row it stands.
    Rows that are ``broken`` are left out. Columns in ``exempt``, such as a later outcome, are kept.
    """
    dates = date_columns(contract, exempt)
    if not dates:
        return None
    frame = check.frame
    when = frame[[name for name in dates if name in contract.key] or dates].min(axis=1)
    owned = child.notna()
    dated = owned & when.notna() & as_of.notna()
    by_then = dated & (when <= as_of)
    in_time = by_then if broken is None else by_then & ~broken
    newest = in_time & (when == when.where(in_time).groupby(child).transform("max"))
    first = newest & ~child.where(newest).duplicated()
    without = owned & ~child.isin(child[newest]) & ~child.duplicated()
    contents = [name for name in frame.columns if name not in {id_column, *dates, *exempt}]

    known = frame.copy()
    for name in (*contents, *dates):
        kind, _, date = (contract.columns[name].recorded_on or "").partition(":")
        if kind == "column" and date in dates:
            known[name] = known[name].mask(owned & ~(frame[date] <= as_of))
    records = known[first | without | ~owned].copy()
    records[[*contents, *dates]] = records[[*contents, *dates]].mask(without.reindex(records.index), axis=0)
    use = pd.Series(None, index=frame.index, dtype=object)
    use[owned], use[owned & as_of.isna()] = UNDATED, NO_AS_OF
    use[dated], use[by_then], use[in_time], use[newest] = LATER, LEFT_OUT, OLDER, USED
    several = in_time & child.isin(child[in_time & ~first])
    kept = child[first & several]
    conflicts: dict[int, frozenset[str]] = {}
    differing: list[int] = []
    for name in (*contents, *dates) if len(kept) else ():
        values = known.loc[several, name].dropna()
        on, whose = when[values.index], child[values.index]
        values = values[on == on.groupby(whose).transform("max")]
        of_child = values.groupby(whose[values.index], sort=False)
        differ = of_child.nunique().gt(1) & (name in contents)
        found = of_child.first().mask(differ)
        if asked is None or name in asked:
            use[values.index] = USED
        if decisive and name in decisive:
            codes = known.loc[several, name].dropna().map(as_code)
            codes = codes[codes.isin(list(decisive[name])) & ~child[codes.index].map(differ).astype(bool)]
            use[codes.index] = USED
            deciding = known.loc[codes.index, name].groupby(child[codes.index]).first()
            found[deciding.index] = deciding
        records.loc[kept.index, name] = found.reindex(kept).set_axis(kept.index)
        if asked is None or name in asked:
            differing += values.index[whose[values.index].isin(differ.index[differ])].tolist()
            for row in kept.index[kept.isin(differ.index[differ])]:
                conflicts[int(row)] = conflicts.get(int(row), frozenset()) | {name}
    use[differing] = CONFLICT
    compared = [name for name in contents if asked is None or name in asked]
    corrected = _corrections(frame.loc[use == LATER, compared], child, records.loc[first[first].index, compared])
    return RecordsAsOf(
        check=_without_rows(contract, check, records, without[without].index),
        use=use,
        without_record=without[without].index,
        conflicts=conflicts,
        note=Note(_sentence(file, use, len(conflicts), corrected), [*dates, *contents]),
    )


def _corrections(later: pd.DataFrame, child: pd.Series, used: pd.DataFrame) -> int:
    """Return for how many children a later row holds another value than the record that is used."""
    record = used.set_axis(child[used.index]).reindex(child[later.index]).set_axis(later.index)
    differ = (later.notna() & record.notna() & (later != record)).any(axis=1)
    return int(child[later.index][differ].nunique())


def _sentence(file: str, use: pd.Series, conflicts: int, corrected: int) -> str:
    n = use.value_counts()
    parts = [f"{n.get(reason, 0):,} {reason}" for reason in (LATER, OLDER, UNDATED, NO_AS_OF) if n.get(reason, 0)]
    text = f"{file}: {n.get(USED, 0) + n.get(CONFLICT, 0):,} of {count(use.notna().sum(), 'row', 'rows')} used"
    text += f"; not used: {', '.join(parts)}." if parts else "."
    if corrected:
        text += f" Later rows of {count(corrected, 'child', 'children')} correct the record that is used."
    if conflicts:
        has = count(conflicts, "child has", "children have")
        text += f" {has} rows of one date that differ in what is asked for: there nothing is taken as known."
    return text


def _without_rows(
    contract: Contract, check: CheckedTable, records: pd.DataFrame, without_record: pd.Index
) -> CheckedTable:
    """Return the check of the rows that are kept, in which no child is there twice."""
    kept = set(records.index) - set(without_record)
    return replace(
        check,
        frame=records,
        violations=tuple(v for v in without_doubles(contract, check).violations if v.level == "file" or v.row in kept),
    )


def without_doubles(contract: Contract, check: CheckedTable) -> CheckedTable:
    """Return a check without what it says of rows of the same key, which a dated table may have."""
    parts = (contract, *contract.columns.values())
    doubles = {rule.id for part in parts for rule in part.rules if rule.kind == "duplicate"}
    return replace(check, violations=tuple(v for v in check.violations if v.rule not in doubles))
