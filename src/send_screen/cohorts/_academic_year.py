"""The academic year of files that do not say it, as whoever gives them says."""

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
    """Return the tables with the academic year where a contract asks for one and the file does not say it.

    A file does not say it where it has no such column, or one that holds nothing but one of the two years.
    """
    either = ["", *(f"20{digits[-2:]}" for digits in re.findall(r"\d+", academic_year))]
    added: dict[int, SourceTable] = {}
    for name, table in tables.items():
        headers = list(map(str, table.frame.columns))
        columns = contracts[name].columns
        position = match_headers(headers, columns, marks=contracts[name].header_marks).position
        added.setdefault(id(table), table)
        for column in (column.name for column in columns.values() if column.rule("academicYear")):
            index = position.get(column)
            if index is None:
                header, said = column, "no academic year"
            elif table.frame.iloc[:, index].astype("string").fillna("").str.strip().isin(either).all():
                header, said = headers[index], "one year for the academic year"
            else:
                continue
            note = f"{table.file} says {said}: {academic_year} was given."
            before = added[id(table)]
            frame = before.frame.assign(**{header: academic_year})
            added[id(table)] = replace(before, frame=frame, notes=(*dict.fromkeys((*before.notes, note)),))
    return {name: added[id(table)] for name, table in tables.items()}
