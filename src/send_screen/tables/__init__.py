"""The model as data: tables that people can read, scored and explained exactly with numpy and pandas alone.

A model is exported as :class:`RiskTables`: an intercept, one term a feature and a few interactions of two. Its score
(log-odds) is a sum, so its exact Shapley values are look-ups. A model file is JSON, is checked against its hash before
it is parsed, and is never unpickled. Beside it stand the rules that any list or page made from a score keeps: who is
within capacity (:func:`top_k`), and what may be published about few children (:func:`published_range` and its
neighbours).
"""

from send_screen.tables._bags import BaggedTables, with_standard_errors
from send_screen.tables._capacity import places, ranking, tie_break_key, top_k
from send_screen.tables._columns import describe_difference
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._published import publish_tables, published_tables
from send_screen.tables._purify import purify
from send_screen.tables._scorecard import Scorecard, percent, scorecard
from send_screen.tables._shape import ShapeTerm
from send_screen.tables._signs import monotonicity_violations
from send_screen.tables._small_numbers import MINIMUM_CHILDREN, merged_levels, published_counts, published_range
from send_screen.tables._tables import RiskTables
from send_screen.tables._tally import shortest_cut_point
from send_screen.tables._terms import LevelsTerm, LinearTerm, Term

__all__ = [
    "RiskTables",
    "BaggedTables",
    "LinearTerm",
    "LevelsTerm",
    "ShapeTerm",
    "InteractionTerm",
    "Term",
    "purify",
    "published_tables",
    "publish_tables",
    "with_standard_errors",
    "monotonicity_violations",
    "Scorecard",
    "scorecard",
    "percent",
    "tie_break_key",
    "places",
    "ranking",
    "top_k",
    "MINIMUM_CHILDREN",
    "published_range",
    "published_counts",
    "merged_levels",
    "shortest_cut_point",
    "describe_difference",
]
