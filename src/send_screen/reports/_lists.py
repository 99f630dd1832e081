"""The list and the children set aside as CSV, for a spreadsheet: nothing in a cell can become a formula."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence

from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW
from send_screen.reports._files import write_whole
from send_screen.reports._screening import areas, reasons_text
from send_screen.reports._words import notice, run_marks, said
from send_screen.screening._result import ExcludedChild, ScreenedChild, ScreeningResult

Cell = str | int | float

# What spreadsheets take for the beginning of a formula; the wide forms are what Excel for Japanese accepts as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

LIST_COLUMNS = (
    "rank",
    "child_id",
    "name",
    "class",
    "school",
    "row_in_file",
    "percent",
    "of_100_low",
    "of_100_high",
    "listed_by_of_10_models",
    "score_log_odds",
    "reasons_for",
    "reasons_against",
    "not_known",
    "ask",
    "areas_of_need",
    "what_we_decided",
    "screened_on",
    "version",
    "notice",
)
EXCLUDED_COLUMNS = (
    "kind",
    "reason",
    "what_to_do",
    "child_id",
    "name",
    "class",
    "school",
    "row_in_file",
    "rule",
    "screened_on",
    "version",
    "notice",
)


def run_cells(result: ScreeningResult) -> tuple[str, str, str]:
    """Return when, by which version, and what the list is not: the end of every row, so that no row travels without."""
    marks = run_marks(result.model.get("trained_on"), result.banners)
    return result.date, said(result.model, "version"), notice(marks)


def _list_cells(child: ScreenedChild) -> tuple[Cell, ...]:
    """Return a listed child as cells, in the order of :data:`LIST_COLUMNS` up to ``what_we_decided``."""
    return (
        child.rank,
        child.child_id,
        child.name,
        child.class_name,
        child.school,
        child.row,
        child.percent,
        *(child.of_100_between or ("", "")),
        "" if child.listed_by_10 is None else child.listed_by_10,
        child.score,
        reasons_text(child.reasons_for),
        reasons_text(child.reasons_against),
        "; ".join(child.not_known),
        "; ".join(child.ask),
        "; ".join(areas(child)),
        "",
    )


def _excluded_cells(child: ExcludedChild) -> tuple[Cell, ...]:
    """Return a child who was set aside as cells, in the order of :data:`EXCLUDED_COLUMNS` up to ``rule``."""
    return (
        EXCLUSIONS[child.kind],
        child.reason,
        child.remedy,
        child.child_id,
        child.name,
        child.class_name,
        child.school,
        child.row,
        child.rule,
    )


def _safe(cell: Cell) -> Cell:
    """Put an apostrophe before a text that a spreadsheet would run; numbers stay numbers."""
    if not isinstance(cell, str):
        return cell
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _write(path: str | os.PathLike[str], columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow(columns)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    # utf-8-sig: Excel takes a CSV without the mark for Windows-1252 and breaks every name that is not English
    return write_whole(content.getvalue().encode("utf-8-sig"), path)


def write_list_csv(result: ScreeningResult, path: str | os.PathLike[str]) -> str:
    """Write the listed children as CSV, first to look at first.

    UTF-8 with a byte order mark, whole or not at all. A text that a spreadsheet would run as a formula gets an
    apostrophe in front. Every row says when, by which version and what the list is not.

    Parameters
    ----------
    result : ScreeningResult
    path : path-like
        Where to; replaced when it exists.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    run = run_cells(result)
    return _write(path, LIST_COLUMNS, ((*_list_cells(child), *run) for child in result.listed))


def write_excluded_csv(result: ScreeningResult, path: str | os.PathLike[str]) -> str:
    """Write every row that was not screened as CSV, with the rule, the reason and what to do.

    Children to look at by hand come first. The form is that of :func:`write_list_csv`. The groups of a child stay out:
    they are counted on the page, and nobody needs them beside a name.

    Parameters
    ----------
    result : ScreeningResult
    path : path-like
        Where to; replaced when it exists.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    run = run_cells(result)
    return _write(path, EXCLUDED_COLUMNS, ((*_excluded_cells(child), *run) for child in _manual_review_first(result)))


def _manual_review_first(result: ScreeningResult) -> list[ExcludedChild]:
    """Return the rows set aside, the children to look at by hand first, otherwise as in the file."""
    return sorted(result.excluded, key=lambda child: child.kind != MANUAL_REVIEW)
