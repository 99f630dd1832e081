"""Write the list as an Excel workbook, to work with and to print; no cell can become a formula.

Contents are protected (without a password), the columns for decisions are free.
"""

from __future__ import annotations

import datetime as dt
import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from send_screen.cohorts import MANUAL_REVIEW
from send_screen.documents import SCHOOLS, Noun, keep_wording, reword
from send_screen.reports._figures import natural_frequencies
from send_screen.reports._list_columns import ListColumn, RunCells, sheet_columns, without_empty
from send_screen.reports._measured_view import headlines
from send_screen.reports._text import format_capacity, format_date, format_owner, run_watermarks
from send_screen.screening import DISCLAIMERS, Decision, RowKind
from send_screen.screening._result import ScreeningResult

_MAX_CELL_LENGTH = 32_767  # characters in a cell of Excel; XlsxWriter drops longer texts without an error
_A4 = 9
_MIN_LINES = 2  # of a row, to write in
_LINE, _MAX_HEIGHT = 15.0, 408.75  # points, of Excel's default font; the highest row that Excel knows
_SHEETS = {
    RowKind.LISTED: "List",
    RowKind.JUST_BELOW: "Just below",
    RowKind.BY_HAND: "Look at by hand",
    RowKind.DRAWN: "Drawn at random",
}
_ALLOWED = ("autofilter", "sort", "format_columns", "format_rows")


def _truncate(text: str) -> str:
    return text if len(text) <= _MAX_CELL_LENGTH else f"{text[: _MAX_CELL_LENGTH - 1]}…"


def row_height(cells: Sequence[tuple[str, int]]) -> float:
    """Return the height that texts need in columns of these widths: LibreOffice does not fit rows by itself."""
    lines = (sum(max(1, len(textwrap.wrap(part, width))) for part in text.split("\n")) for text, width in cells)
    return min(_MAX_HEIGHT, _LINE * max(_MIN_LINES, *lines) + 3)


@dataclass(frozen=True)
class _Formats:
    head: Any
    body: Any
    score: Any
    write: Any
    write_date: Any

    @classmethod
    def of(cls, workbook: Any) -> _Formats:
        cell = {"text_wrap": True, "valign": "top", "align": "left", "bottom": 4}
        free = {**cell, "locked": False, "border": 1}
        return cls(
            head=workbook.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 2}),
            body=workbook.add_format(cell),
            score=workbook.add_format({**cell, "num_format": "0.00"}),
            write=workbook.add_format(free),
            write_date=workbook.add_format({**free, "num_format": "d mmm yyyy"}),
        )


def _sheet(
    workbook: Any,
    kind: RowKind,
    columns: tuple[list[ListColumn], list[ListColumn]],
    children: Sequence[Any],
    footer: str,
    noun: Noun,
) -> None:
    """Add a sheet with one row per child: printed columns, and others to their right."""
    formats, sheet = _Formats.of(workbook), workbook.add_worksheet(_SHEETS[kind])
    printed, unprinted = columns
    titles = [(reword(column.title, noun), column.width) for column in printed]
    sheet.set_row(0, row_height(titles))
    for x, column in enumerate([*printed, *unprinted]):
        sheet.set_column(x, x, column.width)
        sheet.write_string(0, x, reword(column.title, noun), formats.head)
    for y, child in enumerate(children, start=1):
        texts = []
        for x, column in enumerate([*printed, *unprinted]):
            cell = column.cell(child)
            if column.holds:
                sheet.write_blank(y, x, None, formats.write_date if column.holds == "date" else formats.write)
            elif cell is None or isinstance(cell, str):
                text = _truncate(reword(cell or "", noun))
                sheet.write_string(y, x, text, formats.body)
                texts.append((text, column.width if x < len(printed) else _MAX_CELL_LENGTH))
            else:
                sheet.write_number(y, x, cell, formats.score if isinstance(cell, float) else formats.body)
        sheet.set_row(y, row_height(texts))
    _validate(sheet, printed, len(children))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(children), len(printed) + len(unprinted) - 1)
    sheet.protect("", dict.fromkeys(_ALLOWED, True))
    _page(sheet, footer)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, len(children), len(printed) - 1)


def _validate(sheet: Any, columns: Sequence[ListColumn], n_children: int) -> None:
    """Offer the choices and check the dates in the columns to write in."""
    if not n_children:
        return
    choices = [decision.label for decision in Decision]
    for x, column in enumerate(columns):
        if column.holds == "choice":
            rule: dict[str, object] = {
                "validate": "list",
                "source": choices,
                "error_message": f"One of: {', '.join(choices)}.",
            }
        elif column.holds == "date":
            wrong = "A date, such as 3/9/2026."
            rule = {"validate": "date", "criteria": ">=", "value": dt.date(2000, 1, 1), "error_message": wrong}
        else:
            continue
        sheet.data_validation(1, x, n_children, x, {**rule, "error_title": column.title})


def _page(sheet: Any, footer: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.set_footer(footer)


def _about(result: ScreeningResult, run: RunCells, watermarks: tuple[str, ...]) -> list[tuple[str, str]]:
    version = result.published.version
    return [
        *(("Watermark", mark) for mark in watermarks),
        *(("Warning", banner) for banner in result.banners),
        *(("What this is not", text) for text in DISCLAIMERS),
        *((f"Decision: {decision.label}", decision.meaning) for decision in Decision),
        ("Model", f"{version.title}, version {version.id}"),
        ("What it is for", version.intended_use),
        *(("Must not be used", use) for use in version.prohibited_uses),
        ("File", result.file),
        ("Screened on", format_date(run.screened_on)),
        ("Run", run.run),
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
    """Render the list, the children just below it, those for manual review and notes on the list as a workbook.

    Its sheets are ``List``, ``Just below``, ``Look at by hand``, ``Drawn at random`` (where children were) and
    ``About``. Texts are never written as formulas. The columns for decisions offer the choices and check the dates; all
    else is protected without a password. It prints on landscape A4, one page wide, with the header and the disclaimers
    on every page.
    """
    import xlsxwriter

    run, version = RunCells.of(result), result.published.version
    noun = version.children
    result = keep_wording(result, noun)
    watermarks = run_watermarks(version.trained_on, result.banners)
    text = " · ".join([*watermarks, "Not a diagnosis. Never a reason to refuse, delay or ration an assessment."])
    footer = f"&L{text}&RPage &P of &N"
    by_hand = [child for child in result.excluded if child.kind == MANUAL_REVIEW]
    school = (version.clusters or SCHOOLS).singular.capitalize()
    schools = {child.school for child in (*result.listed, *result.margin)} | {child.school for child in by_hand}
    content = io.BytesIO()
    # in memory, since XlsxWriter would write children's names into temporary files
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        created = dt.datetime.fromisoformat(result.date).replace(tzinfo=None)
        workbook.set_properties({"title": reword("Children to talk about first", noun), "created": created})
        sheets: dict[RowKind, Sequence[Any]] = {
            RowKind.LISTED: result.listed,
            RowKind.JUST_BELOW: result.margin,
            RowKind.BY_HAND: by_hand,
        }
        if result.review_sample:
            sheets[RowKind.DRAWN] = result.review_sample
        for kind, children in sheets.items():
            printed, unprinted = sheet_columns(kind, school, run, several_schools=len(schools) > 1)
            _sheet(workbook, kind, (without_empty(printed, children), unprinted), children, footer, noun)
        about = workbook.add_worksheet("About")
        wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        about.set_column(0, 0, 28)
        about.set_column(1, 1, 100)
        for y, (what, text) in enumerate(_about(result, run, watermarks)):
            cells = (reword(what, noun), 28), (_truncate(reword(text, noun)), 100)
            about.set_row(y, row_height(cells))
            about.write_string(y, 0, cells[0][0], bold)
            about.write_string(y, 1, cells[1][0], wrap)
        about.protect("", dict.fromkeys(_ALLOWED, True))
        _page(about, footer)
    return content.getvalue()
