"""The page of an audit, and its result as JSON: green or red first, then what differs, what is open, what passed."""

from __future__ import annotations

import json
from pathlib import Path

from send_screen.auditing._results import FAILED, NOT_CHECKED, PASSED, Audit
from send_screen.errors import MissingExtraError
from send_screen.reports import render_html, version_marks, write_whole

_PARTS = (
    (FAILED, "What differs", "Nothing differs in the checks that were made."),
    (NOT_CHECKED, "What could not be checked, and why", "Everything was checked."),
    (PASSED, "What was derived again and is the same", "No check passed."),
)
_LABELS = {
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
        marks=version_marks(found.metadata.get("trained_on")),
        metadata=[(words, found.metadata[name]) for name, words in _LABELS.items() if name in found.metadata],
        parts=[(status, heading, found.having(status), otherwise) for status, heading, otherwise in _PARTS],
    )


def write_audit(found: Audit, out: str | Path) -> Path:
    """Write ``audit.html`` and ``audit.json`` into a folder, over those of an earlier audit.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    MissingExtraError
        If the folder cannot be written.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n", folder / "audit.json")
        write_whole(render_audit(found), folder / "audit.html")
    except OSError as error:
        raise MissingExtraError(
            f"{folder} cannot be written ({error.strerror}).", remedy="Give another folder with --out."
        ) from None
    return folder / "audit.html"
