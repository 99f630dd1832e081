"""The academic year of files that do not say it, as whoever gives them says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import Contract
from send_screen.contracts._headers import match_headers


def with_academic_year(
    tables: Mapping[str, SourceTable], contracts: Mapping[str, Contract], academic_year: str
) -> dict[str, SourceTable]:
    """Return the tables with a column of the academic year where a contract asks for one and the file has none."""
    added: dict[int, SourceTable] = {}
    for name, table in tables.items():
        headers = list(map(str, table.frame.columns))
        columns = contracts[name].columns
        position = match_headers(headers, columns, marks=contracts[name].header_marks).position
        lacking = [
            column.name for column in columns.values() if column.rule("academicYear") and column.name not in position
        ]
        before = added.get(id(table), table)
        added[id(table)] = before
        if lacking:
            frame = before.frame.assign(**dict.fromkeys(lacking, academic_year))
            note = f"{table.file} says no academic year: {academic_year} was given."
            added[id(table)] = replace(before, frame=frame, notes=(*dict.fromkeys((*before.notes, note)),))
    return {name: added[id(table)] for name, table in tables.items()}
