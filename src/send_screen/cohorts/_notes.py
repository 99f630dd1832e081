"""Notes on unreadable values, missing columns and unused headers of the tables that were read."""

from __future__ import annotations

from send_screen.cohorts._source_table import SourceTable
from send_screen.contracts import CheckedTable
from send_screen.contracts._note import Note
from send_screen.contracts._quote import quotable
from send_screen.documents import count, first_few
from send_screen.specs import ModelSpec


def unreadable_values(check: CheckedTable, columns: set[str], file: str) -> list[str]:
    """Return the note, if any, on values that break a rule of severity warning and are treated as missing."""
    warnings = [v for v in check.violations if v.level == "row" and v.severity == "warning" and v.column in columns]
    if not warnings:
        return []
    names = list(dict.fromkeys(v.column or "" for v in warnings))
    return [not_known_note(file, len(warnings), len({v.row for v in warnings}), names)]


def not_known_note(file: str, n_cells: int, n_children: int, columns: list[str]) -> str:
    """Return the note on values of some columns that are treated as missing."""
    text = (
        f"{file}: {count(n_cells, 'blank or unreadable value', 'blank or unreadable values')} of "
        f"{count(n_children, 'child', 'children')} taken as not known ({first_few(columns, 5)}). "
        "To see each: send-screen check."
    )
    return Note(text, columns)


def missing_display_columns(
    spec: ModelSpec, checks: dict[str, CheckedTable], tables: dict[str, SourceTable]
) -> list[str]:
    """Return notes on missing columns that the list shows or counts by, and the model does not need."""
    shown = [*spec.show.name, spec.show.class_name, spec.shown_school, *(group.column for group in spec.groups)]
    notes: list[str] = []
    for name, check in checks.items():
        lacking = {ref.column for ref in shown if ref is not None and ref.contract == name} & set(check.columns.missing)
        if lacking:
            columns = ", ".join(sorted(lacking))
            text = f"{tables[name].file}: there is no {columns}, so the list cannot show it or count by it."
            notes.append(Note(text, lacking))
    return notes


def unused_headers(checks: dict[str, CheckedTable], tables: dict[str, SourceTable]) -> list[str]:
    """Return notes on the headers that no contract used, table by table; names only, never what they hold."""
    notes: list[str] = []
    for table in dict.fromkeys(id(tables[name]) for name in checks):
        names = [name for name in checks if id(tables[name]) == table]
        reports = [checks[name].columns for name in names]
        unused = set.intersection(*({*report.unknown, *report.guessed} for report in reports))
        guesses = {header: name for report in reports for header, name in report.guessed.items() if header in unused}
        file = tables[names[0]].file
        notes += [
            Note(f"{file}: {quotable(header)} was not used. It looks like {name}: rename the column if it is.", [name])
            for header, name in sorted(guesses.items())
        ]
        rest = sorted(unused - set(guesses))
        if rest:
            notes.append(f"{file}: these columns were not used: {first_few(map(quotable, rest), 5)}.")
    return notes
