"""Audit a registered version: recompute every published claim about it, and report each difference.

An audit calls the functions that training calls, and compares whole documents. No code of the version is executed.
"""

from send_screen.auditing._audit import audit
from send_screen.auditing._checks import (
    FAILED,
    NOT_ASKED_FOR,
    NOT_CHECKED,
    PASSED,
    Addition,
    Check,
    CheckResult,
    check_result,
    not_asked_for,
    not_checked,
)
from send_screen.auditing._compare import Mismatch, diff_documents
from send_screen.auditing._results import Audit, render_audit

__all__ = [
    "audit",
    "render_audit",
    "Audit",
    "Addition",
    "Check",
    "CheckResult",
    "Mismatch",
    "PASSED",
    "FAILED",
    "NOT_CHECKED",
    "NOT_ASKED_FOR",
    "diff_documents",
    "check_result",
    "not_checked",
    "not_asked_for",
]
