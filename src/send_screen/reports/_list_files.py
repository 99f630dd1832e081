"""Write the list and the rows that were not screened as CSV, for other programs; no cell can become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from send_screen.cohorts import MANUAL_REVIEW
from send_screen.documents import is_formula, keep_wording, reword
from send_screen.reports._list_columns import (
    EXCLUDED_COLUMNS,
    LINKAGE_COLUMNS,
    LIST_COLUMNS,
    CellValue,
    Columns,
    RunCells,
)
from send_screen.screening import RowKind
from send_screen.screening._result import ScreeningResult


def _safe(cell: CellValue | None) -> CellValue:
    """Put an apostrophe before a text that a spreadsheet would take for a formula; numbers stay numbers."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    return f"'{cell}" if is_formula(cell) else cell


def _render_csv(columns: Columns, rows: Iterable[Any], result: ScreeningResult, drawn: Iterable[Any] = ()) -> bytes:
    """Render rows as CSV, ``drawn`` as those of the review sample.

    ``reword`` puts the spec's noun for children into our texts, not into those of the file.
    """
    noun = result.published.version.children
    run, content = RunCells.of(result), io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow([*columns, *RunCells._fields])
    of_drawn = {**columns, "kind": lambda child: RowKind.DRAWN.value}
    for cells_of, children in ((columns, rows), (of_drawn, drawn)):
        for row in keep_wording(tuple(children), noun):
            cells = [cell(row) for cell in cells_of.values()]
            writer.writerow(_safe(reword(cell, noun)) for cell in (*cells, *run))
    # utf-8-sig: Excel reads a CSV without the byte-order mark as Windows-1252
    return content.getvalue().encode("utf-8-sig")


def render_list_csv(result: ScreeningResult) -> bytes:
    """Render the listed children as CSV, by rank, then those of the review sample, with columns for what was decided.

    UTF-8 with a byte-order mark. A text that a spreadsheet would take for a formula gets an apostrophe in front. Every
    row has the run, its date, the version and the disclaimers.
    """
    return _render_csv(LIST_COLUMNS, result.listed, result, result.review_sample)


def render_excluded_csv(result: ScreeningResult) -> bytes:
    """Render every row that was not screened as CSV, with the rule, the reason and the remedy, in the same format.

    Children for manual review come first. Sensitive features are left out; the page counts by them.
    """
    children = sorted(result.excluded, key=lambda child: child.kind != MANUAL_REVIEW)
    return _render_csv(EXCLUDED_COLUMNS, children, result)


def render_linkage_csv(result: ScreeningResult) -> bytes:
    """Render the rows of agencies that were linked, or may be a child's, as CSV, in the same format."""
    return _render_csv(LINKAGE_COLUMNS, result.linked_rows, result)
