"""The page of an audit: green or red in its first words, then what differs, what was not checked, and what passed."""

from __future__ import annotations

from send_screen.governance import FAILED, NOT_CHECKED, PASSED, Audit
from send_screen.reports._render import render_html
from send_screen.reports._text import version_marks

_PARTS = (
    (FAILED, "What differs", "Nothing differs in the checks that were made."),
    (NOT_CHECKED, "What could not be checked, and why", "Everything was checked."),
    (PASSED, "What was derived again and is the same", "No check passed."),
)
_FACTS = {
    "version": "Version",
    "trained_on": "It learned from (children)",
    "registered": "In the registry",
    "run": "Run",
    "withdrawn": "WITHDRAWN",
    "checked_on": "Checked on",
    "code_here": "Checked with the code",
}


def render_audit(found: Audit) -> str:
    """Render the result of an audit.

    Parameters
    ----------
    found : Audit

    Returns
    -------
    str
        One HTML page that needs nothing else. It names no child and no school.
    """
    return render_html(
        "audit.html.j2",
        found=found,
        marks=version_marks(found.facts.get("trained_on")),
        facts=[(words, found.facts[name]) for name, words in _FACTS.items() if name in found.facts],
        parts=[(status, heading, found.having(status), otherwise) for status, heading, otherwise in _PARTS],
    )
