"""From linked tables to the children a model may be asked about, with every role apart and no leak unnamed.

:func:`load_cohort` reads and checks the agencies' tables, joins them as of a date, decides who is eligible and who is
labelled, and returns a :class:`Cohort`; rows that cannot be used are set aside with the rule that did it.
:func:`find_target_leakage` looks for features that know the outcome, whatever a splitter did.
"""

from send_screen.cohorts._build import EXCLUSIONS, MANUAL_REVIEW, load_cohort
from send_screen.cohorts._cohort import Cohort
from send_screen.cohorts._hold_out import held_out_tables, hold_out_schools
from send_screen.cohorts._leakage import Leak, find_target_leakage
from send_screen.cohorts._source import SourceData, read_source
from send_screen.cohorts._values import NOT_RECORDED

__all__ = [
    "read_source",
    "SourceData",
    "load_cohort",
    "Cohort",
    "MANUAL_REVIEW",
    "EXCLUSIONS",
    "NOT_RECORDED",
    "find_target_leakage",
    "Leak",
    "hold_out_schools",
    "held_out_tables",
]
