"""The list as an Excel workbook that a SENCO can print, and write in."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from send_screen.cohorts import MANUAL_REVIEW
from send_screen.reports._files import write_whole
from send_screen.reports._lists import Cell, run_cells
from send_screen.reports._published import in_a_hundred, in_words
from send_screen.reports._screening import areas, how_firm, reasons_text, shown_name
from send_screen.reports._words import capacity_words, date_words, owner_words, run_marks, said
from send_screen.screening import NOT_THIS
from send_screen.screening._result import ExcludedChild, ScreenedChild, ScreeningResult

_LONGEST = 32_767  # characters that a cell of Excel holds; XlsxWriter leaves out what is longer, in silence
_A4 = 9


class Column(NamedTuple):
    """A column's heading and its width in characters."""

    title: str
    width: float


# The first columns are printed; what a person needs at a screen only stands to the right of the printed page.
_LIST = (
    Column("Place", 7),
    Column("Child", 20),
    Column("Class", 8),
    Column("School", 16),
    Column("Of 100 such children", 10),
    Column("Why to look", 40),
    Column("What speaks against", 26),
    Column("Not known", 20),
    Column("Area of need", 18),
    Column("What we decided", 34),
)
_FIRM, _FIRM_AT = Column("How firm: listed by, of ten such models", 13), 5
_MANUAL_REVIEW = (
    Column("Child", 20),
    Column("Class", 8),
    Column("School", 16),
    Column("Why not screened", 40),
    Column("What to do", 44),
    Column("What we decided", 34),
)
_BESIDE = (
    Column("ID", 16),
    Column("Row in file", 8),
    Column("Score (log-odds) or rule", 18),
    Column("Screened on", 12),
    Column("Version", 14),
    Column("What this is not", 60),
)


def _list_cells(child: ScreenedChild) -> tuple[Cell, ...]:
    return (
        child.rank,
        shown_name(child),
        child.class_name,
        child.school,
        child.percent,
        reasons_text(child.reasons_for),
        reasons_text(child.reasons_against),
        "; ".join((*child.not_known, *(f"ask {agency}" for agency in child.ask))),
        "; ".join(areas(child)),
        "",
        child.child_id,
        child.row,
        child.score,
    )


def _manual_review_cells(child: ExcludedChild) -> tuple[Cell, ...]:
    return (
        shown_name(child),
        child.class_name,
        child.school,
        child.reason,
        child.remedy,
        "",
        child.child_id,
        child.row,
        child.rule,
    )


def _fit(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _sheet(book: Any, name: str, printed: Sequence[Column], rows: Iterable[Sequence[Cell]], footer: str) -> None:
    columns = [*printed, *_BESIDE]
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 2})
    body = book.add_format({"text_wrap": True, "valign": "top", "bottom": 4})
    score = book.add_format({"valign": "top", "bottom": 4, "num_format": "0.00"})
    sheet = book.add_worksheet(name)
    for x, column in enumerate(columns):
        sheet.set_column(x, x, column.width)
        sheet.write_string(0, x, column.title, head)
    last = 0
    for last, row in enumerate(rows, start=1):
        for x, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(last, x, _fit(cell), body)
            else:
                sheet.write_number(last, x, cell, score if isinstance(cell, float) else body)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    _page(sheet, footer)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, last, len(printed) - 1)


def _page(sheet: Any, footer: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.set_footer(footer)


def _about(result: ScreeningResult, marks: tuple[str, ...]) -> list[tuple[str, str]]:
    model = result.model
    owner: Any = model.get("owner") or {}
    outcome = said(model, "outcome_words", "had the outcome")
    performance: Any = model.get("performance") or []
    prohibited: Any = model.get("prohibited_uses") or []
    less_well: Any = model.get("works_less_well_for") or []
    return [
        *(("Watermark", mark) for mark in marks),
        *(("Warning", banner) for banner in result.banners),
        *(("What this is not", words) for words in NOT_THIS),
        ("Model", f"{said(model, 'title')}, version {said(model, 'version')}"),
        ("What it is for", said(model, "intended_use")),
        *(("Must not be used", str(use)) for use in prohibited),
        ("File", result.file),
        ("Screened on", date_words(result.date)),
        ("Places", capacity_words(result.capacity, result.per_school)),
        ("Rows in the file", str(result.n_rows)),
        ("Rows screened", str(result.n_screened)),
        ("Rows set aside", str(len(result.excluded))),
        ("Of 100 such children", f"Of 100 children with such a score, how many later {outcome}."),
        *(("How often right and wrong", in_words(asked)) for asked in in_a_hundred(performance, outcome)),
        *(("Works less well for", str(words)) for words in less_well),
        *(("About the file", note) for note in result.notes),
        ("Who answers for it", owner_words(owner)),
    ]


def write_list_xlsx(result: ScreeningResult, path: str | os.PathLike[str]) -> str:
    """Write the list, the children to look at by hand and what the list is as an Excel workbook.

    Sheets ``Look at by hand`` (children who could not be screened come first), ``List`` and ``About``. Texts are
    written as texts, never as formulas. It prints on landscape A4, one page wide, the header on every page and what
    the list is not at its foot. Whole or not at all.

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
    import xlsxwriter

    marks = run_marks(result.model.get("trained_on"), result.banners)
    run = run_cells(result)
    words = " · ".join([*marks, "Not a diagnosis. Never a reason to refuse, delay or ration an assessment."])
    footer = f"&L{words}&RPage &P of &N"
    content = io.BytesIO()
    # In memory: XlsxWriter would otherwise write children's names into the machine's folder for temporary files.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        created = dt.datetime.fromisoformat(result.date).replace(tzinfo=None)
        book.set_properties({"title": "Children to talk about first", "created": created})
        manual_review = (child for child in result.excluded if child.kind == MANUAL_REVIEW)
        _sheet(
            book,
            "Look at by hand",
            _MANUAL_REVIEW,
            ((*_manual_review_cells(child), *run) for child in manual_review),
            footer,
        )
        columns, rows = list(_LIST), [[*_list_cells(child), *run] for child in result.listed]
        if any(map(how_firm, result.listed)):
            columns.insert(_FIRM_AT, _FIRM)
            for row, child in zip(rows, result.listed, strict=True):
                row.insert(_FIRM_AT, how_firm(child))
        _sheet(book, "List", columns, rows, footer)
        about = book.add_worksheet("About")
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        about.set_column(0, 0, 26)
        about.set_column(1, 1, 100)
        for y, (what, words) in enumerate(_about(result, marks)):
            about.write_string(y, 0, what, bold)
            about.write_string(y, 1, _fit(words), wrap)
        _page(about, footer)
    return write_whole(content.getvalue(), path)
