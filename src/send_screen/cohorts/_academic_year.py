"""Add an academic year, given by the caller, to tables that do not state theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import Contract
from send_screen.contracts._headers import match_headers


def with_academic_year(
    tables: Mapping[str, SourceTable], contracts: Mapping[str, Contract], academic_year: str
) -> dict[str, SourceTable]:
    """Return the tables with the academic year where a contract asks for one and the file does not state it.

    A file does not state it where it has no such column, or where the column is blank or holds only a calendar year.
    """
    calendar_years = ["", *(f"20{digits[-2:]}" for digits in re.findall(r"\d+", academic_year))]
    added: dict[int, SourceTable] = {}  # by id() of the table given: several contracts may share one
    for name, table in tables.items():
        headers = list(map(str, table.frame.columns))
        columns = contracts[name].columns
        position = match_headers(headers, columns, marks=contracts[name].header_marks).position
        added.setdefault(id(table), table)
        for column in (column.name for column in columns.values() if column.rule("academicYear")):
            index = position.get(column)
            if index is None:
                header, stated = column, "no academic year"
            elif table.frame.iloc[:, index].astype("string").fillna("").str.strip().isin(calendar_years).all():
                header, stated = headers[index], "one year for the academic year"
            else:
                continue
            note = f"{table.file} says {stated}: {academic_year} was given."
            before = added[id(table)]
            frame = before.frame.assign(**{header: academic_year})
            added[id(table)] = replace(before, frame=frame, notes=(*dict.fromkeys((*before.notes, note)),))
    return {name: added[id(table)] for name, table in tables.items()}
