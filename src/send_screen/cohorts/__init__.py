"""Build a cohort from the tables of several agencies, and check it for target leakage.

:func:`load_cohort` reads and checks the agencies' tables, joins them as of a date, decides who is eligible and who is
labelled, and returns a :class:`Cohort`; unusable rows are excluded, each with the rule that excluded it.
:func:`find_target_leakage` works on the data before they are split into folds.
"""

from send_screen.cohorts._build import EXCLUSIONS, MANUAL_REVIEW, OUTSIDE, load_cohort
from send_screen.cohorts._cohort import Cohort
from send_screen.cohorts._features import NOT_RECORDED
from send_screen.cohorts._hold_out import hold_out_schools
from send_screen.cohorts._later_outcomes import later_outcomes
from send_screen.cohorts._leakage import find_target_leakage
from send_screen.cohorts._leakage_statistics import TargetLeakage

__all__ = [
    "load_cohort",
    "Cohort",
    "MANUAL_REVIEW",
    "OUTSIDE",
    "EXCLUSIONS",
    "NOT_RECORDED",
    "find_target_leakage",
    "TargetLeakage",
    "hold_out_schools",
    "later_outcomes",
]
