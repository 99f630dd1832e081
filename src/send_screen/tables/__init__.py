"""The fitted model as data: readable tables, scored and explained exactly without a machine-learning library.

A fitted additive model is a :class:`RiskTables`: an intercept, one term for each feature and a few interaction terms.
Its score (log-odds) is a sum, so its exact Shapley values are look-ups. :class:`BaggedTables` holds the bagged ensemble
behind it, for standard errors. A model file is JSON, is checked against its hash before it is parsed, and is never
unpickled. Ranking (:func:`top_k`) and disclosure control (:func:`published_range`) are here because every user of
scores needs them.
"""

from send_screen.tables._bagged import BaggedTables, with_standard_errors
from send_screen.tables._display import percent
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._monotonic import monotonicity_violations
from send_screen.tables._small_numbers import MINIMUM_CHILDREN, merged_levels, published_counts, published_range
from send_screen.tables._tables import RiskTables
from send_screen.tables._terms import LevelsTerm, LinearTerm, ShapeTerm, Term, bin_of
from send_screen.tables._top_k import k_at_capacity, ranking, tie_break_key, top_k

__all__ = [
    "RiskTables",
    "BaggedTables",
    "LinearTerm",
    "LevelsTerm",
    "ShapeTerm",
    "InteractionTerm",
    "Term",
    "bin_of",
    "with_standard_errors",
    "monotonicity_violations",
    "percent",
    "tie_break_key",
    "k_at_capacity",
    "ranking",
    "top_k",
    "MINIMUM_CHILDREN",
    "published_range",
    "published_counts",
    "merged_levels",
]
