"""Statistical disclosure control: no count of 1 to 9 can be derived from what is published.

:func:`combine_small_groups` combines small groups, within a published hierarchy first. :func:`suppress` decides, from
the :func:`contingency_table` of the groups, which figures are suppressed (primary: they reveal a small count;
secondary: one could be derived from them) and which rates are published rounded. It accounts for what prior releases
(earlier versions) revealed (:func:`revealed_counts`), and for what subtracting their counts would
(:func:`exposed_by_differencing`). The one doing the deriving is called the :class:`Intruder`.
"""

from send_screen.evaluation.disclosure._auc_bound import narrowed_by_auc
from send_screen.evaluation.disclosure._combine import combine_small_groups, join_descriptions, recode_groups
from send_screen.evaluation.disclosure._contingency_table import ALL, contingency_table, is_small
from send_screen.evaluation.disclosure._differencing import exposed_by_differencing
from send_screen.evaluation.disclosure._intruder import Intruder
from send_screen.evaluation.disclosure._prior_releases import revealed_counts
from send_screen.evaluation.disclosure._rounding import nearest, outward
from send_screen.evaluation.disclosure._suppress import Suppression, counts_by_reason, suppress

__all__ = [
    "ALL",
    "Intruder",
    "Suppression",
    "combine_small_groups",
    "contingency_table",
    "counts_by_reason",
    "exposed_by_differencing",
    "is_small",
    "join_descriptions",
    "narrowed_by_auc",
    "nearest",
    "outward",
    "recode_groups",
    "revealed_counts",
    "suppress",
]
