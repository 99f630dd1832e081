"""A model as score code: one SQL query, or a workbook, that scores and explains where the data already are.

Score code is the model itself, written in another language. The query computes the same numbers as
:class:`~send_screen.RiskTables`, bit by bit: each constant is written so that it is read back exactly, and the order of
each addition is that of the library. What an export says of itself (version, hash, review date, notice) stands in it,
and after the review date it gives no score.
"""

from send_screen.score_code._dialects import DIALECTS, DialectName
from send_screen.score_code._golden import GoldenRows, golden_rows
from send_screen.score_code._provenance import Provenance
from send_screen.score_code._query import render_query
from send_screen.score_code._render import SCORE_SQL, SCORE_XLSX, SELF_TEST_SQL, render_sql, render_workbook
from send_screen.score_code._self_test import render_self_test

__all__ = [
    "render_sql",
    "render_workbook",
    "SCORE_SQL",
    "SELF_TEST_SQL",
    "SCORE_XLSX",
    "render_query",
    "render_self_test",
    "DIALECTS",
    "DialectName",
    "Provenance",
    "golden_rows",
    "GoldenRows",
]
