"""Columns of the list's files: a heading, and a function that returns the cell of a child."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple

from send_screen.cohorts import EXCLUSIONS
from send_screen.reports._last_time import describe_last_time
from send_screen.reports._senco_page import areas_of_need, child_name, describe_selection, describe_tie, reasons_text
from send_screen.reports._text import format_date, run_watermarks
from send_screen.screening import DECISION_COLUMNS, DISCLAIMERS, RowKind
from send_screen.screening._result import LinkedRow, ScreenedChild, ScreeningResult

CellValue = str | int | float
Columns = Mapping[str, Callable[[Any], CellValue | None]]


def join(texts: Iterable[str]) -> str:
    """Return texts as one cell."""
    return "; ".join(texts)


def _empty(child: object) -> str:
    return ""


_WHICH_CHILD: Columns = {
    "child_id": attrgetter("child_id"),
    "name": attrgetter("name"),
    "class": attrgetter("class_name"),
    "school": attrgetter("school"),
    "row_in_file": attrgetter("row"),
}
LIST_COLUMNS: Columns = {
    "rank": attrgetter("rank"),
    **_WHICH_CHILD,
    "percent": attrgetter("percent"),
    "percent_low": lambda child: child.percent_interval and child.percent_interval[0],
    "percent_high": lambda child: child.percent_interval and child.percent_interval[1],
    "listed_by_of_10_models": attrgetter("selections_of_10"),
    "others_with_same_score": attrgetter("n_same_score"),
    "score_log_odds": attrgetter("score"),
    "reasons_for": lambda child: reasons_text(child.reasons_for),
    "reasons_against": lambda child: reasons_text(child.reasons_against),
    "not_known": lambda child: join(child.not_known),
    "ask": lambda child: join(child.ask),
    "areas_of_need": lambda child: join(areas_of_need(child)),
    "last_time": lambda child: describe_last_time(child.last_time),
    **{column.name: _empty for column in DECISION_COLUMNS},
    "kind": lambda child: RowKind.LISTED.value,
}
EXCLUDED_COLUMNS: Columns = {
    "kind": lambda child: EXCLUSIONS[child.kind],
    "reason": attrgetter("reason"),
    "what_to_do": attrgetter("remedy"),
    **_WHICH_CHILD,
    "rule": attrgetter("rule"),
}
LINKAGE_COLUMNS: Columns = {field.name: attrgetter(field.name) for field in fields(LinkedRow)}


class ListColumn(NamedTuple):
    """A column of a sheet: its heading, its width in characters, the cell of a child, and what is written there."""

    title: str
    width: int
    cell: Callable[[Any], CellValue | None]
    holds: str = ""
    """Of a column to write in: ``"choice"``, ``"date"`` or ``"text"``."""
    optional: bool = False
    """Whether it is left out of a sheet in which no child has a value."""


class RunCells(NamedTuple):
    """What every row says of its run, in case rows are copied."""

    run: str
    screened_on: str
    version: str
    notice: str

    @classmethod
    def of(cls, result: ScreeningResult) -> RunCells:
        """Return the cells of a run."""
        version = result.published.version
        marks = [f"{mark.upper()}." for mark in run_watermarks(version.trained_on, result.banners)]
        return cls(result.run_id, result.date, version.id, " ".join([*marks, *DISCLAIMERS]))


_DECISION_WIDTHS = {"choice": 17, "date": 11, "text": 12}
_DECISIONS = tuple(
    ListColumn(column.heading, 26 if column.name == "note" else _DECISION_WIDTHS[column.holds], _empty, column.holds)
    for column in DECISION_COLUMNS
)


def _how_firm(child: ScreenedChild) -> str:
    return join(filter(None, (describe_selection(child), describe_tie(child))))


def _not_known(child: ScreenedChild) -> str:
    return join((*child.not_known, *([f"ask {', '.join(child.ask)}"] if child.ask else [])))


def sheet_columns(
    kind: RowKind, school: str, run: RunCells, *, several_schools: bool
) -> tuple[list[ListColumn], list[ListColumn]]:
    """Return the columns of a sheet that are printed, and those to their right that are not.

    The child comes first, so that the name stays in view. ``school`` is the word for one; the column is printed where
    the file has several.
    """
    schools = [ListColumn(school, 16, attrgetter("school"))]
    child = [
        ListColumn("Child", 20, child_name),
        ListColumn("Class", 8, attrgetter("class_name"), optional=True),
        *(schools if several_schools else []),
    ]
    if kind is RowKind.BY_HAND:
        why = [
            ListColumn("Why not screened", 40, attrgetter("reason")),
            ListColumn("What to do", 40, attrgetter("remedy")),
        ]
        own = [ListColumn("Rule", 18, attrgetter("rule"))]
    else:
        why = [
            ListColumn("Place", 6, attrgetter("rank")),
            ListColumn("Of 100 such children", 9, attrgetter("percent"), optional=True),
            ListColumn("How firm: listed by, of ten such models", 12, _how_firm, optional=True),
            ListColumn("Why to look", 38, lambda child: reasons_text(child.reasons_for)),
            ListColumn("What speaks against", 26, lambda child: reasons_text(child.reasons_against), optional=True),
            ListColumn("Not known", 28, _not_known, optional=True),
            ListColumn("Last time", 30, lambda child: describe_last_time(child.last_time), optional=True),
        ]
        own = [
            ListColumn("Area of need", 24, lambda child: join(areas_of_need(child))),
            ListColumn("Score (log-odds)", 10, attrgetter("score")),
        ]
    return [*child, *why, *_DECISIONS], [
        *own,
        *([] if several_schools else schools),
        ListColumn("ID", 16, attrgetter("child_id")),
        ListColumn("Row in file", 8, attrgetter("row")),
        ListColumn("Kind", 11, lambda child: kind.value),
        ListColumn("Run", 14, lambda child: run.run),
        ListColumn("Screened on", 18, lambda child: format_date(run.screened_on)),
        ListColumn("Version", 18, lambda child: run.version),
        ListColumn("What this is not", 60, lambda child: run.notice),
    ]


def without_empty(columns: Iterable[ListColumn], children: Sequence[Any]) -> list[ListColumn]:
    """Return the columns without the optional ones in which no child has a value."""
    return [
        column
        for column in columns
        if not column.optional or any(column.cell(child) not in (None, "") for child in children)
    ]
