"""Screen a cohort with a verified version: who is listed and why, who is just below the threshold, who is excluded.

The result is data (:class:`ScreeningResult`); pages and files are rendered by ``send_screen.reports``.
"""

from send_screen.screening._capacity import Capacity
from send_screen.screening._child_record import ChildRecord, child_kinds, child_records
from send_screen.screening._decision_columns import DECISION_COLUMNS, Decision, DecisionColumn, RowKind
from send_screen.screening._decision_record import DecisionRecord
from send_screen.screening._limits import DISCLAIMERS, NOTICE, check_permitted_use
from send_screen.screening._read_decisions import DecidedRow, ReturnedList, read_decisions
from send_screen.screening._reasons import MIN_CONTRIBUTION, Reasons, interacting_with_hidden, reasons
from send_screen.screening._result import (
    ExcludedChild,
    FeatureValue,
    LastTime,
    LeftChild,
    LinkedRow,
    Reason,
    ScreenedChild,
    ScreeningResult,
    SinceLast,
)
from send_screen.screening._retention import keep_until
from send_screen.screening._review_sample import ReviewSample, draw_review_sample, review_key
from send_screen.screening._role import RoleAccess, role_access
from send_screen.screening._scored import score_cohort
from send_screen.screening._screen import excluded_child, result_for_role, screen_cohort
from send_screen.screening._selection import Selection, select_children
from send_screen.screening._since import EarlierChild, since_last
from send_screen.screening._ties import ThresholdTie, ties_at_threshold

__all__ = [
    "screen_cohort",
    "select_children",
    "result_for_role",
    "Selection",
    "draw_review_sample",
    "review_key",
    "ReviewSample",
    "child_records",
    "child_kinds",
    "keep_until",
    "ChildRecord",
    "Decision",
    "DECISION_COLUMNS",
    "DecisionRecord",
    "read_decisions",
    "ReturnedList",
    "DecidedRow",
    "since_last",
    "SinceLast",
    "LastTime",
    "LeftChild",
    "EarlierChild",
    "excluded_child",
    "score_cohort",
    "DISCLAIMERS",
    "NOTICE",
    "Capacity",
    "DecisionColumn",
    "ScreeningResult",
    "ScreenedChild",
    "ExcludedChild",
    "FeatureValue",
    "LinkedRow",
    "Reason",
    "check_permitted_use",
    "reasons",
    "MIN_CONTRIBUTION",
    "interacting_with_hidden",
    "Reasons",
    "RowKind",
    "RoleAccess",
    "ThresholdTie",
    "ties_at_threshold",
    "role_access",
]
