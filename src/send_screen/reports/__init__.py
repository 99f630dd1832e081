"""Render pages and lists for people from a screening result or a published report.

Values are prepared once (``_report_view``), pictures are pure functions of them (``svg``), pages are templates.
:func:`render_screening` and the list files render a :class:`~send_screen.screening.ScreeningResult`;
:func:`render_pages` renders a :class:`~send_screen.published.PublishedReport`. Nothing is estimated here, and no store
is read. Every page is one self-contained file, with disclaimers. ``reword``
puts the spec's noun for children into our texts, and ``keep_wording`` protects texts of users from it.
"""

from send_screen.reports._challengers import challengers_of, compare_challengers
from send_screen.reports._comparison import CAUTION, Comparison, compare_versions, render_comparison
from send_screen.reports._evaluation_page import render_evaluation
from send_screen.reports._held_record import (
    LETTER,
    EnteredDecision,
    HeldAnswer,
    HeldList,
    HeldRecord,
    letter_template,
    render_held_record,
    render_letter,
)
from send_screen.reports._last_time import describe_decision
from send_screen.reports._list_files import render_excluded_csv, render_linkage_csv, render_list_csv
from send_screen.reports._list_workbook import render_list_xlsx
from send_screen.reports._measured_view import headlines
from send_screen.reports._model_pictures import draw_term
from send_screen.reports._outcomes_page import OutcomeFigures, render_outcomes
from send_screen.reports._render import render_html
from send_screen.reports._schools_page import SchoolRow, band, render_schools, render_schools_csv
from send_screen.reports._senco_page import render_screening
from send_screen.reports._text import format_owner, join_list, run_watermarks, version_watermarks
from send_screen.reports._version_pages import (
    PAGES,
    render_decisions,
    render_page,
    render_pages,
    render_plots,
    render_summary,
)

__all__ = [
    "CAUTION",
    "PAGES",
    "Comparison",
    "OutcomeFigures",
    "challengers_of",
    "compare_challengers",
    "describe_decision",
    "EnteredDecision",
    "HeldAnswer",
    "HeldList",
    "HeldRecord",
    "LETTER",
    "letter_template",
    "render_held_record",
    "render_letter",
    "format_owner",
    "run_watermarks",
    "headlines",
    "compare_versions",
    "draw_term",
    "join_list",
    "render_comparison",
    "render_decisions",
    "render_evaluation",
    "render_excluded_csv",
    "render_html",
    "render_linkage_csv",
    "render_list_csv",
    "render_list_xlsx",
    "render_outcomes",
    "render_page",
    "render_pages",
    "render_plots",
    "SchoolRow",
    "band",
    "render_schools",
    "render_schools_csv",
    "render_screening",
    "render_summary",
    "version_watermarks",
]
