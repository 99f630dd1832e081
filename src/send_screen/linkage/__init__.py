"""Record linkage: which rows of an agency's table belong to which of a school's children.

:func:`link_records` links in explicit rounds: by unique pupil number (UPN), by former UPN, by NHS number where some
table holds it beside a UPN, by the agency's own number of a person, and, where a spec asks for it, by the probability
that two records are of one child (Fellegi and Sunter; splink). What contradicts itself is listed and not linked.
"""

from send_screen.linkage._exact import FORMER, ID, NHS, PERSON
from send_screen.linkage._expected_errors import ExpectedErrors
from send_screen.linkage._identifiers import FILE
from send_screen.linkage._link_records import link_records
from send_screen.linkage._result import CLERICAL, CONFLICT, LINKED, PROBABILISTIC, LinkageResult

__all__ = [
    "link_records",
    "LinkageResult",
    "ExpectedErrors",
    "LINKED",
    "CLERICAL",
    "CONFLICT",
    "FILE",
    "ID",
    "FORMER",
    "NHS",
    "PERSON",
    "PROBABILISTIC",
]
