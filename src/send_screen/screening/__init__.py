"""From a cohort and a verified version to a list a person can act on: who, why, who is near the line, who is not there.

Screening decides nothing. What it finds is data (:class:`ScreeningResult`); pages and files are rendered elsewhere.
"""

from send_screen.screening._capacity import Capacity
from send_screen.screening._limits import NOT_THIS, NOTICE, check_permitted_use
from send_screen.screening._reasons import Reasons, reasons
from send_screen.screening._result import ExcludedChild, Reason, ScreenedChild, ScreeningResult
from send_screen.screening._role import RoleAccess, role_access
from send_screen.screening._scored import score_cohort
from send_screen.screening._screen import excluded_child, screen_cohort

__all__ = [
    "screen_cohort",
    "excluded_child",
    "score_cohort",
    "NOT_THIS",
    "NOTICE",
    "Capacity",
    "ScreeningResult",
    "ScreenedChild",
    "ExcludedChild",
    "Reason",
    "check_permitted_use",
    "reasons",
    "Reasons",
    "RoleAccess",
    "role_access",
]
