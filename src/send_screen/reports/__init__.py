"""Pages and lists for people: pure rendering, from what screening found and what a version publishes.

Nothing here computes a statistic or asks anything: :func:`render_screening` and the list files show a
:class:`~send_screen.screening.ScreeningResult`, :func:`render_fairness` and the cards show ``published.json``. Every
page is one file that needs nothing else, and says what it is not.
"""

from send_screen.reports._atrs import render_atrs_json, render_atrs_markdown
from send_screen.reports._audit import render_audit
from send_screen.reports._card import render_card
from send_screen.reports._comparison import CAUTION, Comparison, compare_versions, render_comparison
from send_screen.reports._cost import challengers_of, costs
from send_screen.reports._decisions import render_decisions
from send_screen.reports._fairness import render_fairness
from send_screen.reports._files import write_page
from send_screen.reports._impact import render_impact_assessment
from send_screen.reports._in_short import render_in_short
from send_screen.reports._lists import write_excluded_csv, write_list_csv
from send_screen.reports._markdown import render_card_markdown
from send_screen.reports._pages import PAGES
from send_screen.reports._scorecard import render_scorecard
from send_screen.reports._screening import render_screening
from send_screen.reports._shapes import shape_svg
from send_screen.reports._surfaces import surface_svg
from send_screen.reports._waterfall import waterfall_svg
from send_screen.reports._workbook import write_list_xlsx

__all__ = [
    "PAGES",
    "render_screening",
    "write_list_csv",
    "write_list_xlsx",
    "write_excluded_csv",
    "render_fairness",
    "render_card",
    "render_card_markdown",
    "render_atrs_json",
    "render_atrs_markdown",
    "render_impact_assessment",
    "render_in_short",
    "render_decisions",
    "compare_versions",
    "Comparison",
    "CAUTION",
    "render_comparison",
    "render_audit",
    "challengers_of",
    "costs",
    "render_scorecard",
    "shape_svg",
    "surface_svg",
    "waterfall_svg",
    "write_page",
]
