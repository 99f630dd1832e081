"""Drop rows of a file before tables are joined: repeated rows, and records of other academic years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from send_screen.contracts import CheckedTable, Contract, check_table
from send_screen.contracts._check import WholeTable
from send_screen.documents import count
from send_screen.specs import ColumnRef

OTHER_YEAR = "DATA-OTHER-YEAR"
_MIN_SHARE = 0.05  # of the rows that the current year must have, so that mistyped years do not count


def current_year(rows: pd.Series) -> str | None:
    """Return the newest academic year with more than a few rows, from the number of rows of each."""
    return max(rows.index[rows >= _MIN_SHARE * rows.sum()], default=None)


def repeats_note(file: str, n: int) -> str:
    """Return the note on rows that repeat another one."""
    return f"{file}: {count(n, 'row repeats another one and was', 'rows repeat another row and were')} read once."


def drop_repeats_and_other_years(
    contracts: Mapping[str, Contract],
    checks: Mapping[str, CheckedTable],
    frame: pd.DataFrame,
    file: str,
    *,
    one_year: bool,
    whole: Mapping[str, WholeTable] | None = None,
) -> tuple[dict[str, CheckedTable], pd.DataFrame, list[str]]:
    """Return one table, checked again without repeats and rows of other years, then the rows of other years, and notes.

    A row that equals an earlier one under every contract is a repeat. With ``one_year``, only the current
    academic year is kept: the newest of those with more than a few rows. Rows of other years have the columns
    ``contract``, ``file``, ``row``, ``child_id``, ``year``, ``columns`` (those that say the year) and those of the
    contracts, called ``agency/contract.column``. ``whole`` is as in :func:`link`.
    """
    repeats = pd.Series(True, index=next(iter(checks.values())).frame.index)
    other_year = ~repeats
    years, ids = pd.Series(None, index=repeats.index, dtype=object), pd.Series(None, index=repeats.index, dtype=object)
    year_columns = set()
    for name, check in checks.items():
        id_column = contracts[name].id_column
        ids = check.frame[id_column.name] if id_column else ids
        repeats &= ids.notna() & ids.duplicated()
        if repeats.any():  # comparing whole rows is slow
            repeats &= check.frame.duplicated()
        for column in contracts[name].columns.values():
            if one_year and column.rule("academicYear"):
                year_columns.add(ColumnRef(name, column.name))
                years = check.frame[column.name]
                current = whole[name].academic_year if whole else current_year(years.value_counts())
                other_year |= years.notna() & (years != current)
    others = pd.concat([check.frame.add_prefix(f"{name}.") for name, check in checks.items()], axis=1)
    others = others.assign(
        contract=next(iter(checks)),
        file=file,
        row=others.index,
        child_id=ids,
        year=years,
        columns=pd.Series([frozenset(year_columns)] * len(others), others.index, object),
    )[other_year & ~repeats]
    notes = []
    if repeats.any():
        notes.append(repeats_note(file, int(repeats.sum())))
    out = repeats | other_year
    if not out.any():
        return dict(checks), others, notes
    kept = frame.set_axis(repeats.index, axis=0)[~out]
    others_of = {name: [contracts[other] for other in checks if other != name] for name in checks}
    again = {
        name: check_table(
            contracts[name], kept, file=file, other_contracts=others_of[name], whole=whole[name] if whole else None
        )
        for name in checks
    }
    return {name: replace(check, columns=checks[name].columns) for name, check in again.items()}, others, notes
