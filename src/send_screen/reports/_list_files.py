"""Write the list and the rows that were not screened as files: CSV for other programs, Excel to print.

No cell can become a formula. Columns are data: a heading, and a function that returns the cell of a child.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple

from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW
from send_screen.documents import SCHOOLS, Noun, is_formula, keep_wording, reword
from send_screen.reports._figures import natural_frequencies
from send_screen.reports._measured_view import headlines
from send_screen.reports._senco_page import areas_of_need, child_name, describe_selection, reasons_text
from send_screen.reports._text import format_capacity, format_date, format_owner, run_watermarks
from send_screen.screening import DISCLAIMERS
from send_screen.screening._result import ExcludedChild, LinkedRow, ScreenedChild, ScreeningResult

CellValue = str | int | float
Columns = Mapping[str, Callable[[Any], CellValue | None]]

_MAX_CELL_LENGTH = 32_767  # characters in a cell of Excel; XlsxWriter drops longer texts without an error
_A4 = 9
_RUN = ("screened_on", "version", "notice")

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
    "score_log_odds": attrgetter("score"),
    "reasons_for": lambda child: reasons_text(child.reasons_for),
    "reasons_against": lambda child: reasons_text(child.reasons_against),
    "not_known": lambda child: "; ".join(child.not_known),
    "ask": lambda child: "; ".join(child.ask),
    "areas_of_need": lambda child: "; ".join(areas_of_need(child)),
    "what_we_decided": lambda child: "",
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
    """A column of a sheet: its heading, its width in characters, and the function that returns a child's cell."""

    title: str
    width: float
    cell: Callable[[Any], CellValue | None]


_school = attrgetter("school")
_CHILD = (
    ListColumn("Child", 20, child_name),
    ListColumn("Class", 8, attrgetter("class_name")),
    ListColumn("School", 16, _school),
)
_percent = attrgetter("percent")
_DECIDED = ListColumn("What we decided", 34, lambda child: "")
# These columns are printed; those that are needed only on screen follow to their right.
_LIST = (
    ListColumn("Place", 7, attrgetter("rank")),
    *_CHILD,
    ListColumn("Of 100 such children", 10, _percent),
    ListColumn("How firm: listed by, of ten such models", 13, describe_selection),
    ListColumn("Why to look", 40, lambda child: reasons_text(child.reasons_for)),
    ListColumn("What speaks against", 26, lambda child: reasons_text(child.reasons_against)),
    ListColumn(
        "Not known", 20, lambda child: "; ".join((*child.not_known, *(f"ask {agency}" for agency in child.ask)))
    ),
    ListColumn("Area of need", 18, lambda child: "; ".join(areas_of_need(child))),
    _DECIDED,
)
_MANUAL_REVIEW = (
    *_CHILD,
    ListColumn("Why not screened", 40, attrgetter("reason")),
    ListColumn("What to do", 44, attrgetter("remedy")),
    _DECIDED,
)


def _unprinted(result: ScreeningResult) -> list[ListColumn]:
    """Return the columns that are not printed; those of the run are on every row, in case rows are copied."""
    date, version, not_this = _run_cells(result)
    return [
        ListColumn("ID", 16, attrgetter("child_id")),
        ListColumn("Row in file", 8, attrgetter("row")),
        ListColumn("Score (log-odds) or rule", 18, _score_or_rule),
        ListColumn("Screened on", 12, lambda child: date),
        ListColumn("Version", 18, lambda child: version),
        ListColumn("What this is not", 60, lambda child: not_this),
    ]


def _score_or_rule(child: ScreenedChild | ExcludedChild) -> CellValue | None:
    return child.rule if isinstance(child, ExcludedChild) else child.score


def _run_cells(result: ScreeningResult) -> tuple[str, str, str]:
    """Return the date, the version and the disclaimers of the run."""
    version = result.published.version
    watermarks = [f"{mark.upper()}." for mark in run_watermarks(version.trained_on, result.banners)]
    return result.date, version.id, " ".join([*watermarks, *DISCLAIMERS])


def _safe(cell: CellValue | None) -> CellValue:
    """Put an apostrophe before a text that a spreadsheet would take for a formula; numbers stay numbers."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    return f"'{cell}" if is_formula(cell) else cell


def _render_csv(columns: Columns, rows: Iterable[Any], result: ScreeningResult) -> bytes:
    """Render rows as CSV; ``reword`` puts the spec's noun for children into our texts, not into those of the file."""
    noun = result.published.version.children
    run, content = _run_cells(result), io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow([*columns, *_RUN])
    for row in keep_wording(tuple(rows), noun):
        cells = [cell(row) for cell in columns.values()]
        writer.writerow(_safe(reword(cell, noun)) for cell in (*cells, *run))
    # utf-8-sig: Excel reads a CSV without the byte-order mark as Windows-1252
    return content.getvalue().encode("utf-8-sig")


def render_list_csv(result: ScreeningResult) -> bytes:
    """Render the listed children as CSV, by rank.

    UTF-8 with a byte-order mark. A text that a spreadsheet would take for a formula gets an apostrophe in front. Every
    row has the date, the version and the disclaimers.
    """
    return _render_csv(LIST_COLUMNS, result.listed, result)


def render_excluded_csv(result: ScreeningResult) -> bytes:
    """Render every row that was not screened as CSV, with the rule, the reason and the remedy, in the same format.

    Children for manual review come first. Sensitive features are left out; the page counts by them.
    """
    children = sorted(result.excluded, key=lambda child: child.kind != MANUAL_REVIEW)
    return _render_csv(EXCLUDED_COLUMNS, children, result)


def render_linkage_csv(result: ScreeningResult) -> bytes:
    """Render the rows of agencies that were linked, or may be a child's, as CSV, in the same format."""
    return _render_csv(LINKAGE_COLUMNS, result.linked_rows, result)


def _truncate(text: str) -> str:
    return text if len(text) <= _MAX_CELL_LENGTH else f"{text[: _MAX_CELL_LENGTH - 1]}…"


def _sheet(
    workbook: Any,
    name: str,
    printed: Sequence[ListColumn],
    unprinted: Sequence[ListColumn],
    children: Sequence[Any],
    footer: str,
    noun: Noun,
) -> None:
    """Add a sheet with one row per child, set up for printing."""
    head = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 2})
    body = workbook.add_format({"text_wrap": True, "valign": "top", "bottom": 4})
    score = workbook.add_format({"valign": "top", "bottom": 4, "num_format": "0.00"})
    sheet = workbook.add_worksheet(name)
    for x, column in enumerate([*printed, *unprinted]):
        sheet.set_column(x, x, column.width)
        sheet.write_string(0, x, reword(column.title, noun), head)
        for y, child in enumerate(children, start=1):
            cell = column.cell(child)
            if cell is None or isinstance(cell, str):
                sheet.write_string(y, x, _truncate(reword(cell or "", noun)), body)
            else:
                sheet.write_number(y, x, cell, score if isinstance(cell, float) else body)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(children), len(printed) + len(unprinted) - 1)
    _page(sheet, footer)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, len(children), len(printed) - 1)


def _page(sheet: Any, footer: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.set_footer(footer)


def _about(result: ScreeningResult, watermarks: tuple[str, ...]) -> list[tuple[str, str]]:
    version = result.published.version
    return [
        *(("Watermark", mark) for mark in watermarks),
        *(("Warning", banner) for banner in result.banners),
        *(("What this is not", text) for text in DISCLAIMERS),
        ("Model", f"{version.title}, version {version.id}"),
        ("What it is for", version.intended_use),
        *(("Must not be used", use) for use in version.prohibited_uses),
        ("File", result.file),
        ("Screened on", format_date(result.date)),
        ("Places", format_capacity(result.capacity, version.clusters or SCHOOLS if result.per_school else None)),
        ("Rows in the file", str(result.n_rows)),
        ("Rows screened", str(result.n_screened)),
        ("Rows set aside", str(len(result.excluded))),
        ("Of 100 such children", f"Of 100 children with such a score, how many later {version.outcome_description}."),
        *(("How often right and wrong", frequency.sentence()) for frequency in natural_frequencies(result.published)),
        *(("Works less well for", words) for words in headlines(result.published)),
        *(("About the file", note) for note in result.notes),
        ("Who answers for it", format_owner(version.owner)),
    ]


def render_list_xlsx(result: ScreeningResult) -> bytes:
    """Render the list, the children for manual review and notes on the list as an Excel workbook.

    Its sheets are ``Look at by hand`` (children who could not be screened come first), ``List`` and ``About``. Texts
    are never written as formulas. It prints on landscape A4, one page wide, with the header and the disclaimers on
    every page.
    """
    import xlsxwriter

    version = result.published.version
    noun = version.children
    result = keep_wording(result, noun)
    watermarks = run_watermarks(result.published.version.trained_on, result.banners)
    text = " · ".join([*watermarks, "Not a diagnosis. Never a reason to refuse, delay or ration an assessment."])
    footer, unprinted = f"&L{text}&RPage &P of &N", _unprinted(result)
    by_hand = [child for child in result.excluded if child.kind == MANUAL_REVIEW]
    has_selection = any(map(describe_selection, result.listed))
    has_percent = any(child.percent is not None for child in result.listed)
    empty = {describe_selection: not has_selection, _percent: not has_percent}
    place = (version.clusters or SCHOOLS).singular.capitalize()
    by_hand_columns, list_columns = (
        [column._replace(title=place) if column.cell is _school else column for column in columns]
        for columns in (_MANUAL_REVIEW, _LIST)
    )
    printed = [column for column in list_columns if not empty.get(column.cell, False)]
    content = io.BytesIO()
    # in memory, since XlsxWriter would write children's names into temporary files
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        created = dt.datetime.fromisoformat(result.date).replace(tzinfo=None)
        workbook.set_properties({"title": reword("Children to talk about first", noun), "created": created})
        _sheet(workbook, "Look at by hand", by_hand_columns, unprinted, by_hand, footer, noun)
        _sheet(workbook, "List", printed, unprinted, result.listed, footer, noun)
        about = workbook.add_worksheet("About")
        wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        about.set_column(0, 0, 26)
        about.set_column(1, 1, 100)
        for y, (what, text) in enumerate(_about(result, watermarks)):
            about.write_string(y, 0, reword(what, noun), bold)
            about.write_string(y, 1, _truncate(reword(text, noun)), wrap)
        _page(about, footer)
    return content.getvalue()
